"""Checkpoints, intervals, labels and masks that lie: headers, shapes, cards, and what stands in them."""

from __future__ import annotations

import json
import random
import struct
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import safetensors.numpy
import torch

from core.evaluation import intervals
from core.inference import checkpoints
from core.inference.checkpoints import CARD, WEIGHTS
from core.models.package_weights import read_package_weights
from core.models.small import small_cnn
from core.photos.preprocess import Preset
from core.regions import mask_cache
from core.training import distillation
from tests.helpers.hostile import attack, bent, damaged

PRESET = checkpoints.preset_fields(Preset(64, 64))
CARD_OF = {"architecture": "small_cnn", "preset": PRESET, "settings": {}, "training_photos": [["0" * 16, "f" * 16]]}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    torch.manual_seed(0)
    checkpoints.save(tmp_path / "small_cnn", small_cnn(), CARD_OF)
    return tmp_path / "small_cnn"


def lying(data: bytes, draw: random.Random) -> bytes:
    """A safetensors file whose header says something else, with the length that belongs to it."""
    length = struct.unpack_from("<Q", data)[0]
    header = json.dumps(bent(json.loads(data[8 : 8 + length]), draw)).encode("utf-8", "replace")
    return struct.pack("<Q", len(header)) + header + data[8 + length :]


def maker(data: bytes) -> Callable[[random.Random], bytes]:
    def make(draw: random.Random) -> bytes:
        return lying(data, draw) if draw.random() < 0.5 else damaged(data, [data], draw)

    return make


def test_weights(folder: Path) -> None:
    good = (folder / WEIGHTS).read_bytes()

    def take(data: bytes) -> None:
        (folder / WEIGHTS).write_bytes(data)
        checkpoints.load(folder)

    attack("weights", 80, maker(good), take, folder)


def test_tensors(tmp_path: Path) -> None:
    file = tmp_path / "t.safetensors"
    checkpoints.write_tensors(file, {"a": torch.ones(3, 2), "b": torch.zeros(4).half()}, {"progress": "{}"})

    def take(data: bytes) -> None:
        file.write_bytes(data)
        checkpoints.read_tensors(file)

    attack("tensors", 200, maker(file.read_bytes()), take, tmp_path)


def test_cards(folder: Path) -> None:
    def make(draw: random.Random) -> bytes:
        data = json.dumps(bent(CARD_OF, draw)).encode("utf-8", "replace")
        return damaged(data, [data], draw) if draw.random() < 0.3 else data

    def take(data: bytes) -> None:
        (folder / CARD).write_bytes(data)
        _, card = checkpoints.load(folder)
        preset = checkpoints.preset_of(card)
        assert preset.resize * preset.resize < 10**8

    attack("cards", 120, make, take, folder)


def test_intervals(tmp_path: Path) -> None:
    file = tmp_path / "intervals.safetensors"
    numbers = {"quantile": 0.1, "usual": 3.0, "coverage": 0.9, "facts": {"n": 10}}
    tensors = {name: np.ones((3, 3), np.float32) for name in ("directions", "known")} | {"mean": np.ones(3, np.float32)}
    good = safetensors.numpy.save(tensors, {"intervals": json.dumps(numbers)})

    def take(data: bytes) -> None:
        file.write_bytes(data)
        found = intervals.read(file)
        assert found is not None
        found.around(np.array([0.5]), np.ones((1, 3)))

    attack("intervals", 150, maker(good), take, tmp_path)


def test_packed_labels(tmp_path: Path) -> None:
    file = tmp_path / "labels.safetensors"
    distillation.write_packed(file, ["0" * 16, "f" * 16], np.array([[0.5, 0.6], [0.1, 0.2]]), 0.5)

    def take(data: bytes) -> None:
        file.write_bytes(data)
        distillation.read_packed(file)

    attack("labels", 100, maker(file.read_bytes()), take, tmp_path)


def test_cached_masks(tmp_path: Path) -> None:
    file = tmp_path / "m.npz"
    with file.open("wb") as stream:
        np.savez_compressed(stream, mask=np.packbits(np.ones((6, 8), bool)), boxes=np.array([[0, 0, 8, 6]], np.int32))
    good = file.read_bytes()

    def take(data: bytes) -> None:
        file.write_bytes(data)
        found = mask_cache._load(file, (6, 8))
        assert found is None or found.mask.shape == (6, 8)

    attack("masks in the cache", 150, lambda draw: damaged(good, [good], draw), take, tmp_path)


def test_pickles(tmp_path: Path) -> None:
    """Whatever stands in them, nothing of it runs."""
    file, made = tmp_path / "w.pt", []
    for zipped in (True, False):
        torch.save({"a": torch.arange(6.0), "b": torch.ones(2, 2)}, file, _use_new_zipfile_serialization=zipped)
        made.append(file.read_bytes())

    def take(data: bytes) -> Any:
        file.write_bytes(data)
        return read_package_weights(file)

    attack("pickles", 150, lambda draw: damaged(draw.choice(made), made, draw), take, tmp_path)
