"""Effects by kind of photo, and the test of whether the kinds differ."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from core.effects import effects
from core.study import reading
from core.verdict.kinds import KIND_COLUMNS, band, interaction_p, kind_table, scene_of
from core.verdict.row_decisions import decide_rows
from tests.helpers import planted


def test_kinds_that_differ_are_found_and_others_are_not(tmp_path: Path) -> None:
    folder = planted.write_study(
        tmp_path / "s", n=240, protocol=2, fills=("blur", "inpaint"), sources=("a", "b"),
        rows=["faces_removed", "grayscale"], effects={"faces_removed": -0.5},
    )  # fmt: skip
    study = reading.read_study(folder)
    there = np.flatnonzero(study.present("faces"))
    large = there[::2]
    study.things["faces"].area[large] = 0.3
    for place, condition in enumerate(study.conditions):
        if condition.mask == "faces":
            study.score[large, place] -= 0.5 * planted.SD
    table = kind_table(study, decide_rows(study, effects.effect_tables(study), {}), {})
    assert list(table.columns) == list(KIND_COLUMNS)
    sizes = table[(table["row"] == "faces_removed") & (table["by"] == "size of the thing")]
    assert list(sizes["kind"]) == ["3 to 8 %", "20 % and more"]
    assert sizes["in_sd"].tolist() == pytest.approx([-0.5, -1.0], abs=0.15)
    assert (sizes["low"] < sizes["in_sd"]).all()
    assert sizes["q_bh"].max() < 0.01
    sources = table[table["by"] == "source"]
    assert set(sources["row"]) == {"faces_removed", "grayscale"}
    assert sources["q_bh"].min() > 0.01
    people = table[(table["row"] == "grayscale") & (table["by"] == "people")]
    assert list(people["kind"]) == ["none", "people"]
    assert people["n"].sum() == 240


def test_the_test_of_an_interaction_holds_its_level() -> None:
    random = np.random.default_rng(0)
    found = [interaction_p([random.normal(0, 1, 30), random.normal(0, 1, 50)], draws=199, seed=n) for n in range(200)]
    assert 0.01 <= np.mean(np.array(found) <= 0.05) <= 0.1
    assert interaction_p([random.normal(0, 1, 40), random.normal(1.5, 1, 40)]) < 0.01


def test_bands_and_scenes() -> None:
    assert [band(area) for area in (0.0, 0.01, 0.05, 0.1, 0.4)] == [
        "", "below 3 %", "3 to 8 %", "8 to 20 %", "20 % and more",
    ]  # fmt: skip
    assert scene_of("sun", "kitchen_sun_abc.jpg") == "indoors"
    assert scene_of("sun", "park_labelme_abc.jpg") == "outdoors"
    assert scene_of("sun", "ice_skating_sun_abc.jpg") == ""
    assert scene_of("lnsim", "0001.jpg") == "outdoors"
    assert scene_of("people", "0001.jpg") == ""
