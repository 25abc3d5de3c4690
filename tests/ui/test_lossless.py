"""What the browser asked for reaches it, also when a run of the page begins before it is sent."""

from __future__ import annotations

import pytest
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg
from streamlit.runtime.forward_msg_queue import ForwardMsgQueue

from ui import lossless


@pytest.fixture
def queue(monkeypatch: pytest.MonkeyPatch) -> ForwardMsgQueue:
    """A visit's queue: an element of the page, where to put a file, and the end of a run."""
    monkeypatch.setattr(ForwardMsgQueue, "clear", lossless._clear)
    lossless.lose_nothing()
    lossless.lose_nothing()
    made = ForwardMsgQueue()
    element, where, made_late, end = (ForwardMsg() for _ in range(4))
    element.delta.new_element.text.body = "of the last run"
    where.file_urls_response.response_id = "put it there"
    made_late.backend_operation_response.request_id = "here it is"
    end.script_finished = ForwardMsg.FINISHED_SUCCESSFULLY
    for message in (element, where, made_late, end):
        made.enqueue(message)
    return made


def test_answers_outlast_the_beginning_of_a_run_and_come_once(queue: ForwardMsgQueue) -> None:
    queue.clear(retain_lifecycle_msgs=True)
    queue.clear(True, None)
    later = ForwardMsg()
    later.delta.new_element.text.body = "of this run"
    queue.enqueue(later)
    sent = queue.flush()
    assert [message.WhichOneof("type") for message in sent] == ["script_finished", *lossless.ANSWERS, "delta"]
    assert sent[1].file_urls_response.response_id == "put it there"
    assert queue.flush() == []


def test_nothing_is_kept_of_a_visit_that_ended(queue: ForwardMsgQueue) -> None:
    queue.clear()
    assert queue.is_empty()
