"""What a study will take, said before it starts; photos are counted in the background, so that the page never waits."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from concurrent.futures import TimeoutError as NotYet

import streamlit as st

from core.errors import LabError
from core.study import beforehand
from core.study.beforehand import Counted
from core.study.conditions import Design
from core.study.cost import LONG
from core.study.jobs import Job
from core.study.limits import Limits
from ui import layout
from ui.study.uploads import Upload

PATIENCE = 0.3
"""Seconds that the page waits for a count; a longer one is looked for again every second."""
AGAIN = 1.0
REMEMBERED = 120
"""Seconds after which a place is counted anew."""
MOST_SAID = 4
"""Sentences on what is passed over that are shown."""
_UPLOADS = "study-files-counted"


def estimate(job: Job, uploaded: Sequence[Upload] | None, limits: Limits) -> None:
    """How long a study takes, of which photos, and what that rests on; of a source, or of uploaded files."""
    if uploaded is not None and not any(file.photos for file in uploaded):
        st.session_state.pop(_UPLOADS, None)
        _counting("", "")  # known by the time that photos are given: the page need not be drawn again for it
        st.caption("How long it takes is said here once there are photos.")
        return
    try:
        counting = _of_source(job.sources[0], limits) if uploaded is None else _of_uploads(tuple(uploaded), limits)
    except LabError as error:
        _none(error)
        return
    _wait(counting)
    every = None if counting.done() else AGAIN
    st.fragment(_said, run_every=every)(job, counting, every is not None, limits)


def _of_source(place: str, limits: Limits) -> Future[Counted]:
    """The count of a place or of drawn scenes; StudyError for a place that may not be read."""
    source = read_from(place, limits)
    return _counting(source, part_of(source))


def _of_uploads(files: tuple[Upload, ...], limits: Limits) -> Future[Counted]:
    """The count of this visit's files, made once for the same ones."""
    known: tuple[tuple[Upload, ...], Future[Counted]] | None = st.session_state.get(_UPLOADS)
    if known is None or known[0] != files:
        given = [(file.name, file.data) for file in files]
        known = files, _pool().submit(beforehand.counted_uploads, given, limits)
        st.session_state[_UPLOADS] = known
    return known[1]


def read_from(place: str, limits: Limits) -> str:
    """The source that a study reads: a place that may be read, or drawn scenes; StudyError for any other place."""
    return place if place.startswith("generated:") else limits.place(place)


def part_of(source: str) -> str:
    """The part of a source that a study takes: all drawn scenes, and of photos the test part where there is one."""
    return "all" if source.startswith("generated:") else ""


def _said(job: Job, counting: Future[Counted], waiting: bool, limits: Limits) -> None:
    """The estimate, or that photos are still being counted."""
    if not counting.done():
        st.caption(":material/hourglass_empty: The photos are being counted; the study can be started meanwhile.")
        return
    if waiting:
        st.rerun()  # the whole page: this part need not be looked at again
    try:
        found = counting.result()
    except LabError as error:
        _none(error)
        return
    made = beforehand.foreseen(Design(photos=job.photos, ablations=job.ablations), found, job.model)
    st.markdown(f":material/schedule: **{made.sentence}**")
    for line in found.said[:MOST_SAID]:
        st.caption(f":material/filter_alt: {layout.sentence(line)}")
    if made.cost.seconds > LONG and not limits.long:
        st.warning(
            "This server runs no study of more than an hour; choose fewer photos or ablations.",
            icon=":material/timer_off:",
        )
    st.caption(
        f"{layout.plain(made.basis)} Photos that look alike, cannot be read, or taught the model are left out. "
        "The time is measured anew on the first photos, before the work begins."
    )


def _none(error: LabError) -> None:
    st.caption(f"How long it takes cannot be said: {layout.sentence(error)}")


def _wait(counting: Future[Counted]) -> None:
    try:
        counting.exception(timeout=PATIENCE)
    except NotYet:
        return


@st.cache_resource(show_spinner=False, ttl=REMEMBERED, max_entries=32)
def _counting(source: str, part: str) -> Future[Counted]:
    """The count of a source, at work in the background; without a source, only how often things usually are."""
    task: Callable[[], Counted] = (lambda: beforehand.counted(source, part)) if source else _usual
    return _pool().submit(task)


def _usual() -> Counted:
    return Counted(0, 0, beforehand.usual())


@st.cache_resource(show_spinner=False)
def _pool() -> ThreadPoolExecutor:
    """One count at a time on a server."""
    return ThreadPoolExecutor(1, thread_name_prefix="count-photos")
