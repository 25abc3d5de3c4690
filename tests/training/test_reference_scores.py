"""Reference scores: which photos have them, and how tables of them merge and agree."""

from __future__ import annotations

import types
from pathlib import Path

import pandas as pd
import pytest

from core.errors import ArtifactError, SourceError, UnknownChoiceError
from core.evaluation import reports
from core.training import reference_scores
from tests.evaluation.test_evaluation import model


def test_a_reference_needs_photos_that_were_kept_out(tmp_path: Path) -> None:
    nothing = types.SimpleNamespace(kept_out=())
    with pytest.raises(SourceError, match="kept out of training: list a test part"):
        reference_scores.score_reference(model(), nothing)


def test_reference_tables_merge_and_agree(tmp_path: Path) -> None:
    file = tmp_path / "reference.csv"
    for name, sign in (("one", 1), ("two", 1), ("two", -1)):
        rows = [(name, "set", str(number), 0.5 + sign * number / 50) for number in range(20)]
        table = reference_scores.merge(file, pd.DataFrame(rows, columns=list(reports.REFERENCE_COLUMNS)))
    assert len(table) == 40, "a model's rows are replaced"
    n, found = reference_scores.agreement(table, "one", "two")
    assert n == 20
    assert found.estimate == pytest.approx(-1.0)
    with pytest.raises(SourceError, match="share scores of 0 photos"):
        reference_scores.agreement(table, "one", "two", leave_out=("set",))
    with pytest.raises(UnknownChoiceError, match="only of two"):
        reference_scores.check_against(table, "one", "three")
    file.write_text("model,score\n")
    with pytest.raises(ArtifactError, match="lacks the column source"):
        reference_scores.read(file)
