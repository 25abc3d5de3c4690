"""Which files below a folder are photos: each once, whatever links say, and nothing passed over in silence."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from PIL import Image

from core.photos.photo_files import find
from tests.conftest import write_photo


def names(root: Path) -> list[str]:
    return [file.relative_to(root).as_posix() for file in find(root).files]


@pytest.mark.parametrize(
    "service",
    [
        ".ipynb_checkpoints",
        ".thumbnails",
        "@eaDir/photo.jpg",
        "__MACOSX",
        "__macosx/deep/er",
        "$RECYCLE.BIN",
        "#recycle",
        "@Recycle",
        ".Trash-1000/files",
        "sub/.thumbnails/large",
    ],
)
def test_copies_of_services_are_counted_and_no_photos(photo_folder: Path, service: str) -> None:
    write_photo(photo_folder / service / "copy.jpg")
    (photo_folder / service / "list.txt").write_text("no photo")
    assert len(names(photo_folder)) == 4
    (note,) = find(photo_folder).notes
    folder = next(part for part in Path(service).parts if part != "sub")
    assert note == f"1 photo in service folders passed over ({folder})."


def test_a_service_folder_is_read_where_it_is_asked_for(tmp_path: Path) -> None:
    write_photo(tmp_path / ".thumbnails" / "abc.png")
    assert names(tmp_path / ".thumbnails") == ["abc.png"]


def test_hidden_photos_and_other_formats_are_counted(photo_folder: Path) -> None:
    for name in ("._photo_0.png", ".hidden.jpg", ".DS_Store", "notes.txt", "a.jxl", "b.JXL", "c.psd"):
        (photo_folder / name).write_bytes(b"x")
    found = find(photo_folder)
    assert len(found.files) == 4
    assert found.notes == (
        "2 hidden photos passed over (names that begin with a dot).",
        "3 photos passed over in formats that are not read (.jxl 2, .psd 1).",
    )


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "GIF", "TIFF", "WEBP", "AVIF"])
def test_photos_by_another_name_are_counted(photo_folder: Path, kind: str) -> None:
    Image.open(photo_folder / "photo_0.png").save(photo_folder / "scan 7", kind)
    Image.open(photo_folder / "photo_0.png").save(photo_folder / "photo.jpg_original", kind)
    (photo_folder / ".photo.swp").write_bytes((photo_folder / "scan 7").read_bytes())
    (photo_folder / "notes").write_text("no photo")
    (photo_folder / "empty").write_text("")
    found = find(photo_folder)
    assert len(found.files) == 4
    assert found.notes == (
        "2 photos passed over whose names do not end like a photo's (photo.jpg_original, scan 7); "
        "if they are no copies, let them end in .jpg, or in what their format is.",
    )


@pytest.mark.parametrize("name", ["a.CR2", "b.dng", "c.NEF", "d.heic", "e.AVIF", "f.JPE", "g.mpo"])
def test_formats_that_are_read_or_refused_by_name_are_listed(photo_folder: Path, name: str) -> None:
    (photo_folder / name).write_bytes(b"x")
    assert name in names(photo_folder)


def test_a_linked_folder_is_followed(photo_folder: Path, tmp_path: Path) -> None:
    write_photo(tmp_path / "elsewhere" / "deep" / "far.png")
    (photo_folder / "linked").symlink_to(tmp_path / "elsewhere")
    assert names(photo_folder) == ["linked/deep/far.png", *(f"photo_{number}.png" for number in range(4))]
    assert find(photo_folder).notes == ()


def test_links_never_list_a_photo_twice_nor_go_in_circles(photo_folder: Path, tmp_path: Path) -> None:
    write_photo(photo_folder / "sub" / "own.png")
    write_photo(tmp_path / "elsewhere" / "far.png")
    (tmp_path / "elsewhere" / "back").symlink_to(photo_folder)
    for link, target in (
        ("all", photo_folder),
        ("again", photo_folder / "sub"),
        ("first", tmp_path / "elsewhere"),
        ("second", tmp_path / "elsewhere"),
        ("up", tmp_path),
        ("a_file.png", photo_folder / "photo_0.png"),
        ("one_more.png", tmp_path / "elsewhere" / "far.png"),
    ):
        (photo_folder / link).symlink_to(target)
    found = names(photo_folder)
    assert found == ["one_more.png", *(f"photo_{number}.png" for number in range(4)), "sub/own.png"]
    real = [os.path.realpath(photo_folder / name) for name in found]
    assert len(set(real)) == len(real)
    (note,) = find(photo_folder).notes
    assert "7 links not followed" in note


def test_links_to_nowhere_and_closed_folders_are_named(photo_folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (photo_folder / "gone.jpg").symlink_to(photo_folder / "absent.jpg")
    (photo_folder / "closed").mkdir()
    scan = os.scandir

    def refuse(path: Path) -> object:
        if Path(path).name == "closed":
            raise PermissionError(13, "Permission denied", str(path))
        return scan(path)

    monkeypatch.setattr(os, "scandir", refuse)
    found = find(photo_folder)
    assert len(found.files) == 4
    assert found.notes == (
        "1 link to nowhere passed over (gone.jpg).",
        "1 folder cannot be opened: closed (Permission denied).",
    )
