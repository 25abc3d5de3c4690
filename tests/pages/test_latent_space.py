"""The page Latent space in its empty, failing and working states."""

from __future__ import annotations

import json
import shutil
import urllib.parse
from functools import partial
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from streamlit.testing.v1 import AppTest

from core import config
from core.errors import StudyError
from core.latent import atlas, photo_values
from core.latent.colours import DIVERGING, Colour, colours
from core.latent.distinctiveness_results import MEASURES, Distinctiveness, RankCorrelation, save
from core.latent.photo_values import Measure
from core.photos import images
from core.sources import open_source
from core.types import Interval
from tests.conftest import Put, draw_photo, visit_page
from tests.helpers.planted import write_study
from tests.test_no_torch import VISIT, run

PAGE = "pages/latent_space.py"


@pytest.fixture
def artifacts(drawn: Path, put: Put) -> Path:
    """A copy of them to damage, in the place where the app looks."""
    return put(drawn)


visit = partial(visit_page, PAGE)


def words(app: AppTest) -> str:
    kinds = (app.title, app.header, app.subheader, app.markdown, app.caption, app.info, app.error)
    return "\n".join(element.value for kind in kinds for element in kind)


def test_without_a_map_the_page_says_how_to_make_one(artifacts: Path) -> None:
    shutil.rmtree(artifacts / "latent")
    app = visit()
    assert "python -m core latent" in app.info[0].value
    assert not app.error


@pytest.mark.parametrize("name", [atlas.PHOTOS, atlas.ANSWER, atlas.AXES])
def test_a_damaged_map_is_one_sentence(artifacts: Path, name: str) -> None:
    (artifacts / "latent" / name).write_text("{")
    assert len(visit().error) == 1


def test_the_answer_stands_on_top_and_its_numbers_one_click_away(artifacts: Path) -> None:
    app = visit()
    assert "By what the pixels say: hardly." in words(app)
    assert not app.error
    app.session_state["tested"] = True
    app.run()
    assert "n = 40, cross-validated R² = 0.06, p = 0.002; Moran's I = 0.05, p = 0.001" in words(app)


def test_how_it_was_tested_waits_for_its_expander(artifacts: Path) -> None:
    app = visit()
    assert not app.dataframe
    app.session_state["tested"] = True
    app.run()
    assert len(app.dataframe[0].value) == 1
    assert "shuffles of the scores within their source" in words(app)


def test_what_is_missing_is_said(artifacts: Path) -> None:
    said = words(visit(projection="tsne", dims="3-D", colour="human"))
    assert "t-SNE in two dimensions only" in said
    assert "known of 40 of the 80 photos" in said
    said = words(visit(dims="3-D"))
    assert "two dimensions only" not in said
    assert "known of" not in said


def test_looking_leaves_torch_out(artifacts: Path) -> None:
    run(VISIT, str(artifacts), PAGE)


def test_a_pinned_photo_shows_its_numbers_and_neighbours(artifacts: Path) -> None:
    app = visit(photo="scenes/5.jpg", space="learned", colour="error")
    said = words(app)
    assert r"scenes\/5\.jpg" in said
    assert "Nearest photos" in said
    assert not app.error
    assert len([button for button in app.button if button.key.startswith("near-")]) == 8
    assert not _links(app)  # only a reconstruction is at hand
    scene = _first_scene(artifacts)
    app = visit(photo=f"generated_face/{scene}")
    (asked,) = _links(app)
    assert asked["photo"] == [f"generated/{scene}"]
    (offered,) = app.session_state["offered"].items()
    assert asked["take"] == [f"{offered[0]}.0"]
    assert offered[1].digest == f"generated-{scene}"
    assert not app.error


def _links(app: AppTest) -> list[dict[str, list[str]]]:
    """What the links to try a photo ask for."""
    found = [item.proto for item in app.get("page_link") if item.proto.label == "Try this photo"]
    return [urllib.parse.parse_qs(item.query_string) for item in found]


def _first_scene(artifacts: Path) -> str:
    return str(atlas.read(artifacts / "latent").photos["photo_id"].iloc[0])


def test_an_unknown_photo_and_a_foreign_selection_are_said(artifacts: Path) -> None:
    assert "no photo called" in visit(photo="scenes/none.jpg").error[0].value
    assert "draw it again" in visit(select="pixels-umap@box:1,2").error[0].value
    assert not visit(select="pixels-isomap@box:1,2").error  # of another map: it means nothing here


def test_a_selection_is_compared_with_the_rest(artifacts: Path) -> None:
    app = visit(select="pixels-umap@box:-9,-9,0,9")
    inside = (atlas.read(artifacts / "latent").layouts["pixels", "umap", 2][:, 0] < 0).sum()
    assert f"Selection: {inside} photos" in words(app)
    assert words(app).count("mean difference from the rest") == 1
    assert r"Photos of scenes are not on this machine" in words(app)
    assert not app.error
    both = words(visit(select="pixels-umap@box:-9,-9,0,9", colour="error"))
    assert r"Model\'s score: mean difference from the rest" in both
    assert r"Error\: score − human score: mean difference from the rest" in both


def test_two_selections_are_compared(artifacts: Path) -> None:
    app = visit(select="pixels-umap@box:-9,-9,0,9")
    app.button(key="keep").click().run()
    assert "kept" in app.query_params
    assert "select" not in app.query_params
    assert "Kept for comparison" in words(app)
    kept = app.query_params["kept"]
    app = visit(kept=kept[0] if isinstance(kept, list) else kept, select="pixels-umap@box:-9,-9,0.2,9")
    found = atlas.read(artifacts / "latent")
    x, scores = found.layouts["pixels", "umap", 2][:, 0], found.photos["score"].to_numpy(float)
    between = (x > 0) & (x < 0.2)
    assert f"{(x < 0).sum()} photos are in both and count in neither." in words(app)
    app = visit(kept="pixels-umap@box:-9,-9,0,9", select="pixels-umap@box:0,-9,9,9")
    difference = scores[x > 0].mean() - scores[x < 0].mean()
    assert f"mean difference from the kept ones **{difference:.3f}".replace("-", "−") in words(app)
    assert between.any()
    assert not app.exception


def test_how_unusual_photos_are_colours_the_map(artifacts: Path) -> None:
    found = atlas.read(artifacts / "latent")
    options, _ = colours(found)
    for space, points in found.spaces.items():
        far = np.sqrt(np.square(points[:, None].astype(float) - points).sum(axis=2))
        far = np.sort(far, axis=1)[:, 1:11].mean(axis=1)  # without itself
        np.testing.assert_allclose(options[f"unusual-{space}"].colour().values, far, rtol=1e-5, atol=1e-6)
    app = visit(colour="unusual-pixels", variant="unusual-learned")
    assert len(app.selectbox(key="variant").options) == 2
    assert not app.exception
    assert not app.error


def test_what_runs_measured_of_photos_colours_the_map(
    artifacts: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(config, "RUNS", tmp_path / "runs")
    found = atlas.read(artifacts / "latent")
    first, second = found.photos[10:15], found.photos[14:20]
    name = "Grad-CAM's share on people"
    leave("attributions/one", first, [Measure(name, np.arange(5.0)), Measure("Grad-CAM: Δ", -np.ones(5), True)])
    leave("attributions/two", second, [Measure(name, np.full(6, 9.0))])
    leave("attributions/a", second, [Measure(name, np.full(6, 0.5))], model="resmem")
    leave("concepts", first.assign(source="elsewhere"), [Measure("Along the concept faces", np.zeros(5))])
    options, problems = colours(found, measured=tuple(file for file, _ in photo_values.files()))
    assert not problems
    own = options[f"measured-{name}-resnet50"]
    assert own.label == name
    np.testing.assert_array_equal(own.colour().values[9:21], [np.nan, *range(5), *[9.0] * 5, np.nan])
    assert options[f"measured-{name}-resmem"].variant == "resmem"
    assert options["measured-Grad-CAM: Δ-resnet50"].signed
    assert not any("concept" in item.label for item in options.values()), "no photo of the map is in that run"
    app = visit(colour=own.id)
    assert "known of 10 of the 80 photos on this map; the others are grey" in words(app)
    assert app.selectbox(key="variant").options == ["resnet50", "resmem"]
    assert not app.error
    (tmp_path / "runs" / "attributions" / "two" / photo_values.FILE).write_text("{")
    app = visit(colour=own.id)
    assert "give the command that wrote it again" in app.error[0].value.replace("\\", "")
    assert "known of 5 of the 80 photos" in words(app), "what changed is read again"


def leave(run: str, photos: pd.DataFrame, measures: list[Measure], model: str = "resnet50") -> None:
    """Planted values of photos, as a run leaves them."""
    file = config.RUNS / run / photo_values.FILE
    photo_values.write(file, model, photos["source"].tolist(), photos["photo_id"].tolist(), measures)


def test_what_no_space_of_the_map_says_colours_the_photos_that_were_measured(artifacts: Path) -> None:
    found = atlas.read(artifacts / "latent")
    known = found.photos[["source", "photo_id"]][3:8].copy()
    for place, name in enumerate(MEASURES):
        known[name] = np.arange(5.0) + place
    link = RankCorrelation("far_in_neutral", "human", 40, Interval(0.2, 0.1, 0.3), Interval(0.2, 0.1, 0.3))
    answer = Distinctiveness(str(known["source"].iloc[0]), found.model, (link,), (), ())
    save(answer, known, artifacts / "distinctiveness")
    options, _ = colours(found)
    values = options["unusual-far_in_neutral"].colour().values
    np.testing.assert_allclose(values[3:8], np.arange(5.0) + list(MEASURES).index("far_in_neutral"))
    assert np.isnan(np.delete(values, range(3, 8))).all()
    app = visit(colour="unusual-redrawing_error", variant="unusual-far_in_neutral")
    app.session_state["tested"] = True
    app.run()
    assert "distance to photos that DINOv2 sees alike: higher" in words(app).replace("\\", "")
    assert not app.exception
    assert not app.error
    (artifacts / "distinctiveness" / found.model / f"{answer.source}.csv").write_text("a\n1\n")
    options, problems = colours(found)
    assert "unusual-pixels" in options
    assert "unusual-far_in_neutral" not in options
    assert "make it again: python -m core distinctiveness" in str(problems[0])


def test_a_selection_holds_in_every_layout(artifacts: Path) -> None:
    inside = (atlas.read(artifacts / "latent").layouts["pixels", "umap", 2][:, 0] < 0).sum()
    for asked in ({"dims": "3-D"}, {"projection": "pca"}):
        assert f"Selection: {inside} photos" in words(visit(select="pixels-umap@box:-9,-9,0,9", **asked))


def test_captions_and_contours_are_asked_for(artifacts: Path) -> None:
    app = visit()
    app.toggle(key="relief").set_value(True).run()
    assert "quarter, half and three quarters of the photos" in words(app)
    assert not app.exception
    assert not app.error


def test_a_checkpoint_of_another_latent_size_is_one_sentence(artifacts: Path) -> None:
    import torch

    from core.inference import checkpoints
    from core.models.vae import VAE

    torch.manual_seed(0)
    card = json.loads((artifacts / "vae" / "card.json").read_text()) | {"settings": {"latent": 4}}
    checkpoints.save(artifacts / "vae", VAE(4), card)
    app = visit(photo="scenes/5.jpg")
    assert [error for error in app.error if r"with 4 numbers\, and 8 are needed" in error.value]


def test_the_traversal_waits_for_its_switch(artifacts: Path) -> None:
    app = visit()
    app.toggle(key="traverse").set_value(True).run()
    assert not app.exception
    assert "Along this direction" in words(app)
    app.slider(key="step").set_value(2.0).run()
    assert not app.exception


def test_a_dropped_photo_whose_callback_was_broken_off_lands_with_the_next_run(artifacts: Path) -> None:
    app = visit()
    app.file_uploader(key="dropped").set_value(("mine.png", images.png_bytes(draw_photo()), "image/png")).run()
    for name in ("landed", "landed-from"):  # as the callback found them
        del app.session_state[name]
    assert r"mine\.png" in words(app.run())
    app.file_uploader(key="dropped").set_value([]).run()
    assert r"mine\.png" not in words(app)
    assert not app.exception


def test_the_photos_of_a_study_stand_on_the_map(artifacts: Path, tmp_path: Path) -> None:
    study = write_study(tmp_path / "runs" / "mine", n=3, sources=("generated_face",))
    scenes = [photo.id for photo in open_source("generated:face,n=40").photos[:2]]
    photos = pq.read_table(study / "photos" / "part-0000.parquet")
    names = pa.array([*scenes, "gone.jpg"])
    photos = photos.set_column(photos.schema.get_field_index("photo_id"), "photo_id", names)
    pq.write_table(photos, study / "photos" / "part-0000.parquet")
    (study / "places.json").write_text(json.dumps({"generated_face": "generated:face,n=40"}))
    (study / "baseline.json").write_text("{}")
    app = visit(of_study="mine")
    assert "2 photos of the study **mine** stand on the map in blue" in words(app)
    assert not app.exception
    app.button(key="unstudy").click().run()
    assert "stand on the map in blue" not in words(app)
    assert "There is no study called" in visit(of_study="../mine").error[0].value


def test_searching_pins(artifacts: Path) -> None:
    app = visit()
    app.session_state["filters"] = True
    app.run()
    app.text_input(key="search").set_value("scenes/7").run()
    found = [button for button in app.button if button.key.startswith("found-")]
    assert found
    found[0].click().run()
    assert app.query_params["photo"] == "scenes/7.jpg"


def test_colours_are_what_photos_have(artifacts: Path) -> None:
    found, problems = colours(atlas.read(artifacts / "latent"))
    assert not problems
    assert set(found) == {"score", "human", "error", "planted", "source", "unusual-pixels", "unusual-learned"}
    error, source = found["error"].colour(), found["source"].colour()
    assert error.scale == DIVERGING
    low, high = error.limits
    assert low == -high
    assert len(source.scale) == len(source.names) == 2
    assert Colour("a", "A", np.full(3, np.nan)).limits == (0.0, 1.0)
    assert Colour("a", "A", np.full(3, 0.5)).limits == (0.0, 1.0)


def test_a_study_colours_the_photos_that_it_has(artifacts: Path, tmp_path: Path) -> None:
    study = write_study(tmp_path / "planted", n=30, rows=("grayscale", "faces_removed"), doses=(), fills=("mean",))
    found = atlas.read(artifacts / "latent")
    found.photos.loc[40:59, "photo_id"] = [f"photo-{number:05}" for number in range(29, 9, -1)]
    coloured, problems = colours(found, (study,))
    assert not problems
    table = pq.read_table(study / "rows").to_pandas()
    original, grey = (table[table["ablation"] == name].set_index("photo_id") for name in ("original", "grayscale"))
    grayscale = coloured["effect-planted-grayscale"].colour()
    values = grayscale.values
    assert np.flatnonzero(np.isfinite(values)).tolist() == list(range(40, 60))
    expected = (grey["score"] - original["score"])[found.photos["photo_id"][40:60]]
    np.testing.assert_allclose(values[40:60], expected, atol=1e-6)
    assert grayscale.label == "Effect of grayscale on resnet50"
    faces = next(option for name, option in coloured.items() if "faces" in name).colour()
    assert faces.label == "Effect of faces removed on resnet50, mean"
    known = set(found.photos["photo_id"][np.isfinite(faces.values)])
    there = set(table["photo_id"][table["mask"] == "faces"])
    assert known == there & set(found.photos["photo_id"][40:60])
    assert faces.limits[0] == -faces.limits[1]


def test_a_study_is_read_once_it_is_chosen_and_only_where_it_shares_photos(artifacts: Path, tmp_path: Path) -> None:
    studies = [
        write_study(tmp_path / sources[0], n=30, rows=("grayscale",), doses=(), sources=sources)
        for sources in (("scenes",), ("elsewhere",))
    ]
    for file in (studies[0] / "rows").glob("*.parquet"):
        file.write_bytes(b"damaged")
    found, problems = colours(atlas.read(artifacts / "latent"), (*studies, tmp_path / "none"))
    assert [problem.where for problem in problems] == ["none"]
    assert not [name for name in found if "elsewhere" in name]
    with pytest.raises(StudyError, match="run its command again"):
        found["effect-scenes-grayscale"].colour()


def test_strengths_wait_behind_their_default(artifacts: Path) -> None:
    rows = ("blur", "faces_removed")
    write_study(artifacts / "studies" / "s", n=30, rows=rows, doses=(0.01, 0.04), fills=("mean", "noise"))
    app = visit(colour='effect-s-blur-{"sigma":0.02}')
    offered = app.selectbox(key="colour").options
    assert [label for label in offered if "Effect" in label] == [
        f"Effect of {done} on resnet50" for done in ("blur", "faces removed", "identity")
    ]
    assert app.selectbox(key="variant").options == ["sigma 0.02", "sigma 0.01", "sigma 0.04"]
    app.selectbox(key="variant").set_value('effect-s-blur-{"sigma":0.04}').run()
    assert app.query_params["variant"] == 'effect-s-blur-{"sigma":0.04}'
    assert "Effect of blur on resnet50, sigma 0.04: known of 0 of the 80 photos" in words(app).replace("\\", "")
    app.selectbox(key="colour").set_value("effect-s-region-faces-mean-remove").run()
    assert app.selectbox(key="variant").options == ["mean", "noise"]
    app.selectbox(key="colour").set_value("score").run()
    assert "variant" not in app.query_params
    assert not app.exception
    assert not app.error


def test_a_filter_hides_photos(artifacts: Path) -> None:
    chosen = "pixels-umap@box:-9,-9,9,9"
    app = visit(select=chosen)
    assert "Selection: 80 photos" in words(app)
    assert not app.multiselect  # their scripts would hold up the map
    app.session_state["filters"] = True
    app.run()
    app.multiselect(key="sources").set_value(["scenes"]).run()
    assert "Selection: 40 photos" in words(app)
    app.slider(key="range-score").set_value((0.5, 0.7)).run()
    scores = atlas.read(artifacts / "latent").photos.query("source == 'scenes'")["score"]
    assert f"Selection: {scores.between(0.5, 0.7).sum()} photos" in words(app)
    app.session_state["filters"] = False  # closed again, it still holds
    app.run()
    assert f"Selection: {scores.between(0.5, 0.7).sum()} photos" in words(app)


def test_features_of_two_studies_complete_each_other(artifacts: Path, tmp_path: Path) -> None:
    few, many = (write_study(tmp_path / str(n), n=n, rows=("grayscale",), doses=(), fills=("mean",)) for n in (10, 30))
    for study, entropy in ((few, 1.0), (many, 2.0)):
        for file in (study / "photos").glob("*.parquet"):
            table = pq.read_table(file, partitioning=None)
            place = table.schema.get_field_index("features")
            column = pa.array([json.dumps({"entropy": entropy})] * len(table), pa.string())
            pq.write_table(table.set_column(place, table.schema.field(place), column), file)
    found = atlas.read(artifacts / "latent")
    found.photos.loc[40:59, "photo_id"] = [f"photo-{number:05}" for number in range(20)]
    coloured, _ = colours(found, (few, many))
    assert coloured["feature-entropy"].colour().values[40:60].tolist() == [1.0] * 10 + [2.0] * 10
