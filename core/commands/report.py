"""Hand a study on as one page, or a photo and its tries."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

from core.commandline import progress_bar
from core.commands import Report
from core.errors import PhotoError, StudyError
from core.registry import COMMANDS


@COMMANDS.register("Report on a study, or on a photo", file=True)
def report(
    run: Annotated[str, "folder of a study; with --photo: the tries, as the app's ZIP or one replay file"],
    *,
    photo: Annotated[str, "the photo that was painted on"] = "",
    out: Annotated[str, "file to write (default: report.html in the study's folder, or beside the tries)"] = "",
) -> Report:
    """Write a study as one self-contained HTML page: question, photos, model, verdict, effects, methods and limits.

    It needs no network, prints to PDF, and its numbers are the study's to the last digit. Effects and verdict that are
    missing or outdated are computed first. With --photo the page is about that photo: its score, heatmap and tries,
    each of them done again; tries on other photos are passed over.
    """
    from core.files import write_text

    found = Path(run)
    if photo:
        file = Path(out) if out else found.parent / "report.html"
        page, lines, code = _on_photo(found, Path(photo))
    else:
        file = Path(out) if out else found / "report.html"
        page, lines, code = _on_study(found)
    write_text(file, page)
    return Report([*lines, f"the report is in {file}"], {"file": str(file)}, code=code)


def _on_study(folder: Path) -> tuple[str, list[str], int]:
    """The page on a study, what is to be said, and the exit code."""
    from core.commands.effects import weak_in
    from core.trust.words import top_of_study
    from core.verdict.aggregation import aggregates
    from core.verdict.report import report as page

    if folder.is_file():
        raise StudyError(f"{folder}: this is a file, not a study's folder; for a painted photo, name it with --photo.")
    found = aggregates(folder, weak_in(folder), progress_bar)
    return page(found, folder, top_of_study(folder)), [], 1 if found.baseline.problems else 0


def _on_photo(file: Path, photo: Path) -> tuple[str, list[str], int]:
    """The page on a photo and its tries, each done again; exit code 1 where one gives another score than it says."""
    from core import inference
    from core.paint import replay
    from core.photos import images
    from core.trust.photo_report import photo_report

    try:
        pixels = images.read(photo)
    except PhotoError as error:
        raise PhotoError(f"{photo}: {error}") from error
    kept = replay.load_all(file)
    own = [item for item in kept if replay.is_of(item, pixels)]
    if not own:
        replay.check(kept[0], pixels)
    models = {name: inference.load(name) for name in dict.fromkeys(item.model for item in own)}
    made = [
        replay.perform(models[item.model], photo.name, pixels, item.mask, item.how, len(item.controls))
        for item in progress_bar(own, len(own), "repeating")
    ]
    lines = [f"{len(own)} of {len(kept)} tries are of this photo"] if len(own) < len(kept) else []
    off = [number for number, (item, (again, _)) in enumerate(zip(own, made, strict=True), 1) if not again.agrees(item)]
    lines += [f"not reproduced: try {number}; was the model changed?" for number in off]
    return photo_report(models[own[0].model], own[0].model, pixels, made), lines, 1 if off else 0
