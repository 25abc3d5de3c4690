"""What the tests of the verdict share."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from core import config
from core.effects import effects
from core.study import reading as study_files
from core.verdict.records import Verdict
from core.verdict.verdict import judge
from tests.helpers import planted

N = 200


def judged(folder: Path, weak: dict[str, str] | None = None, **plan: Any) -> Verdict:
    """The verdict on a planted study, with fewer resamples than in earnest."""
    plan = {"n": N, "fills": ("mean",)} | plan
    study = study_files.read_study(planted.write_study(folder / "study", **plan))
    return judge(study, effects.effect_tables(study, weak=weak or {}), weak=weak)


@pytest.fixture
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """Fewer resamples than in earnest."""
    monkeypatch.setattr(config, "CONFIRMATORY_RESAMPLES", 1_000)
    for function in (effects.stats.lead, effects.stats.validity):
        monkeypatch.setitem(function.__kwdefaults__, "draws", 1_000)
    for function in (effects.stats.effects, effects.stats.sign_flip_p):
        name = "permutations" if "permutations" in function.__kwdefaults__ else "draws"
        monkeypatch.setitem(function.__kwdefaults__, name, 2_000)


def reading(found: Verdict, row: str) -> Any:
    """What is said of a row."""
    return next(item for item in found.readings if item.row == row)
