"""The app as a visitor meets it: time to the first page, time and memory of every page, and who imports torch."""

from __future__ import annotations

import subprocess
import sys
import time

import psutil
from playwright.sync_api import Page

from benchmarks._app import chromium, served
from core import config

CPU_BUILD = 200
"""MB that importing the CPU build of torch takes, measured elsewhere: it cannot be installed beside the CUDA build."""
IMPORT = "import numpy, psutil; rss = psutil.Process().memory_info; a = rss().rss; import torch; print(rss().rss - a)"


def main(arguments: list[str]) -> None:
    """Serve the app on loopback, open every page in Chromium, and print a line each: seconds, memory, torch or not."""
    with served() as (address, pid), chromium() as browser:
        page = browser.new_page()
        print("page,seconds,server MB,torch imported")
        for name in ("", *sorted(file.stem for file in (config.ROOT / "pages").glob("*.py"))):
            _measure(page, address, name, pid)
        _measure(page, address, "try_a_photo?sample=cat", pid, wait_for='img[alt^="The photo with"]')
        _estimate_of_the_cpu_build(pid)


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
