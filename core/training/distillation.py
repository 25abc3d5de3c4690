"""Teacher labels: other models' scores of every view, mapped to the human scale.

The teacher sees exactly the crops that the student will see. Labels are appended to a file as they come, so that a
killed run goes on where it stopped, and every seed of a recipe shares them.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from safetensors import SafetensorError
from safetensors.numpy import load_file, save_file

from core.errors import CheckpointError
from core.files import replacing
from core.inference import Predictor, batches, prefetch
from core.photos import preprocess
from core.training.crops import crop, view_box
from core.types import Photo, Pixels, Progress, silent

Key = tuple[str, int, float]
"""Pixels hash, view, smallest share of the area."""


@dataclass(frozen=True)
class HumanScale:
    """Least-squares line from a teacher's scores to human scores, fitted on scored training photos only."""

    slope: float
    intercept: float

    def __call__(self, scores: np.ndarray) -> np.ndarray:
        return np.clip(self.slope * scores + self.intercept, 0.0, 1.0)


def human_scale(teacher: np.ndarray, human: np.ndarray) -> HumanScale:
    """The line that predicts human scores (N,) from teacher scores (N,)."""
    slope, intercept = np.polyfit(teacher, human, 1)
    return HumanScale(float(slope), float(intercept))


def read_labels(file: Path) -> dict[Key, float]:
    """Labels computed so far; a line cut short by a kill is left out."""
    labels: dict[Key, float] = {}
    if file.is_file():
        for line in file.read_text().split("\n")[:-1]:
            pixels, view, min_area, score = line.split(",")
            labels[pixels, int(view), float(min_area)] = float(score)
    return labels


def read_packed(file: Path) -> dict[Key, float]:
    """Labels of many crops of many photos, shipped in few bytes: pixels (N,), scores (N × views), min_area.

    Empty where there is no such file; CheckpointError if it is damaged. Scores are kept to a thousandth.
    """
    if not file.is_file():
        return {}
    try:
        stored = load_file(file)
        pixels, scores, min_area = stored["pixels"], stored["scores"].astype(float), float(stored["min_area"][0])
        return {
            (f"{int(photo):016x}", view, min_area): float(score)
            for photo, row in zip(pixels, scores, strict=True)
            for view, score in enumerate(row)
        }
    except (OSError, ValueError, TypeError, LookupError, OverflowError, SafetensorError) as error:
        raise CheckpointError(f"{file}: these labels cannot be read ({error}); restore the file.") from error


def write_packed(file: Path, pixels: list[str], scores: np.ndarray, min_area: float) -> None:
    """Write labels (N × views) of photos by the hash of their pixels, as `read_packed` reads them."""
    hashes = np.array([int(photo, 16) for photo in pixels], dtype=np.uint64)
    tensors: dict[str, np.ndarray] = {
        "pixels": hashes,
        "scores": np.asarray(scores, dtype=np.float16),
        "min_area": np.array([min_area]),
    }
    with replacing(file) as temporary:
        save_file(tensors, temporary)


AS_IT_IS = HumanScale(1.0, 0.0)


@dataclass(frozen=True)
class TeacherScale:
    """A teacher, by name, and its line to the human scale."""

    teacher: str
    scale: HumanScale


def teacher_labels(
    load: Callable[[], Predictor],
    photos: list[tuple[Photo, str]],
    views: int,
    min_area: float,
    file: Path,
    *,
    shipped: Path | None = None,
    batch_size: int = 16,
    workers: int = 1,
    progress: Progress = silent,
) -> np.ndarray:
    """A teacher's raw scores of `views` views of each (photo, pixels hash): float64 N × views, cached in `file`.

    Labels in `shipped`, and in the safetensors file of that name, are used too, but never added to. The teacher is
    loaded only if a label is missing, so that cached labels can be learned from where it is not installed.
    """
    labels = (read_packed(shipped.with_suffix(".safetensors")) | read_labels(shipped) if shipped else {}) | read_labels(
        file
    )
    by_hash = {pixels: photo for photo, pixels in photos}
    wanted = [(pixels, view, min_area) for view in range(views) for _, pixels in photos]
    missing = [key for key in dict.fromkeys(wanted) if key not in labels]

    if missing:
        teacher = load()

        def prepare(key: Key) -> Pixels:
            return preprocess.square(crop(by_hash[key[0]].read(), view_box(*key)), teacher.preset)

        file.parent.mkdir(parents=True, exist_ok=True)
        _end_cut_line(file)
        squares = batches(prefetch(prepare, missing, 2 * batch_size, workers), batch_size)
        work = list(batches(missing, batch_size))
        with file.open("a") as stream:
            for keys, batch in zip(progress(work, len(work), f"labels by {teacher.name}"), squares, strict=True):
                for key, score in zip(keys, teacher.score_squares(batch), strict=True):
                    labels[key] = round(float(score), 6)  # as written, so that a resumed run sees the same
                    stream.write(f"{key[0]},{key[1]},{key[2]},{labels[key]:.6f}\n")
                stream.flush()
    return np.array([labels[key] for key in wanted]).reshape(views, len(photos)).T


def _end_cut_line(file: Path) -> None:
    """Cut the last line off if a kill left it unfinished, so that nothing is appended to half a number."""
    if file.is_file():
        text = file.read_text()
        file.write_text(text[: text.rfind("\n") + 1])
