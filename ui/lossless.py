"""What Streamlit loses where one thing follows another at once: answers not sent yet, and half-done callbacks.

- When a run of a page begins, what was not sent before is forgotten. The browser asks where it may put a file, or for
  one that is made when it is clicked; without an answer it waits for ever, and nothing says so.
- When something else happens while a widget's callback is at work, the callback is broken off, and the next run does
  not see that the widget had changed: a click or an upload that never was. Its change of the address is lost too, for
  the next run knows the address as it was, and the browser is not told.
- A click that a run has not begun to look at is forgotten when another click asks for the next run.
"""

from __future__ import annotations

import itertools
from collections import OrderedDict
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from threading import Condition, Lock
from typing import Any
from urllib.parse import urlencode

import streamlit as st
from streamlit.proto.ClientState_pb2 import ClientState
from streamlit.runtime.app_session import AppSession
from streamlit.runtime.forward_msg_queue import ForwardMsgQueue
from streamlit.runtime.scriptrunner import get_script_run_ctx
from streamlit.runtime.scriptrunner_utils import script_requests
from streamlit.runtime.scriptrunner_utils.script_requests import ScriptRequests, ScriptRequestType
from streamlit.runtime.state.query_params import QueryParams
from streamlit.runtime.state.safe_session_state import SafeSessionState
from streamlit.runtime.state.session_state import SessionState

ANSWERS = ("file_urls_response", "backend_operation_response")
"""Messages that the browser asked for, once each."""
NUMBER = "_lab_number"
"""Attribute that is added to a run's view of its visit: when it was asked for, counted with the ends of turns."""
MOST_VISITS = 1024
_clear, _request = ForwardMsgQueue.clear, AppSession.request_rerun
_begin, _apply = SafeSessionState.__init__, SafeSessionState.on_script_will_rerun
_look = SafeSessionState.query_params
_count = itertools.count(1)
_visits: OrderedDict[int, Turns] = OrderedDict()
_adding = Lock()
Address = dict[str, Any]


def lose_nothing() -> None:
    """Let answers outlast the beginning of a run, and callbacks of a visit run to their end, one run after another.

    AttributeError where Streamlit lacks the private ways that this takes; nothing is changed then.
    """
    if ForwardMsgQueue.clear.__module__ == __name__:
        return
    safe = SafeSessionState(SessionState(), lambda: None)
    address = safe._state.query_params
    requests = ScriptRequests()
    _ = (ForwardMsgQueue()._queue, safe._yield_callback, address._query_params, address._send_query_param_msg)
    _ = (requests._lock, requests._state, requests._rerun_data, script_requests._coalesce_widget_states)
    AppSession.request_rerun = _request_with_unheard  # type: ignore[assignment, method-assign]
    ForwardMsgQueue.clear = _clear_but_answers  # type: ignore[assignment, method-assign]
    SafeSessionState.__init__ = _begin_numbered  # type: ignore[assignment, method-assign]
    SafeSessionState.on_script_will_rerun = _apply_whole  # type: ignore[assignment, method-assign]
    SafeSessionState.query_params = _look_in_turn  # type: ignore[assignment, method-assign]


def _clear_but_answers(queue: ForwardMsgQueue, *given: Any, **named: Any) -> None:
    """As Streamlit clears the queue of a visit that goes on; one that is sent or ends is cleared as a whole."""
    before = list(queue._queue)
    _clear(queue, *given, **named)
    if named.get("retain_lifecycle_msgs") or given[:1] == (True,):
        kept = {id(message) for message in queue._queue}
        queue._queue += [
            message for message in before if message.WhichOneof("type") in ANSWERS and id(message) not in kept
        ]


def _request_with_unheard(session: AppSession, client_state: ClientState | None) -> None:
    """Ask for a run with what the browser says, and with the clicks on the same page that the run before never saw."""
    requests: ScriptRequests | None = getattr(getattr(session, "_scriptrunner", None), "_requests", None)
    if requests is not None and client_state is not None and _is_of_the_whole_page(session, client_state):
        with requests._lock:
            asked = requests._rerun_data
            here = asked.page_script_hash == client_state.page_script_hash and not asked.is_history_navigation
            if requests._state == ScriptRequestType.RERUN and here:
                requests._state = ScriptRequestType.STOP  # as is asked of it next: nobody sees these clicks twice
                both = script_requests._coalesce_widget_states(asked.widget_states, client_state.widget_states)
                if both is not None:
                    client_state.widget_states.CopyFrom(both)
    _request(session, client_state)


def _is_of_the_whole_page(session: AppSession, client_state: ClientState) -> bool:
    """Whether the browser asks for a run of the whole page, which stops the one before instead of waiting for it."""
    stored = getattr(session, "_client_state", None)  # asked for with it where a file of the app has changed
    return client_state is not stored and not client_state.fragment_id and bool(st.get_option("runner.fastReruns"))


def _begin_numbered(safe: SafeSessionState, *given: Any, **named: Any) -> None:
    _begin(safe, *given, **named)
    object.__setattr__(safe, NUMBER, next(_count))


@dataclass(frozen=True)
class Change:
    """What the callbacks of a run changed in the address of a page: old and new values, None where there is none."""

    page: str
    was: Address
    values: Address
    number: int
    ended: int


@dataclass
class Turns:
    """The runs of a visit: which wait, whose turn it is, the newest that had one, the last change of the address."""

    changed: Condition = field(default_factory=Condition)
    waiting: list[int] = field(default_factory=list)
    taken: bool = False
    owner: object = None
    latest: int = 0
    last: Change | None = None

    @contextmanager
    def of(self, number: int) -> Iterator[None]:
        """The turn of a run; the one asked for first goes first."""
        with self.changed:
            self.waiting.append(number)
            self.changed.wait_for(lambda: not self.taken and min(self.waiting) == number)
            self.waiting.remove(number)
            self.taken, self.owner = True, get_script_run_ctx(suppress_warning=True)
        try:
            yield
        finally:
            with self.changed:
                self.taken, self.owner = False, None
                self.changed.notify_all()

    def await_others(self) -> None:
        """Wait while another run has its turn."""
        me = get_script_run_ctx(suppress_warning=True)
        if me is not None:
            with self.changed:
                self.changed.wait_for(lambda: not self.taken or self.owner is me)


def _apply_whole(safe: SafeSessionState, *given: Any, **named: Any) -> None:
    """Apply the widgets' new values and run their callbacks to the end; nothing breaks them off.

    A run that a newer one has overtaken is stopped first, as ever: what it knows of the widgets is old.
    """
    runner: Any = getattr(safe._yield_callback, "__self__", None)
    number = vars(safe).get(NUMBER, 0)
    turns = _turns(safe._state)
    with turns.of(number):
        if turns.latest > number:
            safe._yield_callback()
        turns.latest = max(turns.latest, number)
        told = _carry_on(safe._state, turns.last, number, back=bool(named.get("is_history_navigation")))
        before = _address(safe._state)
        running = getattr(runner, "_execing", False)
        try:
            if running:
                runner._execing = False  # whoever asks is told that nothing runs that could be broken off
            _apply(safe, *given, **named)
            if told:
                _tell(safe._state)
        finally:
            turns.last = _change(before | told, _address(safe._state), number)
            if running:
                runner._execing = True


@contextmanager
def _look_in_turn(safe: SafeSessionState) -> Iterator[QueryParams]:
    """The address, which nobody else reads or fills while callbacks of another run are at work on it."""
    safe._yield_callback()
    _turns(safe._state).await_others()
    with _look(safe) as address:
        yield address


def _carry_on(state: SessionState, last: Change | None, number: int, *, back: bool) -> Address:
    """Give a run the address that it was asked for with, and what callbacks changed in it before the browser knew.

    That is what a run changed that ended after this one was asked for, on the same page, where the browser still says
    what was said before, and did not go back. What these words were before.
    """
    context = get_script_run_ctx(suppress_warning=True)
    if context is None:
        return {}
    address = state.query_params
    address.populate_from_query_string(context.query_string)
    if last is None or last.number == number or last.ended < number or last.page != context.page_script_hash or back:
        return {}
    asked = _address(state)
    told = {name: asked.get(name) for name in last.values if asked.get(name) == last.was.get(name)}
    for name in told:
        if (value := last.values[name]) is not None:
            address.set_with_no_forward_msg(name, value)
        else:
            address._query_params.pop(name, None)
    return told


def _change(before: Address, after: Address, number: int) -> Change | None:
    """What callbacks did to an address; None if nothing, or where there is no page."""
    context = get_script_run_ctx(suppress_warning=True)
    names = [name for name in {*before, *after} if before.get(name) != after.get(name)]
    if context is None or not names:
        return None
    was, values = ({name: said.get(name) for name in names} for said in (before, after))
    return Change(context.page_script_hash, was, values, number, next(_count))


def _address(state: SessionState) -> Address:
    """The words of an address, each with a list of values."""
    said = state.query_params._query_params
    return {name: value if isinstance(value, list) else [value] for name, value in said.items()}


def _tell(state: SessionState) -> None:
    """Let the browser know the address, unless a callback just has."""
    context = get_script_run_ctx(suppress_warning=True)
    if context is not None and urlencode(state.query_params._query_params, doseq=True) != context.query_string:
        state.query_params._send_query_param_msg()


def _turns(state: SessionState) -> Turns:
    """The turns of a visit, by its state; those of the visits that acted last are kept."""
    with _adding:
        found = _visits.setdefault(id(state), Turns())
        _visits.move_to_end(id(state))
        while len(_visits) > MOST_VISITS:
            _visits.popitem(last=False)
    return found
