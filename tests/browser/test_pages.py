"""The app in a real Chromium: a photo goes in, score and heatmap come out, and every page fits every screen."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest

from tests.helpers.chromium import check, photo_file

if TYPE_CHECKING:
    from playwright.sync_api import Page

PAGES = ("", "try_a_photo", "try_a_photo?sample=cat", "where_it_looks", "model")


@pytest.mark.parametrize("path", PAGES)
def test_every_page_fits_every_screen(address: str, page: Page, path: str) -> None:
    page.goto(f"{address}/{path}")
    check(page, f"{page.screen}-{re.sub('[^a-z_]+', '-', path) or 'home'}")
    here = (address, "data:", "blob:")
    assert [url for url in page.asked if not url.startswith(here)] == [], "a visit stays between browser and server"


def test_an_uploaded_photo_gets_a_score_and_a_heatmap(address: str, page: Page) -> None:
    page.goto(address)
    page.get_by_role("link", name="Try a photo").first.click()
    bad = {"name": "text.jpg", "mimeType": "image/jpeg", "buffer": b"hello"}
    page.set_input_files("[data-testid=stFileUploaderDropzoneInput]", [photo_file(3000, 4000), bad])
    page.wait_for_selector("[data-testid=stMetricValue]")
    check(page, f"{page.screen}-upload")
    assert re.fullmatch(r"0\.\d\d|1\.00", page.inner_text("[data-testid=stMetricValue]").strip())
    assert "text.jpg: this is not a photo" in page.inner_text("[data-testid=stAlert]")
    plain, heatmap = page.get_by_alt_text("The photo drawn.jpg"), page.get_by_alt_text("with its heatmap on top")
    assert plain.evaluate("image => [image.naturalWidth, image.naturalHeight]") == [1200, 900]
    assert heatmap.get_attribute("src") != plain.get_attribute("src")
    assert heatmap.evaluate("image => image.style.opacity") == "0.55"
    page.get_by_label("Opacity of the heatmap").focus()
    page.keyboard.press("Home")
    assert heatmap.evaluate("image => image.style.opacity") == "0"
