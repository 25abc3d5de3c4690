"""The leading cause: pairs at the same size, and doses that belong together."""

from __future__ import annotations

from pathlib import Path

import pytest

from core.effects import effects
from core.study import reading as study_files
from core.table import Condition
from core.verdict import causes
from core.verdict.verdict import judge
from tests.helpers import planted
from tests.verdict.conftest import N

pytestmark = pytest.mark.usefixtures("quick")


def test_pairs_are_compared_at_the_same_size(tmp_path: Path) -> None:
    """Blur at its default changes the pixels twice as much as grayscale, for 1.5 times the effect."""
    study = study_files.read_study(
        planted.write_study(
            tmp_path, n=N, rows=["grayscale", "blur"], effects={"grayscale": -1, "blur": -1.5}, doses=()
        )
    )
    blurred = study.conditions.index(Condition("blur", '{"sigma":0.02}'))
    study.rmse[:, blurred] *= 2
    found = judge(study, effects.effect_tables(study))
    assert found.leading_cause == "spatial frequency"
    (pair,) = found.pairs
    assert (pair.first, pair.second, pair.n, pair.rmse) == ("grayscale", "blur", N, pytest.approx(0.05))
    assert pair.probability > 0.99


def test_doses_of_one_ablation_belong_together() -> None:
    conditions = [
        Condition("blur", '{"sigma":0.02}'),
        Condition("blur", '{"sigma":0.04}'),
        Condition("centre_crop", '{"keep":0.5,"surround":"mean"}'),
        Condition("centre_crop", '{"keep":0.5,"surround":"rescaled"}'),
        Condition("centre_crop", '{"keep":0.7,"surround":"mean"}'),
        Condition("centre_crop", '{"keep":0.7,"surround":"rescaled"}'),
    ]
    assert causes.series(conditions, 0) == [0, 1]
    assert causes.series(conditions, 2) == [2, 4]
