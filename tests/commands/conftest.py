"""What the tests of commands share: photos and small models in the folder that they run in."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from core import config
from core.__main__ import main
from core.inference import checkpoints
from core.photos.preprocess import Preset
from core.regions import mask_cache
from core.registry import MODELS
from core.types import Region
from tests.conftest import draw_photo, write_photo

SIDE = 32


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A small model and six photos in a folder, in which the commands run; every thing is the left half of a photo."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(config, "WORKING_SIZE", SIDE)
    monkeypatch.setattr(config, "ARTIFACTS", tmp_path / "artifacts")
    monkeypatch.setattr(mask_cache, "detect", lambda name, pixels, *_, **__: Region(left_half(pixels)))
    torch.manual_seed(0)
    preset = checkpoints.preset_fields(Preset(SIDE, SIDE))
    for name, architecture, settings in (("tiny", "small_cnn", {}), ("drawer", "vae", {"latent": 8})):
        card = {"architecture": architecture, "preset": preset, "training_photos": [], "settings": settings}
        if architecture == "vae":
            card["preset"] = checkpoints.preset_fields(Preset(64, 64))
        checkpoints.save(tmp_path / name, MODELS[architecture].function(**settings), card)
    for number in range(6):
        write_photo(tmp_path / "photos" / f"{number}.png", number, SIDE, SIDE)
    return tmp_path


def left_half(pixels: np.ndarray) -> np.ndarray:
    mask = np.zeros(pixels.shape[:2], bool)
    mask[:, : pixels.shape[1] // 2] = True
    return mask


@pytest.fixture
def ask(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., int]:
    """The command on a photo of 400 × 300 px with a mask, by a small model in the place of the shipped one."""
    torch.manual_seed(0)
    card = {"architecture": "small_cnn", "preset": checkpoints.preset_fields(Preset(64, 64)), "training_photos": []}
    checkpoints.save(tmp_path / "artifacts" / "small_cnn", MODELS["small_cnn"].function(), card)
    monkeypatch.setattr(config, "ARTIFACTS", tmp_path / "artifacts")
    monkeypatch.chdir(tmp_path)
    Image.fromarray(draw_photo(4, 300, 400)).save("photo.png")
    for name, inside in {"mask": (60, 80, 200, 160), "all": (0, 0, 400, 300), "none": (0, 0, 0, 0)}.items():
        picture = Image.new("L", (400, 300))
        picture.paste(255, inside)
        picture.save(f"{name}.png")
    picture.resize((90, 100)).save("other.png")
    return lambda *given: main(["paint", "photo.png", "--model", "small_cnn", *given])
