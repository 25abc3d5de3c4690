"""What a server does about memory that nobody uses any more, beside what Python does by itself.

Streamlit collects garbage after every run of a page: half a second where torch is loaded, while nobody is served.
What a process loads once stays for good, so it need not be looked at again. And what a crowd leaves free would stay
with the process, although nobody may need it.
"""

from __future__ import annotations

import ctypes
import gc
import sys
from contextlib import suppress
from threading import Lock

ARENAS = 2
MOST_ARENAS = -8
"""The name of the setting, M_ARENA_MAX in glibc's malloc.h."""
NOT_THERE = (AttributeError, OSError, TypeError)
"""What asking for a function of the C library raises where there is none: the last is Windows's answer."""
FEW = 25
"""Modules: fewer new ones hold too little to be worth it."""
_lock = Lock()
_loaded = 0


def keep_what_is_loaded() -> None:
    """Take all that is alive out of later collections, whenever many modules came since the last time.

    That happens a few times in the life of a process, so little of a visit is kept beyond its end by it.
    """
    global _loaded
    with _lock:
        if len(sys.modules) - _loaded < FEW:
            return
        _loaded = len(sys.modules)
    gc.collect()
    gc.freeze()


def give_back() -> None:
    """Collect garbage, and hand what is free back to the system.

    The C library keeps freed memory between pieces that are in use. That of Linux (glibc) can be asked for it; others
    cannot, and keep what they like.
    """
    gc.collect()
    with suppress(*NOT_THERE):
        ctypes.CDLL(None).malloc_trim(0)


def share_arenas() -> None:
    """Let all threads take memory from a few places instead of eight a core, each with gaps of its own.

    What thirty visitors leave is in one piece then, and goes back. Only glibc can be asked; threads that have a place
    already keep it, so this comes first.
    """
    with suppress(*NOT_THERE):
        ctypes.CDLL(None).mallopt(MOST_ARENAS, ARENAS)
