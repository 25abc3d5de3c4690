"""How distinctiveness goes along with scores, as stored and told: records, files, sentences; never imports torch."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from core import config
from core.errors import ArtifactError
from core.files import write_text
from core.records import as_json, read_record
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
OWN = "far_in_learned"
"""What the model's scores are computed from: its link with them is no evidence (rule 15 of the protocol)."""
KEYS = ("source", "photo_id")
SIDES = {"score": "the model's scores", "human": "human scores"}


BEARING = (
    "This bears on the second account of the verdict: unusual is neither a thing that a person would name nor a single "
    "statistic of the pixels. Where people remember the unusual too, a model that goes by it uses no shortcut."
)


@dataclass(frozen=True)
class RankCorrelation:
    """Spearman ρ of a measure with scores of a side, and the same with the countable features taken out of both."""

    measure: str
    side: str
    n: int
    plain: Interval
    partial: Interval


@dataclass(frozen=True)
class Distinctiveness:
    """Every link of a set, and the features that were taken out."""

    source: str
    model: str
    links: tuple[RankCorrelation, ...]
    features: tuple[str, ...]
    notes: tuple[str, ...]

    @property
    def asked(self) -> bool:
        """Whether people's side is known."""
        return any(link.side == "human" for link in self.links)


def save(found: Distinctiveness, photos: pd.DataFrame, folder: Path) -> None:
    """Keep an answer and its photos (KEYS, MEASURES) in MODEL/SET.json and .csv of a folder."""
    name = folder / found.model / found.source.replace("/", "-")
    write_text(name.with_suffix(".csv"), photos[[*KEYS, *MEASURES]].to_csv(index=False, float_format="%.5g"))
    write_text(name.with_suffix(".json"), json.dumps(as_json(found), indent=1) + "\n")


def read_distinctiveness(model: str) -> tuple[Distinctiveness, ...]:
    """The stored answers for a model, those with human scores first; ArtifactError for a damaged file."""
    files = sorted((config.ARTIFACTS / FOLDER / model).glob("*.json"))
    found = [read_record(Distinctiveness, file, "distinctiveness") for file in files]
    return tuple(sorted((item for item in found if item), key=lambda item: not item.asked))


def read_measures(model: str) -> pd.DataFrame | None:
    """KEYS and MEASURES of every photo that was measured for a model; None where none was.

    How unusual a photo is holds among those of its set. ArtifactError for a damaged file.
    """
    tables = []
    for file in sorted((config.ARTIFACTS / FOLDER / model).glob("*.csv")):
        try:
            tables.append(pd.read_csv(file, dtype=dict.fromkeys(KEYS, str) | dict.fromkeys(MEASURES, float)))
            tables[-1] = tables[-1][[*KEYS, *MEASURES]]
        except (OSError, ValueError, KeyError) as error:
            raise ArtifactError(
                f"{file} cannot be read ({error}); make it again: python -m core distinctiveness."
            ) from error
    return pd.concat(tables, ignore_index=True).drop_duplicates(list(KEYS)) if tables else None


def in_short(found: Distinctiveness) -> str:
    """The sentences of every side, with the photos that they are about."""
    said = " ".join(sentence(found, side) for side in SIDES if any(link.side == side for link in found.links))
    return f"{said} ({max(link.n for link in found.links):,} photos of {found.source}.)"


def lines(found: Distinctiveness) -> list[str]:
    """The answer in plain sentences, then every link."""
    text = [f"{found.source}, scores of {found.model}: do unusual photos score higher?"]
    text += [sentence(found, side) for side in SIDES if any(link.side == side for link in found.links)]
    for link in found.links:
        text.append(
            f"{link.measure:<16}{SIDES[link.side]:<20}n = {link.n:,}  ρ {interval(link.plain)}"
            f"  features taken out {interval(link.partial)}"
        )
    return [*text, *found.notes, f"features taken out: {', '.join(found.features) or 'none varies'}"]


def sentence(found: Distinctiveness, side: str) -> str:
    """One paragraph of the answer: what goes along with the scores of a side once countable features are taken out.

    Of distances in the model's own features nothing is said: those follow its scores.
    """
    links = [link for link in found.links if link.side == side and link.measure != OWN]
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
