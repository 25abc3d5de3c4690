"""Studies and scores over a Ray cluster of two workers: the same rows as on one machine, also when a worker dies."""

from __future__ import annotations

import dataclasses
import os
import signal
from collections.abc import Callable, Iterator, Mapping
from functools import partial
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
import torch
from PIL import Image

from core.__main__ import main
from core.errors import ClusterError, PhotoError, StudyError
from core.inference import Predictor, cluster
from core.inference.cluster import Cluster
from core.photos.preprocess import Preset
from core.registry import MODELS
from core.study import engine
from core.study import plan as study_plan
from core.study.cluster import ClusterWorkers
from core.study.conditions import Design
from core.study.parts import Parts
from core.types import Photo, Pixels
from tests.conftest import write_photo
from tests.study.test_engine import ONE_MASK, drawn, photos_of, rows_of, with_thing, write_checkpoint

ray = pytest.importorskip("ray", reason="ray is not installed (requirements-cluster.txt)")

DESIGN = Design(ablations=("region", "phase_scramble"), masks=("faces",), fills=("mean", "noise"), hosts=2)


@pytest.fixture(scope="module")
def machines() -> Iterator[Cluster]:
    with pytest.MonkeyPatch.context() as patch:
        patch.delenv(cluster.ADDRESS, raising=False)
        with cluster.opened("ray", workers=2) as found:
            assert found is not None
            yield found


@pytest.fixture(autouse=True)
def _own_runs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


@pytest.fixture(scope="module")
def predictor() -> Predictor:
    torch.manual_seed(0)
    return Predictor("tiny", MODELS["small_cnn"].function().eval(), Preset(32, 32), {"training_photos": []})


def everything() -> list[Photo]:
    """Three blocks: half with a thing, one that is a copy, one that cannot be read."""
    photos = [with_thing(photo) if number % 2 else photo for number, photo in enumerate(drawn(38))]
    copy = dataclasses.replace(photos[5], id="copy.png")
    return [*photos, copy, dataclasses.replace(photos[6], id="broken.png", read=_broken)]


def _broken() -> Pixels:
    raise PhotoError("the file is damaged.")


def deadly(photo: Photo, flag: Path, times: int = 1) -> Photo:
    """A photo that kills whoever reads it, the first times."""

    def read(before: Callable[[], Pixels] = photo.read) -> Pixels:
        deaths = len(list(flag.parent.glob(f"{flag.name}-*")))
        if deaths < times:
            flag.with_name(f"{flag.name}-{deaths}").touch()
            os.kill(os.getpid(), signal.SIGKILL)
        return before()

    return dataclasses.replace(photo, read=read)


def begun(folder: Path, settings: Mapping[str, Any]) -> None:
    """A study that has begun, so that only workers read its photos."""
    Parts(folder).describe({**settings, "finished": False})


@pytest.mark.slow
def test_a_cluster_writes_what_one_machine_writes_also_when_a_worker_dies(
    machines: Cluster, predictor: Predictor, tmp_path: Path
) -> None:
    """Row for row, in the same parts, with the same photos left out."""
    photos = everything()
    plan = study_plan.plan(predictor, photos, DESIGN)
    alone = engine.run(plan, tmp_path / "alone")
    killing = tuple(deadly(photo, tmp_path / "died") if photo.id == "20.png" else photo for photo in plan.photos)
    folder = tmp_path / "together"
    begun(folder, Parts(alone.folder).settings() or {})
    together = engine.run(dataclasses.replace(plan, photos=killing), folder, workers=ClusterWorkers(machines))
    assert (tmp_path / "died-0").exists(), "a worker died"
    assert (together.photos, together.rows) == (alone.photos, alone.rows) == (38, len(rows_of(alone.folder)))
    assert together.left_out == alone.left_out
    assert together.copies == 1
    pd.testing.assert_frame_equal(rows_of(folder), rows_of(alone.folder), check_exact=True)
    pd.testing.assert_frame_equal(photos_of(folder), photos_of(alone.folder), check_exact=True)
    parts = {str(file.relative_to(alone.folder)) for file in alone.folder.glob("*/*.parquet")}
    assert {str(file.relative_to(folder)) for file in folder.glob("*/*.parquet")} == parts
    assert rows_of(folder)["control"].eq("hosted").any()


def test_a_photo_that_kills_every_worker_stops_the_study_and_what_is_done_stays(
    machines: Cluster, predictor: Predictor, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(cluster, "RETRIES", 0)  # a new worker takes seconds
    plan = study_plan.plan(predictor, drawn(20), Design(ablations=("grayscale",)))
    last = deadly(plan.photos[-1], tmp_path / "died", 99)
    begun(tmp_path / "s", {**plan.settings, "feature_scale": 1.0})
    with pytest.raises(ClusterError, match="same work"):
        engine.run(
            dataclasses.replace(plan, photos=(*plan.photos[:-1], last)),
            tmp_path / "s",
            workers=ClusterWorkers(machines),
        )
    assert len(photos_of(tmp_path / "s")) == 16
    done = engine.run(plan, tmp_path / "s")
    assert done.photos == 20, "the threads of one machine go on with it"


def test_errors_of_workers_are_those_of_core(machines: Cluster, predictor: Predictor) -> None:
    with pytest.raises(StudyError, match=r"^not here$"):
        list(machines.map(_refuse, machines.share(None), range(3)))


def _refuse(_: None, __: int) -> None:
    raise StudyError("not here")


def test_commands_take_a_cluster(machines: Cluster, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Scores of a folder, a store's address, a flat picture and a broken file; and a study of the address."""
    model = str(write_checkpoint(tmp_path / "tiny"))
    for number in range(11):
        write_photo(tmp_path / "photos" / f"{number:02}.png", number, height=60, width=80)
    Image.new("RGB", (40, 30), (128, 128, 128)).save(tmp_path / "photos" / "flat.png")
    (tmp_path / "photos" / "broken.jpg").write_bytes(b"nothing")
    address = f"file://{tmp_path}/photos"
    said = []
    for option in ([], ["--engine-cluster", "ray"]):
        assert main(["score", "photos", address, "--model", model, *option]) == 1
        said.append(capsys.readouterr())
    assert said[0].out == said[1].out
    assert len(said[1].out.splitlines()) == 1 + 2 * 12
    for text in ("hint: photos/flat.png: almost all", "broken.jpg: this is not a photo", "2 workers of a Ray cluster"):
        assert text in said[1].err

    tables = []
    for number, option in enumerate(([], ["--engine-cluster", "ray"])):
        out = tmp_path / f"study{number}"
        command = ["study", address, "--model", model, "--ablations", "blur", *ONE_MASK, "--out", str(out), *option]
        assert main(command) == 1  # the broken file is told
        tables.append(rows_of(out))
    pd.testing.assert_frame_equal(*tables, check_exact=True)


def test_predictions_come_in_order(machines: Cluster, predictor: Predictor) -> None:
    photos = [dataclasses.replace(photo, read=partial(photo.read)) for photo in drawn(20)]
    made = list(cluster.predict(machines, predictor, photos, features=True))
    assert [item.photo.id for item in made] == [photo.id for photo in photos]
    assert all(item.features is not None for item in made)
