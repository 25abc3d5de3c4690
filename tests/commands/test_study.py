"""python -m core study says what it leaves out before it begins."""

from __future__ import annotations

from pathlib import Path

import pytest

from core import config
from core.__main__ import main
from core.commands import study as commands
from core.errors import StudyError
from core.study.conditions import Design


def test_a_part_that_nobody_asked_for_is_said(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def stop(*_: object, **__: object) -> None:
        raise StudyError("far enough.")

    monkeypatch.setattr(commands, "_agree", stop)
    assert main(["study", "generated:face,n=40", "--engine", "torch"]) == 2
    said = capsys.readouterr().err
    assert "generated:face,n=40: 12 of 40 photos, the test part; --part all takes them all." in said
    assert "12 photos are too few for a verdict: a row needs 60 that hold its thing." in said
    assert main(["study", "generated:face,n=80", "--part", "all", "--engine", "torch"]) == 2
    said = capsys.readouterr().err
    assert "part" not in said
    assert "too few" not in said


def test_an_address_is_no_place_of_a_page(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing is asked for there, not even a list; also where it leads to a listed place."""
    monkeypatch.setattr(commands, "_open", None)
    with pytest.raises(StudyError, match="only places on this machine"):
        commands.carry_out(
            [f"file://{tmp_path}"],
            Design(),
            model=config.DEFAULT_MODEL,
            out=tmp_path / "study",
            within=[tmp_path],
        )
