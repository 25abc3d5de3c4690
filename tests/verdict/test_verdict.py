"""The verdict: every reading of a row, every verdict, the gate, the leading cause, marks, words and JSON."""

from __future__ import annotations

import dataclasses
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from core import config
from core.effects import effects, populations
from core.errors import StudyError
from core.study import reading as study_files
from core.table import Condition
from core.verdict import causes, row_decisions
from core.verdict import words as verdict_words
from core.verdict.aggregation import make_aggregates
from core.verdict.records import Verdict
from core.verdict.verdict import gate, gate_of, judge
from tests.helpers import planted

N = 200


def judged(folder: Path, weak: dict[str, str] | None = None, **plan: Any) -> Verdict:
    """The verdict on a planted study, with fewer resamples than in earnest."""
    plan = {"n": N, "fills": ("mean",)} | plan
    study = study_files.read_study(planted.write_study(folder / "study", **plan))
    return judge(study, effects.effect_tables(study, weak=weak or {}), weak=weak)


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(config, "CONFIRMATORY_RESAMPLES", 1_000)
    for function in (effects.stats.lead, effects.stats.validity):
        monkeypatch.setitem(function.__kwdefaults__, "draws", 1_000)
    for function in (effects.stats.effects, effects.stats.sign_flip_p):
        name = "permutations" if "permutations" in function.__kwdefaults__ else "draws"
        monkeypatch.setitem(function.__kwdefaults__, name, 2_000)


def reading(found: Verdict, row: str) -> Any:
    return next(item for item in found.readings if item.row == row)


SALIENT = {"effects": {"salient_removed": -1, "background_removed": 1}, "controls": {"background_removed": -1}}
WORLDS = [
    ("A", "face", {"effects": {"faces_removed": -1}}),
    ("A", "face", {"effects": {"faces_removed": -1, "people_removed": -1}, "noise": 0.6}),  # a face in a person
    ("A", "face", {"effects": {"faces_removed": -1, "blur": -0.5, "texture": -0.1}}),
    ("A", "person", {"effects": {"people_removed": -1, "faces_removed": -0.4}}),
    ("A", "salient object", SALIENT),
    ("A", "text", {"effects": {"text_removed": -1}}),
    ("A", None, {"effects": {"text_removed": -1, "faces_removed": -1}}),
    ("A", None, {"effects": {"salient_removed": -1, "people_removed": -1}, "noise": 0.6}),  # may lie elsewhere
    ("A", "text", {"effects": {"text_removed": -1.2, "faces_removed": -0.7, "people_removed": -0.4}}),
    ("B", "colour", {"effects": {"grayscale": -1}}),
    ("B", "colour", {"effects": {"grayscale": 1}}),
    ("B", "texture", {"effects": {"texture": -1, "blur": -1.01}}),
    ("B", "spatial frequency", {"effects": {"blur": -1, "texture": -0.3}}),
    ("B", "context", {"effects": {"centre_crop": -1}}),
    ("B", "context", {"effects": {"centre_crop": -1, "background_removed": -1}}),
    ("mixed", "face", {"effects": {"faces_removed": -1.2, "grayscale": -0.8}}),
    ("mixed", None, {"effects": {"faces_removed": -1, "grayscale": -1.01}}),
    ("mixed", "spatial frequency", {"effects": {"faces_removed": -0.5, "blur": -1}}),
    ("inconclusive", None, {}),
    ("inconclusive", "face", {"effects": {"faces_removed": 1}}),
]


@pytest.mark.parametrize(("expected", "cause", "plan"), WORLDS)
def test_worlds_of_known_cause(tmp_path: Path, expected: str, cause: str | None, plan: dict[str, Any]) -> None:
    found = judged(tmp_path, **plan)
    assert (found.verdict, found.leading_cause) == (expected, cause), verdict_words.lines(found)
    assert found.strict
    assert found.gate.status == "passed"
    assert found.sentence.endswith(".")


def test_readings_follow_the_thresholds(tmp_path: Path) -> None:
    planted_effects = {"faces_removed": -1, "people_removed": 1, "text_removed": -0.2, "grayscale": 0.1}
    found = judged(tmp_path, effects=planted_effects)
    assert {item.row: item.reading for item in found.readings[:7]} == {
        "faces_removed": "drop",
        "people_removed": "rise",
        "salient_removed": "negligible",
        "text_removed": "unresolved",
        "background_removed": "negligible",
        "centre_crop": "negligible",
        "grayscale": "negligible",
    }
    assert found.verdict == "A"
    assert not found.strict
    assert found.held_back == ("text_removed",)
    assert "leaning: text removed is unresolved" in found.sentence


def test_a_row_must_hold_under_every_fill(tmp_path: Path) -> None:
    study = study_files.read_study(planted.write_study(tmp_path, n=N, effects={"faces_removed": -1}))
    place = study.conditions.index(Condition("region", "{}", "faces", "blur", "remove"))
    study.score[:, place] -= np.nanmean(populations.excesses(study, place))  # nothing is left under this fill
    item = row_decisions.decide_rows(study, effects.effect_tables(study), {})[0]
    assert [fill.fill for fill in item.fills] == ["mean", "blur"]
    assert item.fill == "blur"
    assert item.reading == "unresolved"
    assert item.p_holm > 0.05 > item.fills[0].p


def test_a_row_says_which_fills_it_was_never_tried_under(tmp_path: Path) -> None:
    found = judged(tmp_path / "1", rows=["faces_removed", "blur"], effects={"faces_removed": -1})
    assert reading(found, "faces_removed").note == "this study lacks the fills blur, noise, inpaint"
    assert reading(found, "blur").note == ""
    whole = judged(tmp_path / "2", rows=["faces_removed"], fills=("mean", "blur", "noise", "inpaint"))
    assert reading(whole, "faces_removed").note == ""


def test_a_rise_of_what_is_kept_is_no_effect_of_the_background(tmp_path: Path) -> None:
    """Where the object carries the score, keeping it costs less than keeping a piece of background."""
    found = judged(tmp_path, **SALIENT, noise=0.8)
    item = reading(found, "background_removed")
    assert item.estimate.low > config.SESOI * found.sd
    assert not item.effect
    assert item.note


@pytest.mark.parametrize(
    ("sign", "said"),
    [(1, "a rise, but not the plain difference: what is kept"), (-1, "a drop, but not the plain difference: another")],
)
def test_an_excess_that_the_plain_difference_does_not_follow_is_told(tmp_path: Path, sign: int, said: str) -> None:
    planted_effects = {"effects": {"background_removed": sign}, "controls": {"background_removed": -0.8 * sign}}
    item = reading(judged(tmp_path, **planted_effects, noise=0.8), "background_removed")
    assert (item.reading, item.effect) == ("unresolved", False)
    assert f"the excess is {said}" in item.note


def test_a_rise_of_a_thing_is_not_said_to_be_a_fall(tmp_path: Path) -> None:
    found = judged(tmp_path, effects={"faces_removed": -1, "text_removed": 1})
    assert found.verdict == "A"
    assert "its score falls with faces removed and rises with text removed, and no shortcut shows" in found.sentence


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


def test_rows_that_a_study_lacks_are_not_testable(tmp_path: Path) -> None:
    found = judged(tmp_path, rows=["grayscale"], effects={"grayscale": -1})
    assert [item.reading for item in found.readings].count("not testable") == 8
    assert reading(found, "blur").note == "not in this study"
    assert found.sentence.endswith("texture removed (edge-preserving smoothing) and blur (not in this study).")
    assert found.verdict == "inconclusive", "what people would name was never tested"
    assert found.leading_cause == "colour"


def test_regions_without_controls_are_not_testable(tmp_path: Path) -> None:
    found = judged(tmp_path, rows=["faces_removed"], effects={"faces_removed": -1}, placements=0)
    assert reading(found, "faces_removed").note == "this study holds no controls"
    few = judged(tmp_path / "few", rows=["faces_removed"], placements=5, settings={"thinning": {"placements": 5}})
    assert reading(few, "faces_removed").note == "this study has 5 controls a photo, 10 are needed"
    bare = judged(tmp_path / "bare", rows=["faces_removed"], share=0.0)
    assert reading(bare, "faces_removed").note.startswith("0 photos have it with room for controls, 60 are needed")


def test_no_verdict_without_validity(tmp_path: Path) -> None:
    found = judged(tmp_path, effects={"faces_removed": -1}, agreement=0.2)
    assert (found.verdict, found.withheld, found.leading_cause, found.gate.status) == (
        "inconclusive",
        True,
        None,
        "failed",
    )
    assert found.sentence.startswith("No verdict")
    assert reading(found, "faces_removed").reading == "drop"


def test_every_photo_set_must_pass_the_gate(tmp_path: Path) -> None:
    """Together both pass, by the difference between them alone."""
    study = study_files.read_study(planted.write_study(tmp_path, n=120, rows=["blur"], sources=("a", "b")))
    random, second = np.random.default_rng(0), study.sources == "b"
    study.human[:] = random.normal(0.5, 0.05, 120) + 0.5 * second
    study.original[:] = random.normal(0.4, 0.05, 120) + 0.5 * second
    assert gate(study.original, study.human).status == "passed"
    found = judge(study, effects.effect_tables(study))
    assert (found.gate.status, found.withheld, found.gate.n) == ("failed", True, 60)
    assert f"agree too little with people's on {found.gate.source}" in found.sentence
    study.original[~second] = study.human[~second]
    assert gate_of(study).source == "b"
    study.original[second] = study.human[second]
    assert gate_of(study).status == "passed"


def test_a_photo_set_with_few_human_scores_is_marked_and_does_not_decide(tmp_path: Path) -> None:
    study = study_files.read_study(planted.write_study(tmp_path, n=120, rows=["blur"], sources=("a", "b", "c")))
    study.human[np.flatnonzero(study.sources == "b")[3:]] = np.nan
    study.human[study.sources == "c"] = np.nan
    found = judge(study, effects.effect_tables(study))
    assert (found.gate.status, found.gate.source, found.gate.n) == ("passed", "", 40)
    assert [mark for mark in found.marks if "not established" in mark] == [
        "validity not established on c: no human scores there",
        "validity not established on b: 3 photos with human scores, too few",
    ]


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


def test_a_constant_model_has_no_verdict(tmp_path: Path) -> None:
    study = study_files.read_study(planted.write_study(tmp_path, n=80, noise=0.0))
    for values in (study.score, study.control):
        values[np.isfinite(values)] = 0.5
    study.original[:] = 0.5
    found = judge(study, effects.effect_tables(study))
    assert found.withheld
    assert json.dumps(verdict_words.verdict_json(found), allow_nan=False)


def test_without_human_scores_the_verdict_carries_a_mark(tmp_path: Path) -> None:
    found = judged(tmp_path, effects={"faces_removed": -1}, agreement=None)
    assert (found.verdict, found.gate.status, found.evidence) == ("A", "not established", ())
    assert "validity not established here" in found.marks
    assert "validity is not established" in found.sentence


def test_marks_of_the_study_are_kept(tmp_path: Path) -> None:
    settings = {"possibly_seen": True, "contaminated": True, "thinning": {"photos": 100}}
    found = judged(tmp_path, settings=settings, rows=["blur"])
    assert [mark.split(":")[0] for mark in found.marks] == [
        "contaminated", "possibly seen", "validity not established here", "thinned",
    ]  # fmt: skip
    assert found.gate.status == "not established", "validity on photos that were learned from is none"
    assert found.gate.validity is not None
    failed = judged(tmp_path / "failed", settings=settings, rows=["blur"], agreement=0.2)
    assert failed.gate.status == "failed"


def test_a_weak_detector_makes_its_rows_exploratory(tmp_path: Path) -> None:
    weak = {"faces": "precision 0.55"}
    found = judged(tmp_path, weak, effects={"faces_removed": -1, "text_removed": -1}, detectors=["faces", "text"])
    assert reading(found, "faces_removed").reading == "not testable"
    assert "precision 0.55" in reading(found, "faces_removed").note
    assert reading(found, "text_removed").reading == "drop"
    assert "faces: precision 0.55" in found.marks


def test_exact_masks_do_not_need_the_detector(tmp_path: Path) -> None:
    weak = {"faces": "precision 0.55"}
    found = judged(tmp_path, weak, effects={"faces_removed": -1})
    assert reading(found, "faces_removed").reading == "drop"
    assert reading(found, "faces_removed").note.endswith("only photos with exact masks (precision 0.55)")


def test_a_sham_with_an_effect_is_marked(tmp_path: Path) -> None:
    study = study_files.read_study(planted.write_study(tmp_path, n=80, rows=["blur"]))
    study.score[0, study.conditions.index(Condition("identity"))] += 1e-6
    found = judge(study, effects.effect_tables(study))
    assert not found.shams[0].passed
    assert any("sham identity" in mark for mark in found.marks)


def test_lost_validity_is_told_from_validity_that_survives(tmp_path: Path) -> None:
    study = study_files.read_study(planted.write_study(tmp_path, n=N, rows=["blur", "grayscale"]))
    random = np.random.default_rng(0)
    study.score[:, study.conditions.index(Condition("grayscale", "{}"))] = random.random(N)
    found = {item.ablation: item.status for item in judge(study, effects.effect_tables(study)).evidence}
    assert found == {"blur": "survives", "grayscale": "lost", "identity": "survives"}


def test_pairs_are_compared_at_the_same_size(tmp_path: Path) -> None:
    """Blur at its default changes the pixels twice as much as grayscale, for 1.5 times the effect."""
    study = study_files.read_study(
        planted.write_study(
            tmp_path, n=N, rows=["grayscale", "blur"], effects={"grayscale": -1, "blur": -1.5}, doses=()
        )
    )
    blurred = study.conditions.index(Condition("blur", '{"sigma":0.02}'))
    study.rmse[:, blurred] *= 2
    found = judge(study, effects.effect_tables(study))
    assert found.leading_cause == "spatial frequency"
    (pair,) = found.pairs
    assert (pair.first, pair.second, pair.n, pair.rmse) == ("grayscale", "blur", N, pytest.approx(0.05))
    assert pair.probability > 0.99


def test_doses_of_one_ablation_belong_together() -> None:
    conditions = [
        Condition("blur", '{"sigma":0.02}'),
        Condition("blur", '{"sigma":0.04}'),
        Condition("centre_crop", '{"keep":0.5,"surround":"mean"}'),
        Condition("centre_crop", '{"keep":0.5,"surround":"rescaled"}'),
        Condition("centre_crop", '{"keep":0.7,"surround":"mean"}'),
        Condition("centre_crop", '{"keep":0.7,"surround":"rescaled"}'),
    ]
    assert causes.series(conditions, 0) == [0, 1]
    assert causes.series(conditions, 2) == [2, 4]


def test_a_verdict_survives_json(tmp_path: Path) -> None:
    found = judged(tmp_path, effects={"faces_removed": -1}, share=0.25, rows=["faces_removed", "text_removed", "blur"])
    content = json.loads(json.dumps(verdict_words.verdict_json(found), allow_nan=False))
    again = verdict_words.verdict_from_json(content)
    assert verdict_words.verdict_json(again) == content
    assert dataclasses.replace(again, readings=(), pairs=(), evidence=()) == dataclasses.replace(
        found, readings=(), pairs=(), evidence=()
    )
    assert content["leading_cause"] == found.leading_cause
    for damaged in ([], {}, {"verdict": "A"}, {**content, "readings": [1]}, {**content, "gate": None}):
        with pytest.raises(StudyError):
            verdict_words.verdict_from_json(damaged)


def test_lines_say_what_the_verdict_rests_on(tmp_path: Path) -> None:
    found = judged(tmp_path, effects={"faces_removed": -1}, fills=("mean", "noise"))
    text = verdict_words.lines(found)
    assert text[0] == found.sentence
    assert any(line.startswith("  drop") and "faces removed" in line for line in text)
    assert any("noise:" in line for line in text)
    assert "memor" not in "\n".join(text).lower()
    assert "nan" not in "\n".join(text).lower()


def test_an_unfinished_study_says_how_far_it_came(tmp_path: Path) -> None:
    settings = {"finished": False, "listed": 900}
    folder = planted.write_study(tmp_path / "study", n=80, rows=("grayscale",), settings=settings)
    marks = make_aggregates(folder).verdict.marks
    assert "unfinished: 80 photos so far, drawn from 900 listed" in marks
