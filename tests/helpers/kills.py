"""`python -m tests.helpers.kills`: commands killed at random moments, each time begun again.

It reads one task a line, JSON of `Task`, and answers each with a line. Commands run in forks of this process, which has
imported everything: a kill falls into work, not into imports. `{out}` in the command is another folder for each run
that ended. `MEMORABILITY_CACHE={out}` before the command lets it keep its cache there, and `COPY=FOLDER` begins with a
copy of that folder. Moments are uniform over the time that an uninterrupted run takes.
"""

from __future__ import annotations

import json
import os
import random
import shutil
import signal
import sys
import time
import traceback
from dataclasses import dataclass
from pathlib import Path

from core import config

CACHE, COPY = "MEMORABILITY_CACHE", "COPY"
TICK = 0.001
FAILED = 70


@dataclass(frozen=True)
class Task:
    """A command to kill so often, at moments that follow from the seed; its runs lie in `place`. 0: it just runs."""

    command: list[str]
    place: str
    kills: int = 0
    seed: int = 0


def main() -> None:
    """Carry out every task that comes, and say how it ended."""
    imported()
    for line in sys.stdin:
        print(carried_out(Task(**json.loads(line))), flush=True)


def carried_out(task: Task) -> str:
    """Kill until there were enough kills and the last run has ended; what happened, "failed: …" if a run failed."""
    place = Path(task.place)
    try:
        started = time.monotonic()
        _await(_begun(task.command, place / "whole"), None)
        longest, draw, done, number = time.monotonic() - started, random.Random(task.seed), 0, 0
        while done < task.kills:
            out, finished = place / f"killed-{number}", False
            while not finished:
                moment = draw.uniform(0, longest) if done < task.kills else None
                finished = _await(_begun(task.command, out), moment)
                done += not finished
            number += 1
    except RuntimeError as error:
        return f"failed: {error}"
    return f"{done} kills, {number} runs ended"


def imported() -> None:
    """What the commands need, so that their forks have it."""
    import core.commands.ablate
    import core.commands.latent
    import core.commands.report
    import core.commands.score
    import core.commands.ship
    import core.commands.study
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
    sys.argv = line
    if line[0] == "train.py":
        import train

        return train.main()
    from core.__main__ import main as core

    return core(line[1:])


def _await(child: int, moment: float | None) -> bool:
    """Whether the process ended by itself, before it was killed at its moment; RuntimeError if it failed."""
    end = None if moment is None else time.monotonic() + moment
    while True:
        ended, status = os.waitpid(child, 0 if end is None else os.WNOHANG)
        if ended:
            break
        if end is not None and time.monotonic() >= end:
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
