"""Samples are reproducible, keep every score, name what cannot be read, and never harm a folder."""

from __future__ import annotations

import csv
import dataclasses
from collections.abc import Callable
from pathlib import Path

import pytest

from core.errors import LabError, SourceError
from core.photos.sampling import COLUMNS, MARKER, TABLE, draw_sample, write_sample
from core.sources.lamem import lamem
from core.sources.samples import samples
from core.sources.table import csv_table
from core.types import Photo

MakeLamem = Callable[..., Path]


def ids(photos: tuple[Photo, ...]) -> list[str]:
    return [photo.id for photo in photos]


def contents(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


# --- drawing


def test_a_seed_draws_the_same_photos_and_another_seed_others(make_lamem: MakeLamem) -> None:
    listing = lamem(make_lamem(40))
    assert ids(draw_sample(listing, 20, 0)) == ids(draw_sample(listing, 20, 0))
    assert ids(draw_sample(listing, 20, 0)) != ids(draw_sample(listing, 20, 1))


def test_a_draw_is_the_same_on_every_machine(make_lamem: MakeLamem) -> None:
    assert sorted(ids(draw_sample(lamem(make_lamem(10)), 3, 0))) == ["00000.png", "00003.png", "00008.png"]


def test_a_draw_does_not_depend_on_the_order_of_the_list(make_lamem: MakeLamem) -> None:
    listing = lamem(make_lamem(40))
    turned = dataclasses.replace(listing, photos=listing.photos[::-1])
    assert set(ids(draw_sample(turned, 15, 3))) == set(ids(draw_sample(listing, 15, 3)))


def test_a_smaller_sample_is_contained_in_a_larger_one(make_lamem: MakeLamem) -> None:
    listing = lamem(make_lamem(40))
    assert set(ids(draw_sample(listing, 10, 0))) < set(ids(draw_sample(listing, 20, 0)))


def test_a_sample_has_no_duplicates_and_comes_from_all_parts(make_lamem: MakeLamem) -> None:
    drawn = draw_sample(lamem(make_lamem(60)), 30, 0)
    assert len(set(ids(drawn))) == 30
    assert {photo.split for photo in drawn} == {"train", "val", "test"}


@pytest.mark.parametrize("n", [41, 0, -1])
def test_a_number_that_cannot_be_drawn_is_refused_with_the_largest_that_can(make_lamem: MakeLamem, n: int) -> None:
    with pytest.raises(LabError, match="1 to 40"):
        draw_sample(lamem(make_lamem(40)), n, 0)


def test_photos_without_scores_are_not_drawn() -> None:
    with pytest.raises(LabError, match="0 usable scored photos"):
        draw_sample(samples(), 1, 0)


# --- writing


def test_a_sample_can_be_read_back_with_every_score(make_lamem: MakeLamem, tmp_path: Path) -> None:
    root = make_lamem(20)
    drawn = draw_sample(lamem(root), 8, 0)
    steps: list[tuple[int, int]] = []
    written = write_sample(drawn, tmp_path / "out", progress=lambda done, total: steps.append((done, total)))
    back = csv_table(tmp_path / "out" / TABLE)
    assert written.problems == back.problems == ()
    assert [(photo.id, photo.score, photo.split) for photo in back.photos] == [
        (f"images/{photo.id}", photo.score, photo.split) for photo in drawn
    ]
    for photo in drawn:
        assert (tmp_path / "out" / "images" / photo.id).read_bytes() == (root / "images" / photo.id).read_bytes()
    with (tmp_path / "out" / TABLE).open() as stream:
        assert tuple(next(csv.reader(stream))) == COLUMNS
    assert steps == [(done, 8) for done in range(1, 9)]


def test_writing_twice_gives_the_same_bytes(make_lamem: MakeLamem, tmp_path: Path) -> None:
    listing = lamem(make_lamem(20))
    for name in ("one", "two"):
        write_sample(draw_sample(listing, 8, 0), tmp_path / name, record={"n": 8, "seed": 0})
    assert contents(tmp_path / "one") == contents(tmp_path / "two")


def test_unreadable_photos_are_named_with_their_line_and_the_good_ones_written(
    make_lamem: MakeLamem, tmp_path: Path
) -> None:
    root = make_lamem(10)
    (root / "images" / "00003.png").write_bytes(b"no photo")
    (root / "images" / "00009.png").write_bytes((root / "images" / "00009.png").read_bytes()[:300])
    listing = lamem(root)
    written = write_sample(draw_sample(listing, 10, 0), tmp_path / "out")
    lines = {photo.id: photo.where for photo in listing.photos}
    assert [problem.where for problem in written.problems] == [lines["00003.png"], lines["00009.png"]]
    assert [problem.reason.split(":")[0] for problem in written.problems] == ["00003.png", "00009.png"]
    assert len(csv_table(tmp_path / "out" / TABLE).photos) == len(written.photos) == 8
    assert not (tmp_path / "out" / "images" / "00003.png").exists()
    assert "00003.png" in (tmp_path / "out" / MARKER).read_text()


def test_a_set_without_a_readable_photo_writes_nothing(make_lamem: MakeLamem, tmp_path: Path) -> None:
    root = make_lamem(10)
    for file in (root / "images").iterdir():
        file.write_bytes(b"no photo")
    with pytest.raises(SourceError, match="none of the 10 photos"):
        write_sample(draw_sample(lamem(root), 10, 0), tmp_path / "out")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["set"]


def test_an_earlier_sample_is_replaced_whole(make_lamem: MakeLamem, tmp_path: Path) -> None:
    listing = lamem(make_lamem(20))
    write_sample(draw_sample(listing, 12, 0), tmp_path / "out")
    write_sample(draw_sample(listing, 5, 1), tmp_path / "out")
    assert len(list((tmp_path / "out" / "images").iterdir())) == 5
    assert not list(tmp_path.glob(".*"))


@pytest.mark.parametrize("add", ["notes.txt", "images/mine.png"])
def test_a_folder_with_other_files_is_refused_and_stays(make_lamem: MakeLamem, tmp_path: Path, add: str) -> None:
    drawn = draw_sample(lamem(make_lamem(10)), 5, 0)
    mine = tmp_path / "out" / add
    mine.parent.mkdir(parents=True)
    mine.write_text("mine")
    with pytest.raises(SourceError, match="other files"):
        write_sample(drawn, tmp_path / "out")
    assert contents(tmp_path / "out") == {add: b"mine"}


def test_a_file_added_to_a_sample_protects_it(make_lamem: MakeLamem, tmp_path: Path) -> None:
    drawn = draw_sample(lamem(make_lamem(10)), 5, 0)
    write_sample(drawn, tmp_path / "out")
    for name in ("notes.txt", "images/mine.jpg", "images/deep/notes.txt"):
        mine = tmp_path / "out" / name
        mine.parent.mkdir(exist_ok=True)
        mine.write_text("mine")
        with pytest.raises(SourceError, match="other files"):
            write_sample(drawn, tmp_path / "out")
        mine.unlink()
    write_sample(drawn, tmp_path / "out")


def test_the_set_itself_and_a_file_are_no_place_for_a_sample(make_lamem: MakeLamem, tmp_path: Path) -> None:
    root = make_lamem(10)
    drawn = draw_sample(lamem(root), 5, 0)
    for place in (root, root / "splits" / "train_1.txt"):
        with pytest.raises(SourceError):
            write_sample(drawn, place)
    assert len(lamem(root).photos) == 10


def test_a_break_leaves_the_earlier_sample(make_lamem: MakeLamem, tmp_path: Path) -> None:
    listing = lamem(make_lamem(20))
    write_sample(draw_sample(listing, 12, 0), tmp_path / "out")
    before = contents(tmp_path / "out")

    def interrupt(done: int, total: int) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        write_sample(draw_sample(listing, 5, 1), tmp_path / "out", progress=interrupt)
    assert contents(tmp_path / "out") == before
    assert not list(tmp_path.glob(".*"))


@pytest.mark.parametrize("name", ["../escaped.png", "/escaped.png"])
def test_a_name_that_points_outside_is_refused(make_lamem: MakeLamem, tmp_path: Path, name: str) -> None:
    photo = dataclasses.replace(lamem(make_lamem(10)).photos[0], id=name)
    with pytest.raises(SourceError, match=r"escaped\.png"):
        write_sample((photo,), tmp_path / "deep" / "out")
    assert not (tmp_path / "deep").exists()
