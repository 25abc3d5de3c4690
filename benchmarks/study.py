"""`python -m benchmarks study [MODEL [FOLDER]]`: studies, a row each, against the bare engine and a plain loop."""

from __future__ import annotations

import itertools
import tempfile
from pathlib import Path

import numpy as np
import torch
from PIL import Image

from benchmarks._turns import Contender, Turn, options, table, take_turns
from benchmarks.engines import concurrent
from benchmarks.score import drawn_photos, photos_of
from core import config, inference
from core.inference.engine_choice import available
from core.photos import images, preprocess
from core.registry import ABLATIONS
from core.study import engine as study
from core.study import plan as study_plan
from core.study.conditions import Design

PHOTOS = 3
"""Photos a turn: some hundred rows."""
REGION = "region"


def pixel_ablations() -> tuple[str, ...]:
    """All ablations that need no mask."""
    return tuple(entry.id for entry in ABLATIONS if entry.id != REGION)


def our_study(model: str, place: str, engine: str, precision: str, ablations: tuple[str, ...]) -> Turn:
    """A study of a few photos; masks are found anew for each of them."""
    predictor = inference.load(model, engine, precision)
    endless = itertools.cycle(photos_of(place))
    design = Design(ablations)

    def turn() -> float:
        with tempfile.TemporaryDirectory() as scratch:
            chosen = tuple(itertools.islice(endless, PHOTOS))
            plan = study_plan.plan(predictor, chosen, design, allow_seen=True)
            return float(study.run(plan, Path(scratch) / "study").rows)

    return turn


def plain_loop(model: str, place: str) -> Turn:
    """As a notebook would write it: every ablated set written to disk, read back with Pillow, scored photo by photo."""
    predictor = inference.load(model)
    preset, module = predictor.preset, predictor.module
    endless = itertools.cycle(photos_of(place))
    functions = [ABLATIONS[name].function for name in pixel_ablations()]

    def turn() -> float:
        rows = 0
        with tempfile.TemporaryDirectory() as scratch:
            for photo in itertools.islice(endless, 1):
                pixels = images.working(photo.read())
                for number, function in enumerate(functions):
                    Image.fromarray(function(pixels)).save(Path(scratch) / f"{number}.png")
            for file in sorted(Path(scratch).glob("*.png")):
                image = Image.open(file).convert("RGB").resize((preset.resize, preset.resize))
                with torch.no_grad():
                    module(preprocess.to_batch([np.asarray(image)], preset)).item()
                rows += 1
        return float(rows)

    return turn


def main(arguments: list[str]) -> None:
    """Print the table: the bare engine first, the others as multiples of it."""
    given, rounds = options(arguments, "model", "folder")
    model = given.get("model", config.DEFAULT_MODEL)
    engine, precision = available()[0]
    kinds = {"pixel ablations": pixel_ablations(), "region ablations with controls": (REGION,)}
    with tempfile.TemporaryDirectory() as scratch:
        place = given.get("folder") or str(drawn_photos(Path(scratch), 100))
        contenders = [
            Contender(f"bare {engine}, {precision}", concurrent, (model, engine, precision)),
            *(
                Contender(
                    f"study of {what}, {engine}, {precision}", our_study, (model, place, engine, precision, names)
                )
                for what, names in kinds.items()
            ),
            Contender("a plain loop over pixel ablations in PyTorch", plain_loop, (model, place)),
        ]
        print(table(take_turns(contenders, rounds), "row"), flush=True)
