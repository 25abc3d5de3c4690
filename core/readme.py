"""README tables from the registries and the measured results: `python -m core.readme`, with --check for CI."""

from __future__ import annotations

import re
import sys
from collections.abc import Callable

from core import config
from core.calibration import table as calibration
from core.evaluation import reports
from core.evaluation import words as report_words
from core.files import write_text
from core.regions import detectors
from core.registry import (
    ABLATIONS,
    ATTRIBUTIONS,
    COMMANDS,
    FILLS,
    LOSSES,
    MASKS,
    MODELS,
    PROJECTIONS,
    SOURCES,
    SPACES,
    Registry,
)

README = config.ROOT / "README.md"
BLOCK = re.compile(r"(<!-- table: (\w+) -->\n).*?(<!-- end -->)", re.DOTALL)


def registry_table(registry: Registry) -> str:
    """A row per entry: id, label, first sentence of the help text, and parameters with their defaults."""
    rows = [f"| {registry.noun} | what it is |", "|---|---|"]
    for entry in registry:
        sentence = entry.help.split("\n\n")[0].replace("\n", " ").replace("|", "\\|")
        settings = ", ".join(f"{param.name} = {param.default}" for param in entry.params)
        rows.append(f"| `{entry.id}` | {sentence}{f' ({settings})' if settings and registry is not COMMANDS else ''} |")
    return "\n".join(rows)


def quality_table() -> str:
    """A row per saved evaluation."""
    rows = [
        "| model | photos | n | Spearman [95 %] | Pearson [95 %] | MSE / MSE of the mean | possibly seen |",
        "|---|---|---|---|---|---|---|",
    ]
    for item in reports.evaluations().items:
        part = f", {item.part} part" if item.part else ""
        rows.append(
            f"| `{item.model}` | {item.source}{part} | {item.n} | {item.spearman} | {item.pearson} "
            f"| {item.mse / item.mse_of_mean:.2f} | {'yes' if item.possibly_seen else 'no'} |"
        )
    return "\n".join(rows)


def seeds_table() -> str:
    """A row per seed of the shipped model's recipe, and their mean ± SD (rule 16); the card holds them."""
    card = reports.model_card()
    if card is None or not card.seeds:
        return "No seed was evaluated yet."
    rows = ["| seed | Spearman | Pearson | MSE |", "|---|---|---|---|"]
    rows += [f"| {run.seed} | {run.spearman:.3f} | {run.pearson:.3f} | {run.mse:.4f} |" for run in card.seeds]
    if len(card.seeds) > 1:
        rows.append(f"| mean ± SD | {' | '.join(report_words.spread(card.seeds))} |")
    return "\n".join(rows)


def detector_table() -> str:
    """A row per measured detector."""
    rows = ["| mask | detector | photos | things | precision | recall | IoU |", "|---|---|---|---|---|---|---|"]
    for item in detectors.measurements():
        figures = (item.precision_by_photo or item.precision, item.recall, item.iou)
        shown = " | ".join("" if figure is None else str(figure) for figure in figures)
        mask = f"`{item.mask}`" if item.mask else "(compared)"
        rows.append(f"| {mask} | {item.detector}, {item.thing} | {item.n_photos} | {item.n_things} | {shown} |")
    return "\n".join(rows)


def calibration_table() -> str:
    """A row per world of the stored calibration."""
    if not (calibration.FOLDER / calibration.TABLE).is_file():
        return "No run is stored yet."
    rows = ["| cause | verdict | leading cause | validity [95 %] | correct |", "|---|---|---|---|---|"]
    for item in calibration.records(calibration.read_table()):
        verdict = f"{item['verdict']} ({item['strength']})" if item["strength"] else item["verdict"]
        validity = calibration.validity_words(item)
        right = "yes" if item["correct"] else "**no**"
        rows.append(f"| {item['cause']} | {verdict} | {item['leading_cause'] or '–'} | {validity} | {right} |")
    return "\n".join(rows)


TABLES: dict[str, Callable[[], str]] = {
    "models": lambda: registry_table(MODELS),
    "sources": lambda: registry_table(SOURCES),
    "ablations": lambda: registry_table(ABLATIONS),
    "masks": lambda: registry_table(MASKS),
    "fills": lambda: registry_table(FILLS),
    "detectors": detector_table,
    "attributions": lambda: registry_table(ATTRIBUTIONS),
    "losses": lambda: registry_table(LOSSES),
    "commands": lambda: registry_table(COMMANDS),
    "spaces": lambda: registry_table(SPACES),
    "projections": lambda: registry_table(PROJECTIONS),
    "quality": quality_table,
    "seeds": seeds_table,
    "calibration": calibration_table,
}


def updated(text: str) -> str:
    """README text with every table made anew; KeyError for a table that nobody makes."""
    return BLOCK.sub(lambda found: f"{found[1]}{TABLES[found[2]]()}\n{found[3]}", text)


def main(arguments: list[str]) -> int:
    """Write the README, or with --check only say whether it is up to date."""
    text = README.read_text(encoding="utf-8")
    fresh = updated(text)
    if "--check" in arguments:
        if fresh != text:
            print("README.md is out of date; run: python -m core.readme", file=sys.stderr)
        return int(fresh != text)
    write_text(README, fresh)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
