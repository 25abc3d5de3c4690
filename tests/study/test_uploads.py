"""Uploaded photos as files: nothing but photos and lists, nowhere but in the study's folder, within the limits."""

from __future__ import annotations

import io
import zipfile
from pathlib import Path

import pytest

from core.errors import StudyError
from core.photos import images
from core.sources import open_source
from core.study.limits import Limits
from core.study.uploads import remove, store
from tests.conftest import draw_photo

LIMITS = Limits((), True, 5, 1, 2, True, False)
PHOTO = images.png_bytes(draw_photo())


def archive(**files: bytes) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as written:
        for name, data in files.items():
            written.writestr(name, data)
    return buffer.getvalue()


def names(folder: Path) -> set[str]:
    return {file.relative_to(folder).as_posix() for file in folder.rglob("*") if file.is_file()}


def test_photos_and_archives_become_a_folder_that_a_study_opens(tmp_path: Path) -> None:
    packed = archive(**{"set/b.png": PHOTO, "set/notes.pdf": b"x", "__MACOSX/set/b.png": b"x", "run.sh": b"x"})
    place = store([("a.png", PHOTO), ("photos.zip", packed)], tmp_path / "new", LIMITS)
    assert place == str(tmp_path / "new")
    assert names(tmp_path / "new") == {"a.png", "set/b.png"}
    assert len(open_source(place).photos) == 2
    remove(tmp_path / "new")
    assert not (tmp_path / "new").exists()


def test_a_list_of_scores_is_what_the_study_opens(tmp_path: Path) -> None:
    table = b"image_path,memorability_score\na.png,0.5\nb.png,0.7\n"
    place = store([("a.png", PHOTO), ("b.png", PHOTO), ("scores.csv", table)], tmp_path / "new", LIMITS)
    assert [photo.score for photo in open_source(place).photos] == [0.5, 0.7]


@pytest.mark.parametrize("name", ["../out.png", "/tmp/out.png", "a/../../out.png"])
def test_a_name_that_leads_out_is_refused(tmp_path: Path, name: str) -> None:
    with pytest.raises(StudyError, match="leads out"):
        store([("photos.zip", archive(**{name: PHOTO}))], tmp_path / "new", LIMITS)
    assert not (tmp_path / "out.png").exists()


def test_a_plain_file_is_stored_by_its_name_alone(tmp_path: Path) -> None:
    store([("..\\..\\out.png", PHOTO)], tmp_path / "new", LIMITS)
    assert names(tmp_path) == {"new/out.png"}


@pytest.mark.parametrize(
    ("files", "said"),
    [
        ([], "no photo"),
        ([("a.csv", b"x")], "no photo"),
        ([("a.pdf", b"x")], "neither a photo"),
        ([("a.zip", b"x")], "cannot be read"),
        ([(f"{n}.png", PHOTO) for n in range(6)], "more than 5 photos"),
        ([("a.png", bytes(1_000_001))], "more than 1 MB"),
        ([("a.zip", archive(**{"a.png": bytes(1_000_001)}))], "larger than is taken"),
    ],
)
def test_what_is_beyond_the_limits_is_refused(tmp_path: Path, files: list[tuple[str, bytes]], said: str) -> None:
    with pytest.raises(StudyError, match=said):
        store(files, tmp_path / "new", LIMITS)


def test_an_archive_that_is_damaged_inside_is_refused(tmp_path: Path) -> None:
    """Its list of files is whole; what is packed is not."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as written:
        written.writestr("a.png", bytes(range(256)) * 40)
    whole = buffer.getvalue()
    start = 30 + len("a.png")
    damaged = whole[:start] + b"\xff" * 20 + whole[start + 20 :]
    with pytest.raises(StudyError, match="cannot be read"):
        store([("a.zip", damaged)], tmp_path / "new", LIMITS)
