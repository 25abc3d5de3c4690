"""What a study found: effects and verdict."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

from core.commandline import progress_bar
from core.commands import Report
from core.registry import COMMANDS


@COMMANDS.register("Effects of a study")
def effects(
    run: Annotated[str, "folder of a study"],
    *,
    csv: Annotated[str, "write the table to this file too"] = "",
    for_spreadsheet: Annotated[bool, "begin the CSV with a byte-order mark, by which Excel knows accents"] = False,
    check_errors: Annotated[bool, "measure the family-wise error on sign-flipped copies of the study"] = False,
) -> Report:
    """Compute the effects of a study, one row per condition, population and source, and store them with it.

    Rows that decide and rows that explore are apart and adjusted apart. What cannot be read is named, and the exit code
    is 1.
    """
    from core.files import replacing, table_text
    from core.trust.words import top_of_study
    from core.verdict.aggregation import aggregates
    from core.verdict.effect_words import lines, records

    found = aggregates(Path(run), weak_in(Path(run)), progress_bar)
    text = [*lines(found), *filter(None, [top_of_study(Path(run))])]
    if csv:
        with replacing(Path(csv)) as temporary:
            temporary.write_text(table_text(found.effects, for_spreadsheet=for_spreadsheet), encoding="utf-8")
        text.append(f"{len(found.effects)} rows written to {csv}")
    if check_errors:
        text.append(family_wise_line(Path(run)))
    return Report(text, records(found.effects), code=1 if found.baseline.problems else 0)


@COMMANDS.register("Verdict on a study")
def verdict(run: Annotated[str, "folder of a study"]) -> Report:
    """Read the decision rows of a study one by one and say what they add up to: A, B, mixed, or inconclusive.

    A: what a person would name drives the score; B: shortcuts do. The verdict is stored with the study.
    """
    from core.effects.human_words import beside_verdict, read
    from core.records import as_json
    from core.verdict.aggregation import aggregates
    from core.verdict.detector_words import quality_lines, quality_table, relied_on
    from core.verdict.effect_words import records
    from core.verdict.words import lines, verdict_json

    found = aggregates(Path(run), weak_in(Path(run)), progress_bar)
    problems = [f"set aside: {problem}" for problem in found.baseline.problems]
    masks, people = relied_on(found), read(Path(run))
    data = verdict_json(found.verdict) | {"detectors": records(quality_table(masks)), "human": as_json(people)}
    text = [*lines(found.verdict), "", *beside_verdict(people, run), "", *quality_lines(masks), *problems]
    return Report(text, data, code=1 if problems else 0)


def weak_in(run: Path) -> dict[str, str]:
    """The masks of a study whose detector may decide nothing, and why."""
    from core.regions.detector_quality import weak_detectors
    from core.study.reading import read_settings

    return weak_detectors(used=read_settings(run).masks)


def family_wise_line(run: Path) -> str:
    """The family-wise error of a study's confirmatory rows in one line."""
    from core import config
    from core.effects import stats
    from core.effects.populations import decision_differences
    from core.study.reading import read_study

    rows = decision_differences(read_study(run), weak_in(run))
    if not rows:
        return "family-wise error: this study has no confirmatory rows"
    error = stats.family_wise_error(rows)
    return f"family-wise error at {config.ALPHA:.0%}: {error:.1%} of 1,000 sign-flipped copies ({len(rows)} rows)"
