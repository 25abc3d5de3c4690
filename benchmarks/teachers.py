"""How well would other networks teach? Linear probes on frozen features, ResMem's score, and their combinations.

Five-fold cross-validation on the train and validation photos of a scored set; the test part is never read. A
combination is a least-squares line on the cross-validated predictions of its members, itself cross-validated.
"""

from __future__ import annotations

import functools
import itertools

import numpy as np
from sklearn.linear_model import LinearRegression
from sklearn.model_selection import KFold, cross_val_predict

from benchmarks.screen import CACHE, ridge
from core import inference
from core.commandline import progress_bar
from core.config import ARTIFACTS
from core.evaluation import metrics
from core.photos.fingerprints import fingerprint
from core.registry import NETWORKS
from core.sources import open_source
from core.training import distillation
from core.training import ridge as ridge_teachers
from core.types import Photo


def features(photos: list[Photo], network: str) -> np.ndarray:
    """What a ridge teacher reads of whole photos, N × F."""
    pairs = [(photo, fingerprint(photo.read())) for photo in photos]
    return ridge_teachers.features(NETWORKS[network], pairs, CACHE / f"{network}.safetensors", progress_bar)


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
        **{entry.label: out_of_fold(features(photos, entry.id), human) for entry in NETWORKS},
    }
    print("teachers,spearman,squared error / of the mean")
    for size in range(1, len(found) + 1):
        for names in itertools.combinations(found, size):
            columns = np.stack([found[name] for name in names], axis=1)
            line = cross_val_predict(LinearRegression(), columns, human, cv=KFold(5, shuffle=True, random_state=1))
            rho, error = metrics.spearman(line, human), metrics.mse(line, human) / float(human.var())
            print(f"{' + '.join(names)},{rho:.3f},{error:.3f}", flush=True)
