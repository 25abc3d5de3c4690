"""Files that a visitor gives for a study: kept in memory while other pages are read, until they are taken out."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import streamlit as st

from core.errors import StudyError
from core.photos.photo_files import many
from core.study import uploads
from core.study.limits import Limits
from ui import layout
from ui.visit import STUDY_FILES

MOST_NAMED = 12
"""Files that are named one by one."""
_BOX, _REFUSED = "study-boxes", "study-refused"


@dataclass(frozen=True)
class Upload:
    """A file of this visit: its name, its content, how many photos it is, and a number that no other one has."""

    name: str
    data: bytes
    photos: int
    number: int

    @property
    def size(self) -> str:
        """Its size in the unit that people would use."""
        return in_megabytes(len(self.data))


def kept() -> list[Upload]:
    """The files of this visit, in the order in which they were given."""
    return list(st.session_state.get(STUDY_FILES, []))


def clear() -> None:
    """Let go of all files of this visit."""
    st.session_state[STUDY_FILES] = []


def ask(limits: Limits) -> None:
    """The drop zone, and below it what this visit has already given; each can be taken out again."""
    if st.session_state.get(_box()):
        _keep(limits)  # the event that brought these may have been broken off by the next one
    st.file_uploader(
        "Photos, ZIP archives of them, and a CSV with human scores where there are any",
        accept_multiple_files=True,
        key=_box(),
        on_change=_keep,
        args=(limits,),
        help="They stay in this server's memory while the visit lasts. With the start of the study they are written to "
        "its disk, and deleted with the study.",
    )
    layout.problem(*st.session_state.get(_REFUSED, ()))
    if files := kept():
        _listed(files)


def _listed(files: Sequence[Upload]) -> None:
    """Name and size of each file with a button that takes it out, and what they are together."""
    for place, file in enumerate(files[:MOST_NAMED]):
        with st.container(horizontal=True, gap="small", vertical_alignment="center", key=f"study-file-{place}"):
            st.markdown(f":material/draft: {layout.plain(file.name)} · {file.size}", width="stretch")
            st.button(
                "Remove", key=f"study-remove-{file.number}", type="tertiary", icon=":material/close:",
                help=f"Take {layout.plain(file.name)} out", on_click=_remove, args=(file.number,),
            )  # fmt: skip
    more = f"and {many(len(files) - MOST_NAMED, 'more file')}; " if len(files) > MOST_NAMED else ""
    size = in_megabytes(sum(len(file.data) for file in files))
    with st.container(horizontal=True, gap="small", vertical_alignment="center", key="study-files-all"):
        st.caption(f"{more}{many(len(files), 'file')}, {size} together.", width="stretch")
        if len(files) > 1:
            st.button("Remove all", key="study-remove-all", type="tertiary", icon=":material/close:", on_click=clear)


def _keep(limits: Limits) -> None:
    """What lies in the drop zone joins the files of this visit as far as there is room, and the zone is emptied."""
    files, refused = kept(), []
    for given in st.session_state.get(_box()) or []:
        try:
            files.append(_checked(given.name, given.getvalue(), files, limits))
        except StudyError as error:
            refused.append(str(error))
    st.session_state[STUDY_FILES] = files
    st.session_state[_REFUSED] = tuple(refused)
    st.session_state[_BOX] = st.session_state.get(_BOX, 0) + 1


def _checked(name: str, data: bytes, files: Sequence[Upload], limits: Limits) -> Upload:
    """A file with its photos counted; StudyError where there is no room for it, or it is none that a study takes."""
    if sum(len(file.data) for file in files) + len(data) > limits.megabytes * uploads.MEGABYTE:
        raise StudyError(f"{name}: the files would have more than {limits.megabytes} MB together; choose fewer.")
    photos = uploads.count(name, data, limits)
    if len(files) >= limits.photos or sum(file.photos for file in files) + photos > limits.photos:
        raise StudyError(f"{name}: these would be more than {limits.photos:,} photos; choose fewer.")
    return Upload(name, data, photos, max((file.number for file in files), default=-1) + 1)


def _remove(number: int) -> None:
    """Take one file out; a second click on a slow server finds it gone, and takes none of the others."""
    st.session_state[STUDY_FILES] = [file for file in kept() if file.number != number]
    st.session_state[_REFUSED] = ()


def _box() -> str:
    """The key of the drop zone: another one, and so an empty zone, after its files were taken in."""
    return f"study-files-{st.session_state.get(_BOX, 0)}"


def in_megabytes(count: int) -> str:
    """A number of bytes in kB or MB."""
    return f"{count / uploads.MEGABYTE:.1f} MB" if count >= uploads.MEGABYTE / 10 else f"{max(1, count // 1000)} kB"
