"""What is loaded for good is left out of the collections that follow every run of a page."""

from __future__ import annotations

import ctypes
import gc
import os
from pathlib import Path

import pytest

from ui import garbage


@pytest.fixture(autouse=True)
def thawed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(garbage, "_loaded", 0)


def test_only_many_new_modules_are_worth_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(garbage.sys, "modules", dict.fromkeys(map(str, range(100))))
    garbage.keep_what_is_loaded()
    before = gc.get_freeze_count()
    assert before > 0
    kept = [[number] for number in range(1000)]
    garbage.keep_what_is_loaded()
    assert gc.get_freeze_count() <= before
    monkeypatch.setattr(garbage.sys, "modules", dict.fromkeys(map(str, range(100 + garbage.FEW))))
    garbage.keep_what_is_loaded()
    assert gc.get_freeze_count() >= before + len(kept)


def test_what_a_visit_leaves_is_still_collected() -> None:
    class Left:
        """It points at itself: only a collection frees it."""

    garbage.keep_what_is_loaded()
    left = Left()
    left.itself = left  # type: ignore[attr-defined]
    freed: list[bool] = []
    from weakref import finalize

    finalize(left, freed.append, True)
    del left
    gc.collect()
    assert freed


@pytest.mark.skipif(not Path("/proc/self/statm").is_file(), reason="this system does not tell what a process takes")
def test_what_is_free_between_pieces_in_use_is_given_back() -> None:
    """The C library keeps it, since it gives back its end alone."""
    ask = ctypes.CDLL(None)
    ask.malloc.restype, ask.malloc.argtypes, ask.free.argtypes = ctypes.c_void_p, [ctypes.c_size_t], [ctypes.c_void_p]
    if not hasattr(ask, "malloc_trim"):
        pytest.skip("only glibc can be asked to give memory back")
    pieces = [ask.malloc(60_000) for _ in range(4_000)]
    for piece in pieces:
        ctypes.memset(piece, 1, 60_000)
    for number, piece in enumerate(pieces):
        if number % 100:
            ask.free(piece)
    before = resident()
    garbage.give_back()
    assert before - resident() > 100e6
    for piece in pieces[::100]:
        ask.free(piece)


def resident() -> float:
    """Bytes of memory of this process that are really there."""
    return int(Path("/proc/self/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")
