"""Many visitors at once: is every answer right, how long does a new score take, and does memory come back?"""

from __future__ import annotations

import argparse
import asyncio
import io
import random
import re
import time
from collections.abc import Awaitable
from contextlib import suppress
from dataclasses import dataclass, field
from functools import cache
from itertools import cycle
from pathlib import Path

import numpy as np
from PIL import Image
from websockets.exceptions import ConnectionClosed

from benchmarks._app import served
from benchmarks._visitor import Visitor, visitor
from core import config, inference
from core.latent.atlas import read
from core.photos import images

SIDES = (4000, 3000)
ROUNDED = 0.006
"""Farther than this from a score computed directly, what the page shows with two digits is another number."""
RELEASE = 90
"""Seconds after the last visit ended at which memory is read."""
PAINTED = re.compile(r"Δ = ([+−]\d\.\d{3}), that is")
"""What the page says of what was painted; other sentences with a Δ end otherwise."""
PARTS = ("Top of a heatmap", "Salient object", "People")


@dataclass
class Said:
    """What the visitors of a storm met."""

    waits: dict[str, list[float]] = field(default_factory=dict)
    wrong: list[str] = field(default_factory=list)
    errors: list[str] = field(default_factory=list)
    painted: dict[tuple[int, str], set[str]] = field(default_factory=dict)

    async def timed(self, what: str, work: Awaitable[None]) -> float:
        """Do something and note how long it took."""
        started = time.perf_counter()
        await work
        took = time.perf_counter() - started
        self.waits.setdefault(what, []).append(took)
        return took


def main(arguments: list[str]) -> None:
    """Print of each storm: actions, errors, wrong answers, waits, and memory before and after it."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks visitors", description=main.__doc__)
    parser.add_argument("--visitors", type=int, default=30)
    parser.add_argument("--minutes", type=float, default=5.0, help="how long a storm lasts")
    parser.add_argument("--storms", type=int, default=1)
    asked = parser.parse_args(arguments)
    photos = [photo(seed) for seed in range(asked.visitors)]
    predictor = inference.load()
    scores = [float(predictor.score([images.read(data)])[0]) for data in photos]
    del predictor
    with served() as (address, process):
        asyncio.run(storm(address, photos[:2], scores, 2, 20))  # everything is loaded once
        time.sleep(RELEASE)
        print(f"memory before: {resident(process):,.0f} MB")
        for number in range(asked.storms):
            said = asyncio.run(storm(address, photos, scores, asked.visitors, 60 * asked.minutes))
            top = resident(process)
            time.sleep(RELEASE)
            report(said, number + 1)
            print(f"memory: {top:,.0f} MB at the end, {resident(process):,.0f} MB {RELEASE} s later")


def photo(seed: int) -> bytes:
    """A JPEG of 12 megapixels unlike all others."""
    coarse = Image.fromarray(np.random.default_rng(seed).integers(0, 256, (30, 40, 3), dtype=np.uint8))
    buffer = io.BytesIO()
    coarse.resize(SIDES, Image.Resampling.BICUBIC).save(buffer, format="JPEG", quality=92)
    return buffer.getvalue()


@cache
def photos_of_the_map() -> list[str]:
    """The names of all photos of the shipped map."""
    found = read(config.ARTIFACTS / "latent")
    return [found.name(index) for index in range(len(found.photos))] if found else []


def resident(process: int) -> float:
    """Resident memory of a process in MB."""
    pages = int(Path(f"/proc/{process}/statm").read_text(encoding="ascii").split()[1])
    return pages * 4096 / 2**20


async def storm(address: str, photos: list[bytes], scores: list[float], visitors: int, seconds: float) -> Said:
    """So many visits at once, until the time is over; each ends what it began."""
    said, end = Said(), time.monotonic() + seconds
    visits = [visit(address, photos, scores, number, end, said) for number in range(visitors)]
    await asyncio.gather(*visits)
    return said


async def visit(address: str, photos: list[bytes], scores: list[float], number: int, end: float, said: Said) -> None:
    """One visitor: uploads, looks at the score, takes a part away, searches now and then, wanders over the map."""
    draw = random.Random(number)
    names, guest = photos_of_the_map(), await visitor(address)
    try:
        for place in cycle(range(len(photos))):
            if time.monotonic() > end:
                return
            own = (place + number) % len(photos)
            await said.timed("open Try a photo", guest.open("try_a_photo"))
            await upload(guest, photos[own], own, scores[own], said)
            await paint(guest, own, draw.choice(PARTS), said)
            if draw.random() < 0.1:
                guest.set("button", "find", trigger_value=True)
                await said.timed("search", guest.run())
            await wander(guest, draw, names, said)
            said.errors += guest.errors()
    except (OSError, TimeoutError, ConnectionClosed) as error:
        said.errors.append(f"{type(error).__name__}: {error}")
    finally:
        with suppress(ConnectionClosed):
            await guest.socket.close()


async def upload(guest: Visitor, data: bytes, own: int, score: float, said: Said) -> None:
    """Take the last photo out, put another in, and compare its score with the one computed directly."""
    if guest.set("button", "clear", trigger_value=True):
        await guest.run()
    guest.shown.clear()
    started = time.perf_counter()
    try:
        await said.timed("everything of a new photo", guest.upload("uploads", f"photo-{own}.jpg", data))
    finally:  # the score comes long before the rest
        when, shown = guest.shown.get("Score", (time.perf_counter(), float("nan")))
        said.waits.setdefault("new score", []).append(when - started)
    said.errors += guest.errors()
    if not abs(shown - score) <= ROUNDED:
        said.wrong.append(f"photo {own}: shown {shown}, computed {score:.3f}")


async def paint(guest: Visitor, own: int, part: str, said: Said) -> None:
    """Take a detected part away; every visitor must get the same number for the same photo and part."""
    if not guest.set("selectbox", "start", string_value=part):
        said.errors.append(f"photo {own}: there is no list of parts to start from")
        return
    await said.timed("take a part away", guest.run())
    words = " ".join(found.body for kind in ("markdown", "alert") for found in guest.of_kind(kind))
    painted = PAINTED.search(words)
    said.painted.setdefault((own, part), set()).add(painted[1] if painted else "nothing found")


async def wander(guest: Visitor, draw: random.Random, names: list[str], said: Said) -> None:
    """Open the map, then one of its photos."""
    kept, guest.states = guest.states, {}
    await said.timed("open the map", guest.open("latent_space"))
    name = draw.choice(names)
    await said.timed("pin a photo", guest.open("latent_space", photo=name))
    said.errors += guest.errors()
    guest.states = kept


def report(said: Said, number: int) -> None:
    """The table of one storm."""
    answers = {place: sorted(found) for place, found in said.painted.items()}
    unlike = [f"photo {own}, {part}: {found}" for (own, part), found in answers.items() if len(found) > 1]
    print(f"storm {number}: {sum(map(len, said.waits.values())):,} actions, {len(said.errors)} errors, "
          f"{len(said.wrong)} wrong scores, {len(unlike)} parts with different answers")  # fmt: skip
    for line in [*dict.fromkeys(said.errors), *said.wrong, *unlike][:10]:
        print(f"  {line}")
    for what, waits in said.waits.items():
        middle, late = np.quantile(waits, [0.5, 0.95])
        print(f"  {what}: n = {len(waits)}, median {middle:.2f} s, 95th percentile {late:.2f} s")
