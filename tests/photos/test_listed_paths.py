"""Lists of other machines: a photo is found where its name says for certain, and no other is ever taken for it."""

from __future__ import annotations

import unicodedata
from pathlib import Path

import pytest

from core.photos.listed_paths import ACCENTS, CASE, DEEPER, ROOT, SLASHES, locate, summary
from tests.conftest import write_photo


@pytest.fixture
def root(tmp_path: Path) -> Path:
    for number, name in enumerate(
        ("images/p0.jpg", "images/p1.jpg", "images/deep/p2.jpg", "train/same.jpg", "test/same.jpg")
    ):
        write_photo(tmp_path / name, number)
    return tmp_path


def found(root: Path, *listed: str) -> list[str | None]:
    return [place.file.relative_to(root).as_posix() if place.file else None for place in locate(root, listed)]


@pytest.mark.parametrize(
    ("listed", "file", "rules"),
    [
        ("images/p0.jpg", "images/p0.jpg", ()),
        ("./images/../images/p0.jpg", "images/../images/p0.jpg", ()),
        (r"images\p0.jpg", "images/p0.jpg", (SLASHES,)),
        (r".\images\p0.jpg", "images/p0.jpg", (SLASHES,)),
        (r"C:\Users\me\images\p0.jpg", "images/p0.jpg", (SLASHES, ROOT)),
        ("/content/drive/MyDrive/images/p0.jpg", "images/p0.jpg", (ROOT,)),
        ("images/p0.JPG", "images/p0.jpg", (CASE,)),
        ("IMAGES/P0.JPG", "images/p0.jpg", (CASE,)),
        ("p2.jpg", "images/deep/p2.jpg", (DEEPER,)),
        ("photos/p2.JPG", "images/deep/p2.jpg", (ROOT, DEEPER, CASE)),
        ("/data/train/same.jpg", "train/same.jpg", (ROOT,)),
    ],
)
def test_where_a_listed_photo_lies_and_by_which_rule(
    root: Path, listed: str, file: str, rules: tuple[str, ...]
) -> None:
    (place,) = locate(root, [listed])
    assert place.file == root / file
    assert place.rules == rules
    assert place.name == (file if rules else listed)


@pytest.mark.parametrize("forms", [("NFC", "NFD"), ("NFD", "NFC")])
def test_accents_composed_or_not(root: Path, forms: tuple[str, str]) -> None:
    listed, real = (unicodedata.normalize(form, "images/Ünï-café.jpg") for form in forms)
    write_photo(root / real)
    (place,) = locate(root, [listed])
    assert place.file == root / real
    assert place.rules == (ACCENTS,)
    assert place.name == real


@pytest.mark.parametrize(
    ("listed", "words"),
    [
        ("images/absent.jpg", "images/absent.jpg does not exist, and no photo below"),
        ("p0.jpeg", "no photo below"),
        ("same.jpg", "2 files below"),
        ("/content/other/same.jpg", "2 files below"),
        ("..", "no photo below"),
        ("\\", "no photo below"),
        ("nul\0.jpg", "no photo below"),
    ],
)
def test_what_is_not_there_or_not_certain_is_refused_for_its_reason(root: Path, listed: str, words: str) -> None:
    (place,) = locate(root, [listed])
    assert place.file is None
    assert words in place.reason


def test_the_same_name_in_other_capitals_is_another_file(root: Path) -> None:
    write_photo(root / "images" / "P0.jpg")
    assert found(root, "/x/images/P0.jpg", "/x/images/p0.jpg", "/x/images/P0.JPG") == [
        "images/P0.jpg",
        "images/p0.jpg",
        None,
    ]


def test_copies_of_services_are_never_meant(root: Path) -> None:
    write_photo(root / ".thumbnails" / "p0.jpg")
    write_photo(root / "@eaDir" / "other.jpg")
    assert found(root, r"C:\p0.jpg", "x/other.jpg") == ["images/p0.jpg", None]


def test_a_guess_gives_way_to_the_line_that_names_the_file(root: Path) -> None:
    """Where a list names two folders of which one is missing, its photos must not get the scores of the other."""
    first, second = locate(root, ["lost/p0.jpg", "images/p0.jpg"])
    assert first.file is None
    assert "the only file of that name is listed as images/p0.jpg" in first.reason
    assert second.file == root / "images/p0.jpg"


def test_two_guesses_at_one_file_are_both_refused(root: Path) -> None:
    for place in locate(root, ["a/p2.jpg", "b/p2.jpg"]):
        assert place.file is None
        assert "2 lines could mean images/deep/p2.jpg" in place.reason


def test_spellings_of_one_path_are_duplicates_and_no_guesses(root: Path) -> None:
    assert found(root, r"images\p0.jpg", "/content/images/p0.jpg", "p2.jpg", "p2.jpg") == [
        *("images/p0.jpg", "images/p0.jpg"),
        *("images/deep/p2.jpg", "images/deep/p2.jpg"),
    ]


def test_one_line_tells_how_many_and_by_which_rule(root: Path) -> None:
    assert summary(locate(root, ["images/p0.jpg"])) is None
    assert summary(locate(root, ["absent.jpg"])) is None
    told = summary(locate(root, ["images/p0.jpg", r"images\p1.jpg"]))
    assert told == f"1 of 2 photos are not where the list says and were found by their names: {SLASHES}."
    told = summary(locate(root, ["images/P0.jpg", r"images\p1.jpg", r"images\deep\p2.jpg"]))
    assert (
        told == f"3 of 3 photos are not where the list says and were found by their names: {SLASHES} (2); {CASE} (1)."
    )
