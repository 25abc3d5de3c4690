"""Painting without a pointer in a real Chromium: keys draw the strokes of a hand, and core answers the same."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pytest

from core import inference
from core.paint import region_effect
from core.paint.drawing import Stroke
from core.paint.sketch import read_sketch
from core.photos import images
from core.registry import MASKS
from tests.browser.test_painting import (
    AREA,
    BRUSH,
    DELTA,
    KEPT_STROKES,
    Visit,
    alike,
    astronaut,
    canvas,
    check_try,
    mask_in,
    percent,
    predictor,
    said,
    shows_nothing,
    taken_along,
    visit,
)
from tests.helpers.chromium import POLLING, SCREENS, check, serious, settled

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

__all__ = ["predictor", "visit"]
pytestmark = pytest.mark.slow
ON_THE_PICTURE = """() => {
    const inside = (found) => found?.shadowRoot?.activeElement ? inside(found.shadowRoot.activeElement) : found
    return inside(document.activeElement)?.getAttribute("role") === "application" }"""
SAID = """words => [...document.querySelectorAll(".st-key-canvas-frame *")].some(part =>
    part.shadowRoot?.querySelector("[role=status]")?.textContent.includes(words))"""
SIDE = 256
"""Height and width of the astronaut as the model sees it."""


def focus(page: Page, *, early: bool = False) -> None:
    """Go to the picture by Tab alone, from the choice of the tool; `early` before the canvas is there."""
    if not early:
        canvas(page)
    page.locator(".st-key-tool [role=radio][aria-checked=true]").focus()
    for _ in range(20):
        page.keyboard.press("Tab")
        if page.evaluate(ON_THE_PICTURE):
            return
    pytest.fail("Tab never came to the picture")


def keys(page: Page, *pressed: str) -> None:
    """Press keys; "6 Shift+ArrowLeft" six times."""
    for one in pressed:
        count, _, key = one.rpartition(" ")
        for _ in range(int(count or 1)):
            page.keyboard.press(key)


def hears(page: Page, words: str) -> None:
    """A screen reader is told."""
    page.wait_for_function(SAID, arg=words, polling=POLLING)


def tool_by_keys(page: Page, name: str) -> None:
    """Take another tool by a key, wait for the fresh canvas, and go to it."""
    page.locator(".st-key-tool").get_by_role("radio", name=name).focus()
    page.keyboard.press("Space")
    page.get_by_text(f"{name}: ").first.wait_for()
    focus(page)


def test_a_stroke_by_keys_is_the_stroke_of_a_hand(visit: Visit, predictor: inference.Predictor) -> None:
    page = visit("light", "?sample=cat")
    photo = images.read(Path(__import__("skimage").__file__).parent / "data/chelsea.png")
    height, width = region_effect.working(photo).shape[:2]
    middle = round(height / width * 50) / 100
    focus(page)
    keys(page, "4 Shift+ArrowLeft", "Space")
    hears(page, "Brush down at 30 % across")
    keys(page, "6 Shift+ArrowRight", "10 ArrowDown")
    page.wait_for_timeout(700)
    assert serious(page) == []
    keys(page, "Enter")
    hears(page, "Brush up")
    line = Stroke(((0.3, middle), (0.6, middle), (0.6, middle + 0.1)), BRUSH)
    area, delta = said(page, AREA), said(page, DELTA)
    assert float(area) == pytest.approx(percent(line, height=height, width=width), abs=0.3)
    kept = page.wait_for_function(KEPT_STROKES, arg=1, polling=POLLING).json_value()
    (own,) = read_sketch(kept, height, width).strokes
    assert own.thickness == pytest.approx(BRUSH, abs=0.002)
    assert np.array(own.points).min(axis=0) == pytest.approx((0.3, middle), abs=0.01)
    assert np.array(own.points).max(axis=0) == pytest.approx((0.6, middle + 0.1), abs=0.01)
    check(page, "paint-by-keys")
    table, archive = taken_along(page)
    assert len(table) == 1
    assert alike(mask_in(archive, 1), line)
    assert delta == region_effect.signed(check_try(predictor, archive, table.iloc[0], photo).delta)
    page.keyboard.press("Control+z")
    shows_nothing(page)


def test_strokes_by_keys_before_the_picture_is_there_are_drawn_once_it_is(address: str, browser: Browser) -> None:
    """The canvas's own script comes after the page: meanwhile a word says so, and nothing is lost."""
    context = browser.new_context(**SCREENS["light"])
    page, held = context.new_page(), []
    page.set_default_timeout(120_000)
    page.route("**/bidi-components/**", lambda asked: held.append(asked))
    page.goto(f"{address}/try_a_photo?sample=astronaut")
    page.get_by_text("The picture is on its way").wait_for()
    focus(page, early=True)
    keys(page, "4 Shift+ArrowLeft", "Space", "6 Shift+ArrowRight", "Space")
    keys(page, "4 Shift+ArrowDown", "Enter", "6 Shift+ArrowLeft", "Enter", "Enter", "2 Shift+ArrowUp")
    assert held
    assert page.get_by_text("The picture is on its way").is_visible()
    for asked in held:
        asked.continue_()
    two = (Stroke(((0.3, 0.5), (0.6, 0.5)), BRUSH), Stroke(((0.6, 0.7), (0.3, 0.7)), BRUSH))
    kept = page.wait_for_function(KEPT_STROKES, arg=2, polling=POLLING).json_value()
    assert [len(set(own.points)) > 1 for own in read_sketch(kept, SIDE, SIDE).strokes] == [True, True]
    assert float(said(page, AREA)) == pytest.approx(percent(*two, height=SIDE, width=SIDE), abs=0.4)
    assert not page.get_by_text("The picture is on its way").is_visible()
    keys(page, "ArrowUp", "Escape")  # the third is still being drawn
    kept = page.wait_for_function(KEPT_STROKES, arg=3, polling=POLLING).json_value()
    last = np.array(read_sketch(kept, SIDE, SIDE).strokes[-1].points)
    assert last[:, 1].min() == pytest.approx(0.59, abs=0.01)
    context.close()


def test_shapes_and_the_eraser_by_keys_and_escape_lets_go(visit: Visit) -> None:
    page = visit("dark", "?sample=astronaut")
    canvas(page)
    tool_by_keys(page, "Rectangle")
    keys(page, "Space", "3 Shift+ArrowRight", "3 Shift+ArrowDown", "Escape")
    hears(page, "Nothing drawn")
    page.wait_for_timeout(1500)
    shows_nothing(page)
    keys(page, "4 Shift+ArrowLeft", "Space", "8 Shift+ArrowRight", "4 Shift+ArrowDown", "Space")
    box = Stroke(((0.3, 0.5), (0.7, 0.5), (0.7, 0.7), (0.3, 0.7)), filled=True)
    boxed = said(page, AREA)
    assert float(boxed) == pytest.approx(percent(box, height=SIDE, width=SIDE), abs=0.4)
    tool_by_keys(page, "Eraser")
    keys(page, "2 Shift+ArrowUp", "Space", "8 Shift+ArrowLeft", "Escape")
    erased = said(page, AREA, boxed)
    hole = Stroke(((0.7, 0.6), (0.3, 0.6)), BRUSH, erase=True)
    assert float(erased) == pytest.approx(percent(box, hole, height=SIDE, width=SIDE), abs=0.4)
    settled(page)
    assert serious(page) == []


def test_a_polygon_and_a_thing_by_keys(visit: Visit) -> None:
    page = visit("light", "?sample=astronaut")
    canvas(page)
    tool_by_keys(page, "Polygon")
    middle = 0.3
    keys(page, "Space", "6 Shift+ArrowRight", "Space")
    hears(page, "Corner 2")
    keys(page, "Escape")
    hears(page, "No corner")
    keys(page, "Space", "6 Shift+ArrowDown", "Space", "8 Shift+ArrowLeft", "Space")
    hears(page, "Corner 3")
    page.wait_for_timeout(700)
    assert serious(page) == []
    keys(page, "Enter")
    triangle = Stroke(((0.8, middle), (0.8, middle + 0.3), (0.4, middle + 0.3)), filled=True)
    area = said(page, AREA)
    assert float(area) == pytest.approx(percent(triangle, height=SIDE, width=SIDE), abs=0.4)
    settled(page)
    page.keyboard.press("Control+z")
    shows_nothing(page)
    tool_by_keys(page, "Pick")
    face = MASKS["faces"].function(region_effect.working(astronaut())).mask
    y, x = np.argwhere(face).mean(axis=0) / SIDE
    keys(page, "40 Shift+ArrowLeft", "40 Shift+ArrowUp", f"{round(100 * x)} ArrowRight", f"{round(100 * y)} ArrowDown")
    keys(page, "Enter")
    assert float(said(page, AREA)) == pytest.approx(100 * face.mean(), abs=0.2)
