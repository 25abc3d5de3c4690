"""Where it looks in a real Chromium: methods side by side, and the slider plays the deletion curve."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.helpers.chromium import check, in_the_dark, serious, settled

if TYPE_CHECKING:
    from playwright.sync_api import Page


def test_the_slider_takes_away_what_the_map_points_at(address: str, page: Page) -> None:
    page.goto(f"{address}/where_it_looks?sample=scene&methods=grad_cam,edge_map")
    page.get_by_role("button", name="Compare").click()
    page.get_by_alt_text("The photo without 10 %").wait_for()
    check(page, f"{page.screen}-where")
    assert serious(page) == []
    with in_the_dark(page):
        check(page, f"{page.screen}-where-dark")
        assert serious(page) == []
    before = page.get_by_alt_text("The photo without 10 %").get_attribute("src")
    page.get_by_role("slider", name="Removed").focus()
    page.keyboard.press("ArrowRight")
    page.get_by_alt_text("The photo without 20 %").wait_for()
    settled(page)
    assert page.get_by_alt_text("The photo without 20 %").get_attribute("src") != before
    page.get_by_text("With 20 % gone in the order of Grad-CAM").wait_for()
    for name in ("Grad-CAM", "Edge map"):
        assert page.get_by_alt_text(f"Map by {name}").first.is_visible()
