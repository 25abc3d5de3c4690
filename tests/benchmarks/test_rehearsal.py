"""The rehearsal at LaMem's size: its photo set is one, and what it tells of commands and growth is so."""

from __future__ import annotations

import math
import sys
from collections.abc import Sequence
from pathlib import Path

import pytest

from benchmarks import rehearsal
from core.sources import open_source


def test_the_drawn_set_is_in_lamems_layout(tmp_path: Path) -> None:
    rehearsal.write_lamem(tmp_path / "lamem", 60)
    tests = set()
    for split in range(1, 6):
        listing = open_source(str(tmp_path / "lamem"), split)
        parts = [photo.split for photo in listing.photos]
        assert [parts.count(part) for part in ("train", "val", "test")] == [46, 4, 10]
        assert not listing.problems
        tests.add(tuple(sorted(photo.id for photo in listing.photos if photo.split == "test")))
    assert len(tests) == 5
    assert listing.photos[0].read().shape == (256, 320, 3)


def test_the_labelled_set_is_the_same_photos_and_leaves_detectors_nothing(tmp_path: Path) -> None:
    rehearsal.write_lamem(tmp_path / "lamem", 60)
    rehearsal.write_labelled(tmp_path / "labelled", tmp_path / "lamem" / "images")
    listing = open_source(str(tmp_path / "labelled"))
    assert len(listing.photos) == 60
    assert not listing.problems
    faces = [photo.truth()["faces"] for photo in listing.photos if photo.truth]
    assert [face.mask.any() for face in faces] == [number % rehearsal.FACES == 0 for number in range(60)]


def test_growth_is_told_without_what_a_command_takes_to_start() -> None:
    assert rehearsal.slope((1, 2, 4), [10 + 1, 10 + 2, 10 + 4]) == pytest.approx(1)
    assert rehearsal.slope((1, 2, 4), [10 + 1, 10 + 4, 10 + 16]) == pytest.approx(2)
    assert rehearsal.slope((250, 1_000, 4_000), [3 + 2.5, 3 + 10, 3 + 40]) == pytest.approx(1)
    assert math.isnan(rehearsal.slope((1, 2, 4), [3, 2, 4])), "noise is no growth"
    assert math.isnan(rehearsal.slope((1,), [3])), "one size has no growth"


def test_a_stopped_rehearsal_goes_on_with_the_step_that_it_was_at(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    done: list[str] = []

    def stopped(command: Sequence[str], place: Path) -> rehearsal.Measured:
        done.append(next(step for step in rehearsal.STEPS if str(place / step) in " ".join(command)))
        if done == ["sample", "score"]:
            raise SystemExit("stopped")
        return rehearsal.Measured(1.0, float(len(done)), 0.5)

    monkeypatch.setattr(rehearsal, "measured", stopped)
    with pytest.raises(SystemExit):
        rehearsal.rehearse(20, "", ("sample", "score", "train"), tmp_path)
    found = rehearsal.rehearse(20, "", ("sample", "score", "train"), tmp_path)
    assert done == ["sample", "score", "score", "train"]
    assert [item.processor for item in found.values()] == [1.0, 3.0, 4.0]


def test_a_command_is_measured_and_one_that_fails_is_shown(tmp_path: Path) -> None:
    found = rehearsal.measured([sys.executable, "-c", "x = bytearray(2 ** 28)"], tmp_path)
    assert 0.25 < found.peak < 1
    assert found.processor > 0
    with pytest.raises(SystemExit, match="not today"):
        rehearsal.measured([sys.executable, "-c", "raise SystemExit('not today')"], tmp_path)


def test_every_step_is_a_command() -> None:
    found = {step: rehearsal.Measured(1.0, 2.0, 0.5) for step in rehearsal.STEPS}
    lines = rehearsal.table((1, 2, 4), [found] * 3).splitlines()
    assert len(lines) == 2 + len(rehearsal.STEPS)
    assert lines[2] == "| sample | 1, 2.0, 0.50 | 1, 2.0, 0.50 | 1, 2.0, 0.50 | nan |"
