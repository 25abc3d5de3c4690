"""Where it looks, without a browser: its empty, failing and working states."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest
import streamlit as st
from streamlit.testing.v1 import AppTest

from core import config, files
from core.concepts.reports import Concepts, NamedConcept, Part, SampleParts
from core.inference import checkpoints
from core.latent.atlas import Atlas
from core.latent.distinctiveness_results import Distinctiveness, RankCorrelation
from core.photos.preprocess import Preset
from core.records import as_json
from core.registry import MODELS
from core.trust.reports import COLUMNS
from core.trust.words import NOT_MEASURED
from core.types import Interval
from tests.conftest import visit_page, write_photo
from tests.helpers import standin
from ui.where import typical
from ui.where.typical import Tile

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
    app.multiselect(key="methods").set_value(["grad_cam"]).run()
    assert "about 1 pass through" in words(app)


def test_methods_stand_side_by_side_each_with_its_worth() -> None:
    app = press(visit_page(WHERE, sample="scene"))
    said = words(app)
    assert said.count("of the same shape elsewhere") + said.count("points nowhere") == 5
    assert "**Grad-CAM**" in said
    assert "knows nothing of the model" in said
    assert said.count(NOT_MEASURED) == 3, "at every method that is no baseline"
    table = app.dataframe[0].value
    assert len(table) == 5
    assert np.isfinite(table["gain"]).all()


def test_the_slider_plays_the_deletion_curve() -> None:
    app = press(visit_page(WHERE, **FEW))
    lines = json.loads(app.get("plotly_chart")[0].proto.spec)["data"]
    assert [line["name"] for line in lines] == ["Grad-CAM", "Grad-CAM", "Edge map", "Edge map"]
    assert lines[0]["line"]["color"] == lines[1]["line"]["color"] != lines[2]["line"]["color"]
    assert [line["showlegend"] for line in lines] == [True, False, True, False]
    for percent in (0, 50, 100):
        app.slider(key="where-removed").set_value(percent).run()
        assert not app.exception
        assert f"With {percent} % gone in the order of Grad-CAM" in words(app)
    app.selectbox(key="where-order").set_value("edge_map").run()
    assert "in the order of Edge map" in words(app)


def test_weights_are_randomised_on_request() -> None:
    app = press(visit_page(WHERE, **FEW))
    assert "stay the same" not in words(app)
    app.toggle(key="where-randomise").set_value(True).run()
    assert not app.exception
    assert "Not asked, because they use no weights and stay the same: Edge map." in words(app)
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


@pytest.mark.parametrize("word", ["model", "measured"])
@pytest.mark.parametrize("name", ["../evaluations/resnet50-scenes", "..", "/etc/passwd", "resnet50/../resnet50"])
def test_an_address_reaches_no_file_but_the_results_of_listed_models(artifacts: Path, word: str, name: str) -> None:
    summary(artifacts)
    (artifacts / "evaluations" / "secret.csv").write_text("a,b\n1,2\n")
    for asked in (name, "../evaluations/secret"):
        app = visit_page(WHERE, **{word: asked})
        assert not app.exception
        said = words(app).replace("\\", "")
        assert "Grad-CAM beats every baseline" in said, "the default model is shown"
        assert str(artifacts) not in said
        assert ".csv" not in said
        assert not any("cannot be read" in error.value or "has no column" in error.value for error in app.error)


def test_methods_that_nobody_compared_with_the_baselines_are_named(artifacts: Path) -> None:
    summary(artifacts)
    file = artifacts / "trust" / "resnet50.csv"
    table = pd.read_csv(file)
    table[(table["method"] != "rise") | (table["measure"] == "faces")].to_csv(file, index=False)
    said = words(visit_page(WHERE))
    assert "Not measured beside the baselines on this model: RISE." in said
    assert "Grad-CAM beats every baseline" in said


def test_every_measured_model_can_be_chosen(artifacts: Path) -> None:
    summary(artifacts)
    file = artifacts / "trust" / "resnet50.csv"
    table = pd.read_csv(file).assign(model="resmem", source="elsewhere")
    table.to_csv(file.with_name("resmem.csv"), index=False)
    app = visit_page(WHERE)
    assert "photos of *people*" in words(app)
    assert app.selectbox(key="measured").options == [MODELS["resnet50"].label, MODELS["resmem"].label]
    app.selectbox(key="measured").set_value("resmem").run()
    assert "photos of *elsewhere*" in words(app)
    assert app.query_params["measured"] in ("resmem", ["resmem"])
    assert "photos of *elsewhere*" in words(visit_page(WHERE, model="resmem")), "as the first tab asks for it"


def test_a_set_shows_its_mean_curves_and_maps_of_random_weights(artifacts: Path) -> None:
    summary(artifacts)
    file = artifacts / "trust" / "resnet50.csv"
    table = pd.read_csv(file)
    gains = table[table["measure"] == "gain"]
    more = [gains.assign(measure=f"removed {percent}%", value=1 - percent / 100) for percent in (0, 50, 100)]
    quick = gains[gains["method"] == "grad_cam"]
    more += [quick.assign(measure=f"randomised {stage}", value=0.3) for stage in ("head", "layer4")]
    pd.concat([table, *more]).to_csv(file, index=False)
    app = visit_page(WHERE)
    assert not app.exception
    assert "The mean score of 90 photos while the highest places are removed, and" in words(app)
    assert "have random weights" in words(app)
    (random,) = (item.value for item in app.dataframe if "layer4" in item.value)
    assert random.loc["Grad-CAM"].tolist() == [0.3, 0.3]
    curves, lying = app.get("plotly_chart")[:2]
    assert "RISE" in curves.proto.spec
    assert "randomised" not in lying.proto.spec


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
    assert "Nobody has measured this model's concepts yet" in words(visit_page(WHERE))
    faces = NamedConcept("Faces", 40, 60, 0.8, 0.9, 0.8, 0.95, 0.3, 0.7, 0.02, 0.004)
    water = NamedConcept("Water", 30, 70, 0.7, 0.5, 0.4, 0.6, 0.3, 0.7, 0.001, 1.0)
    part = Part(0, 0.2, -0.03, -0.04, -0.02, ("a.jpg", "b.jpg"))
    sample = SampleParts("cat", (((0.0, 1.0), (0.5, 0.0)),))
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


def test_typical_photos_are_shown_where_they_are_at_hand_else_decoded_or_named(
    artifacts: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(config, "RUNS", tmp_path / "runs")
    write_photo(tmp_path / "own" / "a.png", 1)
    files.write_text(tmp_path / "runs" / "concepts" / "places.json", json.dumps({"own": str(tmp_path / "own")}))
    names = ("samples/cat", "generated_face/face-0-00003", "own/a.png", "own/gone.png", "far/b.jpg", "far/c.jpg")
    part = Part(0, 0.2, -0.03, -0.04, -0.02, names)
    found = Concepts("resnet50", "photos", 100, 0.1, (), (), (part,), 0.7, 0.4, ())
    files.write_text(artifacts / "concepts" / "resnet50.json", json.dumps(as_json(found)))
    drawn: list[str] = []

    def decoded(given: list[str]) -> dict[str, Tile]:
        drawn.extend(given)
        return {"far/b.jpg": Tile(np.zeros((64, 64, 3), np.uint8), decoded=True)}

    monkeypatch.setattr("ui.where.typical._decoded", decoded)
    app = visit_page(WHERE)
    assert not app.exception
    assert drawn == ["own/gone.png", "far/b.jpg", "far/c.jpg"], "what is at hand needs no autoencoder"
    shown = [picture.proto.imgs[0].alt for picture in app.get("image")]
    assert [f"Typical: {name}" for name in (*names[:3], "far/b.jpg")] == [alt for alt in shown if "Typical" in alt]
    said = words(app).replace("\\", "")
    assert "Of the 6 most typical photos, 1 drawn by the autoencoder" in said
    assert "2 neither on this machine nor on the map, named below" in said
    assert next(table.value for table in app.dataframe if "photo" in table.value)["photo"].tolist() == list(names)


def test_what_the_map_keeps_of_a_photo_is_decoded(monkeypatch: pytest.MonkeyPatch) -> None:
    table = pd.DataFrame({"source": ["far", "far"], "photo_id": ["a/b.jpg", "c.jpg"]})
    kept = Atlas(Path(), table, {"pixels": np.array([[1.0, 2.0], [3.0, 4.0]])}, {}, {}, None, {})  # type: ignore[arg-type]
    monkeypatch.setattr("core.latent.atlas.read", lambda: kept)
    asked = []

    def load(latent: int) -> SimpleNamespace:
        return SimpleNamespace(decode=lambda rows: asked.append((latent, rows.tolist())) or np.zeros((1, 64, 64, 3)))

    monkeypatch.setattr("core.inference.autoencoder.load_autoencoder", load)
    assert list(typical._decoded(["far/c.jpg", "elsewhere/a/b.jpg"])) == ["far/c.jpg"]
    assert asked == [(2, [[3.0, 4.0]])]
    assert typical._decoded(["elsewhere/x"]) == {}


@pytest.mark.parametrize("file", ["concepts/resnet50.json", "distinctiveness/resnet50/photos.json"])
def test_a_damaged_answer_is_named_and_the_rest_stays(artifacts: Path, file: str) -> None:
    files.write_text(artifacts / file, '{"model": 3')
    app = visit_page(WHERE)
    assert not app.exception
    assert f"make it again: python -m core {file.split('/')[0]}" in words(app).replace("\\", "")
    assert "No photo at hand" in words(app)
