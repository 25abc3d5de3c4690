"""Hosted controls: excesses by plain computation, intervals that know of shared hosts, and which fills decide."""

from __future__ import annotations

import dataclasses
import json
from pathlib import Path

import numpy as np
import pyarrow.compute as pc
import pyarrow.parquet as pq
import pytest

from core import config
from core.effects import effects, populations, stats
from core.effects.resampling import two_way_means
from core.records import as_json, record
from core.study import reading
from core.study.artefacts import Artefact, deciding, fill_artefacts
from core.study.hosts import Hosts
from core.table import Condition
from core.verdict import row_decisions, words
from core.verdict.records import Verdict
from core.verdict.verdict import FIRST_PROTOCOL, judge
from tests.helpers import planted

FILLS = ("mean", "blur", "inpaint")
BLURRED = Condition("region", "{}", "faces", "blur", "remove")


def planned(folder: Path, **changes: object) -> reading.Study:
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
    both = tables.effects.join(tables.details.drop(columns=list(effects.KEY)))
    chosen = both[(both["mask"] == "faces") & (both["fill"] == fill) & (both["population"] == "eligible")]
    return chosen.iloc[0].to_dict()


def test_an_excess_is_the_target_less_the_mean_of_its_hosts(study: reading.Study) -> None:
    place = study.conditions.index(BLURRED)
    hosts = study.hosts.at(place)
    there = study.present("faces")
    assert (hosts.counts(200)[there] == 10).all()
    assert not there[hosts.host].any()
    target = int(np.flatnonzero(there)[3])
    own = hosts.host[hosts.target == target]
    after = hosts.change[hosts.target == target] + study.original[own]
    plain = study.score[target, place] - study.original[target] - np.mean(after - study.original[own])
    assert populations.excesses(study, place)[target] == pytest.approx(plain)
    assert np.isnan(populations.excesses(study, place)[~there]).all()


def test_the_excess_over_hosts_decides_and_the_placed_one_is_told_beside_it(tables: effects.Tables) -> None:
    row = pooled(tables, "blur")
    assert row["family"] == "confirmatory"
    assert row["control"] == "hosted"
    assert row["excess_delta"] == pytest.approx(-1.0 * planted.SD, abs=0.01)
    assert row["placed_excess"] == pytest.approx(-1.4 * planted.SD, abs=0.01)
    assert row["control_mean_delta"] == pytest.approx(-0.5 * planted.SD, abs=0.01)
    assert row["n_placed"] == row["n_both"] == row["n_controls"]
    assert not row["disagree"]


def test_what_tells_hosts_from_targets_is_told(tables: effects.Tables, study: reading.Study) -> None:
    row = pooled(tables, "blur")
    assert row["control_rmse"] == pytest.approx(0.04 - 0.05)
    assert abs(row["host_score"]) < 0.25 * study.sd
    hosts = study.hosts.at(study.conditions.index(BLURRED))
    assert row["host_covered"] == pytest.approx((hosts.host % 4 == 0).mean())
    assert row["n_hosts"] == len(set(hosts.host.tolist()))
    assert row["most_used"] == pytest.approx(np.bincount(hosts.host).max() / study.present("faces").sum())


def test_only_fills_without_an_artefact_of_their_own_decide(tables: effects.Tables, study: reading.Study) -> None:
    assert [(item.fill, item.decides) for item in study.artefacts] == [
        ("inpaint", True), ("blur", True), ("mean", False),
    ]  # fmt: skip
    assert [item.sign for item in study.artefacts] == ["", "", "raises"]
    assert study.artefacts[2].size == pytest.approx(0.2, abs=0.03)  # the busy half, five times as much, does not count
    assert pooled(tables, "mean")["family"] == "exploratory"
    (row, *_) = judge(study, tables).readings
    assert set(row.deciding) == {"blur", "inpaint"}
    assert (row.reading, row.control, row.eligible) == ("drop", "hosted", study.present("faces").sum())


def test_artefacts_come_from_hosts_alone(study: reading.Study) -> None:
    score = np.full_like(study.score, np.nan)
    assert dataclasses.replace(study, score=score).artefacts == study.artefacts
    large = dataclasses.replace(study.empty, area=np.full(len(study.empty), 0.3))
    assert fill_artefacts(large, study.conditions, study.sd) == ()


def test_a_fill_that_leaves_next_to_no_trace_decides_beside_one_that_leaves_none(tmp_path: Path) -> None:
    study = planned(tmp_path, artefacts={"mean": 0.2, "blur": 0.04, "inpaint": 0.005})
    assert [(item.fill, item.decides) for item in study.artefacts] == [
        ("inpaint", True), ("blur", True), ("mean", False),
    ]  # fmt: skip


def test_a_single_empty_place_has_no_interval_that_could_not_be_stored(study: reading.Study) -> None:
    one = study.empty.where(study.empty.host == study.empty.host[0])
    found = fill_artefacts(one, study.conditions, study.sd)
    assert found
    assert all(np.isnan(item.mean.low) and not item.sign for item in found)
    again = [record(Artefact, json.loads(json.dumps(as_json(item), allow_nan=False))) for item in found]
    assert [item.size for item in again] == [item.size for item in found]
    assert as_json(float("inf")) is None


def test_one_fill_alone_decides_nothing(tmp_path: Path) -> None:
    found = [Artefact(fill, size, stats.Interval(0, 0, 0), 9, size < 0.15) for fill, size in (("a", 0.1), ("b", 0.2))]
    assert deciding(found) == ()
    study = planned(tmp_path, artefacts={"mean": 0.2, "blur": 0.09, "inpaint": 0.3}, effects={"faces_removed": -1})
    (row, *_) = judge(study, effects.effect_tables(study)).readings
    assert row.reading == "not testable"
    assert row.note == "only blur is a fill that decides, and 2 are needed"


def test_two_fills_that_often_fill_alike_are_one_witness(tmp_path: Path) -> None:
    zero = stats.Interval(0, 0, 0)
    alike = [Artefact(fill, 0.1, zero, 9, True) for fill in ("inpaint", "blend")]
    assert deciding(alike) == ()
    assert deciding([*alike, Artefact("blur", 0.1, zero, 9, True)]) == ("inpaint", "blend", "blur")
    fills = ("mean", "inpaint", "blend")
    study = planned(tmp_path, fills=fills, artefacts={"mean": 0.2, "inpaint": 0.09, "blend": 0.09},
                    effects={"faces_removed": -1})  # fmt: skip
    (row, *_) = judge(study, effects.effect_tables(study)).readings
    assert row.note == "only blend and inpaint decide, which often fill alike, and 2 kinds of fills are needed"


def test_a_fill_that_decides_without_controls_is_a_mark_on_the_verdict(tmp_path: Path) -> None:
    fills, least = ("mean", "blur", "inpaint"), {"mean": 0.09, "blur": 0.09, "inpaint": 0.08}
    study = planned(tmp_path, fills=fills, artefacts=least, effects={"faces_removed": -1})
    assert set(study.deciding) == set(fills)
    assert not any("decides too" in mark for mark in judge(study, effects.effect_tables(study)).marks)
    place = study.conditions.index(BLURRED)
    bare = dataclasses.replace(study, hosts=study.hosts.where(study.hosts.place != place))
    found = judge(bare, effects.effect_tables(bare))
    assert found.readings[0].reading == "drop"
    assert not any("nan" in line for line in words.lines(found))
    assert any("blur: not computed, 0 photos have all controls" in line for line in words.lines(found))
    assert "blur decides too, but too few photos have controls under it for faces removed" in found.marks


def test_the_lead_of_one_excess_over_another_knows_that_targets_share_hosts(tmp_path: Path) -> None:
    rows = {"faces_removed": -1.0, "people_removed": -0.9}
    study = planned(tmp_path, rows=list(rows), effects=rows, noise=0.6)
    found = judge(study, effects.effect_tables(study)).readings
    first, second = (item for item in found if item.row in rows)
    margin, n = row_decisions.compare(study, first, second, {})
    pair = np.column_stack([row_decisions.deciding_values(study, item, {}) for item in (first, second)])
    both = np.isfinite(pair).all(axis=1)
    narrow = stats.lead(*pair[both].T, seed=study.settings.seed)
    assert n == both.sum()
    assert margin.estimate == pytest.approx(narrow.estimate / study.sd)
    assert margin.high - margin.low > (narrow.high - narrow.low) / study.sd
    alone = dataclasses.replace(
        study.hosts, host=np.arange(len(study.hosts))
    )  # nobody shares: next to nothing is added
    margin, _ = row_decisions.compare(dataclasses.replace(study, hosts=alone), first, second, {})
    assert margin.high - margin.low == pytest.approx((narrow.high - narrow.low) / study.sd, rel=0.15)


def test_an_interval_with_one_more_error_is_as_wide_as_both_together() -> None:
    found = stats.with_error(stats.Interval(1.0, 1.0 - 1.96 * 3, 1.0 + 1.96 * 3), 4.0)
    assert (found.low, found.high) == pytest.approx((1.0 - 1.96 * 5, 1.0 + 1.96 * 5), abs=1e-3)
    assert stats.with_error(found, 0.0) == found


def test_hosts_under_one_deciding_fill_alone_decide_nothing(tmp_path: Path) -> None:
    study = planned(tmp_path, effects={"faces_removed": -1})
    assert set(study.deciding) == {"blur", "inpaint"}
    (row, *_) = judge(study, effects.effect_tables(study)).readings
    assert row.reading == "drop"
    (bare,) = [place for place, item in enumerate(study.conditions)
               if (item.mask, item.fill, item.direction) == ("faces", "blur", "remove")]  # fmt: skip
    study = dataclasses.replace(study, hosts=study.hosts.where(study.hosts.place != bare))
    (row, *_) = judge(study, effects.effect_tables(study)).readings
    assert row.reading == "not testable"
    assert row.note == "only under inpaint have enough photos their hosts, and 2 deciding fills are needed"


def test_controls_that_disagree_leave_a_row_unresolved(tmp_path: Path) -> None:
    study = planned(tmp_path, effects={"faces_removed": -0.7}, hosted={"faces_removed": -2.0})
    tables = effects.effect_tables(study)
    assert pooled(tables, "blur")["disagree"]
    (row, *_) = judge(study, tables).readings
    assert row.reading == "unresolved"
    assert row.note == "controls disagree under blur, inpaint"
    assert row.fills[1].placed.high < 0 < row.fills[1].estimate.low


def test_photos_with_fewer_hosts_have_no_excess(study: reading.Study) -> None:
    few = dataclasses.replace(study, hosts=study.hosts.where(study.hosts.host % 7 > 0))
    place = study.conditions.index(BLURRED)
    full = few.hosts.at(place).counts(200) >= config.PLACEMENTS
    assert 0 < full.sum() < study.present("faces").sum()
    assert (np.isfinite(populations.excesses(few, place)) == full).all()
    none = dataclasses.replace(study, hosts=study.hosts.where(study.hosts.target < 0))
    (row, *_) = judge(none, effects.effect_tables(none)).readings
    assert (row.reading, row.note) == ("not testable", "this study holds no controls")


def test_a_row_that_comes_twice_counts_once_and_an_unknown_host_is_told(tmp_path: Path) -> None:
    folder = planted.write_study(tmp_path / "s", n=60, protocol=2, fills=FILLS, rows=["faces_removed"])
    before = reading.read_study(folder)
    part = folder / "rows" / "part-0001.parquet"
    (folder / "rows" / "part-0009.parquet").write_bytes(part.read_bytes())
    assert len(reading.read_study(folder).hosts) == len(before.hosts)
    table = pq.read_table(part)
    chosen = pc.fill_null(pc.equal(table["control"], "hosted"), False)
    strangers = pc.if_else(chosen, "stranger", table["host"])
    pq.write_table(table.set_column(table.schema.get_field_index("host"), "host", strangers), part)
    (folder / "rows" / "part-0009.parquet").unlink()
    again = reading.read_study(folder)
    assert len(again.hosts) < len(before.hosts)
    assert "are of hosts that the photo table lacks" in again.problems[0].reason


def test_a_study_of_protocol_1_says_so(tmp_path: Path) -> None:
    study = planned(tmp_path, protocol=1, effects={"faces_removed": -1})
    assert (study.protocol, study.control_kind, len(study.hosts)) == (1, "placed", 0)
    found: Verdict = judge(study, effects.effect_tables(study))
    assert FIRST_PROTOCOL in found.marks
    assert (found.readings[0].reading, found.protocol) == ("drop", 1)


# Intervals.


def simulated(random: np.random.Generator, targets: int = 80, hosts: int = 60) -> tuple[np.ndarray, Hosts]:
    """Differences of targets, and ten hosts each from a pool that they share; the true excess is 0."""
    own = random.normal(0, 1, hosts)
    chosen = np.argsort(random.random((targets, hosts)), axis=1)[:, :10]
    change = own[chosen] + random.normal(0, 1, chosen.shape)
    values = random.normal(0, 1, targets)
    nothing = np.zeros(chosen.size)
    target = np.repeat(np.arange(targets), 10)
    return values, Hosts(target, target * 0, chosen.ravel(), change.ravel(), nothing, nothing, nothing, nothing)


def covered(studies: int) -> float:
    inside = 0
    for seed in range(studies):
        values, links = simulated(np.random.default_rng([7, seed]))
        excess = (values - links.mean(links.change, len(values)))[:, None]
        (effect,) = stats.effects(excess, 1.0, draws=500, permutations=20, seed=seed)
        interval = stats.against_hosts(effect, values, links, 1.0, draws=500, seed=seed).mean
        inside += interval.low <= 0 <= interval.high
    return inside / studies


def test_intervals_cover_in_a_few_studies_with_shared_hosts() -> None:
    assert 0.9 <= covered(100) <= 1.0


@pytest.mark.slow
def test_intervals_cover_in_a_thousand_studies_with_shared_hosts() -> None:
    assert 0.93 <= covered(1_000) <= 0.97


def test_hosts_that_all_targets_share_widen_the_interval() -> None:
    """With ten hosts for everybody, what they have in common does not average out over targets."""
    random = np.random.default_rng(0)
    targets = np.repeat(np.arange(100), 10)
    hosts, nothing = np.tile(np.arange(10), 100), np.zeros(1_000)
    change = random.normal(0, 1, 10)[hosts]
    links = Hosts(targets, targets * 0, hosts, change, nothing, nothing, nothing, nothing)
    drawn = two_way_means(random.normal(0, 0.1, 100), links, draws=2_000, seed=0)
    assert drawn.std() == pytest.approx(change[:10].std() / np.sqrt(10), rel=0.1)


def test_without_hosts_the_two_way_bootstrap_is_the_plain_one() -> None:
    values = np.random.default_rng(1).normal(0.3, 1, 50)
    none = Hosts(*(np.zeros(0, int) for _ in range(3)), *(np.zeros(0) for _ in range(5)))
    drawn = two_way_means(values, none, draws=4_000, seed=0)
    assert drawn.mean() == pytest.approx(values.mean(), abs=0.02)
    assert drawn.std() == pytest.approx(values.std() / np.sqrt(50), rel=0.05)
