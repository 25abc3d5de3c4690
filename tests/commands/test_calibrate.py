"""The command `calibrate` shows the stored run, and refuses worlds that are none."""

from __future__ import annotations

import json

import pytest

from core.__main__ import main
from core.calibration.table import (
    COLUMNS,
    is_correct,
    planted,
    read_table,
    records,
    summary,
)
from core.scenes.worlds import WORLDS
from tests.calibration.test_table import stored


@stored
def test_the_stored_run_is_shown(capsys: pytest.CaptureFixture[str]) -> None:
    code = main(["calibrate", "--show", "--json"])
    rows = json.loads(capsys.readouterr().out)
    known = [(row["world"], row["seed"]) for row in rows]
    order = [(name, seed) for name in WORLDS for seed in range(3)]
    assert known == [item for item in order if item in known], "each world once a seed, in the order of the worlds"
    assert {row["protocol"] for row in rows} <= {1, 2}
    assert all(set(COLUMNS) <= set(row) for row in rows)
    assert code == (0 if all(row["correct"] for row in rows) else 1)
    for row in rows:  # the table does not contradict itself
        assert row["correct"] == is_correct(WORLDS[row["world"]], row["verdict"], row["leading_cause"])
        assert row["cause"] == planted(WORLDS[row["world"]])


@stored
def test_the_stored_run_as_text(capsys: pytest.CaptureFixture[str]) -> None:
    main(["calibrate", "--show"])
    out = capsys.readouterr().out
    assert summary(read_table()) in out
    for seed in {row["seed"] for row in records(read_table())}:
        ran = {row["world"] for row in records(read_table()) if (row["protocol"], row["seed"]) == (2, seed)}
        left = out.rpartition(f"not run by protocol 2 at seed {seed} yet")[2].splitlines()[:1]
        assert all(name in left[0] for name in WORLDS if name not in ran)
    assert all(word in out for word in COLUMNS)


def test_an_unknown_world_is_refused(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["calibrate", "--worlds", "weather"]) == 2
    assert "choose from face, person" in capsys.readouterr().err
