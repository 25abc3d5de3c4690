"""Heatmaps over a set of photos: where their mass lies, and how far they can be believed; a table in Parquet parts."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from core import config
from core.errors import PhotoError, StudyError
from core.files import json_of, replacing, write_text
from core.inference import Predictor, batches, identity, title_of
from core.paint.region_effect import working
from core.photos.fingerprints import UnseenFilter, fingerprint
from core.regions import mask_cache
from core.registry import ATTRIBUTIONS, MASKS
from core.trust.brightest_tenth import brightest_tenth
from core.trust.curves import curves
from core.trust.deciding_fills import deciding_fills
from core.trust.grid import agreement
from core.trust.randomisation import cascading_randomisation
from core.trust.reports import AGREEMENT, GAIN, QUICK, RANDOMISED, REMOVED, TENTH
from core.types import Heatmap, Listing, Mask, Photo, Pixels, Problem, Progress, silent, unreadable

PART = 5
"""Photos a part: as many are lost at most when a run is killed."""
SHIFTS = 16
"""Places that a map is moved to, as on a torus, for the share that its own unevenness brings by chance."""
STEPS, ELSEWHERE = 5, 4
"""Steps of a curve, and other places of a tenth: fewer than on one photo, for many photos average their noise out."""
PLACES = ("centre", "upper third", "lower third")
"""Parts of a photo that need no detector."""
ROWS = pa.schema(
    [
        *((name, pa.string()) for name in ("photo_id", "source", "method", "measure")),
        *((name, pa.float64()) for name in ("score", "value", "expected", "shifted")),
        ("exact", pa.bool_()),
    ]
)
"""A row per photo, method and measure. A share of the map: its value, that expected from area, the mean share of the
map moved, and whether the region is what the source knows or what a detector found. The tenth: Δ, and the mean Δ
elsewhere as expected. The gain has only a value. The score with a percentage of the photo removed, highest places
first, with that of the opposite order as expected. The agreement (Spearman ρ) with the maps of the other methods, with
that of the baselines as expected; and with the map of the same method when a stage and all above it are random."""


@dataclass(frozen=True)
class AttributionSettings:
    """What a table was measured with; a run goes on only with the same. Without fills nothing is removed."""

    model: str
    source: str
    methods: tuple[str, ...]
    masks: tuple[str, ...]
    fills: tuple[str, ...]
    steps: int = STEPS
    elsewhere: int = ELSEWHERE
    seed: int = config.SEED


def settings_of(
    model: str, source: str, methods: Sequence[str], masks: Sequence[str], *, removals: bool = True
) -> AttributionSettings:
    """Checked settings: all methods and all detectors where none are named, and the fills that decide for the model.

    Without `removals`, only where the maps lie is measured. UnknownChoiceError names the choices.
    """
    chosen = tuple(ATTRIBUTIONS[name].id for name in methods) or tuple(entry.id for entry in ATTRIBUTIONS)
    fills = deciding_fills(title_of(model)).fills if removals else ()
    return AttributionSettings(
        identity(model), source, chosen, tuple(MASKS[name].id for name in masks) or mask_cache.detectors(), fills
    )


def unseen(photos: Iterable[Photo], predictor: Predictor, limit: int = 0) -> tuple[tuple[Photo, ...], int, int]:
    """The first photos (0: all) that the model did not learn from and that look like none before them.

    With them, how many it learned from, and how many look like another. One that cannot be read stays, to be named.
    """
    fresh = UnseenFilter(predictor.card)
    kept: list[Photo] = []
    for photo in photos:
        if limit and len(kept) == limit:
            break
        try:
            counts = fresh(fingerprint(photo.read()))
        except PhotoError:
            counts = True
        if counts:
            kept.append(photo)
    return tuple(kept), fresh.learned, fresh.alike


def run(
    predictor: Predictor, listing: Listing, how: AttributionSettings, folder: Path, *, progress: Progress = silent
) -> list[Problem]:
    """Measure every photo that the folder does not hold yet, in parts that are closed before the next begins.

    Returns the photos that cannot be read. StudyError for a folder with other settings.
    """
    _claim(folder, how)
    done = set(rows(folder)["photo_id"]) if any(folder.glob("rows/*.parquet")) else set()
    left = [photo for photo in listing.photos if photo.id not in done]
    problems: list[Problem] = []
    number = 1 + max((int(file.stem.rpartition("-")[2]) for file in folder.glob("rows/part-*.parquet")), default=-1)
    for part in batches(progress(left, len(left), "explaining"), PART):
        made: list[dict[str, object]] = []
        for photo in part:
            try:
                made += measured(predictor, photo, how)
            except PhotoError as error:
                problems.append(unreadable(photo, error))
        if made:
            with replacing(folder / "rows" / f"part-{number:05}.parquet") as temporary:
                pq.write_table(pa.Table.from_pylist(made, ROWS), temporary, compression="zstd")
            number += 1
    return problems


def rows(folder: Path) -> pd.DataFrame:
    """All rows of a table so far; StudyError where there are none, or where a part is damaged."""
    files = sorted(folder.glob("rows/*.parquet"))
    if not files:
        raise StudyError(f"{folder} holds no measured photos; run: python -m core attribute SOURCE.")
    return pd.concat([_part(file) for file in files], ignore_index=True)


def _part(file: Path) -> pd.DataFrame:
    try:
        with pq.ParquetFile(file) as part:
            return part.read(use_threads=False).select(ROWS.names).cast(ROWS).to_pandas()
    except (pa.ArrowException, OSError, KeyError, ValueError) as error:
        raise StudyError(
            f"{file} is damaged; delete it and give the command again: its photos are measured anew."
        ) from error


def measured(predictor: Predictor, photo: Photo, how: AttributionSettings) -> Iterator[dict[str, object]]:
    """The rows of one photo: shares of each map on things and places, the worth of its tenth, and its gain."""
    pixels = photo.read()
    small = working(pixels)
    found = mask_cache.find(photo, pixels, how.masks)
    regions = {name: _resized(item.region.mask, small) for name, item in found.items()} | places(*small.shape[:2])
    maps = {method: ATTRIBUTIONS[method].function(predictor, small) for method in how.methods}
    for method, heatmap in maps.items():
        about = {"photo_id": photo.id, "source": photo.source, "method": method, "score": heatmap.score}
        for name, mask in regions.items():
            if mask.any() and (heatmap.values > 0).any():
                shares = dict(zip(("value", "expected", "shifted"), share(heatmap.values, mask), strict=True))
                exact = found[name].exact if name in found else None
                yield {**about, "measure": name, **shares, "exact": exact}
        if how.fills:
            yield from ({**about, **row} for row in _removals(predictor, small, heatmap, how))
            yield from ({**about, **row} for row in _agreements(maps, method))
            yield from ({**about, **row} for row in _randomised(predictor, small, heatmap, how.seed))


def _removals(
    predictor: Predictor, photo: Pixels, heatmap: Heatmap, how: AttributionSettings
) -> Iterator[dict[str, object]]:
    """What the tenth of a map is worth, the gain of its order, and the scores on the way of both orders."""
    tenth = brightest_tenth(predictor, photo, heatmap, fills=how.fills, places=how.elsewhere, seed=how.seed)
    if tenth is not None:
        yield {"measure": TENTH, "value": tenth.delta, "expected": float(np.mean(tenth.elsewhere))}
    made = curves(predictor, photo, heatmap, fills=how.fills, steps=how.steps, seed=how.seed)
    yield {"measure": GAIN, "value": made.gain}
    for share, highest, lowest in zip(made.shares, made.highest_first, made.lowest_first, strict=True):
        yield {"measure": f"{REMOVED}{share:.0%}", "value": float(highest), "expected": float(lowest)}


def _agreements(maps: Mapping[str, Heatmap], method: str) -> Iterator[dict[str, object]]:
    """How far a map agrees with those of the other methods, beside those of the baselines; nothing without others."""
    others: dict[bool, list[float]] = {True: [], False: []}
    for name, other in maps.items():
        if name != method:
            others[ATTRIBUTIONS[name].facts["baseline"]].append(agreement(maps[method], other))
    if others[False]:
        expected = float(np.mean(others[True])) if others[True] else None
        yield {"measure": AGREEMENT, "value": float(np.mean(others[False])), "expected": expected}


def _randomised(predictor: Predictor, photo: Pixels, heatmap: Heatmap, seed: int) -> Iterator[dict[str, object]]:
    """Agreement of a quick method's map with those of the model as it is made random, from its head to its input."""
    if ATTRIBUTIONS[heatmap.method].facts["passes"] in QUICK:
        for stage in cascading_randomisation(predictor, photo, heatmap, seed=seed):
            yield {"measure": f"{RANDOMISED}{stage.stage}", "value": stage.agreement}


def places(height: int, width: int) -> dict[str, Mask]:
    """Parts of any photo: the middle quarter of its area, and the thirds in which sky and ground usually are."""
    empty = np.zeros((height, width), bool)
    centre, upper, lower = empty.copy(), empty.copy(), empty.copy()
    centre[height // 4 : height - height // 4, width // 4 : width - width // 4] = True
    upper[: height // 3] = True
    lower[height - height // 3 :] = True
    return dict(zip(PLACES, (centre, upper, lower), strict=True))


def share(values: np.ndarray, mask: Mask) -> tuple[float, float, float]:
    """Share of what raises the score by a map (H × W) that lies in a mask, the mask's area, and the share of the map
    moved to other places: that of a map as uneven which knows nothing of the photo."""
    raising = values.clip(min=0).astype(np.float64)
    total = raising.sum()
    height, width = mask.shape
    moved = [(down * height // 4, right * width // 4) for down in range(4) for right in range(4)]
    by_chance = [raising[np.roll(mask, shift, (0, 1))].sum() / total for shift in moved[1:SHIFTS]]
    return float(raising[mask].sum() / total), float(mask.mean()), float(np.mean(by_chance))


def _resized(mask: Mask, photo: Pixels) -> Mask:
    from core.regions.regions import resize_mask

    return resize_mask(mask, *photo.shape[:2])


def _claim(folder: Path, how: AttributionSettings) -> None:
    """Write the settings, or compare them with those of the run that goes on."""
    file = folder / "attribution.json"
    wanted = json.loads(json.dumps(asdict(how)))
    if file.is_file():
        try:
            kept = json_of(file.read_text(encoding="utf-8"))
        except (OSError, ValueError) as error:
            raise StudyError(f"{file} cannot be read ({error}); choose another folder with --out.") from error
        if kept != wanted:
            raise StudyError(f"{folder} was measured with other settings; choose another folder with --out.")
        return
    write_text(file, json.dumps(wanted, indent=2) + "\n")
