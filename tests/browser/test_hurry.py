"""Visitors who do not wait: clicks, strokes and pages faster than the answers, also where each answer is slow."""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import pytest

from core.paint import drawing
from core.paint.drawing import Stroke
from core.photos import images
from tests.browser.conftest import STAND_IN
from tests.conftest import draw_photo
from tests.helpers.chromium import POLLING, OpenTab, check, photo_file, running_app, settled

if TYPE_CHECKING:
    from playwright.sync_api import Page

sync_api = pytest.importorskip("playwright.sync_api", reason="Playwright is not installed (requirements-dev.txt).")
pytestmark = pytest.mark.slow
BRUSH = 0.07
SLOW = """
import time
from core.inference.predictor import Predictor

slow = Path(sys.argv.pop(1))

def slower(call):
    def answer(*given):
        time.sleep(0.5 * slow.exists())
        return call(*given)
    return answer

Predictor.score_squares = slower(Predictor.score_squares)
Predictor.score_with_features = slower(Predictor.score_with_features)
"""
"""Words in front of the app that make each answer of the model come half a second later, while a file is there."""


class SlowServer(NamedTuple):
    """The app on a server whose model answers late inside `slowly`."""

    address: str
    mark: Path

    @contextmanager
    def slowly(self) -> Iterator[None]:
        self.mark.touch()
        yield
        self.mark.unlink()


@pytest.fixture(scope="module")
def slow_server(artifacts: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[SlowServer]:
    """A server that is slow when a test says so."""
    start = STAND_IN.replace("from streamlit.web import cli", SLOW + "from streamlit.web import cli")
    mark = tmp_path_factory.mktemp("slow") / "slow"
    with running_app([sys.executable, "-c", start, str(artifacts), str(mark)], "slow-server.log") as running:
        yield SlowServer(running, mark)


@pytest.fixture
def hurried(open_tab: OpenTab) -> Iterator[Page]:
    """A new visitor, and what their browser complained of."""
    page = open_tab("light")
    page.complaints = []
    page.on("pageerror", lambda error: page.complaints.append(str(error)))
    yield page
    page.close()


def is_well(page: Page, name: str) -> None:
    """Nothing failed, in the app or in the browser."""
    check(page, name)
    assert not page.complaints
    assert not page.locator("[data-testid=stAlertContentError]").all_inner_texts()


def test_who_runs_through_the_menu_and_back_ends_on_a_page_that_answers(address: str, hurried: Page) -> None:
    """Runs that end between a question and its answer must not make the browser forget what the answer refers to."""
    page, lost = hurried, []
    page.on("console", lambda said: lost.append(said.text) if "ForwardMsg" in said.text else None)
    page.goto(address)
    page.get_by_text("Take the face away").first.click(click_count=3)
    for name in ("Try a photo", "Ablation effects", "Latent space", "Model", "Ablation effects"):
        page.get_by_role("link", name=name, exact=True).first.click()
        page.wait_for_timeout(250)
    for step in (page.go_back, page.go_back, page.go_back, page.go_forward, page.go_forward):
        step()
        page.wait_for_timeout(300)
    settled(page)
    assert lost == []
    page.get_by_role("link", name="Model", exact=True).first.click()
    page.wait_for_url("**/model*")
    is_well(page, "hurried-menu")


def test_a_map_clicked_faster_than_it_answers_ends_at_the_last_click(address: str, hurried: Page) -> None:
    page = hurried
    page.goto(f"{address}/latent_space?projection=pca")
    page.wait_for_selector(".map-plot[data-drawn]")
    relief = page.locator(".st-key-relief label").first
    for _ in range(3):
        relief.click()
    page.wait_for_url(re.compile("relief=true"))
    page.wait_for_function("document.querySelector('.map-plot').data.some(trace => trace.type === 'contour')")
    settled(page)
    page.evaluate("Plotly.relayout(document.querySelector('.map-plot'), {dragmode: 'select'})")
    page.locator(".map-plot").scroll_into_view_if_needed()
    box(page, (0.1, 0.2), (0.5, 0.6))
    page.get_by_role("button", name="Keep it").dblclick()
    page.wait_for_url(re.compile("(?=.*kept=)(?!.*select=)"))
    page.get_by_role("heading", name="Kept for comparison").wait_for()
    kept = page.url
    page.reload()
    page.get_by_role("heading", name="Kept for comparison").wait_for()
    page.wait_for_url(kept)
    page.get_by_role("link", name="Model", exact=True).click()
    page.get_by_role("heading", name="Does the score agree with people?").wait_for()
    page.go_back()
    page.get_by_role("heading", name="Kept for comparison").wait_for()
    page.wait_for_url(kept)
    is_well(page, "hurry-map")


def box(page: Page, corner: tuple[float, float], other: tuple[float, float]) -> None:
    """Draw a box on the map from one place to another, both in widths and heights of it."""
    place = page.locator(".map-plot").bounding_box()
    for act, (across, down) in ((page.mouse.down, corner), (page.mouse.up, other)):
        page.mouse.move(place["x"] + across * place["width"], place["y"] + down * place["height"], steps=3)
        act()


def test_strokes_faster_than_a_slow_server_all_count(slow_server: SlowServer, hurried: Page) -> None:
    """Three strokes, the last two taken back, another photo and back, before the first answer is there."""
    page = hurried
    page.goto(f"{slow_server.address}/try_a_photo")
    second = {"name": "other.png", "mimeType": "image/png", "buffer": images.png_bytes(draw_photo(9, 300, 400))}
    page.set_input_files("[data-testid=stFileUploaderDropzoneInput]", [photo_file(300, 400), second])
    page.get_by_role("button", name="drawn.jpg", exact=True).wait_for()
    settled(page)
    page.locator(".st-key-canvas-frame").scroll_into_view_if_needed()
    strokes = [Stroke(((0.2, down), (0.5, down)), BRUSH) for down in (0.2, 0.4, 0.6)]
    area = 100 * float(drawing.draw(strokes[:1], 256, 341).mean())
    with slow_server.slowly():
        for stroke in strokes:
            line(page, stroke)
        for _ in strokes[1:]:
            page.keyboard.press("Control+z")
        says(page, area)
    settled(page)
    says(page, area)
    with slow_server.slowly():
        page.get_by_role("button", name="other.png", exact=True).click()
        page.get_by_role("button", name="drawn.jpg", exact=True).click()
        says(page, area)
    settled(page)
    says(page, area)
    is_well(page, "hurry-painting")


def line(page: Page, stroke: Stroke) -> None:
    """Draw a stroke on the canvas that is there, without waiting for anything."""
    place = page.locator(".st-key-canvas-frame canvas:visible").last.bounding_box()
    (x, y), (to_x, to_y) = (
        (place["x"] + a * place["width"], place["y"] + b * place["width"]) for a, b in stroke.points
    )
    page.mouse.move(x, y)
    page.mouse.down()
    page.mouse.move(to_x, to_y, steps=4)
    page.mouse.up()


def says(page: Page, area: float) -> None:
    """The page comes to say so many percent of the photo."""
    near = """area => {
        const found = document.body.innerText.match(/([\\d.]+)% of the photo was replaced/);
        return found && Math.abs(Number(found[1]) - area) < 0.6; }"""
    page.wait_for_function(near, arg=area, polling=POLLING)
