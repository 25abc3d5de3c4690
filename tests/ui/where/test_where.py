"""Where it looks, without a browser: its empty, failing and working states."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import streamlit as st
from streamlit.testing.v1 import AppTest

from core import config, files
from core.concepts.reports import Concepts, Named, Part, Sample
from core.inference import checkpoints
from core.latent.distinctiveness_results import Distinctiveness, RankCorrelation
from core.photos.preprocess import Preset
from core.records import as_json
from core.registry import MODELS
from core.trust.reports import COLUMNS
from core.types import Interval
from tests.conftest import visit_page
from tests.helpers import standin

WHERE = "pages/where_it_looks.py"


@pytest.fixture(autouse=True)
def artifacts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """Results as after training, with a small model in the place of the shipped one."""
    import torch

    torch.manual_seed(0)
    standin.write_results(tmp_path)
    card = json.loads((tmp_path / "resnet50" / "card.json").read_text())
    small = card | {"architecture": "small_cnn", "preset": checkpoints.preset_fields(Preset(64, 64))}
    checkpoints.save(tmp_path / "resnet50", MODELS["small_cnn"].function(), small)
    monkeypatch.setattr(config, "ARTIFACTS", tmp_path)
    monkeypatch.setattr("ui.resources.predictors", lambda: [MODELS["resnet50"]])
    yield tmp_path
    st.cache_data.clear()
    st.cache_resource.clear()


def words(app: AppTest) -> str:
    kinds = (app.title, app.header, app.markdown, app.caption, app.info, app.error)
    return "\n".join(element.value for kind in kinds for element in kind)


FEW = {"sample": "scene", "methods": "grad_cam,edge_map"}


def press(app: AppTest) -> AppTest:
    app.button(key="where-compare").click().run()
    assert not app.exception, app.exception[0].message
    return app


def test_without_a_photo_the_page_offers_samples() -> None:
    app = visit_page(WHERE)
    assert "No photo at hand" in words(app)
    assert "Nobody has measured this model's maps yet" in words(app)
    assert not app.error


def test_nothing_slow_happens_before_the_button() -> None:
    app = visit_page(WHERE, sample="scene")
    assert not app.dataframe
    app.multiselect(key="methods").set_value([]).run()
    assert app.button(key="where-compare").disabled
    assert "Choose a method" in words(app)
    app.multiselect(key="methods").set_value(["rise"]).run()
    assert "200 passes" in words(app)


def test_methods_stand_side_by_side_each_with_its_worth() -> None:
    app = press(visit_page(WHERE, sample="scene"))
    said = words(app)
    assert said.count("of the same shape elsewhere") + said.count("points nowhere") == 5
    assert "**Grad-CAM**" in said
    assert "knows nothing of the model" in said
    table = app.dataframe[0].value
    assert len(table) == 5
    assert np.isfinite(table["gain"]).all()


def test_the_slider_plays_the_deletion_curve() -> None:
    app = press(visit_page(WHERE, **FEW))
    for percent in (0, 50, 100):
        app.slider(key="where-removed").set_value(percent).run()
        assert not app.exception
        assert f"With {percent} % gone in the order of Grad-CAM" in words(app)
    app.selectbox(key="where-order").set_value("edge_map").run()
    assert "in the order of Edge map" in words(app)


def test_a_model_forgets_on_request() -> None:
    app = press(visit_page(WHERE, **FEW))
    app.toggle(key="where-forget").set_value(True).run()
    assert not app.exception
    assert list(app.dataframe[1].value.columns) == ["head", "layer4"]


def test_another_choice_waits_for_the_button_again() -> None:
    app = press(visit_page(WHERE, **FEW))
    app.multiselect(key="methods").set_value(["layer_cam"]).run()
    assert not app.dataframe
    assert len(press(app).dataframe[0].value) == 1
    assert app.query_params["methods"] in ("layer_cam", ["layer_cam"])


def test_an_unknown_method_in_the_address_is_said_and_left_out() -> None:
    app = visit_page(WHERE, sample="scene", methods="grad_cam,gradcam")
    assert app.multiselect(key="methods").value == ["grad_cam"]
    assert "There is no 'gradcam' among the methods" in app.error[0].value.replace("\\", "")


def test_without_a_checkpoint_the_page_says_so_in_one_sentence(artifacts: Path) -> None:
    (artifacts / "resnet50" / "card.json").unlink()
    app = visit_page(WHERE, sample="scene")
    assert len(app.error) == 1
    assert "card.json" in app.error[0].value.replace("\\", "")


def summary(folder: Path) -> None:
    row = dict.fromkeys(COLUMNS, 0.01) | {"model": "resnet50", "source": "people", "n": 90, "compared": "edge_map"}
    names = {"grad_cam": ("Grad-CAM", False, 0.01), "rise": ("RISE", False, -0.01), "edge_map": ("Edge map", True, 0.0)}
    made = [
        row | {"method": method, "label": label, "baseline": baseline, "measure": measure, "over_low": low}
        for method, (label, baseline, low) in names.items()
        for measure in ("gain", "tenth", "faces", "centre")
    ]
    (folder / "trust").mkdir()
    pd.DataFrame(made, columns=list(COLUMNS)).to_csv(folder / "trust" / "resnet50.csv", index=False)


def test_measured_sets_say_which_methods_hold(artifacts: Path) -> None:
    summary(artifacts)
    said = words(visit_page(WHERE))
    assert "Grad-CAM beats every baseline on this model (on 90 photos" in said
    assert "RISE does not beat the baselines" in said
    assert "up to 90 photos of *people*" in said
    assert "Taken away by" in said
    assert "This bears on no row of the verdict by itself" in said


def test_each_set_has_its_own_chart_and_says_what_people_drew(artifacts: Path) -> None:
    summary(artifacts)
    file = artifacts / "trust" / "resnet50.csv"
    table = pd.read_csv(file)
    labelled = table[table["measure"] == "faces"].assign(source="faces", exact=True, n=40)
    pd.concat([table.assign(exact=False), labelled]).to_csv(file, index=False)
    app = visit_page(WHERE)
    assert not app.exception
    assert "photos of *faces, people*" in words(app).replace("\\", "")
    chart = next(item for item in app.get("plotly_chart"))
    assert "(labelled)" not in chart.proto.spec
    app.selectbox(key="where-set").set_value("faces").run()
    chart = next(item for item in app.get("plotly_chart"))
    assert "faces (labelled)" in chart.proto.spec


def test_a_damaged_summary_is_said_once(artifacts: Path) -> None:
    (artifacts / "trust").mkdir()
    (artifacts / "trust" / "resnet50.csv").write_text("a,b\n1,2\n")
    app = visit_page(WHERE)
    assert len(app.error) == 1
    assert "has no column" in app.error[0].value.replace("\\", "")


def test_the_second_tab_shows_concepts_parts_and_the_unusual(artifacts: Path) -> None:
    assert "Nobody has taken this model apart yet" in words(visit_page(WHERE))
    faces = Named("Faces", 40, 60, 0.8, 0.9, 0.8, 0.95, 0.3, 0.7, 0.02, 0.004)
    water = Named("Water", 30, 70, 0.7, 0.5, 0.4, 0.6, 0.3, 0.7, 0.001, 1.0)
    part = Part(0, 0.2, -0.03, -0.04, -0.02, ("a.jpg", "b.jpg"))
    sample = Sample("cat", (((0.0, 1.0), (0.5, 0.0)),))
    found = Concepts("resnet50", "photos", 100, 0.1, (faces, water), ("Text",), (part,), 0.7, 0.4, (sample,))
    files.write_text(artifacts / "concepts" / "resnet50.json", json.dumps(as_json(found)))
    link = RankCorrelation("far_in_neutral", "score", 100, Interval(0.2, 0.1, 0.3), Interval(0.15, 0.05, 0.25))
    answer = Distinctiveness("photos", "resnet50", (link,), ("faces",), ("A note.",))
    files.write_text(artifacts / "distinctiveness" / "resnet50" / "photos.json", json.dumps(as_json(answer)))
    app = visit_page(WHERE)
    assert not app.exception
    said = words(app).replace("\\", "")
    assert "Towards these the score rises: faces" in said
    assert "These do no more than chance brings: water" in said
    assert next(table.value for table in app.dataframe if "concept" in table.value)["step of the score"].tolist() == [
        0.02,
        0.001,
    ]
    assert "In too few photos to be tested: Text." in said
    assert "Without it Δ = −0.30 SD [−0.40, −0.20]" in said
    assert "distance to photos that DINOv2 sees alike: higher" in said
    assert "A note. This bears on the second account of the verdict" in said


@pytest.mark.parametrize("file", ["concepts/resnet50.json", "distinctiveness/resnet50/photos.json"])
def test_a_damaged_answer_is_named_and_the_rest_stays(artifacts: Path, file: str) -> None:
    files.write_text(artifacts / file, '{"model": 3')
    app = visit_page(WHERE)
    assert not app.exception
    assert f"make it again: python -m core {file.split('/')[0]}" in words(app).replace("\\", "")
    assert "No photo at hand" in words(app)
