"""The command `paint` on a drawn photo: what core computes, in words, and refusals in one sentence."""

from __future__ import annotations

import base64
import html
import json
import re
import shlex
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from PIL import Image

from core import config
from core.__main__ import main
from core.paint import region_effect
from core.paint.answer import UNTOLD
from core.sources import open_source
from core.trust.reports import COLUMNS
from core.trust.words import NOT_MEASURED
from tests.conftest import draw_photo
from tests.paint.test_report import cells


def one_line(capsys: pytest.CaptureFixture[str]) -> str:
    said = capsys.readouterr()
    assert said.out == ""
    assert said.err.startswith("error: ")
    assert len(said.err.strip().splitlines()) == 1
    return said.err


def test_the_command_answers_what_core_computes(ask: Callable[..., int], capsys) -> None:
    assert ask("--mask", "mask.png", "--fill", "inpaint", "--controls", "4", "--json") == 0
    answer = json.loads(capsys.readouterr().out)
    assert list(answer) == ["score", "ablated_score", "delta", "area", "controls"]
    from core import inference

    photo, mask = draw_photo(4, 300, 400), np.zeros((300, 400), bool)
    mask[80:160, 60:200] = True
    model, how = inference.load("small_cnn"), region_effect.treatment(fill="inpaint")
    done = region_effect.paint(model, photo, mask, how)
    assert answer["delta"] == pytest.approx(done.delta, abs=1e-7)
    assert answer["area"] == pytest.approx(mask.mean(), abs=0.002)
    wanted = list(region_effect.controls(model, photo, mask, how, done.score, n=4))
    assert answer["controls"] == pytest.approx(wanted, abs=1e-7)


def test_the_command_compares_with_photos_of_equal_score(
    ask: Callable[..., int], capsys, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(config, "CALIPER", 1e6)  # whatever the untrained network says of them
    given = ("--mask", "mask.png", "--hosts", "generated:none,n=30", "--without", "faces")
    assert ask(*given) == 2
    assert "small_cnn has no reference scores" in capsys.readouterr().err
    table = "model,source,photo_id,score\nsmall_cnn,a,1,0.4\nsmall_cnn,a,2,0.6\n"
    (config.ARTIFACTS / "reference_scores.csv").write_text(table)
    assert ask(*given, "--json") == 0
    answer = json.loads(capsys.readouterr().out)
    assert {item["source"] for item in answer["hosts"]} == {"generated_none"}
    held = {photo.id: photo.truth()["faces"].mask.any() for photo in open_source("generated:none,n=30").photos}
    assert len(answer["hosts"]) >= 10
    assert not any(held[item["photo"]] for item in answer["hosts"])
    assert ask(*given) == 0
    assert "other photos of equal score without faces" in capsys.readouterr().out


def test_the_command_begins_with_the_fill_of_the_least_artefact(ask: Callable[..., int]) -> None:
    assert ask("--mask", "mask.png", "--out", "out") == 0
    assert json.loads(Path("out/photo-replay.json").read_text())["fill"] == UNTOLD  # no study of this model


def test_the_command_speaks_plainly(ask: Callable[..., int], capsys) -> None:
    settings = ("--fill", "blur", "--settings", "sigma=0.1", "--direction", "keep", "--feather", "0.02")
    assert ask("--mask", "mask.png", "--controls", "3", *settings) == 0
    said = capsys.readouterr().out
    assert "Δ = " in said
    assert "Keeping only this region" in said


def test_the_command_replays_to_the_same_score(ask: Callable[..., int], capsys) -> None:
    assert ask("--mask", "mask.png", "--fill", "noise", "--seed", "3", "--controls", "2", "--json", "--out", "out") == 0
    first = json.loads(capsys.readouterr().out)
    assert ask("--replay", "out/photo-replay.json", "--json") == 0
    again = json.loads(capsys.readouterr().out)
    assert again.pop("controls") == pytest.approx(first.pop("controls"))
    assert again == pytest.approx(first)
    assert Image.open("out/photo-ablated.png").size == (341, 256)


def test_the_command_says_when_a_score_is_not_reproduced(ask: Callable[..., int], capsys) -> None:
    assert ask("--mask", "mask.png", "--out", "out") == 0
    file = Path("out/photo-replay.json")
    file.write_text(json.dumps(json.loads(file.read_text()) | {"ablated_score": 0.123}))
    assert ask("--replay", str(file)) == 1
    assert "not reproduced: the replay file says 0.123" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("given", "reason"),
    [
        (("--mask", "all.png"), "covers the whole photo"),
        (("--mask", "none.png"), "is empty"),
        (("--mask", "other.png"), "90 × 100"),
        (("--mask", "nowhere.png"), "no such file"),
        (("--mask", "."), "a folder"),
        ((), "Nothing is painted"),
        (("--mask", "mask.png", "--fill", "glitter"), "choose from"),
        (("--mask", "mask.png", "--fill", "blur", "--settings", "sigma"), "NAME=VALUE"),
        (("--mask", "mask.png", "--feather", "3"), "feather"),
        (("--mask", "mask.png", "--controls", "-1"), "--controls"),
        (("--mask", "mask.png", "--controls", "1000000000"), "--controls"),
        (("--replay", "nowhere.json"), "cannot be read"),
        (("--replay", "photo.png"), "not text"),
        (("--replay", "."), "cannot be read"),
    ],
)
def test_the_command_refuses_in_one_sentence(ask: Callable[..., int], capsys, given: tuple[str], reason: str) -> None:
    assert ask(*given) == 2
    assert reason in one_line(capsys)


def test_a_photo_that_cannot_be_read_is_named(ask: Callable[..., int], capsys) -> None:
    Path("photo.png").write_text("text")
    assert ask("--mask", "mask.png") == 2
    assert "photo.png: this is not a photo" in one_line(capsys)


def test_the_command_writes_it_with_its_own_numbers(
    ask: Callable[..., int], capsys: pytest.CaptureFixture[str]
) -> None:
    given = ("--mask", "mask.png", "--fill", "mean", "--controls", "2", "--report", "out.html", "--json")
    assert ask(*given) == 0
    answer = json.loads(capsys.readouterr().out)
    text = Path("out.html").read_text(encoding="utf-8")
    found = cells(text)
    names = {"score": "score before", "ablated_score": "score after", "delta": "Δ"}
    assert {name: float(found[shown]) for name, shown in names.items()} == {name: answer[name] for name in names}
    assert [float(found[f"Δ at other place {place}"]) for place in (1, 2)] == answer["controls"]
    (attached,) = re.findall(r'href="data:application/json;base64,([^"]+)"', text)
    again = shlex.split(html.unescape(re.findall(r"<pre>(python -m core paint .*)</pre>", text)[0]))[3:]
    Path(again[-1]).write_bytes(base64.b64decode(attached))
    assert main([*again, "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["delta"] == pytest.approx(answer["delta"], abs=1e-7)


def test_the_report_of_the_command_says_whether_its_heatmap_is_worth_anything(ask: Callable[..., int]) -> None:
    given = ("--mask", "mask.png", "--fill", "mean", "--controls", "2", "--report", "out.html")
    assert ask(*given) == 0
    assert NOT_MEASURED in html.unescape(Path("out.html").read_text(encoding="utf-8"))
    row = dict.fromkeys(COLUMNS, 0.0) | {"model": "small_cnn", "source": "drawn", "method": "grad_cam"}
    row |= {"label": "Grad-CAM", "baseline": False, "measure": "gain", "n": 90, "compared": "edge_map"}
    file = config.ARTIFACTS / "trust" / "small_cnn.csv"
    file.parent.mkdir()
    pd.DataFrame([row]).to_csv(file, index=False)
    assert ask(*given) == 0
    text = html.unescape(Path("out.html").read_text(encoding="utf-8"))
    assert "Grad-CAM does not beat the baselines on this model (on 90 photos" in text
    assert NOT_MEASURED not in text
