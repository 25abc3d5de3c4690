"""Losses on scores: the plain error, and two that also ask for the right order."""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional

from core.registry import LOSSES


@LOSSES.register("Mean squared error")
def mse(predicted: Tensor, target: Tensor) -> Tensor:
    """Mean squared error of scores (N,)."""
    return functional.mse_loss(predicted, target)


@LOSSES.register("Squared error and correlation")
def correlation(predicted: Tensor, target: Tensor) -> Tensor:
    """Mean squared error in units of the targets' variance, plus one minus the Pearson correlation of the batch."""
    centred, wanted = predicted - predicted.mean(), target - target.mean()
    variance = wanted.square().mean() + 1e-6
    pearson = (centred * wanted).mean() / (centred.square().mean() * variance + 1e-12).sqrt()
    return functional.mse_loss(predicted, target) / variance.detach() * 0.5 + (1 - pearson)


@LOSSES.register("Squared error and pairwise order")
def ranking(predicted: Tensor, target: Tensor) -> Tensor:
    """Mean squared error plus a logistic loss on every pair of the batch, weighted by how far its targets differ.

    Source: Burges et al. 2005 (RankNet).
    """
    difference = (target[:, None] - target[None, :]).triu()
    margin = (predicted[:, None] - predicted[None, :]) * torch.sign(difference) / 0.05
    pairs = functional.softplus(-margin) * difference.abs()
    return functional.mse_loss(predicted, target) + 0.1 * pairs.sum() / (difference.abs().sum() + 1e-6)
