"""Work that arrives piece by piece, and is shared by runs and visitors."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest

from ui.photo.trials import Stage


@pytest.mark.parametrize("last_only", [False, True])
def test_a_run_that_starts_while_another_is_inside_a_piece_of_work_waits_for_it(last_only: bool) -> None:
    inside, let_go = threading.Event(), threading.Event()

    def work() -> Iterator[int]:
        for number in range(6):
            inside.set()
            assert let_go.wait(10)
            yield number

    stage = Stage(work(), last_only=last_only)
    with ThreadPoolExecutor(2) as pool:
        first = pool.submit(stage.more)
        assert inside.wait(10)
        second = pool.submit(lambda: [stage.more() for _ in range(6)])  # entered twice, a generator raises
        let_go.set()
        assert first.result(10) is True
        assert second.result(10) == [True] * 5 + [False]
    assert stage.made == ([5] if last_only else list(range(6)))
    assert stage.done


def test_pieces_are_read_again_and_the_others_are_computed_once() -> None:
    made: list[int] = []

    def work() -> Iterator[int]:
        for number in range(4):
            made.append(number)
            yield number

    stage = Stage(work())
    assert next(iter(stage)) == 0
    assert made == [0]
    first, second = iter(stage), iter(stage)  # two visitors who ask in turn
    assert list(zip(first, second, strict=True)) == [(number, number) for number in range(4)]
    assert list(stage) == made == [0, 1, 2, 3]
