"""`kill -9` at random moments: what is begun again ends as if nobody had killed it, and no half file is read.

`KILLS=50 python -m pytest tests/hostile/test_kills.py -s` kills each command so often; `HOSTILE_SEED=7` at other
moments.
"""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pandas as pd
import pyarrow.parquet as pq
import pytest
import safetensors.numpy

from core import config
from tests.conftest import write_photo
from tests.helpers.hostile import SEED
from tests.study.test_engine import write_checkpoint
from tests.training.test_fit import TINY, drawn_set

KILLS = int(os.environ.get("KILLS", "1"))
Content = Callable[[Path], object]


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


@pytest.mark.slow
@pytest.mark.parametrize("what", ["study", "train", "ablate", "score"])
def test_whatever_is_killed_ends_as_if_nobody_had_killed_it(what: str, tmp_path: Path) -> None:
    photos = tmp_path / "photos"
    for number in range(12):
        write_photo(photos / f"{number}.png", number, 40, 56)
    model = ["--model", str(write_checkpoint(tmp_path / "tiny"))]
    out, content = "{out}", tables
    if what == "study":
        command = ["core", "study", str(photos), *model, "--ablations", "identity,blur,texture", "--masks", "faces"]
        command += ["--out", out]
    elif what == "train":
        options = [f"--{name.replace('_', '-')}={value}" for name, value in TINY.items()]
        (tmp_path / "set").mkdir()
        command = ["train.py", str(drawn_set(tmp_path / "set", seed=1)), *options, "--epochs=3", f"--out={out}"]
        command += ["--save-seconds=0", "--resume"]
        content = weights
    elif what == "ablate":
        command, content = ["core", "ablate", str(photos), "--ablation", "phase_scramble", "--out", out], files
    else:
        command, content = ["core", "score", str(photos), *model, "--engine", "torch", "--csv", out], files
    arguments = [str(SEED), str(KILLS), str(tmp_path / "runs"), *command]
    (tmp_path / "runs").mkdir()
    done = subprocess.run(
        [sys.executable, "-m", "tests.helpers.kills", *arguments],
        cwd=config.ROOT, env=os.environ | {"OMP_NUM_THREADS": "1"}, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr[-2000:]
    print(f"{what}, seed {SEED}: {done.stdout.strip()}")
    whole, *killed = sorted((tmp_path / "runs").iterdir(), key=lambda path: path.name != "whole")
    assert whole.name == "whole"
    assert any(path.name.startswith("killed-") for path in killed)
    for run in killed:
        if run.name.startswith("killed-"):
            same(content(run), content(whole))
        else:
            assert run.name.startswith("."), f"{run.name} was left beside what was asked for"


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
