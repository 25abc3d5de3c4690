"""Regions once per photo: the truth before any detector, and a kept answer before another look."""

from __future__ import annotations

import zipfile
from pathlib import Path

import numpy as np
import pytest

from core.errors import UnknownChoiceError
from core.regions import mask_cache, regions
from core.registry import MASKS
from core.types import Photo, Rect, Region


@pytest.fixture
def counted(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """Calls of a stand-in detector "faces"."""
    calls: list[int] = []
    entry = MASKS["faces"]

    def stand_in(photo: np.ndarray, *, threshold: float = 0.5) -> Region:
        calls.append(1)
        return regions.from_boxes([Rect(1, 2, 30, 40)], photo.shape)

    from dataclasses import replace

    monkeypatch.setitem(MASKS._entries, "faces", replace(entry, function=stand_in))
    return calls


def test_a_photo_is_looked_at_once(counted: list[int], tmp_path: Path, photo: np.ndarray) -> None:
    first = mask_cache.detect("faces", photo, folder=tmp_path)
    second = mask_cache.detect("faces", photo, folder=tmp_path)
    assert len(counted) == 1
    assert (first.mask == second.mask).all()
    assert first.boxes == second.boxes
    mask_cache.detect("faces", photo, {"threshold": 0.9}, folder=tmp_path)
    mask_cache.detect("faces", photo[::-1].copy(), folder=tmp_path)
    assert len(counted) == 3


@pytest.mark.parametrize("damage", ["cut", "text", "empty", "other", "no array"])
def test_a_damaged_file_is_made_anew(damage: str, counted: list[int], tmp_path: Path, photo: np.ndarray) -> None:
    expected = mask_cache.detect("faces", photo, folder=tmp_path)
    file = next(tmp_path.rglob("*.npz"))
    whole = file.read_bytes()
    if damage == "other":
        np.savez(file.with_suffix(""), boxes=np.zeros((0, 4)))
    elif damage == "no array":
        with zipfile.ZipFile(file) as archive:
            mask = archive.read("mask.npy")
        with zipfile.ZipFile(file, "w") as archive:
            archive.writestr("mask.npy", mask)
            archive.writestr("boxes.npy", b"these are no numbers")
    else:
        file.write_bytes({"cut": whole[: len(whole) // 2], "text": b"this is a text", "empty": b""}[damage])
    again = mask_cache.detect("faces", photo, folder=tmp_path)
    assert len(counted) == 2
    assert again.boxes == expected.boxes
    mask_cache.detect("faces", photo, folder=tmp_path)
    assert len(counted) == 2


def test_truth_comes_before_any_detector(counted: list[int], tmp_path: Path, photo: np.ndarray) -> None:
    exact = regions.from_boxes([Rect(0, 0, 5, 5)], photo.shape)
    item = Photo("a", "s", lambda: photo, truth=lambda: {"faces": exact})
    found = mask_cache.find(item, photo, ["faces"], tmp_path)
    assert found["faces"].exact
    assert found["faces"].region is exact
    assert counted == []
    found = mask_cache.find(Photo("a", "s", lambda: photo), photo, ["faces"], tmp_path)
    assert not found["faces"].exact


def test_a_mask_that_cannot_be_looked_for_is_refused(photo: np.ndarray) -> None:
    with pytest.raises(UnknownChoiceError, match="faces"):
        mask_cache.detect("painted", photo)
    with pytest.raises(UnknownChoiceError, match="faces"):
        mask_cache.detect("unicorns", photo)
