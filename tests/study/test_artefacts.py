"""What a fill does by itself, at empty places of hosts, and which fills decide for that."""

from __future__ import annotations

import dataclasses
import json
from pathlib import Path

import numpy as np
import pyarrow.compute as pc
import pyarrow.parquet as pq
import pytest

from core.effects import effects
from core.records import as_json, record
from core.study import reading
from core.study.artefacts import Artefact, fill_artefacts
from core.table import EMPTY
from core.verdict.verdict import judge
from tests.helpers.hosted import planned, pooled, study, tables

__all__ = ["study", "tables"]


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


def test_a_study_at_work_needs_no_other_rows_than_those_of_empty_places(tmp_path: Path) -> None:
    study = planned(tmp_path)
    number = {pair: place for place, pair in enumerate(zip(study.sources, study.photo_ids, strict=True))}
    assert reading.read_artefacts(tmp_path / "study", number, study.original) == study.artefacts
    for file in (tmp_path / "study" / "rows").iterdir():
        table = pq.read_table(file)
        pq.write_table(table.filter(pc.equal(table["control"], EMPTY)), file)
    assert reading.read_artefacts(tmp_path / "study", number, study.original) == study.artefacts


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
