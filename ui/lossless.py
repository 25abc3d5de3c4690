"""Streamlit forgets what it has not sent yet when a run of a page begins; answers that the browser waits for stay.

The browser asks where it may put a file, or for one that is made when it is clicked. Without an answer it waits for
ever: the photo is never there, and nothing says so.
"""

from __future__ import annotations

from typing import Any

from streamlit.runtime.forward_msg_queue import ForwardMsgQueue

ANSWERS = ("file_urls_response", "backend_operation_response")
"""Messages that the browser asked for, once each."""
_clear = ForwardMsgQueue.clear


def lose_nothing() -> None:
    """From now on, answers in the queue of any visit outlast the beginning of a run.

    AttributeError where Streamlit's queue is another one than this takes it for; nothing is changed then.
    """
    if ForwardMsgQueue.clear.__module__ != __name__:
        _ = ForwardMsgQueue()._queue
        ForwardMsgQueue.clear = _clear_but_answers  # type: ignore[assignment, method-assign]


def _clear_but_answers(queue: ForwardMsgQueue, *given: Any, **named: Any) -> None:
    """As Streamlit clears the queue of a visit that goes on; one that is sent or ends is cleared as a whole."""
    before = list(queue._queue)
    _clear(queue, *given, **named)
    if named.get("retain_lifecycle_msgs") or given[:1] == (True,):
        kept = {id(message) for message in queue._queue}
        queue._queue += [
            message for message in before if message.WhichOneof("type") in ANSWERS and id(message) not in kept
        ]
