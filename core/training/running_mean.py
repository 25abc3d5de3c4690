"""A running mean of the weights: steadier than the last step's, and what is kept of a run that asks for it."""

from __future__ import annotations

import copy

import torch
from torch import nn


class RunningMean:
    """Exponential mean of a module's weights and statistics over its steps.

    After k steps the past weighs min(decay, (1 + k) / (10 + k)), so that the first weights are soon forgotten. Source:
    Tarvainen & Valpola 2017.
    """

    def __init__(self, module: nn.Module, decay: float) -> None:
        self.module = copy.deepcopy(module).requires_grad_(False)
        self.decay = decay

    @torch.no_grad()
    def update(self, module: nn.Module, step: int) -> None:
        """Take the weights after step `step`, counted from 0 over the whole run."""
        past = min(self.decay, (1 + step) / (10 + step))
        for mean, value in zip(self.module.state_dict().values(), module.state_dict().values(), strict=True):
            if mean.is_floating_point():
                mean.lerp_(value, 1 - past)
            else:
                mean.copy_(value)
