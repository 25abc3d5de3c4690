"""What a piece of code touches outside of its own memory: files, addresses and processes, by audit events."""

from __future__ import annotations

import os
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

WRITING = (
    "os.mkdir",
    "os.remove",
    "os.rename",
    "os.rmdir",
    "os.link",
    "os.symlink",
    "os.truncate",
    "os.chmod",
    "shutil",
)
RELATIVE = ("os.remove", "os.rmdir")
"""Events whose number is the folder that the name is relative to."""
ASKING = ("socket.connect", "socket.sendto", "socket.getaddrinfo", "urllib.Request", "http.client.connect")
STARTING = ("subprocess.Popen", "os.system", "os.exec", "os.posix_spawn", "os.fork")
"""Groups of audit events by how their names begin."""


@dataclass
class Touched:
    """Paths that were opened to read or written in any way, addresses that were asked, processes that were started."""

    read: list[str] = field(default_factory=list)
    written: list[str] = field(default_factory=list)
    asked: list[str] = field(default_factory=list)
    started: list[str] = field(default_factory=list)
    unpickled: list[str] = field(default_factory=list)

    def outside(self, paths: list[str], *folders: Path) -> list[str]:
        """Those of some paths that lie in none of these folders."""
        real = [os.path.realpath(folder) for folder in folders]
        return [path for path in paths if not any(_lies_in(os.path.realpath(path), folder) for folder in real)]


def _lies_in(path: str, folder: str) -> bool:
    return path == folder or path.startswith(os.path.join(folder, ""))


def _folder(descriptor: int) -> str:
    """The folder that a name is relative to; empty for the one that the process is in."""
    return os.readlink(f"/proc/self/fd/{descriptor}") if descriptor >= 0 else ""


_watching: list[tuple[Touched, int | None]] = []


@contextmanager
def watched(*, all_threads: bool = False) -> Iterator[Touched]:
    """What this thread, or every thread, touches inside of the block."""
    if not _installed:
        sys.addaudithook(_note)  # cannot be taken out again; does nothing while nobody watches
        _installed.append(True)
    touched = Touched()
    entry = (touched, None if all_threads else threading.get_ident())
    _watching.append(entry)
    try:
        yield touched
    finally:
        _watching.remove(entry)


_installed: list[bool] = []


def _note(event: str, given: tuple[Any, ...]) -> None:
    if not _watching:
        return
    for touched, thread in _watching:
        if thread in (None, threading.get_ident()):
            _sort(touched, event, given)


def _sort(touched: Touched, event: str, given: tuple[Any, ...]) -> None:
    if event == "open":
        path, mode, flags = given
        if isinstance(path, str | bytes | os.PathLike):
            writes = flags & (os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_APPEND) if flags else False
            wanted = touched.written if writes or any(letter in str(mode or "") for letter in "wax+") else touched.read
            wanted.append(os.fsdecode(path))
    elif event.startswith(WRITING):
        names = [os.fsdecode(item) for item in given[:2] if isinstance(item, str | bytes | os.PathLike)]
        folder = next((item for item in given if isinstance(item, int) and item >= 0), -1) if event in RELATIVE else -1
        touched.written += [os.path.join(_folder(folder), name) for name in names]
    elif event.startswith(ASKING):
        touched.asked.append(f"{event} {given[1:] if event.startswith('socket.c') else given}")
    elif event.startswith(STARTING):
        touched.started.append(f"{event} {given[0]}")
    elif event == "pickle.find_class":
        touched.unpickled.append(f"{given[0]}.{given[1]}")
