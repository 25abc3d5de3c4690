"""What many photos cost, from rates and from the stored study."""

from __future__ import annotations

import pytest

from benchmarks import alike, scale
from benchmarks.scale import Rates, Reference

RATES = Rates(score=0.036, open=0.3, whole=0.06, region=0.06, search=(2e-5, 2e-11), memory=1000)


def test_rows_of_the_stored_study_are_of_three_kinds() -> None:
    found = Reference.read()
    assert found.photos > 1_000
    assert found.region_rows > found.whole_rows > found.photos
    assert 10 < found.row_bytes < 100


def test_costs_follow_from_rates() -> None:
    reference = Reference(photos=100, whole_rows=1_000, region_rows=3_000, row_bytes=25, photo_bytes=200)
    scores, capped, whole = ([cell.strip() for cell in line.split("|")[1:-1]] for line in scale.costs(
        RATES, reference, 1_000_000, 0.1))  # fmt: skip
    assert scores[2:5] == ["1,000,000", "0.04", "10"]
    assert scores[-1] == "1", "ten core hours"
    assert capped[2:5] == ["1,004,000", "0.23", "100"]
    assert whole[2:5] == ["41,000,000", "1.23", "767"]
    assert whole[5] == "383.3", "hours on two cores"


def test_what_grows_faster_than_photos_is_measured() -> None:
    start, each = alike.growth((1_000, 2_000))
    assert 0 < start < 1e-2
    assert 0 <= each < 1e-6
    assert scale.memory() == pytest.approx(1_000, rel=0.9)
