"""python -m core score with the names, folders and pictures that people have."""

from __future__ import annotations

import csv
import json
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from core.__main__ import main
from core.inference import checkpoints
from core.photos.preprocess import Preset
from core.registry import MODELS
from tests.conftest import write_photo


@pytest.fixture
def model(tmp_path: Path) -> str:
    card = {"architecture": "small_cnn", "preset": checkpoints.preset_fields(Preset(32, 32)), "training_photos": []}
    checkpoints.save(tmp_path / "model", MODELS["small_cnn"].function(), card)
    return str(tmp_path / "model")


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    place = tmp_path / "photos"
    place.mkdir()
    monkeypatch.chdir(place)
    return place


def test_no_name_runs_as_a_formula(model: str, folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for name in ("=1+1.png", "写真 ü.png", "-1.png"):
        write_photo(folder / name, height=60, width=80)
    assert main(["score", "=1+1.png", "写真 ü.png", "./-1.png", "--model", model]) == 0
    rows = list(csv.reader(capsys.readouterr().out.splitlines()))
    assert [row[0] for row in rows] == ["file", "'=1+1.png", "写真 ü.png", "'-1.png"]
    assert all(0 <= float(row[1]) <= 1 for row in rows[1:])


def test_a_spreadsheet_is_told_the_encoding_where_asked(model: str, folder: Path) -> None:
    write_photo(folder / "ü.png", height=60, width=80)
    for option, start in (([], b"file"), (["--for-spreadsheet"], b"\xef\xbb\xbffile")):
        assert main(["score", "ü.png", "--model", model, "--csv", "out.csv", *option]) == 0
        assert (folder / "out.csv").read_bytes().startswith(start)


def test_pictures_with_nothing_to_see_have_a_hint(model: str, folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    write_photo(folder / "photo.png", height=60, width=80)
    Image.new("RGB", (40, 30), (128, 128, 128)).save(folder / "flat.png")
    logo = np.zeros((60, 80, 4), np.uint8)
    logo[20:40, 20:40] = 255
    Image.fromarray(logo).save(folder / "logo.png")
    assert main(["score", "flat.png", "photo.png", "logo.png", "--model", model, "--json"]) == 0
    said = capsys.readouterr()
    assert [row["file"] for row in json.loads(said.out)] == ["flat.png", "photo.png", "logo.png"]
    assert "hint: flat.png: almost all of this picture is one colour" in said.err
    assert "hint: logo.png: almost all" in said.err
    assert "photo.png: " not in said.err


def test_what_is_passed_over_is_said(model: str, folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    write_photo(folder / "photo.png", height=60, width=80)
    write_photo(folder / "@eaDir" / "photo.png")
    Image.new("RGB", (16, 12)).save(folder / "raw.dng", "TIFF")
    assert main(["score", str(folder), "--model", model]) == 1
    said = capsys.readouterr()
    assert len(said.out.splitlines()) == 2
    assert "1 photo in service folders passed over (@eaDir)." in said.err
    assert "raw.dng: this is a camera RAW file (DNG)" in said.err
