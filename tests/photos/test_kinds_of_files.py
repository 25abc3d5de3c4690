"""The kinds of files that people have, by their scores: equal where they look the same, and else refused by name."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pandas as pd
import pytest

from core import config, inference
from core.errors import PhotoError, SourceError
from core.files import table_text
from core.inference import Predictor
from core.inference.checkpoints import WEIGHTS
from core.photos import blank_photos, images
from core.photos.fingerprints import FingerprintIndex, fingerprint
from core.sources import open_source
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


@pytest.mark.parametrize(
    ("name", "by"),
    [
        ("plain", ""),
        ("index", ""),
        ("excel_de", ""),
        ("tabs", ""),
        ("utf16", ""),
        ("spaced_header", ""),
        ("windows", "backslashes read as slashes"),
        ("colab", "the folders of another machine left out"),
        ("case", "capital letters not distinguished"),
    ],
)
def test_a_list_as_people_have_it_is_read_as_the_plain_one(files: Path, name: str, by: str) -> None:
    """Where photos were found by another rule than their paths, one line says how many and by which."""
    plain, notes = open_source(str(files / "c09_csv" / "plain.csv")), []
    found = open_source(str(files / "c09_csv" / f"{name}.csv"), tell=notes.append)
    assert [(photo.path, photo.score) for photo in found.photos] == [(item.path, item.score) for item in plain.photos]
    assert len(found.photos) == 12
    assert not found.problems
    assert len(notes) == bool(by)
    assert all(note.startswith("12 of 12 photos") and by in note for note in notes)


def test_a_name_with_accents_is_found_however_it_is_written(files: Path) -> None:
    notes: list[str] = []
    assert len(open_source(str(files / "c09_csv" / "nfc.csv"), tell=notes.append).photos) == 13
    assert ["1 of 13 photos" in note and "accents" in note for note in notes] == [True]


def test_percentages_are_refused_line_by_line(files: Path) -> None:
    with pytest.raises(SourceError, match=r"12 lines are bad.*percent\.csv:2: .*40 lies outside 0 to 1"):
        open_source(str(files / "c09_csv" / "percent.csv"))


def test_copies_of_services_are_counted_and_linked_folders_followed(files: Path) -> None:
    notes: list[str] = []
    assert len(open_source(str(files / "c07_folder"), tell=notes.append).photos) == 3
    assert [note.startswith("4 photos in service folders passed over") for note in notes] == [True]
    assert {photo.id for photo in open_source(str(files / "c08_links")).photos} == {"own.jpg", "linked/far.jpg"}


def test_copies_of_one_photo_are_known_as_one(files: Path) -> None:
    first, *others = [fingerprint(photo.read()) for photo in open_source(str(files / "c11_copies")).photos]
    assert len(others) == 11
    assert all(other in FingerprintIndex([first]) for other in others)
    assert fingerprint(images.read(files / "c03_srgb.png")) not in FingerprintIndex([first])


def test_a_file_that_is_named_like_a_formula_is_none_in_an_exported_table(files: Path) -> None:
    table = pd.DataFrame({"file": ["=1+1.jpg", "写真 ü.jpg"]})
    assert all((files / name).is_file() for name in table["file"])
    text = table_text(table, for_spreadsheet=True)
    assert text.startswith("\ufeff")
    assert "\n=" not in text
    assert "写真 ü.jpg" in text
