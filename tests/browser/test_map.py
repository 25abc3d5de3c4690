"""The map in a real Chromium: hover, click, lasso, drop a photo, and a link that brings all of it back."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pytest

from core.latent import atlas, photo_values
from core.latent.photo_values import Measure
from tests.browser.conftest import STAND_IN
from tests.helpers.chromium import OUTPUT, OpenTab, check, photo_file, running_app, serious, settled

if TYPE_CHECKING:
    from playwright.sync_api import Page

PLACE = """index => {
    const plot = document.querySelector('.map-plot'), trace = plot._fullData[0], page = plot.getBoundingClientRect()
    const {xaxis, yaxis, _size} = plot._fullLayout
    return [page.left + _size.l + xaxis.c2p(trace.x[index]), page.top + _size.t + yaxis.c2p(trace.y[index])]
}"""

DRAG_WHILE_DRAWN = """() => {
    const draw = Plotly.react
    const event = (Kind, name, x, y) => new Kind(
        name, { clientX: x, clientY: y, bubbles: true, composed: true, view: window, buttons: 1, detail: 1 })
    const tell = (names, x, y) => {
        const at = document.elementFromPoint(x, y)
        for (const name of names) at.dispatchEvent(event(name[0] === 'p' ? PointerEvent : MouseEvent, name, x, y))
    }
    Plotly.react = (...given) => {
        Plotly.react = draw
        const { left, top, width, height } = document.querySelector('.map-plot').getBoundingClientRect()
        const place = (part) => [left + (0.2 + 0.3 * part) * width, top + (0.4 + 0.3 * part) * height]
        const drawn = draw(...given)
        tell(['pointerdown', 'mousedown'], ...place(0))  // it has been told to draw, and has not ended
        for (const part of [0.3, 0.6, 1]) setTimeout(() => tell(['mousemove'], ...place(part)), 100 * part)
        setTimeout(() => tell(['pointerup', 'mouseup'], ...place(1)), 200)
        return drawn
    }
}"""


@pytest.fixture
def visited(open_tab: OpenTab) -> Iterator[Page]:
    page = open_tab("light")
    page.set_viewport_size({"width": 1400, "height": 1000})
    yield page
    page.close()


def opened(page: Page, link: str) -> None:
    page.goto(link)
    page.wait_for_selector(".map-plot[data-drawn]")
    assert page.is_hidden(".map-note")
    settled(page)


def frame(page: Page) -> tuple[float, float, float, float]:
    """Left, top, width and height of the map in the window."""
    page.locator(".map-plot").scroll_into_view_if_needed()
    box = page.locator(".map-plot").bounding_box()
    return box["x"], box["y"], box["width"], box["height"]


def lasso(page: Page) -> None:
    """Draw a diamond over most of the map."""
    page.evaluate("Plotly.relayout(document.querySelector('.map-plot'), {dragmode: 'lasso'})")
    left, top, width, height = frame(page)
    corners = [(0.5, 0.2), (0.95, 0.55), (0.5, 0.95), (0.05, 0.55), (0.48, 0.2)]
    (x, y), *others = [(left + across * width, top + down * height) for across, down in corners]
    page.mouse.move(x, y)
    page.mouse.down()
    for x, y in others:
        page.mouse.move(x, y, steps=4)
    page.mouse.up()


def test_a_visit_and_the_link_that_brings_it_back(address: str, visited: Page) -> None:
    page = visited
    opened(page, f"{address}/latent_space?projection=pca&colour=source")
    frame(page)
    x, y = page.evaluate(PLACE, 3)
    page.mouse.move(x - 30, y - 30)
    page.mouse.move(x, y, steps=4)
    page.wait_for_selector(".map-tip:not([hidden]) canvas[data-painted]")
    hovered = page.inner_text(".map-tip b")
    assert "score: 0." in page.inner_text(".map-tip")
    page.mouse.click(x, y)
    page.wait_for_function("location.search.includes('photo=')")
    page.wait_for_selector("text=Nearest photos")
    assert page.inner_text("h3 >> nth=0") == hovered
    settled(page)
    lasso(page)
    page.wait_for_function("location.search.includes('select=')")
    page.wait_for_selector("text=/Selection: [1-9]/")
    said = page.inner_text("text=/Selection: [1-9]/")
    settled(page)
    assert serious(page) == []
    again = page.context.new_page()
    opened(again, page.url)
    again.wait_for_selector("text=/Selection: [1-9]/")
    assert again.inner_text("text=/Selection: [1-9]/") == said
    assert again.inner_text("h3 >> nth=0") == hovered
    assert again.evaluate("document.querySelector('.map-plot').layout.shapes.length") == 1  # in this projection alone
    assert "Source" in again.evaluate("document.querySelector('.map-plot').data.at(-1).marker.colorbar.title.text")
    again.get_by_role("button", name="Unpin").click()
    again.wait_for_function("!location.search.includes('photo=')")
    again.close()


def test_a_dropped_photo_lands(address: str, visited: Page) -> None:
    opened(visited, f"{address}/latent_space?projection=pca")
    visited.set_input_files("[data-testid=stFileUploaderDropzoneInput]", [photo_file(300, 400)])
    visited.wait_for_selector("text=marked in blue on the map")
    visited.wait_for_function("document.querySelector('.map-plot').data.length === 3")  # photos, its place, colour bar
    visited.get_by_role("radio", name="3-D").click()
    visited.wait_for_selector(".map-plot[data-dims='3']")
    assert visited.evaluate("document.querySelector('.map-plot').layout.scene.annotations[0].text") == "your photo"
    map_as_it_was = visited.url
    visited.get_by_role("link", name="Try this photo").click()
    visited.get_by_alt_text("The photo drawn.jpg").first.wait_for()
    settled(visited)
    visited.go_back()
    visited.wait_for_selector(".map-plot[data-dims='3']")
    settled(visited)
    assert visited.url == map_as_it_was
    visited.go_forward()
    visited.get_by_alt_text("The photo drawn.jpg").first.wait_for()


@pytest.mark.parametrize("width", [390, 1400])
def test_three_dimensions_fit_and_answer_the_pointer(
    address: str,
    visited: Page,
    width: int,
) -> None:
    visited.set_viewport_size({"width": width, "height": 900})
    opened(visited, f"{address}/latent_space?dims=3-D&colour=human")
    check(visited, f"{width}-latent-space")
    left, top, wide, high = frame(visited)
    for step in range(60):
        visited.mouse.move(left + wide * (0.4 + 0.2 * (step / 59)), top + high * (0.45 + 0.015 * (step % 12)))
        if visited.is_visible(".map-tip"):
            break
    visited.wait_for_selector(".map-tip:not([hidden]) canvas[data-painted]")
    assert "score: 0." in visited.inner_text(".map-tip")


def test_a_map_that_does_not_arrive_says_so(address: str, visited: Page) -> None:
    visited.route("**/media/*.bin", lambda route: route.abort())
    visited.goto(f"{address}/latent_space")
    visited.wait_for_selector("text=The map could not be drawn")
    assert visited.is_visible("text=Reload the page")


def test_a_pointer_that_moved_or_dragged_while_the_map_was_drawn_is_heard(address: str, visited: Page) -> None:
    page = visited
    opened(page, f"{address}/latent_space?projection=pca")
    frame(page)
    x, y = page.evaluate(PLACE, 3)
    drag = "document.querySelector('.map-plot .nsewdrag')"
    # As plotly.js is while it draws.
    page.evaluate(f"() => {{ window.handler = {drag}.onmousemove; {drag}.onmousemove = null }}")
    page.mouse.move(x, y)
    assert page.is_hidden(".map-tip")
    page.evaluate(f"() => {{ {drag}.onmousemove = window.handler }}")
    page.set_input_files("[data-testid=stFileUploaderDropzoneInput]", [photo_file(300, 400)])  # the map is drawn again
    page.wait_for_selector(".map-tip:not([hidden]) canvas[data-painted]")
    settled(page)
    page.evaluate("Plotly.relayout(document.querySelector('.map-plot'), {dragmode: 'select'})")
    page.evaluate(DRAG_WHILE_DRAWN)
    page.locator(".st-key-relief label").first.click()
    page.wait_for_function("location.search.includes('select=')")


def test_keys_add_to_a_selection_take_away_and_clear(address: str, visited: Page) -> None:
    page = visited
    opened(page, f"{address}/latent_space?projection=pca")
    left, top, width, height = frame(page)
    page.evaluate("Plotly.relayout(document.querySelector('.map-plot'), {dragmode: 'select'})")

    def box(corner: tuple[float, float], other: tuple[float, float]) -> None:
        page.mouse.move(left + corner[0] * width, top + corner[1] * height)
        page.mouse.down()
        page.mouse.move(left + other[0] * width, top + other[1] * height, steps=4)
        page.mouse.up()

    def outlines(count: int, key: str) -> None:
        page.wait_for_function(
            "([count, key]) => (new URLSearchParams(location.search).get('select') ?? '').split('|').length === count"
            " && location.search.includes(encodeURIComponent(key))",
            arg=[count, key],
        )
        page.wait_for_function(f"document.querySelector('.map-plot').layout.shapes.length === {count}")

    box((0.1, 0.2), (0.5, 0.9))
    outlines(1, "box")
    # No outline that could be moved without anybody being told.
    page.wait_for_function("document.querySelector('.map-plot').layout.selections.length === 0")
    page.keyboard.down("Shift")
    box((0.5, 0.2), (0.9, 0.6))
    page.keyboard.up("Shift")
    outlines(2, "+")
    page.keyboard.down("Alt")
    box((0.3, 0.4), (0.7, 0.8))
    page.keyboard.up("Alt")
    outlines(3, "-")
    page.keyboard.press("Escape")
    page.wait_for_function("!location.search.includes('select=')")
    page.wait_for_function("document.querySelector('.map-plot').layout.shapes.length === 0")


def test_photos_take_the_place_of_points_where_they_have_room(address: str, visited: Page) -> None:
    page = visited
    opened(page, f"{address}/latent_space?projection=pca&relief=true")
    assert page.evaluate("document.querySelector('.map-plot').dataset.pictures") == "0"
    page.wait_for_selector("text=Inside the lines lie")
    page.wait_for_function("document.querySelector('.map-plot').data.some(trace => trace.type === 'contour')")
    near = """() => {
        const plot = document.querySelector('.map-plot'), {x, y} = plot._fullData[0], order = [...x.keys()]
        order.sort((a, b) => Math.hypot(x[a] - x[0], y[a] - y[0]) - Math.hypot(x[b] - x[0], y[b] - y[0]))
        const ends = (v) => [Math.min, Math.max].map(end => end(...order.slice(0, 8).map(i => v[i])))
        return Plotly.relayout(plot, {'xaxis.range': ends(x), 'yaxis.range': ends(y)}).then(() => null)
    }"""
    page.evaluate(near)
    page.wait_for_function("Number(document.querySelector('.map-plot').dataset.pictures) >= 8")
    drawn = "document.querySelector('.map-photos').getContext('2d').getImageData(0, 0, 1400, 600).data.some(v => v)"
    assert page.evaluate(drawn)
    page.screenshot(path=OUTPUT / "map-zoomed-in.png")


def test_a_browser_without_webgl_draws_the_map_all_the_same(address: str, visited: Page) -> None:
    page = visited
    page.add_init_script(
        "const of = HTMLCanvasElement.prototype.getContext; HTMLCanvasElement.prototype.getContext ="
        " function (kind, ...more) { return /webgl/.test(kind) ? null : of.call(this, kind, ...more) }"
    )
    opened(page, f"{address}/latent_space?projection=pca")
    assert page.evaluate("document.querySelector('.map-plot')._fullData[0].type") == "scatter"
    assert page.is_visible("text=This browser lacks WebGL: the map is drawn more slowly")
    frame(page)
    x, y = page.evaluate(PLACE, 3)
    page.mouse.move(x - 30, y - 30)
    page.mouse.move(x, y, steps=4)
    page.wait_for_selector(".map-tip:not([hidden]) canvas[data-painted]")
    page.get_by_role("radio", name="3-D").click()
    page.wait_for_selector("text=Three dimensions need WebGL, which this browser lacks. Choose 2-D.")
    page.get_by_role("radio", name="2-D").click()
    page.wait_for_function("document.querySelector('.map-plot')?._fullData?.[0]?.type === 'scatter'")
    page.wait_for_selector(".map-note", state="hidden")


def test_what_a_run_measured_colours_the_map(artifacts: Path, visited: Page, tmp_path: Path) -> None:
    photos = atlas.read(artifacts / "latent").photos[:7]
    values = [Measure("Grad-CAM's share on people", np.linspace(0, 1, 7))]
    file = tmp_path / "runs" / "attributions" / "coco" / photo_values.FILE
    photo_values.write(file, "resnet50", photos["source"].tolist(), photos["photo_id"].tolist(), values)
    start = [sys.executable, "-c", STAND_IN, str(artifacts)]
    with running_app(start, "map-of-a-run.log", place=tmp_path) as address:
        opened(visited, f"{address}/latent_space?projection=pca")
        visited.locator(".st-key-colour input").click()
        visited.keyboard.type("share on people")
        visited.get_by_role("option", name="Grad-CAM's share on people").click()
        visited.get_by_text("known of 7 of the").wait_for()
        visited.wait_for_function(
            "document.querySelector('.map-plot')._fullData.some("
            "    trace => trace.x?.length === 7 && new Set(trace.marker.color).size === 7)"
        )
        check(visited, "map-of-a-run")
        assert serious(visited) == []
