"""`python -m benchmarks rehearsal [--sizes N …]`: LaMem's layout at its size, from sample to training.

Photos are drawn. Every step is a command in a process of its own, whose time and peak memory are told. With three sizes
in one proportion, what a command takes to start cancels out of the slope between them. With --folder the photos and
their times stay there, and a rehearsal that was stopped goes on with the step that it was at.
"""

from __future__ import annotations

import argparse
import json
import math
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path

import numpy as np
from PIL import Image

from core import config
from core.errors import ParameterError
from core.files import write_text
from core.inference import checkpoints
from core.photos.preprocess import Preset
from core.registry import MODELS

LAMEM = 58_741
SHARES = {"train": 45_000 / LAMEM, "val": 3_741 / LAMEM}
"""Parts of LaMem's splits; the rest is the test part."""
SPLITS = 5
FEWEST = 100
STEPS = {
    "sample": ("-m", "core", "sample", "{data}", "--n", "{tenth}", "--out", "{out}"),
    "evaluate": ("-m", "core", "evaluate", "{data}", "--part", "all", "--model", "{model}", "--out", "{out}"),
    "score": ("-m", "core", "score", "{data}/images", "--model", "{model}", "--csv", "{out}.csv"),
    "latent": ("-m", "core", "latent", "{data}", "--model", "{model}", "--out", "{out}", "--permutations", "100"),
    "study": ("-m", "core", "study", "{labelled}", "--model", "{model}", "--masks", "faces", "--targets",
              "50", "--thin", "whole=0.05", "doses=0.05", "--yes", "--out", "{out}"),
    "train": (str(config.ROOT / "train.py"), "{data}", "--model", "small_cnn", "--init", "random", "--size", "64",
              "--epochs", "1", "--out", "{out}"),
}  # fmt: skip
"""Command lines by step; training is one epoch of the smallest architecture.

What a study's detectors find is told by labels: they would look at each photo for a seventh of a second, whatever their
number, and what grows with it is what is rehearsed.
"""
FACES = 20
"""Photos of which one has a labelled face."""
FACE = "face 0.3 0.3 0.6 0.3 0.6 0.7 0.3 0.7\n"


@dataclass(frozen=True)
class Measured:
    """Seconds on the clock, seconds of the processor with those of child processes, and the peak of memory in GB."""

    clock: float
    processor: float
    peak: float


def write_lamem(folder: Path, photos: int) -> None:
    """So many photos of 320 × 256 px in LaMem's layout, with five splits and scores drawn from a seed."""
    (folder / "images").mkdir(parents=True)
    (folder / "splits").mkdir()
    names = [f"{number:08}.jpg" for number in range(photos)]
    with ProcessPoolExecutor(config.CORES) as pool:
        list(pool.map(partial(_write_photo, folder / "images"), names, chunksize=100))
    random = np.random.default_rng(0)
    scores = random.beta(9, 3, photos).round(6)
    for split in range(1, SPLITS + 1):
        order = random.permutation(photos)
        ends = np.cumsum([round(share * photos) for share in SHARES.values()])
        for part, chosen in zip((*SHARES, "test"), np.split(order, ends), strict=True):
            lines = "".join(f"{names[number]} {scores[number]}\n" for number in chosen)
            (folder / "splits" / f"{part}_{split}.txt").write_text(lines, encoding="utf-8")


def _write_photo(folder: Path, name: str) -> None:
    random = np.random.default_rng(int(Path(name).stem))
    coarse = Image.fromarray(random.integers(0, 256, (10, 12, 3), dtype=np.uint8))
    coarse.resize((320, 256), Image.Resampling.BICUBIC).save(folder / name, quality=90)


def write_labelled(folder: Path, photos: Path) -> None:
    """The same photos as a set with outlines: one in FACES has a face, and the others are said to have none."""
    (folder / "outlines").mkdir(parents=True)
    (folder / "images").symlink_to(photos)
    for number, photo in enumerate(sorted(photos.iterdir())):
        (folder / "outlines" / f"{photo.stem}.txt").write_text("" if number % FACES else FACE, encoding="utf-8")


def write_model(folder: Path) -> str:
    """An untrained checkpoint of the smallest architecture: files, tables and memory are rehearsed, not the network."""
    card = {"architecture": "small_cnn", "preset": checkpoints.preset_fields(Preset(64, 64)), "training_photos": []}
    checkpoints.save(folder, MODELS["small_cnn"].function(), card)
    return str(folder)


WAITING = """
import json, os, subprocess, sys
process = subprocess.Popen(sys.argv[2:])
_, status, used = os.wait4(process.pid, 0)
with open(sys.argv[1], "w") as file:
    json.dump([os.waitstatus_to_exitcode(status), used.ru_utime + used.ru_stime, used.ru_maxrss], file)
"""
"""A small program between: to Linux, a process has needed at least what the one that started it held."""


def measured(command: Sequence[str], place: Path) -> Measured:
    """Run a command to its end in a folder; SystemExit with its last lines where it fails."""
    started = time.perf_counter()
    with (place / "said.txt").open("wb") as said:
        subprocess.run(
            [sys.executable, "-S", "-E", "-c", WAITING, str(place / "used.json"), *command],
            cwd=place,
            stdout=said,
            stderr=said,
            env=os.environ | {"PYTHONPATH": str(config.ROOT)},
            check=True,
        )
    clock = time.perf_counter() - started
    code, processor, peak = json.loads((place / "used.json").read_text(encoding="utf-8"))
    if code:
        last = (place / "said.txt").read_text(encoding="utf-8", errors="replace").splitlines()[-5:]
        raise SystemExit("\n".join((f"failed: {' '.join(command)}", *last)))
    return Measured(clock, processor, peak / 2**20)


def rehearse(photos: int, model: str, steps: Sequence[str], folder: Path) -> dict[str, Measured]:
    """Steps at one size; those that were measured in this folder before are not done again."""
    place, told = folder / str(photos), folder / str(photos) / "measured.json"
    if not (place / "lamem").is_dir():
        started = time.perf_counter()
        shutil.rmtree(place / "writing", ignore_errors=True)  # left by a killed run
        write_lamem(place / "writing", photos)
        (place / "writing").rename(place / "lamem")
        print(f"{photos:,} photos written in {time.perf_counter() - started:.0f} s", file=sys.stderr, flush=True)
    if "study" in steps and not (place / "labelled").is_dir():
        shutil.rmtree(place / "writing", ignore_errors=True)
        write_labelled(place / "writing", place / "lamem" / "images")
        (place / "writing").rename(place / "labelled")
    found = {step: Measured(**item) for step, item in json.loads(told.read_text()).items()} if told.is_file() else {}
    model = model or write_model(place / "model")
    names = {"data": str(place / "lamem"), "labelled": str(place / "labelled"), "tenth": str(photos // 10)}
    for step in (step for step in steps if step not in found):
        shutil.rmtree(place / step, ignore_errors=True)
        (place / f"{step}.csv").unlink(missing_ok=True)
        line = (item.format(**names, model=model, out=place / step) for item in STEPS[step])
        found[step] = measured([sys.executable, *line], place)
        write_text(told, json.dumps({name: asdict(item) for name, item in found.items()}, indent=1) + "\n")
        print(f"{photos:,} photos, {step}: {found[step]}", file=sys.stderr, flush=True)
    return {step: found[step] for step in steps}


def slope(sizes: Sequence[int], times: Sequence[float]) -> float:
    """Growth in log-log of three times at sizes in one proportion, without what a start takes: 1 is linear.

    NaN for other than three sizes, and where a time is not longer than the one before.
    """
    if len(times) != 3 or not times[2] > times[1] > times[0]:
        return math.nan
    return math.log((times[2] - times[1]) / (times[1] - times[0])) / math.log(sizes[1] / sizes[0])


def table(sizes: Sequence[int], found: Sequence[dict[str, Measured]]) -> str:
    """A line a step: clock, processor and peak at every size, and the slope of the processor's time."""
    heads = " | ".join(f"{size:,}: s, s of the processor, GB" for size in sizes)
    lines = [f"| step | {heads} | slope |", "|---" * (len(sizes) + 2) + "|"]
    for step in found[0]:
        runs = [item[step] for item in found]
        cells = " | ".join(f"{run.clock:.0f}, {run.processor:.1f}, {run.peak:.2f}" for run in runs)
        lines.append(f"| {step} | {cells} | {slope(sizes, [run.processor for run in runs]):.2f} |")
    return "\n".join(lines)


def main(arguments: list[str]) -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks rehearsal", description=__doc__)
    parser.add_argument(
        "--sizes", nargs="+", type=int, default=[LAMEM // 16, LAMEM // 4, LAMEM], help="photos: one, or three sizes"
    )
    parser.add_argument("--model", default="", help="model to score with (default: an untrained small one)")
    parser.add_argument("--steps", nargs="+", default=tuple(STEPS), choices=STEPS, help="only these (default: all)")
    parser.add_argument("--folder", help="keep photos and times here, and go on from them (default: kept nowhere)")
    chosen = parser.parse_args(arguments)
    if min(chosen.sizes) < FEWEST:
        raise ParameterError(f"--sizes: give at least {FEWEST} photos; fewer are not enough for a map.")
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(chosen.folder or scratch).absolute()
        print(table(chosen.sizes, [rehearse(size, chosen.model, chosen.steps, folder) for size in chosen.sizes]))
