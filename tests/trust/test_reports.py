"""Stored summaries: several sets and methods in one file, and which methods beat the baselines."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pandas as pd
import pytest

from core.errors import ArtifactError
from core.trust import over_set, reports, words
from core.trust.summary import summarise
from tests.helpers.patch import FALSE, TRUE, patch_predictor
from tests.trust.test_over_set import HOW, listing

pytestmark = pytest.mark.usefixtures("small")


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
    assert reports.comparison("patch", TRUE) == found
    assert reports.comparison("another", TRUE) is None
    assert reports.against_baselines(again, FALSE) is None
    assert reports.against_baselines(None, TRUE) is None
    lower = table[(table["method"] == TRUE) & (table["measure"] == "lower third")].iloc[0]
    assert lower["over_low"] > 0.3, "the patch lies there, whatever the photo"
    assert lower["over_shifted_low"] > 0.3
    centred = table[(table["method"] == "centre_bias") & (table["measure"] == "centre")].iloc[0]
    assert centred["over_low"] > 0


def test_a_damaged_summary_is_refused(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("model,source\n1,2\n")
    with pytest.raises(ArtifactError, match="no column"):
        reports.read(tmp_path / "a.csv")
    assert list(pd.DataFrame(columns=list(reports.COLUMNS))) == list(reports.COLUMNS)
