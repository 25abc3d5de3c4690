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
    place = store([("a.png", PHOTO), ("photos.zip", packed)], tmp_path / "new", LIMITS).place
    assert place == str(tmp_path / "new")
    assert names(tmp_path / "new") == {"a.png", "set/b.png"}
    assert len(open_source(place).photos) == 2
    remove(tmp_path / "new")
    assert not (tmp_path / "new").exists()


def test_pictures_that_are_not_read_are_told_of(tmp_path: Path) -> None:
    packed = archive(
        **{"a.png": PHOTO, "b.CR2": b"x", "set/c.jxl": b"x", "__MACOSX/d.dng": b"x", "x/@eaDir/a.png": b"x"}
    )
    stored = store([("photos.zip", packed)], tmp_path / "new", LIMITS)
    assert stored.note == (
        "2 pictures passed over (camera RAW, or another format that is not read): b.CR2, set/c.jxl. "
        "1 photo in service folders passed over."
    )
    assert store([("a.png", PHOTO)], tmp_path / "other", LIMITS).note == ""


def test_a_list_of_scores_is_what_the_study_opens(tmp_path: Path) -> None:
    table = b"image_path,memorability_score\na.png,0.5\nb.png,0.7\n"
    place = store([("a.png", PHOTO), ("b.png", PHOTO), ("scores.csv", table)], tmp_path / "new", LIMITS).place
    assert [photo.score for photo in open_source(place).photos] == [0.5, 0.7]


def test_a_set_in_a_folder_of_its_own_keeps_its_layout(tmp_path: Path) -> None:
    lists = {f"lamem/splits/{part}_1.txt": f"{part}.png 0.5\n".encode() for part in ("train", "val", "test")}
    photos = {f"lamem/images/{part}.png": PHOTO for part in ("train", "val", "test")}
    stored = store([("lamem.zip", archive(**photos, **lists))], tmp_path / "new", LIMITS)
    assert stored.place == str(tmp_path / "new" / "lamem")
    assert [(photo.split, photo.score) for photo in open_source(stored.place).photos] == [
        ("train", 0.5),
        ("val", 0.5),
        ("test", 0.5),
    ]


def test_of_several_lists_it_is_said_that_none_is_read(tmp_path: Path) -> None:
    table = b"image_path,memorability_score\na.png,0.5\n"
    stored = store([("a.png", PHOTO), ("one.csv", table), ("two.csv", table)], tmp_path / "new", LIMITS)
    assert "Which of one.csv, two.csv has the scores is not known" in stored.note


@pytest.mark.parametrize("name", ["../out.png", "/tmp/out.png", "a/../../out.png"])
def test_a_name_that_leads_out_is_refused(tmp_path: Path, name: str) -> None:
    with pytest.raises(StudyError, match="leads out"):
        store([("photos.zip", archive(**{name: PHOTO}))], tmp_path / "new", LIMITS)
    assert not (tmp_path / "out.png").exists()


@pytest.mark.parametrize(
    "name", ["x" * 250 + ".png", "a/" * 250 + "a.png", "a\x07.png", "a//b.png", "./a.png", "a\u202e.png", "..\\a.png"]
)
def test_a_name_that_not_every_disk_takes_is_refused(tmp_path: Path, name: str) -> None:
    with pytest.raises(StudyError, match="rename it"):
        store([("photos.zip", archive(**{name: PHOTO}))], tmp_path / "new", LIMITS)
    assert names(tmp_path) == set()


def test_two_files_of_one_name_are_both_kept(tmp_path: Path) -> None:
    other = images.png_bytes(draw_photo(1))
    store([("IMG_1.png", PHOTO), ("img_1.PNG", other), ("IMG_1.png", other)], tmp_path / "new", LIMITS)
    assert names(tmp_path) == {"new/IMG_1.png", "new/img_1-2.PNG", "new/IMG_1-3.png"}
    assert (tmp_path / "new/IMG_1.png").read_bytes() == PHOTO


def test_a_file_that_is_a_folder_too_is_refused(tmp_path: Path) -> None:
    with pytest.raises(StudyError, match="cannot be stored"):
        store([("photos.zip", archive(**{"a.png": PHOTO, "a.png/b.png": PHOTO}))], tmp_path / "new", LIMITS)


@pytest.mark.parametrize("written", ["{out}/secret.png", "../secret.png", "a/../../secret.png", "..\\secret.png"])
def test_a_list_cannot_name_photos_outside(tmp_path: Path, written: str) -> None:
    """Nor does it tell whether they are there."""
    (tmp_path / "secret.png").write_bytes(PHOTO)
    table = f"image_path,memorability_score\n{written.format(out=tmp_path)},0.5\na.png,0.7\n".encode()
    place = store([("a.png", PHOTO), ("scores.csv", table)], tmp_path / "new", LIMITS).place
    found = open_source(place)
    assert [photo.path for photo in found.photos] == [tmp_path / "new/a.png"]
    assert "no photo below" in str(found.problems[0])


def test_a_list_of_another_machine_still_finds_its_photos(tmp_path: Path) -> None:
    table = "image_path;memorability_score\nC:\\me\\a.png;0,5\n/home/me/b.png;0,7\n".encode("utf-16")
    place = store([("a.png", PHOTO), ("b.png", PHOTO), ("scores.csv", table)], tmp_path / "new", LIMITS).place
    assert [(photo.id, photo.score) for photo in open_source(place).photos] == [("a.png", 0.5), ("b.png", 0.7)]


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


def test_archives_of_thousands_and_of_other_packings_are_refused(tmp_path: Path) -> None:
    many = archive(**{f"{number}.txt": b"" for number in range(1100)})
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_LZMA) as written:
        written.writestr("a.png", PHOTO)
    for data, said in ((many, "more than 1,050 files"), (buffer.getvalue(), "not read here")):
        with pytest.raises(StudyError, match=said):
            store([("a.zip", data)], tmp_path / "new", LIMITS)


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


def test_a_file_without_a_name_in_an_archive_is_passed_over(tmp_path: Path) -> None:
    data = archive(**{"x.png": PHOTO, "a.png": PHOTO}).replace(b"x.png", b"\0.png")  # a name ends before a NUL
    store([("a.zip", data)], tmp_path / "new", LIMITS)
    assert [item.name for item in (tmp_path / "new").iterdir()] == ["a.png"]
