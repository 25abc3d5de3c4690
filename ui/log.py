"""A line an action in the server's log: what was done and how long it took; never a photo, its name or its score."""

from __future__ import annotations

import logging
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager

NAME = "memorability_lab"
FORM = "%(asctime)s %(name)s %(message)s"


class StandardError(logging.Handler):
    """Writes to what standard error is at the time."""

    def emit(self, record: logging.LogRecord) -> None:
        print(self.format(record), file=sys.stderr, flush=True)


def logger() -> logging.Logger:
    """The log of actions, on standard error once."""
    found = logging.getLogger(NAME)
    if not found.handlers:
        handler = StandardError()
        handler.setFormatter(logging.Formatter(FORM))
        found.addHandler(handler)
        found.setLevel(logging.INFO)
        found.propagate = False
    return found


@contextmanager
def action(name: str) -> Iterator[None]:
    """Log what is done inside, with its time, and by what it ended where that is not its end."""
    started, end = time.perf_counter(), ""
    try:
        yield
    except BaseException as error:
        end = f", ended by {type(error).__name__}"
        raise
    finally:
        logger().info("%s: %.2f s%s", name, time.perf_counter() - started, end)
