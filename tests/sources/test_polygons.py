"""Photos with outlines: exact masks, bad lines named."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from core.errors import SourceError
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
