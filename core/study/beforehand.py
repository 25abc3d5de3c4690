"""What a study will cost before anything of it is opened: how many photos there are, and what the estimate rests on."""

from __future__ import annotations

import tempfile
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path

import numpy as np

from core.errors import SourceError
from core.evaluation import evaluation
from core.photos.photo_files import many
from core.sources import open_source
from core.study import catalogue, speeds, uploads
from core.study.conditions import Design, grid, masks_of
from core.study.cost import Cost, Frequency, estimate
from core.study.limits import Limits
from core.study.photo_parts import read_photos
from core.types import Photo

LOOKED_AT = 16
"""Drawn scenes that are asked what is in them."""
UNKNOWN = Frequency(0.5, 0.5)
"""Taken of a thing where there is no reference study: every second photo has it, half of these with room around it."""


@dataclass(frozen=True)
class Counted:
    """How many photos a study may take, how many of them people scored, and how often things are in them.

    `known`: the photos themselves say where things are; else these are taken to be as frequent as in the reference
    study. `said` is what is passed over, and which part is taken, a sentence each.
    """

    photos: int
    scored: int
    things: Mapping[str, Frequency]
    known: bool = False
    said: tuple[str, ...] = ()


@dataclass(frozen=True)
class Foreseen:
    """A cost, the number of conditions, and in a sentence what the cost rests on."""

    cost: Cost
    conditions: int
    basis: str

    @property
    def sentence(self) -> str:
        """What is said before a study is started."""
        cost = self.cost
        return (
            f"About {cost.length}: {many(cost.photos, 'photo')} under {many(self.conditions, 'condition')}, "
            f"{cost.rows:.0f} passes a photo of {cost.row_ms:.0f} ms each, and {cost.open_ms:.0f} ms to open it."
        )


def counted(source: str, part: str = "") -> Counted:
    """The photos of a source, none of them opened; errors as of `open_source`. A large list may take seconds."""
    notes: list[str] = []
    listing = open_source(source, tell=notes.append)
    chosen = evaluation.chosen_part(listing, part)
    if taken := evaluation.part_sentence(listing, chosen):
        notes.insert(0, f"The study takes {taken}.")
    if bad := listing.problems:
        notes.append(f"{many(len(bad), 'problem')} in the lists, the first: {bad[0]}")
    photos = [photo for photo in listing.photos if chosen is None or photo.split == chosen]
    scored = sum(photo.score is not None for photo in photos)
    drawn = bool(photos) and all(photo.path is None for photo in photos)
    return Counted(len(photos), scored, _as_they_say(photos) if drawn else usual(), drawn, tuple(notes))


def counted_uploads(files: Iterable[tuple[str, bytes]], limits: Limits) -> Counted:
    """The photos that a study of uploaded files (name, content) will take: those of the test part where there is one.

    Lists are read, and of photos only the names. StudyError and SourceError as of `uploads.store` and `open_source`.
    """
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        stored = uploads.store(files, folder, limits, names_only=True)
        try:
            found = counted(stored.place)
        except SourceError as error:
            raise SourceError(uploads.as_given(str(error), folder)) from error
    said = (*found.said, *stored.note.splitlines())
    return replace(found, said=tuple(uploads.as_given(item, folder) for item in said))


def foreseen(design: Design, found: Counted, model: str) -> Foreseen:
    """What a study of counted photos will cost, by the speed that is known of the model on this machine."""
    known = speeds.known(model)
    photos = min(design.photos or found.photos, found.photos)
    scored = found.scored * photos / max(found.photos, 1)
    cost = estimate(design, photos, found.things, known.speed, scored=scored)
    measured = f"the speed that was measured here with {known.engine} ({known.day})"
    rate = measured if known.engine else "a guess: nothing was measured with this model on this machine yet"
    things = "what is in the drawn scenes" if found.known else "things being as frequent as in the reference study"
    return Foreseen(cost, len(grid(design)), f"It rests on {rate}, and on {things}.")


def usual() -> dict[str, Frequency]:
    """How often each thing is in the photos of the reference study; UNKNOWN where it lacks one, or is not there."""
    folder = catalogue.reference()
    found = dict(_of_study(folder)) if folder else {}
    return {mask: found.get(mask, UNKNOWN) for mask in masks_of(Design())}


@cache
def _of_study(folder: Path) -> Mapping[str, Frequency]:
    """How often each thing is in the photos of a study."""
    placements = Design().placements
    abouts = [row.regions for part in read_photos(folder, []) for row in part]
    found = {}
    for mask in {name for about in abouts for name in about}:
        looked = [about[mask] for about in abouts if mask in about]
        having = [item for item in looked if item.get("area")]
        room = [(item.get("placements") or 0) >= placements for item in having]
        found[mask] = Frequency(len(having) / len(looked), float(np.mean(room)) if room else 0.0)
    return found


def _as_they_say(photos: Sequence[Photo]) -> dict[str, Frequency]:
    """How often each thing is in scenes that say where it is, some of them asked; the rest as usual."""
    some = photos[:: max(1, len(photos) // LOOKED_AT)][:LOOKED_AT]
    truths = [photo.truth() for photo in some if photo.truth]
    found = usual()
    for mask, frequency in found.items():
        there = [bool(truth[mask].mask.any()) for truth in truths if mask in truth]
        if there:
            found[mask] = Frequency(float(np.mean(there)), frequency.room)
    return found
