"""What is loaded for good is left out of the collections that follow every run of a page."""

from __future__ import annotations

import ctypes
import gc
import os
import subprocess
import sys
from pathlib import Path

import pytest

from core import config
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


HEAPS = """
import ctypes, sys, threading
from core import config
from ui import garbage
if sys.argv[1] == "shared":
    garbage.share_arenas()
ask = ctypes.CDLL(None)
ask.malloc.restype = ask.fopen.restype = ctypes.c_void_p
ask.malloc_info.argtypes, ask.fclose.argtypes = [ctypes.c_int, ctypes.c_void_p], [ctypes.c_void_p]
all_took = threading.Barrier(13)
def take():
    ask.malloc(1000)
    all_took.wait()
for _ in range(12):
    threading.Thread(target=take).start()
all_took.wait()
out = ask.fopen(sys.argv[2].encode(), b"w")
ask.malloc_info(0, out)
ask.fclose(out)
"""


@pytest.mark.skipif(sys.platform != "linux", reason="only glibc, a C library of Linux, tells of its arenas")
def test_threads_share_few_arenas(tmp_path: Path) -> None:
    """Each of twelve threads would have one of its own, with gaps that nobody else can fill."""
    if not hasattr(ctypes.CDLL(None), "malloc_info"):
        pytest.skip("this C library tells nothing of its arenas")
    arenas = {}
    for how in ("shared", "usual"):
        subprocess.run([sys.executable, "-c", HEAPS, how, str(tmp_path / how)], check=True, cwd=config.ROOT)
        arenas[how] = (tmp_path / how).read_text().count("<heap nr=")
    assert arenas["shared"] <= garbage.ARENAS < arenas["usual"]


def test_a_system_that_cannot_be_asked_keeps_what_it_likes(monkeypatch: pytest.MonkeyPatch) -> None:
    def nothing(name: None) -> None:
        raise TypeError("the name of a library must be text, not None")  # as on Windows

    monkeypatch.setattr(garbage.ctypes, "CDLL", nothing)
    garbage.share_arenas()
    garbage.give_back()


def resident() -> float:
    """Bytes of memory of this process that are really there."""
    return int(Path("/proc/self/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")
