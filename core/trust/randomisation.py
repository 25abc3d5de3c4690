"""Does a heatmap depend on what the model learned? The same method while weights are randomised.

Source: Adebayo et al. 2018.
"""

from __future__ import annotations

import copy
from collections.abc import Iterator
from dataclasses import dataclass

import torch
from torch import nn

from core.inference import Predictor
from core.registry import ATTRIBUTIONS
from core.trust.grid import agreement
from core.types import Heatmap, Pixels


@dataclass(frozen=True)
class RandomisedStage:
    """Agreement (Spearman ρ over cells) of the map with that of a model whose stage and all above it are random."""

    stage: str
    agreement: float


def cascading_randomisation(
    predictor: Predictor, photo: Pixels, heatmap: Heatmap, settings: dict[str, object] | None = None, *, seed: int = 0
) -> Iterator[RandomisedStage]:
    """The heatmap again while the model's weights are randomised from its head downwards, a stage at a time.

    A map that stays as it was does not show what the model learned. The model itself is left alone: a copy is
    randomised.
    """
    with predictor.exclusive():
        module = copy.deepcopy(predictor.module)
    # A predictor of its own: the engine of the first may run an export, whose weights stay.
    randomised = Predictor(predictor.name, module, predictor.preset, predictor.card)
    explain = ATTRIBUTIONS[heatmap.method].function
    generator = torch.Generator().manual_seed(seed)
    for name, parts in stages(module):
        for part in parts:
            shuffle_weights(part, generator)
        again = explain(randomised, photo, **(settings or {}))
        yield RandomisedStage(name, agreement(heatmap, again))


def stages(module: nn.Module) -> list[tuple[str, list[nn.Module]]]:
    """Parts with weights by stage, from the output to the input; a stage is a numbered list of blocks, or one part.

    The head comes first, then `layer4` of a ResNet as a whole, and last its first convolution.
    """
    found: dict[str, list[nn.Module]] = {}
    for name, part in module.named_modules():
        if any(True for _ in part.parameters(recurse=False)):
            found.setdefault(_stage_of(name), []).append(part)
    return list(reversed(found.items()))


def shuffle_weights(part: nn.Module, generator: torch.Generator) -> None:
    """Put each tensor of a part in a random order: what was learned is gone, and the scale of the numbers stays."""
    with torch.no_grad():
        for weight in part.parameters(recurse=False):
            order = torch.randperm(weight.numel(), generator=generator).to(weight.device)
            weight.copy_(weight.flatten()[order].reshape(weight.shape))


def _stage_of(name: str) -> str:
    """The stage that a part belongs to: the first list of blocks above it, or itself where it is in none."""
    words = name.split(".")
    for place, word in enumerate(words):
        if word.isdigit() and place:
            return ".".join(words[:place])
    return name
