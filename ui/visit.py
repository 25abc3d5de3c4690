"""What was chosen stays: through a change of page by the menu, the browser's Back, and a reload.

The address carries what is worth sharing, and the menu leads back to each page by its last address. Widgets of a visit
keep their values while other pages are read (`persist_state`). A reload is a new session to Streamlit: what the visit
before had chosen lies in this server's memory under a name that only its tab knows.
"""

from __future__ import annotations

import copy
import secrets
import time
from collections import OrderedDict
from dataclasses import dataclass, field
from pathlib import Path
from threading import Lock
from typing import Any

import streamlit as st

ADDRESSES, NAME = "addresses", "visit"
KEPT = ("kept", "also", "current", "boards", "trials", "landed", "shown", "ask", "owner", ADDRESSES)
"""What pages put into the session themselves."""
CHOSEN = (
    *("brush-size", "method", "sources", "search", "delta", "traverse", "along", "step", "format", "for-spreadsheet"),
    *("study-kind", "study-place", "study-inside", "study-photos", "study-ablations", "study-model"),
)
CHOSEN_PARTS = ("paint-", "what-if", "method-", "range-", "study-drawn-")
"""Widgets whose values are kept: their keys, and how their keys begin; no button among them."""
MOST_VISITS = 16
LONGEST = 60 * 60
"""Seconds that a visit is remembered after its last action."""

_visit = st.components.v2.component(
    "lab-visit", html="<div></div>", js=(Path(__file__).parent / "frontend" / "visit.js").read_text("utf-8")
)


@dataclass
class Visits:
    """What visits of this server have chosen, the latest last; forgotten when too many or too old."""

    by_name: OrderedDict[str, tuple[float, dict[str, Any]]] = field(default_factory=OrderedDict)
    lock: Lock = field(default_factory=Lock)

    def keep(self, name: str, chosen: dict[str, Any], now: float) -> None:
        """Remember what a visit has chosen by now (seconds)."""
        with self.lock:
            self.by_name[name] = (now, chosen)
            self.by_name.move_to_end(name)
            while len(self.by_name) > MOST_VISITS or next(iter(self.by_name.values()))[0] < now - LONGEST:
                self.by_name.popitem(last=False)

    def take(self, name: str, now: float) -> dict[str, Any]:
        """What a visit had chosen; nothing where it is unknown or too old. The visit that goes on has it from here."""
        with self.lock:
            when, chosen = self.by_name.pop(name, (now, {}))
            return chosen if when >= now - LONGEST else {}


@st.cache_resource(show_spinner=False)
def visits() -> Visits:
    """The visits of this server."""
    return Visits()


def address_of(file: str) -> dict[str, Any]:
    """What the address of a page said when it was left."""
    return dict(st.session_state.get(ADDRESSES, {}).get(file, {}))


def keep_address(file: str) -> None:
    """Remember what the address of this page says."""
    st.session_state.setdefault(ADDRESSES, {})[file] = st.query_params.to_dict()


def go_on() -> None:
    """Take up the visit that this tab had before a reload, and remember this one."""
    name = st.session_state.setdefault(NAME, secrets.token_urlsafe(16))
    _visit(key="visit-memory", data={"visit": name}, on_before_change=_take_up, height=1)
    visits().keep(name, _chosen(), time.monotonic())


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
