"""`python -m benchmarks scale [MODEL [FOLDER]] [price=P] [rounds=N]`: what 60,000 and 100 million photos cost.

Rates are the processor's time an item, medians over rounds, each kind of work in a process of its own. Rows a photo and
bytes a row are those of the stored reference study. `price` is what a core costs an hour.
"""

from __future__ import annotations

import itertools
import tempfile
import tracemalloc
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq

from benchmarks import alike
from benchmarks._turns import ROUNDS, Contender, Turn, options, table, take_turns
from benchmarks.score import drawn_photos, from_files, photos_of
from benchmarks.study import PHOTOS, REGION, our_study, pixel_ablations
from core import config, inference
from core.inference.engine_choice import available
from core.photos import images
from core.photos.fingerprints import FingerprintIndex
from core.study import plan as study_plan
from core.study.conditions import Design
from core.table import ORIGINAL
from core.types import Photo

SIZES = {"LaMem": 60_000, "100 million": 100_000_000}
CORES = (2, 64, 1_000)
KNOWN = 10_000
"""Photos whose memory is counted."""
PRICE = 0.05
"""What a core costs an hour, in any currency, where nothing else is given."""
LINE = 40.0
"""Bytes of a line with a file's name and its score."""


@dataclass(frozen=True)
class Rates:
    """Seconds of one core: to score a photo from its file, to open one for a study, a row of either kind.

    `search` is that of finding photos that look alike, and what each photo before adds to it; `memory` the bytes that a
    study's driver keeps of a photo.
    """

    score: float
    open: float
    whole: float
    region: float
    search: tuple[float, float]
    memory: float

    @property
    def untouched(self) -> float:
        """A photo of the first pass."""
        return self.open + self.whole


@dataclass(frozen=True)
class Reference:
    """The reference study: rows a target of both kinds, targets and photos ablated whole, and bytes a row."""

    photos: int
    whole_rows: int
    region_rows: int
    row_bytes: float
    photo_bytes: float

    @classmethod
    def read(cls) -> Reference:
        folder = config.ARTIFACTS / "studies" / "reference"
        sizes, counts = {}, {}
        for name in ("rows", "photos"):
            files = list((folder / name).glob("*.parquet"))
            sizes[name] = sum(file.stat().st_size for file in files)
            counts[name] = sum(pq.read_metadata(file).num_rows for file in files)
        ablations = np.concatenate(
            [pq.read_table(file, columns=["ablation"])["ablation"].to_numpy() for file in (folder / "rows").glob("*")]
        )
        region = int((ablations == REGION).sum())
        whole = len(ablations) - region - int((ablations == ORIGINAL).sum())
        return cls(counts["photos"], whole, region, sizes["rows"] / counts["rows"], sizes["photos"] / counts["photos"])


def opening(model: str, place: str) -> Turn:
    """Photos opened for a study: read, and searched by every detector."""
    predictor = inference.load(model)
    endless = itertools.cycle(photos_of(place))
    plan = study_plan.plan(predictor, photos_of(place)[:1], Design(), allow_seen=True)

    def turn() -> float:
        for photo in itertools.islice(endless, PHOTOS):
            plan.reader(photo)
        return PHOTOS

    return turn


def memory() -> float:
    """Bytes of a listed photo with its fingerprint."""
    tracemalloc.start()
    photos = [
        Photo(f"{n:08}.jpg", "set", partial(images.read, Path(f"{n:08}.jpg")), Path("photos") / f"{n:08}.jpg")
        for n in range(KNOWN)
    ]
    index = FingerprintIndex()
    for item in alike.prints_of(alike.drawn_looks(len(photos))):
        index.add(item)
    taken = tracemalloc.get_traced_memory()[0]
    tracemalloc.stop()
    return taken / len(photos)


def costs(rates: Rates, reference: Reference, photos: int, price: float) -> list[str]:
    """Lines of the table for one size: scores, a study thinned as the reference study, and one with all targets."""
    times = photos / reference.photos
    own = reference.whole_rows * rates.whole + reference.region_rows * rates.region
    ablated = reference.whole_rows + reference.region_rows
    kinds = {
        "scores": (photos, photos * rates.score, photos * LINE),
        "a study, as many targets as the reference study": (
            photos + ablated,
            photos * rates.untouched + own,
            (photos + ablated) * reference.row_bytes + photos * reference.photo_bytes,
        ),
        "a study, targets in the same proportion": (
            photos + times * ablated,
            photos * rates.untouched + times * own,
            times * (reference.photos + ablated) * reference.row_bytes + photos * reference.photo_bytes,
        ),
    }
    return [
        f"| {photos:,} | {what} | {rows:,.0f} | {size / 1e9:,.2f} | {seconds / 3600:,.0f} | "
        + " | ".join(f"{seconds / 3600 / cores:,.1f}" for cores in CORES)
        + f" | {seconds / 3600 * price:,.0f} |"
        for what, (rows, seconds, size) in kinds.items()
    ]


def measured(model: str, place: str, rounds: int) -> Rates:
    """Rates on this machine; the table of their rounds is printed."""
    engine, precision = available()[0]
    work = (model, place, engine, precision)
    contenders = [
        Contender(f"score from files, {engine}, {precision}", from_files, work),
        Contender("opening a photo for a study", opening, (model, place)),
        Contender("a row of a photo ablated whole", our_study, (*work, pixel_ablations())),
        Contender("a row of a region", our_study, (*work, (REGION,))),
    ]
    timings = take_turns(contenders, rounds)
    print(table(timings, "item"), end="\n\n", flush=True)
    score, opened, whole, region = (timing.median_processor / 1000 for timing in timings)
    return Rates(score, opened, whole, region, alike.growth(), memory())


def main(arguments: list[str]) -> None:
    """Print the rates, then the costs."""
    prices = [item for item in arguments if item.startswith("price=")]
    price = float(prices[0].removeprefix("price=")) if prices else PRICE
    given, rounds = options([item for item in arguments if item not in prices], "model", "folder")
    with tempfile.TemporaryDirectory() as scratch:
        place = given.get("folder") or str(drawn_photos(Path(scratch), 10 * max(rounds, ROUNDS)))
        rates = measured(given.get("model", config.DEFAULT_MODEL), place, rounds)
    hours = " | ".join(f"hours on {cores:,}" for cores in CORES)
    print(f"| photos | what | rows | GB | core hours | {hours} | at {price:g} a core hour |")
    print("|---" * (6 + len(CORES)) + "|")
    for photos in SIZES.values():
        print("\n".join(costs(rates, Reference.read(), photos, price)))
    for photos in SIZES.values():
        start, each = rates.search
        alone = photos * (start + each * photos / 2) / 3600
        print(
            f"\n{photos:,} photos: {alone:,.2f} hours of one core to find those that look alike, and "
            f"{photos * rates.memory / 1e9:,.1f} GB of the driver's memory."
        )
