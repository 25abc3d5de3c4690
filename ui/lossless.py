"""What Streamlit loses where one thing follows another at once: answers not sent yet, and half-done callbacks.

- When a run of a page begins, what was not sent before is forgotten. The browser asks where it may put a file, or for
  one that is made when it is clicked; without an answer it waits for ever, and nothing says so.
- When something else happens while a widget's callback is at work, the callback is broken off, and the next run does
  not see that the widget had changed: a click or an upload that never was.
"""

from __future__ import annotations

import itertools
from collections import OrderedDict
from dataclasses import dataclass, field
from threading import Lock, RLock
from typing import Any

from streamlit.runtime.forward_msg_queue import ForwardMsgQueue
from streamlit.runtime.state.safe_session_state import SafeSessionState
from streamlit.runtime.state.session_state import SessionState

ANSWERS = ("file_urls_response", "backend_operation_response")
"""Messages that the browser asked for, once each."""
NUMBER = "_lab_number"
"""Attribute that is added to a run's view of its visit: runs are counted as they begin."""
MOST_VISITS = 1024
_clear, _begin, _apply = ForwardMsgQueue.clear, SafeSessionState.__init__, SafeSessionState.on_script_will_rerun
_numbers = itertools.count(1)


@dataclass
class Turns:
    """What runs of one visit take turns under, and the number of the newest that had its turn."""

    lock: RLock = field(default_factory=RLock)
    latest: int = 0


_visits: OrderedDict[int, Turns] = OrderedDict()
_adding = Lock()


def lose_nothing() -> None:
    """From now on, answers outlast the beginning of a run, and callbacks are done to their end, one after another."""
    ForwardMsgQueue.clear = _clear_but_answers  # type: ignore[assignment, method-assign]
    SafeSessionState.__init__ = _begin_numbered  # type: ignore[assignment, method-assign]
    SafeSessionState.on_script_will_rerun = _apply_whole  # type: ignore[assignment, method-assign]


def _clear_but_answers(queue: ForwardMsgQueue, *given: Any, **named: Any) -> None:
    """As Streamlit clears the queue of a visit that goes on; one that is sent or ends is cleared as a whole."""
    before = list(queue._queue)
    _clear(queue, *given, **named)
    if named.get("retain_lifecycle_msgs") or given[:1] == (True,):
        kept = {id(message) for message in queue._queue}
        queue._queue += [
            message for message in before if message.WhichOneof("type") in ANSWERS and id(message) not in kept
        ]


def _begin_numbered(safe: SafeSessionState, *given: Any, **named: Any) -> None:
    _begin(safe, *given, **named)
    object.__setattr__(safe, NUMBER, next(_numbers))


def _apply_whole(safe: SafeSessionState, *given: Any, **named: Any) -> None:
    """Take over what widgets say and run their callbacks, which nothing breaks off.

    A run that a newer one has overtaken is stopped first, as ever: what it knows of the widgets is old.
    """
    runner: Any = getattr(safe._yield_callback, "__self__", None)
    number = vars(safe).get(NUMBER, 0)
    turns = _turns(safe._state)
    with turns.lock:
        if turns.latest > number:
            safe._yield_callback()
        turns.latest = max(turns.latest, number)
        running = getattr(runner, "_execing", False)
        try:
            if running:
                runner._execing = False  # whoever asks is told that nothing runs that could be broken off
            _apply(safe, *given, **named)
        finally:
            if running:
                runner._execing = True


def _turns(state: SessionState) -> Turns:
    """The turns of a visit, by its state; those of the visits that acted last are kept."""
    with _adding:
        found = _visits.setdefault(id(state), Turns())
        _visits.move_to_end(id(state))
        while len(_visits) > MOST_VISITS:
            _visits.popitem(last=False)
    return found
