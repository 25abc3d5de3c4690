"""`kill -9` at random moments: what is begun again ends as if nobody had killed it, and no half file is read.

`KILLS=50 python -m pytest tests/hostile/test_kills.py -s` kills each command so often; `HOSTILE_SEED=7` at other
moments.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pandas as pd
import pyarrow.parquet as pq
import pytest
import safetensors.numpy
import torch

from core import config
from core.inference import checkpoints
from core.models.vae import VAE
from core.photos.preprocess import Preset
from core.study import jobs
from core.study.jobs import Job, Queue
from tests.conftest import write_photo
from tests.helpers.hostile import SEED
from tests.helpers.kills import CACHE, COPY, RUNS, CarryOut, Task
from tests.study.test_engine import write_checkpoint
from tests.training.test_fit import TINY, drawn_set

KILLS = int(os.environ.get("KILLS", "1"))
OUT = "{out}"
"""In a command, the folder or file that it writes."""
Command = tuple[list[str], Callable[[Path], object]]
"""A command, and how what it wrote is read to be compared."""
Made = Callable[[Path, Path, CarryOut], Command]
"""A command on photos, with a folder for what it needs, and who makes that."""


def tables(folder: Path) -> dict[str, pd.DataFrame]:
    """The rows and photos of a study, whatever parts they lie in."""
    return {
        name: pd.concat([pq.read_table(file).to_pandas() for file in sorted((folder / name).glob("*.parquet"))])
        for name in ("rows", "photos")
    }


def weights(folder: Path) -> dict[str, bytes]:
    """What was learned, by the last epoch and by the best."""
    found = {name: safetensors.numpy.load_file(folder / name / "model.safetensors") for name in ("last", "best")}
    return {f"{name}/{key}": value.tobytes() for name, values in found.items() for key, value in values.items()}


def files(folder: Path) -> dict[str, bytes]:
    """Every file below a folder, or the one that it is."""
    if folder.is_file():
        return {"": folder.read_bytes()}
    return {str(file.relative_to(folder)): file.read_bytes() for file in sorted(folder.rglob("*")) if file.is_file()}


@pytest.fixture
def photos(tmp_path: Path) -> Path:
    """A folder of twelve drawn photos."""
    for number in range(12):
        write_photo(tmp_path / "photos" / f"{number}.png", number, 40, 56)
    return tmp_path / "photos"


def study(photos: Path, place: Path) -> list[str]:
    model = str(write_checkpoint(place / "tiny"))
    return ["core", "study", str(photos), "--model", model, "--ablations", "identity,blur,texture", "--masks", "faces"]


def training(place: Path) -> list[str]:
    (place / "set").mkdir()
    options = [f"--{name.replace('_', '-')}={value}" for name, value in TINY.items()]
    return ["train.py", str(drawn_set(place / "set", seed=1)), *options, "--epochs=3", "--save-seconds=0", "--resume"]


def a_study(photos: Path, place: Path, _: CarryOut) -> Command:
    return [*study(photos, place), "--out", OUT], tables


def a_training(_: Path, place: Path, __: CarryOut) -> Command:
    return [*training(place), "--out", OUT], weights


def ablated_sets(photos: Path, _: Path, __: CarryOut) -> Command:
    return ["core", "ablate", str(photos), "--ablation", "phase_scramble", "--out", OUT], files


def a_table_of_scores(photos: Path, place: Path, _: CarryOut) -> Command:
    model = str(write_checkpoint(place / "tiny"))
    return ["core", "score", str(photos), "--model", model, "--engine", "torch", "--csv", OUT], files


def a_packed_study(photos: Path, place: Path, carry_out: CarryOut) -> Command:
    carry_out(Task([*study(photos, place), "--out", OUT], str(place / "made")))
    return ["core", "pack", str(place / "made" / "whole"), OUT], files


def a_shipped_checkpoint(_: Path, place: Path, carry_out: CarryOut) -> Command:
    carry_out(Task([*training(place), "--out", OUT], str(place / "made")))
    return ["core", "ship", str(place / "made" / "whole"), "--out", OUT], files


def a_map(photos: Path, place: Path, _: CarryOut) -> Command:
    torch.manual_seed(0)
    card = {"architecture": "vae", "preset": checkpoints.preset_fields(Preset(64, 64)), "settings": {"latent": 8}}
    checkpoints.save(place / "vae", VAE(8), card)
    model = ["--model", str(write_checkpoint(place / "tiny")), "--engine", "torch", "--autoencoder", str(place / "vae")]
    return ["core", "latent", str(photos), *model, "--permutations", "20", "--out", OUT], files


def a_report(photos: Path, place: Path, carry_out: CarryOut) -> Command:
    """A page on a study whose effects are not computed yet."""
    carry_out(Task([*study(photos, place), "--out", OUT], str(place / "made")))
    return [f"{COPY}={place / 'made' / 'whole'}", "core", "report", OUT], page_and_aggregates


def page_and_aggregates(folder: Path) -> dict[str, bytes]:
    """All of a study's folder; where it lies, which the page says, is another place each time."""
    return {name: data.replace(str(folder).encode(), b"RUN") for name, data in files(folder).items()}


def an_export(photos: Path, place: Path, _: CarryOut) -> Command:
    """A model for another engine, in a cache that is empty at first."""
    pytest.importorskip("onnx", reason="an export needs onnx (requirements.txt)")
    model = ["--model", str(write_checkpoint(place / "tiny")), "--engine", "onnxruntime"]
    return [f"{CACHE}={OUT}", "core", "score", str(photos), *model, "--csv", str(place / "scores.csv")], exports


def exports(cache: Path) -> dict[str, bytes]:
    """What engines read, and what was found of it; a killed writer's own file is nobody's."""
    return {name: data for name, data in files(cache).items() if not name.endswith(".tmp")}


def a_study_on_a_cluster(photos: Path, place: Path, _: CarryOut) -> Command:
    pytest.importorskip("ray", reason="ray is not installed (requirements-cluster.txt)")
    return [*study(photos, place), "--engine-cluster", "ray", "--out", OUT], tables


def a_study_of_the_page(_: Path, place: Path, __: CarryOut) -> Command:
    """Asked for on the page; whenever its runner is killed, somebody resumes it."""
    model = str(write_checkpoint(place / "tiny"))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(config, "RUNS", place / "made")
        asked = Job(jobs.new_id(), "asked", ("generated:face,n=40",), model, ablations=("blur", "texture"), part="all")
        Queue().add(asked, 1)
    return [f"{COPY}={place / 'made'}", f"{RUNS}={OUT}", "core", "work"], lambda folder: tables(folder / "asked")


COMMANDS = [
    *(a_study, a_training, ablated_sets, a_table_of_scores, a_packed_study, a_shipped_checkpoint, a_report, an_export),
    *(a_map, a_study_on_a_cluster, a_study_of_the_page),
]
ONLY_ON_DEMAND = {
    a_map: "a map takes a minute: KILLS=50 kills it too",
    a_study_on_a_cluster: "a cluster takes half a minute to start: KILLS=50 kills studies on it too",
    a_study_of_the_page: "tests/commands/test_work.py kills one: KILLS=50 kills it at other moments",
}


@pytest.mark.slow
@pytest.mark.parametrize("made", COMMANDS, ids=lambda made: made.__name__)
def test_whatever_is_killed_ends_as_if_nobody_had_killed_it(
    made: Made, photos: Path, tmp_path: Path, carry_out: CarryOut
) -> None:
    if KILLS == 1 and made in ONLY_ON_DEMAND:
        pytest.skip(ONLY_ON_DEMAND[made])
    command, content = made(photos, tmp_path, carry_out)
    said = carry_out(Task(command, str(tmp_path / "runs"), KILLS, SEED))
    print(f"{made.__name__}, seed {SEED}: {said}")
    whole, *killed = sorted((tmp_path / "runs").iterdir(), key=lambda path: path.name != "whole")
    assert whole.name == "whole"
    assert any(path.name.startswith("killed-") for path in killed)
    for found in killed:
        if found.name.startswith("killed-"):
            same(content(found), content(whole))
        else:
            assert found.name.startswith("."), f"{found.name} was left beside what was asked for"


def same(found: object, wanted: object) -> None:
    """Equal to the last bit."""
    assert isinstance(found, dict)
    assert isinstance(wanted, dict)
    assert found.keys() == wanted.keys()
    for name, value in wanted.items():
        if isinstance(value, pd.DataFrame):
            pd.testing.assert_frame_equal(found[name], value, check_exact=True)
        else:
            assert found[name] == value, name
