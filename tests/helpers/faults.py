"""A disk that is full, that may only be read, and a process that ends at the worst moment."""

from __future__ import annotations

import errno
import os
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest


class KilledError(BaseException):
    """The process ends here: nothing catches it, and nothing is tidied up."""


@contextmanager
def small_disk(place: Path, kilobytes: int) -> Iterator[Path]:
    """A disk of its own with so much room; the test is skipped where none can be mounted."""
    place.mkdir(parents=True, exist_ok=True)
    if not mount("-t", "tmpfs", "-o", f"size={kilobytes}k", "tmpfs", str(place)):
        pytest.skip("no disk can be mounted here; the failing writes of this file say the same")
    try:
        yield place
    finally:
        subprocess.run(["umount", "-l", str(place)], check=True)


def mount(*how: str) -> bool:
    """Whether the system mounts or remounts as asked."""
    try:
        return subprocess.run(["mount", *how], capture_output=True, check=False).returncode == 0
    except OSError:
        return False


@contextmanager
def failing(nth: int, patch: pytest.MonkeyPatch, *, killed: bool) -> Iterator[list[str]]:
    """The nth file that would get its name does not: the disk is full, or the process is killed just before.

    A killed process leaves its temporary file, of which the disk has but a part. Yields the names up to then.
    """
    real_replace, real_unlink, names = os.replace, Path.unlink, []

    def replace(source: str | Path, target: str | Path) -> None:
        names.append(Path(target).name)
        if len(names) < nth:
            return real_replace(source, target)
        if not killed:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), str(target))
        if Path(source).is_file():
            os.truncate(source, Path(source).stat().st_size // 2)
        raise KilledError

    def unlink(self: Path, missing_ok: bool = False) -> None:
        if not (killed and len(names) >= nth):
            real_unlink(self, missing_ok=missing_ok)

    with patch.context() as patched:
        patched.setattr(os, "replace", replace)
        patched.setattr(Path, "unlink", unlink)
        yield names
