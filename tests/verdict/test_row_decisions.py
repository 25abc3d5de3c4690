"""Rows of a study: which fills decide, how a row is read, and the lead of one over another."""

from __future__ import annotations

import dataclasses
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from core import config
from core.effects import effects, populations, stats
from core.study import reading as study_files
from core.study.artefacts import Artefact, by_floor, deciding
from core.study.hosts import NO_HOSTS
from core.study.reading import Study
from core.table import Condition
from core.verdict import row_decisions, words
from core.verdict.order import orders
from core.verdict.records import RowDecision, Verdict
from core.verdict.row_decisions import decide_rows
from core.verdict.verdict import FIRST_PROTOCOL, judge
from tests.helpers import planted
from tests.helpers.hosted import BLURRED, planned, pooled
from tests.helpers.planted_pictures import FILLS, dislikes_blobs, sees_a_square, studied
from tests.verdict.conftest import N, judged, reading


def test_one_fill_alone_decides_nothing(tmp_path: Path) -> None:
    found = [Artefact(fill, size, stats.Interval(0, 0, 0), 9, size < 0.15) for fill, size in (("a", 0.1), ("b", 0.2))]
    assert deciding(found) == ()
    study = planned(tmp_path, artefacts={"mean": 0.2, "blur": 0.09, "inpaint": 0.3}, effects={"faces_removed": -1})
    (row, *_) = judge(study, effects.effect_tables(study)).readings
    assert row.reading == "not testable"
    assert row.note == "only blur is a fill that decides, and 2 are needed"


def test_two_fills_that_often_fill_alike_are_one_witness(tmp_path: Path) -> None:
    zero = stats.Interval(0, 0, 0)
    alike = [Artefact(fill, 0.1, zero, 9, True) for fill in ("inpaint", "blend")]
    assert deciding(alike) == ()
    assert deciding([*alike, Artefact("blur", 0.1, zero, 9, True)]) == ("inpaint", "blend", "blur")
    fills = ("mean", "inpaint", "blend")
    study = planned(tmp_path, fills=fills, artefacts={"mean": 0.2, "inpaint": 0.09, "blend": 0.09},
                    effects={"faces_removed": -1})  # fmt: skip
    (row, *_) = judge(study, effects.effect_tables(study)).readings
    assert row.note == "only blend and inpaint decide, which often fill alike, and 2 kinds of fills are needed"


def test_a_fill_that_decides_without_controls_is_a_mark_on_the_verdict(tmp_path: Path) -> None:
    fills, least = ("mean", "blur", "inpaint"), {"mean": 0.09, "blur": 0.09, "inpaint": 0.08}
    study = planned(tmp_path, fills=fills, artefacts=least, effects={"faces_removed": -1})
    assert set(study.deciding) == set(fills)
    assert not any("decides too" in mark for mark in judge(study, effects.effect_tables(study)).marks)
    place = study.conditions.index(BLURRED)
    bare = dataclasses.replace(study, hosts=study.hosts.where(study.hosts.place != place))
    found = judge(bare, effects.effect_tables(bare))
    assert found.readings[0].reading == "drop"
    assert not any("nan" in line for line in words.lines(found))
    assert any("blur: not computed, 0 photos have all controls" in line for line in words.lines(found))
    assert "blur decides too, but too few photos have controls under it for faces removed" in found.marks


def test_a_fill_that_decides_by_the_floor_alone_is_a_mark_on_the_verdict(tmp_path: Path) -> None:
    traces = {"mean": 0.2, "blur": 0.045, "inpaint": 0.02}
    study = planned(tmp_path, artefacts=traces, effects={"faces_removed": -1}, settings={"copies": 3})
    assert study.deciding == ("inpaint", "blur")
    assert by_floor(study.artefacts) == ("blur",)
    marks = judge(study, effects.effect_tables(study)).marks
    assert (
        "blur decides because a trace below 0.05 SD counts as none; by 1.5 times the least alone, inpaint would be "
        "left, and no row that fills a part of the photo could be decided"
    ) in marks
    assert "3 photos set aside as copies: of photos that look alike, one counts" in marks
    near = planned(tmp_path / "near", artefacts=traces | {"inpaint": 0.04}, effects={"faces_removed": -1})
    assert by_floor(near.artefacts) == ()
    alike = {"mean": 0.2, "inpaint": 0.02, "blend": 0.04}  # one witness: nothing decides, by the floor or without it
    one = planned(tmp_path / "one", fills=tuple(alike), artefacts=alike, effects={"faces_removed": -1})
    assert by_floor(one.artefacts) == ("blend",)
    assert not any("counts as none" in mark for mark in judge(one, effects.effect_tables(one)).marks)


def test_the_order_of_rows_is_less_sure_where_targets_share_hosts(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    sizes = {"faces_removed": -1.2, "people_removed": -0.8, "text_removed": -0.4}
    study = planned(tmp_path, rows=list(sizes), effects=sizes, noise=0.3)
    found = [item for item in judge(study, effects.effect_tables(study)).readings if item.row in sizes]
    for item in found:
        values = row_decisions.deciding_values(study, item, {})
        assert row_decisions.host_error(study, item, values) > 0
    sure, *_ = orders(study, found, {})
    assert (sure.found, sure.rho.low, sure.rho.high) == (tuple(sizes), 1, 1)
    monkeypatch.setattr("core.verdict.order.host_error", lambda *_: 2 * study.sd)
    unsure, *_ = orders(study, found, {})
    assert (unsure.found, unsure.rho.low, unsure.rho.high) == (tuple(sizes), -1, 1)


def test_the_lead_of_one_excess_over_another_knows_that_targets_share_hosts(tmp_path: Path) -> None:
    rows = {"faces_removed": -1.0, "people_removed": -0.9}
    study = planned(tmp_path, rows=list(rows), effects=rows, noise=0.6)
    found = judge(study, effects.effect_tables(study)).readings
    first, second = (item for item in found if item.row in rows)
    margin, n = row_decisions.compare(study, first, second, {})
    pair = np.column_stack([row_decisions.deciding_values(study, item, {}) for item in (first, second)])
    both = np.isfinite(pair).all(axis=1)
    narrow = stats.lead(*pair[both].T, seed=study.settings.seed)
    assert n == both.sum()
    assert margin.estimate == pytest.approx(narrow.estimate / study.sd)
    assert margin.high - margin.low > (narrow.high - narrow.low) / study.sd
    alone = dataclasses.replace(
        study.hosts, host=np.arange(len(study.hosts))
    )  # nobody shares: next to nothing is added
    margin, _ = row_decisions.compare(dataclasses.replace(study, hosts=alone), first, second, {})
    assert margin.high - margin.low == pytest.approx((narrow.high - narrow.low) / study.sd, rel=0.15)


def test_hosts_under_one_deciding_fill_alone_decide_nothing(tmp_path: Path) -> None:
    study = planned(tmp_path, effects={"faces_removed": -1})
    assert set(study.deciding) == {"blur", "inpaint"}
    (row, *_) = judge(study, effects.effect_tables(study)).readings
    assert row.reading == "drop"
    (bare,) = [place for place, item in enumerate(study.conditions)
               if (item.mask, item.fill, item.direction) == ("faces", "blur", "remove")]  # fmt: skip
    study = dataclasses.replace(study, hosts=study.hosts.where(study.hosts.place != bare))
    (row, *_) = judge(study, effects.effect_tables(study)).readings
    assert row.reading == "not testable"
    assert row.note == "only under inpaint have enough photos their hosts, and 2 deciding fills are needed"


def test_controls_that_disagree_leave_a_row_unresolved(tmp_path: Path) -> None:
    study = planned(tmp_path, effects={"faces_removed": -0.7}, hosted={"faces_removed": -2.0})
    tables = effects.effect_tables(study)
    assert pooled(tables, "blur")["disagree"]
    (row, *_) = judge(study, tables).readings
    assert row.reading == "unresolved"
    assert row.note == "controls disagree under blur, inpaint"
    assert row.fills[1].placed.high < 0 < row.fills[1].estimate.low


def test_a_study_of_protocol_1_says_so(tmp_path: Path) -> None:
    study = planned(tmp_path, protocol=1, effects={"faces_removed": -1})
    assert (study.protocol, study.control_kind, len(study.hosts)) == (1, "placed", 0)
    found: Verdict = judge(study, effects.effect_tables(study))
    assert FIRST_PROTOCOL in found.marks
    assert (found.readings[0].reading, found.protocol) == ("drop", 1)


def salient(study: Study) -> RowDecision:
    decided = decide_rows(study, effects.effect_tables(study), {})
    return next(item for item in decided if item.row == "salient_removed")


@pytest.fixture(scope="module")
def squares() -> Study:
    return studied(sees_a_square)


def test_a_large_square_at_any_place_is_found_by_hosts(squares: Study) -> None:
    row = salient(squares)
    assert len(squares.deciding) >= 2, squares.artefacts
    assert row.reading == "drop", row
    assert row.in_sd.high < -0.2


def test_and_missed_by_the_same_shape_elsewhere_in_the_same_photo(squares: Study) -> None:
    """Beside a square of more than half of the side there is no place for another: every photo was tried."""
    tried = np.isfinite(squares.score[:, 0])
    assert tried.sum() == squares.present("salient").sum() > 100
    assert not squares.placements[tried].any()
    first = replace(squares, settings=replace(squares.settings, protocol=1), hosts=NO_HOSTS, empty=NO_HOSTS)
    row = salient(first)
    assert (row.reading, row.note) == ("not testable", "this study holds no controls")


def test_a_model_that_dislikes_blobs_yields_no_semantic_row() -> None:
    study = studied(dislikes_blobs)
    plain = np.nanmean(study.score[:, 0] - study.original) / study.sd
    assert plain < -0.5, "the model does mind the blob"
    assert salient(study).reading not in ("drop", "rise")
    whole = replace(study, empty=replace(study.empty, change=np.full(len(study.empty), 1e-3)))
    assert set(whole.deciding) == set(FILLS)
    assert salient(whole).reading in ("negligible", "unresolved"), "also where every fill decides"


quick = pytest.mark.usefixtures("quick")
SALIENT = {"effects": {"salient_removed": -1, "background_removed": 1}, "controls": {"background_removed": -1}}


@quick
def test_a_row_must_hold_under_every_fill(tmp_path: Path) -> None:
    study = study_files.read_study(planted.write_study(tmp_path, n=N, effects={"faces_removed": -1}))
    place = study.conditions.index(Condition("region", "{}", "faces", "blur", "remove"))
    study.score[:, place] -= np.nanmean(populations.excesses(study, place))  # nothing is left under this fill
    item = row_decisions.decide_rows(study, effects.effect_tables(study), {})[0]
    assert [fill.fill for fill in item.fills] == ["mean", "blur"]
    assert item.fill == "blur"
    assert item.reading == "unresolved"
    assert item.p_holm > 0.05 > item.fills[0].p


@quick
def test_a_row_says_which_fills_it_was_never_tried_under(tmp_path: Path) -> None:
    found = judged(tmp_path / "1", rows=["faces_removed", "blur"], effects={"faces_removed": -1})
    assert reading(found, "faces_removed").note == "this study lacks the fills blur, noise, inpaint"
    assert reading(found, "blur").note == ""
    whole = judged(tmp_path / "2", rows=["faces_removed"], fills=("mean", "blur", "noise", "inpaint"))
    assert reading(whole, "faces_removed").note == ""


@quick
def test_a_rise_of_what_is_kept_is_no_effect_of_the_background(tmp_path: Path) -> None:
    """Where the object carries the score, keeping it costs less than keeping a piece of background."""
    found = judged(tmp_path, **SALIENT, noise=0.8)
    item = reading(found, "background_removed")
    assert item.estimate.low > config.SESOI * found.sd
    assert not item.effect
    assert item.note


@quick
@pytest.mark.parametrize(
    ("sign", "said"),
    [(1, "a rise, but not the plain difference: what is kept"), (-1, "a drop, but not the plain difference: another")],
)
def test_an_excess_that_the_plain_difference_does_not_follow_is_told(tmp_path: Path, sign: int, said: str) -> None:
    planted_effects = {"effects": {"background_removed": sign}, "controls": {"background_removed": -0.8 * sign}}
    item = reading(judged(tmp_path, **planted_effects, noise=0.8), "background_removed")
    assert (item.reading, item.effect) == ("unresolved", False)
    assert f"the excess is {said}" in item.note


@quick
def test_blur_is_compared_with_the_semantic_drops(tmp_path: Path) -> None:
    smaller = judged(tmp_path / "1", effects={"faces_removed": -1, "blur": -0.5})
    assert (reading(smaller, "blur").reading, reading(smaller, "blur").effect) == ("drop", False)
    assert "no larger than faces removed" in reading(smaller, "blur").note
    tied = judged(tmp_path / "2", effects={"faces_removed": -1, "blur": -1.0})
    assert reading(tied, "blur").reading == "unresolved"
    assert (tied.verdict, tied.strict, tied.leading_cause) == ("A", False, None), (
        "a blur has no mask for a face to lie in"
    )
    larger = judged(tmp_path / "3", effects={"faces_removed": -0.5, "blur": -1})
    assert reading(larger, "blur").effect


@quick
def test_few_photos_with_the_thing_are_not_testable(tmp_path: Path) -> None:
    exploratory = reading(judged(tmp_path / "1", share=0.2, effects={"faces_removed": -1}), "faces_removed")
    assert (exploratory.reading, exploratory.note) == (
        "not testable",
        f"{exploratory.n} photos have it with room for controls, 60 are needed",
    )
    nothing = judged(tmp_path / "2", share=0.05)
    note = reading(nothing, "faces_removed").note
    assert note.endswith("too few for any number")
    assert f"; not testable: faces removed ({note}); " in nothing.sentence
    assert nothing.verdict == "inconclusive"


@quick
def test_rows_that_a_study_lacks_are_not_testable(tmp_path: Path) -> None:
    found = judged(tmp_path, rows=["grayscale"], effects={"grayscale": -1})
    assert [item.reading for item in found.readings].count("not testable") == 8
    assert reading(found, "blur").note == "not in this study"
    assert found.sentence.endswith("texture removed (edge-preserving smoothing) and blur (not in this study).")
    assert found.verdict == "inconclusive", "what people would name was never tested"
    assert found.leading_cause == "colour"


@quick
def test_regions_without_controls_are_not_testable(tmp_path: Path) -> None:
    found = judged(tmp_path, rows=["faces_removed"], effects={"faces_removed": -1}, placements=0)
    assert reading(found, "faces_removed").note == "this study holds no controls"
    few = judged(tmp_path / "few", rows=["faces_removed"], placements=5, settings={"thinning": {"placements": 5}})
    assert reading(few, "faces_removed").note == "this study has 5 controls a photo, 10 are needed"
    bare = judged(tmp_path / "bare", rows=["faces_removed"], share=0.0)
    assert reading(bare, "faces_removed").note.startswith("0 photos have it with room for controls, 60 are needed")


@quick
def test_the_crop_must_hold_under_every_surround(tmp_path: Path) -> None:
    plan = planted.Plan(n=N, rows=["centre_crop"], effects={"centre_crop": -1}, surrounds=("mean", "noise"))
    study = study_files.read_study(planted.write_study(tmp_path, plan))
    found = reading(judge(study, effects.effect_tables(study)), "centre_crop")
    assert (found.reading, [fill.fill for fill in found.fills]) == ("drop", ["mean", "noise"])
    assert found.note == "this study lacks the fills blur, inpaint"
    place = next(place for place, item in enumerate(study.conditions) if "noise" in item.params)
    study.score[:, place] = study.original + (study.score[:, place] - study.original + planted.SD) * 0.5
    found = reading(judge(study, effects.effect_tables(study)), "centre_crop")
    assert (found.reading, found.fill) == ("unresolved", "noise")


@quick
def test_a_weak_detector_makes_its_rows_exploratory(tmp_path: Path) -> None:
    weak = {"faces": "precision 0.55"}
    found = judged(tmp_path, weak, effects={"faces_removed": -1, "text_removed": -1}, detectors=["faces", "text"])
    assert reading(found, "faces_removed").reading == "not testable"
    assert "precision 0.55" in reading(found, "faces_removed").note
    assert reading(found, "text_removed").reading == "drop"
    assert "faces: precision 0.55" in found.marks


@quick
def test_exact_masks_do_not_need_the_detector(tmp_path: Path) -> None:
    weak = {"faces": "precision 0.55"}
    found = judged(tmp_path, weak, effects={"faces_removed": -1})
    assert reading(found, "faces_removed").reading == "drop"
    assert reading(found, "faces_removed").note.endswith("only photos with exact masks (precision 0.55)")
