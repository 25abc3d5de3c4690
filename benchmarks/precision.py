"""`python -m benchmarks precision SOURCE …`: what computing in bfloat16 does to scores, to effects and to readings.

One study twice, in 32 bits and in bfloat16, whatever the check of engines says of the latter: every ablation at its
default strength, with hosted controls. Printed are distances of clean scores, of the mean Δ and the excess of all
conditions, and the decision rows that read differently. It needs OpenVINO, and a processor that has bfloat16.
"""

from __future__ import annotations

import argparse
import dataclasses
import tempfile
from dataclasses import asdict
from pathlib import Path

import numpy as np

from core import config, inference
from core.commands.study import photos_bar
from core.effects.table import KEY
from core.errors import EngineError
from core.inference.engine import Engine
from core.inference.engine_choice import available
from core.sources import open_source
from core.study import engine
from core.study import plan as study_plan
from core.study.conditions import DOSES, SENSITIVITY, Design
from core.study.reading import read_study
from core.types import Photo
from core.verdict.aggregates import Aggregates
from core.verdict.aggregation import make_aggregates

ENGINE, EXACT, SHORT = "openvino", "fp32", "bf16"
PHOTOS, TARGETS = 300, 60
FILLS = ("inpaint", "blur")


def studied(predictor: inference.Predictor, photos: list[Photo], design: Design, folder: Path) -> Aggregates:
    """A study of the default strengths, and what follows from it."""
    planned = study_plan.plan(predictor, photos, design)
    steps = tuple(step for step in planned.steps if step.group not in (DOSES, SENSITIVITY))
    settings = {**planned.settings, "conditions": [asdict(step.condition) for step in steps]}
    engine.run(dataclasses.replace(planned, steps=steps, settings=settings), folder, progress=photos_bar)
    return make_aggregates(folder)


def distances(folders: tuple[Path, Path], tables: tuple[Aggregates, Aggregates]) -> list[str]:
    """The lines of the answer, of the study in 32 bits and the one in bfloat16."""
    before, after = (read_study(folder).original for folder in folders)
    apart, sd = after - before, float(before.std(ddof=1))
    both = tables[0].effects.merge(tables[1].effects, on=list(KEY), suffixes=("", "_short"))
    lines = [
        f"{len(apart)} clean scores: at most {np.abs(apart).max():.2g} apart, 99 % within "
        f"{np.quantile(np.abs(apart), 0.99):.2g}, SD {apart.std(ddof=1):.2g}, mean {apart.mean():.1g} "
        f"(their SD over photos: {sd:.3f})"
    ]
    for name, column in (("mean Δ", "mean_delta"), ("excess", "excess_delta")):
        found = (both[f"{column}_short"] - both[column]).abs().dropna()
        if found.empty:
            continue
        lines.append(
            f"{name} of {len(found)} conditions: at most {found.max():.2g} apart ({found.max() / sd:.4f} SD), "
            f"{(found > 2e-4).sum()} of them by more than 0.0002"
        )
    decisions = [{item.row: item.reading for item in made.verdict.readings} for made in tables]
    changed = [row for row in decisions[0] if decisions[0][row] != decisions[1].get(row)]
    lines.append(f"decision rows that read differently: {', '.join(changed) or 'none'} of {len(decisions[0])}")
    return lines


def main(arguments: list[str]) -> None:
    """Run both studies and print the distances."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks precision", description=__doc__)
    parser.add_argument("sources", nargs="+", help="photo sets")
    parser.add_argument("--model", default=config.DEFAULT_MODEL)
    parser.add_argument("--photos", type=int, default=PHOTOS, help=f"photos in all (default: {PHOTOS})")
    parser.add_argument("--targets", type=int, default=TARGETS, help=f"ablated for each thing (default: {TARGETS})")
    parser.add_argument("--out", default="", help="folder to keep both studies in, and to go on from")
    chosen = parser.parse_args(arguments)
    if (ENGINE, SHORT) not in available():
        raise EngineError("There is no OpenVINO here, or this processor has no bfloat16 of its own.")
    exact = inference.load(chosen.model, ENGINE, EXACT)
    short = dataclasses.replace(exact, engine=Engine(ENGINE, SHORT, exact.engine.model))
    photos = [photo for source in chosen.sources for photo in open_source(source).photos]
    design = Design(fills=FILLS, placements=0, photos=chosen.photos, targets=chosen.targets)
    with tempfile.TemporaryDirectory() as scratch:
        place = Path(chosen.out or scratch)
        folders = place / EXACT, place / SHORT
        tables = studied(exact, photos, design, folders[0]), studied(short, photos, design, folders[1])
        print("\n".join(distances(folders, tables)), flush=True)
