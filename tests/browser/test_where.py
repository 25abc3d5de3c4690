"""Where it looks in a real Chromium: methods side by side, and the slider plays the deletion curve."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.helpers.chromium import fits_everywhere, settled

if TYPE_CHECKING:
    from playwright.sync_api import Page


def test_the_slider_takes_away_what_the_map_points_at(address: str, phone: Page) -> None:
    phone.goto(f"{address}/where_it_looks?sample=scene&methods=grad_cam,edge_map")
    phone.get_by_role("button", name="Compare").click()
    phone.get_by_alt_text("The photo without 10 %").wait_for()
    settled(phone)
    fits_everywhere(phone, "where")
    before = phone.get_by_alt_text("The photo without 10 %").get_attribute("src")
    phone.get_by_role("slider", name="Removed").focus()
    phone.keyboard.press("ArrowRight")
    phone.get_by_alt_text("The photo without 20 %").wait_for()
    settled(phone)
    assert phone.get_by_alt_text("The photo without 20 %").get_attribute("src") != before
    phone.get_by_text("With 20 % gone in the order of Grad-CAM").wait_for()
    for name in ("Grad-CAM", "Edge map"):
        assert phone.get_by_alt_text(f"Map by {name}").first.is_visible()
