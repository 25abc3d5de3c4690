"""Reports in a real Chromium without a network: they show all they have, fit a screen and a sheet of paper."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from core import config
from core.verdict.aggregates import read_aggregates
from core.verdict.html_parts import number
from core.verdict.report import report
from tests.helpers.chromium import serious
from tests.paint.test_report import page as report_on_a_photo

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

STUDY = config.ARTIFACTS / "studies" / "reference"


@pytest.fixture
def offline(browser: Browser) -> Iterator[Page]:
    """A tab without a network; `offline.asked` is what it asked for."""
    context = browser.new_context(offline=True, viewport={"width": 1400, "height": 900})
    page = context.new_page()
    page.asked = []
    page.on("request", lambda made: page.asked.append(made.url))
    yield page
    context.close()


def stands_alone(page: Page, file: Path) -> str:
    """The words of a report that asked for nothing, can be read by anybody, fits, and prints."""
    page.goto(file.as_uri())
    assert [url for url in page.asked if not url.startswith(("data:", file.as_uri()))] == []
    for width in (1400, 390):
        page.set_viewport_size({"width": width, "height": 900})
        assert page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth") <= 0
    assert page.pdf().startswith(b"%PDF")
    said = page.inner_text("body")
    page.evaluate("document.querySelectorAll('tbody tr:nth-child(n + 5)').forEach(row => row.remove())")  # alike
    for scheme in ("light", "dark"):
        page.emulate_media(color_scheme=scheme)
        assert serious(page) == []
    return said


def test_the_report_of_a_study_has_the_numbers_of_the_study(offline: Page, tmp_path: Path) -> None:
    found = read_aggregates(STUDY)
    (tmp_path / "report.html").write_text(report(found, STUDY), encoding="utf-8")
    said = stands_alone(offline, tmp_path / "report.html")
    assert found.verdict.sentence in said
    for item in found.verdict.readings:
        for value in (item.estimate.estimate, item.estimate.low, item.estimate.high):
            assert number(value) in said, item.row
    for chart in offline.locator(".chart svg").all():
        box = chart.bounding_box()
        assert box is not None
        assert box["width"] > 200
        assert box["height"] > 100
    assert offline.locator(".chart svg").count() > 50
    offline.emulate_media(media="print", color_scheme="dark")
    assert offline.evaluate("getComputedStyle(document.body).color") == "rgb(34, 38, 43)"  # paper is white


def test_the_report_of_a_photo_has_its_score(offline: Page, tmp_path: Path) -> None:
    (tmp_path / "photo.html").write_text(report_on_a_photo(), encoding="utf-8")
    assert repr(0.123456789012345678) in stands_alone(offline, tmp_path / "photo.html")
