"""Studies that wait, run, stopped or ended: a folder of small files, each written as a whole, and one runner at a time.

A page puts a job into the folder and starts the runner (`python -m core work`), a process of its own that outlives the
page and works off the queue. It holds a lock for as long as it lives: a job that is said to run while nobody holds it
was interrupted. What a job has done lies in the folder of its study, block by block, so that it goes on from there.
"""

from __future__ import annotations

import itertools
import json
import math
import os
import re
import secrets
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any

from filelock import FileLock, Timeout

from core import config
from core.errors import StudyError
from core.files import json_of, write_text
from core.records import FileName, record

WAITING, RUNNING, STOPPED, DONE, FAILED = STATES = "waiting", "running", "stopped", "done", "failed"
EVERY = 1.0
"""Seconds between two notes of how far a job is."""
NAME = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*")
JOBS, UPLOADS = ".jobs", "uploads"
"""Folders inside `runs/`: the jobs' files, and the photos that were uploaded for them."""


@dataclass(frozen=True)
class Progress:
    """How far a job is: what it does, how much of it is done, and the seconds since this part began."""

    what: str = ""
    done: int = 0
    total: int = 0
    seconds: float = 0.0

    @property
    def share(self) -> float:
        return min(1.0, self.done / self.total) if self.total else 0.0

    @property
    def left(self) -> float | None:
        """Seconds that are left of this part, None before anything of it is done."""
        return self.seconds / self.done * (self.total - self.done) if self.done else None


@dataclass(frozen=True)
class Job:
    """A study that somebody asked for: what to run, in which state it is, and who asked.

    `sources` are given to the study as they are; `owner` is a secret that its visitor knows; times are seconds since
    1970. `note` says what of the photos is passed over, a sentence a line, `estimate` what the study measured of its
    cost, `message` why it failed.
    """

    id: FileName
    name: FileName
    sources: tuple[str, ...]
    model: str
    photos: int = 0
    ablations: tuple[str, ...] = ()
    part: str = ""
    owner: str = ""
    asked: float = 0.0
    state: str = WAITING
    pid: int = 0
    note: str = ""
    estimate: str = ""
    message: str = ""
    progress: Progress = field(default_factory=Progress)

    @property
    def folder(self) -> Path:
        """The folder of its study."""
        return config.RUNS / self.name

    @property
    def uploads(self) -> Path:
        """The folder of the photos that were uploaded for it, whether or not there are any."""
        return config.RUNS / UPLOADS / self.id


class Queue:
    """The jobs of this machine."""

    def __init__(self, folder: Path | None = None) -> None:
        self.folder = folder or config.RUNS / JOBS

    def jobs(self) -> list[Job]:
        """All jobs, in the order in which they were asked for; one that was interrupted counts as stopped."""
        found = [self._read(file) for file in self.folder.glob("*.json")]
        alone = not self.works()
        jobs = [replace(job, state=STOPPED) if alone and job.state == RUNNING else job for job in found if job]
        return sorted(jobs, key=lambda job: (job.asked, job.id))

    def job(self, name: str) -> Job:
        """One job by its id; StudyError where there is none."""
        found = next((job for job in self.jobs() if job.id == name), None)
        if found is None:
            raise StudyError(f"There is no study {name!r} in the queue; it may have been deleted.")
        return found

    def before(self, job: Job) -> int:
        """How many jobs come before a waiting one."""
        return sum(other.state in (WAITING, RUNNING) and other.asked < job.asked for other in self.jobs())

    def add(self, job: Job, most: int) -> Job:
        """Put a job at the end of the queue; StudyError if `most` jobs wait or run, or its name is taken or none."""
        with self._lock():
            if sum(other.state in (WAITING, RUNNING) for other in self.jobs()) >= most:
                raise StudyError(f"{most} studies wait or run here already; try again when one has ended.")
            if not NAME.fullmatch(job.name):
                raise StudyError("A study's name is made of small letters, digits and single hyphens; choose another.")
            if job.folder.exists() or any(other.name == job.name for other in self.jobs()):
                raise StudyError(f"There is a study called {job.name} already; choose another name.")
            job = replace(job, asked=self._after_all(), state=WAITING)
            self._write(job)
        return job

    def free_name(self, wish: str) -> str:
        """A name that no study has: the one wished for, else that with the first number that is free."""
        taken = {job.name for job in self.jobs()}
        names = (f"{wish}-{number}" if number > 1 else wish for number in itertools.count(1))
        return next(name for name in names if name not in taken and not (config.RUNS / name).exists())

    def _after_all(self) -> float:
        """A time after that of every job: a clock that was put back lets nobody in first."""
        return max([time.time(), *(math.nextafter(job.asked, math.inf) for job in self.jobs())])

    def stop(self, name: str) -> None:
        """Let a job wait for nothing, or end it where it runs: what it has done stays."""
        with self._lock():
            job = self.job(name)
            if job.state not in (WAITING, RUNNING):
                return
            self._write(replace(job, state=STOPPED))
            if job.state == RUNNING and self.works():
                os.kill(job.pid, signal.SIGTERM)

    def resume(self, name: str) -> None:
        """Put a job that stopped or failed at the end of the queue; it goes on where it was."""
        with self._lock():
            job = self.job(name)
            if job.state in (STOPPED, FAILED):
                self._write(replace(job, state=WAITING, asked=self._after_all(), message="", pid=0))

    def delete(self, name: str) -> None:
        """Remove a job with its study and its uploaded photos; StudyError while it runs."""
        with self._lock():
            job = self.job(name)
            if job.state == RUNNING:
                raise StudyError(f"{job.name} is running; stop it before it is deleted.")
            for folder in (job.folder, job.uploads):
                shutil.rmtree(folder, ignore_errors=True)
            self._file(name).unlink(missing_ok=True)

    def note(self, name: str, **changed: Any) -> Job | None:
        """Write down what changed of a job; nothing where it was stopped or deleted meanwhile."""
        with self._lock():
            job = self._read(self._file(name))
            if job is None or job.state != RUNNING:
                return None
            job = replace(job, **changed)
            self._write(job)
            return job

    def take(self) -> Job | None:
        """The next job, which runs from now on in this process; None where none waits."""
        with self._lock():
            for other in self.jobs():
                if other.state == RUNNING and other.pid != os.getpid():  # its runner is dead: there is but one
                    self._write(replace(other, state=STOPPED))
            job = next((job for job in self.jobs() if job.state == WAITING), None)
            if job is not None:
                job = replace(job, state=RUNNING, pid=os.getpid(), progress=Progress())
                self._write(job)
            return job

    def works(self) -> bool:
        """Whether a runner lives."""
        try:
            with self.turn():
                return False
        except Timeout:
            return True

    def turn(self) -> FileLock:
        """What the runner holds; filelock.Timeout where another one has it."""
        self.folder.mkdir(parents=True, exist_ok=True)
        return FileLock(self.folder / "turn.lock", timeout=0)

    def start(self) -> None:
        """Start the runner where a job waits and none lives; it outlives whoever starts it."""
        if self.works() or not any(job.state == WAITING for job in self.jobs()):
            return
        with (self.folder / "log.txt").open("a", encoding="utf-8") as log:
            subprocess.Popen(
                [sys.executable, "-m", "core", "work"],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
                env=os.environ | {"PYTHONPATH": str(config.ROOT)},
            )

    def progress(self, name: str) -> Any:
        """A core.types.Progress that notes how far a job is, once in EVERY seconds."""

        def show(items: Iterable[Any], total: int, what: str) -> Iterator[Any]:
            began = last = time.monotonic()
            self.note(name, progress=Progress(what, 0, total))
            for done, item in enumerate(items, start=1):
                yield item
                now = time.monotonic()
                if now - last >= EVERY or done == total:
                    last = now
                    self.note(name, progress=Progress(what, done, total, now - began))

        return show

    def _lock(self) -> FileLock:
        self.folder.mkdir(parents=True, exist_ok=True)
        return FileLock(self.folder / "files.lock", timeout=30)

    def _file(self, name: str) -> Path:
        return self.folder / f"{name}.json"

    def _write(self, job: Job) -> None:
        write_text(self._file(job.id), json.dumps(asdict(job), indent=1, ensure_ascii=False) + "\n")

    def _read(self, file: Path) -> Job | None:
        """A job's file; None for one that is gone or damaged."""
        try:
            return record(Job, json_of(file.read_text(encoding="utf-8")))
        except (OSError, ValueError, KeyError):
            return None


def new_id() -> str:
    """An id for a job that nobody can guess."""
    return secrets.token_hex(8)


def name_of(wish: str) -> str:
    """A name for a study's folder made from what somebody wrote: small letters, digits and hyphens."""
    return re.sub(r"[^a-z0-9]+", "-", wish.lower()).strip("-")[:60]
