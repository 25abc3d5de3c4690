"""The answer to one try: numbers as they were computed, and words for how much that is."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from core import config
from core.paint import answer, region_effect
from core.paint.region_effect import Painted
from core.registry import FILLS
from core.study import catalogue
from core.verdict.aggregates import VERDICT
from core.verdict.aggregation import make_aggregates
from tests.helpers.planted import write_study


@pytest.fixture
def done() -> Painted:
    photo = np.zeros((4, 4, 3), np.uint8)
    return Painted(photo=photo, score=0.7, ablated_score=0.65, area=0.25)


def test_the_numbers_are_those_of_the_try(done: Painted) -> None:
    found = answer.told(done, region_effect.treatment(), config.DEFAULT_MODEL, None)
    assert (found.done.score, found.done.ablated_score, found.done.area, found.falls) == (0.7, 0.65, 0.25, True)
    assert found.delta == "−0.050"
    assert "−0.050" in found.size
    assert "no reference study" in found.among


def test_the_first_fill_is_that_of_the_least_artefact_in_a_stored_study_of_the_same_model(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(config, "ARTIFACTS", tmp_path)
    monkeypatch.setattr(config, "RUNS", tmp_path / "runs")
    assert answer.usual_fill("planted") == answer.UNTOLD
    # Protocol 1 measured no artefacts, and the study that comes with the project is asked before any other.
    for name, fills in (("first", ()), ("another", ("mean",)), (catalogue.REFERENCE, ("blur", "mean"))):
        folder = tmp_path / catalogue.SHIPPED / name
        make_aggregates(write_study(folder, n=90))
        stored = json.loads((folder / VERDICT).read_text())
        stored["artefacts"] = [
            {"fill": fill, "size": 0.1, "mean": {"estimate": 0, "low": 0, "high": 0}, "n": 9, "decides": True}
            for fill in fills
        ]
        (folder / VERDICT).write_text(json.dumps(stored))
    assert answer.usual_fill(stored["model"]) == "blur"
    assert answer.usual_fill("resmem") == answer.UNTOLD
    assert answer.UNTOLD in FILLS
