"""The map as a folder: an answer of another kind is one sentence, and so is a table that is no map."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from core.errors import ArtifactError
from core.latent import atlas
from tests.helpers import standin


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A map that, as older ones, does not name the files that belong to it."""
    standin.write_atlas(tmp_path, n=8)
    table = pq.read_table(tmp_path / atlas.PHOTOS).replace_schema_metadata(None)
    pq.write_table(table, tmp_path / atlas.PHOTOS)
    return tmp_path


def test_a_map_comes_back_as_it_was_written(folder: Path) -> None:
    found = atlas.read(folder)
    assert found is not None
    assert found.answer.facts == atlas.MapFacts(permutations=1000, packaged={"generated_face": "generated"})
    assert found.model == "resnet50"
    assert found.places == {"generated_face": "generated"}
    assert found.answer.rows[0].n == 4
    assert found.answer.directions[0].slope.low == 0.1


@pytest.mark.parametrize(
    "change",
    [
        {"facts": []},
        {"facts": "x"},
        {"facts": {"predictor": 3}},
        {"facts": {"packaged": ["generated"]}},
        {"facts": {"packaged": {"generated_face": 3}}},
        {"facts": {"kept_variance": 0.5}},
        {"facts": {"permutations": "many"}},
        {"rows": {}},
        {"rows": [[]]},
        {"rows": [{"space": "pixels"}]},
        {"directions": [{"space": "pixels", "slope": 3}]},
        {"notes": "x"},
        {"notes": [1]},
    ],
)
def test_an_answer_of_another_kind_is_one_sentence(folder: Path, change: dict[str, Any]) -> None:
    file = folder / atlas.ANSWER
    file.write_text(json.dumps(json.loads(file.read_text()) | change))
    with pytest.raises(ArtifactError, match="this answer cannot be read"):
        atlas.read(folder)


def test_an_older_answer_may_lack_facts(folder: Path) -> None:
    file = folder / atlas.ANSWER
    file.write_text(json.dumps(json.loads(file.read_text()) | {"facts": {"made_by": "hand"}}))
    assert atlas.read_answer(folder).facts == atlas.MapFacts()


@pytest.mark.parametrize("places", ["[]", '"x"', "3", '{"a": 3}', '{"a": null}', "{"])
def test_places_of_another_kind_are_one_sentence(folder: Path, places: str) -> None:
    (folder / atlas.PLACES).write_text(places)
    with pytest.raises(ArtifactError, match="list of places cannot be read"):
        atlas.read(folder)


def renamed(table: pa.Table, name: str) -> pa.Table:
    return table.rename_columns([name if old == "pixels" else old for old in table.column_names])


def other(table: pa.Table, name: str, values: pa.Array) -> pa.Table:
    return table.set_column(table.column_names.index(name), name, values)


@pytest.mark.parametrize(
    "change",
    [
        lambda table: table.append_column("pixels", table["pixels"]),
        lambda table: renamed(table, "a-b"),
        lambda table: renamed(table, "a-b-c"),
        lambda table: renamed(table, "a-b-2-c"),
        lambda table: other(table, "pixels", pa.array(["x"] * 8)),
        lambda table: other(table, "pixels", pa.array([[1.0], [1.0, 2.0]] * 4)),
        lambda table: other(table, "pixels", pa.array([[1.0], None] * 4, pa.list_(pa.float32(), 1))),
        lambda table: other(table, "pixels", pa.array([1.0] * 8)),
        lambda table: other(table, "score", pa.array(["x"] * 8)),
        lambda table: other(table, "score", pa.array([[1.0]] * 8)),
        lambda table: other(table, "source", pa.array([3] * 8)),
        lambda table: table.drop_columns(["kept_out"]),
    ],
)
def test_a_table_that_is_no_map_is_one_sentence(folder: Path, change: Callable[[pa.Table], pa.Table]) -> None:
    file = folder / atlas.PHOTOS
    pq.write_table(change(pq.read_table(file)), file)
    with pytest.raises(ArtifactError, match="damaged or incomplete"):
        atlas.read(folder)
