"""The queue of studies: states, order, one runner, and files that are never half written."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from core import config
from core.errors import StudyError
from core.study import jobs
from core.study.jobs import DONE, FAILED, RUNNING, STOPPED, WAITING, Job, Progress, Queue


@pytest.fixture
def queue(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Queue:
    monkeypatch.setattr(config, "RUNS", tmp_path / "runs")
    return Queue()


def job(name: str = "mine") -> Job:
    return Job(jobs.new_id(), name, ("generated",), "small_cnn")


def states(queue: Queue) -> dict[str, str]:
    return {item.name: item.state for item in queue.jobs()}


def test_jobs_wait_in_the_order_in_which_they_were_asked_for(queue: Queue) -> None:
    first, second = queue.add(job("first"), 3), queue.add(job("second"), 3)
    assert [item.name for item in queue.jobs()] == ["first", "second"]
    assert queue.before(second) == 1
    with queue.turn():
        assert queue.take().id == first.id
        assert states(queue) == {"first": RUNNING, "second": WAITING}
        queue.note(first.id, state=DONE)
        assert queue.take().id == second.id
        assert queue.before(queue.job(second.id)) == 0


def test_a_clock_that_is_put_back_lets_nobody_in_first(queue: Queue, monkeypatch: pytest.MonkeyPatch) -> None:
    clock = iter((2000.0, 1000.0, 500.0))
    monkeypatch.setattr(jobs.time, "time", lambda: next(clock))
    first, second = queue.add(job("first"), 3), queue.add(job("second"), 3)
    queue.stop(first.id)
    queue.resume(first.id)
    assert [item.name for item in queue.jobs()] == ["second", "first"]
    assert queue.before(queue.job(first.id)) == 1
    assert queue.before(second) == 0


def test_a_full_queue_and_a_name_that_is_taken_or_none_are_refused(queue: Queue) -> None:
    queue.add(job(), 2)
    with pytest.raises(StudyError, match="already; choose another name"):
        queue.add(job(), 2)
    with pytest.raises(StudyError, match="small letters"):
        queue.add(job("../out"), 2)
    with pytest.raises(StudyError, match="small letters"):
        queue.add(job(""), 2)
    queue.add(job("other"), 2)
    with pytest.raises(StudyError, match="2 studies wait or run"):
        queue.add(job("third"), 2)
    (config.RUNS / "there").mkdir()
    with pytest.raises(StudyError, match="called there already"):
        queue.add(job("there"), 3)


def test_a_job_whose_runner_died_counts_as_stopped_and_goes_on_when_it_is_resumed(queue: Queue) -> None:
    asked = queue.add(job(), 2)
    with queue.turn():
        queue.take()
        assert states(queue) == {"mine": RUNNING}
    assert states(queue) == {"mine": STOPPED}  # nobody holds the turn any more
    queue.resume(asked.id)
    assert states(queue) == {"mine": WAITING}


def test_a_new_runner_does_not_take_a_dead_one_s_job_for_running(queue: Queue, monkeypatch: pytest.MonkeyPatch) -> None:
    queue.add(job("dead"), 3)
    with monkeypatch.context() as other, queue.turn():
        other.setattr(os, "getpid", lambda: 1)
        queue.take()
    queue.add(job("next"), 3)
    with queue.turn():
        assert queue.take().name == "next"
        assert states(queue) == {"dead": STOPPED, "next": RUNNING}


def test_a_stopped_job_takes_no_more_notes_and_its_runner_is_ended(
    queue: Queue, monkeypatch: pytest.MonkeyPatch
) -> None:
    ended = []
    monkeypatch.setattr(os, "kill", lambda pid, sign: ended.append(pid))
    asked = queue.add(job(), 2)
    with queue.turn():
        queue.take()
        queue.stop(asked.id)
        assert ended == [os.getpid()]
        assert queue.note(asked.id, state=DONE) is None
    assert states(queue) == {"mine": STOPPED}
    queue.resume(asked.id)
    queue.stop(asked.id)
    assert states(queue) == {"mine": STOPPED}
    assert len(ended) == 1


def test_delete_removes_study_and_uploads_but_not_while_it_runs(queue: Queue) -> None:
    asked = queue.add(job(), 2)
    for folder in (asked.folder, asked.uploads):
        folder.mkdir(parents=True)
        (folder / "file").write_text("x")
    with queue.turn():
        queue.take()
        with pytest.raises(StudyError, match="stop it before"):
            queue.delete(asked.id)
        queue.note(asked.id, state=FAILED, message="why")
    assert queue.job(asked.id).message == "why"
    queue.delete(asked.id)
    assert not asked.folder.exists()
    assert not asked.uploads.exists()
    with pytest.raises(StudyError, match="may have been deleted"):
        queue.job(asked.id)


def test_progress_is_noted_and_says_what_is_left(queue: Queue, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(jobs, "EVERY", 0)
    asked = queue.add(job(), 2)
    with queue.turn():
        queue.take()
        for number in queue.progress(asked.id)(range(4), 4, "work"):
            if number == 2:
                found = queue.job(asked.id).progress
                assert (found.what, found.done, found.total) == ("work", 2, 4)
                assert found.left == pytest.approx(found.seconds)
    assert queue.job(asked.id).progress.share == 1
    assert Progress().left is None


@pytest.mark.parametrize("text", ["", "{", "[]", '{"id": "x"}', '{"id": "x", "unknown": 1}'])
def test_a_damaged_file_is_passed_over(queue: Queue, text: str) -> None:
    queue.add(job(), 2)
    (queue.folder / "damaged.json").write_text(text)
    assert states(queue) == {"mine": WAITING}


@pytest.mark.parametrize(
    "change",
    [{"name": "../other"}, {"name": "/tmp"}, {"name": ".."}, {"id": "../x"}, {"sources": "generated"}, {"pid": "1"}],
)
def test_a_job_of_another_kind_is_passed_over_and_leads_to_no_other_folder(queue: Queue, change: dict) -> None:
    kept = queue.add(job(), 3)
    file = queue.folder / f"{kept.id}.json"
    assert [item.id for item in queue.jobs()] == [kept.id]
    file.write_text(json.dumps(json.loads(file.read_text()) | change))
    assert queue.jobs() == []
    with pytest.raises(StudyError, match="no study"):
        queue.delete(kept.id)


@pytest.mark.parametrize(("wish", "name"), [("My Photos!", "my-photos"), ("../../etc", "etc"), ("Ünï", "n"), ("é", "")])
def test_a_name_is_made_of_what_was_written(wish: str, name: str) -> None:
    assert jobs.name_of(wish) == name


def test_nothing_is_started_where_nothing_waits(queue: Queue, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(jobs.subprocess, "Popen", lambda *_, **__: pytest.fail("a runner was started"))
    queue.start()
    queue.add(job(), 2)
    with queue.turn():
        queue.start()  # one lives already
