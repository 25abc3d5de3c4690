"""What a study is said to cost before it begins."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import numpy as np
import pytest
import torch

from core.inference import Predictor
from core.photos.preprocess import Preset
from core.registry import MODELS
from core.study import engine
from core.study import plan as study_plan
from core.study.conditions import Design
from core.study.cost import Frequency, Speed, estimate, hosted_targets
from core.study.first_photos import measured
from core.types import Photo, Region
from tests.study.test_engine import drawn, nothing

SPEED = Speed(row_ms=10.0, open_ms=50.0)


pytestmark = pytest.mark.usefixtures("own_folders")


def tiny() -> Predictor:
    torch.manual_seed(0)
    return Predictor("tiny", MODELS["small_cnn"].function().eval(), Preset(32, 32), {"training_photos": []})


def with_face() -> dict[str, Region]:
    mask = np.zeros((40, 56), dtype=bool)
    mask[4:9, 4:9] = True
    return nothing() | {"faces": Region(mask)}


def half_with_faces(count: int) -> list[Photo]:
    """Every second photo has a small face, with room around it."""
    return [
        dataclasses.replace(photo, truth=with_face if place % 2 else nothing)
        for place, photo in enumerate(drawn(count))
    ]


def test_photos_in_which_nothing_is_ablated_have_a_cost() -> None:
    """So it is with a thinned study whose first photos hold none of its things."""
    design = Design(ablations=("region",), masks=("faces",))
    found = measured(study_plan.plan(tiny(), drawn(20), design))
    assert (found.photos, found.rows) == (20, 1.0)
    assert found.row_ms > 0
    assert found.spread(1_000).seconds < found.seconds


@pytest.mark.parametrize(
    "design",
    [
        Design(ablations=("grayscale", "blur")),
        Design(ablations=("blur",), shares=(("doses", 0.0),)),
        Design(ablations=("region",), masks=("faces",), fills=("mean", "blur"), hosts=0, placements=3),
        Design(ablations=("region", "grayscale"), masks=("faces",), fills=("mean",), hosts=0, placements=0, targets=4),
    ],
)
def test_rows_are_those_that_the_study_then_has(design: Design, tmp_path: Path) -> None:
    """Without hosts nothing is left to luck: every second photo has a face, with room for all its controls."""
    plan = study_plan.plan(tiny(), half_with_faces(16), design)
    if design.targets:  # scored photos would be ablated whole besides
        plan = study_plan.plan(tiny(), [dataclasses.replace(p, score=None) for p in half_with_faces(16)], design)
    done = engine.run(plan, tmp_path / "study")
    assert measured(plan).rows * done.photos == pytest.approx(done.rows)


def test_hosts_are_counted_as_far_as_there_are_any() -> None:
    assert hosted_targets(20, 20, 10) == 0  # too few lie near any score
    assert hosted_targets(100, 1_000, 0) == 0
    assert hosted_targets(400, 2_000, 10) > 350
    assert hosted_targets(2_000, 100, 10) == 100 * 100 / 10  # each of the 100 is host to 5 % of the targets at most
    few, many = (estimate(Design(), count, {"faces": Frequency(0.5, 0.5)}, SPEED).rows for count in (40, 2_000))
    assert many > few
