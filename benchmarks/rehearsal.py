"""`python -m benchmarks rehearsal [--photos N]`: LaMem's layout at its size, from sample to training.

Photos are drawn and kept nowhere. Every step is a command in a process of its own, whose time and peak memory are told,
at a quarter, a half and all of the photos: what a command takes to start cancels out of the slope between them.
"""

from __future__ import annotations

import argparse
import json
import math
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import numpy as np
from PIL import Image

from core import config
from core.errors import ParameterError
from core.inference import checkpoints
from core.photos.preprocess import Preset
from core.registry import MODELS

LAMEM = 58_741
SHARES = {"train": 45_000 / LAMEM, "val": 3_741 / LAMEM}
"""Parts of LaMem's splits; the rest is the test part."""
SPLITS = 5
STEPS = {
    "sample": ("sample", "{data}", "--n", "{tenth}", "--out", "{work}/sample"),
    "evaluate": ("evaluate", "{data}", "--part", "all", "--model", "{model}", "--out", "{work}/evaluations"),
    "score": ("score", "{data}/images", "--model", "{model}", "--csv", "{work}/scores.csv"),
    "latent": ("latent", "{data}", "--model", "{model}", "--out", "{work}/latent", "--permutations", "100"),
    "study": ("study", "{data}", "--part", "all", "--model", "{model}", "--masks", "faces", "--targets", "50",
              "--thin", "whole=0.05", "doses=0.05", "--yes", "--out", "{work}/study"),
}  # fmt: skip
"""Commands of `python -m core` by step."""
TRAINING = (
    "{data}",
    "--model",
    "small_cnn",
    "--init",
    "random",
    "--size",
    "64",
    "--epochs",
    "1",
    "--out",
    "{work}/run",
)
"""The start of a training run: one epoch of the smallest architecture."""


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


def rehearse(photos: int, model: str, steps: Sequence[str]) -> dict[str, Measured]:
    """Steps at one size, in a temporary folder."""
    with tempfile.TemporaryDirectory() as scratch:
        place = Path(scratch)
        started = time.perf_counter()
        write_lamem(place / "lamem", photos)
        print(f"{photos:,} photos written in {time.perf_counter() - started:.0f} s", file=sys.stderr, flush=True)
        names = {
            "data": str(place / "lamem"),
            "work": str(place),
            "tenth": str(photos // 10),
            "model": model or write_model(place / "model"),
        }
        commands = {step: ("-m", "core", *line) for step, line in STEPS.items()}
        commands["train"] = (str(config.ROOT / "train.py"), *TRAINING)
        found = {}
        for step, line in ((step, commands[step]) for step in steps):
            found[step] = measured([sys.executable, *(item.format(**names) for item in line)], place)
            print(f"{photos:,} photos, {step}: {found[step]}", file=sys.stderr, flush=True)
        return found


def slope(quarter: float, half: float, whole: float) -> float:
    """Growth in log-log between the steps from a quarter to a half and from there to all: 1 is linear, 2 quadratic."""
    return math.log2((whole - half) / (half - quarter)) if whole > half > quarter else math.nan


def table(sizes: Sequence[int], found: Sequence[dict[str, Measured]]) -> str:
    """A line a step: clock, processor and peak at every size, and the slope of the processor's time."""
    heads = " | ".join(f"{size:,}: s, s of the processor, GB" for size in sizes)
    lines = [f"| step | {heads} | slope |", "|---" * (len(sizes) + 2) + "|"]
    for step in found[0]:
        runs = [item[step] for item in found]
        cells = " | ".join(f"{run.clock:.0f}, {run.processor:.1f}, {run.peak:.2f}" for run in runs)
        lines.append(f"| {step} | {cells} | {slope(*(run.processor for run in runs)):.2f} |")
    return "\n".join(lines)


def main(arguments: list[str]) -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks rehearsal", description=__doc__)
    parser.add_argument("--photos", type=int, default=LAMEM, help=f"photos at the largest size (default: {LAMEM:,})")
    parser.add_argument("--model", default="", help="model to score with (default: an untrained small one)")
    steps = (*STEPS, "train")
    parser.add_argument("--steps", nargs="+", default=steps, choices=steps, help="only these (default: all)")
    chosen = parser.parse_args(arguments)
    if chosen.photos < 400:
        raise ParameterError("--photos: give at least 400; a quarter of them must be enough for a map.")
    sizes = [chosen.photos // 4, chosen.photos // 2, chosen.photos]
    print(table(sizes, [rehearse(size, chosen.model, chosen.steps) for size in sizes]), flush=True)
