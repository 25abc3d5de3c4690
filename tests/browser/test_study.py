"""Run a study in a real Chromium: killed with its server, resumed from the page, and opened where it leads."""

from __future__ import annotations

import contextlib
import os
import signal
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from core.photos import images
from core.study import jobs
from core.study.jobs import DONE, FAILED, RUNNING, Job, Queue
from tests.conftest import draw_photo
from tests.helpers.chromium import SCREENS, OpenTab, check, running_app, serious, settled
from ui.study import runs

if TYPE_CHECKING:
    from playwright.sync_api import Page

START = [sys.executable, "-m", "streamlit"]
LONGEST = 120
PHOTOS = 3
DROP = "[data-testid=stFileUploaderDropzoneInput]"


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
    page.goto(f"{address}/run_a_study")
    settled(page)
    page.set_input_files(DROP, [png(number) for number in range(PHOTOS)])
    page.get_by_text(f"{PHOTOS} files, ").wait_for()
    settled(page)  # the list of files moves what lies below it
    menu = page.locator(".st-key-study-ablations input")
    menu.scroll_into_view_if_needed()
    settled(page)  # a menu closes when what is under it scrolls
    menu.click()
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


@pytest.fixture(scope="module")
def lab(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[str, Path]]:
    """The running app in a folder of its own, without any study: its address, and the folder."""
    place = tmp_path_factory.mktemp("lab")
    with running_app(START, "study.log", place=place) as address:
        yield address, place


def test_what_was_given_stays_while_other_pages_are_read(open_tab: OpenTab, lab: tuple[str, Path]) -> None:
    """Through the menu and back, through a reload, and with more files that come later; none of it is written."""
    (address, place), page = lab, open_tab("dark")
    page.goto(f"{address}/run_a_study")
    settled(page)
    page.set_input_files(DROP, [png(0), png(1), {"name": "notes.pdf", "mimeType": "text/plain", "buffer": b"%"}])
    page.get_by_text("2 files, ").wait_for()
    page.get_by_text("notes.pdf: this is neither a photo").wait_for()
    page.get_by_text("2 photos under ").wait_for()
    for name in ("dark", "phone"):
        page.set_viewport_size(SCREENS[name]["viewport"])
        check(page, f"study-given-{name}")
        assert serious(page) == []
    page.set_viewport_size(SCREENS["dark"]["viewport"])
    page.get_by_label("Name of the study").fill("mine")
    page.get_by_label("Name of the study").press("Enter")
    settled(page)
    for name, end in (("Model", "model"), ("Run a study", "run_a_study")):
        page.get_by_role("link", name=name, exact=True).first.click()
        page.wait_for_url(f"**/{end}*")
        settled(page)
    page.get_by_text("2 files, ").wait_for()
    assert page.get_by_label("Name of the study").input_value() == "mine"
    page.set_input_files(DROP, [png(2)])
    page.get_by_text("3 files, ").wait_for()
    page.get_by_role("button", name="Remove").first.click()
    page.get_by_text("0.png").wait_for(state="detached")
    page.reload()
    page.get_by_text("2 files, ").wait_for()
    page.get_by_text("2.png").wait_for()
    page.close()
    assert [file for file in place.rglob("*") if file.suffix == ".png"] == []


def test_a_study_is_deleted_by_a_second_click(open_tab: OpenTab, lab: tuple[str, Path]) -> None:
    """The list is drawn anew every few seconds; the question stays open meanwhile."""
    (address, place), page = lab, open_tab("dark")
    queue = Queue(place / "runs" / ".jobs")
    queue.add(Job(jobs.new_id(), "mine", ("generated:face,n=10",), "no-such-model"), 1)
    page.goto(f"{address}/run_a_study")
    in_state(queue, FAILED)
    page.get_by_role("button", name="Delete").click()
    page.get_by_text("Nothing brings it back").wait_for()
    page.wait_for_timeout(1000 * runs.REFRESH + 500)
    assert serious(page) == []
    assert [job.name for job in queue.jobs()] == ["mine"]
    page.get_by_role("button", name="Delete for good").click()
    page.get_by_text("No study was asked for yet").wait_for()
    assert queue.jobs() == []
    page.close()


def png(number: int) -> dict[str, object]:
    """A small photo as a browser gives it."""
    content = images.png_bytes(draw_photo(number, 300, 400))
    return {"name": f"{number}.png", "mimeType": "image/png", "buffer": content}
