"""Measurements in turns: every contender in a process of its own, one at work at a time, medians over the rounds.

Beside the time on the clock stands the processor's time, which other programs on the machine disturb less.
"""

from __future__ import annotations

import multiprocessing
import statistics
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

ROUNDS = 7
"""Rounds at least."""
BUSY = 0.2
"""A spread between the quartiles above this share of the median: too busy to tell."""

Turn = Callable[[], float]
"""One turn of work; returns how many photos (or rows, or maps) it did."""


@dataclass(frozen=True)
class Contender:
    """A line of the table: `start` (a function of a module, with its arguments) prepares and warms up."""

    label: str
    start: Callable[..., Turn]
    arguments: tuple[Any, ...] = ()


@dataclass(frozen=True)
class Timing:
    """Milliseconds an item in every round, by the clock and by the processor; or why there are none."""

    label: str
    clock: tuple[float, ...] = ()
    processor: tuple[float, ...] = ()
    problem: str = ""

    @property
    def median(self) -> float:
        return statistics.median(self.clock)

    @property
    def median_processor(self) -> float:
        return statistics.median(self.processor)

    @property
    def spread(self) -> float:
        """Distance between the quartiles as a share of the median."""
        low, _, high = statistics.quantiles(self.clock, n=4)
        return (high - low) / self.median


def take_turns(contenders: Sequence[Contender], rounds: int = ROUNDS) -> list[Timing]:
    """All contenders in turns, `rounds` times; one that cannot start is named with the reason."""
    context = multiprocessing.get_context("spawn")
    lines, workers = [], []
    for contender in contenders:
        here, there = context.Pipe()
        worker = context.Process(target=_serve, args=(there, contender), daemon=True)
        worker.start()
        there.close()
        lines.append(here)
        workers.append(worker)
        _answer(here)  # one after the other: what starts must not disturb what warms up
    found: list[list[Any]] = [[] for _ in contenders]
    for _ in range(rounds):
        for line, answers in zip(lines, found, strict=True):
            try:
                line.send("turn")
                answers.append(_answer(line))
            except (EOFError, OSError):
                answers.append("its process ended")
    for line, worker in zip(lines, workers, strict=True):
        line.close()
        worker.join(10)
    return [_timing(contender.label, answers) for contender, answers in zip(contenders, found, strict=True)]


def _answer(line: Any) -> Any:
    try:
        return line.recv()
    except EOFError:
        return "its process ended"


def _timing(label: str, answers: list[Any]) -> Timing:
    problem = next((answer for answer in answers if isinstance(answer, str)), "")
    if problem:
        return Timing(label, problem=problem)
    return Timing(label, tuple(clock for clock, _ in answers), tuple(processor for _, processor in answers))


def _serve(line: Any, contender: Contender) -> None:
    """The contender's own process: prepare, warm up, then a turn for every word that comes."""
    from core.errors import LabError

    turn: Turn | None = None
    answer = "ready"
    try:
        turn = contender.start(*contender.arguments)
        turn()
    except (LabError, ImportError) as error:
        turn, answer = None, str(error)
    line.send(answer)
    while True:
        try:
            line.recv()
        except (EOFError, OSError):
            return
        line.send(answer if turn is None else _timed(turn))


def _timed(turn: Turn) -> tuple[float, float]:
    clock, processor = time.perf_counter(), time.process_time()
    done = turn()
    return 1000 * (time.perf_counter() - clock) / done, 1000 * (time.process_time() - processor) / done


def table(timings: Sequence[Timing], unit: str = "photo") -> str:
    """A line a contender, with ratios to the first one that ran: how many times as fast it is."""
    ran = [timing for timing in timings if not timing.problem]
    lines = [
        f"| what | ms a {unit} | times as fast | ms of the processor | times as fast | spread |",
        "|---|---|---|---|---|---|",
    ]
    for timing in timings:
        if timing.problem:
            lines.append(f"| {timing.label} | left out: {timing.problem} | | | | |")
            continue
        fast, lean = ran[0].median / timing.median, ran[0].median_processor / timing.median_processor
        busy = " (too busy to tell)" if timing.spread > BUSY else ""
        lines.append(
            f"| {timing.label} | {timing.median:.1f} | {fast:.2f} | {timing.median_processor:.1f} | {lean:.2f} "
            f"| {timing.spread:.0%}{busy} |"
        )
    return "\n".join(lines)


def options(arguments: Sequence[str], *names: str) -> tuple[dict[str, str], int]:
    """Arguments of a measurement by name, in order, and the number of rounds (rounds=N, at least three to be told)."""
    rounds = [item for item in arguments if item.startswith("rounds=")]
    rest = [item for item in arguments if not item.startswith("rounds=")]
    if len(rest) > len(names):
        raise SystemExit(f"give at most: {' '.join(name.upper() for name in names)} rounds={ROUNDS}")
    return dict(zip(names, rest, strict=False)), int(rounds[0].removeprefix("rounds=")) if rounds else ROUNDS
