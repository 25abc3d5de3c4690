"""Work off the queue of studies that pages have put there."""

from __future__ import annotations

from core import config
from core.commands import Report
from core.errors import LabError
from core.registry import COMMANDS
from core.study.jobs import DONE, FAILED, Job, Queue

PATIENCE = 10
"""Seconds to wait for the turn: a page holds it for a moment when it looks whether a runner lives."""


@COMMANDS.register("Work off the queue of studies")
def work() -> Report:
    """Run the studies that wait in the queue of the page *Run a study*, one after the other, until none waits.

    The page starts this by itself. One at a time works on a machine: where one does already, nothing is done. A study
    that was interrupted is marked as stopped, and goes on from there once it is resumed.
    """
    from filelock import Timeout

    queue, ended = Queue(), []
    try:
        with queue.turn().acquire(timeout=PATIENCE):
            while (job := queue.take()) is not None:
                ended.append(f"{job.name}: {_carried_out(queue, job)}")
    except Timeout:
        return Report(["the queue is being worked off already"], [])
    return Report(ended or ["no study waits"], ended)


def _carried_out(queue: Queue, job: Job) -> str:
    """Run one study and compute its effects; how it ended."""
    from core.commands.effects import weak_in
    from core.commands.study import carry_out
    from core.study.conditions import Design
    from core.study.limits import read_limits
    from core.study.uploads import as_given
    from core.verdict.aggregation import aggregates

    progress, told = queue.progress(job.id), [job.note] if job.note else []

    def tell(text: str) -> None:
        text = as_given(text, job.uploads)
        if text not in told:
            told.append(text)
            queue.note(job.id, note="\n".join(told))

    try:
        limits = read_limits()
        report = carry_out(
            list(job.sources),
            Design(photos=min(job.photos or limits.photos, limits.photos), ablations=job.ablations, seed=config.SEED),
            model=job.model,
            part=job.part,
            yes=limits.long,
            out=job.folder,
            progress=progress,
            say=lambda text: queue.note(job.id, estimate=text),
            tell=tell,
            within=(*limits.places, job.uploads),
        )
        for line in report.lines[1:]:  # after how many photos and rows there are
            tell(line)
        aggregates(job.folder, weak_in(job.folder), progress)
    except LabError as error:
        queue.note(job.id, state=FAILED, message=as_given(str(error), job.uploads))
        return f"failed ({error})"
    queue.note(job.id, state=DONE)
    return "done"
