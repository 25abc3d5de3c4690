"""The page *Ablation effects* in its empty, failing and working state, and the verdict on *Home*."""

from __future__ import annotations

import json
import shutil
from functools import partial
from pathlib import Path

import pandas as pd
import pytest
from streamlit.testing.v1 import AppTest

from core import config
from core.regions import detectors
from core.study import catalogue
from core.trust.words import BASELINE, NOT_MEASURED
from core.verdict.aggregates import read_verdict
from core.verdict.aggregation import make_aggregates
from core.verdict.headline import headline
from tests.conftest import Put, visit_page
from tests.helpers.planted import write_study

HOME, EFFECTS = "streamlit_app.py", "pages/ablation_effects.py"
PLANTED = {"faces_removed": -0.8, "people_removed": -0.5}


@pytest.fixture(scope="module")
def studied(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Artifacts with two studies: faces matter on two sources; nobody was asked for human scores."""
    folder = tmp_path_factory.mktemp("artifacts")
    shipped = folder / catalogue.SHIPPED
    make_aggregates(
        write_study(shipped / "reference", n=240, effects=PLANTED, sources=("scenes", "streets"), detectors=("faces",))
    )
    shutil.copy(config.ARTIFACTS / "detectors.json", folder)
    make_aggregates(write_study(shipped / "unrated", n=90, agreement=None, sources=("streets",)))
    return folder


@pytest.fixture
def artifacts(studied: Path, put: Put) -> Path:
    """A copy of them to damage, in the place where the app looks."""
    return put(studied)


visit = partial(visit_page, EFFECTS)


def said(app: AppTest) -> str:
    """All running text of a page, without the escapes of Markdown."""
    return " ".join(item.value for item in [*app.markdown, *app.caption, *app.warning, *app.info]).replace("\\", "")


def test_without_a_study_the_page_says_how_to_run_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(config, "ARTIFACTS", tmp_path / "none")
    monkeypatch.setattr(config, "RUNS", tmp_path / "none")
    app = visit()
    assert not app.exception
    assert "python -m core study generated" in app.info[0].value


def test_the_verdict_stands_on_top_and_on_home(artifacts: Path) -> None:
    sentence = json.loads((artifacts / catalogue.SHIPPED / "reference" / "verdict.json").read_text())["sentence"]
    app = visit()
    assert not app.exception
    assert not app.error
    assert sentence in said(app)
    home = AppTest.from_file(str(config.ROOT / HOME), default_timeout=120).run()
    assert headline(read_verdict(artifacts / catalogue.SHIPPED / "reference")).sentence in said(home)


def test_the_headline_and_the_figure_come_first_and_no_row_is_without_pictures(artifacts: Path) -> None:
    app = visit()
    said_first = headline(read_verdict(artifacts / catalogue.SHIPPED / "reference")).sentence
    assert app.markdown[1].value.replace("\\", "") == f"### {said_first}"
    assert len(app.get("plotly_chart")) >= 2
    words = said(app)
    for row in ("Faces", "People", "The main object", "Text", "The background", "Colour", "Sharpness"):
        assert f"**{row} taken away**: " in words
    assert "treated as the study's photos were" in words
    assert "protocol 1" in words
    assert not app.error


def test_marks_of_a_study_are_shown_with_it(artifacts: Path) -> None:
    app = visit(study="unrated")
    assert "validity not established here" in said(app)


def test_the_families_are_apart(artifacts: Path) -> None:
    app = visit()
    names = app.selectbox(key="condition").options
    assert "Faces removed (fill: mean colour)" in names
    app.segmented_control(key="family").set_value("exploratory").run()
    assert not app.exception
    assert "Grayscale" not in app.selectbox(key="condition").options
    assert app.query_params["family"] == "exploratory"


def test_an_effect_is_written_with_interval_first_and_p_last(artifacts: Path) -> None:
    app = visit(condition="faces removed, mean")
    assert app.selectbox(key="condition").value == "faces removed, mean"
    assert "excess Δ = −0." in said(app)
    assert "Holm p" in said(app)


def test_detectors_and_controls_stand_beside_the_effects_that_depend_on_them(artifacts: Path) -> None:
    app = visit(condition="faces removed, mean")
    assert "Detectors that these effects depend on" in said(app)
    faces = detectors.measured("faces")
    assert faces is not None
    assert faces.precision is not None
    assert faces.recall is not None
    assert f"detector precision {faces.precision.estimate:.2f}, recall {faces.recall.estimate:.2f}, in " in said(app)
    assert "room for all controls" in said(app)
    tables = [item.value for item in app.dataframe]
    measured = [table for table in tables if "recall of small ones" in table]
    assert [list(table["mask"]) for table in measured] == [["faces"], ["faces"]]  # of the verdict, and of the bars
    (controls,) = (table for table in tables if "with room for all controls" in table)
    assert {"faces removed", "text removed"} <= set(controls["row"])
    app.segmented_control(key="family").set_value("exploratory").run()
    measured = [item.value for item in app.dataframe if "recall of small ones" in item.value]
    assert len(measured) == 1, "whole photos need no detector"


def test_the_top_of_a_heatmap_says_by_which_method_and_whether_it_can_be_believed(artifacts: Path) -> None:
    folder = artifacts / catalogue.SHIPPED / "unrated"
    effects = pd.read_parquet(folder / "effects.parquet")
    effects["mask"] = effects["mask"].replace("faces", "heatmap_top")
    effects["family"] = "exploratory"
    effects.to_parquet(folder / "effects.parquet")
    settings = json.loads((folder / "study.json").read_text())
    of_method = f"The top of a heatmap is that of Grad-CAM. {NOT_MEASURED}"
    baseline = f"The top of a heatmap is that of Edge map. {BASELINE}"
    for heatmap, wanted in (("grad_cam", of_method), ("edge_map", baseline)):
        (folder / "study.json").write_text(json.dumps(settings | {"heatmap": heatmap}))
        app = visit(study="unrated", family="exploratory", shape="heatmap_top")
        assert not app.exception
        assert wanted in said(app)
    assert "The top of a heatmap" not in said(visit(study="unrated", family="exploratory", shape="text"))


def test_a_study_without_human_scores_says_why_it_has_no_validity(artifacts: Path) -> None:
    app = visit(study="unrated", measure="validity")
    assert "of these photos have human scores" in said(app)


def test_what_goes_along_with_human_scores_stands_beside_the_verdict(artifacts: Path) -> None:
    file = catalogue.SHIPPED + "/reference/human.json"
    assert not any("semantic alone" in item.value for item in visit().dataframe)
    shutil.copy(config.ROOT / "artifacts" / file, artifacts / file)
    app = visit()
    tables = [item.value for item in app.dataframe]
    (partitions,) = (table for table in tables if "semantic alone" in table)
    assert list(partitions["scores of"]) == ["people", "resnet50"]
    (features,) = (table for table in tables if "feature" in table)
    assert "Area of the salient object" in set(features["feature"])
    rated = json.loads((artifacts / file).read_text())["n_human"]
    assert f"On {rated} photos with human scores." in said(app)
    (artifacts / file).write_text("{")
    assert "is damaged" in visit().error[0].value.replace("\\", "")


def test_the_address_may_hold_nonsense(artifacts: Path) -> None:
    app = visit(measure="luck", family="both", condition="nothing", study="none")
    assert not app.exception


@pytest.mark.parametrize("file", ["effects.parquet", "baseline.json", "verdict.json"])
def test_damaged_results_are_one_sentence(artifacts: Path, file: str) -> None:
    (artifacts / catalogue.SHIPPED / "reference" / file).write_bytes(b"half a fi")
    app = visit()
    assert not app.exception
    assert len(app.error) == 1
    assert "python -m core" in app.error[0].value.replace("\\", "")


def test_every_table_can_be_taken_along(artifacts: Path) -> None:
    app = visit()
    labels = [item.proto.label for item in app.get("download_button")]
    assert {"effects.csv", "doses.csv", "extremes.csv", "Report as one page"} <= set(labels)
