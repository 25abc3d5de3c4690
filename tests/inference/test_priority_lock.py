"""A shared model: small requests go first, large ones get their turn, and nobody else comes in between."""

from __future__ import annotations

import threading
import time
from concurrent.futures import ThreadPoolExecutor

import pytest

from core.inference.priority_lock import FAIR, PriorityLock


def queue(lock: PriorityLock, wanted: list[int]) -> list[int]:
    """The order in which requests are served that arrive one by one while somebody else has the model."""
    served: list[int] = []

    def ask(number: int) -> None:
        with lock.held_for(wanted[number]):
            served.append(number)

    with ThreadPoolExecutor(len(wanted)) as pool:
        with lock:
            for number in range(len(wanted)):
                pool.submit(ask, number)
                while len(lock._all) < number + 1:
                    time.sleep(0.001)
        pool.shutdown(wait=True)
    return served


def test_small_requests_overtake_and_every_fourth_turn_is_the_oldest_ones() -> None:
    wanted = [8, 8, 8, 1, 1, 1, 1, 1, 1]
    served = queue(PriorityLock(), wanted)
    assert sorted(served) == list(range(9))
    assert served[: FAIR - 1] == [3, 4, 5]  # the first turn was that of who held the model
    assert served[FAIR - 1] == 0
    assert [number for number in served if wanted[number] == 8] == [0, 1, 2]  # equals in their order
    assert [number for number in served if wanted[number] == 1] == [3, 4, 5, 6, 7, 8]


def test_large_requests_wait_for_a_small_one_that_is_being_prepared() -> None:
    lock, served = PriorityLock(), list[str]()

    def ask(name: str, photos: int) -> None:
        with lock.held_for(photos):
            served.append(name)

    with lock.held_for(1):
        pass  # the first turn is always that of who has waited longest
    with ThreadPoolExecutor(2) as pool:
        with lock.reserved():
            large = pool.submit(ask, "large", 8)
            while not lock._all:
                time.sleep(0.001)
            time.sleep(0.05)
            assert not served
            pool.submit(ask, "small", 1).result(10)
        large.result(10)
    assert served == ["small", "large"]
    with lock.reserved():  # who prepares one now and then does not keep the others out
        while lock._served % FAIR:
            ask("small", 1)
        ask("large", 8)
    assert served[-1] == "large"


def test_a_thread_may_take_it_again_and_others_wait_until_it_is_all_given_back() -> None:
    lock, inside = PriorityLock(), threading.Event()

    def other() -> None:
        with lock.held_for(1):
            inside.set()

    with lock:
        thread = threading.Thread(target=other)
        thread.start()
        with lock, lock.held_for(5):
            assert not inside.wait(0.05)
        assert not inside.wait(0.05)
    thread.join(10)
    assert inside.is_set()


def test_an_error_gives_it_back() -> None:
    lock = PriorityLock()
    with pytest.raises(ValueError, match="broken"), lock.held_for(3):
        raise ValueError("broken")
    with lock.held_for(1):
        pass


def test_a_wait_that_is_broken_off_leaves_no_ticket(monkeypatch: pytest.MonkeyPatch) -> None:
    lock = PriorityLock()
    ready = threading.Event()

    class BrokenOffError(Exception):
        """What ends a wait from outside."""

    def hold() -> None:
        with lock:
            ready.set()
            time.sleep(0.2)

    thread = threading.Thread(target=hold)
    thread.start()
    ready.wait(10)
    wait = lock._changed.wait
    monkeypatch.setattr(lock._changed, "wait", lambda: (_ for _ in ()).throw(BrokenOffError()))
    with pytest.raises(BrokenOffError), lock.held_for(1):
        pass
    monkeypatch.setattr(lock._changed, "wait", wait)
    with lock.held_for(8):
        pass
    thread.join(10)
    assert not lock._all
    assert not lock._small
