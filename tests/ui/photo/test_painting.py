"""Paint it away on the page, without a browser: the states of canvas, answer, search and history."""

from __future__ import annotations

import hashlib
import html
import io
import json
import sys
import types
import zipfile
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import streamlit as st
from PIL import Image
from streamlit.testing.v1 import AppTest

from core import config, inference, plots
from core.errors import MaskError
from core.inference import checkpoints
from core.paint import drawing, region_effect
from core.paint.answer import UNTOLD
from core.paint.drawing import Stroke
from core.paint.sketch import Sketch
from core.paint.view import View
from core.photos import images, preprocess
from core.photos.preprocess import Preset
from core.registry import ATTRIBUTIONS, FILLS, MASKS, MODELS
from core.sources import open_source
from core.trust.reports import COLUMNS
from core.trust.words import NOT_MEASURED
from core.types import Region
from tests.conftest import draw_photo
from tests.helpers import standin
from ui.photo.boards import CanvasState

TRY = "pages/try_a_photo.py"
BOX = Stroke(((0.2, 0.2), (0.5, 0.2), (0.5, 0.45), (0.2, 0.45)), filled=True)
HOLE = Stroke(((0.3, 0.25), (0.4, 0.25), (0.4, 0.35), (0.3, 0.35)), filled=True, erase=True)


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Results as after training, with a small model beside the shipped one."""
    import torch

    folder = tmp_path_factory.mktemp("trained")
    standin.write_results(folder)
    card = json.loads((folder / "resnet50" / "card.json").read_text())
    standin.write_weights(folder / "resnet50")
    torch.manual_seed(3)
    small = card | {"architecture": "small_cnn", "preset": checkpoints.preset_fields(Preset(64, 64))}
    checkpoints.save(folder / "small_cnn", MODELS["small_cnn"].function(), small)
    return folder


@pytest.fixture(autouse=True)
def artifacts(thin_model: None, trained: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A copy of them where the app looks."""
    standin.copy_of_links(trained, tmp_path)
    monkeypatch.setattr(config, "ARTIFACTS", tmp_path)
    # The canvas's files are found only by a running server; tests/browser/test_painting.py draws on the real one.
    fake = types.SimpleNamespace(st_canvas=lambda **given: None)
    monkeypatch.setitem(sys.modules, "streamlit_drawable_canvas", fake)
    monkeypatch.setattr("ui.resources.predictors", lambda: [MODELS["resnet50"], MODELS["small_cnn"]])
    yield tmp_path
    st.cache_data.clear()
    st.cache_resource.clear()


def visit(*, ask: bool = False, hosts: bool = False, **query: str) -> AppTest:
    """The page, with room for a canvas, by the small model; other models and photos only where a test is about them."""
    app = AppTest.from_file(str(config.ROOT / "streamlit_app.py"), default_timeout=120).run()
    app.switch_page(TRY)
    app.session_state["room"] = 400
    app.session_state["ask"], app.session_state["hosted"] = ask, hosts
    for name, value in ({"sample": "cat", "model": "small_cnn"} | query).items():
        app.query_params[name] = value
    return sound(app.run())


def sound(app: AppTest) -> AppTest:
    assert not app.exception, app.exception[0].message + "".join(app.exception[0].stack_trace)
    return app


def painted(app: AppTest, *strokes: Stroke, start: np.ndarray | None = None, name: str = "sample-cat") -> AppTest:
    """The page after these strokes were drawn."""
    app.session_state["boards"][name] = CanvasState(past=[Sketch(), Sketch(start, strokes)])
    return sound(app.run())


def words(app: AppTest) -> str:
    kinds = (app.header, app.subheader, app.markdown, app.caption, app.info, app.error)
    return "\n".join(element.value for kind in kinds for element in kind)


def metrics(app: AppTest) -> dict[str, str]:
    return {item.label: item.value for item in app.metric}


def direct(mask: np.ndarray, **given: object) -> tuple[region_effect.Painted, np.ndarray]:
    """What core computes for the sample."""
    from ui import resources

    photo = region_effect.working(resources.samples()["cat"].read())
    return region_effect.paint(
        inference.load("small_cnn"), photo, mask, region_effect.treatment(**{"fill": UNTOLD} | given)
    ), photo


def box_mask(*strokes: Stroke) -> np.ndarray:
    return drawing.draw(strokes or (BOX,), 256, 385)


def test_an_empty_canvas_invites() -> None:
    app = visit()
    assert "Nothing is painted yet" in words(app)
    assert set(metrics(app)) == {"Score"}
    assert app.button(key="canvas-undo").disabled
    assert app.button(key="canvas-clear").disabled
    assert "What you tried" not in words(app)


def test_a_painted_part_gets_the_answer_that_core_gives() -> None:
    app = painted(visit(), BOX)
    done, photo = direct(box_mask())
    assert metrics(app)["Score before"] == f"{done.score:.3f}"
    assert metrics(app)["Score after"] == f"{done.ablated_score:.3f}"
    assert f"Δ = {region_effect.signed(done.delta)}" in words(app)
    assert f"{done.area:.1%} of the photo was replaced" in words(app)
    controls = list(
        region_effect.controls(
            inference.load("small_cnn"), photo, box_mask(), region_effect.treatment(fill=UNTOLD), done.score
        )
    )
    assert region_effect.comparison(done.delta, controls, "remove") in words(app)
    assert "Under every fill" in words(app)
    assert "By every model" in words(app)
    (trial,) = app.session_state["trials"].values()
    assert [item.id for item in trial.stages["fills"].made] == [entry.id for entry in FILLS]
    assert [(item.id, item.delta) for item in trial.stages["models"].made] == [("small_cnn", trial.done.delta)]
    assert "There is no reference study on this machine" in words(app)
    assert trial.controls == pytest.approx(controls, abs=1e-6)


def test_every_other_model_answers_unless_it_is_switched_off() -> None:
    app = painted(visit(ask=True), BOX)
    (trial,) = app.session_state["trials"].values()
    assert [item.id for item in trial.stages["models"].made] == ["small_cnn", "resnet50"]
    wanted = region_effect.paint(
        inference.load("resnet50"), direct(box_mask())[1], box_mask(), region_effect.treatment(fill=UNTOLD)
    ).delta
    assert trial.stages["models"].made[1].delta == pytest.approx(wanted, abs=1e-5)
    sound(app.toggle(key="ask-others").set_value(False).run())
    sound(app.button(key="canvas-clear").click().run())
    assert not painted(app, BOX, HOLE).toggle(key="ask-others").value  # as long as the visit lasts
    last = list(app.session_state["trials"].values())[-1]
    assert [item.id for item in last.stages["models"].made] == ["small_cnn"]


def test_the_same_shape_is_put_on_photos_of_equal_score(monkeypatch: pytest.MonkeyPatch) -> None:
    photos = list(open_source("generated:none,n=40").photos)
    monkeypatch.setattr("core.paint.hosts.packaged", lambda: photos)
    monkeypatch.setattr("core.config.CALIPER", 1e6)  # whatever the untrained network says of them
    app = painted(visit(hosts=True), BOX)
    assert any("no reference scores" in item.value for item in app.caption)
    monkeypatch.setattr("core.evaluation.reports.reference_scores", lambda model="": np.array([0.4, 0.6]))
    app = painted(visit(hosts=True), BOX)
    (said,) = [item.value for item in app.markdown if "photos of equal score" in item.value]
    assert said.startswith("Replacing this shape on 20 other photos of equal score moves their scores by")
    app.selectbox(key="without").select("faces").run()
    (said,) = [item.value for item in sound(app).markdown if "without faces" in item.value]
    lacking = sum(not photo.truth()["faces"].mask.any() for photo in photos if photo.truth)
    assert f"on {min(20, lacking)} other photos" in said
    app.toggle(key="ask-hosts").set_value(False).run()
    assert not [item.value for item in sound(app).markdown if "photos of equal score" in item.value]


def test_undo_redo_and_clear_change_mask_and_answer() -> None:
    app = painted(visit(), BOX)
    first = words(app)
    app = painted(app, BOX, HOLE)
    assert f"{direct(box_mask(BOX, HOLE))[0].area:.1%}" in words(app)
    sound(app.button(key="canvas-undo").click().run())
    assert "Nothing is painted yet" in words(app)
    sound(app.button(key="canvas-redo").click().run())
    assert f"{direct(box_mask(BOX, HOLE))[0].area:.1%}" in words(app)
    sound(app.button(key="canvas-clear").click().run())
    assert "Nothing is painted yet" in words(app)
    sound(app.button(key="canvas-undo").click().run())
    assert words(app) != first
    assert "Score after" in metrics(app)


def test_what_to_do_with_it_changes_the_answer() -> None:
    app = painted(visit(), BOX)
    app.selectbox(key="paint-fill").set_value("blur")
    sound(app.run())
    app.slider(key="paint-blur-sigma").set_value(0.2)
    app.slider(key="paint-feather").set_value(0.02)
    app.segmented_control(key="paint-direction").set_value("keep")
    sound(app.run())
    from ui import resources

    how = region_effect.treatment({"sigma": 0.2}, fill="blur", direction="keep", feather=0.02)
    photo = region_effect.working(resources.samples()["cat"].read())
    done = region_effect.paint(inference.load("small_cnn"), photo, box_mask(), how)
    assert f"Δ = {region_effect.signed(done.delta)}" in words(app)
    assert "Keeping only this region" in words(app)
    app.selectbox(key="paint-fill").set_value("grayscale")
    assert "Score after" in metrics(sound(app.run()))


def test_a_fill_with_the_name_of_an_ablation_is_the_fill_with_its_own_settings() -> None:
    app = painted(visit(), BOX)
    app.selectbox(key="paint-fill").set_value("blur")
    assert "Gaussian blur" not in app.selectbox(key="paint-fill").options
    slider, own = sound(app.run()).slider(key="paint-blur-sigma"), FILLS["blur"].params[0]
    assert (slider.value, slider.min, slider.max) == (own.default, own.limits.low, own.limits.high)
    (*_, trial) = app.session_state["trials"].values()
    assert region_effect.as_studied(trial.how)


def test_the_percentile_says_what_it_is_compared_with(monkeypatch: pytest.MonkeyPatch) -> None:
    asked = []
    monkeypatch.setattr("core.paint.percentile.in_words", lambda *_, as_studied: asked.append(as_studied) or "said")
    app = painted(visit(), BOX)
    app.slider(key="paint-feather").set_value(0.02)
    sound(app.run())
    assert asked == [True, False]


@pytest.mark.parametrize(("fill", "said"), [(True, "covers the whole photo"), (False, "is empty")])
def test_a_mask_that_covers_everything_or_nothing_is_one_sentence(fill: bool, said: str) -> None:
    app = painted(visit(), start=np.full((256, 385), fill))
    assert len(app.error) == 1
    assert said in app.error[0].value
    assert "Score after" not in metrics(app)


def test_every_photo_keeps_its_own_drawing_while_another_page_is_read() -> None:
    app = painted(visit(), BOX)
    said = metrics(app)
    app.query_params["sample"] = "coffee"
    assert "Nothing is painted yet" in words(sound(app.run()))
    sound(app.switch_page("pages/model.py").run())
    sound(app.switch_page(TRY).run())
    app.query_params["sample"] = "cat"
    app.query_params["model"] = "small_cnn"
    assert metrics(sound(app.run())) == said


def test_a_mask_from_a_file_goes_onto_the_canvas() -> None:
    app = visit()
    picture = np.repeat(box_mask()[..., None].astype(np.uint8) * 255, 3, axis=2)
    app.file_uploader(key="mask-file-0").set_value(("mask.png", images.png_bytes(picture), "image/png"))
    sound(app.run())
    assert f"{direct(box_mask())[0].area:.1%} of the photo was replaced" in words(app)
    app.file_uploader(key="mask-file-1").set_value(("mask.png", images.png_bytes(picture[:, :200]), "image/png"))
    sound(app.run())
    assert "belongs to another photo" in app.error[0].value
    assert "Score after" in metrics(app)  # what was drawn before stays


def test_an_open_polygon_is_closed_by_another_tool_and_undone_corner_by_corner() -> None:
    app = visit()
    app.segmented_control(key="tool").set_value("Polygon")
    sound(app.run())
    app.session_state["boards"]["sample-cat"].corners = BOX.points
    assert "Nothing is painted yet" in words(sound(app.run()))
    sound(app.button(key="canvas-undo").click().run())
    assert app.session_state["boards"]["sample-cat"].corners == BOX.points[:3]
    app.session_state["boards"]["sample-cat"].corners = BOX.points
    app.segmented_control(key="tool").set_value("Brush")
    assert f"{direct(box_mask())[0].area:.1%} of the photo was replaced" in words(sound(app.run()))


def test_the_tool_that_is_shown_is_the_one_that_draws() -> None:
    """A board comes back with its own tool: after a reload, or when the photo is chosen again."""
    app = visit()
    app.segmented_control(key="tool").set_value("Polygon")
    sound(app.run())
    app.session_state["boards"]["sample-cat"].tool = "Eraser"
    assert sound(app.run()).segmented_control(key="tool").value == "Eraser"


def test_what_is_clicked_goes_onto_the_canvas_and_off_again(monkeypatch: pytest.MonkeyPatch) -> None:
    from core.paint.segments import segments
    from ui import resources
    from ui.photo import canvas

    item = resources.samples()["cat"]
    thing = Region(box_mask())
    found = segments(resources.working(item.digest, item), [thing])
    monkeypatch.setattr(canvas, "_segments", lambda *_: found)
    own = CanvasState(tool="Pick")
    told = types.SimpleNamespace(clicked=[0.3, 0.3])
    monkeypatch.setattr(canvas.st, "session_state", {"boards": {item.digest: own}, f"clicks-{item.digest[:16]}": told})
    canvas._pick(item)
    assert (own.sketch.mask(*box_mask().shape) == box_mask()).all()
    canvas._pick(item)
    assert own.is_empty
    own.view, told.clicked = View(2, 0.2, 0.1), [0.2, 0.4]  # the same place where it is seen twice as large
    canvas._pick(item)
    assert (own.sketch.mask(*box_mask().shape) == box_mask()).all()
    told.clicked = [7, 7]
    with pytest.raises(MaskError, match="outside"):
        canvas._pick(item)


def test_the_brush_has_buttons_for_its_size() -> None:
    app = visit()
    sound(app.button(key="canvas-larger").click().run())
    assert app.slider(key="brush-size").value == 9
    for _ in range(5):
        app.button(key="canvas-smaller").click().run()
    assert app.slider(key="brush-size").value == 1


def test_switching_between_uploads_never_mixes_their_drawings() -> None:
    app = visit(sample="")
    files = {name: images.png_bytes(draw_photo(seed, 300, 400)) for seed, name in enumerate(("a.png", "b.png"))}
    app.file_uploader(key="uploads").set_value([(name, data, "image/png") for name, data in files.items()])
    sound(app.run())
    first, second = (f"switch-{hashlib.sha256(data).hexdigest()}" for data in files.values())
    app = painted(app, BOX, name=first.removeprefix("switch-"))
    said = metrics(app)
    assert "Score after" in said
    assert "Nothing is painted yet" in words(sound(app.button(key=second).click().run()))
    assert metrics(sound(app.button(key=first).click().run())) == said


def test_a_drawing_starts_from_the_top_of_the_heatmap() -> None:
    app = visit()
    sound(app.selectbox(key="start").set_value("heatmap_top").run())
    predictor, photo = inference.load("small_cnn"), direct(box_mask())[1]
    heatmap = next(iter(ATTRIBUTIONS)).function(predictor, photo)
    wanted = MASKS["heatmap_top"].function(photo, heatmap).mask
    assert 0.05 < wanted.mean() <= 0.1
    assert (app.session_state["boards"]["sample-cat"].sketch.start == wanted).all()
    assert "Score after" in metrics(app)


def test_what_matters_is_found_and_goes_onto_the_canvas() -> None:
    app = visit()
    sound(app.button(key="find").click().run())
    hunt = app.session_state["hunt"]
    assert hunt.last.finished
    side = "lowers" if hunt.last.lowers else "raises"
    candidate = getattr(hunt.last, side)
    sound(app.button(key=f"load-{side}").click().run())
    assert f"Δ = {region_effect.signed(candidate.delta)}" in words(app)
    assert (app.session_state["boards"]["sample-cat"].sketch.start == candidate.mask).all()


def test_history_reloads_compares_and_is_taken_along(tmp_path: Path) -> None:
    app = painted(visit(), BOX)
    app = painted(app, BOX, HOLE)
    table = next(frame.value for frame in app.dataframe if "after" in frame.value)
    assert len(table) == 2
    wanted = direct(box_mask(BOX, HOLE))[0]
    assert table["Δ"][0] == pytest.approx(wanted.delta, abs=1e-6)
    app.session_state["history"] = {"selection": {"rows": [0, 1], "columns": [], "cells": []}}
    difference = wanted.delta - direct(box_mask())[0].delta
    assert f"differs by {region_effect.signed(difference)} from the earlier" in words(sound(app.run()))
    app.session_state["history"] = {"selection": {"rows": [1], "columns": [], "cells": []}}
    sound(sound(app.run()).button(key="reload").click().run())
    assert f"Δ = {region_effect.signed(table['Δ'][1])}" in words(app)
    from ui.photo import history

    archive = zipfile.ZipFile(io.BytesIO(history.bundle(list(app.session_state["trials"].values()))))
    assert sorted(archive.namelist()) == sorted(
        [f"{n:02}-{kind}" for n in (1, 2) for kind in ("mask.png", "ablated.png", "replay.json")] + ["tried.csv"]
    )
    mask = np.asarray(Image.open(io.BytesIO(archive.read("02-mask.png"))).convert("L")) > 127
    assert (mask == box_mask(BOX, HOLE)).all()
    from core.__main__ import main
    from ui import resources

    (tmp_path / "replay.json").write_bytes(archive.read("02-replay.json"))
    (tmp_path / "cat.png").write_bytes(images.png_bytes(resources.samples()["cat"].read()))
    assert main(["paint", str(tmp_path / "cat.png"), "--replay", str(tmp_path / "replay.json")]) == 0


def test_another_part_is_shown_larger_and_the_drawing_stays() -> None:
    app = painted(visit(), BOX)
    after = metrics(app)["Score after"]
    assert not [button for button in app.button if button.key == "canvas-left"]
    assert app.button(key="canvas-further").disabled
    sound(app.button(key="canvas-closer").click().run())
    assert "Enlarged 2 times" in words(app)
    sound(app.button(key="canvas-left").click().run())
    assert app.button(key="canvas-left").disabled
    sound(app.button(key="canvas-down").click().run())
    own = app.session_state["boards"]["sample-cat"]
    assert own.view == View(2, 0.0, pytest.approx(0.5 * 256 / 385))
    sound(app.segmented_control(key="tool").set_value("Eraser").run())
    sound(app.segmented_control(key="tool").set_value("Polygon").run())
    assert own.view.zoom == 2
    assert metrics(app)["Score after"] == after
    sound(app.button(key="canvas-closer").click().run())
    assert app.button(key="canvas-closer").disabled
    for _ in range(2):
        sound(app.button(key="canvas-further").click().run())
    assert own.view == View()
    assert metrics(app)["Score after"] == after
    assert len(app.session_state["trials"]) == 1


def beaten(folder: Path, model: str) -> str:
    """A measured summary in which Grad-CAM beats nothing, and what is said of it."""
    row = dict.fromkeys(COLUMNS, 0.0) | {"model": model, "source": "drawn", "method": "grad_cam", "label": "Grad-CAM"}
    row |= {"baseline": False, "measure": "gain", "n": 90, "compared": "edge_map", "over_low": -0.01}
    (folder / "trust").mkdir()
    pd.DataFrame([row]).to_csv(folder / "trust" / f"{model}.csv", index=False)
    return "Grad-CAM does not beat the baselines on this model (on 90 photos"


def test_a_method_that_beats_nothing_says_so_at_every_map_and_in_the_report(artifacts: Path) -> None:
    from ui import resources
    from ui.photo import report_button

    item = resources.samples()["cat"]

    def report() -> str:
        return html.unescape(
            report_button.made(
                item, resources.examine("small_cnn", item.digest, item), "small_cnn", "grad_cam", {}, [], {}
            ).decode()
        )

    app = painted(visit(), BOX)
    assert words(app).count(NOT_MEASURED) == 2, "at the map of the photo, and at those before and after"
    assert NOT_MEASURED in report()
    said = beaten(artifacts, "small_cnn")
    app = sound(app.run())
    assert words(app).count(said) == 2
    assert NOT_MEASURED not in words(app)
    assert said in report()


def test_the_report_says_what_the_page_says(artifacts: Path) -> None:
    app = painted(painted(visit(), BOX), BOX, HOLE)
    from ui import resources
    from ui.photo import report_button

    item, tried = resources.samples()["cat"], list(app.session_state["trials"].values())
    found = resources.examine("small_cnn", item.digest, item)
    curves = app.session_state["what-if-curves"]
    text = html.unescape(report_button.made(item, found, "small_cnn", "grad_cam", {}, tried, curves).decode())
    (curve,) = curves.values()
    drawn = curve.doses.to_numpy().tolist()
    assert [text.count(f"<td>{value!r}</td><td>{change!r}</td>") for value, change in drawn] == [1] * len(drawn)
    assert len(drawn) > 3
    assert all(part.removeprefix("**").partition("**")[0] in text for part in curve.said)
    said = text.replace("<strong>", "**").replace("</strong>", "**")
    whole = ("of 100 people would", "Orange places", "Removing the brightest", "regions of the same", "**Δ = ")
    lines = [line for line in words(app).splitlines() if "**: " not in line]  # Δ of a what-if is no try
    told = [line for line in lines if any(part in line for part in whole)]
    assert len(told) == 5
    assert [line for line in told if line not in said] == []
    assert [text.count(f"<td>{number!r}</td>") for trial in tried for number in (trial.done.delta, trial.controls[0])] \
        == [1] * 4  # fmt: skip
    assert f"<td>{found.score!r}</td>" in text
    assert f"{found.score:.2f}" == metrics(app)["Score"]
    assert "<h3>Try 2</h3>" in text
    assert "<h3>Try 3</h3>" not in text
    (button,) = (each for each in app.get("download_button") if each.key == "report")
    assert button.label == "Report"


def test_a_generated_scene_is_among_the_samples() -> None:
    app = visit(sample="")
    sound(app.button(key="sample-sample-scene").click().run())
    app = painted(app, BOX, name="sample-scene")
    assert app.query_params["sample"] in ("scene", ["scene"])
    assert "Score after" in metrics(app)


def test_a_generated_scene_is_handed_over_by_the_address() -> None:
    app = visit(sample="", photo="generated/face-0-00003")
    assert not app.error
    assert "Score" in metrics(app)


@pytest.mark.parametrize(
    "name",
    [
        "/etc/passwd",
        "folder/x",
        "generated/none",
        "generated:nothing/x",
        "../samples/cat",
        "file:///etc/x",
        "address:a/x",
    ],
)
def test_an_address_opens_nothing_else(name: str) -> None:
    app = visit(sample="", photo=name)
    assert "There is no photo called" in app.error[0].value
    assert "Score" not in metrics(app)


def test_two_visitors_at_once_get_their_own_answers_from_the_shared_model() -> None:
    """Pages cannot be driven from two threads here; what they share can. Two browsers do it in the browser tests."""
    model, photo = inference.load("resnet50"), draw_photo(3, 256, 300)
    masks = [drawing.draw((stroke,), 256, 300) for stroke in (BOX, Stroke(((0.7, 0.5),), 0.2))]
    explain = ATTRIBUTIONS["grad_cam"].function

    def answers(mask: np.ndarray) -> list[float]:
        done = region_effect.paint(model, photo, mask, region_effect.treatment())
        heat = explain(model, done.photo).values
        others = region_effect.controls(model, photo, mask, region_effect.treatment(), done.score, n=3)
        return [done.ablated_score, float(heat.mean()), *others]

    alone = [answers(mask) for mask in masks]
    with ThreadPoolExecutor(2) as pool:
        together = list(pool.map(answers, masks * 3))
    for number, found in enumerate(together):
        assert found == pytest.approx(alone[number % 2], abs=1e-5)


def test_how_sure_the_score_is_stands_beside_it_and_as_a_band(artifacts: Path) -> None:
    from core.evaluation import intervals
    from ui import resources

    assert "cases, measured on" not in words(visit()), "a model without intervals promises nothing"
    seen = inference.load("small_cnn")
    photo = resources.samples()["cat"].read()
    _, features = seen.score_with_features([preprocess.square(photo, seen.preset)])
    random = np.random.default_rng(0)
    near = features + random.normal(scale=0.1, size=(60, features.shape[1]))
    score = seen.score([photo])
    human = score + np.linspace(-0.2, 0.2, 60)
    made = intervals.fit(near, np.repeat(score, 60), human, near, facts={"photos": "photos of planted"})
    intervals.save(made, artifacts / "small_cnn" / intervals.FILE)
    st.cache_data.clear()
    st.cache_resource.clear()
    low, high = made.around(score, features)
    said = f"between {low[0]:.2f} and {high[0]:.2f} in 90 of 100 cases, measured on photos of planted"
    assert said in words(visit())
    band = plots.among(float(score[0]), np.linspace(0, 1, 50), (float(low[0]), float(high[0]))).layout.shapes
    assert [shape.type for shape in band] == ["rect", "line"]
    assert (band[0].x0, band[0].x1) == pytest.approx((float(low[0]), float(high[0])))
