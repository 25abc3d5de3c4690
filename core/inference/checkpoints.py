"""Checkpoints: safetensors for the weights beside a JSON card; a pickle is refused."""

from __future__ import annotations

import dataclasses
import hashlib
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import safetensors
import safetensors.torch
import torch
from safetensors import SafetensorError
from torch import nn

from core.errors import CheckpointError
from core.files import digest, json_of, replacing, write_text
from core.photos.preprocess import Preset
from core.registry import MODELS

WEIGHTS = "model.safetensors"
CARD = "card.json"
BELONGS = "weights_sha256"
"""Where a card names the weights that it tells of; older cards do not."""


def save(folder: Path, module: nn.Module, card: dict[str, Any], *, half: bool = False) -> None:
    """Write weights and card to `folder`, each to a temporary name first; `half` stores 16-bit floats.

    The card names its weights by their hash: where one of the two was written and the other not, they are refused.
    """
    tensors = {name: value.detach().cpu().contiguous() for name, value in module.state_dict().items()}
    if half:
        tensors = {name: value.half() if value.is_floating_point() else value for name, value in tensors.items()}
    write_tensors(folder / WEIGHTS, tensors)
    card = card | {BELONGS: digest(folder / WEIGHTS)}
    write_text(folder / CARD, json.dumps(card, indent=1, ensure_ascii=False) + "\n")


def write_tensors(path: Path, tensors: dict[str, torch.Tensor], metadata: dict[str, str] | None = None) -> None:
    """Write a safetensors file that is either the old one or the new one, never a part of it."""
    with replacing(path) as temporary:
        safetensors.torch.save_file(tensors, temporary, metadata)


def read_tensors(path: Path) -> tuple[dict[str, torch.Tensor], dict[str, str]]:
    """Tensors and metadata of a safetensors file; CheckpointError if it is missing or damaged."""
    try:
        with safetensors.safe_open(path, framework="pt") as file:
            return {name: file.get_tensor(name) for name in file.keys()}, file.metadata() or {}  # noqa: SIM118
    except FileNotFoundError as error:
        raise CheckpointError(f"{path} is missing; fetch the project's artifacts again.") from error
    except SafetensorError as error:
        raise CheckpointError(f"{path}: this file is damaged ({error}).") from error


def identity(name: str) -> str:
    """A file name for what a model computes: a registered name, or a checkpoint folder's with a hash of its weights."""
    weights = Path(name) / WEIGHTS
    if not weights.is_file():
        return Path(name).name
    return f"{Path(name).name}-{hashlib.sha256(weights.read_bytes()).hexdigest()[:12]}"


def read_card(folder: Path) -> dict[str, Any]:
    """The JSON card of a checkpoint folder; CheckpointError if it is missing or no card."""
    if folder.is_file():
        raise CheckpointError(
            f"{folder}: a checkpoint is a folder with {WEIGHTS} and {CARD}; a pickle is refused, it can run code."
        )
    for name in (CARD, WEIGHTS):
        if not (folder / name).is_file():
            raise CheckpointError(f"{folder}: there is no {name}; train a model with `python train.py DATA`.")
    try:
        card = json_of((folder / CARD).read_text(encoding="utf-8"))
    except ValueError as error:
        raise CheckpointError(f"{folder / CARD}: this is not a JSON card ({error}).") from error
    if not isinstance(card, dict) or "architecture" not in card or "preset" not in card:
        raise CheckpointError(f'{folder / CARD}: the card lacks "architecture" or "preset".')
    return card


def load(folder: Path) -> tuple[nn.Module, dict[str, Any]]:
    """Module in float32 and card of a checkpoint folder; CheckpointError says what does not fit."""
    card = read_card(folder)
    if card.get(BELONGS, "") not in ("", digest(folder / WEIGHTS)):
        raise CheckpointError(
            f"{folder}: {CARD} tells of other weights than {WEIGHTS} (writing them was cut short, or one was replaced);"
            " give the command that wrote them again, or fetch both anew."
        )
    entry = MODELS[card["architecture"]]
    # First weights would be drawn only to be replaced: time, and memory that the process never gives back.
    with torch.device("meta"):
        module = entry.function(**entry.arguments(card.get("settings")))
    try:
        tensors = safetensors.torch.load_file(folder / WEIGHTS)
        module.load_state_dict({name: _full(value) for name, value in tensors.items()}, assign=True)
    except (SafetensorError, RuntimeError) as error:
        reason = str(error).splitlines()[0]
        raise CheckpointError(
            f"{folder / WEIGHTS}: these weights do not fit {card['architecture']} ({reason})."
        ) from error
    return module, card


def average(folders: Sequence[Path]) -> nn.Module:
    """The mean of the weights of several checkpoints that were trained from one start; CheckpointError if unlike.

    Source: Wortsman et al. 2022 (model soups).
    """
    loaded = [load(folder) for folder in folders]
    module, first = loaded[0]
    for folder, (_, card) in zip(folders, loaded, strict=True):
        if (card["architecture"], card["preset"]) != (first["architecture"], first["preset"]):
            raise CheckpointError(f"{folder}: another architecture or preset than {folders[0]}; they have no average.")
    states = [other.state_dict() for other, _ in loaded]
    means = {
        name: torch.stack([state[name] for state in states]).mean(0) if value.is_floating_point() else value
        for name, value in states[0].items()
    }
    module.load_state_dict(means)
    return module


def _full(value: torch.Tensor) -> torch.Tensor:
    """In float32 and, for a convolution, channels last: one copy of one tensor at a time.

    Whole numbers are copied too: a single one left in the file would keep all of it mapped, 46 MB of a server's memory.
    """
    if not value.is_floating_point():
        return value.clone()
    layout = torch.channels_last if value.dim() == 4 else torch.contiguous_format
    return value.to(torch.float32).contiguous(memory_format=layout)


def preset_of(card: dict[str, Any]) -> Preset:
    """The preset written on a card; CheckpointError if it is none."""
    try:
        fields = dict(card["preset"])
        return Preset(**fields | {name: tuple(fields[name]) for name in ("mean", "std")})
    except (KeyError, TypeError, ValueError) as error:
        raise CheckpointError(f"The card's preset cannot be used: {error}.") from error


def preset_fields(preset: Preset) -> dict[str, Any]:
    """A preset as plain JSON."""
    return dataclasses.asdict(preset)
