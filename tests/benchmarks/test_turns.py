"""Measurements in turns: processes of their own, ratios to the first that ran, and a word when it was too busy."""

from __future__ import annotations

import time

import pytest

from benchmarks import _turns
from benchmarks._turns import Contender, Timing, Turn, options, table, take_turns
from core.errors import MissingDependencyError


def sleeper(seconds: float) -> Turn:
    def turn() -> float:
        time.sleep(seconds)
        return 2.0

    return turn


def absent() -> Turn:
    raise MissingDependencyError("it is not installed")


def test_contenders_take_turns_and_one_that_cannot_start_is_named() -> None:
    found = take_turns(
        [Contender("absent", absent), Contender("slow", sleeper, (0.2,)), Contender("fast", sleeper, (0.02,))], 3
    )
    assert found[0].problem == "it is not installed"
    assert [len(timing.clock) for timing in found[1:]] == [3, 3]
    assert all(each >= 100 for each in found[1].clock)  # 0.2 s for two items
    assert all(each >= 10 for each in found[2].clock)
    assert all(processor < clock for processor, clock in zip(found[1].processor, found[1].clock, strict=True))


def test_the_table_tells_ratios_and_when_the_machine_was_too_busy() -> None:
    lines = table(
        [
            Timing("gone", problem="it is not installed"),
            Timing("first", (10.0, 10.0, 11.0, 10.0), (20.0, 20.0, 20.0, 20.0)),
            Timing("second", (5.0, 5.0, 5.0, 9.0), (5.0, 5.0, 5.0, 5.0)),
        ]
    ).splitlines()
    assert "left out: it is not installed" in lines[2]
    assert lines[3].startswith("| first | 10.0 | 1.00 | 20.0 | 1.00 |")
    assert lines[4].startswith("| second | 5.0 | 2.00 | 5.0 | 4.00 |")
    assert "too busy to tell" in lines[4]
    assert "too busy" not in lines[3]


def test_options_by_name_and_rounds() -> None:
    assert options(["resmem", "rounds=3"], "model", "folder") == ({"model": "resmem"}, 3)
    assert options([], "model") == ({}, _turns.ROUNDS)
    with pytest.raises(SystemExit):
        options(["a", "b"], "model")
