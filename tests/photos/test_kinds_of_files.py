"""The kinds of files that people have, by their scores: equal where they look the same, and else refused by name."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from core import config, inference
from core.errors import PhotoError
from core.inference import Predictor
from core.inference.checkpoints import WEIGHTS
from core.photos import blank_photos, images
from tests.conftest import SHARED_DATA

ALIKE = 0.003
MAKER = SHARED_DATA.parent / "cases" / "make_inputs.py"
SECOND_PICTURES = ("count_too_high", "good_mpo", "offset_out_of_file", "second_frame_stripped")
SAME = {f"c02_{name}.jpg": "c02_count_one.jpg" for name in SECOND_PICTURES} | {
    "c03_adobergb.png": "c03_srgb.png",
    "c04_rgb16.tif": "c04_reference.png",
    "c04_rgb16_dark.tif": "c04_reference.png",
    "c04_rgb32f.tif": "c04_reference.png",
}


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Small files of these kinds, made by the script beside the development photos."""
    if not MAKER.is_file():
        pytest.skip("the script that makes the files is not there (shared/cases)")
    folder = tmp_path_factory.mktemp("kinds") / "files"
    subprocess.run([sys.executable, str(MAKER), str(folder)], check=True, capture_output=True)
    return folder


@pytest.fixture(scope="module")
def predictor() -> Predictor:
    """The shipped model."""
    if not (config.ARTIFACTS / config.DEFAULT_MODEL / WEIGHTS).is_file():
        pytest.skip("the shipped weights are not there")
    return inference.load(config.DEFAULT_MODEL, passes=1)


@pytest.mark.parametrize(("file", "other"), SAME.items())
def test_what_looks_the_same_scores_the_same(files: Path, predictor: Predictor, file: str, other: str) -> None:
    one, two = predictor.score([images.read(files / name) for name in (file, other)])
    assert one == pytest.approx(two, abs=ALIKE)


def test_a_phone_s_large_photo_and_avif_are_scored(files: Path, predictor: Predictor) -> None:
    scores = predictor.score([images.read(files / name) for name in ("c05_108mp.jpg", "c06_phone.avif")])
    assert ((scores > 0) & (scores < 1)).all()


def test_camera_raw_is_refused_by_its_name(files: Path) -> None:
    with pytest.raises(PhotoError, match="camera RAW"):
        images.read(files / "c01_raw_like.dng")


def test_where_there_is_nothing_to_see_it_is_said(files: Path) -> None:
    assert blank_photos.hint(images.read(files / "c12_flat.png"))
    assert not blank_photos.hint(images.read(files / "c03_srgb.png"))
