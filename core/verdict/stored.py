"""The verdicts of all studies at hand; apart from `aggregates`, for listing studies imports what opens photos."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from core.errors import StudyError
from core.study import catalogue
from core.verdict.aggregates import read_verdict
from core.verdict.records import Verdict


def stored_verdicts() -> Iterator[tuple[Path, Verdict]]:
    """Folder and verdict of every stored study, the one that comes with the project first, without damaged ones."""
    reference = catalogue.reference()
    for folder in sorted(catalogue.studies().values(), key=lambda folder: folder != reference):
        try:
            found = read_verdict(folder)
        except StudyError:
            continue
        yield folder, found
