"""The verdict on worlds of known cause: the gate, the marks, and how far it is held back."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from core.effects import effects
from core.study import reading as study_files
from core.table import Condition
from core.verdict import words as verdict_words
from core.verdict.aggregation import make_aggregates
from core.verdict.verdict import gate, gate_of, judge
from tests.helpers import planted
from tests.verdict.conftest import N, judged, reading

pytestmark = pytest.mark.usefixtures("quick")


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


def test_a_rise_of_a_thing_is_not_said_to_be_a_fall(tmp_path: Path) -> None:
    found = judged(tmp_path, effects={"faces_removed": -1, "text_removed": 1})
    assert found.verdict == "A"
    assert "its score falls with faces removed and rises with text removed, and no shortcut shows" in found.sentence


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


def test_an_unfinished_study_says_how_far_it_came(tmp_path: Path) -> None:
    settings = {"finished": False, "listed": 900}
    folder = planted.write_study(tmp_path / "study", n=80, rows=("grayscale",), settings=settings)
    marks = make_aggregates(folder).verdict.marks
    assert "unfinished: 80 photos so far, drawn from 900 listed" in marks
