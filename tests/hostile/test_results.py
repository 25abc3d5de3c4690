"""Studies, maps and results of others: settings, tables and packed parts that are cut short or say something else."""

from __future__ import annotations

import json
import random
import shutil
from collections.abc import Callable
from pathlib import Path

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from core import config
from core.effects.human_side import photo_table
from core.errors import StudyError
from core.evaluation import reports
from core.latent import atlas
from core.latent.study_colours import StudyColours
from core.paint import showcase
from core.regions import detector_quality, detectors
from core.study import catalogue
from core.study.jobs import Job, Queue, new_id
from core.study.packing import pack
from core.study.parts import Parts
from core.study.reading import read_study
from core.verdict.aggregates import read_aggregates
from core.verdict.aggregation import aggregates
from tests.helpers import planted, standin
from tests.helpers.hostile import attack, bent, damaged

SHIPPED = config.ARTIFACTS
PHOTOS = pd.DataFrame({"source": ["scenes"], "photo_id": ["photo-00000"]})
"""Of a map that has one photo of the studies below."""


@pytest.fixture(scope="module")
def results(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Small results of a trained model: reading the shipped card of a study's model takes longer than the study."""
    folder = tmp_path_factory.mktemp("results")
    standin.write_results(folder)
    return folder


@pytest.fixture(autouse=True)
def _small(results: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(config, "ARTIFACTS", results)


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A small finished study with its effects: a region with controls of every kind, blur, and two parts of rows."""
    few = planted.Plan(
        n=24, protocol=2, rows=("faces_removed", "blur"), fills=("mean",), placements=2, doses=(0.04,), parts=2
    )
    folder = planted.write_study(tmp_path_factory.mktemp("whole") / "study", few)
    settings = json.loads((folder / "study.json").read_text())
    (folder / "study.json").write_text(json.dumps(settings | {"finished": True}))
    aggregates(folder)
    return folder


def changer(file: Path) -> Callable[[random.Random], bytes]:
    """What stands in a file, changed: JSON mostly as JSON."""
    good = file.read_bytes()

    def make(draw: random.Random) -> bytes:
        if file.suffix == ".json" and draw.random() < 0.7:
            return json.dumps(bent(json.loads(good), draw)).encode("utf-8", "replace")
        if draw.random() < 0.01 and file.suffix == ".json":
            return b"[" * 100_000
        return damaged(good, [good], draw)

    return make


def against(kind: str, few: int, file: Path, read: Callable[[], object]) -> None:
    """Let a reader meet a file that is changed in place."""

    def take(data: bytes) -> None:
        file.write_bytes(data)
        read()

    attack(kind, few, changer(file), take, file.parent)


@pytest.mark.parametrize("name", ["study.json", "rows/part-0001.parquet", "photos/part-0000.parquet"])
def test_studies(whole: Path, tmp_path: Path, name: str) -> None:
    folder = tmp_path / "study"
    shutil.copytree(whole, folder)
    against(f"studies {name}", 20, folder / name, lambda: read_study(folder))


@pytest.mark.parametrize("column", ["regions", "features", "params", "mask", "placement", "score"])
def test_cells_of_studies(whole: Path, tmp_path: Path, column: str) -> None:
    """Tables that are whole, and hold what they must not."""
    folder = tmp_path / "study"
    shutil.copytree(whole, folder)
    name = "photos/part-0000.parquet" if column in ("regions", "features") else "rows/part-0001.parquet"
    table = pq.read_table(folder / name)
    place, kind = table.column_names.index(column), table.schema.field(column).type
    texts = ("{", "[]", "null", '{"a": 1}', '{"people": {"area": "x"}}', '{"people": []}', "[" * 5000, "\0", "")
    numbers = (None, -1, 0, 64, 32_767, float("nan"), 1e308)

    def make(draw: random.Random) -> pa.Table:
        values = table.column(column).to_pylist()
        for _ in range(3):
            number = draw.choice(numbers)
            other = draw.choice(texts) if pa.types.is_string(kind) else number
            if pa.types.is_integer(kind) and other is not None:
                other = int(other) if other == other and abs(other) < 2**15 else 0
            values[draw.randrange(len(values))] = other
        return table.set_column(place, table.schema.field(column), pa.array(values, kind))

    def take(made: pa.Table) -> None:
        pq.write_table(made, folder / name)
        read_study(folder)
        if column == "features":
            photo_table(folder)
            StudyColours(folder, PHOTOS).feature("faces")

    attack(f"cells {column}", 10, make, take, folder)


@pytest.mark.parametrize(
    "about",
    ['{"faces": {"area": "x"}}', '{"faces": {"imbalance": []}}', f'{{"faces": {{"area": 1{"0" * 400}}}}}', "[1]"],
)
def test_regions_that_are_no_numbers_are_left_out_by_the_file(whole: Path, tmp_path: Path, about: str) -> None:
    folder = tmp_path / "study"
    shutil.copytree(whole, folder)
    file = folder / "photos/part-0000.parquet"
    table = pq.read_table(file)
    place = table.column_names.index("regions")
    regions = [about, *table.column("regions").to_pylist()[1:]]
    pq.write_table(table.set_column(place, table.schema.field("regions"), pa.array(regions, pa.string())), file)
    with pytest.raises(StudyError, match="part-0000") as refused:
        read_study(folder)
    assert "foreign regions" in str(refused.value)


@pytest.mark.parametrize("name", ["baseline.json", "verdict.json", "effects.parquet", "details.parquet"])
def test_aggregates(whole: Path, tmp_path: Path, name: str) -> None:
    folder = tmp_path / "study"
    shutil.copytree(whole, folder)
    against(f"aggregates {name}", 20, folder / name, lambda: read_aggregates(folder))


def test_packed_studies_cut_short(whole: Path, tmp_path: Path) -> None:
    packed = pack(whole, tmp_path / "packed").folder
    files = sorted(packed.rglob("*.parquet"))
    kept = {file: file.read_bytes() for file in files}

    def take(cut: tuple[Path, int]) -> None:
        file, length = cut
        file.write_bytes(kept[file][:length])
        try:
            found = read_study(packed)
            assert found.problems
        finally:
            file.write_bytes(kept[file])

    def make(draw: random.Random) -> tuple[Path, int]:
        file = draw.choice(files)
        return file, draw.randrange(len(kept[file]))

    attack("packed studies", 20, make, take, packed)


def test_parts(whole: Path, tmp_path: Path) -> None:
    """A study that is gone on with sets aside what is none of its own."""
    folder = tmp_path / "study"
    shutil.copytree(whole, folder)

    def read() -> None:
        Parts(folder).settings()
        Parts(folder).done()
        Parts(folder).count()

    against("parts", 20, folder / "study.json", read)


@pytest.mark.parametrize("table", ["photos", "rows", "work"])
def test_parts_of_a_run(tmp_path: Path, table: str) -> None:
    """A block that is damaged is done again: no part of it is read."""
    parts = planted.write_block(tmp_path / "study")

    def read() -> None:
        done, problems = parts.done()
        assert not (done and problems)
        parts.count()

    against(f"parts {table}", 20, parts.file(table, 0), read)


def test_results(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(config, "ARTIFACTS", tmp_path)
    standin.write_results(tmp_path)
    readers: dict[str, Callable[[], object]] = {
        "resnet50/card.json": reports.model_card,
        "resnet50/metrics.csv": reports.training_record,
        "reference_scores.csv": reports.reference_scores,
        "evaluations/resnet50-scenes.json": lambda: reports.evaluation(tmp_path / "evaluations/resnet50-scenes.json"),
    }
    for name, read in readers.items():
        against(f"results {name}", 60, tmp_path / name, read)


def test_shipped_results(tmp_path: Path) -> None:
    for name in ("detectors.json", "showcase.json"):
        shutil.copy(SHIPPED / name, tmp_path / name)
    against("detectors", 60, tmp_path / "detectors.json", lambda: detectors.measurements(tmp_path / "detectors.json"))
    shutil.copy(SHIPPED / "detectors.json", tmp_path / "detectors.json")
    against(
        "quality", 60, tmp_path / "detectors.json", lambda: detector_quality.weak_detectors(tmp_path / "detectors.json")
    )
    against("showcase", 60, tmp_path / "showcase.json", lambda: showcase.read(tmp_path))


@pytest.mark.parametrize("name", [atlas.ANSWER, atlas.AXES, atlas.PLACES, atlas.PHOTOS])
def test_maps(tmp_path: Path, name: str) -> None:
    folder = tmp_path / "latent"
    standin.write_atlas(folder, n=24)
    # As older maps, it does not name the files that belong to it: what is changed in them is read.
    pq.write_table(pq.read_table(folder / atlas.PHOTOS).replace_schema_metadata(None), folder / atlas.PHOTOS)
    (folder / atlas.PLACES).write_text(json.dumps({"scenes": "somewhere/scenes", "generated_face": "generated"}))
    against(f"maps {name}", 15, folder / name, lambda: atlas.read(folder))


def test_queue(tmp_path: Path) -> None:
    """A damaged job is passed over: the others have their turn."""
    queue = Queue(tmp_path / "jobs")
    one = queue.add(Job(new_id(), "one", ("samples",), "resnet50"), 4)
    other = queue.add(Job(new_id(), "other", ("samples",), "resnet50"), 4)

    def read() -> None:
        assert other.id in {job.id for job in queue.jobs()}
        catalogue.available_photos(tmp_path, "x")

    against("jobs", 60, tmp_path / "jobs" / f"{one.id}.json", read)
