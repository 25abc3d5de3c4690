"""The parts of a study on disk."""

from __future__ import annotations

from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from core.errors import StudyError
from core.study.parts import ABLATED, LEFT_OUT, Parts
from tests.helpers.planted import LEFT_OUT_PHOTO, write_block


def test_blocks_beyond_the_hundred_thousandth_are_parts_too(tmp_path: Path) -> None:
    """That is where a study has more than 1.6 million photos."""
    parts = Parts(tmp_path / "s")
    parts.write_rows(ABLATED, 123_456, [])
    assert parts.done() == (set(), [])
    assert parts.done_rows(ABLATED) == {123_456}


def test_photos_that_are_left_out_are_counted_with_their_reasons(tmp_path: Path) -> None:
    parts = write_block(tmp_path / "s")
    assert parts.done() == ({0}, [])
    assert parts.count() == (1, 1, [LEFT_OUT_PHOTO])


@pytest.mark.parametrize(
    "note", ["", "{", "{}", "null", "3", "[3]", '[{"where": "b.png"}]', '[{"where": ["b"], "reason": "x"}]', "[" * 5000]
)
def test_a_part_whose_note_says_something_else_is_done_again(tmp_path: Path, note: str) -> None:
    parts = write_block(tmp_path / "s")
    file = parts.file("photos", 0)
    pq.write_table(pq.read_table(file).replace_schema_metadata({LEFT_OUT: note.encode()}), file)
    with pytest.raises(StudyError, match=r"part-00000\.parquet is damaged"):
        parts.count()
    found, problems = parts.done()
    assert found == set()
    assert [problem.where for problem in problems] == [str(file)]
    assert parts.count() == (0, 1, [])


@pytest.mark.parametrize(("column", "cell"), [("regions", "[]"), ("regions", "{"), ("features", "3")])
def test_a_part_with_a_cell_of_another_kind_is_done_again(tmp_path: Path, column: str, cell: str) -> None:
    parts = write_block(tmp_path / "s")
    file = parts.file("photos", 0)
    table = pq.read_table(file)
    changed = table.set_column(table.column_names.index(column), table.field(column), pa.array([cell]))
    pq.write_table(changed.replace_schema_metadata(table.schema.metadata), file)
    found, problems = parts.done()
    assert found == set()
    assert len(problems) == 1
