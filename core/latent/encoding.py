"""Photos to points: every photo scored and placed in every space, decoded once, in constant memory."""

from __future__ import annotations

import tempfile
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import pandas as pd

from core.errors import LatentError, PhotoError
from core.inference import Predictor, batches, prefetch
from core.inference.autoencoder import Autoencoder
from core.latent.atlas import PHOTO_COLUMNS, Atlas
from core.latent.spaces import SpaceInput
from core.photos import preprocess
from core.photos.fingerprints import Fingerprint, FingerprintIndex, fingerprint, learned_by
from core.registry import SPACES
from core.types import Listing, Photo, Pixels, Problem, Progress, silent, unreadable

BATCH = 32
MOST_DIMENSIONS = 64
"""A space with more is kept as that many principal components."""
FEWEST = 10
"""A map of fewer photos says nothing."""


@dataclass(frozen=True)
class Encoded:
    """Every readable photo: its row, its place in each space (N × d), and what compresses a wide space.

    `copies` is the number of photos that were set aside because they look like another.
    """

    photos: pd.DataFrame
    spaces: dict[str, np.ndarray]
    axes: dict[str, np.ndarray]
    kept_variance: dict[str, float]
    problems: tuple[Problem, ...]
    copies: int = 0


@dataclass
class _Collected:
    """One space while photos stream by: wide rows go to a file, and only their sums stay in memory."""

    file: Path
    rows: list[np.ndarray] = field(default_factory=list)
    count: int = 0
    total: np.ndarray = field(default_factory=lambda: np.zeros(0))
    products: np.ndarray = field(default_factory=lambda: np.zeros(0))

    def add(self, block: np.ndarray) -> None:
        """Take the places of the next photos (B × d)."""
        if block.shape[1] <= MOST_DIMENSIONS:
            self.rows.append(block)
            return
        if not self.count:
            self.total, self.products = np.zeros(block.shape[1]), np.zeros((block.shape[1],) * 2)
        self.count += len(block)
        self.total += block.sum(axis=0)
        self.products += block.T.astype(np.float64) @ block
        with self.file.open("ab") as stream:
            stream.write(np.ascontiguousarray(block, dtype=np.float32).tobytes())

    def finish(self) -> tuple[np.ndarray, dict[str, np.ndarray], float]:
        """All places, compressed where they are wide; centre and axes of the compression; share of variance kept."""
        if not self.count:
            return np.concatenate(self.rows), {}, 1.0
        centre = self.total / self.count
        values, vectors = np.linalg.eigh(self.products / self.count - np.outer(centre, centre))
        axes = vectors[:, ::-1][:, :MOST_DIMENSIONS]
        kept = float(values[::-1][:MOST_DIMENSIONS].sum() / values.sum()) if values.sum() > 0 else 1.0
        rows = np.memmap(self.file, np.float32, "r", shape=(self.count, len(centre)))
        places = [(rows[start : start + 1024] - centre) @ axes for start in range(0, self.count, 1024)]
        found: dict[str, np.ndarray] = {"centre": centre.astype(np.float32), "axes": axes.astype(np.float16)}
        return np.concatenate(places).astype(np.float32), found, kept


def encode(
    predictor: Predictor, autoencoder: Autoencoder, listings: Sequence[Listing], progress: Progress = silent
) -> Encoded:
    """Score every photo and find its place in every space; a photo is decoded once, and none is kept.

    Of photos that look alike the first counts. LatentError if fewer than FEWEST photos are left, or if two sets share a
    name.
    """
    problems = [problem for listing in listings for problem in listing.problems]
    photos = [photo for listing in listings for photo in listing.photos]
    named = [listing.name for listing in listings]
    names = ", ".join(named)
    if twice := next((name for name in named if named.count(name) > 1), None):
        raise LatentError(f"Two sources are called {twice}, and their photos could not be distinguished; rename one.")
    if len(photos) < FEWEST:
        raise LatentError(f"{names}: {_photos(len(photos))}; a map needs at least {FEWEST}.")
    rows: list[tuple[object, ...]] = []
    with tempfile.TemporaryDirectory() as scratch:
        spaces = {entry.id: _Collected(Path(scratch) / entry.id) for entry in SPACES}
        copies: list[Photo] = []
        for seen, facts in _streamed(predictor, autoencoder, photos, problems, copies, progress):
            rows += facts
            for entry in SPACES:
                spaces[entry.id].add(entry.function(autoencoder, seen))
        if len(rows) < FEWEST:
            aside = f", beside {len(copies)} that look like another" if copies else ""
            raise LatentError(f"{names}: {_photos(len(rows))} can be used{aside}; a map needs at least {FEWEST}.")
        finished = {name: collected.finish() for name, collected in spaces.items()}
    return Encoded(
        pd.DataFrame(rows, columns=PHOTO_COLUMNS.names),
        {name: places for name, (places, _, _) in finished.items()},
        {f"{name}.{part}": value for name, (_, found, _) in finished.items() for part, value in found.items()},
        {name: kept for name, (_, _, kept) in finished.items() if kept < 1},
        tuple(problems),
        len(copies),
    )


def _photos(count: int) -> str:
    return f"{count} photo{'' if count == 1 else 's'}"


Prepared = tuple[Photo, Pixels, Pixels, Fingerprint]


def _streamed(
    predictor: Predictor,
    autoencoder: Autoencoder,
    photos: list[Photo],
    problems: list[Problem],
    copies: list[Photo],
    progress: Progress,
) -> Iterator[tuple[list[SpaceInput], list[tuple[object, ...]]]]:
    """Batches of photos as the spaces see them, with their rows of the table.

    Those that cannot be read join `problems`, those that look like an earlier one `copies`.
    """
    known = FingerprintIndex()

    def prepare(photo: Photo) -> Prepared | Problem:
        try:
            pixels = photo.read()
        except PhotoError as error:
            return unreadable(photo, error)
        small, scored = (preprocess.square(pixels, preset) for preset in (autoencoder.preset, predictor.preset))
        return photo, small, scored, fingerprint(pixels)

    def readable(items: Iterable[Prepared | Problem]) -> Iterator[Prepared]:
        for item in items:
            if isinstance(item, Problem):
                problems.append(item)
            elif item[-1] in known:
                copies.append(item[0])
            else:
                known.add(item[-1])
                yield item

    taught = learned_by(predictor.card)
    drawn = learned_by(autoencoder.card)
    work: Iterable[Prepared | Problem] = progress(prefetch(prepare, photos, depth=BATCH), len(photos), "encoding")
    for batch in batches(readable(work), BATCH):
        scores, features = predictor.score_with_features([scored for _, _, scored, _ in batch])
        seen = [
            SpaceInput(p, small, float(s), f) for (p, small, _, _), s, f in zip(batch, scores, features, strict=True)
        ]
        yield (
            seen,
            [
                _row(item, mark not in taught if taught else False, mark in drawn if drawn else False)
                for item, (_, _, _, mark) in zip(seen, batch, strict=True)
            ],
        )


def _row(seen: SpaceInput, kept_out: bool, drawn_before: bool) -> tuple[object, ...]:
    photo = seen.photo
    planted = photo.truth is not None
    return (
        photo.id,
        photo.source,
        seen.score,
        None if planted else photo.score,
        photo.score if planted else None,
        kept_out,
        drawn_before,
    )


def place_of(
    atlas: Atlas, space: str, autoencoder: Autoencoder, pixels: Pixels, score: float, features: np.ndarray
) -> np.ndarray:
    """Where a new photo lies in a space of a map (d,); `score` and `features` (F,) are those of the map's predictor."""
    small = preprocess.square(pixels, autoencoder.preset)
    seen = SpaceInput(Photo("new", "new", lambda: pixels), small, score, features)
    return on_axes(atlas, space, SPACES[space].function(autoencoder, [seen])[0])


def places_of(
    atlas: Atlas, space: str, autoencoder: Autoencoder, predictor: Predictor, photos: Iterable[Photo]
) -> np.ndarray:
    """Where new photos lie in a space of a map (N × d), without those that cannot be read."""
    found = []
    for photo in photos:
        try:
            pixels = photo.read()
        except PhotoError:
            continue
        scores, features = predictor.score_with_features([preprocess.square(pixels, predictor.preset)])
        found.append(place_of(atlas, space, autoencoder, pixels, float(scores[0]), features[0]))
    return np.array(found) if found else np.empty((0, atlas.spaces[space].shape[1]))


def on_axes(atlas: Atlas, space: str, place: np.ndarray) -> np.ndarray:
    """A place in a space as the map keeps it: a wide one along its principal axes.

    LatentError where it is of another width than the map's photos.
    """
    if (centre := atlas.axes.get(f"{space}.centre")) is not None:
        if len(centre) != len(place):
            raise LatentError("The map was made with another model than this; make it again.")
        place = (place - centre) @ atlas.axes[f"{space}.axes"].astype(np.float32)
    if len(place) != atlas.spaces[space].shape[1]:
        raise LatentError("The map was made with another model than this; make it again.")
    return place
