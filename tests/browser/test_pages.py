"""The app in a real Chromium: a photo goes in, score and heatmap come out, and every page fits every screen."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pytest

from tests.helpers.chromium import AXE, SCREENS, OpenTab, check, fits_everywhere, photo_file, serious, settled
from ui.components import FRONTEND

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

PAGES = (
    *("", "try_a_photo", "try_a_photo?sample=cat", "ablation_effects", "where_it_looks", "latent_space"),
    *("run_a_study", "model"),
)


@pytest.mark.parametrize("path", PAGES)
def test_every_page_fits_every_screen(address: str, phone: Page, path: str) -> None:
    phone.goto(f"{address}/{path}")
    settled(phone)
    fits_everywhere(phone, re.sub("[^a-z_]+", "-", path) or "home")
    here = (address, "data:", "blob:")
    assert [url for url in phone.asked if not url.startswith(here)] == [], "a visit stays between browser and server"


@pytest.mark.parametrize("file", sorted(FRONTEND.glob("*.html")), ids=lambda file: file.stem)
def test_a_component_can_be_read_before_its_script_has_run(browser: Browser, file: Path) -> None:
    page = browser.new_page()
    page.set_content(f'<html lang="en"><title>Test</title><main>{file.read_text(encoding="utf-8")}</main></html>')
    assert serious(page) == []
    page.close()


def test_axe_core_is_there_to_look() -> None:
    if AXE is None:
        pytest.skip("axe-core is not installed (requirements-dev.txt: axe-playwright-python)")
    assert "axe" in AXE.read_text(encoding="utf-8")[:200]


def test_nothing_moves_for_whoever_asked_for_less_motion(address: str, open_tab: OpenTab) -> None:
    page = open_tab("light")
    page.emulate_media(reduced_motion="reduce")
    page.goto(address)
    settled(page)
    longest = page.evaluate(
        "() => Math.max(0, ...document.getAnimations().map(a => a.effect.getComputedTiming().activeDuration))"
    )
    assert longest <= 1
    page.close()


FIGURE_TEXT = """() => [...document.querySelectorAll('.main-svg text')].filter(text => text.textContent).map(text => {
    const {fill, fillOpacity} = getComputedStyle(text)
    return [text.textContent, ...fill.match(/[\\d.]+/g).slice(0, 3).map(Number), Number(fillOpacity)]
})"""
"""Every word in a figure with its colour and how much of it is seen; axe-core does not look into figures."""


@pytest.mark.parametrize("screen", ["light", "dark"])
def test_words_in_figures_stand_out_from_their_ground(screen: str, address: str, open_tab: OpenTab) -> None:
    page = open_tab(screen)
    page.goto(address)
    settled(page)
    ground = [int(part) for part in re.findall(r"\d+", page.evaluate(GROUND))[:3]]
    words = page.evaluate(FIGURE_TEXT)
    assert {"Faces", "A", "B"} <= {word for word, *_ in words}
    for word, *colour, seen in words:
        mixed = [seen * one + (1 - seen) * other for one, other in zip(colour, ground, strict=True)]
        assert contrast(mixed, ground) >= 4.5, word
    page.close()


GROUND = "getComputedStyle(document.querySelector('[data-testid=stApp]')).backgroundColor"


def contrast(one: list[float], other: list[float]) -> float:
    """The contrast of two colours (WCAG 2.2): 1 to 21."""
    low, high = sorted(map(luminance, (one, other)))
    return (high + 0.05) / (low + 0.05)


def luminance(colour: Sequence[float]) -> float:
    shares = [part / 255 for part in colour]
    linear = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in shares]
    return float(np.dot(linear, (0.2126, 0.7152, 0.0722)))


def test_home_answers_in_one_screen(address: str, open_tab: OpenTab) -> None:
    """The photo with its score, the verdict in its figure, the map, and what the model is worth, on a laptop."""
    page = open_tab("light")
    page.goto(address)
    settled(page)
    answers = (
        page.get_by_alt_text("The packaged photo").first,
        page.locator("[data-testid=stMetricValue]"),
        page.locator(".st-key-nine-rows .main-svg").first,
        page.get_by_alt_text("The photos of the map as dots").first,
        page.get_by_text("Its order of").first,
    )
    for answer in answers:
        box = answer.bounding_box()
        assert box is not None
        assert box["y"] + box["height"] <= SCREENS["light"]["viewport"]["height"]
    page.close()


TRANSLATE = """() => {
    const words = document.createTreeWalker(document.querySelector('[data-testid=stMain]'), NodeFilter.SHOW_TEXT)
    const texts = []
    while (words.nextNode()) if (words.currentNode.data.trim()) texts.push(words.currentNode)
    for (const [number, text] of texts.entries()) {
        const outer = document.createElement('font'), inner = document.createElement('font')
        outer.append(inner)
        if (number % 2) inner.append(text.data.toUpperCase()), text.replaceWith(outer)
        else text.replaceWith(outer), inner.append(text)
    }
    return texts.length
}"""
"""What browsers do that translate a page: elements of their own, with the text or another one inside."""


def test_a_translated_page_goes_on(address: str, open_tab: OpenTab) -> None:
    page, complaints = open_tab("light"), []
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.goto(address)
    settled(page)
    assert page.evaluate(TRANSLATE) > 20
    page.locator(".st-key-showcase label").click()
    page.get_by_alt_text("without its").wait_for()
    settled(page)
    page.evaluate(TRANSLATE)
    page.locator("a[href*=try_a_photo]").first.click()
    page.wait_for_url("**/try_a_photo*")
    settled(page)
    page.evaluate(TRANSLATE)
    page.locator(".st-key-sample-tiles [data-testid=stButton] button").first.click()
    page.wait_for_selector("[data-testid=stMetricValue]")
    check(page, "translated")
    assert complaints == []
    page.close()


def test_what_was_chosen_stays_through_menu_back_and_reload(address: str, open_tab: OpenTab) -> None:
    page = open_tab("light")
    page.goto(f"{address}/try_a_photo")
    drop = "[data-testid=stFileUploaderDropzoneInput]"
    page.set_input_files(drop, [photo_file(300, 400)])
    page.get_by_alt_text("The photo drawn.jpg").first.wait_for()
    page.set_input_files(
        drop, [photo_file(300, 400) | {"name": "second.jpg", "buffer": photo_file(200, 300)["buffer"]}]
    )
    page.get_by_alt_text("The photo second.jpg").first.wait_for()
    both = page.locator(".st-key-switch-tiles [data-testid=stButton] button")
    assert both.count() == 2  # a second upload adds
    page.get_by_text("Keep only it").click()
    kept = page.locator(".st-key-paint-direction [aria-checked=true]")
    settled(page)
    page.get_by_role("link", name="Model", exact=True).first.click()
    page.wait_for_url("**/model*")
    page.go_back()
    page.wait_for_url("**/try_a_photo*")
    both.nth(1).wait_for()
    assert "Keep only it" in kept.inner_text()
    settled(page)
    page.get_by_role("link", name="Show on the map").click()
    page.get_by_text("marked in blue on the map").wait_for()
    page.go_back()
    page.wait_for_url("**/try_a_photo*")
    both.nth(1).wait_for()
    settled(page)
    page.reload()
    both.nth(1).wait_for()
    page.get_by_alt_text("The photo second.jpg").first.wait_for()
    page.wait_for_function(
        "document.querySelector('.st-key-paint-direction [aria-checked=true]')?.innerText.includes('Keep only it')"
    )
    page.close()


def test_an_uploaded_photo_gets_a_score_and_a_heatmap(address: str, phone: Page) -> None:
    phone.goto(address)
    phone.get_by_role("link", name="Try a photo").first.click()
    bad = {"name": "text.jpg", "mimeType": "image/jpeg", "buffer": b"hello"}
    phone.set_input_files("[data-testid=stFileUploaderDropzoneInput]", [photo_file(3000, 4000), bad])
    phone.wait_for_selector("[data-testid=stMetricValue]")
    settled(phone)
    fits_everywhere(phone, "upload")
    assert re.fullmatch(r"0\.\d\d|1\.00", phone.inner_text("[data-testid=stMetricValue]").strip())
    assert "text.jpg: this is not a photo" in phone.inner_text("[data-testid=stAlert]")
    plain, heatmap = phone.get_by_alt_text("The photo drawn.jpg"), phone.get_by_alt_text("with its heatmap on top")
    assert plain.evaluate("image => [image.naturalWidth, image.naturalHeight]") == [1200, 900]
    assert heatmap.get_attribute("src") != plain.get_attribute("src")
    assert heatmap.evaluate("image => image.style.opacity") == "0.55"
    phone.get_by_label("Opacity of the heatmap").focus()
    phone.keyboard.press("Home")
    assert heatmap.evaluate("image => image.style.opacity") == "0"
