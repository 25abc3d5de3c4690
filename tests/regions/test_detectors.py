"""What was measured of the detectors, how boxes are matched, and which masks make a row exploratory."""

from __future__ import annotations

import dataclasses
import json
from pathlib import Path

import numpy as np
import pytest
from statsmodels.stats.proportion import proportion_confint

from benchmarks import _matching as matching
from benchmarks._saliency import centrality
from core.errors import ArtifactError, MaskError
from core.masks.heatmap import heatmap_top
from core.masks.salient import patches
from core.regions import detectors
from core.regions.detector_quality import UNMEASURED, weak_detectors
from core.regions.detectors import MeasuredDetector, SizeQuality
from core.registry import MASKS
from core.types import Heatmap, Interval, Rect
from core.verdict import detector_words

ROW = MeasuredDetector(
    "a detector", "faces", "faces", "somewhere", 0.5, 10, 20, 18,
    Interval(0.8, 0.6, 0.9), None, Interval(0.7, 0.5, 0.8),
    (
        SizeQuality("small", 3, None, 2, Interval(0.5, 0.1, 0.9)),
        SizeQuality("large", 4, Interval(0.25, 0.1, 0.9), iou=Interval(0.4, 0.3, 0.5)),
    ), None, 12.5,
)  # fmt: skip


def test_measurements_are_read_as_they_were_written(tmp_path: Path) -> None:
    other = dataclasses.replace(ROW, mask=None, precision=None, iou=Interval(0.1, 0.0, 0.2))
    detectors.save([ROW, other], tmp_path / "d.json")
    assert detectors.measurements(tmp_path / "d.json") == (ROW, other)
    assert detectors.measurements(tmp_path / "none.json") == ()


def test_quality_is_told_by_size() -> None:
    told = detector_words._row("faces", ROW)
    sizes = {name: value for name, value in told.items() if " of " in name}
    assert {name: value for name, value in sizes.items() if value is not None} == {
        "precision of small ones": 0.5,
        "recall of large ones": 0.25,
        "IoU of large ones": 0.4,
    }


def test_found_boxes_and_true_ones_are_counted_by_their_own_size() -> None:
    pixels = np.zeros((100, 200, 3), np.uint8)
    photo = matching.Labelled(pixels, [Rect(0, 0, 20, 20), Rect(50, 50, 54, 90)])
    counted = matching.match(photo, [Rect(0, 0, 20, 14), Rect(100, 0, 104, 4), Rect(150, 50, 190, 90)])
    assert (counted.right, counted.wrong) == (1, 2)
    assert dict(counted.sizes) == {"large": [True], "small": [False]}
    assert dict(counted.found) == {"medium": [True], "small": [False], "large": [False]}


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"compared": [{}]}', '{"compared": [1]}'])
def test_a_damaged_file_is_named(text: str, tmp_path: Path) -> None:
    (tmp_path / "d.json").write_text(text)
    with pytest.raises(ArtifactError, match=r"d\.json.*benchmarks masks"):
        detectors.measurements(tmp_path / "d.json")


@pytest.mark.parametrize(
    "change",
    [
        {"precision": "0.8"},
        {"precision_interval": [0.6]},
        {"precision_interval": {"low": 0.6}},
        {"detector": 3},
        {"n_found": 0.5},
        {"by_size": "small"},
        {"by_size": [{"size": "small", "n_things": 3, "recall": 0.5}]},
        {"more": 1},
    ],
)
def test_a_measurement_of_another_kind_is_named(tmp_path: Path, change: dict) -> None:
    file = tmp_path / "d.json"
    detectors.save([ROW], file)
    content = json.loads(file.read_text())
    file.write_text(json.dumps({"faces": content["faces"] | change, "compared": []}))
    with pytest.raises(ArtifactError, match=r"d\.json.*benchmarks masks"):
        detectors.measurements(file)


def test_a_weak_detector_is_seen_by_the_verdict(tmp_path: Path) -> None:
    low = dataclasses.replace(ROW, precision=Interval(0.69, 0.5, 0.8))
    salient = dataclasses.replace(ROW, mask="salient", precision=None, iou=Interval(0.41, 0.38, 0.45))
    other = dataclasses.replace(low, mask=None)
    detectors.save([low, salient, other], tmp_path / "d.json")
    found = weak_detectors(tmp_path / "d.json")
    assert found.pop("faces") == "detector precision 0.69 [0.50, 0.80], below 0.7"
    assert "salient" not in found
    assert found["text"] == UNMEASURED


def test_every_detector_was_measured() -> None:
    measured = {item.mask: item for item in detectors.measurements()}
    for entry in MASKS:
        if entry.facts["detector"]:
            assert entry.id in measured, f"{entry.id}: python -m benchmarks masks"
            threshold = next(param.default for param in entry.params if param.name == "threshold")
            assert measured[entry.id].threshold == threshold, f"{entry.id} was measured at another threshold"
            assert measured[entry.id].version == entry.facts["version"], f"{entry.id} has changed since"
            assert measured[entry.id].n_photos >= 90


# --- matching


def test_boxes_are_matched_once_and_ignored_ones_do_not_count() -> None:
    pixels = np.zeros((100, 200, 3), dtype=np.uint8)
    things = [Rect(0, 0, 10, 10), Rect(50, 50, 80, 80), Rect(100, 20, 104, 40)]
    photo = matching.Labelled(pixels, things, [Rect(150, 0, 200, 100)])
    found = [Rect(0, 0, 10, 11), Rect(1, 0, 10, 10), Rect(50, 50, 64, 80), Rect(160, 5, 170, 15), Rect(140, 5, 155, 15)]
    count = matching.match(photo, found)
    assert (count.right, count.wrong) == (1, 3)
    assert dict(count.sizes) == {"medium": [True], "large": [False], "small": [False]}


def test_masks_are_matched_by_their_pixels_not_by_their_boxes() -> None:
    pixels = np.zeros((100, 100, 3), dtype=np.uint8)
    stripe, corner = np.eye(100, dtype=bool), np.zeros((100, 100), dtype=bool)
    corner[:60, :60] = True
    photo = matching.Labelled(pixels, [stripe])
    count = matching.match(photo, [corner, stripe | np.eye(100, k=1, dtype=bool)])
    assert (count.right, count.wrong) == (1, 1)  # the second covers the stripe and as much again
    assert dict(count.sizes) == {"huge": [True]}
    assert matching.iou(corner, ~corner) == 0


def test_intersection_over_union_by_hand() -> None:
    assert matching.iou(Rect(0, 0, 10, 10), Rect(5, 0, 15, 10)) == pytest.approx(50 / 150)
    assert matching.iou(Rect(0, 0, 10, 10), Rect(10, 0, 20, 10)) == 0


def test_intervals_of_shares() -> None:
    interval = matching.wilson(8, 10)
    assert interval is not None
    assert (interval.low, interval.high) == proportion_confint(8, 10, method="wilson")
    assert matching.wilson(0, 0) is None
    same = matching.by_photo(np.array([1, 1, 1]), np.array([2, 2, 2]))
    assert same == Interval(0.5, 0.5, 0.5)
    assert matching.by_photo(np.array([0]), np.array([0])) is None


# --- patches and heatmaps


def test_patches_come_by_size_and_specks_are_left_out() -> None:
    mask = np.zeros((100, 100), dtype=bool)
    mask[10:20, 10:30], mask[50:80, 50:80], mask[95, 95] = True, True, True
    found = patches(mask)
    assert [box for _, box in found] == [Rect(50, 50, 80, 80), Rect(10, 10, 30, 20)]
    assert [int(part.sum()) for part, _ in found] == [900, 200]


def test_centrality_is_one_in_the_middle_and_nothing_in_the_corners() -> None:
    values = centrality((5, 9))
    assert values[2, 4] == pytest.approx(1)
    assert values[0, 0] == values[-1, -1] == pytest.approx(0)


def test_the_top_of_a_heatmap_is_the_wanted_share_of_it() -> None:
    photo = np.zeros((40, 50, 3), dtype=np.uint8)
    values = np.random.default_rng(0).random((40, 50)).astype(np.float32)
    region = heatmap_top(photo, Heatmap(values, "any", 0.5), share=0.1)
    assert region.mask.sum() == 200
    assert values[region.mask].min() > values[~region.mask].max()
    assert not heatmap_top(photo, Heatmap(values * 0, "any", 0.5)).mask.any()
    assert heatmap_top(photo, Heatmap(values[::2, ::2], "any", 0.5)).mask.shape == (40, 50)
    with pytest.raises(MaskError, match="heatmap"):
        heatmap_top(photo)
