"""`python -m benchmarks heatmaps [MODEL [FOLDER]]`: Grad-CAM maps against the grad-cam package and the passes alone."""

from __future__ import annotations

import itertools
import tempfile
from pathlib import Path

import numpy as np

from benchmarks._turns import Contender, Turn, options, table, take_turns
from benchmarks.score import drawn_photos, photos_of
from core import config, inference
from core.attributions.cam import grad_cam, last_maps
from core.errors import MissingDependencyError
from core.photos import preprocess

MAPS = 8
"""Maps a turn."""


def ours(model: str, place: str) -> Turn:
    """Our Grad-CAM, photo by photo from files."""
    predictor = inference.load(model)
    endless = itertools.cycle(photos_of(place))

    def turn() -> float:
        for photo in itertools.islice(endless, MAPS):
            grad_cam(predictor, photo.read())
        return MAPS

    return turn


def package(model: str, place: str) -> Turn:
    """The loop of the grad-cam package, as its README shows, on the same network."""
    try:
        from pytorch_grad_cam import GradCAM
        from pytorch_grad_cam.utils.model_targets import RawScoresOutputTarget
    except ImportError as error:
        raise MissingDependencyError("grad-cam is not installed; get it with: pip install grad-cam") from error
    predictor = inference.load(model)
    cam = GradCAM(model=predictor.module, target_layers=list(last_maps(predictor.module)))
    endless = itertools.cycle(photos_of(place))

    def turn() -> float:
        for photo in itertools.islice(endless, MAPS):
            square = preprocess.square(photo.read(), predictor.preset)
            cam(input_tensor=preprocess.to_batch([square], predictor.preset), targets=[RawScoresOutputTarget()])
        return MAPS

    return turn


def passes(model: str) -> Turn:
    """One forward and one backward pass, and nothing else."""
    predictor = inference.load(model)
    crop = predictor.preset.crop
    square = np.random.default_rng(0).integers(0, 256, (crop, crop, 3), dtype=np.uint8)
    batch = preprocess.to_batch([square], predictor.preset).to(predictor.device)

    def turn() -> float:
        for _ in range(MAPS):
            predictor.module.zero_grad()
            predictor.module(batch).sum().backward()
        return MAPS

    return turn


def main(arguments: list[str]) -> None:
    """Print the table: the grad-cam package first where it is installed, the others as multiples of it."""
    given, rounds = options(arguments, "model", "folder")
    model = given.get("model", config.DEFAULT_MODEL)
    with tempfile.TemporaryDirectory() as scratch:
        place = given.get("folder") or str(drawn_photos(Path(scratch), 100))
        contenders = [
            Contender("grad-cam from pip", package, (model, place)),
            Contender("one forward and one backward pass", passes, (model,)),
            Contender("Grad-CAM here", ours, (model, place)),
        ]
        print(table(take_turns(contenders, rounds), "map"), flush=True)
