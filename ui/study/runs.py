"""Studies of a visitor's own photos: asked for here, run by a process of their own, and shown as far as they are."""

from __future__ import annotations

import secrets
from collections.abc import Callable
from dataclasses import replace

import streamlit as st

from core import config
from core.errors import LabError
from core.registry import ABLATIONS, SOURCES
from core.study import jobs, uploads
from core.study.catalogue import STORED
from core.study.jobs import DONE, FAILED, RUNNING, STOPPED, WAITING, Job, Queue
from core.study.limits import Limits
from ui import layout, log, resources, widgets
from ui.study import beforehand
from ui.study import uploads as given
from ui.visit import OF_STUDY, address_of

REFRESH = 3
"""Seconds after which the page looks again how far studies are."""
UPLOAD, PLACE, DRAWN = "Photos of mine", "A place on this server", "Drawn scenes"
SIGNS = {
    WAITING: "hourglass_empty",
    RUNNING: "autorenew",
    STOPPED: "pause_circle",
    DONE: "check_circle",
    FAILED: "error",
}
USUAL_NAME = "my-photos"
"""A study that nobody names is called so, with a number where there is one already."""
MOST_SAID = 8
"""Lines on what a study passed over that are shown."""


def owner() -> str:
    """The secret by which this visit's studies are its own."""
    return st.session_state.setdefault("owner", secrets.token_hex(16))


def ask(limits: Limits) -> None:
    """What to study, and the button that puts it into the queue."""
    source = _photos(limits)
    job = _job(source, limits)
    beforehand.estimate(job, None if source else given.kept(), limits)
    st.caption("Whoever can open this site sees the study and its photos.")
    if st.button("Start the study", key="start-study", type="primary", icon=":material/play_arrow:"):
        layout.attempt(lambda: _begin(job, not source, limits))


def _photos(limits: Limits) -> str:
    """The name of the source that was chosen; empty for uploaded files, which are kept with the visit."""
    kinds = [UPLOAD] * limits.uploads + [PLACE] * bool(limits.places) + [DRAWN]
    kind = st.segmented_control(
        "Which photos", kinds, default=kinds[0], required=True, key="study-kind", persist_state="session"
    )
    if kind == PLACE:
        return _place(limits)
    if kind == DRAWN:
        return _drawn()
    given.ask(limits)
    return ""


def _job(source: str, limits: Limits) -> Job:
    """The model, the size of the study, its ablations and its name, as chosen."""
    left, right = st.columns(2)
    with left, st.spinner("Loading the models …"):
        model = widgets.choose("Model", resources.offered_models(), "study-model", default=config.DEFAULT_MODEL)
    most = right.number_input(
        "Photos at most", 1, limits.photos, limits.photos, key="study-photos", persist_state="session",
        help=f"Drawn at random. A row of the verdict needs {config.MIN_CONFIRMATORY} photos that hold its thing.",
    )  # fmt: skip
    labels = {entry.id: entry.label for entry in ABLATIONS}
    chosen = st.multiselect(
        "Ablations (none chosen: all of them, as the verdict needs)", list(labels), format_func=labels.__getitem__,
        key="study-ablations", persist_state="session",
    )  # fmt: skip
    usual = Queue().free_name(USUAL_NAME)
    wish = st.text_input("Name of the study", key="study-name", placeholder=usual, persist_state="session")
    name = jobs.name_of(wish) if wish.strip() else usual
    return Job(jobs.new_id(), name, (source,), model, photos=int(most), ablations=tuple(chosen), owner=owner())


def _place(limits: Limits) -> str:
    """A listed place, or something inside it."""
    listed = [str(place) for place in limits.places]
    place = st.selectbox("Place", listed, key="study-place", persist_state="session")
    inside = st.text_input("Folder or CSV inside it (empty: all of it)", key="study-inside", persist_state="session")
    return f"{place}/{inside}" if inside else place


def _drawn() -> str:
    """Generated scenes at the chosen settings, as a study names them."""
    with st.container(horizontal=True):
        chosen = widgets.parameters(SOURCES["generated"], "study-drawn")
    return "generated:" + ",".join(f"{name}={value}" for name, value in chosen.items())


def _begin(job: Job, uploaded: bool, limits: Limits) -> None:
    """Check and store what was asked for, put it into the queue, and see that somebody works on it."""
    queue = Queue()
    log.logger().info("a study is asked for")
    if uploaded:
        try:
            stored = uploads.store(((file.name, file.data) for file in given.kept()), job.uploads, limits)
            queue.add(replace(job, sources=(stored.place,), note=stored.note), limits.queue)
        except LabError:
            uploads.remove(job.uploads)
            raise
    else:
        place = beforehand.read_from(job.sources[0], limits)
        queue.add(replace(job, sources=(place,), part=beforehand.part_of(place)), limits.queue)
    queue.start()
    if uploaded:
        given.clear()
    st.rerun()


@st.fragment(run_every=REFRESH)
def listed(limits: Limits) -> None:
    """All studies of the queue, the latest first, each with how far it is and what can be done with it."""
    queue = Queue()
    queue.start()  # the runner may have ended with a study that was stopped, or with the machine
    found = queue.jobs()
    if not found:
        st.info("No study was asked for yet.", icon=":material/science:")
    for job in reversed(found):
        with st.container(border=True, key=f"job-{job.id}"):
            _shown(queue, job, limits)


def _shown(queue: Queue, job: Job, limits: Limits) -> None:
    st.markdown(f":material/{SIGNS[job.state]}: **{layout.plain(job.name)}** · {words(queue, job)}")
    if job.state == RUNNING:
        st.progress(job.progress.share)
    said = job.note.splitlines()
    for line in said[:MOST_SAID]:
        st.caption(layout.plain(line))
    if len(said) > MOST_SAID:
        st.caption(f"{len(said) - MOST_SAID:,} more are in the server's log.")
    if job.estimate:
        st.caption(layout.plain(job.estimate))
    if job.message:
        layout.problem(job.message)
    with st.container(horizontal=True, gap="small", vertical_alignment="center"):
        if job.state == DONE and (job.folder / STORED).is_file():
            st.page_link(layout.EFFECTS.file, label="Its effects", icon=":material/arrow_forward:",
                         query_params={"study": job.name})  # fmt: skip
            st.page_link(layout.LATENT.file, label="Its photos on the map", icon=":material/map:",
                         query_params=address_of(layout.LATENT.file) | {OF_STUDY: job.name})  # fmt: skip
        if limits.public and job.owner != owner():
            return
        for label, icon, states, act in (
            ("Stop", "stop", (WAITING, RUNNING), queue.stop),
            ("Resume", "play_arrow", (STOPPED, FAILED), queue.resume),
        ):
            if job.state in states:
                st.button(
                    label, key=f"{label.lower()}-{job.id}", icon=f":material/{icon}:", type="tertiary",
                    on_click=_act, args=(label.lower(), act, job.id),
                )  # fmt: skip
        if job.state != RUNNING:
            _delete(queue, job)


def _delete(queue: Queue, job: Job) -> None:
    """A second click deletes: what may have taken hours is not lost by one beside the wrong study."""
    with st.popover("Delete", key=f"ask-delete-{job.id}", icon=":material/delete:", type="tertiary"):
        st.markdown(
            f"Delete **{layout.plain(job.name)}** with its results and its uploaded photos? Nothing brings it back."
        )
        st.button(
            "Delete for good", key=f"delete-{job.id}", icon=":material/delete_forever:",
            on_click=_act, args=("delete", queue.delete, job.id),
        )  # fmt: skip


def _act(name: str, act: Callable[[str], None], job: str) -> None:
    with log.action(f"{name} a study"):
        layout.attempt(lambda: act(job))


def words(queue: Queue, job: Job) -> str:
    """Where a job is, in a few words."""
    progress = job.progress
    if job.state == WAITING:
        before = queue.before(job)
        return "waits" + (f"; {before} {'study comes' if before == 1 else 'studies come'} before it" if before else "")
    if job.state == RUNNING and not progress.total:
        return "runs: the model is loaded, and the time is measured on the first photos"
    if job.state == RUNNING:
        left = "" if progress.left is None else f", about {duration(progress.left)} left of this part"
        return f"runs: {layout.plain(progress.what)}, {progress.done:,} of {progress.total:,} photos{left}"
    return {STOPPED: "stopped; it goes on where it was", DONE: "done", FAILED: "could not be run"}[job.state]


def duration(seconds: float) -> str:
    """A length of time in the unit that people would use."""
    if seconds < 90:
        return f"{max(1, round(seconds))} seconds"
    return f"{round(seconds / 60)} minutes" if seconds < 5400 else f"{seconds / 3600:.1f} hours"
