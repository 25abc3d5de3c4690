"""Fit the head that finds people and things to half of the outlined photos, chosen by content hash."""

from __future__ import annotations

import json
from dataclasses import dataclass

import cv2
import numpy as np
import torch
from torch.nn import functional

from core import config
from core.commandline import progress_bar
from core.files import write_text
from core.inference import checkpoints
from core.photos.fingerprints import fingerprint, in_held_half
from core.regions.segmentation_network import CELLS, WEIGHTS, Head, maps_of
from core.sources import open_source
from core.types import Photo

EPOCHS, BATCH, RATE, DECAY = 14, 16, 2e-3, 1e-2


@dataclass(frozen=True)
class View:
    """A view of a photo: the trunk's maps and what is where, 2 × 40 × 40 (people, objects)."""

    maps: list[torch.Tensor]
    truth: torch.Tensor


def views(photo: Photo, random: np.random.Generator) -> list[View]:
    """A photo as it is and mirrored, and two crops, one of them mirrored."""
    assert photo.truth is not None
    pixels, known = photo.read(), photo.truth()
    truth = np.stack([known["people"].mask, known["objects"].mask], axis=2).astype(np.float32)
    made = [(pixels, truth), (pixels[:, ::-1], truth[:, ::-1])]
    for step in (1, -1):
        share = random.uniform(0.5, 0.9)
        height, width = (int(length * share) for length in truth.shape[:2])
        top, left = (int(random.integers(0, whole - part + 1)) for whole, part in zip(truth.shape, (height, width)))  # noqa: B905
        inside = np.s_[top : top + height, left : left + width]
        made.append((pixels[inside][:, ::step], truth[inside][:, ::step]))
    return [_view(*item) for item in made]


def _view(pixels: np.ndarray, truth: np.ndarray) -> View:
    small = cv2.resize(np.ascontiguousarray(truth), (CELLS, CELLS), interpolation=cv2.INTER_AREA)
    return View([found[0] for found in maps_of(np.ascontiguousarray(pixels))], torch.from_numpy(small).permute(2, 0, 1))


def fit(examples: list[View]) -> Head:
    """Cross-entropy plus half the soft intersection over union, AdamW, one cycle."""
    torch.manual_seed(config.SEED)
    head, steps = Head(), EPOCHS * -(-len(examples) // BATCH)
    optimizer = torch.optim.AdamW(head.parameters(), RATE, weight_decay=DECAY)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, RATE, total_steps=steps)
    for _ in progress_bar(range(EPOCHS), EPOCHS, "fitting the head"):
        for chosen in torch.randperm(len(examples)).split(BATCH):
            batch = [examples[int(index)] for index in chosen]
            maps = [torch.stack(scale) for scale in zip(*(view.maps for view in batch), strict=True)]
            loss = _loss(head(maps), torch.stack([view.truth for view in batch]))
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            schedule.step()
    return head.eval()


def _loss(logits: torch.Tensor, truth: torch.Tensor) -> torch.Tensor:
    found = logits.sigmoid()
    both = (found * truth).sum((0, 2, 3))
    either = (found + truth - found * truth).sum((0, 2, 3))
    return functional.binary_cross_entropy_with_logits(logits, truth) + 0.5 * (1 - both / either).mean()


def main(arguments: list[str]) -> None:
    """Fit the head and write artifacts/things, in about three minutes on an idle machine."""
    if len(arguments) != 1:
        raise SystemExit("usage: python -m benchmarks things DATA (photos with outlines)")
    torch.set_num_threads(1)  # batches this small lose more to waiting threads than they gain
    photos = [photo for photo in open_source(arguments[0]).photos if photo.truth]
    held = {photo.id: in_held_half(fingerprint(photo.read())) for photo in photos}
    random = np.random.default_rng(config.SEED)
    taught = [photo for photo in photos if not held[photo.id]]
    with torch.inference_mode():
        examples = [view for photo in progress_bar(taught, len(taught), "features") for view in views(photo, random)]
    head = fit([View([item.clone() for item in view.maps], view.truth.clone()) for view in examples])
    tensors = {name: value.detach().half().contiguous() for name, value in head.state_dict().items()}
    checkpoints.write_tensors(WEIGHTS, tensors)
    card = {
        "what": "head on EfficientNet-lite0 (Apache 2.0) that finds people and objects",
        "fitted_to": sorted(photo.id for photo in taught),
        "epochs": EPOCHS,
        "seed": config.SEED,
        "command": "python -m benchmarks things DATA/coco",
    }
    write_text(WEIGHTS.with_name("card.json"), json.dumps(card, indent=1) + "\n")
    print(
        f"fitted to {len(taught)} photos; the other {len(photos) - len(taught)} measure it: python -m benchmarks masks"
    )
