"""Hostile input that coverage guides: what reaches new code is kept and changed further, for minutes.

`python -m tests.helpers.guided photos tars --minutes 5` does so with these kinds of tests/hostile, each in a process of
its own; without names, with all. What is found is printed, its input is kept in runs/guided, and the command fails. It
needs Atheris (requirements-fuzz.txt), which drives libFuzzer over Python's own branches; what a library does in C is
met, but does not guide.
"""

from __future__ import annotations

import argparse
import inspect
import os
import random
import re
import subprocess
import sys
import tempfile
import time
import types
from collections.abc import Callable
from pathlib import Path
from typing import Any

FOLDER = Path("tests/hostile")
KEPT = Path("runs/guided")
SEEDS = 200
"""Inputs of the random kind that the guided ones begin from."""
LOOKED_AT = ("core", "ui", "PIL", "tifffile", "zipfile", "tarfile", "csv", "json", "safetensors", "pyarrow")
"""Packages whose branches guide."""
MINUTES = "HOSTILE_MINUTES"


class Drawn(random.Random):
    """A source of chance that takes its numbers from bytes, so that other bytes make another input; then 0."""

    def __init__(self, data: bytes) -> None:
        super().__init__(0)
        self.data, self.at = data, 0

    def getrandbits(self, k: int) -> int:
        """The next k bits."""
        wide = (k + 7) // 8
        taken = self.data[self.at : self.at + wide].ljust(wide, b"\0")
        self.at += wide
        return int.from_bytes(taken, "little") & ((1 << k) - 1)

    def random(self) -> float:
        """The next number from 0 to 1."""
        return self.getrandbits(53) / 2**53


def main(arguments: list[str]) -> int:
    """Run kinds of hostile input one after another; 1 if anything was found."""
    tests = kinds()
    parser = argparse.ArgumentParser(prog="python -m tests.helpers.guided", description=__doc__)
    parser.add_argument("names", nargs="*", metavar="KIND", help=f"of {', '.join(sorted(tests))}")
    parser.add_argument("--minutes", type=float, default=5.0, help="for each kind")
    asked = parser.parse_args(arguments)
    for name in asked.names:
        if name not in tests:
            parser.error(f"{name} is none of {', '.join(sorted(tests))}")
    names = asked.names or sorted(tests)
    return max(_run(tests[name], asked.minutes) for name in names)


def kinds() -> dict[str, str]:
    """The tests that `attack` something, by their names without `test_`."""
    found = {}
    for file in sorted(FOLDER.glob("test_*.py")):
        for name, body in re.findall(r"^def test_(\w+)\((.*?)(?=^def |^@|\Z)", file.read_text("utf-8"), re.M | re.S):
            if "attack(" in body:
                found[name] = f"{file}::test_{name}"
    return found


def _run(test: str, minutes: float) -> int:
    command = [sys.executable, "-m", "pytest", "-q", "-s", "-p", "no:xdist", "-p", "no:cacheprovider", test]
    done = subprocess.run(command, env=os.environ | {MINUTES: str(minutes)}, stderr=subprocess.DEVNULL, check=False)
    return int(done.returncode != 0)


def guided(kind: str, make: Callable[[random.Random], Any], meet: Callable[[Any], str | None], minutes: float) -> None:
    """Let `meet` take guided inputs for so long, then end the process: libFuzzer never gives it back.

    `meet` says what must not have happened, or nothing. Where `make` makes bytes, these themselves are changed;
    everything else is made by it from bytes.
    """
    import atheris

    begun = [make(random.Random(f"{kind}-{number}")) for number in range(SEEDS)]
    as_bytes = all(isinstance(item, bytes) for item in begun)
    for item in begun:
        meet(item)  # what is imported late is there now, and can be looked at
    _instrument(atheris)
    end, found, met = time.monotonic() + 60 * minutes, set[str](), 0

    def take(data: bytes) -> None:
        nonlocal met
        if time.monotonic() > end:
            print(f"{kind}: {met:,} guided inputs in {minutes:g} minutes, {len(found)} wrong", flush=True)
            os._exit(bool(found))
        met += 1
        wrong = meet(data if as_bytes else make(Drawn(data)))
        if wrong and wrong not in found:
            found.add(wrong)
            KEPT.mkdir(parents=True, exist_ok=True)
            file = KEPT / f"{kind.replace(' ', '-')}-{len(found)}"
            file.write_bytes(data)
            print(f"{kind}: {wrong} ({file})", flush=True)

    with tempfile.TemporaryDirectory() as corpus:
        draw = random.Random(kind)
        seeds = begun if as_bytes else [draw.randbytes(draw.choice((64, 512, 2048))) for _ in range(SEEDS)]
        for number, data in enumerate(seeds):
            (Path(corpus) / str(number)).write_bytes(data)
        longest = f"-max_len={2 * max(map(len, seeds))}"
        atheris.Setup(["guided", corpus, longest, "-rss_limit_mb=0", "-timeout=600", "-verbosity=0"], take)
        atheris.Fuzz()


def _instrument(atheris: Any) -> None:
    """Count the branches of what is already imported of the packages that are looked at."""
    done: set[types.CodeType] = set()
    for name, module in list(sys.modules.items()):
        if name.split(".")[0] not in LOOKED_AT:
            continue
        members = [*vars(module).values()]
        members += [held for item in members if inspect.isclass(item) for held in vars(item).values()]
        for item in members:
            function = inspect.unwrap(item) if callable(item) else getattr(item, "__func__", None)
            if not isinstance(function, types.FunctionType) or function.__module__ != name:
                continue
            if function.__code__ not in done:
                atheris.instrument_func(function)
                done.add(function.__code__)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
