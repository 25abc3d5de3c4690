"""The parts of a study on disk."""

from __future__ import annotations

from pathlib import Path

from core.study.parts import ABLATED, Parts


def test_blocks_beyond_the_hundred_thousandth_are_parts_too(tmp_path: Path) -> None:
    """That is where a study has more than 1.6 million photos."""
    parts = Parts(tmp_path / "s")
    parts.write_rows(ABLATED, 123_456, [])
    assert parts.done() == (set(), [])
    assert parts.done_rows(ABLATED) == {123_456}
