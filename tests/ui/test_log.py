"""The log has a line an action, with its time, and nothing of what was in it."""

from __future__ import annotations

import logging
import re

import pytest

from ui import log


@pytest.fixture
def lines(caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch) -> pytest.LogCaptureFixture:
    monkeypatch.setattr(log.logger(), "propagate", True)
    caplog.set_level(logging.INFO, log.NAME)
    return caplog


def test_an_action_is_a_line_with_its_time(lines: pytest.LogCaptureFixture) -> None:
    with log.action("score"):
        pass
    assert re.fullmatch(r"score: \d+\.\d\d s", lines.messages[0])


def test_what_ends_an_action_is_said_by_its_kind_alone(lines: pytest.LogCaptureFixture) -> None:
    with pytest.raises(ValueError, match="my-photo"), log.action("score"):
        raise ValueError("my-photo.jpg cannot be read")
    assert re.fullmatch(r"score: \d+\.\d\d s, ended by ValueError", lines.messages[0])


def test_there_is_one_handler_however_often_it_is_asked_for() -> None:
    before = [*log.logger().handlers]
    assert [*log.logger().handlers] == before
    assert sum(isinstance(handler, log.StandardError) for handler in before) == 1
