"""Reading study folders, and their effects: every column against a plain computation."""

from __future__ import annotations

import json
import math
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from scipy import stats as reference
from statsmodels.stats.multitest import multipletests

from core import config
from core.effects import effects, stats
from core.effects.populations import decision_differences
from core.errors import StudyError
from core.study import reading as study_files
from core.study.protocol import DECISION_ROWS, at_default, decision_row
from core.table import PHOTOS, ROWS, Condition
from tests.helpers import planted

EFFECTS = {"faces_removed": -1.0, "grayscale": 0.5, "blur": -0.3}


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A study of two sources with planted effects."""
    return planted.write_study(tmp_path_factory.mktemp("runs") / "two", effects=EFFECTS, sources=("a", "b"))


@pytest.fixture(scope="module")
def study(folder: Path) -> study_files.Study:
    return study_files.read_study(folder)


@pytest.fixture(scope="module")
def tables(study: study_files.Study) -> effects.Tables:
    return effects.effect_tables(study)


@pytest.fixture(scope="module")
def raw(folder: Path) -> pd.DataFrame:
    """The rows as they lie in the files, with the untouched score beside each."""
    rows = pq.read_table(folder / "rows").to_pandas()
    clean = rows[rows["ablation"] == "original"].set_index("photo_id")["score"]
    return rows.assign(original=rows["photo_id"].map(clean))


def one(table: pd.DataFrame, **where: object) -> pd.Series:
    """The only row with these values."""
    for name, value in where.items():
        table = table[table[name].isna() if value is None else table[name] == value]
    assert len(table) == 1, table
    return table.iloc[0]


FACES = {"mask": "faces", "fill": "mean", "source": "all"}


def test_a_study_is_read_as_arrays(study: study_files.Study, raw: pd.DataFrame) -> None:
    assert study.problems == ()
    assert len(study.original) == 300
    place = study.conditions.index(Condition("region", "{}", "faces", "mean", "remove"))
    rows = raw[(raw["mask"] == "faces") & (raw["fill"] == "mean")]
    controls = rows[rows["placement"] > 0].groupby("photo_id")["score"].mean()
    targets = rows[rows["placement"] == 0].set_index("photo_id")["score"]
    order = [name for name in study.photo_ids if name in targets.index]
    there = study.present("faces")
    assert list(study.photo_ids[there]) == order
    np.testing.assert_array_equal(study.score[there, place], targets[order])
    np.testing.assert_allclose(study.control[there, place], controls[order])
    assert set(study.placements[there, place]) == {10}
    assert np.isnan(study.score[~there, place]).all()


def test_columns_are_exactly_those_of_the_specification(tables: effects.Tables) -> None:
    assert " ".join(tables.effects.columns) == (
        "model source ablation params mask fill direction population family n mean_delta ci_low ci_high "
        "median_delta mean_abs_delta share_lowered d_z delta_in_sd control_mean_delta excess_delta excess_ci_low "
        "excess_ci_high n_controls p p_holm q_bh equivalence_p minimum_detectable validity_drop validity_ci_low "
        "validity_ci_high area rmse feature_distance"
    )
    assert set(tables.effects["source"]) == {"all", "a", "b"}
    assert not tables.effects.duplicated(list(effects.KEY)).any()
    assert len(tables.details) == len(tables.effects)


def test_an_eligible_row_by_plain_computation(tables: effects.Tables, raw: pd.DataFrame) -> None:
    row = one(tables.effects, **FACES, population="eligible")
    rows = raw[(raw["mask"] == "faces") & (raw["fill"] == "mean")]
    target = rows[rows["placement"] == 0].set_index("photo_id")
    delta = target["score"] - target["original"]
    control = (
        rows[rows["placement"] > 0].groupby("photo_id").apply(lambda part: (part["score"] - part["original"]).mean())
    )
    sd = raw.drop_duplicates("photo_id")["original"].std(ddof=1)
    excess = delta - control
    assert row["family"] == "confirmatory"
    assert (row["n"], row["n_controls"]) == (len(delta), len(delta))
    assert row["mean_delta"] == pytest.approx(delta.mean())
    assert row["median_delta"] == pytest.approx(delta.median())
    assert row["mean_abs_delta"] == pytest.approx(delta.abs().mean())
    assert row["share_lowered"] == pytest.approx((delta < 0).mean())
    assert row["d_z"] == pytest.approx(delta.mean() / delta.std(ddof=1))
    assert row["delta_in_sd"] == pytest.approx(delta.mean() / sd)
    assert row["control_mean_delta"] == pytest.approx(control.mean())
    assert row["excess_delta"] == pytest.approx(excess.mean())
    wide = reference.bootstrap(
        (excess.to_numpy(),), np.mean, n_resamples=10_000, method="BCa", rng=0
    ).confidence_interval
    assert (row["excess_ci_low"], row["excess_ci_high"]) == pytest.approx((wide.low, wide.high), abs=0.001)
    assert row["p"] == pytest.approx(1 / 20_001)
    assert row["equivalence_p"] == pytest.approx(stats.equivalence_p(excess.to_numpy(), config.SESOI * sd))
    assert row["minimum_detectable"] == pytest.approx(
        stats.minimum_detectable(excess.to_numpy(), 0.05 / 7)
    )  # two others are found
    assert (row["area"], row["rmse"], row["feature_distance"]) == pytest.approx((0.1, 0.05, 0.4))


def test_photos_without_the_thing_count_as_unchanged(tables: effects.Tables, study: study_files.Study) -> None:
    everyone = one(tables.effects, **FACES, population="all")
    eligible = one(tables.effects, **FACES, population="eligible")
    share = study.present("faces").mean()
    assert everyone["family"] == "exploratory"
    assert everyone["n"] == everyone["n_controls"] == 300
    for column in ("mean_delta", "excess_delta", "control_mean_delta", "area", "rmse", "share_lowered"):
        assert everyone[column] == pytest.approx(eligible[column] * share), column


def test_a_thing_that_is_not_there_cannot_be_kept_alone(tables: effects.Tables, study: study_files.Study) -> None:
    kept = {"mask": "salient", "direction": "keep", "fill": "mean", "source": "all"}
    everyone, eligible = (one(tables.effects, **kept, population=name) for name in ("all", "eligible"))
    assert everyone["n"] == everyone["n_controls"] == eligible["n"] == study.present("salient").sum()
    assert everyone["mean_delta"] == eligible["mean_delta"]


def test_how_large_things_are_where_there_is_room_for_controls(tmp_path: Path) -> None:
    folder = planted.write_study(tmp_path, n=80, rows=["faces_removed"], fills=["mean"], detectors=["faces"])
    study = study_files.read_study(folder)
    there = study.present("faces")
    study.things["faces"].area[there] = np.linspace(0.01, 0.4, there.sum())
    large = np.flatnonzero(there)[30:]
    study.placements[large] = 4
    study.things["faces"].exact[:10] = True
    detail = one(effects.effect_tables(study).details, **FACES, population="eligible")
    assert detail["thing_area"] == pytest.approx(0.205)
    assert detail["thing_area_controlled"] == pytest.approx(np.linspace(0.01, 0.4, there.sum())[:30].mean())
    assert detail["n_detected"] == there[10:].sum()
    assert one(effects.effect_tables(study).details, **FACES, population="all")["n_detected"] == 70


def test_imbalance_of_the_controls_stands_beside_the_effect(tmp_path: Path) -> None:
    folder = planted.write_study(tmp_path, n=80, rows=["faces_removed"], fills=["mean"])
    rows, photos = (pq.read_table(folder / name).to_pandas() for name in ("rows", "photos"))
    rows.loc[rows["placement"] > 0, "rmse"] = 0.02 + 0.001 * rows["placement"]  # the target's is 0.05
    regions = [json.loads(text) for text in photos["regions"]]
    for number, found in enumerate(regions):
        found["faces"]["imbalance"] = 0.1 if number % 2 else -0.02
    photos["regions"] = [json.dumps(found) for found in regions]
    for name, table, schema in (("rows", rows, ROWS), ("photos", photos, PHOTOS)):
        for file in (folder / name).glob("*.parquet"):
            file.unlink()
        pq.write_table(pa.Table.from_pandas(table, schema, preserve_index=False), folder / name / "part-0000.parquet")
    study = study_files.read_study(folder)
    expected = np.where(np.arange(80) % 2, 0.1, -0.02)[study.present("faces")].mean()
    for population in ("eligible", "all"):
        detail = one(effects.effect_tables(study).details, **FACES, population=population)
        assert detail["control_rmse"] == pytest.approx(0.0255 - 0.05)
        assert detail["control_eccentricity"] == pytest.approx(expected)


def test_an_exploratory_test_counts_once_for_both_populations(tables: effects.Tables) -> None:
    table = tables.effects
    explored = table[table["family"] == "exploratory"]
    eligible = explored[explored["population"] == "eligible"]
    conditions = [
        Condition(*(None if pd.isna(value) else value for value in row))
        for row in explored[list(effects.KEY[2:7])].values
    ]
    decisive = np.array([decision_row(condition) is not None for condition in conditions])
    pooled_and_decisive = (explored["source"] == "all") & decisive
    once = pd.concat([eligible, explored[pooled_and_decisive]])
    expected = multipletests(once["p"], method="fdr_bh")[1]
    np.testing.assert_allclose(table.loc[once.index, "q_bh"], expected)
    for _, row in eligible.iterrows():
        same = (explored[list(effects.KEY[1:7])].fillna("") == row[list(effects.KEY[1:7])].fillna("")).all(axis=1)
        assert explored.loc[same, "q_bh"].nunique() == 1


def test_whole_photo_ablations_find_every_photo_eligible(tables: effects.Tables) -> None:
    rows = [one(tables.effects, ablation="grayscale", source="all", population=name) for name in ("all", "eligible")]
    assert [row["family"] for row in rows] == ["exploratory", "confirmatory"]
    assert rows[0]["mean_delta"] == rows[1]["mean_delta"]
    assert rows[0]["n"] == rows[1]["n"] == 300
    assert math.isnan(rows[1]["excess_delta"])
    assert rows[1]["mean_delta"] == pytest.approx(0.5 * planted.SD, abs=0.01)


def test_the_two_families_are_never_mixed(tables: effects.Tables) -> None:
    table = tables.effects
    confirmatory = table["family"] == "confirmatory"
    assert confirmatory.sum() == 5 * 2 + 4  # five region rows under two fills, four whole-photo rows
    assert set(table.loc[confirmatory, "population"]) == {"eligible"}
    assert set(table.loc[confirmatory, "source"]) == {"all"}
    assert table.loc[confirmatory, "p_holm"].notna().all()
    assert table.loc[confirmatory, "q_bh"].isna().all()
    assert table.loc[~confirmatory, "p_holm"].isna().all()
    assert table.loc[~confirmatory, "q_bh"].notna().all()


def test_a_row_takes_the_largest_p_of_its_fills(tables: effects.Tables) -> None:
    table = tables.effects[tables.effects["family"] == "confirmatory"].copy()
    columns = ["ablation", "params", "mask", "fill", "direction"]
    table["row"] = [
        decision_row(Condition(*[None if pd.isna(value) else value for value in values])).id  # type: ignore[union-attr]
        for values in table[columns].to_numpy()
    ]
    largest = table.groupby("row", sort=False)["p"].max()
    expected = dict(zip(largest.index, stats.holm(largest.to_numpy()), strict=True))
    assert len(expected) == 9
    np.testing.assert_allclose(table["p_holm"], table["row"].map(expected))


def test_loss_of_validity_is_of_the_same_photos(tables: effects.Tables, study: study_files.Study) -> None:
    row = one(tables.effects, ablation="blur", params='{"sigma":0.04}', source="all", population="all")
    detail = one(tables.details, ablation="blur", params='{"sigma":0.04}', source="all", population="all")
    place = study.conditions.index(Condition("blur", '{"sigma":0.04}'))
    before = reference.spearmanr(study.original, study.human).statistic
    after = reference.spearmanr(study.score[:, place], study.human).statistic
    assert row["validity_drop"] == pytest.approx(before - after)
    assert row["validity_ci_low"] < row["validity_drop"] < row["validity_ci_high"]
    assert detail["validity"] == pytest.approx(after)
    assert detail["n_human"] == 300


def test_a_constant_shift_loses_no_ranking(tmp_path: Path) -> None:
    plan = {"n": 60, "effects": {"grayscale": -1.0}, "noise": 0.0, "rows": ["grayscale"]}
    table = effects.effect_tables(study_files.read_study(planted.write_study(tmp_path, **plan))).effects
    row = one(table, ablation="grayscale", population="eligible")
    assert row["mean_delta"] == pytest.approx(-planted.SD)
    assert row["validity_drop"] == pytest.approx(0, abs=1e-9)


def test_identity_is_exactly_nothing(tables: effects.Tables) -> None:
    row = one(tables.effects, ablation="identity", source="all", population="all")
    assert (row["mean_delta"], row["ci_low"], row["ci_high"], row["p"], row["validity_drop"]) == (0, 0, 0, 1, 0)


def test_without_human_scores_validity_is_empty(tmp_path: Path) -> None:
    study = study_files.read_study(planted.write_study(tmp_path, agreement=None, n=80, rows=["blur"]))
    tables = effects.effect_tables(study)
    assert tables.effects["validity_drop"].isna().all()
    assert set(tables.details["n_human"]) == {0}


@pytest.mark.parametrize(("share", "family", "computed"), [(0.1, "exploratory", True), (0.03, "exploratory", False)])
def test_few_eligible_photos(tmp_path: Path, share: float, family: str, computed: bool) -> None:
    study = study_files.read_study(planted.write_study(tmp_path, share=share, rows=["faces_removed"], fills=["mean"]))
    for population in ("all", "eligible"):
        row = one(effects.effect_tables(study).effects, mask="faces", population=population)
        assert row["family"] == family
        assert math.isnan(row["p"]) is not computed
        assert math.isnan(row["mean_delta"]) is not computed


def test_photos_with_too_few_placements_have_no_excess(tmp_path: Path) -> None:
    study = study_files.read_study(planted.write_study(tmp_path, placements=9, rows=["faces_removed"]))
    tables = effects.effect_tables(study)
    row = one(tables.effects, **FACES, population="eligible")
    assert row["n_controls"] == 0
    assert math.isnan(row["excess_delta"])
    assert row["p"] < 1
    assert row["family"] == "exploratory"
    assert one(tables.details, **FACES, population="eligible")["control_placements"] == 9


def test_weak_detectors_leave_exact_masks_or_nothing(tmp_path: Path) -> None:
    folder = planted.write_study(tmp_path, rows=["faces_removed"], fills=["mean"], detectors=["faces"])
    study = study_files.read_study(folder)
    row = one(effects.effect_tables(study, weak={"faces"}).effects, mask="faces", population="eligible")
    assert row["family"] == "exploratory"
    exact = study.things["faces"].exact
    exact[::2] = True
    row = one(effects.effect_tables(study, weak={"faces"}).effects, mask="faces", population="eligible")
    assert row["family"] == "confirmatory"
    assert row["n"] == (study.present("faces") & exact).sum()


def test_family_wise_error_of_a_study(study: study_files.Study) -> None:
    rows = decision_differences(study)
    assert [row.shape for row in rows] == [(300, 2)] * 5 + [(300, 1)] * 4
    assert stats.family_wise_error(rows) <= 0.065


# Folders that are not as they should be.


def copy(folder: Path, to: Path) -> Path:
    for file in folder.rglob("*"):
        if file.is_file():
            (to / file.relative_to(folder)).parent.mkdir(parents=True, exist_ok=True)
            (to / file.relative_to(folder)).write_bytes(file.read_bytes())
    return to


def test_damaged_and_foreign_parts_are_named_and_set_aside(
    folder: Path, study: study_files.Study, tmp_path: Path
) -> None:
    place = copy(folder, tmp_path)
    whole = (place / "rows" / "part-0000.parquet").read_bytes()
    (place / "rows" / "part-0007.parquet").write_bytes(whole[: len(whole) // 2])
    (place / "rows" / "part-0008.parquet").write_text("not a table")
    pq.write_table(pa.table({"x": [1]}), place / "rows" / "part-0009.parquet")
    table = pq.read_table(place / "rows" / "part-0000.parquet")
    other = table.set_column(2, "model", pa.array(["other"] * len(table)))
    pq.write_table(other, place / "rows" / "part-0010.parquet")
    words = table.set_column(table.schema.get_field_index("score"), "score", pa.array(["high"] * len(table)))
    pq.write_table(words, place / "rows" / "part-0011.parquet")
    again = study_files.read_study(place)
    assert [Path(item.where).name[5:9] for item in again.problems] == ["0007", "0008", "0009", "0010", "0011"]
    np.testing.assert_array_equal(again.score, study.score)
    np.testing.assert_array_equal(again.control, study.control)


def test_a_part_that_comes_twice_counts_once(folder: Path, study: study_files.Study, tmp_path: Path) -> None:
    place = copy(folder, tmp_path)
    (place / "rows" / "part-0099.parquet").write_bytes((place / "rows" / "part-0001.parquet").read_bytes())
    again = study_files.read_study(place)
    np.testing.assert_array_equal(again.placements, study.placements)
    np.testing.assert_array_equal(again.control, study.control)


def test_photos_without_an_untouched_score_do_not_count(folder: Path, tmp_path: Path) -> None:
    place = copy(folder, tmp_path)
    rows = pq.read_table(place / "rows" / "part-0000.parquet").to_pandas()
    rows = rows[rows["ablation"] != "original"]
    pq.write_table(pa.Table.from_pandas(rows, ROWS, preserve_index=False), place / "rows" / "part-0000.parquet")
    again = study_files.read_study(place)
    assert len(again.original) == 200
    assert "100 photos have no untouched score" in again.problems[0].reason


def test_rows_of_unknown_photos_are_left_out(folder: Path, tmp_path: Path) -> None:
    place = copy(folder, tmp_path)
    rows = pq.read_table(place / "rows" / "part-0000.parquet").to_pandas().assign(photo_id="stranger")
    pq.write_table(pa.Table.from_pandas(rows, ROWS, preserve_index=False), place / "rows" / "part-0050.parquet")
    again = study_files.read_study(place)
    assert len(again.original) == 300
    assert "the photo table lacks" in again.problems[0].reason


@pytest.mark.parametrize(
    ("text", "said"),
    [(None, "is not a study"), ("{", "cannot be read"), ("[]", "is not the settings"), ('{"name": "x"}', "model")],
)
def test_other_folders_are_refused(tmp_path: Path, text: str | None, said: str) -> None:
    if text is not None:
        (tmp_path / "study.json").write_text(text)
    with pytest.raises(StudyError, match=said):
        study_files.read_study(tmp_path)


def test_an_empty_study_is_refused_with_what_was_wrong(tmp_path: Path) -> None:
    (tmp_path / "study.json").write_text(json.dumps({"model": "resnet50"}))
    (tmp_path / "rows").mkdir()
    (tmp_path / "rows" / "part-0000.parquet").write_text("")
    with pytest.raises(StudyError, match=r"no photo of this study is scored yet.*part-0000"):
        study_files.read_study(tmp_path)


def test_settings_that_are_left_out_are_those_of_a_plain_study(tmp_path: Path) -> None:
    (tmp_path / "study.json").write_text(json.dumps({"model": "resnet50", "source": "scenes", "more": 1}))
    settings = study_files.read_settings(tmp_path)
    assert (settings.sources, settings.possibly_seen, settings.conditions) == (("scenes",), False, ())
    assert settings.name == tmp_path.name


# Decision rows.


@pytest.mark.parametrize(
    ("condition", "row"),
    [
        (Condition("blur"), "blur"),
        (Condition("blur", '{"sigma":0.02}'), "blur"),
        (Condition("blur", '{"sigma":0.04}'), None),
        (Condition("centre_crop", '{"keep":0.5,"surround":"mean"}'), "centre_crop"),
        (Condition("centre_crop", '{"keep":0.5,"surround":"noise"}'), "centre_crop"),
        (Condition("centre_crop", '{"keep":0.7,"surround":"noise"}'), None),
        (Condition("centre_crop", '{"keep":0.5,"surround":"rescaled"}'), None),
        (Condition("region", "{}", "faces", "inpaint", "remove"), "faces_removed"),
        (Condition("region", '{"feather":0.0}', "faces", "mean", "remove"), "faces_removed"),
        (Condition("region", '{"feather":0.1}', "faces", "mean", "remove"), None),
        (Condition("region", '{"of":"content"}', "faces", "blur", "remove"), None),
        (Condition("region", "{}", "faces", "grayscale", "remove"), None),
        (Condition("region", "{}", "faces", "mean", "keep"), None),
        (Condition("region", "{}", "salient", "mean", "keep"), "background_removed"),
        (Condition("unheard_of", '{"x":1}'), None),
    ],
)
def test_conditions_that_decide(condition: Condition, row: str | None) -> None:
    found = decision_row(condition)
    assert (found.id if found else None) == row


def test_the_rows_are_those_of_the_specification() -> None:
    assert [(row.kind, row.outcome, row.account_a) for row in DECISION_ROWS] == [
        *[("semantic", "excess", "drop")] * 4,
        ("low-level", "excess", "negligible"),
        *[("low-level", "delta", "negligible")] * 3,
        ("low-level", "delta", "no larger than the largest semantic drop"),
    ]
    assert at_default(Condition("jpeg"))
