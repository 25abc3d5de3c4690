"""The page Model in its empty, failing and working states, driven without a browser."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from core import inference
from tests.helpers import standin
from tests.pages.conftest import MODEL, replace, visit, words


def test_model_without_results_says_how_to_get_them(nothing: Path) -> None:
    app = visit(MODEL)
    assert [info.value for info in app.info] == [
        "There is no trained model here yet. Train one with `python train.py DATA`."
    ]


def test_model_without_evaluation_shows_the_training(artifacts: Path) -> None:
    shutil.rmtree(artifacts / "evaluations")
    app = visit(MODEL)
    assert "core evaluate" in app.info[0].value
    assert len(app.get("plotly_chart")) == 3


def test_model_shows_every_section(artifacts: Path) -> None:
    app = visit(MODEL)
    assert [header.value for header in app.header] == [
        "Does the score agree with people?",
        "All evaluated models",
        "How it was trained",
        "What was tried",
        "Data and licence",
    ]
    assert len(app.get("plotly_chart")) == 5
    text = words(app)
    assert "not independent evidence" in text.replace("\\", "")
    assert "**0.94**" in text
    assert "0.660 ± 0.010" in text
    assert list(app.dataframe[0].value["possibly seen"]) == [False, True]


def test_model_keeps_the_folders_of_the_training_machine_to_itself(artifacts: Path) -> None:
    app = visit(MODEL)
    recipe = next(table.value for table in app.dataframe if "setting" in table.value)
    assert list(recipe["value"]) == ["scenes", str(standin.EPOCHS), "everyday"]


@pytest.mark.parametrize("file", ["evaluations/resmem-scenes.json", "resnet50/card.json", "resnet50/metrics.csv"])
def test_model_names_a_damaged_file_and_shows_the_rest(artifacts: Path, file: str) -> None:
    replace(artifacts / file, "not what it should be")
    app = visit(MODEL)
    assert len(app.error) == 1
    assert Path(file).name in app.error[0].value.replace("\\", "")
    assert "Does the score agree with people?" in words(app)


def test_model_follows_the_address(artifacts: Path) -> None:
    app = visit(MODEL, evaluation="resmem-scenes")
    assert app.selectbox(key="evaluation").value == "resmem-scenes"
    assert "*Possibly seen* in training." in words(app)


def test_card_of_the_stand_in_is_read_by_core(thin_model: None, trained: Path) -> None:
    assert (
        inference.load(str(trained / "resnet50")).preset.crop
        == json.loads((trained / "resnet50" / "card.json").read_text())["preset"]["crop"]
    )
