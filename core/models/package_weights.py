"""Weights that come as PyTorch files inside pip packages: the one place where such a file is opened."""

from __future__ import annotations

import pickle
from pathlib import Path

import torch

from core.errors import CheckpointError
from core.files import DAMAGED_ARCHIVE, is_zip

DAMAGE = (*DAMAGED_ARCHIVE, pickle.UnpicklingError, AttributeError, AssertionError)
"""What opening a damaged file raises: it is a ZIP with a pickle in it, or a pickle alone."""


def read_package_weights(file: Path) -> dict[str, torch.Tensor]:
    """Tensors by name, mapped into memory rather than read; CheckpointError for a file that holds anything else.

    Only tensors are unpickled (`weights_only`): what would run code is refused before it does. Our own checkpoints are
    safetensors and never come here.
    """
    try:
        found = torch.load(file, map_location="cpu", weights_only=True, mmap=is_zip(file))
    except DAMAGE as error:
        reason = (str(error).splitlines() or [type(error).__name__])[0]
        raise CheckpointError(f"{file}: these weights cannot be read ({reason}); install the package again.") from error
    if not isinstance(found, dict) or not all(isinstance(value, torch.Tensor) for value in found.values()):
        raise CheckpointError(f"{file}: this file holds more than weights; install the package again.")
    return dict(found)
