"""A real Chromium and the running app: how they start, and what every test asks of a page."""

from __future__ import annotations

import io
import re
import shutil
import subprocess
import time
import urllib.error
import urllib.request
from typing import TYPE_CHECKING

import pytest
from PIL import Image

from core import config
from tests.conftest import draw_photo

if TYPE_CHECKING:
    from playwright.sync_api import Page

CHROMIUM = shutil.which("chromium")
FLAGS = [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
OUTPUT = config.ROOT / "tests" / "output"
SCREENS = {
    "light": {"viewport": {"width": 1400, "height": 900}, "color_scheme": "light"},
    "dark": {"viewport": {"width": 1400, "height": 900}, "color_scheme": "dark"},
    "phone": {"viewport": {"width": 390, "height": 844}, "color_scheme": "light", "has_touch": True},
}
TRACE = re.compile(r"Traceback|Error:|Exception|File \"")


def await_server(health: str, server: subprocess.Popen[bytes], seconds: float = 60) -> None:
    """Wait until the server answers; a server that ended, or never answers, fails the test."""
    end = time.monotonic() + seconds
    while time.monotonic() < end and server.poll() is None:
        try:
            with urllib.request.urlopen(health, timeout=2):
                return
        except (urllib.error.URLError, OSError):
            time.sleep(0.2)
    pytest.fail(f"the app did not start; see {OUTPUT / 'server.log'}")


def settled(page: Page) -> None:
    """Wait until the page has drawn everything."""
    page.wait_for_selector("h1")
    page.wait_for_function(
        """() => !document.querySelector(
            '[data-testid=stStatusWidget], [data-testid=stSpinner], [data-testid=stSkeleton], [data-stale=true]'
        ) && [...document.querySelectorAll('[data-testid=stPlotlyChart]')].every(c => c.querySelector('.main-svg'))"""
    )
    page.wait_for_timeout(500)  # what comes in fades in


def check(page: Page, name: str) -> None:
    """No traceback, nothing to scroll sideways; a screenshot of the whole page is kept."""
    settled(page)
    text = page.inner_text("body")
    assert not TRACE.search(text), text
    widths = page.evaluate(
        "() => [document.documentElement, document.querySelector('[data-testid=stMain]')]"
        ".map(part => part.scrollWidth - part.clientWidth)"
    )
    assert max(widths) <= 0, f"{name} is {max(widths)} px too wide"
    height = page.evaluate("() => document.querySelector('[data-testid=stMainBlockContainer]').scrollHeight")
    size = page.viewport_size
    page.set_viewport_size({"width": size["width"], "height": int(height) + 80})
    page.wait_for_timeout(500)
    page.screenshot(path=OUTPUT / f"{name}.png")
    page.set_viewport_size(size)


def photo_file(height: int, width: int) -> dict[str, object]:
    """A drawn photo as an upload."""
    buffer = io.BytesIO()
    Image.fromarray(draw_photo(1, 300, 400)).resize((width, height)).save(buffer, "JPEG")
    return {"name": "drawn.jpg", "mimeType": "image/jpeg", "buffer": buffer.getvalue()}
