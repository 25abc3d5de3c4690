"""Answers of two processors side by side: what is equal, how far the rest lies apart, and what is not there."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from benchmarks import processors

MINE: processors.Answers = {
    "photos": np.array([0, 10, 255], np.uint8),
    "mask": np.array([True, False]),
    "scores": np.array([0.5, np.nan, 0.7]),
    "latents": np.ones(3, np.float32),
    "scores: openvino": np.array([0.5]),
}


def test_answers_are_equal_or_so_far_apart() -> None:
    other = {
        "photos": np.array([0, 12, 254], np.uint8),
        "mask": np.array([True, False]),
        "scores": np.array([0.5, np.nan, 0.7 + 1e-6]),
        "latents": np.ones(4, np.float32),
    }
    assert list(processors.lines(MINE, {"older": other})) == [
        "| what | older |",
        "|---|---|",
        "| photos | 2 of 3 values, by at most 2 |",
        "| mask | equal to the bit |",
        "| scores | at most 1.0e-06 (SD 0.1) |",
        "| latents | of another shape |",
        "| scores: openvino | not there |",
    ]


def test_a_number_that_only_one_has_is_told() -> None:
    assert processors.apart(np.array([1.0, 2.0]), np.array([1.0, np.nan])).endswith(
        ", and 1 are numbers in one of them only"
    )
    assert processors.apart(np.array([1.0, 2.0]), np.full(2, np.nan)) == "2 are numbers in one of them only"


def test_kept_answers_come_back(tmp_path: Path) -> None:
    processors.keep(tmp_path / "mine.npz", MINE)
    found = processors.read(tmp_path / "mine.npz")
    assert list(processors.lines(MINE, {"kept": found}))[2:] == [f"| {name} | equal to the bit |" for name in MINE]


def test_answers_of_another_machine_must_be_there(tmp_path: Path) -> None:
    with pytest.raises(processors.ParameterError, match="make it on the other machine"):
        processors.main(["--against", str(tmp_path / "none.npz")])
