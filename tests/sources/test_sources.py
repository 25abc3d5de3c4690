"""Photo sources: what they hold, and every problem reported with the photo's name and the line that lists it."""

from __future__ import annotations

import csv
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.errors import PhotoError, SourceError
from core.photos import images
from core.sources import open_source
from core.sources.folder import folder
from core.sources.lamem import lamem, parse_score
from core.sources.samples import PACKAGED, samples
from core.sources.table import confined, csv_table
from core.types import Listing
from tests.conftest import write_photo

MakeLamem = Callable[..., Path]


def write_table(path: Path, *rows: str, header: str = "image_path,memorability_score", encoding: str = "utf-8") -> Path:
    path.write_text("\n".join((header, *rows)) + "\n", encoding=encoding)
    return path


def add_line(root: Path, line: str, part: str = "train", split: int = 1) -> str:
    """Append a line to a split file; returns the "file:line" at which it stands."""
    file = root / "splits" / f"{part}_{split}.txt"
    with file.open("a", encoding="utf-8") as stream:
        stream.write(line + "\n")
    return f"{file}:{len(file.read_text(encoding='utf-8').splitlines())}"


def only_problem(listing: Listing, where: str, *words: str) -> None:
    (problem,) = listing.problems
    assert problem.where == where
    assert problem.reason.endswith(".")
    assert "\n" not in problem.reason
    for word in words:
        assert word in problem.reason


# --- LaMem's layout


def test_lamem_lists_all_parts_with_scores_and_lines(make_lamem: MakeLamem) -> None:
    root = make_lamem(10)
    listing = lamem(root)
    assert listing.name == "set"
    assert listing.problems == ()
    assert len({photo.id for photo in listing.photos}) == 10
    assert [photo.split for photo in listing.photos] == ["train"] * 6 + ["val"] * 2 + ["test"] * 2
    first = listing.photos[0]
    assert (first.id, first.score, first.source) == ("00001.png", 0.1, "set")
    assert first.where == f"{root / 'splits' / 'train_1.txt'}:1"
    assert first.read().shape == (48, 64, 3)


def test_lamem_splits_differ(make_lamem: MakeLamem) -> None:
    root = make_lamem(10)
    assert lamem(root, split=2).photos[0].id == "00002.png"


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("absent.jpg 0.5", ("absent.jpg", "images")),
        ("00000.png 0.5", ("00000.png", "duplicate", "test_1.txt:2")),
        ("extra.png nan", ("extra.png", "NaN")),
        ("extra.png 1.01", ("extra.png", "1.01", "outside")),
        ("extra.png -0.01", ("extra.png", "-0.01", "outside")),
        ("extra.png inf", ("extra.png", "outside")),
        ("extra.png 0_1", ("extra.png", "not a number")),
        ("extra.png high", ("extra.png", "high", "not a number")),
        ("extra.png", ("extra.png", "name score")),
        ("extra.png 0.5 0.6", ("extra.png", "name score")),
        ("../splits/train_1.txt 0.5", ("../splits/train_1.txt", "outside")),
        ("/etc/hostname 0.5", ("/etc/hostname", "outside")),
        ("long" * 100 + ".png 0.5", ("longlong", "images")),
        ("nul\0.png 0.5", ("nul", "images")),
    ],
)
def test_lamem_reports_a_bad_line(make_lamem: MakeLamem, photo: np.ndarray, line: str, words: tuple[str, ...]) -> None:
    root = make_lamem(10)
    (root / "images" / "extra.png").write_bytes(images.png_bytes(photo))
    where = add_line(root, line, part="test")  # read last, so that the good line of a duplicate comes first
    listing = lamem(root)
    assert len(listing.photos) == 10
    only_problem(listing, where, *words)


def test_lamem_sees_a_duplicate_behind_another_spelling(make_lamem: MakeLamem) -> None:
    root = make_lamem(10)
    where = add_line(root, ".//00003.png 0.5", part="test")
    only_problem(lamem(root), where, "00003.png", "duplicate")


def test_lamem_reports_every_bad_line(make_lamem: MakeLamem) -> None:
    root = make_lamem(10)
    expected = [add_line(root, f"absent{number}.jpg 0.5") for number in range(5)]
    assert [problem.where for problem in lamem(root).problems] == expected


def test_lamem_bears_a_byte_order_mark_windows_ends_and_empty_lines(make_lamem: MakeLamem) -> None:
    root = make_lamem(10)
    file = root / "splits" / "train_1.txt"
    file.write_bytes(b"\xef\xbb\xbf" + file.read_bytes().replace(b"\n", b"\r\n\r\n"))
    listing = lamem(root)
    assert listing.problems == ()
    assert len(listing.photos) == 10
    assert listing.photos[1].where == f"{file}:3"


def test_lamem_names_a_missing_split_file(make_lamem: MakeLamem) -> None:
    root = make_lamem(10)
    (root / "splits" / "val_3.txt").unlink()
    with pytest.raises(SourceError, match=r"val_3\.txt"):
        lamem(root, split=3)


def test_lamem_without_a_usable_photo_is_refused(make_lamem: MakeLamem) -> None:
    root = make_lamem(10)
    for file in (root / "images").iterdir():
        file.unlink()
    with pytest.raises(SourceError, match="10 lines are bad"):
        lamem(root)


def test_an_unreadable_photo_is_known_by_its_line(make_lamem: MakeLamem) -> None:
    root = make_lamem(10)
    (root / "images" / "00001.png").write_bytes(b"no photo")
    broken = lamem(root).photos[0]
    with pytest.raises(PhotoError):
        broken.read()
    assert broken.where == f"{root / 'splits' / 'train_1.txt'}:1"


# --- CSV


def test_csv_keeps_scores_splits_and_lines(photo_folder: Path, tmp_path: Path) -> None:
    table = write_table(
        tmp_path / "list.csv",
        "photos/photo_0.png,0.25,train",
        f"{photo_folder / 'photo_1.png'},,",
        header="image_path,memorability_score,split",
    )
    listing = csv_table(table)
    assert listing.problems == ()
    assert [(photo.score, photo.split) for photo in listing.photos] == [(0.25, "train"), (None, None)]
    assert [photo.where for photo in listing.photos] == [f"{table}:2", f"{table}:3"]
    assert listing.photos[1].read().shape == (48, 64, 3)


@pytest.mark.parametrize(
    ("row", "words"),
    [
        ("photos/absent.png,0.5,", ("photos/absent.png", "does not exist")),
        ("photos/photo_0.png,0.5,", ("photos/photo_0.png", "duplicate", "list.csv:2")),
        ("./photos/../photos/photo_0.png,0.5,", ("photo_0.png", "duplicate", "list.csv:2")),
        ("photos/photo_1.png,nan,", ("photos/photo_1.png", "NaN")),
        ("photos/photo_1.png,1.5,", ("photos/photo_1.png", "1.5", "outside")),
        ("photos/photo_1.png,-1,", ("photos/photo_1.png", "outside")),
        ('photos/photo_1.png,"0,5,1",', ("photos/photo_1.png", "not a number")),
        ("photos/photo_1.png,0.5,training", ("photos/photo_1.png", "training", "train, val, test")),
        ("photos,0.5,", ("photos", "does not exist")),
        ("long" * 100 + ",0.5,", ("longlong", "does not exist")),
        (",0.5,", ("image_path is empty",)),
        ('""', ("image_path is empty",)),
    ],
)
def test_csv_reports_a_bad_line(photo_folder: Path, tmp_path: Path, row: str, words: tuple[str, ...]) -> None:
    header = "image_path,memorability_score,split"
    table = write_table(tmp_path / "list.csv", "photos/photo_0.png,0.5,", row, "photos/photo_2.png,0.5,", header=header)
    listing = csv_table(table)
    assert [photo.id for photo in listing.photos] == ["photos/photo_0.png", "photos/photo_2.png"]
    only_problem(listing, f"{table}:3", *words)


def test_csv_with_a_comma_in_its_numbers_and_between_its_cells_is_refused_by_line(
    photo_folder: Path, tmp_path: Path
) -> None:
    """0,41 would be read as 0, and 1,0 as 1."""
    table = write_table(
        tmp_path / "list.csv", "photos/photo_0.png,0,41", "photos/photo_1.png,0.5", "photos/photo_2.png,1,0"
    )
    listing = csv_table(table)
    assert [photo.score for photo in listing.photos] == [0.5]
    assert [str(item).split(": ")[0] for item in listing.problems] == [f"{table}:2", f"{table}:4"]
    assert all("more cells than the header" in str(item) for item in listing.problems)
    (tmp_path / "again.csv").write_bytes(confined(table.read_bytes()))
    again = csv_table(tmp_path / "again.csv")
    assert [photo.score for photo in again.photos] == [0.5]
    assert len(again.problems) == 2
    trailing = write_table(tmp_path / "trailing.csv", "photos/photo_0.png,0.4,,", "photos/photo_1.png,0.5,")
    assert [photo.score for photo in csv_table(trailing).photos] == [0.4, 0.5]


@pytest.mark.parametrize("place", ["{}/outside.png", "../outside.png"])
@pytest.mark.parametrize("cell", [0, 1, 2, 3])
def test_no_cell_of_a_visitors_list_begins_a_row_of_its_own(tmp_path: Path, place: str, cell: int) -> None:
    """A lone carriage return is a line break to readers, and needs no quotation marks for writers: in no cell, named
    or not, may it bring a path that was never confined."""
    folder = tmp_path / "visit"
    for photo in (tmp_path / "outside.png", folder / "in.png"):
        write_photo(photo, height=4, width=4)
    cells = ["in.png", "0.5", "train", "more"]
    cells[cell] = f'"x\r{place.format(tmp_path)}"'
    (folder / "list.csv").write_bytes(confined(f"image_path,memorability_score,split\n{','.join(cells)}\n".encode()))
    try:
        found = csv_table(folder / "list.csv").photos
    except SourceError:
        return
    assert [photo.path for photo in found if photo.path != folder / "in.png"] == []


def test_csv_bears_a_byte_order_mark(photo_folder: Path, tmp_path: Path) -> None:
    table = write_table(tmp_path / "list.csv", "photos/photo_0.png,0.5", encoding="utf-8-sig")
    assert len(csv_table(table).photos) == 1


DIALECTS = {
    "semicolons and decimal commas": ("image_path;memorability_score\n{0};0,25\n{1};0,5\n", "cp1252"),
    "decimal commas in quotes": ('image_path,memorability_score\n{0},"0,25"\n{1},"0,5"\n', "utf-8"),
    "tabs and decimal commas": ("image_path\tmemorability_score\n{0}\t0,25\n{1}\t0,5\n", "utf-8"),
    "bars": ("image_path|memorability_score\n{0}|0.25\n{1}|0.5\n", "utf-8"),
    "a line that names the delimiter": ("sep=;\nimage_path;memorability_score\n{0};0,25\n{1};0,5\n", "utf-8-sig"),
    "utf-16": ("image_path,memorability_score\n{0},0.25\n{1},0.5\n", "utf-16"),
    "utf-16 without a mark": ("image_path\tmemorability_score\n{0}\t0.25\n{1}\t0.5\n", "utf-16-le"),
    "utf-16, big-endian, without a mark": ("image_path\tmemorability_score\n{0}\t0.25\n{1}\t0.5\n", "utf-16-be"),
    "blanks and capitals in the header": (' Image_Path , "Memorability_Score" \n{0} , 0.25\n{1}, 0.5 \n', "utf-8-sig"),
    "old line ends": ("image_path,memorability_score\r{0},0.25\r{1},0.5\r", "utf-8"),
    "an index and other columns": (",note,image_path,x,memorability_score\n0,a,{0},,0.25\n1,b,{1},,0.5\n", "utf-8"),
}


@pytest.mark.parametrize("dialect", DIALECTS)
def test_csv_dialects(tmp_path: Path, dialect: str) -> None:
    text, encoding = DIALECTS[dialect]
    names = ("photos/schön café.png", "photos/b.png")
    for number, name in enumerate(names):
        write_photo(tmp_path / name, number)
    table = tmp_path / "list.csv"
    table.write_bytes(text.format(*names).encode(encoding))
    listing = csv_table(table)
    assert listing.problems == ()
    assert listing.notes == ()
    assert [(photo.id, photo.score) for photo in listing.photos] == [(names[0], 0.25), (names[1], 0.5)]


def test_csv_of_another_machine_is_found_and_said(
    photo_folder: Path, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    rows = [rf"D:\me\photos\photo_{number}.PNG,0.{number}" for number in range(4)]
    table = write_table(tmp_path / "list.csv", *rows, r"photos\absent.png,0.5", "photos/photo_0.png,0.9")
    listing = open_source(str(table))
    assert [photo.id for photo in listing.photos] == [f"photos/photo_{number}.png" for number in range(4)]
    assert [photo.where for photo in listing.photos] == [f"{table}:{line}" for line in range(2, 6)]
    assert [problem.where for problem in listing.problems] == [f"{table}:6", f"{table}:7"]
    assert "does not exist" in listing.problems[0].reason
    assert f"duplicate of {table}:2" in listing.problems[1].reason
    (note,) = listing.notes
    assert "4 of 6 photos" in note
    assert [record.getMessage() for record in caplog.records] == [f"{table}: {note}"]


@pytest.mark.parametrize(("score", "words"), [("40", "percentage"), ("40.5", "percentage"), ("40 %", "percentage")])
def test_percentages_are_refused_for_what_they_are(photo_folder: Path, tmp_path: Path, score: str, words: str) -> None:
    table = write_table(tmp_path / "list.csv", "photos/photo_0.png,0.5", f"photos/photo_1.png,{score}")
    only_problem(csv_table(table), f"{table}:3", "photos/photo_1.png", words)


def test_csv_takes_back_a_name_that_was_kept_from_being_a_formula(tmp_path: Path) -> None:
    write_photo(tmp_path / "=1+1.png")
    assert csv_table(write_table(tmp_path / "list.csv", "'=1+1.png,0.5")).photos[0].id == "=1+1.png"


def test_lamem_finds_names_of_other_machines(make_lamem: MakeLamem) -> None:
    root = make_lamem(10)
    file = root / "splits" / "train_1.txt"
    file.write_text("".join(rf"images\{line}" for line in file.open()).replace(".png", ".PNG"))
    listing = lamem(root)
    assert listing.problems == ()
    assert {photo.id for photo in listing.photos} == {f"{number:05d}.png" for number in range(10)}
    assert "6 of 10 photos" in listing.notes[0]


def test_csv_refuses_what_is_none(tmp_path: Path) -> None:
    empty = tmp_path / "empty.csv"
    empty.touch()
    with pytest.raises(SourceError, match="column image_path is missing"):
        csv_table(empty)
    with pytest.raises(SourceError, match="column memorability_score is missing"):
        csv_table(write_table(tmp_path / "other.csv", header="image_path,score"))
    twice = "image_path,memorability_score,Memorability_Score"
    with pytest.raises(SourceError, match="column memorability_score stands twice in the first line"):
        csv_table(write_table(tmp_path / "twice.csv", "a.jpg,0.4,0.6", header=twice))
    with pytest.raises(SourceError, match="no usable photo"):
        csv_table(write_table(tmp_path / "bare.csv"))
    with pytest.raises(SourceError, match="no such CSV"):
        csv_table(tmp_path / "absent.csv")
    with pytest.raises(SourceError, match="cannot be read as a CSV"):
        csv_table(write_table(tmp_path / "long.csv", "x" * (csv.field_size_limit() + 1)))


# --- folder, samples, and which source answers


def test_folder_lists_photos_below_in_order_without_hidden_ones(photo_folder: Path, photo: np.ndarray) -> None:
    for name in ("sub/deep.JPG", ".hidden.png", "notes.txt"):
        (photo_folder / name).parent.mkdir(exist_ok=True)
        (photo_folder / name).write_bytes(images.png_bytes(photo))
    listing = folder(photo_folder)
    assert [item.id for item in listing.photos] == [*(f"photo_{number}.png" for number in range(4)), "sub/deep.JPG"]
    assert all(item.score is None and item.source == "photos" for item in listing.photos)


def test_a_source_has_a_name_even_when_the_path_has_none(photo_folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(photo_folder)
    assert folder(Path(".")).name == "photos"


def test_folder_notes_what_it_passes_over(photo_folder: Path) -> None:
    write_photo(photo_folder / "@eaDir" / "photo_0.png")
    (note,) = folder(photo_folder).notes
    assert "1 photo in service folders" in note
    for file in photo_folder.glob("*.png"):
        file.unlink()
    with pytest.raises(SourceError, match="1 photo in service folders"):
        folder(photo_folder)


def test_folder_refuses_what_is_none(tmp_path: Path) -> None:
    with pytest.raises(SourceError, match="no photo"):
        folder(tmp_path)
    with pytest.raises(SourceError, match="no such folder"):
        folder(tmp_path / "absent")


def test_packaged_samples_can_be_read() -> None:
    listing = samples()
    assert {photo.id for photo in listing.photos} == set(PACKAGED)
    assert all(min(photo.read().shape[:2]) > 200 for photo in listing.photos)


def test_open_source_finds_the_kind(make_lamem: MakeLamem, photo_folder: Path, tmp_path: Path) -> None:
    table = write_table(tmp_path / "list.csv", "photos/photo_0.png,0.5")
    assert open_source(str(make_lamem())).photos[0].score is not None
    assert open_source(str(table)).name == "list"
    assert open_source(str(photo_folder)).photos[0].score is None
    assert open_source("samples").name == "samples"


@pytest.mark.parametrize("name", ["absent", "lamem", "folder", "nul\0", "long" * 1000])
def test_open_source_refuses_unknown_names(name: str) -> None:
    with pytest.raises(SourceError, match="no such folder"):
        open_source(name)


def test_open_source_refuses_a_file_of_another_kind(tmp_path: Path) -> None:
    (tmp_path / "notes.txt").touch()
    with pytest.raises(SourceError, match="neither a folder nor a CSV"):
        open_source(str(tmp_path / "notes.txt"))


# --- scores


@given(st.floats(0, 1))
def test_every_score_in_range_is_kept_exactly(score: float) -> None:
    assert parse_score(repr(score)) == score


@given(st.text(max_size=20) | st.floats().map(repr))
def test_any_text_is_a_score_in_range_or_a_reason(text: str) -> None:
    try:
        assert 0 <= parse_score(text) <= 1
    except ValueError as error:
        assert str(error).startswith("the score")  # noqa: PT017


# --- the development photos


def test_the_scored_development_set_is_whole(shared_data: Path) -> None:
    for split in range(1, 6):
        listing = lamem(shared_data / "lnsim", split=split)
        assert listing.problems == ()
        assert [sum(photo.split == part for photo in listing.photos) for part in ("train", "val", "test")] == [
            1400,
            200,
            400,
        ]
