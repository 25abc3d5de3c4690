"""The map in a real Chromium: hover, click, box, drop a photo, and a link that brings all of it back."""

from __future__ import annotations

import pytest
from test_browser import address, browser, check, photo_file, pytestmark, settled  # noqa: F401

sync_api = pytest.importorskip("playwright.sync_api", reason="Playwright is not installed (requirements-dev.txt).")

PLACE = """index => {
    const plot = document.querySelector('.map-plot'), trace = plot._fullData[0], page = plot.getBoundingClientRect()
    const {xaxis, yaxis, _size} = plot._fullLayout
    return [page.left + _size.l + xaxis.c2p(trace.x[index]), page.top + _size.t + yaxis.c2p(trace.y[index])]
}"""


@pytest.fixture
def visited(browser) -> sync_api.Page:  # noqa: F811
    context = browser.new_context(viewport={"width": 1400, "height": 1000})
    context.set_default_timeout(90_000)
    yield context.new_page()
    context.close()


def opened(page: sync_api.Page, link: str) -> None:
    page.goto(link)
    page.wait_for_selector(".map-plot[data-drawn]")
    settled(page)


def test_hover_click_box_and_the_way_back(address: str, visited: sync_api.Page) -> None:  # noqa: F811
    page = visited
    opened(page, f"{address}/latent_space")
    x, y = page.evaluate(PLACE, 3)
    page.mouse.move(x - 30, y - 30)
    page.mouse.move(x, y, steps=4)
    page.wait_for_selector(".map-tip:not([hidden]) canvas[data-painted]")
    assert "score" in page.inner_text(".map-tip")
    page.mouse.click(x, y)
    page.wait_for_function("location.search.includes('photo=')")
    page.get_by_role("button", name="Unpin").click()
    page.wait_for_function("!location.search.includes('photo=')")
    settled(page)
    page.evaluate("Plotly.relayout(document.querySelector('.map-plot'), {dragmode: 'select'})")
    left, top, width, height = page.evaluate(
        "(r => [r.left, r.top, r.width, r.height])(document.querySelector('.map-plot').getBoundingClientRect())"
    )
    page.mouse.move(left + 0.1 * width, top + 0.2 * height)
    page.mouse.down()
    page.mouse.move(left + 0.9 * width, top + 0.9 * height, steps=6)
    page.mouse.up()
    page.wait_for_function("location.search.includes('select=')")
    page.wait_for_selector("text=/Selection: [1-9]/")
    link = page.url
    said = page.inner_text("text=/Selection: [1-9]/")
    again = page.context.new_page()
    opened(again, link)
    again.wait_for_selector("text=/Selection: [1-9]/")
    assert again.inner_text("text=/Selection: [1-9]/") == said


def test_a_dropped_photo_lands(address: str, visited: sync_api.Page) -> None:  # noqa: F811
    opened(visited, f"{address}/latent_space?projection=pca")
    visited.set_input_files("[data-testid=stFileUploaderDropzoneInput]", [photo_file(300, 400)])
    visited.wait_for_selector("text=marked in blue on the map")
    visited.wait_for_function("document.querySelector('.map-plot').data.length === 2")


@pytest.mark.parametrize("width", [390, 1400])
def test_the_map_fits(address: str, visited: sync_api.Page, width: int) -> None:  # noqa: F811
    visited.set_viewport_size({"width": width, "height": 900})
    opened(visited, f"{address}/latent_space?dims=3-D&colour=source")
    check(visited, f"{width}-latent-space")
