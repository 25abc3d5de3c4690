"""A model as a file that other engines read: exported once, and kept in the user's cache under its weights' hash."""

from __future__ import annotations

import copy
import hashlib
import importlib.util
import time
import warnings
from pathlib import Path
from typing import Any

import torch
from torch import nn

from core.errors import EngineError, MissingDependencyError
from core.files import replacing
from core.photos.preprocess import Preset

FORMAT = 1
"""Raised when an export holds something else than before; older files are then made again."""
OPSET = 17
ONNX = "model.onnx"
STALE = 3600
"""Seconds after which a half-written file is that of a process that was killed."""


class _Whole(nn.Module):
    """Squares as they come from a photo, uint8 N × crop × crop × 3, to scores (N,) and penultimate features (N × F)."""

    def __init__(self, module: nn.Module, preset: Preset) -> None:
        super().__init__()
        self.module: Any = module
        self.mean, self.std = (torch.tensor(values).view(1, 3, 1, 1) for values in (preset.mean, preset.std))

    def forward(self, squares: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        batch = squares.permute(0, 3, 1, 2).float() / 255
        features = self.module.features((batch - self.mean) / self.std)
        return self.module.read_out(features), features


def identity(module: nn.Module, preset: Preset) -> str:
    """A file name for what a model computes: its architecture, and a hash of weights and preset."""
    digest = hashlib.sha256(f"{FORMAT} {preset}".encode())
    for name, value in sorted(module.state_dict().items()):
        digest.update(f"{name} {tuple(value.shape)} {value.dtype}".encode())
        digest.update(value.detach().cpu().contiguous().numpy())
    return f"{type(module).__name__.strip('_').lower()}-{digest.hexdigest()[:16]}"


def exported(module: nn.Module, preset: Preset, folder: Path) -> Path:
    """The model as an ONNX file in `folder`, made if it is not there: whole or not at all, whoever else makes it too.

    MissingDependencyError without the onnx package; EngineError for a model that cannot be exported.
    """
    file = folder / ONNX
    if file.is_file():
        return file
    if importlib.util.find_spec("onnx") is None:
        raise MissingDependencyError("An export needs onnx; get it with: pip install onnx, or choose --engine torch.")
    _remove_stale(folder)
    whole = _Whole(copy.deepcopy(module).cpu(), preset).eval()
    try:
        with replacing(file, shared=True) as temporary, warnings.catch_warnings():
            warnings.simplefilter("ignore")  # the exporter recommends its successor, which needs one more package
            torch.onnx.export(
                whole,
                (torch.zeros(2, preset.crop, preset.crop, 3, dtype=torch.uint8),),
                str(temporary),
                dynamo=False,
                opset_version=OPSET,
                input_names=["squares"],
                output_names=["scores", "features"],
                dynamic_axes={name: {0: "photos"} for name in ("squares", "scores", "features")},
            )
    except (RuntimeError, AttributeError, TypeError, ValueError) as error:
        reason = (str(error).splitlines() or [type(error).__name__])[0]
        raise EngineError(f"This model cannot be exported ({reason}); choose --engine torch.") from error
    return file


def _remove_stale(folder: Path) -> None:
    """Remove what a killed export left behind; one that is being written is younger."""
    for left in folder.glob("*.tmp"):
        if time.time() - left.stat().st_mtime > STALE:
            left.unlink(missing_ok=True)
