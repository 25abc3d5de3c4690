"""Hostile input in bulk: seeded changes to good bytes and good JSON, and a loop that allows nothing but our own errors.

`HOSTILE=50000 python -m pytest tests/hostile` takes that many of each kind instead of the suite's few;
`HOSTILE_SEED=7` takes others. A failure names its seed: the same two settings give it again. Inputs that coverage
guides are made by tests/helpers/guided.py.
"""

from __future__ import annotations

import copy
import faulthandler
import math
import os
import random
import time
import traceback
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

from core.errors import LabError
from tests.helpers import guided
from tests.helpers.watch import watched

SEED = int(os.environ.get("HOSTILE_SEED", "0"))
SECONDS = 2.0
"""Processor seconds that one input may take."""
HUNG = 120
"""Seconds of the clock after which the whole process ends with a traceback of where it hangs."""
SHOWN = 12
"""Failures of a kind that are shown."""
MEGABYTES = 900
"""Memory that one input may take for a moment, beside what was there: a photo of 100 megapixels with transparency."""
EDGES = (0, 1, 2, 7, 0x7F, 0x80, 0xFF, 0x7FFF, 0x8000, 0xFFFF, 0x7FFFFFFF, 0x80000000, 0xFFFFFFFE, 0xFFFFFFFF, 2**63)
ODD = (
    *(None, True, False, 0, -1, 1, 2**31, 2**63, 10**400, 0.5, -0.5, 1e308, float("nan"), float("inf"), "", "x", "\0"),
    *("../../etc/passwd", "=1+1", "\ud800", "x" * 5000, [], {}, [[]], {"a": 1}, [None] * 300, ["x", 1, None]),
)
"""Values that stand in JSON where something else was."""


def count(few: int) -> int:
    """How many inputs of a kind: `few` in the suite, or as many as the environment asks for."""
    return int(os.environ.get("HOSTILE", few))


def damaged(data: bytes, others: Sequence[bytes], draw: random.Random) -> bytes:
    """Bytes changed in one to four places: bits, numbers at their edges, pieces lost, doubled or from another file."""
    made = bytearray(data)
    for _ in range(draw.choice((1, 1, 2, 4))):
        if not made:
            break
        # Headers are where lies do most.
        at = draw.randrange(min(len(made), draw.choice((16, 64, 512, len(made)))))
        match draw.randrange(8):
            case 0:
                made[at] ^= 1 << draw.randrange(8)
            case 1:
                made[at] = draw.randrange(256)
            case 2 | 3:
                width = draw.choice((1, 2, 4, 8))
                number = draw.choice(EDGES) % 256**width
                made[at : at + width] = number.to_bytes(width, draw.choice(("little", "big")))
            case 4:
                del made[at : at + draw.choice((1, 4, 64, 4096))]
            case 5:
                piece = made[at : at + draw.choice((1, 4, 64, 1024))]
                made[at:at] = piece * draw.choice((1, 2, 8))
            case 6:
                del made[draw.randrange(len(made)) :]
            case 7:
                other = draw.choice(others)
                start = draw.randrange(max(1, len(other)))
                made[at : at + draw.choice((4, 32, 512))] = other[start : start + draw.choice((4, 32, 512))]
    return bytes(made)


def bent(content: Any, draw: random.Random) -> Any:
    """JSON content in which one to three values, at any depth, are others, are missing, or are doubled."""
    made = copy.deepcopy(content)
    for _ in range(draw.choice((1, 1, 2, 3))):
        made = _bend(made, draw)
    return made


def _bend(content: Any, draw: random.Random) -> Any:
    if not isinstance(content, dict | list) or not content or draw.random() < 0.15:
        return copy.deepcopy(draw.choice(ODD))
    keys = list(content) if isinstance(content, dict) else range(len(content))
    key = draw.choice(keys)
    match draw.randrange(6):
        case 0 if isinstance(content, dict):
            del content[key]
        case 0 | 1 if isinstance(content, list):
            content.insert(key, copy.deepcopy(content[key]))
        case 1 if isinstance(content, dict):
            content[draw.choice(("x", "", "__class__", *map(str, keys)))] = copy.deepcopy(draw.choice(ODD))
        case _:
            content[key] = _bend(content[key], draw)
    return content


def attack(
    kind: str, few: int, make: Callable[[random.Random], Any], take: Callable[[Any], object], *places: Path
) -> None:
    """Let `take` meet as many inputs as asked for; it may raise a LabError of one line, and nothing else may happen.

    What is opened, written, asked or started outside of `places` counts as much as a crash, and so do SECONDS and
    MEGABYTES. The first inputs' seeds are printed.
    """
    if guided.MINUTES in os.environ:
        guided.guided(kind, make, lambda item: _wrong(_meet(item, take, places)), float(os.environ[guided.MINUTES]))
    wrong: list[str] = []
    total = count(few)
    print(f"{kind}: {total} inputs, seeds {SEED}-{kind}-0 to {SEED}-{kind}-{total - 1}")
    slowest = largest = 0.0
    refused = 0
    for number in _watched_over(total):
        seed = f"{SEED}-{kind}-{number}"
        item = make(random.Random(seed))
        said, seconds, megabytes = _meet(item, take, places)
        slowest, largest = max(slowest, seconds), max(largest, megabytes)
        refused += said is not None and not said.startswith("!")
        if problem := _wrong((said, seconds, megabytes)):
            wrong.append(f"{seed}: {problem}")
    print(f"{kind}: {refused} refused, slowest {slowest:.2f} s, most memory {largest:.0f} MB, {len(wrong)} wrong")
    assert not wrong, f"{len(wrong)} of {total}:\n" + "\n".join(wrong[:SHOWN])


def _watched_over(total: int) -> Iterator[int]:
    """The numbers of the inputs, while a clock runs that ends the process where one of them hangs.

    It is set once a second and not for each input: setting it takes longer than most inputs do.
    """
    set_at = -math.inf
    try:
        for number in range(total):
            if time.monotonic() - set_at > 1:
                faulthandler.dump_traceback_later(HUNG, exit=True)
                set_at = time.monotonic()
            yield number
    finally:
        faulthandler.cancel_dump_traceback_later()


def _wrong(met: tuple[str | None, float, float]) -> str | None:
    """What must not have happened with an input, if anything."""
    said, seconds, megabytes = met
    if said and said.startswith("!"):
        return said
    return f"{seconds:.1f} s, {megabytes:.0f} MB" if seconds > SECONDS or megabytes > MEGABYTES else None


def _meet(item: Any, take: Callable[[Any], object], places: Sequence[Path]) -> tuple[str | None, float, float]:
    """What was said against an input ("!" before what must not happen), its processor seconds and peak of memory."""
    said: str | None = None
    before = _memory(reset=True)
    started = time.thread_time()
    with watched() as touched:
        try:
            take(item)
        except LabError as error:
            said = str(error) if "\n" not in str(error).strip() else f"!more than a line: {str(error)[:200]!r}"
        except Exception as error:  # noqa: BLE001  # to say which, and to go on
            where = traceback.extract_tb(error.__traceback__)
            frame = next(
                (item for item in reversed(where) if "/core/" in item.filename or "/ui/" in item.filename), where[-1]
            )
            said = f"!{type(error).__name__}: {str(error)[:150]!r} at {Path(frame.filename).name}:{frame.lineno}"
    seconds = time.thread_time() - started
    out = touched.outside(touched.written, *places)
    if out or touched.asked or touched.started or touched.unpickled:
        said = f"!outside: {out[:3]} {touched.asked[:3]} {touched.started[:3]} {touched.unpickled[:3]}"
    return said, seconds, max(0.0, _memory() - before)


def _memory(reset: bool = False) -> float:
    """Most MB of this process since the last reset, or now after one; 0 where the system does not tell."""
    try:
        if reset:
            Path("/proc/self/clear_refs").write_text("5")
        text = Path("/proc/self/status").read_text()
    except OSError:
        return 0.0
    name = "VmRSS:" if reset else "VmHWM:"
    return int(text.split(name)[1].split()[0]) / 1024
