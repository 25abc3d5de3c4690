"""The app in a real Chromium: a photo goes in, score and heatmap come out, and every page fits every screen."""

from __future__ import annotations

import io
import os
import re
import shutil
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest
from PIL import Image

from core import config
from core.inference.checkpoints import WEIGHTS
from tests.conftest import draw_photo
from tests.helpers import standin

sync_api = pytest.importorskip("playwright.sync_api", reason="Playwright is not installed (requirements-dev.txt).")
CHROMIUM = shutil.which("chromium")
pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(CHROMIUM is None, reason="Chromium is not installed (Debian: apt-get install chromium)."),
]

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
OUTPUT = Path(__file__).parent / "output"
SCREENS = {
    "light": {"viewport": {"width": 1400, "height": 900}, "color_scheme": "light"},
    "dark": {"viewport": {"width": 1400, "height": 900}, "color_scheme": "dark"},
    "phone": {"viewport": {"width": 390, "height": 844}, "color_scheme": "light", "has_touch": True},
}
PAGES = ("", "try_a_photo", "try_a_photo?sample=cat", "model")
TRACE = re.compile(r"Traceback|Error:|Exception|File \"")
STAND_IN = """
import sys
from pathlib import Path
from core import config
config.ARTIFACTS = Path(sys.argv.pop(1))
from streamlit.web import cli
sys.exit(cli.main())
"""


@pytest.fixture(scope="module")
def address(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The running app, with the shipped model where it is there and with an untrained one where it is not."""
    start = [sys.executable, "-m", "streamlit"]
    if not (config.ARTIFACTS / config.DEFAULT_MODEL / WEIGHTS).is_file():
        folder = tmp_path_factory.mktemp("artifacts")
        standin.write_results(folder)
        standin.write_weights(folder / config.DEFAULT_MODEL)
        standin.write_map(folder)
        start = [sys.executable, "-c", STAND_IN, str(folder)]
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = str(probe.getsockname()[1])
    options = ["--server.address", "127.0.0.1", "--server.port", port, "--server.headless", "true"]
    OUTPUT.mkdir(exist_ok=True)
    with (OUTPUT / "server.log").open("w") as log:
        server = subprocess.Popen(
            [*start, "run", "streamlit_app.py", *options, "--server.fileWatcherType", "none"],
            cwd=config.ROOT,
            stdout=log,
            stderr=log,
            env=os.environ | {"PYTHONPATH": str(config.ROOT)},
        )
        try:
            await_server(f"http://127.0.0.1:{port}/_stcore/health", server)
            yield f"http://127.0.0.1:{port}"
        finally:
            server.terminate()
            server.wait(20)


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


@pytest.fixture(scope="module")
def browser() -> Iterator[sync_api.Browser]:
    """One Chromium for all tests of this file."""
    with sync_api.sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        yield chromium
        chromium.close()


@pytest.fixture(params=list(SCREENS))
def page(request: pytest.FixtureRequest, browser: sync_api.Browser) -> Iterator[sync_api.Page]:
    """A fresh visit on each kind of screen; `page.screen` is its name, `page.asked` what it asked for."""
    context = browser.new_context(**SCREENS[request.param])
    context.set_default_timeout(60_000)
    visited = context.new_page()
    visited.screen, visited.asked = request.param, []
    visited.on("request", lambda made: visited.asked.append(made.url))
    yield visited
    context.close()


def settled(page: sync_api.Page) -> None:
    """Wait until the page has drawn everything."""
    page.wait_for_selector("h1")
    page.wait_for_function(
        """() => !document.querySelector(
            '[data-testid=stStatusWidget], [data-testid=stSpinner], [data-testid=stSkeleton], [data-stale=true]'
        ) && [...document.querySelectorAll('[data-testid=stPlotlyChart]')].every(c => c.querySelector('.main-svg'))"""
    )
    page.wait_for_timeout(500)  # what comes in fades in


def check(page: sync_api.Page, name: str) -> None:
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


@pytest.mark.parametrize("path", PAGES)
def test_every_page_fits_every_screen(address: str, page: sync_api.Page, path: str) -> None:
    page.goto(f"{address}/{path}")
    check(page, f"{page.screen}-{re.sub('[^a-z_]+', '-', path) or 'home'}")
    here = (address, "data:", "blob:")
    assert [url for url in page.asked if not url.startswith(here)] == [], "a visit stays between browser and server"


def test_an_uploaded_photo_gets_a_score_and_a_heatmap(address: str, page: sync_api.Page) -> None:
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
