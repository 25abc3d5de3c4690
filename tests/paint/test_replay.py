"""A painted region as a file: it gives the same score again, and anything wrong with it is one sentence."""

from __future__ import annotations

import base64
import io
import json
import struct
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from core.__main__ import main
from core.errors import MaskError
from core.inference import Predictor
from core.paint import region_effect, replay
from core.photos import images
from tests.commands.test_paint import one_line
from tests.conftest import draw_photo


def made(bright: Predictor, **given: Any) -> tuple[replay.Record, np.ndarray]:
    photo, mask = draw_photo(4, 300, 400), np.zeros((300, 400), bool)
    mask[50:150, 100:300] = True
    how = region_effect.treatment(fill="noise", seed=7, **given)
    return replay.perform(bright, "drawn.png", photo, mask, how, 5)[0], photo


def test_a_record_survives_its_file(bright: Predictor, tmp_path: Path) -> None:
    record, photo = made(bright, feather=0.03)
    file = tmp_path / "replay.json"
    file.write_text(replay.to_json(record))
    again = replay.load(file)
    assert again == record
    assert (again.mask == record.mask).all()
    replay.check(again, photo)
    done = region_effect.paint(bright, photo, again.mask, again.how)
    assert (done.score, done.ablated_score) == (record.score, record.ablated_score)


def test_a_record_of_another_photo_is_refused(bright: Predictor) -> None:
    record, photo = made(bright)
    with pytest.raises(MaskError, match=r"another photo \(drawn.png\)"):
        replay.check(record, photo[:, ::-1])
    with pytest.raises(MaskError, match="px"):
        replay.check(record, photo[:, :200])


def bomb() -> str:
    buffer = io.BytesIO()
    Image.new("1", (20_000, 20_000)).save(buffer, "PNG")
    return base64.b64encode(buffer.getvalue()).decode()


@pytest.mark.parametrize(
    "change",
    [
        {"format": "other"},
        {"version": 2},
        {"version": True},
        {"model": "../../etc/passwd"},
        {"model": "/tmp/checkpoint"},
        {"model": ["resnet50"]},
        {"mask": "/etc/passwd"},
        {"mask": 5},
        {"mask": base64.b64encode(b"no picture").decode()},
        {"mask": bomb()},
        {"fill": "../mean"},
        {"fill": None},
        {"settings": []},
        {"settings": {"path": "/etc/passwd"}},
        {"direction": "up"},
        {"feather": 1e308},
        {"feather": "0.1"},
        {"feather": float("nan")},
        {"seed": 10**400},
        {"seed": -1},
        {"seed": 0.5},
        {"score": 7.0},
        {"score": float("inf")},
        {"controls": ["0.1"]},
        {"controls": [1e9]},
        {"controls": {}},
        {"pixels": 3},
    ],
)
def test_a_replay_file_with_anything_wrong_is_one_sentence(
    bright: Predictor, tmp_path: Path, change: dict[str, Any], capsys: pytest.CaptureFixture[str]
) -> None:
    record, photo = made(bright)
    file, picture = tmp_path / "replay.json", tmp_path / "photo.png"
    file.write_text(json.dumps(json.loads(replay.to_json(record)) | change))
    picture.write_bytes(images.png_bytes(photo))
    assert main(["paint", str(picture), "--replay", str(file)]) == 2
    one_line(capsys)


@pytest.mark.parametrize("text", ["", "[]", "{", "null", "5", "[" * 10_000, '{"format": 1}'])
def test_what_is_no_replay_file_is_one_sentence(text: str) -> None:
    with pytest.raises(MaskError):
        replay.from_json(text)


@pytest.mark.parametrize("number", range(5))
def test_what_is_no_zip_of_tries_is_one_sentence(number: int, tmp_path: Path) -> None:
    file = tmp_path / "tries.zip"
    with zipfile.ZipFile(file, "w") as archive:
        archive.writestr("readme.txt", "hello")
        if number:
            archive.writestr("01-replay.json", [b"", b"{", b"\xff\xfe", b" " * (replay.MAX_BYTES + 1)][number - 1])
    with pytest.raises(MaskError, match=r"tries\.zip") as raised:
        replay.load_all(file)
    assert len(str(raised.value).splitlines()) == 1


def test_a_damaged_zip_is_one_sentence(bright: Predictor, tmp_path: Path) -> None:
    file = tmp_path / "tries.zip"
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("01-replay.json", replay.to_json(made(bright)[0]))
    data = bytearray(file.read_bytes())
    data[60:90] = bytes(30)
    file.write_bytes(data)
    with pytest.raises(MaskError, match="cannot be read"):
        replay.load_all(file)


def test_a_zip_that_says_to_be_one_of_many_is_one_sentence(tmp_path: Path) -> None:
    """Python raises while it only asks whether the file is a ZIP."""
    file = tmp_path / "tries.zip"
    file.write_bytes(struct.pack("<4sLQL", b"PK\x06\x07", 1, 0, 7) + b"PK\x05\x06" + bytes(18))
    with pytest.raises(zipfile.BadZipFile):
        zipfile.is_zipfile(file)
    with pytest.raises(MaskError, match="cannot be read"):
        replay.load_all(file)
