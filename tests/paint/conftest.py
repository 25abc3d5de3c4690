"""The command `paint` on a drawn photo, for every test that asks it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
import torch
from PIL import Image

from core import config
from core.__main__ import main
from core.inference import checkpoints
from core.photos.preprocess import Preset
from core.registry import MODELS
from tests.conftest import draw_photo


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
