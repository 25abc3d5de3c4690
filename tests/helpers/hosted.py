"""Planted studies with hosted controls, for every test that is about them."""

from __future__ import annotations

from pathlib import Path

import pytest

from core.effects import effects
from core.study import reading
from core.table import Condition
from tests.helpers import planted

FILLS = ("mean", "blur", "inpaint")
BLURRED = Condition("region", "{}", "faces", "blur", "remove")


def planned(folder: Path, **changes: object) -> reading.Study:
    """A study of faces by protocol 2; `changes` are those of `planted.write_study`."""
    plan = {"n": 200, "protocol": 2, "fills": FILLS, "rows": ["faces_removed", "grayscale"], "placements": 10}
    return reading.read_study(planted.write_study(folder / "study", **(plan | changes)))  # type: ignore[arg-type]


@pytest.fixture(scope="module")
def study(tmp_path_factory: pytest.TempPathFactory) -> reading.Study:
    """Faces lower the score by 1 SD more than the same mask on a host does, which itself lowers it by 0.5."""
    plan = {"effects": {"faces_removed": -1.4}, "hosted": {"faces_removed": -0.5}}
    return planned(tmp_path_factory.mktemp("hosted"), **plan)


@pytest.fixture(scope="module")
def tables(study: reading.Study) -> effects.Tables:
    return effects.effect_tables(study)


def pooled(tables: effects.Tables, fill: str) -> dict:
    """The row of faces replaced by a fill, on all photos that have one, with its details."""
    both = tables.effects.join(tables.details.drop(columns=list(effects.KEY)))
    chosen = both[(both["mask"] == "faces") & (both["fill"] == fill) & (both["population"] == "eligible")]
    return chosen.iloc[0].to_dict()
