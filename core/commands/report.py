"""Hand a study on as one page."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

from core.commandline import progress_bar
from core.commands import Report
from core.registry import COMMANDS


@COMMANDS.register("Report on a study")
def report(
    run: Annotated[str, "folder of a study"],
    *,
    out: Annotated[str, "file to write (default: report.html in the study's folder)"] = "",
) -> Report:
    """Write a study as one self-contained HTML page: question, photos, model, verdict, effects, methods and limits.

    It needs no network, prints to PDF, and its numbers are the study's to the last digit. Effects and verdict that are
    missing or outdated are computed first.
    """
    from core.commands.effects import weak_in
    from core.files import write_text
    from core.verdict.aggregation import aggregates
    from core.verdict.report import report as page

    folder = Path(run)
    file = Path(out) if out else folder / "report.html"
    found = aggregates(folder, weak_in(folder), progress_bar)
    write_text(file, page(found, folder))
    return Report([f"the report is in {file}"], {"file": str(file)}, code=1 if found.baseline.problems else 0)
