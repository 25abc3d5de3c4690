"""Networks that one caller at a time may use: as many as callers come at once, and no more than cores."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Generic, TypeVar

T = TypeVar("T")


class NetworkPool(Generic[T]):
    """Lends networks that keep buffers of their own; the next is made only when all others are lent.

    `make` is called by one thread at a time. Callers beyond `most` wait for one that comes back.
    """

    def __init__(self, make: Callable[[], T], most: int = os.cpu_count() or 1) -> None:
        self._make = make
        self._making = threading.Lock()
        self._turns = threading.BoundedSemaphore(most)
        self._idle: list[T] = []

    @contextmanager
    def lend(self) -> Iterator[T]:
        """One of them for as long as the block lasts."""
        with self._turns:
            with self._making:
                item = self._idle.pop() if self._idle else self._make()
            try:
                yield item
            finally:
                self._idle.append(item)
