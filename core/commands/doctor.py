"""What is missing on this machine, and how to get it; uses nothing but Python itself, which may be all there is."""

from __future__ import annotations

import importlib.metadata as installed
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path

from core import config
from core.commands import Report
from core.registry import COMMANDS

NEEDED, OPTIONAL = "requirements.txt", "requirements-reference.txt"
OLDEST, NEWEST = (3, 11), (3, 13)
"""Versions of Python that the requirements resolve on."""
MEMORY = 1200
"""MB that a server with a scored photo takes with the CUDA build of torch; docs/limits.md has the measurements."""
WEIGHTS = {
    config.DEFAULT_MODEL: "no photo can be scored",
    "vae": "nothing can be drawn or placed on the map",
    "things": "people and salient objects are not found",
}
"""Folders of shipped weights, and what does not work without them."""
SMALLEST = 10_000
"""Bytes: fewer are no weights, but what a broken download or a tool for large files left in their place."""


@dataclass(frozen=True)
class Finding:
    """One thing that was looked at: what, whether it is there, what was found, and how to get it where it is not.

    `needed` is False for what the app does without.
    """

    what: str
    there: bool
    found: str
    remedy: str = ""
    needed: bool = True

    def __str__(self) -> str:
        word = "ok" if self.there else "MISSING" if self.needed else "without"
        return f"{word:<8}{self.what}: {self.found}" + ("" if self.there else f"; {self.remedy}")


@COMMANDS.register("Look for what is missing")
def doctor() -> Report:
    """Say what is missing on this machine, and how to get it: Python, packages, libraries, weights, memory.

    Downloads and changes nothing. Exit code 1: something that the app needs is missing.
    """
    found = examine()
    missing = [item for item in found if item.needed and not item.there]
    last = f"{len(missing)} of {len(found)} are missing" if missing else "Nothing that the app needs is missing"
    return Report([*map(str, found), "", f"{last}."], [asdict(item) for item in found], code=1 if missing else 0)


def examine(root: Path = config.ROOT) -> list[Finding]:
    """Every finding on this machine, for a copy of the project at `root`."""
    return [
        python(),
        *packages(root / NEEDED),
        twins(),
        system_libraries(),
        *weights(root / config.ARTIFACTS.name),
        writable(Path.cwd()),
        memory(),
        *packages(root / OPTIONAL, needed=False),
    ]


def python(version: tuple[int, ...] = sys.version_info[:3]) -> Finding:
    """The version of Python."""
    wanted = " to ".join(".".join(map(str, end)) for end in (OLDEST, NEWEST))
    right = OLDEST <= tuple(version[:2]) <= NEWEST
    return Finding("Python", right, ".".join(map(str, version)), f"make the environment with Python {wanted}")


def packages(file: Path, needed: bool = True) -> Iterator[Finding]:
    """A line for all packages of a requirements file that are there, and one for each that is not."""
    try:
        lines = [line.partition("#")[0].strip() for line in file.read_text(encoding="utf-8").splitlines()]
    except OSError:
        yield Finding(file.name, False, "the file is not there", "clone the project again", needed)
        return
    wanted = [line for line in lines if line and not line.startswith("-")]
    wrong = {line: why for line in wanted if (why := _complaint(line))}
    install = f"run: pip install -r {file.name}"
    if len(wrong) < len(wanted):
        yield Finding(file.name, True, f"{len(wanted) - len(wrong)} of {len(wanted)} packages", needed=needed)
    for line, why in wrong.items():
        yield Finding(line, False, why, install, needed)


def _complaint(requirement: str) -> str:
    """Why a requirement is not met; empty if it is. Without the package `packaging` versions are not compared."""
    name = re.split(r"[<>=!~;\[ ]", requirement, maxsplit=1)[0]
    try:
        version = installed.version(name)
    except installed.PackageNotFoundError:
        return "not installed"
    try:
        from packaging.requirements import Requirement
    except ImportError:
        return ""
    fits = Requirement(requirement).specifier.contains(version, prereleases=True)
    return "" if fits else f"version {version} is installed"


def twins() -> Finding:
    """The two builds of OpenCV share their files: they must have one version."""
    versions = set()
    for name in ("opencv-python", "opencv-python-headless"):
        try:
            versions.add(installed.version(name))
        except installed.PackageNotFoundError:
            continue
    remedy = "run: pip install --force-reinstall opencv-python opencv-python-headless in one version"
    return Finding("OpenCV in one version", len(versions) < 2, " and ".join(sorted(versions)) or "not there", remedy)


def system_libraries() -> Finding:
    """Whether OpenCV finds the libraries of the system that it needs."""
    ran = subprocess.run([sys.executable, "-c", "import cv2"], capture_output=True, text=True, check=False)
    said = (ran.stderr.strip().splitlines() or [""])[-1]
    remedy = "install OpenCV, or its system libraries: apt-get install $(cat packages.txt)"
    return Finding("system libraries", ran.returncode == 0, said or "OpenCV opens", remedy)


def weights(artifacts: Path) -> Iterator[Finding]:
    """The shipped weights: there, and not the pointers that stand for large files."""
    for name, without in WEIGHTS.items():
        files = sorted((artifacts / name).glob("*.safetensors"))
        size = sum(file.stat().st_size for file in files)
        if not files:
            said = f"not there, so that {without}"
        elif size < SMALLEST:
            said = f"{size} bytes are no weights"
        else:
            said = f"{size / 1e6:.1f} MB"
        yield Finding(f"weights {name}", size >= SMALLEST, said, "clone the project again")


def writable(folder: Path) -> Finding:
    """Whether studies and maps can be written where the app is started."""
    runs = folder / config.RUNS
    place = runs if runs.is_dir() else folder
    remedy = "start in a folder that you may write to, or give --out"
    return Finding("place for runs", os.access(place, os.W_OK), str(place), remedy, needed=False)


def memory(meminfo: Path = Path("/proc/meminfo"), limit: Path = Path("/sys/fs/cgroup/memory.max")) -> Finding:
    """Memory that this machine, or this container, may use: not known on systems that do not tell."""
    try:
        found = re.search(r"^MemAvailable:\s+(\d+) kB", meminfo.read_text(), re.MULTILINE)
        available = int(found[1]) / 1024 if found else 0.0
    except OSError:
        available = 0.0
    if not available:
        return Finding("memory", True, "not known on this system", needed=False)
    with suppress(OSError, ValueError):  # no container, or one without a limit, which says "max"
        available = min(available, int(limit.read_text()) / 2**20)
    remedy = f"scoring takes up to {MEMORY:,} MB; the CPU build of torch takes less: docs/deploy.md"
    return Finding("memory", available >= MEMORY, f"{available:,.0f} MB", remedy, needed=False)
