"""Mixup: blends of two photos and of their targets, so that a small training set cannot be memorised."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch


def mixup(
    batch: torch.Tensor, targets: torch.Tensor, alpha: float, key: Sequence[int]
) -> tuple[torch.Tensor, torch.Tensor]:
    """Blend every photo of a batch (N × 3 × H × W), and its target (N,), with those of a random partner.

    The share of the photo itself is drawn from Beta(alpha, alpha), its larger side; alpha 0 changes nothing. Everything
    random is drawn from `key`, so that a resumed run blends as an uninterrupted one. Source: Zhang et al. 2018 (mixup).
    """
    if alpha == 0:
        return batch, targets
    random = np.random.default_rng(key)
    drawn = float(random.beta(alpha, alpha))
    share, partner = max(drawn, 1 - drawn), torch.from_numpy(random.permutation(len(targets))).to(batch.device)
    return torch.lerp(batch[partner], batch, share), torch.lerp(targets[partner], targets, share)
