"""Measure the detectors on photos whose labels are complete, which neither taught them nor chose their thresholds."""

from __future__ import annotations

import argparse
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np

from benchmarks import _labels
from benchmarks._matching import (
    Count,
    Labelled,
    Thing,
    box_of,
    by_photo,
    in_use,
    match,
    mean_iou,
    milliseconds,
    version,
    wilson,
)
from benchmarks._saliency import salient_rows
from core.commandline import progress_bar
from core.masks.faces import find_faces
from core.masks.text import find_text
from core.regions import detectors, mask_cache, regions
from core.regions.detector_quality import weak_detectors
from core.regions.detectors import SIZES, MeasuredDetector, SizeQuality
from core.regions.vision_transformer import dino_features
from core.registry import MASKS
from core.types import Interval, Mask, Pixels, Rect

GRID = [round(value, 2) for value in np.arange(0.1, 0.96, 0.05)]
HALF = ", half by content hash"
EYE = "mixed photos labelled by eye" + HALF
ALONE = "photos of one person and photos of nobody" + HALF

Answer = tuple[Sequence[Thing], np.ndarray]
"""What was found, with scores."""
Finder = Callable[[Pixels], Answer]


def faces_by_haar(photo: Pixels) -> Answer:
    """OpenCV's cascade alt2: boxes with their weights squashed to 0 … 1, for comparison."""
    folder = Path(str(cv2.__file__)).parent / "data"
    cascade = cv2.CascadeClassifier(str(folder / "haarcascade_frontalface_alt2.xml"))
    grey = cv2.cvtColor(photo, cv2.COLOR_RGB2GRAY)
    found, _, weights = cascade.detectMultiScale3(grey, scaleFactor=1.1, minNeighbors=3, outputRejectLevels=True)
    return [Rect(x, y, x + w, y + h) for x, y, w, h in np.reshape(found, (-1, 4)).tolist()], np.ones(len(weights))


def people_by_hog(photo: Pixels) -> Answer:
    """OpenCV's histogram of oriented gradients, for comparison."""
    finder = cv2.HOGDescriptor()
    finder.setSVMDetector(np.asarray(cv2.HOGDescriptor.getDefaultPeopleDetector()))
    found, weights = finder.detectMultiScale(photo, winStride=(8, 8), scale=1.05)
    return [Rect(x, y, x + w, y + h) for x, y, w, h in np.reshape(found, (-1, 4)).tolist()], np.ravel(weights)


def by_text(photo: Pixels) -> Answer:
    """Lines of text as upright boxes."""
    outlines, scores = find_text(photo)
    return [Rect(*np.rint([*box.min(axis=0), *box.max(axis=0)]).astype(int).tolist()) for box in outlines], scores


def by_faces(photo: Pixels) -> Answer:
    """CenterFace."""
    boxes, scores = find_faces(photo)
    return list(boxes), scores


def by_people(photo: Pixels) -> Answer:
    """The mask's own people or groups, at its default threshold; kept on disk, so that measuring can go on later."""
    region = mask_cache.detect("people", photo)
    boxes = [regions.from_boxes([box], photo.shape).mask for box in region.boxes]
    return [region.mask & box for box in boxes], np.ones(len(boxes))


@dataclass(frozen=True)
class Trial:
    """A detector on a set: the one behind `mask`, or one that is only compared, perhaps at the threshold of `like`."""

    name: str
    thing: str
    photos: str
    finder: Finder
    mask: str | None = None
    like: str | None = None

    @property
    def threshold(self) -> float | None:
        return in_use(self.mask or self.like)


def measure(trial: Trial, photos: list[Labelled]) -> MeasuredDetector:
    """The quality of a detector at the threshold in use."""
    answers = [_best_first(trial.finder(photo.pixels)) for photo in progress_bar(photos, len(photos), trial.name)]
    pairs = list(zip(photos, answers, strict=True))
    own = trial.mask or trial.like
    timed = MASKS[own].function if own else trial.finder
    spent = milliseconds(timed, [photo.pixels for photo in photos])
    return _summary(trial, _counts(pairs, trial.threshold or 0.0), spent, _mask_iou(pairs))


def advise(name: str, mask: str, photos: list[Labelled], finder: Finder) -> None:
    """Print precision and recall by threshold, on photos that do not report."""
    pairs = [(photo, _best_first(finder(photo.pixels))) for photo in progress_bar(photos, len(photos), name)]
    for threshold in GRID:
        counts = _counts(pairs, threshold)
        right, wrong = sum(item.right for item in counts), sum(item.wrong for item in counts)
        things = sum(len(photo.things) for photo in photos)
        note = "  in use" if threshold == in_use(mask) else ""
        precision = right / max(right + wrong, 1)
        print(
            f"  choosing half, {name} ≥ {threshold:.2f}: precision {precision:.2f}, recall {right / things:.2f}{note}"
        )


def _best_first(answer: Answer) -> Answer:
    things, scores = answer
    order = np.argsort(-np.asarray(scores), kind="stable")
    return [things[index] for index in order], np.asarray(scores)[order]


def _counts(pairs: list[tuple[Labelled, Answer]], threshold: float) -> list[Count]:
    return [
        match(photo, [item for item, score in zip(things, scores, strict=True) if score >= threshold])
        for photo, (things, scores) in pairs
    ]


def _mask_iou(pairs: list[tuple[Labelled, Answer]]) -> Interval | None:
    """Of all that was found with all that is there, in photos that have something; None where boxes are labelled."""
    if any(isinstance(thing, Rect) for photo, (found, _) in pairs for thing in (*photo.things, *found)):
        return None

    def joined(things: Sequence[Thing], photo: Labelled) -> Mask:
        return regions.union((thing for thing in things if not isinstance(thing, Rect)), photo.pixels.shape)

    there = [(photo, found) for photo, (found, _) in pairs if len(photo.things)]
    return mean_iou([(joined(found, photo), joined(photo.things, photo)) for photo, found in there])


def _summary(trial: Trial, counts: list[Count], spent: float, covered: Interval | None) -> MeasuredDetector:
    right, found = (np.array(values) for values in zip(*((c.right, c.right + c.wrong) for c in counts), strict=True))
    sizes = tuple(_at_size(size, counts) for size in SIZES)
    things = sum(item.n_things for item in sizes)
    return MeasuredDetector(
        detector=trial.name,
        mask=trial.mask,
        thing=trial.thing,
        photos=trial.photos,
        threshold=trial.threshold,
        n_photos=len(counts),
        n_things=things,
        n_found=int(found.sum()),
        precision=wilson(int(right.sum()), int(found.sum())),
        precision_by_photo=by_photo(right, found),
        recall=wilson(int(right.sum()), things),
        by_size=sizes,
        iou=covered,
        milliseconds=spent,
        version=version(trial.mask),
    )


def _at_size(size: str, counts: list[Count]) -> SizeQuality:
    hits, right = ([hit for count in counts for hit in getattr(count, name)[size]] for name in ("sizes", "found"))
    return SizeQuality(size, len(hits), wilson(sum(hits), len(hits)), len(right), wilson(sum(right), len(right)))


def line(row: MeasuredDetector) -> str:
    """A measurement for people."""
    figures = [f"{label} {value}" for label, value in (
        ("precision", row.precision), ("by photo", row.precision_by_photo), ("recall", row.recall), ("IoU", row.iou),
    ) if value]  # fmt: skip
    sizes = [
        f"{label} of {item.size} ones {value} (n = {n})"
        for item in row.by_size
        for label, value, n in (
            ("precision", item.precision, item.n_found), ("recall", item.recall, item.n_things),
            ("IoU", item.iou, item.n_things),
        ) if value
    ]  # fmt: skip
    where = f"{row.n_photos} photos, {row.n_things} things, {row.n_found} found"
    return f"{row.detector} ({row.thing}, {where}): " + "; ".join([*figures, *sizes, f"{row.milliseconds} ms"])


def as_boxes(photos: list[Labelled]) -> list[Labelled]:
    """The same photos with the boxes of their things, for detectors that give boxes only."""
    return [Labelled(photo.pixels, [box_of(thing) for thing in photo.things]) for photo in photos]


def face_rows(data: Path, most: int | None) -> list[MeasuredDetector]:
    """CenterFace and, beside it, Haar's cascade."""
    faces = _labels.boxed(data / "faces", "faces", held=True, most=most)
    return [
        measure(Trial("CenterFace", "faces", "faces" + HALF, by_faces, "faces"), faces),
        measure(Trial("CenterFace, mixed photos", "faces", EYE, by_faces, like="faces"), _labels.by_eye(data, "face")),
        measure(Trial("Haar alt2", "faces", "faces" + HALF, faces_by_haar), faces),
    ]


def text_rows(data: Path, most: int | None) -> list[MeasuredDetector]:
    """PP-OCR on signs, and on photos of anything."""
    lines = _labels.boxed(data / "text", "text", held=True, most=most)
    return [
        measure(Trial("PP-OCR", "words", "text" + HALF, by_text, "text"), lines),
        measure(Trial("PP-OCR, mixed photos", "words", EYE, by_text, like="text"), _labels.by_eye(data, "text")),
    ]


def people_rows(data: Path, most: int | None) -> list[MeasuredDetector]:
    """The head on photos of one person or nobody, and of groups, and OpenCV's HOG."""
    people = _labels.one_person_or_none(data, most)
    return [
        measure(Trial("head on DINOv2", "people", ALONE, by_people, "people"), people),
        measure(
            Trial("head on DINOv2, groups", "people", "coco" + HALF, by_people, like="people"),
            _labels.groups(data, most),
        ),
        measure(Trial("HOG", "people", ALONE, people_by_hog), as_boxes(people)),
    ]


MEASURED = {"faces": face_rows, "words": text_rows, "people": people_rows, "salient objects": salient_rows}
"""What is measured, by the things that are looked for."""


def main(arguments: list[str]) -> None:
    """Print the quality of all detectors and save artifacts/detectors.json."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks masks", description=__doc__)
    parser.add_argument("data", type=Path, help="the folder of the development sets")
    parser.add_argument(
        "--only", nargs="+", choices=MEASURED, default=list(MEASURED), help="leave the others as they are"
    )
    parser.add_argument("--most", type=int, help="of every set, for a first look")
    parser.add_argument("--choose", action="store_true", help="print only what thresholds give on the other halves")
    given = parser.parse_args(arguments)
    if given.choose:
        advise("CenterFace", "faces", _labels.boxed(given.data / "faces", "faces", held=False), by_faces)
        advise("PP-OCR", "text", _labels.boxed(given.data / "text", "text", held=False), by_text)
        return
    dino_features(np.zeros((64, 64, 3), dtype=np.uint8))  # loads the network before the clock runs
    rows = [row for name in given.only for row in MEASURED[name](given.data, given.most)]
    detectors.save([*(row for row in detectors.measurements() if row.thing not in given.only), *rows])
    print("\n".join(line(row) for row in rows))
    weak = weak_detectors()
    print("exploratory:", "; ".join(f"{mask}: {reason}" for mask, reason in weak.items()) or "none")
