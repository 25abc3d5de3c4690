"""A study folder read: settings of another kind are one sentence, and a part with foreign rows is named."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from core.errors import StudyError
from core.study.reading import StudySettings, read_settings, read_study
from core.table import Condition
from tests.helpers import planted


def write(folder: Path, **changes: Any) -> Path:
    """Settings alone."""
    (folder / "study.json").write_text(json.dumps({"model": "resmem", "name": "mine"} | changes))
    return folder


@pytest.mark.parametrize(
    "change",
    [
        {"model": ["resmem"]},
        {"model": None},
        {"model": ""},
        {"model": "../resnet50"},
        {"model": "/etc"},
        {"model": "x" * 5000},
        {"model": "a\0"},
        {"name": ["mine"]},
        {"sources": [["a"]]},
        {"sources": 3},
        {"sources": {"a": 1}},
        {"seed": "0"},
        {"created": 2026},
        {"possibly_seen": "no"},
        {"contaminated": 0},
        {"finished": []},
        {"listed": 3.5},
        {"protocol": "2"},
        {"thinning": []},
        {"masks": {"faces": "1"}},
        {"masks": ["faces"]},
        {"conditions": {"ablation": "blur"}},
        {"conditions": ["blur"]},
        {"conditions": [{"ablation": ["blur"]}]},
        {"conditions": [{"ablation": "region", "mask": ["faces"]}]},
        {"conditions": [{"ablation": "blur", "params": {}}]},
        {"conditions": [{"ablation": "blur", "params": "[]"}]},
        {"conditions": [{"ablation": "blur", "params": "{"}]},
    ],
)
def test_settings_of_another_kind_are_one_sentence(tmp_path: Path, change: dict[str, Any]) -> None:
    with pytest.raises(StudyError, match="is not the settings of a study") as refused:
        read_settings(write(tmp_path, **change))
    (name,) = change
    assert name in str(refused.value)
    assert "\n" not in str(refused.value)


def test_settings_that_are_null_are_those_of_a_plain_study(tmp_path: Path) -> None:
    given = ("sources", "seed", "created", "contaminated", "finished", "listed", "protocol", "thinning", "masks")
    found = read_settings(write(tmp_path, conditions=None, **dict.fromkeys(given)))
    assert found == StudySettings("mine", "resmem")


def test_a_study_cannot_say_through_whom_its_model_saw_photos(tmp_path: Path) -> None:
    assert read_settings(write(tmp_path, seen_through=["nobody"])).seen_through == ()


@pytest.mark.parametrize("params", ["[]", "3", "null", "{", "[" * 5000])
def test_rows_of_a_condition_that_is_none_are_left_out_with_their_part(tmp_path: Path, params: str) -> None:
    folder = planted.write_study(tmp_path / "study", n=20, rows=("blur",))
    file = folder / "rows" / "part-0001.parquet"
    table = pq.read_table(file)
    cells = pa.array([params, *table.column("params").to_pylist()[1:]], pa.string())
    pq.write_table(table.set_column(table.column_names.index("params"), "params", cells), file)
    study = read_study(folder)
    assert any("foreign params: " in str(problem) and "part-0001" in problem.where for problem in study.problems)
    assert all(isinstance(condition.arguments, dict) for condition in study.conditions)


def test_a_condition_without_an_ablation_is_missed(tmp_path: Path) -> None:
    with pytest.raises(StudyError, match="it lacks 'ablation'"):
        read_settings(write(tmp_path, conditions=[{"params": "{}"}]))


@pytest.mark.parametrize("params", ["[]", "3", "null", "{"])
def test_a_condition_has_parameters_by_name(params: str) -> None:
    with pytest.raises(ValueError, match="params"):
        Condition("blur", params)
    assert Condition("blur", '{"sigma":0.1}').arguments == {"sigma": 0.1}
