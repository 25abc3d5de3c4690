"""The photo table of a study: cells of JSON that say something else name their part, which is left out."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from core.effects.human_side import photo_table
from core.latent.study_colours import StudyColours
from core.study import beforehand
from core.study.photo_parts import read_photos
from core.study.reading import read_study
from core.types import Problem
from tests.helpers import planted

N = 20
FEATURES = '{"faces": 1, "entropy": null, "contrast": 0.5, "source": 3}'
REGIONS = '{"faces": {"area": 0.2, "imbalance": null, "placements": null}, "text": {}}'


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A study whose photos are in two parts."""
    study = planted.write_study(tmp_path / "study", n=N, rows=("blur",))
    whole = pq.read_table(study / "photos" / "part-0000.parquet")
    for number in range(2):
        pq.write_table(whole[number::2], study / "photos" / f"part-{number:04}.parquet")
    return study


def put(folder: Path, column: str, cells: Sequence[str | None]) -> None:
    """Other cells at the beginning of a column of the second part."""
    file = folder / "photos" / "part-0001.parquet"
    table = pq.read_table(file)
    values = pa.array([*cells, *table.column(column).to_pylist()[len(cells) :]], pa.string())
    pq.write_table(table.set_column(table.column_names.index(column), column, values), file)


@pytest.mark.parametrize(
    ("column", "cells"),
    [
        ("features", ("[]", "3", "null", '"x"', "{", "\0", "[" * 5000, '{"faces": "1"}', '{"faces": []}')),
        ("features", (f'{{"faces": 1{"0" * 400}}}', '{"faces": 1e999}', f'{{"faces": 1{"0" * 330}.5}}')),
        ("regions", ("[]", "3", "null", '"x"', "{", '{"faces": []}', '{"faces": 0.5}', '{"faces": {"area": "x"}}')),
    ],
)
def test_a_part_with_a_cell_of_another_kind_is_named_and_left_out(
    folder: Path, column: str, cells: tuple[str, ...]
) -> None:
    for cell in cells:
        put(folder, column, [cell])
        study = read_study(folder)
        assert len(study.original) == N // 2
        named = [str(problem) for problem in study.problems if "photos/part-0001" in problem.where]
        assert len(named) == 1
        assert f"foreign {column}: " in named[0]
        assert "\n" not in named[0]
        assert len(photo_table(folder)) == N // 2


def test_a_part_whose_columns_have_names_that_are_no_text_is_named_and_left_out(folder: Path) -> None:
    for table, column in (("photos", b"look"), ("rows", b"covered")):
        file = folder / table / "part-0001.parquet"
        good = file.read_bytes()
        file.write_bytes(good.replace(column, b"\xff" * len(column)))
        study = read_study(folder)
        assert any("damaged" in str(problem) and problem.where == str(file) for problem in study.problems)
        file.write_bytes(good)
    assert not read_study(folder).problems


def test_what_is_missing_or_null_in_a_cell_was_not_counted(folder: Path) -> None:
    put(folder, "features", [FEATURES, None, ""])
    put(folder, "regions", [REGIONS, None, ""])
    problems: list[Problem] = []
    (_, second) = read_photos(folder, problems)
    assert not problems
    assert second[0].features == {"faces": 1, "entropy": None, "contrast": 0.5, "source": 3}
    assert second[1].features == second[1].regions == {}
    study = read_study(folder)
    assert not study.problems
    row = study.photo_ids.tolist().index(second[0].photo_id)
    assert (study.things["faces"].area[row], study.things["text"].area[row]) == (0.2, 0)
    assert beforehand._of_study(folder)["faces"].room < 1
    table = photo_table(folder)
    assert list(table.columns[:3]) == ["source", "photo_id", "human"]
    assert set(table.columns[3:]) == {"faces", "entropy", "contrast"}  # what is no feature is no column
    assert table["source"].unique().tolist() == ["scenes"]
    assert table["entropy"].isna().all()


def test_the_map_leaves_out_the_same_part(folder: Path) -> None:
    cells = ['{"faces": 1}'] * (N // 2)
    put(folder, "features", cells)
    photos = pd.DataFrame({"source": "scenes", "photo_id": [f"photo-{number:05}" for number in range(N)]})
    colours = StudyColours(folder, photos)
    assert colours.feature("faces")[1::2].tolist() == [1] * (N // 2)
    put(folder, "features", ["[1]"])
    colours = StudyColours(folder, photos)
    assert colours.features == ()
    assert pd.isna(colours.feature("faces")).all()
