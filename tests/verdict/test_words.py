"""The verdict in words and as JSON."""

from __future__ import annotations

import dataclasses
import json
from pathlib import Path

import pytest

from core.errors import StudyError
from core.verdict import words as verdict_words
from tests.verdict.conftest import judged

pytestmark = pytest.mark.usefixtures("quick")


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
