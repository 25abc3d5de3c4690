"""Painting in a real Chromium: what the page says of a drawing is what core says of the same strokes."""

from __future__ import annotations

import io

import pytest
from conftest import draw_photo
from PIL import Image
from test_browser import CHROMIUM, address, browser, page, photo_file, sync_api  # noqa: F401

from core import drawing
from core.drawing import Stroke

pytestmark = [
    pytest.mark.browser,
    pytest.mark.slow,
    pytest.mark.skipif(CHROMIUM is None, reason="Chromium is not installed (Debian: apt-get install chromium)."),
]
BOX = ((0.2, 0.15), (0.6, 0.5))
ANSWER = "before => { const found = document.body.innerText.match(/([\\d.]+)% of the photo was replaced/); "
ANSWER += "return found && found[1] !== before ? found[1] : null }"


def canvas(visited: sync_api.Page) -> dict[str, float]:
    """Where the canvas is, when nothing on the page moves any more."""
    visited.wait_for_selector("[data-testid=stStatusWidget]", state="detached", timeout=180_000)
    found = visited.locator(".st-key-canvas-frame canvas").last
    found.wait_for(timeout=180_000)
    found.scroll_into_view_if_needed()
    visited.wait_for_timeout(300)
    box = found.bounding_box()
    assert box is not None
    return box


def drag(visited: sync_api.Page, start: tuple[float, float], end: tuple[float, float]) -> None:
    """Draw from one place to another, both in widths of the photo; with a finger where the screen has touch."""
    box = canvas(visited)
    places = [
        (box["x"] + box["width"] * (start[0] + part * (end[0] - start[0])),
         box["y"] + box["width"] * (start[1] + part * (end[1] - start[1])))
        for part in (0, 0.25, 0.5, 0.75, 1)
    ]  # fmt: skip
    if visited.screen != "phone":
        visited.mouse.move(*places[0])
        visited.mouse.down()
        for place in places[1:]:
            visited.mouse.move(*place)
        visited.mouse.up()
        return
    touch = visited.context.new_cdp_session(visited)
    for number, (x, y) in enumerate(places):
        kind = "touchMove" if number else "touchStart"
        touch.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": [{"x": x, "y": y}]})
    touch.send("Input.dispatchTouchEvent", {"type": "touchEnd", "touchPoints": []})


def tool(visited: sync_api.Page, name: str) -> None:
    """Take another tool, and wait for the fresh canvas."""
    visited.locator(".st-key-tool").get_by_role("radio", name=name).click()
    visited.wait_for_timeout(2000)


def area(visited: sync_api.Page, before: str = "") -> str:
    """The share of the photo that the page says was replaced, as soon as it is another one."""
    return visited.wait_for_function(ANSWER, arg=before, timeout=180_000).json_value()


def expected(*strokes: Stroke) -> float:
    return 100 * float(drawing.draw(strokes, 256, 341).mean())


@pytest.mark.parametrize("page", ["light"], indirect=True)
def test_what_is_painted_is_what_core_computes(address: str, page: sync_api.Page) -> None:  # noqa: F811
    page.goto(f"{address}/try_a_photo")
    second = io.BytesIO()
    Image.fromarray(draw_photo(9, 300, 400)).save(second, "PNG")
    other = {"name": "other.png", "mimeType": "image/png", "buffer": second.getvalue()}
    page.set_input_files("[data-testid=stFileUploaderDropzoneInput]", [photo_file(3000, 4000), other])
    canvas(page)
    tool(page, "Rectangle")
    drag(page, *BOX)
    (left, top), (right, bottom) = BOX
    box = Stroke(((left, top), (right, top), (right, bottom), (left, bottom)), filled=True)
    first = area(page)
    assert float(first) == pytest.approx(expected(box), abs=0.6)
    tool(page, "Eraser")
    drag(page, (0.3, 0.3), (0.5, 0.3))
    hole = Stroke(((0.3, 0.3), (0.5, 0.3)), 0.07, erase=True)
    erased = area(page, first)
    assert float(erased) == pytest.approx(expected(box, hole), abs=0.6)
