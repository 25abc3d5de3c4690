"""`python -m benchmarks engines [MODEL]`: every engine that this machine has, against PyTorch and the matmul peak."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch

from benchmarks._turns import Contender, Turn, options, table, take_turns
from core import config, inference
from core.inference.engine_choice import available
from core.inference.threads import single_threads
from core.photos import preprocess

BATCHES = 2 * config.CORES
"""Batches a turn."""
SIDE = 1024
"""Rows and columns of the matrices that are multiplied to find the machine's peak."""


def squares(predictor: inference.Predictor) -> list[np.ndarray]:
    """A batch as the model sees it, drawn from a seed."""
    crop = predictor.preset.crop
    return list(np.random.default_rng(0).integers(0, 256, (config.BATCH_SIZE, crop, crop, 3), dtype=np.uint8))


def one_call(model: str) -> Turn:
    """PyTorch as it is, one call after the other with all threads."""
    predictor = inference.load(model)
    batch = squares(predictor)

    def turn() -> float:
        for _ in range(BATCHES):
            predictor.score_with_features(batch)
        return float(BATCHES * len(batch))

    return turn


def concurrent(model: str, engine: str, precision: str) -> Turn:
    """An engine with as many callers as cores, one thread each: what score and study do."""
    worker = inference.load(model, engine, precision).concurrent(config.CORES)
    batch = squares(worker)

    def turn() -> float:
        with single_threads():
            calls = inference.prefetch(
                lambda _: worker.score_with_features(batch), range(BATCHES), depth=config.CORES, workers=config.CORES
            )
            return float(sum(len(scores) for scores, _ in calls))

    return turn


def matmul(model: str) -> Turn:
    """Matrix products, counted as photos of as many multiplications: what no engine in 32 bits can beat."""
    wanted = multiplications(model)
    first, second = torch.rand(SIDE, SIDE), torch.rand(SIDE, SIDE)

    def turn() -> float:
        for _ in range(8):
            first @ second
        return 8 * 2 * SIDE**3 / wanted

    return turn


def multiplications(model: str) -> float:
    """Floating-point operations of one photo's forward pass."""
    from torch.utils.flop_counter import FlopCounterMode

    predictor = inference.load(model)
    batch = preprocess.to_batch(squares(predictor)[:1], predictor.preset).to(predictor.device)
    counter: Any = FlopCounterMode(display=False)
    with counter, torch.no_grad():
        predictor.module(batch)
    return float(counter.get_total_flops())


def main(arguments: list[str]) -> None:
    """Print the table: PyTorch first, the others as multiples of it."""
    given, rounds = options(arguments, "model")
    model = given.get("model", config.DEFAULT_MODEL)
    engines = [
        Contender(f"{name}, {precision}, {config.CORES} callers", concurrent, (model, name, precision))
        for name, precision in sorted(available(), key=lambda item: item[0] != "torch")
    ]
    contenders = [
        Contender("PyTorch, one call with all threads", one_call, (model,)),
        *engines,
        Contender("matrix products in 32 bits", matmul, (model,)),
    ]
    print(table(take_turns(contenders, rounds)), flush=True)
