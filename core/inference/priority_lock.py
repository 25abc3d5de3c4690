"""Whose turn it is to use a shared model: who asks for little goes first, and nobody waits for ever."""

from __future__ import annotations

import heapq
import itertools
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import TracebackType

FEW = 2
"""Photos up to which a request is a small one: a new score, or one change to a photo."""
FAIR = 4
"""Of so many turns one goes to whoever has waited longest."""


class PriorityLock:
    """A lock that a thread may take again while it has it; small requests overtake large ones.

    Who uses a model for many photos takes the lock for a batch at a time, so that a small request waits for one batch.
    """

    def __init__(self) -> None:
        self._changed = threading.Condition(threading.Lock())
        self._arrivals = itertools.count()
        self._small: list[int] = []
        self._all: list[int] = []
        self._owner: int | None = None
        self._depth = self._served = self._expected = 0

    @contextmanager
    def held_for(self, photos: int) -> Iterator[None]:
        """The model for one request of so many photos."""
        self._take(small=photos <= FEW)
        try:
            yield
        finally:
            self._give_back()

    @contextmanager
    def reserved(self) -> Iterator[None]:
        """A small request is being prepared: large ones leave it the processor, but for their fair turns."""
        with self._changed:
            self._expected += 1
        try:
            yield
        finally:
            with self._changed:
                self._expected -= 1
                self._changed.notify_all()

    def __enter__(self) -> None:
        self._take(small=False)

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._give_back()

    def _take(self, *, small: bool) -> None:
        me = threading.get_ident()
        with self._changed:
            if self._owner == me:
                self._depth += 1
                return
            ticket = next(self._arrivals)
            lists = (self._all, self._small) if small else (self._all,)
            for waiting in lists:
                heapq.heappush(waiting, ticket)
            try:
                while self._owner is not None or self._next() != ticket:
                    self._changed.wait()
                self._owner, self._depth = me, 1
                self._served += 1
            finally:  # also where the wait is broken off: a ticket that nobody holds would stop all others
                for waiting in lists:
                    waiting.remove(ticket)
                    heapq.heapify(waiting)
                self._changed.notify_all()

    def _next(self) -> int | None:
        """The ticket whose turn it is; None while a small request is expected that should go first."""
        if self._served % FAIR == 0:
            return self._all[0]
        if self._small:
            return self._small[0]
        return None if self._expected else self._all[0]

    def _give_back(self) -> None:
        with self._changed:
            self._depth -= 1
            if not self._depth:
                self._owner = None
                self._changed.notify_all()
