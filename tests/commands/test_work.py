"""The runner: a study that is killed with its runner goes on where it was, and has what an uninterrupted one has."""

from __future__ import annotations

import dataclasses
import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pandas as pd
import pytest

from core import config
from core.commands import work
from core.models.small import small_cnn
from core.study import jobs, uploads
from core.study.catalogue import STORED
from core.study.jobs import DONE, FAILED, STOPPED, WAITING, Job, Queue
from core.study.limits import read_limits
from tests.conftest import write_photo
from tests.helpers import standin

SOURCE = "generated:cause=face,n=40"


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> str:
    """The folder of a small untrained checkpoint."""
    import torch

    from core.inference import checkpoints
    from core.photos.preprocess import Preset

    torch.manual_seed(0)
    folder = tmp_path_factory.mktemp("small") / "small_cnn"
    standin.write_card(folder)
    card = json.loads((folder / "card.json").read_text())
    card |= {"architecture": "small_cnn", "preset": checkpoints.preset_fields(Preset(64, 64))}
    checkpoints.save(folder, small_cnn(), card)
    return str(folder)


@pytest.fixture
def queue(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Queue:
    monkeypatch.chdir(tmp_path)  # runs/ lies where a process was started
    monkeypatch.setattr(config, "RUNS", Path("runs"))
    return Queue()


def ask(queue: Queue, name: str, model: str, source: str = SOURCE) -> Job:
    return queue.add(Job(jobs.new_id(), name, (source,), model, ablations=("grayscale",), part="all"), 4)


def rows(folder: Path) -> pd.DataFrame:
    parts = [pd.read_parquet(file) for file in sorted((folder / "rows").glob("*.parquet"))]
    return pd.concat(parts).sort_values(["photo_id", "ablation"], ignore_index=True)


def until_blocks(folder: Path, count: int) -> None:
    """Wait until a study has written so many blocks."""
    end = time.monotonic() + 600
    while len(list((folder / "rows").glob("*.parquet"))) < count:
        assert time.monotonic() < end
        time.sleep(0.02)


@pytest.mark.slow
def test_a_study_killed_with_its_runner_goes_on_where_it_was(queue: Queue, model: str, tmp_path: Path) -> None:
    asked = ask(queue, "killed", model)
    runner = subprocess.Popen(
        [sys.executable, "-m", "core", "work"], env=os.environ | {"PYTHONPATH": str(config.ROOT)}, cwd=tmp_path
    )
    until_blocks(asked.folder, 1)
    runner.send_signal(signal.SIGKILL)
    runner.wait(20)
    assert queue.job(asked.id).state == STOPPED
    queue.resume(asked.id)
    whole = ask(queue, "whole", model)
    report = work.work()
    assert report.lines == ["killed: done", "whole: done"]
    assert [job.state for job in queue.jobs()] == [DONE, DONE]
    assert (asked.folder / STORED).is_file()
    assert len(rows(asked.folder)) == 80
    pd.testing.assert_frame_equal(rows(asked.folder), rows(whole.folder))
    assert "40 photos" in queue.job(asked.id).estimate
    assert queue.job(whole.id).progress.done == queue.job(whole.id).progress.total


def test_a_study_that_cannot_be_run_says_why_and_the_next_one_has_its_turn(queue: Queue, tmp_path: Path) -> None:
    first, second = ask(queue, "first", "no-such-model"), ask(queue, "second", "nor-this")
    assert work.work().lines[0].startswith("first: failed (")
    assert {queue.job(item.id).state for item in (first, second)} == {FAILED}
    assert "no-such-model" in queue.job(first.id).message
    assert work.work().lines == ["no study waits"]


def test_what_a_study_passes_over_is_said_on_the_page_too(queue: Queue, model: str, tmp_path: Path) -> None:
    lines = ["image_path,memorability_score,split"]
    for number, part in enumerate(["train"] * 3 + ["test"] * 3):
        write_photo(tmp_path / "photos" / f"{number}.png", number % 5)
        lines.append(f"{number}.png,0.5,{part}")
    (tmp_path / "photos" / "broken.png").write_bytes(b"no photo")
    (tmp_path / "photos" / "scores.csv").write_text("\n".join([*lines, "broken.png,0.5,test"]))
    job = Job(jobs.new_id(), "parts", (str(tmp_path / "photos" / "scores.csv"),), model, ablations=("grayscale",))
    job = queue.add(dataclasses.replace(job, note="1 photo in service folders passed over."), 4)
    limits = dataclasses.replace(read_limits(), places=(tmp_path / "photos",))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("core.study.limits.read_limits", lambda: limits)
        work.work()
    done = queue.job(job.id)
    assert done.state == DONE, done.message
    said = done.note.splitlines()
    assert said[0] == "1 photo in service folders passed over."
    assert any("4 of 7 photos, the test part." in line for line in said), said
    assert any("too few for a verdict" in line for line in said)
    assert any(line.startswith("left out:") and "broken.png" in line for line in said)


def test_what_is_said_of_uploaded_photos_names_them_as_they_were_given(
    queue: Queue, model: str, tmp_path: Path
) -> None:
    """Where the server keeps them is nothing to a visitor."""
    job = Job(jobs.new_id(), "mine", (), model, ablations=("grayscale",))
    table = b"image_path,memorability_score\na.png,0.5\nlost.png,0.5\n"
    given = [("a.png", write_photo(tmp_path / "a.png").read_bytes()), ("scores.csv", table)]
    stored = uploads.store(given, job.uploads, read_limits())
    job = queue.add(dataclasses.replace(job, sources=(stored.place,)), 4)
    work.work()
    said = queue.job(job.id)
    assert said.state == DONE, said.message
    assert "left out: scores.csv:3: " in said.note
    assert "no photo below the upload has its name" in said.note
    assert str(config.RUNS) not in said.note
    table = b"name,score\na.png,0.5\n"
    bad = Job(jobs.new_id(), "bad", (), model, ablations=("grayscale",))
    stored = uploads.store([given[0], ("scores.csv", table)], bad.uploads, read_limits())
    queue.add(dataclasses.replace(bad, sources=(stored.place,)), 4)
    work.work()
    assert queue.job(bad.id).message.startswith("scores.csv: the column image_path is missing")


@pytest.mark.parametrize("by", ["list", "link"])
def test_a_photo_outside_of_the_listed_places_is_not_read(
    queue: Queue, model: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, by: str
) -> None:
    """A list in a listed folder may name any file of the machine, and a folder may hold links to any."""
    place, outside = tmp_path / "listed", write_photo(tmp_path / "outside" / "secret.png")
    write_photo(place / "a.png")
    if by == "list":
        (place / "list.csv").write_text(f"image_path,memorability_score\n{outside},0.5\na.png,0.5\n")
    else:
        (place / "linked").symlink_to(outside.parent)
    limits = dataclasses.replace(read_limits(), places=(place,))
    monkeypatch.setattr("core.study.limits.read_limits", lambda: limits)
    asked = ask(queue, "outside", model, str(place / "list.csv" if by == "list" else place))
    assert work.work().lines[0].startswith("outside: failed (")
    assert "outside of the places" in queue.job(asked.id).message
    assert not (asked.folder / "rows").exists()


def test_a_second_runner_leaves_the_queue_alone(queue: Queue, model: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(work, "PATIENCE", 0)
    asked = ask(queue, "first", model)
    with queue.turn():
        assert work.work().lines == ["the queue is being worked off already"]
    assert queue.job(asked.id).state == WAITING
