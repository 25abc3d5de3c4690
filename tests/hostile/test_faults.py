"""A full disk, a folder that may only be read, a kill between write and name: one sentence, and what was done stays."""

from __future__ import annotations

import json
from dataclasses import replace
from functools import partial
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import torch

from core.__main__ import main
from core.errors import OutputError, PhotoError, StudyError
from core.inference import Predictor
from core.photos.preprocess import Preset
from core.registry import MODELS
from core.study import engine
from core.study import plan as study_plan
from core.study.conditions import Design
from core.study.packing import pack
from core.study.plan import Plan
from core.study.reading import read_study
from core.types import Photo
from core.verdict.aggregation import aggregates
from tests.conftest import draw_photo
from tests.helpers import planted
from tests.helpers.faults import KilledError, failing, mount, small_disk
from tests.study.test_engine import nothing, write_checkpoint

PHOTOS = 6
Whole = tuple[dict[str, bytes], list[str]]


@pytest.fixture(scope="module")
def planned() -> Plan:
    """A study of one block and few conditions."""
    torch.manual_seed(0)
    predictor = Predictor("tiny", MODELS["small_cnn"].function().eval(), Preset(32, 32), {"training_photos": []})
    photos = [Photo(f"{n}.png", "drawn", partial(draw_photo, n, 40, 56), truth=nothing) for n in range(PHOTOS)]
    return study_plan.plan(predictor, photos, Design(ablations=("identity", "grayscale"), masks=(), fills=()))


@pytest.fixture(autouse=True)
def _own_runs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def content(folder: Path) -> dict[str, bytes]:
    """The tables of a study, file by file."""
    return {str(file.relative_to(folder)): file.read_bytes() for file in sorted(folder.rglob("*.parquet"))}


@pytest.fixture(scope="module")
def whole(planned: Plan, tmp_path_factory: pytest.TempPathFactory) -> Whole:
    """What an uninterrupted study has written, and the names in the order in which it wrote them."""
    folder = tmp_path_factory.mktemp("whole")
    with pytest.MonkeyPatch.context() as patch, failing(10**6, patch, killed=False) as names:
        engine.run(planned, folder / "study")
    return content(folder / "study"), names


@pytest.mark.parametrize("killed", [False, True], ids=["full", "killed"])
def test_a_study_goes_on_from_a_write_that_failed(
    planned: Plan,
    whole: tuple[dict[str, bytes], list[str]],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    killed: bool,
) -> None:
    """The settings, or the last rows: what was done stays byte for byte, and in the end all is as without the fault."""
    wanted, names = whole
    assert len(names) > 4
    for nth in (1, len(names) - 1):
        folder = tmp_path / str(nth)
        with failing(nth, monkeypatch, killed=killed), pytest.raises(KilledError if killed else OSError):
            engine.run(planned, folder)
        before = content(folder)
        assert all(wanted[name] == data for name, data in before.items()), names[nth - 1]
        engine.run(planned, folder)
        assert content(folder) == wanted, names[nth - 1]
        assert all((folder / name).read_bytes() == data for name, data in before.items())


@pytest.mark.parametrize("killed", [False, True], ids=["full", "killed"])
def test_effects_and_packing_go_on_from_a_write_that_failed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, killed: bool
) -> None:
    study = planted.write_study(tmp_path / "study", n=24)
    settings = json.loads((study / "study.json").read_text())
    (study / "study.json").write_text(json.dumps(settings | {"finished": True}))
    for nth in (6,):
        with failing(nth, monkeypatch, killed=killed), pytest.raises(KilledError if killed else OSError):
            aggregates(study)
        assert not (study / "baseline.json").exists()  # written last: where it is, the others are
    made = aggregates(study)
    for nth in (2,):
        with failing(nth, monkeypatch, killed=killed), pytest.raises(KilledError if killed else OutputError):
            pack(study, tmp_path / "packed")
        assert not (tmp_path / "packed").exists()
    assert np.array_equal(
        read_study(pack(study, tmp_path / "packed").folder).score, read_study(study).score, equal_nan=True
    )
    pd.testing.assert_frame_equal(aggregates(tmp_path / "packed").effects, made.effects)


def test_on_a_full_disk_a_study_says_one_sentence_and_goes_on_with_more_room(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """A real disk: also what other libraries write themselves fails in its middle."""
    model = write_checkpoint(tmp_path / "tiny")
    command = ["study", "generated:cause=face,n=40", "--part", "all", "--model", str(model), "--ablations", "grayscale"]
    assert main([*command, "--out", str(tmp_path / "whole")]) == 0
    with small_disk(tmp_path / "disk", 40) as disk:
        capsys.readouterr()
        assert main([*command, "--out", str(disk / "study")]) == 2
        said = [line for line in capsys.readouterr().err.splitlines() if line.startswith("error: ")]
        assert len(said) == 1
        assert "No space left" in said[0]
        assert mount("-o", "remount,size=20m", str(disk))
        assert main([*command, "--out", str(disk / "study")]) == 0
        assert content(disk / "study") == content(tmp_path / "whole")
        assert mount("-o", "remount,ro", str(disk))
        capsys.readouterr()
        assert main(["effects", str(disk / "study")]) == 2
        assert "error: " in capsys.readouterr().err
        assert content(disk / "study") == content(tmp_path / "whole")


def test_a_study_of_a_newer_version_is_left_as_it_is(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    study = planted.write_study(tmp_path / "study", n=24)
    settings = json.loads((study / "study.json").read_text())
    (study / "study.json").write_text(json.dumps(settings | {"protocol": 99, "finished": True}))
    before = content(study)
    with pytest.raises(StudyError, match="newer version"):
        read_study(study)
    assert main(["effects", str(study)]) == 2
    assert "protocol 99" in capsys.readouterr().err
    assert content(study) == before


@pytest.mark.parametrize("fault", ["replaced", "cut short"])
def test_a_photo_that_changed_while_the_study_ran_is_named_and_mixes_with_nothing(
    fault: str, planned: Plan, whole: Whole, tmp_path: Path
) -> None:
    reads: list[object] = []

    def changing() -> np.ndarray:
        """The photo at first, then another of its size, or none, until it is put back."""
        reads.append(1)
        if len(reads) <= 2 or "back" in reads:  # once for the scale of features, once untouched
            return draw_photo(2, 40, 56)
        if fault == "replaced":
            return draw_photo(99, 40, 56)
        raise PhotoError("2.png: the file is cut short.")

    photos = [replace(photo, read=changing) if photo.id == "2.png" else photo for photo in planned.photos]
    shaken = replace(planned, photos=tuple(photos))
    with pytest.raises(StudyError, match=r"2\.png .*(is not the photo any more|cannot be read any more)"):
        engine.run(shaken, tmp_path / "study")
    reads.append("back")
    engine.run(shaken, tmp_path / "study")
    assert content(tmp_path / "study") == whole[0]
