"""What the trust in a heatmap comes to, in plain sentences; never imports torch."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from core.errors import ArtifactError
from core.evaluation.words import HEATMAP_CAVEAT
from core.files import json_of
from core.records import FileName, typed
from core.study import catalogue
from core.types import Heatmap

if TYPE_CHECKING:
    from core.trust.brightest_tenth import BrightestTenth
    from core.trust.reports import BaselineComparison

SIGNED = "Orange places raise the score by this method, blue ones lower it."
UNSIGNED = "Bright places matter to the score by this method; it does not show what lowers it."
BASELINE = "This map knows nothing of the model: a method that does no better than it explains nothing."
SILENT = "This map says nothing about the photo: no place raises or lowers the score by this method."
POINTS_NOWHERE = "The map points nowhere: too few places raise the score to remove a tenth of the photo."
NOT_MEASURED = "Whether this method beats the baselines is not measured on this model."
BEARING = (
    "This bears on no row of the verdict by itself: where a method beats the baselines, its maps show where this model "
    "is sensitive; what it uses there is decided by removing a named thing."
)
RANDOMISED = (
    "Mean Spearman ρ of each map with the one drawn when this part of the model and all parts before it in the table "
    "have random weights. A map that stays the same does not show what the model learned."
)
WAITING = "The brightest tenth is taken away, and a tenth of the same shape elsewhere: how far the score moves …"
ROUNDS_TO_NOTHING = 0.0005


def caption(heatmap: Heatmap, *, baseline: bool) -> str:
    """How to read a heatmap, with what it leaves out; one sentence where it says nothing."""
    if not heatmap.values.any():
        return SILENT
    meaning = BASELINE if baseline else SIGNED if heatmap.signed else UNSIGNED
    if heatmap.signed and not (heatmap.values > 0).any():
        meaning += " Nothing in this photo raises the score."
    return f"{meaning} {heatmap.note}".strip()


def how_to_read(heatmap: Heatmap, found: BaselineComparison | None) -> str:
    """How to read a heatmap of a method that is no baseline, how it compares with these, and what no map can say."""
    return f"{caption(heatmap, baseline=False)} {against_baselines(found)} {HEATMAP_CAVEAT}".replace("  ", " ")


def placeholder(found: BaselineComparison | None, *, signed: bool) -> str:
    """What `how_to_read` will say of a heatmap that is not there yet: as long, so that nothing moves when it comes."""
    return f"{SIGNED if signed else UNSIGNED} {against_baselines(found)} {HEATMAP_CAVEAT}".replace("  ", " ")


def tenth(found: BrightestTenth | None) -> str:
    """What the brightest tenth is worth beside a tenth elsewhere, as one sentence with its meaning."""
    if found is None:
        return POINTS_NOWHERE
    part = "tenth" if found.area > 0.095 else f"{found.area:.0%} of the photo"
    same = "a tenth" if found.area > 0.095 else "as much"
    others = float(np.mean(found.elsewhere))
    own = _moved(found.delta)
    there = _moved(others)
    if own.split(" by ")[0] == there.split(" by ")[0] and " by " in own:
        there = f"by {there.split(' by ')[1]}"
    wrapped = " (moved over the border, as there was no room)" if found.wrapped else ""
    return f"Removing the brightest {part} {own}; {same} of the same shape elsewhere{wrapped} {there}. {_rank(found)}"


def against_baselines(found: BaselineComparison | None) -> str:
    """Whether a method beat every baseline over a set of photos, or that nobody measured it on this model."""
    if found is None:
        return NOT_MEASURED
    over = f"{found.over.estimate:+.3f} [{found.over.low:+.3f}, {found.over.high:+.3f}]".replace("-", "−")
    against = f"on {found.n:,} photos; gain over the best baseline ({found.best}): {over}"
    if not found.enough:
        return f"Whether {found.label} beats the baselines on this model is open: too few photos ({against})."
    if found.beats:
        return f"{found.label} beats every baseline on this model ({against})."
    return f"{found.label} does not beat the baselines on this model ({against}): do not read it as an explanation."


def not_randomised(slow: Mapping[str, int], baselines: Sequence[str]) -> list[str]:
    """Why some methods have no map of random weights: slow ones, by label with their passes, and baselines."""
    said = []
    if slow:
        each = ", ".join(f"{label} ({passes} passes)" for label, passes in slow.items())
        said.append(f"Not asked here, because it takes these passes once more for every layer of the model: {each}.")
    if baselines:
        said.append(f"Not asked, because they use no weights and stay the same: {', '.join(baselines)}.")
    return said


def top_of_study(folder: Path) -> str:
    """By which methods' maps a study found its highest places, and whether each beats the baselines on its model.

    Empty for a study without such places, or whose settings cannot be read.
    """
    try:
        settings = typed(Mapping[str, Any], json_of((folder / catalogue.SETTINGS).read_text(encoding="utf-8")))
        methods = typed(str, settings.get("heatmap") or "").split(",")
        model = typed(FileName, settings.get("model"))
    except (OSError, ValueError):
        return ""
    if not any(methods):
        return ""
    from core.registry import ATTRIBUTIONS  # here, because it needs torch, and few studies have such places
    from core.trust import reports

    known = [ATTRIBUTIONS[method] for method in methods if method in ATTRIBUTIONS]
    try:
        measured, problem = reports.summary(model), ""
    except ArtifactError as error:
        measured, problem = None, str(error)
    said = []
    for entry in known:
        said.append(f"The top of a heatmap is that of {entry.label}." if len(known) == 1 else f"Top of {entry.label}:")
        compared = against_baselines(reports.against_baselines(measured, entry.id))
        said.append(BASELINE if entry.facts["baseline"] else problem or compared)
    return " ".join(said)


def _rank(found: BrightestTenth) -> str:
    if found.delta > -ROUNDS_TO_NOTHING:
        return "Removing these places does not lower the score."
    beaten = sum(found.delta < other for other in found.elsewhere)
    return f"It lowers the score further than {beaten} of {len(found.elsewhere)} other places do."


def _moved(delta: float) -> str:
    if abs(delta) < ROUNDS_TO_NOTHING:
        return "leaves the score as it is"
    return f"{'lowers' if delta < 0 else 'raises'} the score by {abs(delta):.3f}"
