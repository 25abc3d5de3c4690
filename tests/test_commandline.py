"""Commands: tables, JSON, exit codes, one line for every refusal."""

from __future__ import annotations

import errno
import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from core import config
from core.__main__ import build_parser, main
from core.commandline import report_errors
from core.files import json_text
from core.inference import checkpoints
from core.photos.preprocess import Preset
from core.registry import COMMANDS, MODELS
from tests.conftest import write_photo


@pytest.fixture
def checkpoint(tmp_path: Path) -> str:
    card = {"architecture": "small_cnn", "preset": checkpoints.preset_fields(Preset(32, 32)), "training_photos": []}
    checkpoints.save(tmp_path / "model", MODELS["small_cnn"].function(), card)
    return str(tmp_path / "model")


@pytest.fixture
def photos(tmp_path: Path) -> Path:
    folder = tmp_path / "photos"
    folder.mkdir()
    random = np.random.default_rng(0)
    for name in ("b.png", "a.jpg", "c.png"):
        Image.fromarray(random.integers(0, 256, (40, 40, 3), dtype=np.uint8)).save(folder / name)
    (folder / "bad.jpg").write_text("this is a text")
    return folder


def test_score_writes_a_table_in_the_order_given(checkpoint: str, photos: Path, tmp_path: Path, capsys) -> None:
    out = tmp_path / "new" / "scores.csv"
    code = main(["score", str(photos / "c.png"), str(photos), "--model", checkpoint, "--csv", str(out)])
    assert code == 1
    rows = [line.split(",") for line in out.read_text().splitlines()]
    assert rows[0] == ["file", "score"]
    assert [Path(name).name for name, _ in rows[1:]] == ["c.png", "a.jpg", "b.png", "c.png"]
    assert all(0 <= float(score) <= 1 for _, score in rows[1:])
    assert "bad.jpg: this is not a photo" in capsys.readouterr().err


def test_an_empty_name_is_not_the_current_folder(checkpoint: str, photos: Path, monkeypatch, capsys) -> None:
    monkeypatch.chdir(photos)
    assert main(["score", "", "--model", checkpoint]) == 1
    assert capsys.readouterr().out == "file,score\n"


def test_score_answers_in_json(checkpoint: str, photos: Path, capsys) -> None:
    assert main(["score", str(photos / "a.jpg"), str(photos / "b.png"), "--model", checkpoint, "--json"]) == 0
    answer = json.loads(capsys.readouterr().out)
    assert [set(row) for row in answer] == [{"file", "score"}] * 2


def test_a_missing_model_is_one_line(photos: Path, capsys) -> None:
    assert main(["score", str(photos / "a.jpg"), "--model", "nothing"]) == 2
    error = capsys.readouterr().err.strip()
    assert error.startswith("error: ")
    assert "resnet50" in error
    assert len(error.splitlines()) == 1


def test_evaluate_prints_saves_and_answers_in_json(checkpoint: str, tmp_path: Path, capsys) -> None:
    random = np.random.default_rng(0)
    lines = ["image_path,memorability_score"]
    for number in range(12):
        Image.fromarray(random.integers(0, 256, (20, 20, 3), dtype=np.uint8)).save(tmp_path / f"{number}.png")
        lines.append(f"{number}.png,{number / 12:.3f}")
    (tmp_path / "list.csv").write_text("\n".join(lines))
    source, out = str(tmp_path / "list.csv"), str(tmp_path / "out")
    assert main(["evaluate", source, "--model", checkpoint, "--out", out]) == 0
    assert "Spearman" in capsys.readouterr().out
    assert main(["evaluate", source, "--model", checkpoint, "--out", out, "--json"]) == 0
    answer = json.loads(capsys.readouterr().out)
    assert answer["n"] == 12
    assert not answer["possibly_seen"]
    assert (tmp_path / "out" / "model-list.json").is_file()


@pytest.mark.parametrize(
    ("command", "words"),
    [
        (["concepts"], "No photo set is named"),
        (["human", "runs/none", "--seed", "-1"], "a seed is 0 or more"),
        (["score", "samples", "--csv", ""], "--csv: it is empty"),
        (["study", "samples", "--unseen-by", " "], "--unseen-by: it is empty"),
        (["calibrate", "--fills", "gold"], "No fill is called 'gold'"),
        (["attribute", "samples", "--masks", "gold"], "No mask is called 'gold'"),
        (["paint", "a.png", "--mask", "b.png", "--without", "faces"], "--hosts"),
    ],
)
def test_what_cannot_work_is_refused_before_any_work(command: list[str], words: str, capsys) -> None:
    try:
        code = main(command)
    except SystemExit as error:  # argparse
        code = int(str(error.code))
    assert code == 2
    assert words in capsys.readouterr().err


def test_a_registered_source_is_scored_like_a_folder(checkpoint: str, capsys) -> None:
    assert main(["score", "generated:face,n=3", "--model", checkpoint]) == 0
    head, *rows = capsys.readouterr().out.splitlines()
    assert head == "file,score"
    assert len(rows) == 3


def test_a_file_is_no_study_to_report_on(tmp_path: Path, capsys) -> None:
    (tmp_path / "01-replay.json").write_text("{}")
    assert main(["report", str(tmp_path / "01-replay.json")]) == 2
    assert "name it with --photo" in capsys.readouterr().err


def test_photos_without_a_human_score_are_counted(checkpoint: str, tmp_path: Path, capsys) -> None:
    rows = [f"{write_photo(tmp_path / f'{n}.png', n).name},{'' if n < 2 else n / 20}" for n in range(14)]
    (tmp_path / "list.csv").write_text("\n".join(["image_path,memorability_score", *rows]))
    command = ["evaluate", str(tmp_path / "list.csv"), "--model", checkpoint, "--out", str(tmp_path / "out")]
    assert main(command) == 0
    assert "2 of 14 photos have no human score and are left out" in capsys.readouterr().err


def test_every_command_has_help_from_its_docstring(capsys) -> None:
    for entry in COMMANDS:
        with pytest.raises(SystemExit) as stopped:
            build_parser().parse_args([entry.id, "--help"])
        assert stopped.value.code == 0
        assert entry.help.split()[0] in capsys.readouterr().out


def test_train_refuses_in_one_line(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "train.py", str(tmp_path / "nowhere"), "--recipe", "shiped"],
        cwd=config.ROOT, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 2
    assert done.stderr.startswith("error: No recipe is called 'shiped'")
    assert len(done.stderr.strip().splitlines()) == 1


def test_a_reader_that_leaves_early_is_no_error() -> None:
    piped = f"{sys.executable} -m core latent --show --json | head -c 10"
    done = subprocess.run(["bash", "-c", piped], capture_output=True, text=True, cwd=config.ROOT, check=False)
    assert done.stderr == ""
    assert len(done.stdout) == 10


@pytest.mark.parametrize("place", ["", "a.jpg/scores.csv"])
def test_a_place_that_cannot_be_written_is_one_line(checkpoint: str, photos: Path, place: str, capsys) -> None:
    before = (photos / "a.jpg").read_bytes()
    assert main(["score", str(photos / "a.jpg"), "--model", checkpoint, "--csv", str(photos / place)]) == 2
    said = capsys.readouterr().err
    assert said.count("error: ") == 1, said
    assert "Traceback" not in said
    assert (photos / "a.jpg").read_bytes() == before
    assert not list(photos.rglob("*.tmp"))


def test_nothing_takes_the_place_of_a_device(checkpoint: str, photos: Path, tmp_path: Path, capsys) -> None:
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    assert main(["score", str(photos / "a.jpg"), "--model", checkpoint, "--csv", str(pipe)]) == 2
    assert pipe.is_fifo()
    assert "name a file" in capsys.readouterr().err


def test_a_refusal_of_the_system_is_one_line(capsys) -> None:
    with report_errors() as outcome:
        raise PermissionError(errno.EACCES, "Permission denied", "shelf/scores.csv")
    assert outcome.code == 2
    assert capsys.readouterr().err.startswith("error: shelf/scores.csv: the system refuses (Permission denied)")


@pytest.mark.skipif(sys.platform != "linux", reason="file names are text here")
def test_a_name_that_is_no_text_is_scored_like_any_other(checkpoint: str, photos: Path, tmp_path: Path) -> None:
    (photos / "a.jpg").rename(os.fsdecode(os.fsencode(photos) + b"/\xff.jpg"))
    assert main(["score", str(photos), "--model", checkpoint, "--csv", str(tmp_path / "scores.csv")]) == 1
    assert r"\xff.jpg,0." in (tmp_path / "scores.csv").read_text(encoding="utf-8")


def test_a_photo_of_an_unknown_format_is_refused_by_name(checkpoint: str, photos: Path, capsys) -> None:
    (photos / "phone.HEIC").write_bytes(b"\0\0\0\x18ftypheic")
    assert main(["score", str(photos), "--model", checkpoint]) == 1
    assert "phone.HEIC: this is not a photo in a known format" in capsys.readouterr().err


def test_help_on_a_plain_terminal() -> None:
    done = subprocess.run(
        [sys.executable, "train.py", "--help"],
        cwd=config.ROOT, capture_output=True, env=os.environ | {"PYTHONIOENCODING": "ascii"}, check=False,
    )  # fmt: skip
    assert done.returncode == 0
    assert b"--frozen-stages" in done.stdout


def test_numbers_that_are_none_are_null_in_json() -> None:
    text = json_text({"a": [float("nan"), 1.5], "b": (float("inf"), "ρ")})
    assert json.loads(text) == {"a": [None, 1.5], "b": [None, "ρ"]}


def test_shipping_refuses_before_it_writes(checkpoint: str, tmp_path: Path, capsys) -> None:
    run, out = tmp_path / "run", tmp_path / "shipped"
    shutil.copytree(checkpoint, run / "best")
    assert main(["ship", str(run), "--out", str(out)]) == 2
    assert "metrics.csv: this file is missing" in capsys.readouterr().err
    (run / "metrics.csv").write_text("epoch\n1\n")
    for option in ("--tried", "--evaluations"):
        assert main(["ship", str(run), "--out", str(out), option, str(run / "metrics.csv")]) == 2
        assert "metrics.csv: this is no" in capsys.readouterr().err
    assert main(["ship", str(run), "--out", str(out), "--average", str(run)]) == 2
    assert "the card lacks" in capsys.readouterr().err
    assert not out.exists()


@pytest.mark.parametrize("name", ["gone.png", "bad.jpg"])
def test_a_mask_that_cannot_be_read_is_named(checkpoint: str, photos: Path, name: str, capsys) -> None:
    assert main(["paint", str(photos / "a.jpg"), "--model", checkpoint, "--mask", str(photos / name)]) == 2
    assert f"error: {photos / name}: th" in capsys.readouterr().err


@pytest.mark.parametrize("option", ["--out", "--csv", "--save", "--report"])
def test_a_place_that_cannot_be_written_to_is_told_before_the_work(
    option: str, tmp_path: Path, monkeypatch, capsys
) -> None:
    command = {"--csv": "score", "--save": "attribute", "--report": "paint"}.get(option, "evaluate")
    given = [command, str(tmp_path / "no photos here"), *(("--mask", "x") if command == "paint" else ())]
    (tmp_path / "file").write_text("in the way")
    if option in ("--out", "--save"):
        assert main([*given, option, str(tmp_path / "file")]) == 2
        assert "this is a file; name a folder." in capsys.readouterr().err
    assert main([*given, option, str(tmp_path / "file" / "below")]) == 2
    assert "is a file, so that no folder can be made below it; choose another place." in capsys.readouterr().err
    assert (tmp_path / "file").read_text() == "in the way"
    monkeypatch.chdir(tmp_path)
    allowed = os.access
    monkeypatch.setattr(os, "access", lambda path, mode: not (mode & os.W_OK) and allowed(path, mode))
    assert main([*given, option, str(tmp_path / "new" / "place")]) == 2
    assert f"{tmp_path} may not be written to; choose another place." in capsys.readouterr().err
    assert not (tmp_path / "new").exists()


def test_settings_of_regions_are_refused_beside_other_ablations(photos: Path, tmp_path: Path, capsys) -> None:
    given = ["ablate", str(photos), "--out", str(tmp_path / "sets"), "--ablation", "grayscale"]
    for more in (["--fill", "blur"], ["--direction", "remove"]):
        assert main([*given, *more]) == 2
        assert "--fill and --direction are of --ablation region" in capsys.readouterr().err
    assert main([*given[:4], "--all", "--fill", "blur"]) == 2
    assert "leave out --all" in capsys.readouterr().err
    assert not (tmp_path / "sets").exists()
