"""Measure the detectors: faces and words against labels by eye, people and salient objects against COCO's outlines."""

from __future__ import annotations

import csv
import statistics
import time
from collections import defaultdict
from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np

from benchmarks._matching import Count, Labelled, by_photo, match, mean_iou, size_of, wilson
from core import config
from core.commandline import progress_bar
from core.masks.faces import find_faces
from core.masks.salient import centrality, patches, probability_maps
from core.masks.text import find_text
from core.photos import images
from core.photos.fingerprints import fingerprint, in_held_half
from core.regions import detectors, regions
from core.regions.detector_quality import weak_detectors
from core.regions.detectors import SIZES, Measured, SizeQuality
from core.registry import MASKS
from core.sources import open_source
from core.sources.outlined import fill_outline, parse
from core.types import Interval, Mask, Photo, Pixels, Rect

LABELS = config.ARTIFACTS / "labels_by_eye"
WANTED_PRECISION = 0.8
"""The lowest threshold that reaches this on one half of the photos is chosen: room above the 0.7 that is needed.

For words none does: 0.75 stands where the curve is flat (0.75 to 0.78 from 0.65 on)."""
GRID = [round(value, 2) for value in np.arange(0.1, 0.96, 0.05)]


Finder = Callable[[Pixels], tuple[list[Rect], np.ndarray]]
"""Photo → boxes with their scores."""


def labelled(data: Path, kind: str) -> list[Labelled]:
    """The photos labelled by eye, with their boxes of one kind."""
    boxes = defaultdict(list)
    for row in _rows(LABELS / "boxes.csv"):
        if row["kind"] == kind:
            boxes[row["source"], row["photo_id"]].append(row)
    photos = []
    for row in progress_bar(list(_rows(LABELS / "photos.csv")), len(list(_rows(LABELS / "photos.csv"))), f"{kind}s"):
        pixels = images.read(data / row["source"] / row["photo_id"])
        own = boxes[row["source"], row["photo_id"]]
        things, ignored = ([_rect(item, pixels) for item in own if item["ignore"] == flag] for flag in "01")
        photos.append(Labelled(pixels, things, ignored, in_held_half(fingerprint(pixels))))
    return photos


def _rows(file: Path) -> list[dict[str, str]]:
    with file.open(newline="", encoding="utf-8") as stream:
        return list(csv.DictReader(stream))


def _rect(row: dict[str, str], pixels: Pixels) -> Rect:
    height, width = pixels.shape[:2]
    sides = [float(row[name]) for name in ("left", "top", "right", "bottom")]
    return Rect(*(round(side * length) for side, length in zip(sides, (width, height) * 2, strict=True)))


def outlined(data: Path) -> list[Labelled]:
    """The outlined photos that taught the head nothing, with the boxes of people."""
    photos = []
    listing = [photo for photo in open_source(str(data / "coco")).photos if photo.truth]
    for photo in progress_bar(listing, len(listing), "outlines"):
        pixels = photo.read()
        if in_held_half(fingerprint(pixels)):
            assert photo.truth is not None
            people = photo.truth()["people"]
            photos.append(Labelled(pixels, list(people.boxes), [], True, people.mask))
    return photos


def faces_by_haar(photo: Pixels) -> tuple[list[Rect], np.ndarray]:
    """OpenCV's cascade alt2: boxes with their weights squashed to 0 … 1, for comparison."""
    folder = Path(str(cv2.__file__)).parent / "data"
    cascade = cv2.CascadeClassifier(str(folder / "haarcascade_frontalface_alt2.xml"))
    grey = cv2.cvtColor(photo, cv2.COLOR_RGB2GRAY)
    found, _, weights = cascade.detectMultiScale3(grey, scaleFactor=1.1, minNeighbors=3, outputRejectLevels=True)
    return [Rect(x, y, x + w, y + h) for x, y, w, h in np.reshape(found, (-1, 4)).tolist()], np.ones(len(weights))


def people_by_hog(photo: Pixels) -> tuple[list[Rect], np.ndarray]:
    """OpenCV's histogram of oriented gradients, for comparison."""
    finder = cv2.HOGDescriptor()
    finder.setSVMDetector(np.asarray(cv2.HOGDescriptor.getDefaultPeopleDetector()))
    found, weights = finder.detectMultiScale(photo, winStride=(8, 8), scale=1.05)
    return [Rect(x, y, x + w, y + h) for x, y, w, h in np.reshape(found, (-1, 4)).tolist()], np.ravel(weights)


def by_text(photo: Pixels) -> tuple[list[Rect], np.ndarray]:
    """Lines of text as upright boxes."""
    outlines, scores = find_text(photo)
    return [Rect(*np.rint([*box.min(axis=0), *box.max(axis=0)]).astype(int).tolist()) for box in outlines], scores


def by_faces(photo: Pixels) -> tuple[list[Rect], np.ndarray]:
    """CenterFace."""
    boxes, scores = find_faces(photo)
    return list(boxes), scores


def by_people(photo: Pixels) -> tuple[list[Rect], np.ndarray]:
    """The mask's own boxes, at its default threshold."""
    boxes = MASKS["people"].function(photo).boxes
    return list(boxes), np.ones(len(boxes))


def measure(name: str, mask: str | None, thing: str, where: str, photos: list[Labelled], finder: Finder) -> Measured:
    """Choose a threshold on one half (printed), and measure the one in use on the other."""
    answers, times = [], []
    for photo in progress_bar(photos, len(photos), name):
        started = time.process_time()
        boxes, scores = finder(photo.pixels)
        times.append(time.process_time() - started)
        order = np.argsort(-np.asarray(scores), kind="stable")
        answers.append(([boxes[index] for index in order], np.asarray(scores)[order]))
    in_use = _in_use(mask)
    if any(not photo.reports for photo in photos):
        _advise(name, [pair for pair in zip(photos, answers, strict=True) if not pair[0].reports], in_use)
    reporting = [pair for pair in zip(photos, answers, strict=True) if pair[0].reports]
    counts = _counts(reporting, in_use or 0.0)
    return _summary(name, mask, thing, where, in_use, counts, times, _mask_iou(mask, [pair[0] for pair in reporting]))


def _version(mask: str | None) -> int | None:
    return MASKS[mask].facts["version"] if mask else None


def _in_use(mask: str | None) -> float | None:
    params = {param.name: param.default for param in MASKS[mask].params} if mask else {}
    return params.get("threshold")


Answer = tuple[list[Rect], np.ndarray]


def _counts(pairs: list[tuple[Labelled, Answer]], threshold: float) -> list[Count]:
    return [
        match(photo, [box for box, score in zip(boxes, scores, strict=True) if score >= threshold])
        for photo, (boxes, scores) in pairs
    ]


def _advise(name: str, pairs: list[tuple[Labelled, Answer]], in_use: float | None) -> None:
    """Print precision and recall by threshold on the choosing half."""
    for threshold in GRID if in_use is not None else [0.0]:
        counts = _counts(pairs, threshold)
        right, wrong = sum(item.right for item in counts), sum(item.wrong for item in counts)
        things = sum(len(item.sizes[size]) for item in counts for size in SIZES)
        note = "  in use" if threshold == in_use else ""
        precision = right / max(right + wrong, 1)
        print(
            f"  choosing half, {name} ≥ {threshold:.2f}: precision {precision:.2f}, recall {right / things:.2f}{note}"
        )


def _mask_iou(mask: str | None, photos: list[Labelled]) -> Interval | None:
    if mask is None or not any(photo.truth is not None and photo.truth.any() for photo in photos):
        return None
    pairs = [(MASKS[mask].function(photo.pixels).mask, photo.truth) for photo in photos if photo.truth is not None]
    return mean_iou([(found, truth) for found, truth in pairs if truth.any()])


def _summary(
    name: str,
    mask: str | None,
    thing: str,
    where: str,
    threshold: float | None,
    counts: list[Count],
    times: list[float],
    covered: Interval | None,
) -> Measured:
    right, found = (np.array(values) for values in zip(*((c.right, c.right + c.wrong) for c in counts), strict=True))
    sizes = tuple(_at_size(size, counts) for size in SIZES)
    things = sum(item.n_things for item in sizes)
    return Measured(
        detector=name,
        mask=mask,
        thing=thing,
        photos=where,
        threshold=threshold,
        n_photos=len(counts),
        n_things=things,
        n_found=int(found.sum()),
        precision=wilson(int(right.sum()), int(found.sum())),
        precision_by_photo=by_photo(right, found),
        recall=wilson(int(right.sum()), things),
        by_size=sizes,
        iou=covered,
        milliseconds=round(1000 * statistics.median(times), 1),
        version=_version(mask),
    )


def _at_size(size: str, counts: list[Count]) -> SizeQuality:
    hits, right = ([hit for count in counts for hit in getattr(count, name)[size]] for name in ("sizes", "found"))
    return SizeQuality(size, len(hits), wilson(sum(hits), len(hits)), len(right), wilson(sum(right), len(right)))


# --- the salient object


def main_thing(photo: Photo) -> Mask:
    """The outlined thing that is largest, weighted by nearness to the middle: what a salient mask should cover."""
    assert photo.path is not None
    size = photo.read().shape[:2]
    file = photo.path.parent.parent / "polygons" / f"{photo.path.stem}.txt"
    masks = [fill_outline(corners, size) for _, corners in parse(file)]
    return max(masks, key=lambda mask: float(centrality(size)[mask].sum()))


def by_spectral_residual(photo: Pixels) -> Mask:
    """Hou & Zhang 2007 at 64 px, the patch above three times its mean that weighs most."""
    grey = cv2.resize(cv2.cvtColor(photo, cv2.COLOR_RGB2GRAY), (64, 64), interpolation=cv2.INTER_AREA)
    spectrum = np.fft.fft2(grey.astype(float))
    logs = np.log(np.abs(spectrum) + 1e-9)
    residual = logs - cv2.blur(logs, (3, 3))
    values = np.abs(np.fft.ifft2(np.exp(residual + 1j * np.angle(spectrum)))) ** 2
    return _strongest(cv2.GaussianBlur(values, (0, 0), 2.5), photo, 3)


def by_frequency_tuning(photo: Pixels) -> Mask:
    """Achanta et al. 2009: distance of the blurred colour from the mean colour in Lab, above twice its mean."""
    lab = cv2.cvtColor(cv2.GaussianBlur(photo, (0, 0), 1), cv2.COLOR_RGB2LAB).astype(float)
    return _strongest(np.linalg.norm(lab - lab.mean(axis=(0, 1)), axis=2), photo, 2)


def by_centre(photo: Pixels) -> Mask:
    """The middle quarter of the photo: what needs no detector."""
    height, width = photo.shape[:2]
    mask = np.zeros((height, width), dtype=bool)
    mask[height // 4 : 3 * height // 4, width // 4 : 3 * width // 4] = True
    return mask


def _strongest(values: np.ndarray, photo: Pixels, times: float) -> Mask:
    size = (photo.shape[1], photo.shape[0])
    values = cv2.resize(values, size, interpolation=cv2.INTER_LINEAR)
    found = patches(values >= times * values.mean())
    if not found:
        return np.zeros(photo.shape[:2], dtype=bool)
    return max(found, key=lambda item: float(values[item[0]].sum()))[0]


def by_salient(photo: Pixels) -> Mask:
    """The mask itself."""
    return MASKS["salient"].function(photo).mask


def salient_rows(data: Path) -> list[Measured]:
    """Intersection over union with the main thing of outlined photos that taught the head nothing."""
    photos = [photo for photo in open_source(str(data / "coco")).photos if photo.truth]
    held = [(photo.read(), main_thing(photo)) for photo in photos if in_held_half(fingerprint(photo.read()))]
    rows = []
    for name, finder in (
        ("fitted head", by_salient),
        ("spectral residual", by_spectral_residual),
        ("frequency-tuned", by_frequency_tuning),
        ("middle quarter", by_centre),
    ):
        started = time.process_time()
        pairs = [(finder(pixels), truth) for pixels, truth in progress_bar(held, len(held), name)]
        spent = 1000 * (time.process_time() - started) / len(held)
        own = "salient" if finder is by_salient else None
        rows.append(
            Measured(
                name, own, "salient objects", "coco, half by content hash", _in_use(own), len(held), len(held),
                sum(bool(found.any()) for found, _ in pairs), None, None, None, _iou_by_size(pairs), mean_iou(pairs),
                round(spent, 1),
                _version(own),
            )
        )  # fmt: skip
    return rows


def _iou_by_size(pairs: list[tuple[Mask, Mask]]) -> tuple[SizeQuality, ...]:
    """By the size of the true thing's box."""
    groups: dict[str, list[tuple[Mask, Mask]]] = {size: [] for size in SIZES}
    for found, truth in pairs:
        groups[size_of(regions.around(truth), min(truth.shape))].append((found, truth))
    return tuple(
        SizeQuality(
            size, len(own), None, sum(bool(found.any()) for found, _ in own), iou=mean_iou(own) if own else None
        )
        for size, own in groups.items()
    )


def line(row: Measured) -> str:
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


def main(arguments: list[str]) -> None:
    """Print thresholds on one half and the quality on the other, and save artifacts/detectors.json."""
    if len(arguments) != 1:
        raise SystemExit("usage: python -m benchmarks masks DATA (the folder of the development sets)")
    data = Path(arguments[0])
    _ = probability_maps(np.zeros((64, 64, 3), dtype=np.uint8))  # loads the network before the clock runs
    by_eye, coco = "labelled by eye, half by content hash", "coco, half by content hash"
    faces, words, people = labelled(data, "face"), labelled(data, "text"), outlined(data)
    rows = [
        measure("CenterFace", "faces", "faces", by_eye, faces, by_faces),
        measure("Haar alt2", None, "faces", by_eye, faces, faces_by_haar),
        measure("PP-OCR", "text", "words", by_eye, words, by_text),
        measure("fitted head around faces", "people", "people", coco, people, by_people),
        measure("HOG", None, "people", coco, people, people_by_hog),
        *salient_rows(data),
    ]
    detectors.save(rows)
    print("\n".join(line(row) for row in rows))
    weak = weak_detectors()
    print("exploratory:", "; ".join(f"{mask}: {reason}" for mask, reason in weak.items()) or "none")
