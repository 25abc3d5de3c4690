"""The study table: what earlier tables lack is filled in."""

from __future__ import annotations

from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from core.study.parquet_parts import read_parts
from core.study.reading import read_settings, read_study
from core.table import PLACED, ROWS, came_later, upgraded
from tests.helpers.planted import write_study

OLD = pa.schema([field for field in ROWS if not came_later(field)])


def test_what_came_later_is_null_and_control_is_placed_beside_a_target() -> None:
    assert set(ROWS.names) - set(OLD.names) == {"control", "host", "host_source", "structure", "covered"}
    old = pa.table({field.name: pa.nulls(3, field.type) for field in OLD})
    old = old.set_column(old.column_names.index("placement"), "placement", pa.array([0, 2, None], pa.int16()))
    new = upgraded(old, ROWS)
    assert new.schema.equals(ROWS)
    assert new.column("control").to_pylist() == [None, PLACED, None]
    assert new.column("host").null_count == new.column("structure").null_count == 3


def test_a_study_of_protocol_1_is_read_and_says_so(tmp_path: Path) -> None:
    new = write_study(tmp_path / "new", n=30, settings={"protocol": 2})
    old = write_study(tmp_path / "old", n=30)
    for file in (old / "rows").glob("*.parquet"):
        pq.write_table(pq.read_table(file, partitioning=None).select(OLD.names), file)
    assert (read_settings(old).protocol, read_settings(new).protocol) == (1, 2)
    assert (read_study(old).placements == read_study(new).placements).all()
    problems: list = []
    parts = list(read_parts(old / "rows", ROWS, problems))
    assert len(parts) == 3
    assert not problems
    assert parts[0][1].column_names == ROWS.names


def test_a_table_without_an_old_column_is_foreign(tmp_path: Path) -> None:
    folder = write_study(tmp_path / "s", n=30)
    for file in (folder / "rows").glob("*.parquet"):
        pq.write_table(pq.read_table(file, partitioning=None).drop_columns(["score"]), file)
    problems: list = []
    assert not list(read_parts(folder / "rows", ROWS, problems))
    assert all("score missing" in item.reason for item in problems)
