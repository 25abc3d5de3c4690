"""The app on loopback, and Chromium on it: what every benchmark in a browser starts with."""

from __future__ import annotations

import shutil
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from playwright.sync_api import Browser, sync_playwright

from core import config

FLAGS = ("--headless", "--no-sandbox", "--disable-quic", "--no-first-run", "--disable-background-networking",
         "--disable-component-update", "--disable-sync")  # fmt: skip
STREAMLIT = ("-m", "streamlit")
PATIENCE = 60
"""Seconds in which the app must answer."""


@contextmanager
def served(start: Sequence[str] = STREAMLIT) -> Iterator[tuple[str, int]]:
    """The running app: its address and the id of its process; `start` is what Python is given to become Streamlit."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = str(probe.getsockname()[1])
    options = ["--server.headless", "true", "--server.address", "127.0.0.1", "--server.port", port,
               "--server.fileWatcherType", "none"]  # fmt: skip
    command = [sys.executable, *start, "run", "streamlit_app.py", *options]
    server = subprocess.Popen(command, cwd=config.ROOT, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        _wait(f"http://127.0.0.1:{port}/_stcore/health")
        yield f"http://127.0.0.1:{port}", server.pid
    finally:
        server.terminate()
        server.wait()


@contextmanager
def chromium() -> Iterator[Browser]:
    """This machine's Chromium without a window."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=shutil.which("chromium"), args=list(FLAGS))
        yield browser
        browser.close()


def _wait(address: str) -> None:
    limit = time.monotonic() + PATIENCE
    while time.monotonic() < limit:
        try:
            urllib.request.urlopen(address, timeout=1).close()
            return
        except (urllib.error.URLError, OSError):
            time.sleep(0.1)
    raise SystemExit("The app did not start; try: streamlit run streamlit_app.py")
