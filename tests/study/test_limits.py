"""What visitors may do is read from one file, and a place outside of the listed ones is refused."""

from __future__ import annotations

from pathlib import Path

import pytest

from core import config
from core.errors import StudyError
from core.study.limits import FILE, Limits, read_limits

TEXT = """
[studies]
places = ["{place}"]
uploads = true
photos = 100
megabytes = 10
queue = 2
long = false
public = true
"""


@pytest.fixture
def file(tmp_path: Path) -> Path:
    (tmp_path / "listed" / "inside").mkdir(parents=True)
    (tmp_path / "other").mkdir()
    found = tmp_path / FILE
    found.write_text(TEXT.format(place=tmp_path / "listed"))
    return found


def test_the_shipped_file_reads_no_folder() -> None:
    found = read_limits()
    assert found.places == ()
    with pytest.raises(StudyError, match="none is listed"):
        found.place(str(config.ROOT))


def test_a_listed_place_and_what_lies_inside_is_read(file: Path, tmp_path: Path) -> None:
    found = read_limits(file)
    assert found == Limits((tmp_path / "listed",), True, 100, 10, 2, False, True)
    assert found.place(str(tmp_path / "listed")) == str(tmp_path / "listed")
    assert found.place(f"{tmp_path}/listed/inside") == str(tmp_path / "listed" / "inside")


@pytest.mark.parametrize("given", ["other", "listed/../other", "listed/link", "", "/etc", "listed-not"])
def test_no_other_place_is_read(file: Path, tmp_path: Path, given: str) -> None:
    (tmp_path / "listed" / "link").symlink_to(tmp_path / "other")
    with pytest.raises(StudyError, match="may not be read"):
        read_limits(file).place(str(tmp_path / given))


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("photos = 100", "", "lacks 'photos'"),
        ("photos = 100", "photos = -1", "photos is -1"),
        ("photos = 100", 'photos = "many"', "photos is 'many'"),
        ("public = true", "public = 1", "public is 1"),
        ("public = true", "public = true\nhours = 3", "hours is not a limit"),
        ("[studies]", "[other]", "lacks 'studies'"),
        ("[studies]", "studies = 3", "cannot be read"),
        ("queue = 2", "queue", "cannot be read"),
    ],
)
def test_a_wrong_file_is_one_sentence(file: Path, old: str, new: str, said: str) -> None:
    file.write_text(file.read_text().replace(old, new))
    with pytest.raises(StudyError, match=said):
        read_limits(file)


def test_a_file_that_is_not_there_is_one_sentence(tmp_path: Path) -> None:
    with pytest.raises(StudyError, match="cannot be read"):
        read_limits(tmp_path / FILE)
