"""Trust in heatmaps: a true map beats the baselines on a model whose cause is known, and random weights destroy it."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import torch

from core import config
from core.errors import ArtifactError, PhotoError, StudyError, UnknownChoiceError
from core.inference import Predictor
from core.photos.fingerprints import fingerprint
from core.photos.preprocess import Preset
from core.regions import mask_cache
from core.registry import ATTRIBUTIONS, MODELS
from core.trust import over_set, plots, reports, words
from core.trust.brightest_tenth import brightest_tenth, elsewhere
from core.trust.curves import curves
from core.trust.deciding_fills import LOOKED_AT, deciding_fills
from core.trust.grid import agreement, cells, mask_of, ranking
from core.trust.over_set import AttributionSettings
from core.trust.randomisation import cascading_randomisation, stages
from core.trust.summary import summarise
from core.types import Heatmap, Listing, Photo, Region
from core.verdict.aggregates import read_verdict
from tests.conftest import draw_photo
from tests.helpers.patch import PATCH, SIDE, nine_squares, patch_predictor

TRUE, FALSE = "grad_cam", "edge_map"
FILL = ("mean",)


@pytest.fixture(autouse=True)
def small(monkeypatch: pytest.MonkeyPatch) -> None:
    """Photos work at the size of the model, so that tests are fast."""
    monkeypatch.setattr("core.config.WORKING_SIZE", SIDE)


def explained(method: str, sign: int = 1) -> tuple[Predictor, np.ndarray, Heatmap]:
    predictor, photo = patch_predictor(sign), nine_squares()
    return predictor, photo, ATTRIBUTIONS[method].function(predictor, photo)


def test_removing_what_a_true_map_points_at_lowers_the_score_further_than_elsewhere() -> None:
    found = brightest_tenth(*explained(TRUE), fills=FILL)
    assert found is not None
    assert found.delta < -0.1
    assert found.excess < -0.1
    assert found.mask[PATCH].mean() > 0.8
    assert max(abs(other) for other in found.elsewhere) < 0.1
    said = words.tenth(found)
    assert "lowers the score by 0." in said
    assert f"{len(found.elsewhere)} of {len(found.elsewhere)} other places" in said
    raised = words.tenth(replace(found, delta=0.1))
    assert "raises the score by 0.100" in raised
    assert raised.endswith("Removing these places does not lower the score.")


def test_what_takes_away_is_what_decides_in_the_stored_study_of_the_model(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    verdict = read_verdict(config.ARTIFACTS / "studies" / "reference")
    own = deciding_fills(verdict.model)
    assert own.fills == tuple(item.fill for item in verdict.artefacts if item.decides)
    assert own.why.endswith(f"what decides in the stored study of {verdict.model}.")
    other = deciding_fills("another")
    assert other.fills == own.fills
    assert other.why.endswith(f"these are those of the study of {verdict.model}.")
    assert over_set.settings_of("resnet50", "drawn", (TRUE,), ()).fills == own.fills
    assert not over_set.settings_of("resnet50", "drawn", (TRUE,), (), removals=False).fills
    monkeypatch.setattr("core.config.ARTIFACTS", tmp_path)
    monkeypatch.setattr("core.config.RUNS", tmp_path)
    alone = deciding_fills(verdict.model)
    assert alone.fills == LOOKED_AT
    assert alone.why.endswith("these decided in the photos looked at beforehand.")


def test_a_map_that_points_nowhere_has_no_tenth() -> None:
    predictor, photo, found = explained(TRUE, -1)
    assert brightest_tenth(predictor, photo, found, fills=FILL) is None
    assert words.tenth(None) == words.POINTS_NOWHERE
    assert "Nothing in this photo raises" in words.caption(found, baseline=False)
    silent = Heatmap(np.zeros((4, 4), np.float32), TRUE, 0.5, 0.0, signed=True)
    assert words.caption(silent, baseline=False) == words.SILENT


def test_a_scattered_shape_is_moved_over_the_border() -> None:
    scattered = np.zeros((40, 60), bool)
    scattered[::39, ::59] = True
    others, wrapped = elsewhere(scattered)
    assert wrapped
    assert all(other.sum() == scattered.sum() for other in others)
    assert all((other & scattered).sum() == 0 for other in others)
    compact = np.zeros((40, 60), bool)
    compact[:8, :8] = True
    others, wrapped = elsewhere(compact)
    assert not wrapped
    assert len(others) == 8


def test_a_true_map_gains_and_the_baselines_do_not() -> None:
    gains = {}
    for entry in ATTRIBUTIONS:
        if entry.facts["passes"] <= 1:
            predictor, photo, found = explained(entry.id)
            gains[entry.id] = curves(predictor, photo, found, fills=FILL).gain
    best = max(value for name, value in gains.items() if ATTRIBUTIONS[name].facts["baseline"])
    assert gains[TRUE] > best + 0.03
    assert gains["layer_cam"] > best + 0.03


def test_curves_start_at_the_photo_and_end_at_nothing() -> None:
    predictor, photo, found = explained(TRUE)
    made = curves(predictor, photo, found, fills=FILL, steps=4)
    assert made.shares.tolist() == [0, 0.25, 0.5, 0.75, 1]
    assert made.highest_first[0] == made.lowest_first[0] == pytest.approx(found.score)
    assert made.highest_first[-1] == made.lowest_first[-1]
    assert made.highest_first[1] < made.lowest_first[1]
    assert made.gain > 0


def test_insertion_is_drawn_beside_deletion_in_the_colour_of_the_method() -> None:
    shares, high, low = np.linspace(0, 1, 3), np.array([0.9, 0.4, 0.1]), np.array([0.9, 0.8, 0.1])
    figure = plots.deletion_and_insertion({"Grad-CAM": (shares, high, low)}, (), 0.5)
    deletion, insertion = figure.data
    assert list(deletion.y) == [0.9, 0.4, 0.1]
    assert list(insertion.y) == [0.1, 0.8, 0.9]
    assert list(insertion.x) == [0, 50, 100]
    assert "removed" in deletion.hovertemplate
    assert "brought back" in insertion.hovertemplate


def test_slow_methods_and_baselines_say_why_no_weights_are_randomised() -> None:
    slow, baseline = words.not_randomised({"RISE": 200}, ["Edge map"])
    assert slow.endswith("once more for every layer of the model: RISE (200 passes).")
    assert baseline.endswith("stay the same: Edge map.")
    assert words.not_randomised({}, []) == []


def test_cells_are_ranked_with_ties_in_a_fixed_random_order() -> None:
    values = np.zeros((28, 28), np.float32)
    values[:2, :2] = 1
    order = ranking(Heatmap(values, "any", 0.5))
    assert order[0] == 0
    assert sorted(order) == list(range(196))
    assert order[1:10].tolist() != sorted(order[1:10])
    np.testing.assert_array_equal(order, ranking(Heatmap(values, "any", 0.5)))
    assert cells(values)[0, 0] == 1
    assert mask_of(order[:1], 28, 28).sum() == 4


def test_maps_agree_with_themselves_and_not_with_a_map_of_nothing() -> None:
    _, _, found = explained(TRUE)
    assert agreement(found, found) == pytest.approx(1)
    nothing = Heatmap(np.zeros_like(found.values), "any", 0.5)
    assert agreement(found, nothing) == 0


def test_randomisation_changes_the_map_and_leaves_the_model_alone() -> None:
    torch.manual_seed(0)
    predictor = Predictor("small", MODELS["small_cnn"].function().eval(), Preset(SIDE, SIDE), {})
    before = {name: value.clone() for name, value in predictor.module.state_dict().items()}
    photo = draw_photo(3, SIDE, SIDE)
    found = ATTRIBUTIONS[TRUE].function(predictor, photo)
    made = list(cascading_randomisation(predictor, photo, found))
    assert [item.stage for item in made] == ["head", "layer4"]
    assert made[-1].agreement < 0.9
    assert all(torch.equal(value, before[name]) for name, value in predictor.module.state_dict().items())
    baseline = ATTRIBUTIONS[FALSE].function(predictor, photo)
    assert all(item.agreement == pytest.approx(1) for item in cascading_randomisation(predictor, photo, baseline))


def test_a_resnet_is_randomised_from_its_head_to_its_first_layer() -> None:
    with torch.device("meta"):
        module = MODELS["resnet50"].function()
    assert [name for name, _ in stages(module)] == [
        "head",
        *(f"trunk.layer{number}" for number in (4, 3, 2, 1)),
        "trunk.bn1",
        "trunk.conv1",
    ]


def test_shares_are_those_of_the_map_the_area_and_the_map_moved() -> None:
    values = np.zeros((40, 40), np.float32)
    values[:10, :10] = 1
    values[30:, 30:] = -1
    mask = np.zeros((40, 40), bool)
    mask[:20, :20] = True
    share, area, moved = over_set.share(values, mask)
    assert share == 1
    assert area == 0.25
    assert moved == pytest.approx(3 / 15)


def test_shares_on_what_the_source_knows_are_told_from_those_on_what_a_detector_found(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Both masks are of the photo's size, the map is of the working size: half of it."""
    large = nine_squares().repeat(2, axis=0).repeat(2, axis=1)
    patch, left = np.zeros((2, 2 * SIDE, 2 * SIDE), bool)
    rows, columns = PATCH
    patch[2 * rows.start : 2 * rows.stop, 2 * columns.start : 2 * columns.stop] = True
    left[:, :SIDE] = True
    asked = []
    monkeypatch.setattr(mask_cache, "detect", lambda name, *_, **__: asked.append(name) or Region(left))
    photo = Photo("a", "drawn", lambda: large, truth=lambda: {"faces": Region(patch)})
    how = AttributionSettings("patch", "drawn", (TRUE, FALSE), ("faces", "people"), ())
    found = pd.DataFrame(over_set.measured(patch_predictor(), photo, how)).set_index(["method", "measure"])
    assert asked == ["people"], "what the source knows is not looked for"
    true = found.loc[TRUE]
    assert true.loc["faces", "exact"] is True
    assert true.loc["people", "exact"] is False
    assert true.loc["centre", "exact"] is None
    assert true.loc["faces", "expected"] == patch.mean() == 1 / 16
    assert true.loc["people", "expected"] == 0.5
    assert true.loc["faces", "value"] > 0.6
    assert true.loc["people", "value"] < 0.05, "the patch lies in the right half"
    assert found.loc[(FALSE, "faces"), "value"] < 0.3
    table = summarise(found.reset_index(), "patch", "drawn").set_index(["method", "measure"])["exact"]
    assert table[TRUE, "faces"]
    assert not table[TRUE, "people"]


def broken() -> np.ndarray:
    raise PhotoError("it is broken.")


def listing(n: int) -> Listing:
    photos = [Photo(f"{number}", "drawn", partial(draw_photo, number, SIDE, SIDE)) for number in range(n)]
    return Listing("drawn", (*photos, Photo("bad", "drawn", broken)))


HOW = AttributionSettings("patch", "drawn", (TRUE, FALSE, "centre_bias"), (), FILL)


def test_a_run_that_was_stopped_goes_on(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(over_set, "PART", 2)
    predictor = patch_predictor()
    problems = over_set.run(predictor, listing(3), HOW, tmp_path)
    assert [str(item) for item in problems] == ["bad: it is broken."]
    first = over_set.rows(tmp_path)
    kept = {file: file.read_bytes() for file in tmp_path.glob("rows/*")}
    over_set.run(predictor, listing(5), HOW, tmp_path)
    both = over_set.rows(tmp_path)
    assert {file: file.read_bytes() for file in kept} == kept
    assert set(both["photo_id"]) == set("01234")
    assert not both.duplicated(["photo_id", "method", "measure"]).any()
    removed = {f"removed {percent}%" for percent in (0, 20, 40, 60, 80, 100)}
    random = {"randomised head", "randomised layer4"}
    assert set(first["measure"]) == {*over_set.PLACES, "tenth", "gain", "agreement", *removed, *random}
    with pytest.raises(StudyError, match="other settings"):
        over_set.run(predictor, listing(1), AttributionSettings("patch", "drawn", (TRUE,), (), FILL), tmp_path)
    with pytest.raises(StudyError, match="holds no measured photos"):
        over_set.rows(tmp_path / "empty")


def test_photos_that_the_model_learned_from_and_copies_are_left_out() -> None:
    predictor, photos = patch_predictor(), listing(5).photos
    predictor.card["training_photos"] = [list(vars(fingerprint(photos[1].read())).values())]
    twice = (*photos[:3], replace(photos[0], id="copy"), *photos[3:])
    kept, learned, alike = over_set.unseen(twice, predictor)
    assert [photo.id for photo in kept] == [photo.id for photo in photos if photo.id != "1"]  # a broken one is named
    assert (learned, alike) == (1, 1)
    assert [photo.id for photo in over_set.unseen(twice, predictor, 2)[0]] == ["0", "2"]


def test_sets_and_methods_join_those_that_were_measured_before(tmp_path: Path) -> None:
    how = replace(HOW, methods=(TRUE, FALSE))
    over_set.run(patch_predictor(), listing(3), how, tmp_path / "removed")
    over_set.run(patch_predictor(), listing(5), replace(how, fills=()), tmp_path / "shares")
    removed, shares = (over_set.rows(tmp_path / name) for name in ("removed", "shares"))
    assert set(shares["measure"]) == {"centre", "upper third", "lower third"}
    file = tmp_path / "patch.csv"
    summarise(removed, "patch", "drawn").to_csv(file, index=False)
    for source in ("drawn", "other"):
        reports.with_others(summarise(shares, "patch", source), file).to_csv(file, index=False)
    both = reports.read(file)
    assert not both.duplicated(["source", "method", "measure"]).any()
    assert dict(both[both["measure"] == "centre"].groupby("source")["n"].max()) == {"drawn": 5, "other": 5}
    assert set(both[both["measure"] == "gain"]["n"]) == {3}, "what only removing tells stays"
    again = reports.with_others(summarise(removed, "patch", "drawn"), file)
    assert set(again[again["measure"] == "centre"]["n"]) == {5}, "what rests on more photos stays"
    assert len(again) == len(both)


def test_a_set_says_which_methods_beat_the_baselines(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    over_set.run(patch_predictor(), listing(20), HOW, tmp_path)
    table = summarise(over_set.rows(tmp_path), "patch", "drawn")
    file = tmp_path / "trust" / "patch.csv"
    file.parent.mkdir()
    table.to_csv(file, index=False)
    monkeypatch.setattr("core.config.ARTIFACTS", tmp_path)
    again = reports.summary("patch")
    found = reports.against_baselines(again, TRUE)
    assert found is not None
    assert found.n == 20
    assert found.best in ("Edge map", "Centre bias")
    assert found.over.low <= found.over.estimate <= found.over.high
    assert words.against_baselines(found).startswith("Grad-CAM")
    assert reports.against_baselines(again, FALSE) is None
    assert reports.against_baselines(None, TRUE) is None
    lower = table[(table["method"] == TRUE) & (table["measure"] == "lower third")].iloc[0]
    assert lower["over_low"] > 0.3, "the patch lies there, whatever the photo"
    assert lower["over_shifted_low"] > 0.3
    centred = table[(table["method"] == "centre_bias") & (table["measure"] == "centre")].iloc[0]
    assert centred["over_low"] > 0


def test_a_set_has_mean_curves_agreements_and_maps_of_random_weights(tmp_path: Path) -> None:
    how = replace(HOW, methods=(TRUE, "layer_cam", FALSE))
    over_set.run(patch_predictor(), listing(4), how, tmp_path)
    rows = over_set.rows(tmp_path)
    table = summarise(rows, "patch", "drawn").set_index(["method", "measure"])
    for method in how.methods:
        curve = table.loc[method].filter(like="removed ", axis=0)
        lowest = (curve["value"] - curve["over"]).to_numpy()
        shares = curve.index.str.extract(r"(\d+)%")[0].astype(float) / 100
        area = float(np.trapezoid(lowest, shares) - np.trapezoid(curve["value"], shares))
        assert area == pytest.approx(table.loc[method, "gain"]["value"])
        assert set(curve["compared"]) == {"lowest first"}
    assert table.loc[TRUE, "agreement"]["value"] > 0.9, "both find the patch"
    assert table.loc[TRUE, "agreement"]["over"] > 0.5
    assert table.loc[TRUE, "agreement"]["compared"] == "baselines"
    assert np.isnan(table.loc[FALSE, "agreement"]["over"]), "there is no other baseline"
    random = reports.staged(table.reset_index(), reports.RANDOMISED)
    assert set(random["method"]) == {TRUE, "layer_cam"}, "a baseline knows no weights"
    assert list(random["stage"].unique()) == ["head", "layer4"]
    predictor, photo = patch_predictor(), draw_photo(0, SIDE, SIDE)
    first = list(
        cascading_randomisation(predictor, photo, ATTRIBUTIONS[TRUE].function(predictor, photo), seed=how.seed)
    )
    own = rows[(rows["photo_id"] == "0") & (rows["method"] == TRUE)].set_index("measure")["value"]
    assert [own[f"randomised {stage.stage}"] for stage in first] == pytest.approx([stage.agreement for stage in first])
    shares = table.reset_index()["measure"]
    assert set(shares[reports.is_share(shares)]) == set(over_set.PLACES)


def test_what_is_said_of_a_method_that_beats_nothing() -> None:
    from core.types import Interval

    poor = reports.BaselineComparison("RISE", 80, "Edge map", Interval(-0.001, -0.004, 0.002))
    assert words.against_baselines(poor) == (
        "RISE does not beat the baselines on this model (on 80 photos; gain over the best baseline (Edge map): "
        "−0.001 [−0.004, +0.002]): do not read it as an explanation."
    )


def test_too_few_photos_leave_open_whether_a_method_beats_the_baselines() -> None:
    from core.types import Interval

    few = reports.BaselineComparison("RISE", 19, "Edge map", Interval(0.002, 0.001, 0.004))
    assert words.against_baselines(few) == (
        "Whether RISE beats the baselines on this model is open: too few photos (on 19 photos; gain over the best "
        "baseline (Edge map): +0.002 [+0.001, +0.004])."
    )
    assert words.against_baselines(replace(few, n=20)).startswith("RISE beats every baseline")


def test_a_damaged_summary_is_refused(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("model,source\n1,2\n")
    with pytest.raises(ArtifactError, match="no column"):
        reports.read(tmp_path / "a.csv")
    assert list(pd.DataFrame(columns=list(reports.COLUMNS))) == list(reports.COLUMNS)


def test_unknown_methods_name_the_choices() -> None:
    with pytest.raises(UnknownChoiceError, match="grad_cam"):
        over_set.settings_of("resnet50", "drawn", ("gradcam",), ())
