"""`python -m tests.helpers.kills`: commands killed at random moments, each time begun again.

It reads one task a line, JSON of `Task`, and answers each with a line. Commands run in forks of this process, which has
imported everything: a kill falls into work, not into imports. `{out}` in the command is another folder for each run
that ended. Before the command, `MEMORABILITY_CACHE={out}` lets it keep its cache there, `COPY=FOLDER` begins with a
copy of that folder, and `RUNS={out}` has the queue of studies there, in which what stopped is resumed as by a visitor.
"""

from __future__ import annotations

import json
import os
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import traceback
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path

from core import config

CACHE, COPY, RUNS = "MEMORABILITY_CACHE", "COPY", "RUNS"
TICK = 0.001
SIDE = 96
"""Of the photos that studies of tests work on, in px: rendering them would be most of what a killed study takes."""
FAILED = 70


@dataclass(frozen=True)
class Task:
    """A command whose runs lie in `place`: `whole`, which nobody kills, and `killed-0` and so on until `kills` kills.

    It is killed at moments that follow from the seed, uniform over the time that the last run took which nobody killed,
    or once the file `until` is in the run's folder. With `again` false there is no whole run, and what the last kill
    left is left.
    """

    command: list[str]
    place: str
    kills: int = 0
    seed: int = 0
    until: str = ""
    again: bool = True


CarryOut = Callable[[Task], str]
"""Carries out a task, and answers with what happened."""


def main() -> None:
    """Carry out every task that comes, and say how it ended."""
    imported()
    config.WORKING_SIZE = SIDE
    for line in sys.stdin:
        print(carried_out(Task(**json.loads(line))), flush=True)


@contextmanager
def a_process() -> Iterator[CarryOut]:
    """One that carries out tasks, as long as it is needed; AssertionError from a task whose runs failed."""
    with tempfile.TemporaryFile("w+") as errors:
        process = subprocess.Popen(
            [sys.executable, "-m", "tests.helpers.kills"],
            cwd=config.ROOT, env=os.environ | {"OMP_NUM_THREADS": "1"}, text=True,
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=errors,
        )  # fmt: skip
        asks, answers = process.stdin, process.stdout
        assert asks
        assert answers

        def carry_out(task: Task) -> str:
            Path(task.place).mkdir(exist_ok=True)
            print(json.dumps(asdict(task)), file=asks, flush=True)
            said = answers.readline().strip()
            errors.seek(0)
            assert said.endswith("runs ended"), f"{said}\n{errors.read()[-2000:]}"
            return said

        yield carry_out
        asks.close()
        assert process.wait(30) == 0


def carried_out(task: Task) -> str:
    """Kill until there were enough kills and the last run has ended; what happened, "failed: …" if a run failed."""
    place = Path(task.place)
    try:
        started = time.monotonic()
        if task.again:
            _await(_begun(task.command, place / "whole"), never)
        longest, draw, done, ended = time.monotonic() - started, random.Random(task.seed), 0, 0
        while done < task.kills:
            out, finished, started, before = place / f"killed-{ended}", False, time.monotonic(), done
            while not finished and (done < task.kills or task.again):
                finished = _await(_begun(task.command, out), _moment(task, out, draw, longest, more=done < task.kills))
                done += not finished
            ended += finished
            if done == before:  # what the first run looked for, detectors' masks for one, the next ones find
                longest = time.monotonic() - started
            if task.until and not done:
                raise RuntimeError("it ended before it could be killed")
    except RuntimeError as error:
        return f"failed: {error}"
    return f"{done} kills, {ended} runs ended"


def never() -> bool:
    """Nobody kills."""
    return False


def _moment(task: Task, out: Path, draw: random.Random, longest: float, *, more: bool) -> Callable[[], bool]:
    """Whether the moment to kill has come."""
    if not more:
        return never
    if task.until:
        return (out / task.until).exists
    end = time.monotonic() + draw.uniform(0, longest)
    return lambda: time.monotonic() >= end


def imported() -> None:
    """What the commands need, so that their forks have it; the first optimizer of a process imports `torch._dynamo`."""
    import torch._dynamo  # noqa: F401

    import core.commands.ablate
    import core.commands.latent
    import core.commands.report
    import core.commands.score
    import core.commands.ship
    import core.commands.study
    import core.commands.work
    import core.latent.build
    import core.study.engine
    import core.study.packing
    import core.training.fit
    import core.verdict.report  # noqa: F401
    from core.registry import ABLATIONS, FILLS, MASKS, MODELS, SOURCES

    for registry in (ABLATIONS, FILLS, MASKS, MODELS, SOURCES):
        list(registry)


def _begun(command: list[str], out: Path) -> int:
    """The id of a new process that runs the command."""
    line = [part.replace("{out}", str(out)) for part in command]
    if line[0].startswith(COPY):
        source = line.pop(0).partition("=")[2]
        if not out.exists():
            shutil.copytree(source, out)
    if child := os.fork():
        return child
    code = FAILED
    try:
        os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
        code = _ran(line)
    finally:  # whatever happened, a fork never returns into this program
        if code == FAILED:
            traceback.print_exc()
        os._exit(code)


def _ran(line: list[str]) -> int:
    if line[0].startswith(CACHE):
        config.CACHE = Path(line.pop(0).partition("=")[2])
    if line[0].startswith(RUNS):
        config.RUNS = Path(line.pop(0).partition("=")[2])
        _resume_what_stopped()
    sys.argv = line
    if line[0] == "train.py":
        import train

        return train.main()
    from core.__main__ import main as core

    return core(line[1:])


def _resume_what_stopped() -> None:
    from core.study.jobs import STOPPED, Queue

    queue = Queue()
    for job in queue.jobs():
        if job.state == STOPPED:
            queue.resume(job.id)


def _await(child: int, moment: Callable[[], bool]) -> bool:
    """Whether the process ended by itself, before it was killed at its moment; RuntimeError if it failed."""
    while True:
        ended, status = os.waitpid(child, 0 if moment is never else os.WNOHANG)
        if ended:
            break
        if moment():
            os.kill(child, signal.SIGKILL)
            _, status = os.waitpid(child, 0)
            break
        time.sleep(TICK)
    if os.WIFSIGNALED(status):
        return False
    if code := os.waitstatus_to_exitcode(status):
        raise RuntimeError(f"the command ended with {code}")
    return True


if __name__ == "__main__":
    main()
