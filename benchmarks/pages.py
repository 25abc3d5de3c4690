"""The app as a visitor meets it: time to the first page, time and memory of every page, and who imports torch."""

from __future__ import annotations

import shutil
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from pathlib import Path

import psutil
from playwright.sync_api import Page, sync_playwright

from core import config

FLAGS = ("--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
         "--disable-background-networking", "--disable-component-update", "--disable-sync")  # fmt: skip

CPU_BUILD = 200
"""MB that importing the CPU build of torch takes, measured elsewhere: it cannot be installed beside the CUDA build."""
IMPORT = "import numpy, psutil; rss = psutil.Process().memory_info; a = rss().rss; import torch; print(rss().rss - a)"


def main(arguments: list[str]) -> None:
    """Serve the app on loopback, open every page in Chromium, and print a line each: seconds, memory, torch or not."""
    port = _free_port()
    server = subprocess.Popen(
        [sys.executable, "-m", "streamlit", "run", "streamlit_app.py", "--server.headless", "true",
         "--server.address", "127.0.0.1", "--server.port", str(port)],
        cwd=config.ROOT, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
    )  # fmt: skip
    try:
        address = f"http://127.0.0.1:{port}"
        _wait(address)
        with sync_playwright() as playwright:
            browser = playwright.chromium.launch(executable_path=shutil.which("chromium"), args=list(FLAGS))
            page = browser.new_page()
            print("page,seconds,server MB,torch imported")
            for name in ("", *sorted(file.stem for file in (config.ROOT / "pages").glob("*.py"))):
                _measure(page, address, name, server.pid)
            _measure(page, address, "try_a_photo?sample=cat", server.pid, wait_for='img[alt^="The photo with"]')
            _estimate_of_the_cpu_build(server.pid)
            browser.close()
    finally:
        server.terminate()
        server.wait()


def _measure(page: Page, address: str, name: str, pid: int, wait_for: str = "h1") -> None:
    started = time.perf_counter()
    page.goto(f"{address}/{name}")
    page.wait_for_selector(wait_for, timeout=60_000)
    page.wait_for_selector("[data-testid=stStatusWidget]", state="detached", timeout=60_000)
    seconds = time.perf_counter() - started
    files, total = psutil.Process(pid).memory_maps(), psutil.Process(pid).memory_info().rss
    torch = any("libtorch" in file.path for file in files)
    print(f"/{name},{seconds:.2f},{total / 2**20:.0f},{'yes' if torch else 'no'}", flush=True)


def _estimate_of_the_cpu_build(pid: int) -> None:
    """Print what the server would hold with torch's CPU build, which also comes without Triton."""
    ran = subprocess.run([sys.executable, "-c", IMPORT], capture_output=True, text=True, check=True, cwd=config.ROOT)
    process = psutil.Process(pid)
    triton = sum(file.rss for file in process.memory_maps() if "/triton/" in file.path)
    total, torch, triton = (value / 2**20 for value in (process.memory_info().rss, int(ran.stdout), triton))
    print(
        f"with the CPU build about {total - torch - triton + CPU_BUILD:.0f} MB: importing torch takes {torch:.0f} MB "
        f"here and {CPU_BUILD} there, and {triton:.0f} MB of Triton are not there"
    )


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def _wait(address: str) -> None:
    limit = time.monotonic() + 60
    while time.monotonic() < limit:
        try:
            urllib.request.urlopen(f"{address}/_stcore/health", timeout=1).close()
            return
        except (urllib.error.URLError, OSError):
            time.sleep(0.1)
    raise SystemExit(f"The app did not start; try: streamlit run {Path('streamlit_app.py')}")
