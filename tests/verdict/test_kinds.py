"""Effects by kind of photo, and the test of whether the kinds differ."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from core.effects import effects
from core.effects.resampling import two_way_group_means
from core.study import reading
from core.study.hosts import Hosts
from core.verdict.kinds import KIND_COLUMNS, band, interaction_p, kind_table, resampled_interaction_p, scene_of
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


def against_hosts(seed: int, difference: float = 0.0) -> tuple[float, float]:
    """Both p of two kinds of 40 photos, where all of a kind draw ten hosts from the same fifteen."""
    random, n, pool = np.random.default_rng(seed), 40, 15
    kind = np.repeat([0, 1], n)
    own = random.normal(0, 1, 2 * n) + difference * (kind == 0)
    host = np.concatenate([pool * one + random.choice(pool, 10, replace=False) for one in kind])
    change = random.normal(0, 1, 2 * pool)[host] + random.normal(0, 0.3, len(host))
    unknown = np.full(len(host), np.nan)
    hosts = Hosts(np.repeat(np.arange(2 * n), 10), np.zeros(len(host), int), host, change, *[unknown] * 4)
    excess = own - hosts.mean(change, 2 * n)
    groups = [excess[kind == one] for one in (0, 1)]
    drawn = two_way_group_means(own, np.array([kind == 0, kind == 1]) * 1.0, hosts, draws=400, seed=seed)
    return interaction_p(groups, draws=199, seed=seed), resampled_interaction_p(groups, drawn)


def test_kinds_with_hosts_of_their_own_do_not_differ_by_their_hosts_alone() -> None:
    """Permuting photos takes what few hosts happen to do for a difference between the kinds."""
    permuted, resampled = np.array([against_hosts(seed) for seed in range(120)]).T
    assert np.mean(permuted <= 0.05) > 0.2
    assert np.mean(resampled <= 0.05) <= 0.1
    assert np.mean([against_hosts(seed, 2.0)[1] <= 0.05 for seed in range(20)]) == 1


def test_bands_and_scenes() -> None:
    assert [band(area) for area in (0.0, 0.01, 0.05, 0.1, 0.4)] == [
        "", "below 3 %", "3 to 8 %", "8 to 20 %", "20 % and more",
    ]  # fmt: skip
    assert scene_of("sun", "kitchen_sun_abc.jpg") == "indoors"
    assert scene_of("sun", "park_labelme_abc.jpg") == "outdoors"
    assert scene_of("sun", "ice_skating_sun_abc.jpg") == ""
    assert scene_of("lnsim", "0001.jpg") == "outdoors"
    assert scene_of("people", "0001.jpg") == ""
