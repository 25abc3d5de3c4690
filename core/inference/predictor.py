"""Photos and a model to predictions: in batches, in constant memory, with decoding beside the forward pass."""

from __future__ import annotations

import copy
import dataclasses
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar

import numpy as np
import torch
from torch import nn

from core import config
from core.errors import CheckpointError, PhotoError
from core.inference import checkpoints
from core.inference.engine import REFERENCE, Engine, Model
from core.inference.engine_choice import AUTO, WORTH, choose
from core.inference.priority_lock import PriorityLock
from core.inference.threads import single_threads
from core.photos import preprocess
from core.photos.preprocess import Preset
from core.registry import MODELS, PREDICTOR, predictors
from core.types import Photo, Pixels, Prediction, Problem, unreadable

T = TypeVar("T")
R = TypeVar("R")
Look = Callable[[Pixels], str | None]
"""Says something of a photo's pixels, or nothing."""


@dataclass(frozen=True)
class Predictor:
    """A loaded model with the preset it needs; `lock` gives those who share it their turns.

    `engine` runs its forward passes, PyTorch unless another is given, for so many `callers` at once.
    """

    name: str
    module: nn.Module
    preset: Preset
    card: dict[str, Any]
    lock: PriorityLock | None = field(default_factory=PriorityLock, compare=False)
    engine: Engine = field(default=None, compare=False)  # type: ignore[assignment]  # set below
    callers: int = 1

    def __post_init__(self) -> None:
        if self.engine is None:
            object.__setattr__(self, "engine", Engine.reference(Model(self.module, self.preset)))

    def __reduce__(self) -> tuple[Any, ...]:
        """To another process travel the weights, and the name of the engine: it is started, and checked, there."""
        module = self.module if self.device.type == "cpu" else copy.deepcopy(self.module).cpu()
        return _arrived, (self.name, module, self.preset, self.card, self.engine.id, self.engine.precision)

    def score(self, photos: list[Pixels]) -> np.ndarray:
        """Scores of photos in memory (uint8 H × W × 3 of any sizes): float64 (N,) in [0, 1]."""
        return self.score_squares([preprocess.square(photo, self.preset) for photo in photos])

    def score_squares(self, squares: Sequence[Pixels]) -> np.ndarray:
        """Scores of photos already brought to the model's size."""
        with self._turn(len(squares)):
            return self.engine.runner(self.callers).scores(squares)

    def score_with_features(self, squares: Sequence[Pixels]) -> tuple[np.ndarray, np.ndarray]:
        """Scores float64 (N,) and penultimate features float32 (N × F) of photos at the model's size, in one pass."""
        with self._turn(len(squares)):
            return self.engine.runner(self.callers).scores_and_features(squares)

    def _turn(self, photos: int) -> AbstractContextManager[None]:
        """No other caller's hooks in the module while it runs; an export has none."""
        return self.lock.held_for(photos) if self.lock and self.engine.runs_module else nullcontext()

    def exclusive(self) -> AbstractContextManager[None]:
        """The module for one caller alone, who may hook it, or ask it for gradients."""
        return self.lock or nullcontext()

    def reserved(self) -> AbstractContextManager[None]:
        """While one photo is read that is to be scored next, large requests of others wait."""
        return self.lock.reserved() if self.lock else nullcontext()

    def concurrent(self, callers: int) -> Predictor:
        """The same model behind no lock: for so many workers that only score, without hooks or gradients."""
        return dataclasses.replace(self, lock=None, callers=callers)

    @property
    def device(self) -> torch.device:
        return next(self.module.parameters()).device


def load(
    name: str = config.DEFAULT_MODEL, engine: str = REFERENCE, precision: str = AUTO, *, passes: int = WORTH
) -> Predictor:
    """A predictor by registered name or checkpoint path, in evaluation mode, on the GPU where there is one.

    `passes` are the forward passes ahead, for an engine that is chosen (`auto`). UnknownChoiceError names the models
    and the engines; CheckpointError and MissingDependencyError say what is missing, EngineError what an engine cannot.
    """
    module, preset, card = _loaded(name)
    entry = MODELS[card["architecture"]]
    if entry.facts.get("kind", PREDICTOR) != PREDICTOR:
        raise CheckpointError(
            f"{name}: {entry.label} gives no score; choose from {', '.join(entry.id for entry in predictors())}."
        )
    return _arrived(title_of(name), module, preset, card, engine, precision, passes)


def _arrived(
    title: str,
    module: nn.Module,
    preset: Preset,
    card: dict[str, Any],
    engine: str,
    precision: str,
    passes: int = WORTH,
) -> Predictor:
    """A predictor on this machine's GPU, or where there is none on its processor."""
    device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
    model = Model(module.eval().to(device), preset)
    return Predictor(title, model.module, preset, card, engine=choose(model, engine, precision, passes=passes))


def card_of(name: str) -> dict[str, Any]:
    """What is known of a registered model or a checkpoint folder; errors as of `load`, but no weights are read."""
    if is_published(name):
        facts = MODELS[name].facts
        return {"architecture": name, "licence": facts["licence"], "paper": facts["paper"]}
    return checkpoints.read_card(shipped_or(name))


def is_published(name: str) -> bool:
    """Whether a name is that of somebody else's model, which comes with its own weights."""
    return name in MODELS and bool(MODELS[name].facts["published"])


def identity(name: str) -> str:
    """A file name for what a model computes: a published model's id, or a folder's name with a hash of its weights."""
    return name if is_published(name) else checkpoints.identity(str(shipped_or(name)))


def _loaded(name: str) -> tuple[nn.Module, Preset, dict[str, Any]]:
    if is_published(name):
        return MODELS[name].function(), MODELS[name].facts["preset"], card_of(name)
    module, card = checkpoints.load(shipped_or(name))
    return module, checkpoints.preset_of(card), card


def shipped_or(name: str) -> Path:
    """The folder of a checkpoint: a registered model's shipped one, or the path that `name` is."""
    return config.ARTIFACTS / MODELS[name].id if "/" not in name and not Path(name).exists() else Path(name)


def title_of(name: str) -> str:
    """What results call a model: its id, or its run's folder; "best" would say nothing."""
    path = Path(name)
    return path.parent.name if path.name in ("best", "last") and path.parent.name else path.name


def prefetch(function: Callable[[T], R], items: Iterable[T], depth: int, workers: int = 1) -> Iterator[R]:
    """Map in order with up to `depth` results prepared in background threads: constant memory, no waiting."""
    with ThreadPoolExecutor(workers) as pool:
        waiting: deque[Future[R]] = deque()
        try:
            for item in items:
                waiting.append(pool.submit(function, item))
                if len(waiting) > depth:
                    yield waiting.popleft().result()
            while waiting:
                yield waiting.popleft().result()
        finally:
            for future in waiting:
                future.cancel()


def batches(items: Iterable[T], size: int) -> Iterator[list[T]]:
    """Consecutive lists of up to `size` items."""
    batch: list[T] = []
    for item in items:
        batch.append(item)
        if len(batch) == size:
            yield batch
            batch = []
    if batch:
        yield batch


def predict(
    predictor: Predictor,
    photos: Iterable[Photo],
    *,
    batch_size: int = config.BATCH_SIZE,
    features: bool = False,
    look: Look | None = None,
) -> Iterator[Prediction]:
    """Score photos in order, with their features where asked; an unreadable one comes back with its problem instead.

    As many workers as cores each decode and score a batch, in one thread: decoding and scoring overlap, and no core has
    two to serve. What `look` says of a photo's pixels comes back as its hint.
    """
    worker = predictor.concurrent(config.CORES)
    with single_threads():
        work = batches(photos, batch_size)
        made = prefetch(
            lambda batch: predictions(worker, batch, features, look),
            work,
            depth=2 * config.CORES,
            workers=config.CORES,
        )
        for batch in made:
            yield from batch


def predictions(
    predictor: Predictor, photos: Sequence[Photo], features: bool, look: Look | None = None
) -> list[Prediction]:
    """Read and score one batch, as `predict` does."""
    read = [_square_or_problem(photo, predictor.preset, look) for photo in photos]
    squares = [item[0] for item in read if not isinstance(item, Problem)]
    found = iter(_answers(predictor, squares, features))
    return [
        Prediction(photo, None, item) if isinstance(item, Problem) else Prediction(photo, *next(found), item[1])
        for photo, item in zip(photos, read, strict=True)
    ]


def _answers(
    predictor: Predictor, squares: list[Pixels], features: bool
) -> list[tuple[float, None, np.ndarray | None]]:
    """Score, no problem, and features or None of each square."""
    if not squares:
        return []
    if not features:
        return [(float(score), None, None) for score in predictor.score_squares(squares)]
    scores, found = predictor.score_with_features(squares)
    return [(float(score), None, row) for score, row in zip(scores, found, strict=True)]


def _square_or_problem(photo: Photo, preset: Preset, look: Look | None) -> tuple[Pixels, str | None] | Problem:
    try:
        pixels = photo.read()
    except PhotoError as error:
        return unreadable(photo, error)
    return preprocess.square(pixels, preset), look(pixels) if look else None
