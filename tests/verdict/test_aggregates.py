"""What is stored with a study: made once, read without the rows, made again when the parts change; and its commands."""

from __future__ import annotations

import dataclasses
import json
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow.parquet as pq
import pytest

from core import config
from core.__main__ import main
from core.commands.effects import family_wise_line
from core.effects import effects, stats
from core.errors import StudyError
from core.regions import detectors
from core.study import reading as study_files
from core.verdict import aggregates, aggregation, effect_words
from core.verdict.detector_words import relied_on
from core.verdict.effect_words import beside_line, condition_name, controls_line
from core.verdict.words import verdict_json
from tests.helpers import planted

PLAN = {"effects": {"faces_removed": -1.0, "blur": -0.4}, "n": 120, "share": 0.7, "fills": ("mean",)}
ROWS = ("faces_removed", "blur", "grayscale")


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(config, "CONFIRMATORY_RESAMPLES", 1_000)
    monkeypatch.setitem(stats.lead.__kwdefaults__, "draws", 1_000)
    monkeypatch.setitem(stats.validity.__kwdefaults__, "draws", 1_000)
    monkeypatch.setitem(stats.effects.__kwdefaults__, "permutations", 2_000)


@pytest.fixture
def run(tmp_path: Path) -> Path:
    """A study of two sources that nobody has looked at yet."""
    return planted.write_study(tmp_path / "run", rows=ROWS, sources=("a", "b"), **PLAN)


def test_what_is_stored_is_read_back(run: Path) -> None:
    made = aggregation.make_aggregates(run)
    again = aggregates.read_aggregates(run)
    for name in aggregates.TABLES[:3]:
        pd.testing.assert_frame_equal(getattr(again, name), getattr(made, name), check_dtype=False)
    assert again.baseline == made.baseline
    assert again.verdict.sentence == made.verdict.sentence
    assert len(again.distributions) == len(made.distributions)
    assert not list(run.rglob("*.tmp"))


def test_the_rows_are_not_needed_any_more(run: Path) -> None:
    made = aggregation.aggregates(run)
    shutil.rmtree(run / "rows")
    shutil.rmtree(run / "photos")
    assert aggregation.aggregates(run).verdict.sentence == made.verdict.sentence


def test_they_are_made_anew_only_when_something_changed(run: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    aggregation.aggregates(run)
    made: list[Path] = []

    def note(folder: Path, *_: Any) -> None:
        made.append(folder)

    monkeypatch.setattr(aggregation, "make_aggregates", note)
    aggregation.aggregates(run)
    assert not made
    aggregation.aggregates(run, {"faces": "precision 0.5"})
    assert len(made) == 1
    (run / "rows" / "part-0003.parquet").write_bytes((run / "rows" / "part-0000.parquet").read_bytes())
    aggregation.aggregates(run)
    assert len(made) == 2


def test_they_are_made_anew_by_other_statistics_or_say_so(run: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    aggregation.aggregates(run)
    for module in (aggregates, aggregation):
        monkeypatch.setattr(module, "VERSION", 99)
    assert "run `python -m core effects`" in aggregates.read_aggregates(run).baseline.problems[0]
    assert aggregation.aggregates(run).baseline.problems == ()
    assert aggregates.read_aggregates(run).baseline.problems == ()
    (run / aggregates.BASELINE).write_text((run / aggregates.BASELINE).read_text().replace('"version"', '"old"'))
    with pytest.raises(StudyError, match="core effects"):
        aggregates.read_aggregates(run)


@pytest.mark.parametrize("name", ["effects", "details", "doses", "distributions", "extremes"])
def test_a_table_without_conditions_is_one_sentence(run: Path, name: str) -> None:
    made = aggregation.aggregates(run)
    file = run / f"{name}.parquet"
    table = getattr(made, name)
    changes = [table.drop(columns="fill"), pd.DataFrame({"a": [1]})]
    changes += [table.assign(params=params) for params in ("[]", "{", "3", 3.5) if len(table)]
    for changed in changes:
        changed.to_parquet(file)
        with pytest.raises(StudyError, match="stored effects are damaged"):
            aggregates.read_aggregates(run)
    assert getattr(aggregation.aggregates(run), name).equals(table)  # made anew from the rows


def test_what_pandas_noted_of_a_table_says_nothing_of_it(run: Path) -> None:
    made = aggregation.aggregates(run)
    table = pq.read_table(run / "effects.parquet")
    for note in (b"[]", b"{", b'{"index_columns": ["nothing"], "columns": [], "column_indexes": []}'):
        pq.write_table(table.replace_schema_metadata({b"pandas": note}), run / "effects.parquet")
        assert aggregates.read_aggregates(run).effects.equals(made.effects)


@pytest.mark.parametrize("folder", sorted((config.ARTIFACTS / "studies").glob("*/")), ids=lambda folder: folder.name)
def test_shipped_studies_are_of_these_statistics(folder: Path) -> None:
    assert aggregates.read_aggregates(folder).baseline.problems == (), "python -m core effects"


def test_what_stands_beside_an_effect() -> None:
    item = next(item for item in detectors.measurements() if item.mask == "faces")
    row = {
        "mask": "faces", "area": 0.024, "n": 50, "n_controls": 40, "excess_delta": -0.01, "n_detected": 50.0,
        "thing_area": 0.024, "thing_area_controlled": 0.015, "control_eccentricity": 0.092,
        "control_rmse": float("nan"),
    }  # fmt: skip
    assert beside_line(row, {"faces": item}) == (
        f"2.4 % of the photo replaced; detector precision {item.precision.estimate:.2f}, recall "
        f"{item.recall.estimate:.2f}, in 50 photos; 40 of 50 photos have room for all controls: there the thing covers "
        "1.5 % of the photo, in all of them 2.4 %; controls − target: eccentricity 0.092"
    )
    assert "its detector was never measured, in 50 photos" in beside_line(row, {})
    assert "detector" not in beside_line({**row, "n_detected": 0.0}, {"faces": item})
    moved = "features moved by 0.42 of the distance between two photos"
    assert beside_line({**row, "feature_distance": 0.416}, {}).endswith(f"; {moved}")


def test_doses_are_those_of_one_parameter_in_order(run: Path) -> None:
    doses = aggregation.make_aggregates(run).doses
    assert set(doses["ablation"]) == {"blur"}
    assert set(doses["source"]) == {"all", "a", "b"}
    pooled = doses[doses["source"] == "all"].sort_values("value")
    assert list(pooled["parameter"]) == ["sigma"] * 3
    assert list(pooled["value"]) == [0.01, 0.02, 0.04]
    assert pooled["mean_delta"].is_monotonic_decreasing
    assert (pooled["ci_low"] < pooled["mean_delta"]).all()
    assert (pooled["trend_p"] < 0.001).all()
    assert len(set(pooled["trend_p"])) == 1


def test_a_shift_that_is_the_same_at_every_dose_is_no_trend(run: Path) -> None:
    study = study_files.read_study(run)
    random = np.random.default_rng(0)
    for place, condition in enumerate(study.conditions):
        if condition.ablation == "blur":
            study.score[:, place] = study.original - 0.05 + random.normal(0, 0.02, len(study.original))
    doses = aggregation.dose_table(study, effects.effect_tables(study))
    assert (doses["ci_high"] < 0).all()
    assert (doses["trend_p"] > 0.01).all()


def test_distributions_are_those_of_the_differences(run: Path) -> None:
    found = aggregation.make_aggregates(run)
    row = found.distributions[(found.distributions["mask"] == "faces") & (found.distributions["outcome"] == "excess")]
    assert len(row) == 1
    item = row.iloc[0]
    assert sum(item["counts"]) == item["n"]
    assert len(item["edges"]) == len(item["counts"]) + 1
    assert (np.diff(item["quantiles"]) >= 0).all()
    effect = found.effects[(found.effects["mask"] == "faces") & (found.effects["source"] == "all")]
    assert item["quantiles"][0] < effect["excess_delta"].min() < item["quantiles"][100]


def test_extremes_are_the_photos_that_change_most(run: Path) -> None:
    found = aggregation.make_aggregates(run).extremes
    falls = found[(found["ablation"] == "grayscale") & (found["side"] == "lowered")]
    rises = found[(found["ablation"] == "grayscale") & (found["side"] == "raised")]
    assert list(falls["rank"]) == list(range(1, 21))
    assert falls["delta"].is_monotonic_increasing
    assert rises["delta"].is_monotonic_decreasing
    np.testing.assert_allclose(falls["ablated"] - falls["original"], falls["delta"])
    assert (falls["delta"] < 0).all()
    assert (rises["delta"] > 0).all()
    assert found[found["ablation"] == "identity"].empty


def test_baseline_says_how_well_scores_agree_with_people(run: Path) -> None:
    base = aggregation.make_aggregates(run).baseline
    assert [(item.source, item.n) for item in base.validity] == [("all", 120), ("a", 60), ("b", 60)]
    assert base.validity[0].validity is not None
    assert base.validity[0].validity.estimate == pytest.approx(1)
    assert base.why_no_validity == ""
    assert (base.n_photos, base.resamples) == (120, config.RESAMPLES)


def test_a_folder_without_effects_says_how_to_get_them(run: Path) -> None:
    with pytest.raises(StudyError, match="core effects"):
        aggregates.read_aggregates(run)
    with pytest.raises(StudyError, match="core verdict"):
        aggregates.read_verdict(run)


@pytest.mark.parametrize("name", ["effects.parquet", "baseline.json", "verdict.json"])
def test_damaged_aggregates_are_refused(run: Path, name: str) -> None:
    aggregation.make_aggregates(run)
    for content in ("", "{}", "[]"):
        (run / name).write_text(content)
        with pytest.raises(StudyError):
            aggregates.read_aggregates(run)


@pytest.mark.parametrize("name", ["effects.parquet", "baseline.json", "verdict.json", "doses.parquet"])
def test_what_is_damaged_or_gone_is_made_again_from_the_rows(run: Path, name: str, capsys) -> None:
    whole = aggregation.make_aggregates(run)
    for content in ("", "{}", None):
        (run / name).unlink()
        if content is not None:
            (run / name).write_text(content)
        assert verdict_json(aggregation.aggregates(run).verdict) == verdict_json(whole.verdict)
        assert verdict_json(aggregates.read_aggregates(run).verdict) == verdict_json(whole.verdict)
    (run / name).write_text("")
    assert main(["verdict", str(run)]) == 0
    capsys.readouterr()


def test_reading_what_is_stored_takes_no_heavy_library() -> None:
    code = (
        "import sys, core.verdict.aggregates, core.verdict.effect_words\n"
        "heavy = {'torch', 'scipy', 'statsmodels', 'cv2'} & set(sys.modules)\nassert not heavy, heavy"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=config.ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


def test_effects_command_prints_stores_and_writes_a_table(run: Path, tmp_path: Path, capsys) -> None:
    out = tmp_path / "new" / "effects.csv"
    assert main(["effects", str(run), "--csv", str(out), "--check-errors"]) == 0
    text = capsys.readouterr().out
    assert "confirmatory:\n  faces removed, mean: excess Δ = −0." in text
    assert "  blur sigma 0.02: Δ = −0.0" in text
    assert "Holm p = 0.001" in text  # of 2,000 permutations, 3 rows
    assert "BH q" in text
    assert "family-wise error at 5%" in text
    table = pd.read_csv(out)
    assert list(table.columns) == list(effects.COLUMNS)
    assert (run / "effects.parquet").is_file()
    assert main(["effects", str(run), "--json"]) == 0
    answer = json.loads(capsys.readouterr().out)
    assert len(answer) == len(table)
    assert set(answer[0]) == set(effects.COLUMNS)


def test_verdict_command_begins_with_one_sentence(run: Path, capsys) -> None:
    assert main(["verdict", str(run)]) == 0
    text = capsys.readouterr().out.splitlines()
    assert text[0].startswith("resnet50 uses what a person would name")
    assert main(["verdict", str(run), "--json"]) == 0
    answer = json.loads(capsys.readouterr().out)
    assert (answer["verdict"], answer["leading_cause"]) == ("A", "face")
    assert len(answer["readings"]) == 9
    assert answer["detectors"] == []  # every mask is exact
    assert (answer["human"], "run `python -m core human" in "\n".join(text)) == (None, True)
    found = aggregates.read_aggregates(run)
    found.details.loc[found.details["mask"] == "faces", "n_detected"] = 5
    assert relied_on(found) == ("faces",)
    assert any("faces: detector CenterFace" in line for line in effect_words.lines(found))


def test_damaged_parts_are_named_and_the_exit_code_says_so(run: Path, capsys) -> None:
    (run / "rows" / "part-0009.parquet").write_text("half a")
    assert main(["effects", str(run)]) == 1
    assert "set aside: " in capsys.readouterr().out
    assert main(["verdict", str(run)]) == 1
    assert "part-0009" in capsys.readouterr().out


def test_a_folder_that_is_no_study_is_one_line(tmp_path: Path, capsys) -> None:
    for command in ("effects", "verdict"):
        assert main([command, str(tmp_path)]) == 2
        assert "is not a study" in capsys.readouterr().err


def test_without_human_scores_effects_say_why_validity_is_empty(tmp_path: Path, capsys) -> None:
    folder = planted.write_study(tmp_path / "x", n=40, rows=("grayscale",), agreement=None)
    assert main(["effects", str(folder)]) == 0
    text = capsys.readouterr().out
    assert "no validity: 0 of these photos have human scores" in text
    assert "mark: validity not established here" in text


def test_a_contaminated_study_says_so_wherever_it_is_shown(tmp_path: Path, capsys) -> None:
    folder = planted.write_study(tmp_path / "x", n=40, rows=("grayscale",), settings={"contaminated": True})
    for command in ("effects", "verdict"):
        assert main([command, str(folder)]) == 0
        assert "contaminated: the model was trained on" in capsys.readouterr().out


def test_each_source_without_validity_says_why(tmp_path: Path) -> None:
    found = aggregation.make_aggregates(planted.write_study(tmp_path, n=80, rows=("grayscale",), sources=("a", "b")))
    without = dataclasses.replace(found.baseline.validity[2], n_human=3, validity=None)
    validity = (*found.baseline.validity[:2], without)
    changed = dataclasses.replace(found, baseline=dataclasses.replace(found.baseline, validity=validity))
    text = effect_words.lines(changed)
    assert any(line.startswith("validity on a: ρ = ") for line in text)
    assert "no validity on b: 3 of 40 photos have human scores, too few for it" in text


def test_family_wise_error_of_the_shipped_study() -> None:
    """Rule 17: on sign-flipped copies of real differences."""
    said = family_wise_line(config.ARTIFACTS / "studies" / "reference")
    assert float(re.search(r"([\d.]+)% of 1,000", said)[1]) <= 6.5


def test_conditions_in_words() -> None:
    row = {"ablation": "region", "params": "{}", "mask": "faces", "fill": "mean", "direction": "keep"}
    assert condition_name(row) == "faces kept alone, mean"
    assert condition_name({**row, "mask": None, "ablation": "jpeg", "params": '{"quality":75}'}) == "jpeg quality 75"


def test_imbalance_of_controls_in_words(run: Path, capsys) -> None:
    assert controls_line({"control_eccentricity": -0.0204, "control_rmse": 0.01}) == (
        "controls − target: eccentricity −0.020, RMSE 0.010"
    )
    assert controls_line({"control_eccentricity": float("nan"), "control_rmse": float("nan")}) == ""
    assert main(["effects", str(run)]) == 0
    assert "controls − target: RMSE 0.000" in capsys.readouterr().out
