"""PyTorch as it is: the reference that all other engines are checked against."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Any

import numpy as np
import torch as pytorch

from core.inference.engine import Model, Runner
from core.photos import preprocess
from core.registry import ENGINES, Choice
from core.types import Pixels


def _native(device: pytorch.device | None = None) -> tuple[str, ...]:
    """A GPU rounds what it multiplies to TF32 in convolutions, as PyTorch sets it up."""
    kind = device.type if device else ("cuda" if pytorch.cuda.is_available() else "cpu")
    return ("tf32",) if kind == "cuda" and pytorch.backends.cudnn.allow_tf32 else ("fp32",)


@ENGINES.register("PyTorch", package="torch", precisions=_native, speed={"fp32": 1.0, "tf32": 1.0}, module=True)
def torch(model: Model, callers: int, *, precision: Annotated[str, Choice(("fp32", "tf32"))] = "fp32") -> Runner:
    """PyTorch itself: always there, on a GPU where there is one, and the only engine with gradients."""
    module: Any = model.module  # every registered predictor has `features` and `read_out`
    device = next(module.parameters()).device

    def scores(squares: Sequence[Pixels]) -> np.ndarray:
        batch = preprocess.to_batch(squares, model.preset).to(device)
        with pytorch.inference_mode():
            return module(batch).double().cpu().numpy()

    def scores_and_features(squares: Sequence[Pixels]) -> tuple[np.ndarray, np.ndarray]:
        batch = preprocess.to_batch(squares, model.preset).to(device)
        with pytorch.inference_mode():
            features = module.features(batch)
            return module.read_out(features).double().cpu().numpy(), features.float().cpu().numpy()

    return Runner(scores, scores_and_features)
