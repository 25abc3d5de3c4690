"""The labels drawn by eye: well-formed boxes, each on a photo that was looked at, and enough photos."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest

from benchmarks import contact_sheets
from core import config

FOLDER = config.ARTIFACTS / "labels_by_eye"


@pytest.fixture(scope="module")
def boxes() -> pd.DataFrame:
    return pd.read_csv(FOLDER / "boxes.csv")


@pytest.fixture(scope="module")
def photos() -> pd.DataFrame:
    return pd.read_csv(FOLDER / "photos.csv")


def test_the_columns_are_those_documented(boxes: pd.DataFrame, photos: pd.DataFrame) -> None:
    assert list(boxes) == ["source", "photo_id", "kind", "left", "top", "right", "bottom", "ignore"]
    assert list(photos) == ["source", "photo_id"]
    assert not boxes.isna().any(axis=None)
    assert not photos.isna().any(axis=None)


def test_every_box_lies_in_its_photo_and_has_an_area(boxes: pd.DataFrame) -> None:
    sides = boxes[["left", "top", "right", "bottom"]]
    assert sides.min(axis=None) >= 0
    assert sides.max(axis=None) <= 1
    assert (boxes.left < boxes.right).all()
    assert (boxes.top < boxes.bottom).all()
    assert set(boxes.kind) == {"face", "text"}
    assert set(boxes.ignore) == {0, 1}


def test_every_labelled_photo_is_listed_as_looked_at(boxes: pd.DataFrame, photos: pd.DataFrame) -> None:
    key = ["source", "photo_id"]
    assert set(boxes[key].itertuples(index=False, name=None)) <= set(photos.itertuples(index=False, name=None))


def test_nothing_is_listed_twice(boxes: pd.DataFrame, photos: pd.DataFrame) -> None:
    assert not photos.duplicated().any()
    assert not boxes.drop(columns="ignore").duplicated().any()


def test_there_are_enough_photos_with_and_without(boxes: pd.DataFrame, photos: pd.DataFrame) -> None:
    assert len(photos) >= 200
    counted = boxes[boxes.ignore == 0]
    for kind in ("face", "text"):
        with_it = counted[counted.kind == kind].photo_id.nunique()
        assert 30 <= with_it <= len(photos) - 30


def test_no_two_counted_boxes_of_a_kind_are_one_thing(boxes: pd.DataFrame) -> None:
    """Two boxes with IoU of a half or more could both match one detection."""
    for _, group in boxes[boxes.ignore == 0].groupby(["source", "photo_id", "kind"]):
        rows = list(group[["left", "top", "right", "bottom"]].itertuples(index=False, name=None))
        assert all(iou(a, b) < 0.5 for i, a in enumerate(rows) for b in rows[:i])


def iou(a: tuple[float, ...], b: tuple[float, ...]) -> float:
    wide = max(0.0, min(a[2], b[2]) - max(a[0], b[0]))
    high = max(0.0, min(a[3], b[3]) - max(a[1], b[1]))
    areas = sum((box[2] - box[0]) * (box[3] - box[1]) for box in (a, b))
    return wide * high / (areas - wide * high)


def test_the_photos_are_the_seeded_draw(photos: pd.DataFrame, shared_data: Path) -> None:
    drawn = [(photo.source, photo.id) for photo in contact_sheets.draw(shared_data)]
    assert drawn == list(photos.itertuples(index=False, name=None))
