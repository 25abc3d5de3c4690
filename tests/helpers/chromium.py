"""A real Chromium and the running app: how they start, and what every test asks of a page."""

from __future__ import annotations

import importlib.util
import io
import itertools
import os
import re
import shutil
import socket
import subprocess
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from PIL import Image

from core import config
from tests.conftest import draw_photo

if TYPE_CHECKING:
    from playwright.sync_api import Page

CHROMIUM = shutil.which("chromium-headless-shell") or shutil.which("chromium")
"""The same engine without what a window needs takes less of the processor, where it is installed."""
OpenTab = Callable[[str], "Page"]
"""A new tab on one of SCREENS."""
FLAGS = [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--process-per-site",
    "--js-flags=--no-flush-bytecode",
]
"""With the last two, scripts that one tab has compiled are those of the next."""
OUTPUT = config.ROOT / "tests" / "output"
SCREENS = {
    "light": {"viewport": {"width": 1400, "height": 900}, "color_scheme": "light"},
    "dark": {"viewport": {"width": 1400, "height": 900}, "color_scheme": "dark"},
    "phone": {"viewport": {"width": 390, "height": 844}, "color_scheme": "light", "has_touch": True},
}
_package = importlib.util.find_spec("axe_playwright_python")
AXE = Path(_package.origin).parent / "axe.min.js" if _package and _package.origin else None
"""axe-core's script, None where the package that carries it is not installed."""
CALM = """([wait, looks]) => {
    const app = document.querySelector("[data-testid=stApp]")
    const parts = (root) => [...root.querySelectorAll("*")].flatMap((part) =>
        [part, ...(part.shadowRoot ? parts(part.shadowRoot) : [])])
    const calm = app?.dataset.testScriptState === "notRunning"
        && !document.querySelector("[data-testid=stStatusWidget], [data-testid=stSpinner], [data-testid=stSkeleton]")
        && !document.querySelector("[data-stale=true]")
        && [...document.querySelectorAll("[data-testid=stPlotlyChart]")].every((c) => c.querySelector(".main-svg"))
        && !document.getAnimations().some((one) =>
            one.playState === "running" && one.effect.getComputedTiming().endTime !== Infinity)
        && parts(document).every((part) => part.tagName !== "IMG" || part.hidden || part.hasAttribute("src"))
    if (window.calm?.wait !== wait) window.calm = { wait, seen: 0 }
    window.calm.seen = calm ? window.calm.seen + 1 : 0
    return window.calm.seen >= looks
}"""
"""Whether in so many looks in a row no run was on its way, nothing faded in, every chart was drawn, and every picture
had been told what it shows, those inside components too."""
LOOKS = 4
_waits = itertools.count()
DARK = """() => {
    const [red, green, blue] = getComputedStyle(document.querySelector(".stApp")).backgroundColor.match(/\\d+/g)
    return Number(red) + Number(green) + Number(blue) < 3 * 128 }"""
"""Whether the page has a dark ground."""
POLLING = 80
"""Milliseconds between two looks at a page: one look a frame, as is usual, takes the time of whom is waited for."""
TRACE = re.compile(r"Traceback|Error:|Exception|File \"")


@contextmanager
def running_app(
    start: Sequence[str], log: str, *options: str, place: Path = config.ROOT, kill: bool = False
) -> Iterator[str]:
    """The app, started in a folder by a command that takes Streamlit's words: its address with the path before it.

    With `kill` it has no time to put anything in order at the end.
    """
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        address = f"127.0.0.1:{probe.getsockname()[1]}"
    where = ["--server.address", "127.0.0.1", "--server.port", address.rpartition(":")[2], "--server.headless", "true"]
    quiet = ["--server.fileWatcherType", "none"]
    path = "".join(f"/{options[number + 1]}" for number, name in enumerate(options) if name == "--server.baseUrlPath")
    OUTPUT.mkdir(exist_ok=True)
    with (OUTPUT / log).open("w") as said:
        server = subprocess.Popen(
            [*start, "run", str(config.ROOT / "streamlit_app.py"), *where, *quiet, *options],
            cwd=place,
            stdout=said,
            stderr=said,
            env=os.environ | {"PYTHONPATH": str(config.ROOT)},
        )
        try:
            await_server(f"http://{address}{path}/_stcore/health", server)
            yield f"http://{address}{path}"
        finally:
            (server.kill if kill else server.terminate)()
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


def settled(page: Page) -> None:
    """Wait until the page has drawn everything, and nothing of it comes or moves any more."""
    page.wait_for_selector("h1")
    page.wait_for_function(CALM, arg=[next(_waits), LOOKS], polling=POLLING)


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
    settled(page)
    page.screenshot(path=OUTPUT / f"{name}.jpg")  # of a page of 4,000 px a PNG takes twice the time
    page.set_viewport_size(size)


def fits_everywhere(page: Page, name: str) -> None:
    """A page that was opened on a phone is checked there and on a wide screen, in both themes, also by axe-core.

    It needs no visit for each: it takes the other theme on when the system does, and room when a window has more.
    """
    for screen in ("phone", "light"):
        page.set_viewport_size(SCREENS[screen]["viewport"])
        page.finger.send("Emulation.setTouchEmulationEnabled", {"enabled": screen == "phone"})
        for scheme in ("light", "dark"):
            page.emulate_media(color_scheme=scheme)
            page.wait_for_function(f"dark => ({DARK})() === dark", arg=scheme == "dark", polling=POLLING)
            check(page, f"{name}-{screen}{'-dark' if scheme == 'dark' else ''}")
            assert serious(page) == [], (screen, scheme)
    page.emulate_media(color_scheme="light")


def serious(page: Page) -> list[str]:
    """What axe-core finds on a page that keeps people from using it, each with the element; empty without axe-core."""
    if AXE is None:
        return []
    if not page.evaluate("'axe' in window"):
        page.evaluate(AXE.read_text(encoding="utf-8"))
    found = page.evaluate("() => axe.run(document, {resultTypes: ['violations']}).then(done => done.violations)")
    return [
        f"{item['id']} ({item['impact']}): {node['html'][:160]}"
        for item in found
        if item["impact"] in ("serious", "critical")
        for node in item["nodes"]
    ]


def photo_file(height: int, width: int) -> dict[str, object]:
    """A drawn photo as an upload."""
    buffer = io.BytesIO()
    Image.fromarray(draw_photo(1, 300, 400)).resize((width, height)).save(buffer, "JPEG")
    return {"name": "drawn.jpg", "mimeType": "image/jpeg", "buffer": buffer.getvalue()}
