"""The app as docs/deploy.md offers it: behind a path, and in a frame of another page."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from core import inference
from core.photos import images
from tests.conftest import write_photo
from tests.helpers.chromium import OpenTab, running_app, settled
from ui.layout import PAGES

if TYPE_CHECKING:
    from playwright.sync_api import Page

PREFIX = "lab"
PROBES = ("/_stcore/health", "/_stcore/host-config")
"""What Streamlit asks below every part of a first address, to find out where the app is: not all of them answer."""


@pytest.fixture(scope="module")
def address() -> Iterator[str]:
    """The running app behind a path, as it is shipped."""
    with running_app([sys.executable, "-m", "streamlit"], "deploy.log", "--server.baseUrlPath", PREFIX) as running:
        yield running


@pytest.fixture
def page(open_tab: OpenTab) -> Iterator[Page]:
    """A fresh visit; `page.refused` are the addresses that the server did not answer as asked."""
    visited = open_tab("light")
    visited.refused = []
    visited.on("response", lambda got: visited.refused.append(got.url) if _refused(got.status, got.url) else None)
    yield visited
    visited.close()


def _refused(status: int, url: str) -> bool:
    return status >= 400 and not url.partition("?")[0].endswith(PROBES)


def test_the_menu_leads_to_every_page_behind_the_path(address: str, page: Page) -> None:
    page.goto(address)
    settled(page)
    for item in PAGES[1:]:
        page.get_by_role("link", name=item.label, exact=True).first.click()
        page.wait_for_url(f"{address}/{Path(item.file).stem}*")
        settled(page)
        assert not page.locator("[data-testid=stException], [data-testid=stAlertContentError]").count(), item.label
        if "latent" in item.file:
            page.wait_for_selector(".map-plot[data-drawn]")
    assert page.refused == []


def test_a_photo_is_scored_in_a_frame(address: str, page: Page, tmp_path: Path) -> None:
    """By the shipped model: the other tests in a browser look at a thin one."""
    photo = write_photo(tmp_path / "a.png")
    outer = f"{address.removesuffix(PREFIX)}outer.html"
    frame = f'<h1>Around</h1><iframe src="{address}/try_a_photo?embed=true" width="1200" height="900"></iframe>'
    page.route(outer, lambda route: route.fulfill(content_type="text/html", body=frame))
    page.goto(outer)
    inner = page.frame_locator("iframe")
    inner.locator("[data-testid=stFileUploaderDropzoneInput]").first.set_input_files(photo)
    inner.locator("[data-testid=stMetricValue]").first.wait_for()
    (score,) = inference.load().score([images.read(photo)])
    assert inner.locator("[data-testid=stMetricValue]").first.inner_text() == f"{score:.2f}"
    assert page.refused == []
