"""Run a study in a real Chromium: killed with its server, resumed from the page, and opened where it leads."""

from __future__ import annotations

import contextlib
import os
import signal
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

from core.study.jobs import DONE, RUNNING, Job, Queue
from tests.conftest import draw_photo
from tests.helpers.chromium import OpenTab, check, running_app, serious, settled

if TYPE_CHECKING:
    from playwright.sync_api import Page

START = [sys.executable, "-m", "streamlit"]
LONGEST = 120
PHOTOS = 6


def in_state(queue: Queue, wanted: str) -> Job:
    """The only job of the queue, once it is in a state."""
    end = time.monotonic() + LONGEST
    while time.monotonic() < end:
        (job,) = queue.jobs() or [None]
        if job and job.state == wanted:
            return job
        time.sleep(0.1)
    raise AssertionError(f"the study did not get so far: {queue.jobs()}")


def asked_for(page: Page, address: str) -> None:
    """A small study of uploaded photos is asked for."""
    from core.photos import images

    page.goto(f"{address}/run_a_study")
    settled(page)
    photos = [
        {"name": f"{number}.png", "mimeType": "image/png", "buffer": images.png_bytes(draw_photo(number, 300, 400))}
        for number in range(PHOTOS)
    ]
    page.set_input_files("[data-testid=stFileUploaderDropzoneInput]", photos)
    page.get_by_text(f"{PHOTOS - 1}.png").or_(page.get_by_text(f"{PHOTOS} files")).first.wait_for()
    page.locator(".st-key-study-ablations input").click()
    page.get_by_role("option", name="Grayscale").first.click()
    page.keyboard.press("Escape")
    page.get_by_label("Name of the study").fill("mine")
    page.get_by_label("Name of the study").press("Enter")
    settled(page)
    page.get_by_role("button", name="Start the study").click()


def test_a_study_is_killed_with_its_server_and_resumed_from_the_page(open_tab: OpenTab, tmp_path: Path) -> None:
    queue, page = Queue(tmp_path / "runs" / ".jobs"), open_tab("light")
    with running_app(START, "study-1.log", place=tmp_path, kill=True) as address:
        asked_for(page, address)
        job = in_state(queue, RUNNING)
        assert job.ablations == ("grayscale",)
        page.reload()
        page.get_by_text("mine").first.wait_for()
        with contextlib.suppress(ProcessLookupError):
            os.kill(job.pid, signal.SIGKILL)
    with running_app(START, "study-2.log", place=tmp_path) as address:
        page.goto(f"{address}/run_a_study")
        page.get_by_role("button", name="Resume").click()
        in_state(queue, DONE)
        page.get_by_role("link", name="Its photos on the map").wait_for()
        check(page, "study-done")
        assert serious(page) == []
        page.get_by_role("link", name="Its effects").click()
        page.wait_for_url("**/ablation_effects*study=mine*")
        settled(page)
        page.go_back()
        page.get_by_role("link", name="Its photos on the map").click()
        page.get_by_text(f"{PHOTOS} photos of the study mine stand on the map in blue").wait_for()
        page.wait_for_selector(".map-plot[data-drawn]")
        check(page, "study-on-the-map")
    page.close()
