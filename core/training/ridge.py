"""Ridge teachers: people's scores predicted from a frozen network's features, each photo by a fit without it."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from safetensors import SafetensorError
from safetensors.numpy import load_file, save_file

from core import model_files
from core.errors import CheckpointError
from core.files import replacing
from core.photos.fingerprints import Fingerprint
from core.registry import NETWORKS, Entry
from core.types import Photo, Progress, silent

PREFIX = "ridge:"
PENALTIES = np.logspace(0, 5, 16)
"""Of standardised features; the one whose predictions of left-out photos are best is taken."""
SAVED_EVERY = 200
"""Photos after which features are saved, so that a killed run reads few again."""


def is_ridge(teacher: str) -> bool:
    """Whether a teacher's name asks for a ridge regression: ridge:NETWORK."""
    return teacher.startswith(PREFIX)


def network_of(teacher: str) -> Entry:
    """The network that a ridge teacher reads; UnknownChoiceError, and MissingDependencyError without its weights."""
    entry = NETWORKS[teacher.removeprefix(PREFIX)]
    model_files.located(entry.facts["file"])
    return entry


def left_out(features: np.ndarray, human: np.ndarray) -> np.ndarray:
    """Predictions (N,) of human scores (N,) from features (N × F), each by the ridge regression on all other photos.

    In closed form: the error on a photo that was left out is its residual over one minus its leverage. Only the spread
    by which features are divided is that of all photos. Source: Allen 1974 (PRESS).
    """
    features = np.asarray(features, dtype=float)
    centred = (features - features.mean(0)) / np.maximum(features.std(0), 1e-6)
    rotated, spread, _ = np.linalg.svd(centred, full_matrices=False)
    wanted = human - human.mean()
    turned, squares = rotated.T @ wanted, rotated**2

    def errors(penalty: float) -> np.ndarray:
        kept = spread**2 / (spread**2 + penalty)
        return (wanted - rotated @ (kept * turned)) / (1 - 1 / len(human) - squares @ kept)

    return human - min(map(errors, PENALTIES), key=lambda error: float(error @ error))


def labels(
    teacher: str,
    photos: Sequence[tuple[Photo, Fingerprint]],
    human: np.ndarray,
    folder: Path,
    progress: Progress = silent,
) -> np.ndarray:
    """A ridge teacher's labels (N,) of photos with human scores (N,); features stay in a file of `folder`.

    CheckpointError if that file is damaged.
    """
    entry = network_of(teacher)
    file = folder / f"{entry.id}-{model_files.FILES[entry.facts['file']].sha256[:12]}.safetensors"
    return left_out(features(entry, photos, file, progress), human)


def features(
    entry: Entry, photos: Sequence[tuple[Photo, Fingerprint]], file: Path, progress: Progress = silent
) -> np.ndarray:
    """Features (N × F) of whole photos, read from `file` as far as they lie there, and added to it."""
    known = _stored(file)
    missing = {item.pixels: photo for photo, item in photos if item.pixels not in known}
    if missing:
        read = entry.function()
        shown = progress(missing.items(), len(missing), f"features of {entry.label}")
        for done, (pixels, photo) in enumerate(shown, start=1):
            known[pixels] = np.asarray(read(photo.read()), dtype=np.float32)
            if done % SAVED_EVERY == 0 or done == len(missing):
                _save(known, file)
    return np.stack([known[item.pixels] for _, item in photos])


def _stored(file: Path) -> dict[str, np.ndarray]:
    if not file.is_file():
        return {}
    try:
        return load_file(file)
    except (OSError, ValueError, SafetensorError) as error:
        raise CheckpointError(f"{file}: these features cannot be read ({error}); delete the file.") from error


def _save(known: dict[str, np.ndarray], file: Path) -> None:
    file.parent.mkdir(parents=True, exist_ok=True)
    with replacing(file) as temporary:
        save_file(known, temporary)
