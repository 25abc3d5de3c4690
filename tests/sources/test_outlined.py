"""Photos with labels: exact masks, what is known not to be there, bad lines named."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from core.errors import SourceError
from core.photos import images
from core.sources import open_source
from core.types import Rect
from tests.conftest import write_photo


@pytest.fixture
def outlined(tmp_path: Path) -> Path:
    root = tmp_path / "set"
    for name in ("a", "b", "c"):
        write_photo(root / "images" / f"{name}.png", height=100, width=200)
    (root / "polygons").mkdir()
    square = "0.1 0.2 0.3 0.2 0.3 0.6 0.1 0.6"
    (root / "polygons" / "a.txt").write_text(f"1 {square}\n\n17 0.5 0.5 0.9 0.5 0.9 0.9\n")
    (root / "polygons" / "b.txt").write_text(f"17 {square}\n1 0.1 0.2 0.3\n")
    return root


def test_outlines_become_masks_and_boxes(outlined: Path) -> None:
    photo = open_source(str(outlined)).photos[0]
    assert photo.id == "images/a.png"
    assert photo.truth is not None
    truth = photo.truth()
    assert truth["people"].boxes == (Rect(20, 20, 61, 61),)
    expected = np.zeros((100, 200), dtype=bool)
    expected[20:61, 20:61] = True
    assert (truth["people"].mask == expected).all()
    assert len(truth["objects"].boxes) == 2
    assert truth["objects"].area == pytest.approx((41 * 41 + 0.5 * 80 * 40) / 20_000, rel=0.05)
    assert photo.read().shape[:2] == truth["people"].mask.shape


def test_a_bad_line_is_named_and_the_photo_has_no_truth(outlined: Path) -> None:
    listing = open_source(str(outlined))
    assert [photo.truth is None for photo in listing.photos] == [False, True, True]
    assert len(listing.problems) == 1
    assert listing.problems[0].where.endswith("b.txt:2")
    assert "three x y pairs" in listing.problems[0].reason


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        ("person 0 0 1 0 1 1", "expected a category"),
        ("1 0 0 1 0 1 1.5", "outside 0 to 1"),
        ("1 0 0 1 0 1 nan", "outside 0 to 1"),
        ("1 0 0 1 0 1 1 0.5", "three x y pairs"),
    ],
)
def test_what_is_wrong_with_a_line(outlined: Path, line: str, reason: str) -> None:
    (outlined / "polygons" / "c.txt").write_text(line)
    (problem,) = [item for item in open_source(str(outlined)).problems if "c.txt:1" in item.where]
    assert reason in problem.reason


def test_a_set_without_photos_is_refused(tmp_path: Path) -> None:
    (tmp_path / "images").mkdir()
    (tmp_path / "polygons").mkdir()
    with pytest.raises(SourceError, match="no photo"):
        open_source(str(tmp_path))


def test_the_shared_set_has_no_problems(shared_data: Path) -> None:
    listing = open_source(str(shared_data / "coco"))
    assert len(listing.photos) == 256
    assert listing.problems == ()
    assert sum(photo.truth is not None for photo in listing.photos) == 200


# Words, masks, and what labels are complete for


@pytest.fixture
def labelled(tmp_path: Path) -> Path:
    """Three photos; the first holds a person and a word, the second an empty list of outlines, the third no list."""
    root = tmp_path / "words"
    for name in ("a", "b", "c"):
        write_photo(root / "images" / f"{name}.png", height=100, width=200)
    (root / "outlines").mkdir()
    square = "0.1 0.2 0.3 0.2 0.3 0.6 0.1 0.6"
    (root / "outlines" / "a.txt").write_text(f"person {square}\ntext 0.5 0.5 0.9 0.5 0.9 0.9\n")
    (root / "outlines" / "b.txt").write_text("")
    return root


def test_labels_say_what_is_not_there(labelled: Path) -> None:
    first, second, third = open_source(str(labelled)).photos
    assert first.truth is not None
    assert second.truth is not None
    assert third.truth is None, "no list says nothing"
    here, none = first.truth(), second.truth()
    assert set(here) == set(none) == {"people", "text"}, "faces are named nowhere, so nothing is known of them"
    assert here["people"].area > 0
    assert none["people"].area == none["text"].area == 0
    assert none["people"].mask.shape == (100, 200)


def test_a_set_may_be_complete_for_what_it_never_holds(labelled: Path) -> None:
    (labelled / "complete.txt").write_text("face\n")
    truth = open_source(str(labelled)).photos[1].truth
    assert truth is not None
    assert truth()["faces"].area == 0
    (labelled / "complete.txt").write_text("nose\n")
    listing = open_source(str(labelled))
    assert "choose from person, face, text" in listing.problems[0].reason
    assert listing.problems[0].where.endswith("complete.txt")


def test_a_word_that_is_not_known_is_named_by_file_and_line(labelled: Path) -> None:
    (labelled / "outlines" / "b.txt").write_text("person 0 0 1 0 1 1\nnose 0 0 1 0 1 1\n")
    listing = open_source(str(labelled))
    assert listing.problems[0].where.endswith("b.txt:2")
    assert "one of person, face, text" in listing.problems[0].reason
    assert listing.photos[1].truth is None


def test_white_is_the_object_at_the_photos_size(labelled: Path) -> None:
    (labelled / "masks").mkdir()
    mask = np.zeros((50, 100, 3), dtype=np.uint8)
    mask[10:20, 30:50] = 255
    (labelled / "masks" / "a.png").write_bytes(images.png_bytes(mask))
    (labelled / "masks" / "b.png").write_bytes(images.png_bytes(np.zeros_like(mask)))
    (labelled / "masks" / "c.png").write_bytes(b"no picture")
    listing = open_source(str(labelled))
    truth = [photo.truth() if photo.truth else {} for photo in listing.photos]
    assert truth[0]["salient"].mask[20:40, 60:100].all()
    assert truth[0]["salient"].area == pytest.approx(20 * 40 / 20_000, abs=0.004)
    assert truth[0]["people"].area > 0, "one source, several label files"
    assert truth[1]["salient"].area == 0
    assert "salient" not in truth[2]
    assert listing.problems[0].where.endswith("c.png")


@pytest.mark.parametrize("name", ["people", "salient", "text", "faces"])
def test_the_exact_sets_have_no_problems(shared_data: Path, name: str) -> None:
    listing = open_source(str(shared_data / name))
    assert listing.problems == ()
    assert all(photo.truth is not None for photo in listing.photos)
    truth = listing.photos[0].truth
    assert truth is not None
    assert truth()[name].mask.shape == listing.photos[0].read().shape[:2]
    assert truth()[name].mask.any()
