"""Hosted controls: excesses by plain computation, and which photos have one."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import numpy as np
import pyarrow.compute as pc
import pyarrow.parquet as pq
import pytest

from core import config
from core.effects import effects, populations
from core.study import reading
from core.verdict.verdict import judge
from tests.helpers import planted
from tests.helpers.hosted import BLURRED, FILLS, pooled, study, tables

__all__ = ["study", "tables"]


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
