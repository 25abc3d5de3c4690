"""Links of how unusual photos are with their scores: records, sentences, and the stored answer; never imports torch."""

from __future__ import annotations

from dataclasses import dataclass

from core import config
from core.records import read_record
from core.types import Interval
from core.wording import interval, minus

FOLDER = "distinctiveness"
MEASURES = {
    "redrawing_error": "what the autoencoder cannot redraw",
    "far_in_pixels": "distance to photos that look alike",
    "far_in_learned": "distance to photos that the model treats alike",
    "far_in_neutral": "distance to photos that DINOv2 sees alike",
}
"""Columns, and what each says: the larger, the more unusual."""
SIDES = {"score": "the model's scores", "human": "human scores"}


@dataclass(frozen=True)
class Link:
    """Spearman ρ of a measure with scores of a side, and the same with the countable features taken out of both."""

    measure: str
    side: str
    n: int
    plain: Interval
    partial: Interval


@dataclass(frozen=True)
class Unusual:
    """Every link of a set, and the features that were taken out."""

    source: str
    model: str
    links: tuple[Link, ...]
    features: tuple[str, ...]
    notes: tuple[str, ...]


def read_unusual(model: str) -> Unusual | None:
    """The stored answer for a model, or None where nobody measured it; ArtifactError for a damaged file."""
    return read_record(Unusual, config.ARTIFACTS / FOLDER / f"{model}.json", "distinctiveness")


def lines(found: Unusual) -> list[str]:
    """The answer in plain sentences, then every link."""
    text = [f"{found.source}, scores of {found.model}: do unusual photos score higher?"]
    text += [sentence(found, side) for side in SIDES if any(link.side == side for link in found.links)]
    for link in found.links:
        text.append(
            f"{link.measure:<16}{SIDES[link.side]:<20}n = {link.n:,}  ρ {interval(link.plain)}"
            f"  features taken out {interval(link.partial)}"
        )
    return [*text, *found.notes, f"features taken out: {', '.join(found.features) or 'none varies'}"]


def sentence(found: Unusual, side: str) -> str:
    """One paragraph of the answer: what goes along with the scores of a side once countable features are taken out."""
    links = [link for link in found.links if link.side == side]
    kept = [link for link in links if link.partial.low > 0 or link.partial.high < 0]
    if not kept:
        most = max((abs(end) for link in links for end in (link.partial.low, link.partial.high)), default=0.0)
        return (
            f"By no measure do {SIDES[side]} go along with how unusual a photo is beyond its countable features; every "
            f"interval stays within ±{minus(most, 2)}."
        )
    said = "; ".join(
        f"{MEASURES[link.measure]}: {'higher' if link.partial.estimate > 0 else 'lower'} (ρ {interval(link.partial)})"
        for link in kept
    )
    return f"Where a photo is more unusual, {SIDES[side]} are, beyond its countable features: {said}."
