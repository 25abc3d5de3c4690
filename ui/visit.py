"""What was chosen stays: through a change of page by the menu, the browser's Back, and a reload.

The address carries what is worth sharing, and the menu leads back to each page by its last address. Widgets of a visit
keep their values while other pages are read (`persist_state`). A reload is a new session to Streamlit: what the visit
before had chosen lies in this server's memory under a name that only its tab knows. Once no page of a visit is
connected, its photos and drawings are released within a minute; what is small is remembered for an hour.
"""

from __future__ import annotations

import copy
import secrets
import time
from collections import OrderedDict
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from threading import Lock, Thread
from typing import Any

import streamlit as st
from streamlit import runtime
from streamlit.runtime.scriptrunner import get_script_run_ctx

from ui import garbage, resources
from ui.components import component

ADDRESSES, NAME = "addresses", "visit"
TAKE = "take"
"""Names a photo in an address that is to join the visit."""
OF_STUDY = "of_study"
"""Names a study in the map's address whose photos stand on the map."""
STUDY_FILES = "study-uploads"
"""Names the files in the session that were given for a study."""
KEPT = (STUDY_FILES, "kept", "also", "current", "boards", "trials", "landed", "shown", "ask", "owner", ADDRESSES)
"""What pages put into the session themselves."""
PHOTOS = (STUDY_FILES, "kept", "also", "boards", "trials", "landed", "shown")
"""What of it holds photos, drawings and pictures made of them."""
CHOSEN = (
    *("brush-size", "method", "sources", "search", "delta", "traverse", "along", "step", "format", "for-spreadsheet"),
    *("study-kind", "study-place", "study-inside", "study-photos", "study-ablations", "study-model", "study-name"),
    *("without", "where-order", "where-removed", "where-set"),
)
CHOSEN_PARTS = ("paint-", "what-if", "method-", "range-", "study-drawn-")
"""Widgets whose values are kept: their keys, and how their keys begin; no button among them."""
MOST_VISITS = 128
LONGEST = 60 * 60
"""Seconds that a visit is remembered after its last action."""
RELEASE = 40
"""Seconds without a connection after which a visit has ended: longer than a reload takes, or a phone's next network."""
SWEEP = 10
"""Seconds between two looks for visits that have ended."""

_visit = component("visit")


@dataclass
class Remembered:
    """What a visit had chosen at its last action, the session that it is of, and when that was last connected."""

    when: float
    chosen: dict[str, Any]
    session: str
    connected: float


@dataclass
class Visits:
    """What visits of this server have chosen, the latest last; forgotten when too many or too old."""

    by_name: OrderedDict[str, Remembered] = field(default_factory=OrderedDict)
    lock: Lock = field(default_factory=Lock)

    def keep(self, name: str, chosen: dict[str, Any], now: float, session: str = "") -> None:
        """Remember what a visit has chosen by now (seconds)."""
        with self.lock:
            self.by_name[name] = Remembered(now, chosen, session, now)
            self.by_name.move_to_end(name)
            while len(self.by_name) > MOST_VISITS or next(iter(self.by_name.values())).when < now - LONGEST:
                self.by_name.popitem(last=False)

    def take(self, name: str, now: float) -> dict[str, Any]:
        """What a visit had chosen; nothing where it is unknown or too old. The visit that goes on has it from here."""
        with self.lock:
            found = self.by_name.pop(name, None)
            return found.chosen if found and found.when >= now - LONGEST else {}

    def release(self, now: float, is_connected: Callable[[str], bool]) -> list[str]:
        """Let go of the photos of visits without a connection for RELEASE seconds; their sessions, each named once."""
        ended = []
        with self.lock:
            for visit in self.by_name.values():
                if is_connected(visit.session):
                    visit.connected = now
                elif visit.session and visit.connected < now - RELEASE:
                    ended.append(visit.session)
                    visit.session = ""
                    visit.chosen = {key: value for key, value in visit.chosen.items() if key not in PHOTOS}
        return ended

    def anybody(self, is_connected: Callable[[str], bool]) -> bool:
        """Whether a page of any visit is connected."""
        with self.lock:
            return any(is_connected(visit.session) for visit in self.by_name.values())


@st.cache_resource(show_spinner=False)
def visits() -> Visits:
    """The visits of this server, with a thread that lets go of those that have ended."""
    found = Visits()
    if runtime.exists():  # not where a page runs without a server, as in its tests
        garbage.share_arenas()
        Thread(target=_sweep, args=(found, runtime.get_instance()), name="ended-visits", daemon=True).start()
    return found


def _sweep(found: Visits, server: runtime.Runtime) -> None:
    """Look for ended visits as long as the server runs, and close their sessions.

    Streamlit would keep a session, with all that was uploaded in it, until after two minutes another one ends. It has
    no public way to close one from a thread; should its private one go, it does so later, as it always did. Sessions
    close a moment later, so that what they held is given back at the next look.
    """
    closing = False
    while server.state is not runtime.RuntimeState.STOPPED:
        time.sleep(SWEEP)
        if closing:
            garbage.give_back()
        ended = found.release(time.monotonic(), server.is_active_session)
        for session in ended:
            with suppress(AttributeError):
                server._get_async_objs().eventloop.call_soon_threadsafe(server.close_session, session)
        closing = bool(ended)
        if ended and not found.anybody(server.is_active_session):
            resources.forget_pictures()


def address_of(file: str) -> dict[str, Any]:
    """What the address of a page said when it was left."""
    return dict(st.session_state.get(ADDRESSES, {}).get(file, {}))


def keep_address(file: str) -> None:
    """Remember what the address of this page says, but for what it asked to be done once."""
    said = st.query_params.to_dict()
    said.pop(TAKE, None)
    st.session_state.setdefault(ADDRESSES, {})[file] = said


def go_on() -> None:
    """Take up the visit that this tab had before a reload, and remember this one."""
    name = st.session_state.setdefault(NAME, secrets.token_urlsafe(16))
    _visit(key="visit-memory", data={"visit": name}, on_before_change=_take_up, height=1)
    context = get_script_run_ctx()
    visits().keep(name, _chosen(), time.monotonic(), context.session_id if context else "")


def _take_up() -> None:
    """Before the run: what the visit before the reload had chosen takes the place of what this one starts with."""
    before = st.session_state["visit-memory"].before
    if not isinstance(before, str):
        return
    for key, value in visits().take(before, time.monotonic()).items():
        st.session_state[key] = _own(value)


def _own(value: Any) -> Any:
    """A value for a visit of its own: a tab that was duplicated draws on no other tab's boards."""
    if isinstance(value, dict):
        return {key: copy.copy(item) for key, item in value.items()}
    return list(value) if isinstance(value, list) else value


def _chosen() -> dict[str, Any]:
    return {
        key: value
        for key, value in st.session_state.items()
        if isinstance(key, str) and (key in KEPT or key in CHOSEN or key.startswith(CHOSEN_PARTS))
    }
