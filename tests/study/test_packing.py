"""A packed study says what the study said, in fewer parts, and nothing is added to it."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow.parquet as pq
import pytest

from core.__main__ import main
from core.errors import OutputError, StudyError
from core.study import engine
from core.study.packing import pack, placeless
from core.study.parts import LEFT_OUT, LeftOut, Parts
from core.study.reading import read_study
from core.verdict.aggregation import make_aggregates
from tests.helpers.planted import write_study


@pytest.fixture
def ran(tmp_path: Path) -> Path:
    """A finished study of several parts, with a note of where its photos lie."""
    folder = write_study(tmp_path / "ran", n=40)
    Parts(folder).write(7, [], [], [LeftOut("a.jpg", "the model learned from it", seen=True)])
    settings = json.loads((folder / "study.json").read_text())
    (folder / "study.json").write_text(json.dumps(settings | {"finished": True}))
    (folder / "places.json").write_text('{"scenes": "somewhere"}')
    return folder


def test_a_packed_study_holds_the_same_scores_in_order(ran: Path, tmp_path: Path) -> None:
    done = pack(ran, tmp_path / "packed")
    one, other = read_study(ran), read_study(done.folder)
    assert done.before > done.after == 2
    assert list(one.photo_ids) == list(other.photo_ids)
    assert one.conditions == other.conditions
    assert np.array_equal(one.score, other.score, equal_nan=True)
    pd.testing.assert_frame_equal(make_aggregates(ran).effects, make_aggregates(done.folder).effects)
    assert Parts(done.folder).count() == Parts(ran).count()
    assert not (done.folder / "places.json").exists()


def test_what_was_left_out_does_not_say_where_it_lay(ran: Path, tmp_path: Path) -> None:
    assert placeless("/home/me/data/sun/images/a.jpg", ("lnsim", "sun")) == "sun/images/a.jpg"
    assert placeless("/home/me/list.csv:12", ("lnsim",)) == "list.csv:12"
    assert placeless("../sun/lnsim/sun/b.jpg", ("sun",)) == "sun/b.jpg"
    study = shutil.copytree(ran, tmp_path / "study")
    part = next((study / "photos").glob("*.parquet"))
    table = pq.read_table(part)
    gone = [{"where": f"{tmp_path}/set/x.jpg", "reason": "it is broken.", "seen": False, "copy": False}]
    pq.write_table(table.replace_schema_metadata({LEFT_OUT: json.dumps(gone).encode()}), part)
    packed = pack(study, tmp_path / "out").folder
    assert "x.jpg" in str(Parts(packed).count()[2])
    assert not [file for file in packed.rglob("*") if file.is_file() and str(tmp_path).encode() in file.read_bytes()]


def test_a_part_is_closed_once_it_has_enough_rows(ran: Path, tmp_path: Path) -> None:
    pack(ran, tmp_path / "packed", rows_a_part=1)
    full = [file for file in (ran / "rows").glob("*.parquet") if pq.read_metadata(file).num_rows]
    assert len(list((tmp_path / "packed/rows").glob("*.parquet"))) == len(full) > 1
    assert np.array_equal(read_study(ran).score, read_study(tmp_path / "packed").score, equal_nan=True)


def test_what_cannot_be_packed_leaves_nothing_behind(ran: Path, tmp_path: Path) -> None:
    taken = tmp_path / "taken"
    taken.mkdir()
    (taken / "a.txt").write_text("mine")
    with pytest.raises(StudyError, match="not empty"):
        pack(ran, taken)
    with pytest.raises(OutputError, match="cannot be written"):
        pack(ran, taken / "a.txt" / "packed")
    (ran / "rows/part-00001.parquet").write_bytes(b"half")
    with pytest.raises(StudyError, match="part-00001"):
        pack(ran, tmp_path / "packed")
    (ran / "study.json").write_text(json.dumps({"name": "ran", "model": "resnet50", "finished": False}))
    with pytest.raises(StudyError, match="not finished"):
        pack(ran, tmp_path / "packed")
    with pytest.raises(StudyError, match="no study"):
        pack(tmp_path / "nowhere", tmp_path / "packed")
    assert sorted(item.name for item in tmp_path.iterdir()) == ["ran", "taken"]


def test_nothing_is_added_to_a_packed_study(ran: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["pack", str(ran), str(tmp_path / "packed")]) == 0
    assert "core effects" in capsys.readouterr().out
    kept = Parts(tmp_path / "packed").settings()
    assert kept is not None
    with pytest.raises(StudyError, match="packed"):
        engine._check_same({}, kept, tmp_path / "packed")
    assert pq.read_table(tmp_path / "packed/photos/part-00000.parquet").num_rows == 40
