"""The first page's example: its scores are the model's own, and a damaged file is named."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from core.ablations.region import region
from core.errors import ArtifactError, SourceError
from core.inference.predictor import Predictor
from core.paint import showcase
from core.photos.preprocess import Preset
from core.regions import regions
from core.registry import MODELS
from core.types import Rect


@pytest.fixture
def predictor() -> Predictor:
    return Predictor("small_cnn", MODELS["small_cnn"].function().eval(), Preset(64, 64), {})


def test_the_scores_are_those_of_the_pictures_that_are_shown(predictor: Predictor) -> None:
    found = showcase.make(predictor)
    before, after = found.pictures()
    mask = regions.from_boxes([found.box], before.shape).mask
    assert (before[~mask] == after[~mask]).all()
    assert (before != after).any()
    assert (region(before, mask, fill=found.fill) == after).all()
    assert predictor.score([before, after]) == pytest.approx([found.before, found.after], abs=1e-6)


def test_it_comes_back_from_its_file(tmp_path: Path) -> None:
    found = showcase.Showcase("resnet50", "cat", "faces", "mean", Rect(1, 2, 30, 40), 0.7, 0.6)
    assert showcase.read(tmp_path) is None
    showcase.write(found, tmp_path)
    assert showcase.read(tmp_path) == found


@pytest.mark.parametrize("text", ["{", "[]", '{"model": "m"}'])
def test_a_damaged_file_is_named(tmp_path: Path, text: str) -> None:
    (tmp_path / showcase.FILE).write_text(text)
    with pytest.raises(ArtifactError, match="core showcase"):
        showcase.read(tmp_path)


@pytest.mark.parametrize(
    "change", [{"model": 3}, {"before": "0.5"}, {"box": [1, 2, 3, 4]}, {"box": {"left": 0.5}}, {"fill": None}]
)
def test_an_example_of_another_kind_is_named(tmp_path: Path, change: dict) -> None:
    found = showcase.Showcase("m", "astronaut", "faces", "mean", Rect(1, 2, 3, 4), 0.5, 0.4)
    file = showcase.write(found, tmp_path)
    assert showcase.read(tmp_path) == found
    file.write_text(json.dumps(json.loads(file.read_text()) | change))
    with pytest.raises(ArtifactError, match="core showcase"):
        showcase.read(tmp_path)


def test_a_sample_that_is_not_packaged_is_refused(predictor: Predictor) -> None:
    with pytest.raises(SourceError, match="astronaut"):
        showcase.Showcase("m", "nobody", "faces", "mean", Rect(0, 0, 2, 2), 0.5, 0.5).pictures()
    with pytest.raises(SourceError, match="nobody"):
        showcase.make(predictor, "nobody")
