"""`python -m benchmarks score [MODEL [FOLDER]]`: photos from files against the bare engine and against plain loops."""

from __future__ import annotations

import functools
import itertools
import tempfile
from pathlib import Path

import numpy as np
import torch
from PIL import Image

from benchmarks._turns import Contender, Turn, options, table, take_turns
from benchmarks.engines import concurrent, one_call
from core import config, inference
from core.inference.engine_choice import available
from core.photos import preprocess
from core.sources.folder import folder
from core.types import Photo

TURN = 8 * config.BATCH_SIZE
"""Photos a turn of ours; a loop of one photo after the other does an eighth of it."""


def drawn_photos(root: Path, count: int) -> Path:
    """A folder of photos of 640 × 480 px drawn from a seed."""
    random = np.random.default_rng(0)
    for number in range(count):
        coarse = Image.fromarray(random.integers(0, 256, (12, 16, 3), dtype=np.uint8))
        coarse.resize((640, 480), Image.Resampling.BICUBIC).save(root / f"{number:04}.jpg", quality=90)
    return root


@functools.cache
def photos_of(place: str) -> tuple[Photo, ...]:
    """The photos of a folder."""
    return folder(Path(place)).photos


def from_files(model: str, place: str, engine: str, precision: str) -> Turn:
    """What `core score` does."""
    predictor = inference.load(model, engine, precision)
    endless = itertools.cycle(photos_of(place))

    def turn() -> float:
        chosen = itertools.islice(endless, TURN)
        return float(sum(item.score is not None for item in inference.predict(predictor, chosen)))

    return turn


def plain_loop(model: str, place: str) -> Turn:
    """As a notebook would write it: Pillow, one photo a call, PyTorch."""
    predictor = inference.load(model)
    preset, module = predictor.preset, predictor.module
    endless = itertools.cycle(photos_of(place))

    def turn() -> float:
        for photo in itertools.islice(endless, TURN // 8):
            assert photo.path is not None
            image = Image.open(photo.path).convert("RGB").resize((preset.resize, preset.resize))
            cut = image.crop((preset.offset, preset.offset, preset.offset + preset.crop, preset.offset + preset.crop))
            batch = preprocess.to_batch([np.asarray(cut)], preset)
            with torch.no_grad():
                module(batch).item()
        return TURN // 8

    return turn


def resmem_as_published(place: str) -> Turn:
    """As the README of the resmem package shows."""
    from resmem import ResMem, transformer

    network = ResMem(pretrained=True)
    network.eval()
    endless = itertools.cycle(photos_of(place))

    def turn() -> float:
        for photo in itertools.islice(endless, TURN // 8):
            assert photo.path is not None
            image = Image.open(photo.path).convert("RGB")
            network(transformer(image).view(-1, 3, 227, 227)).item()
        return TURN // 8

    return turn


def main(arguments: list[str]) -> None:
    """Print the table: the bare engine first, the others as multiples of it."""
    given, rounds = options(arguments, "model", "folder")
    model = given.get("model", config.DEFAULT_MODEL)
    engine, precision = available()[0]
    with tempfile.TemporaryDirectory() as scratch:
        place = given.get("folder") or str(drawn_photos(Path(scratch), 200))
        contenders = [
            Contender(f"bare {engine}, {precision}", concurrent, (model, engine, precision)),
            Contender(f"score from files, {engine}, {precision}", from_files, (model, place, engine, precision)),
            Contender("bare PyTorch, one call with all threads", one_call, (model,)),
            Contender("score from files, torch", from_files, (model, place, "torch", "auto")),
            Contender("a plain loop in PyTorch", plain_loop, (model, place)),
        ]
        if model == "resmem":
            contenders.append(Contender("resmem as its README uses it", resmem_as_published, (place,)))
        print(table(take_turns(contenders, rounds)), flush=True)
