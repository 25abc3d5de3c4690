"""Sets of ablated photos as image files, the same bytes whenever they are made again, with a manifest."""

from __future__ import annotations

import csv
import hashlib
from collections.abc import Collection, Iterator, Sequence
from dataclasses import astuple, dataclass, fields
from pathlib import Path
from typing import Any

from core import config
from core.ablations.region import fill_entry, region
from core.errors import MaskError, ParameterError, PhotoError, SourceError
from core.files import cell, replacing, write_text
from core.photos import images
from core.photos.fingerprints import fingerprint
from core.regions import mask_cache, regions
from core.registry import ABLATIONS, MASKS
from core.table import DIRECTIONS, REMOVE, Condition, canonical
from core.types import Listing, Mask, Photo, Pixels, Problem, Progress, silent, unreadable

MANIFEST, NOT_ELIGIBLE = "manifest.csv", "not_eligible.csv"
UNFINISHED = "unfinished.txt"
"""Lies beside the sets while they are written: what a killed run leaves is known by it."""
REGION = region.__name__


@dataclass(frozen=True)
class ManifestRow:
    """A line of the manifest: one file of one set; `params` as canonical JSON, sha256 over the file's bytes."""

    photo_id: str
    file: str
    ablation: str
    params: str
    mask: str | None
    fill: str | None
    direction: str | None
    area: float | None
    rmse: float
    seed: int
    sha256: str


@dataclass(frozen=True)
class Refusal:
    """A photo that a set does not contain, because the thing is not in it, or nothing else is."""

    photo_id: str
    mask: str
    reason: str


@dataclass(frozen=True)
class Written:
    """What was written: files and not eligible photos by set, and the photos that could not be read."""

    folder: Path
    files: dict[str, int]
    not_eligible: dict[str, int]
    problems: tuple[Problem, ...]


def whole_photo(ablation: str, given: dict[str, Any] | None = None) -> Condition:
    """An ablation of whole photos; UnknownChoiceError or ParameterError names the choices."""
    entry = ABLATIONS[ablation]
    if entry.facts.get("needs"):
        raise ParameterError(f"{ablation} needs a mask; choose one of {', '.join(mask_cache.detectors())}.")
    return Condition(ablation, canonical(entry.arguments(given)))


def region_of(mask: str, fill: str = "mean", direction: str = REMOVE, given: dict[str, Any] | None = None) -> Condition:
    """A region ablation; `given` are parameters of the fill. UnknownChoiceError or ParameterError names the choices."""
    if MASKS[mask].facts.get("needs"):
        raise ParameterError(f"{mask} cannot be looked for; choose one of {', '.join(mask_cache.detectors())}.")
    settings = canonical(fill_entry(fill).arguments(given))
    ABLATIONS[REGION].arguments({"direction": direction})
    return Condition(REGION, settings, mask, fill, direction)


def every_set() -> tuple[Condition, ...]:
    """Every set at its default strength: the ablations of whole photos, and each mask removed and kept alone."""
    whole = (whole_photo(entry.id) for entry in ABLATIONS if not entry.facts.get("needs"))
    found = (region_of(mask, direction=direction) for mask in mask_cache.detectors() for direction in DIRECTIONS)
    return (*whole, *found)


def name_of(condition: Condition) -> str:
    """Name of a set's folder: "blur", "faces-remove"."""
    return condition.ablation if condition.mask is None else f"{condition.mask}-{condition.direction}"


def apply(condition: Condition, photo: Pixels, mask: Mask | None, seed: int) -> Pixels:
    """One photo under a condition; MaskError where a region has nothing to remove or to keep."""
    if condition.mask is None:
        entry = ABLATIONS[condition.ablation]
        own = {"seed": seed} if any(param.name == "seed" for param in entry.params) else {}
        return entry.function(photo, **condition.arguments, **own)
    assert mask is not None
    assert condition.fill is not None
    assert condition.direction is not None
    return region(photo, mask, condition.arguments, fill=condition.fill, direction=condition.direction, seed=seed)


def seed_of(seed: int, key: str) -> int:
    """A photo's own seed, from the fingerprint of its pixels: no two photos are scrambled alike."""
    return int.from_bytes(hashlib.sha256(f"{seed}:{key}".encode()).digest()[:4], "big") % 2**31


def write_sets(
    listing: Listing,
    conditions: Sequence[Condition],
    folder: Path,
    *,
    seed: int = config.SEED,
    masks: Path = config.RUNS / "masks",
    progress: Progress = silent,
) -> Written:
    """Write every photo of a listing under every condition as PNG at the working size, and the manifest.

    Sets of other conditions that lie in the folder stay, with their lines of the manifest; of these sets, files of an
    earlier manifest or of a run that was killed are removed where they do not belong. SourceError if the folder holds
    anything else.
    """
    ours = {name_of(condition) for condition in conditions}
    old = {name for name in _earlier(folder) if name.partition("/")[0] in ours}
    kept = _lines_of_others(folder, ours, {condition.mask for condition in conditions})
    write_text(folder / UNFINISHED, "A run began here and has not ended. The same command begins again.\n")
    problems: list[Problem] = []
    files, refused = ({name_of(condition): 0 for condition in conditions} for _ in range(2))
    with (
        replacing(folder / MANIFEST) as manifest,
        replacing(folder / NOT_ELIGIBLE) as leftover,
        manifest.open("w", newline="", encoding="utf-8") as rows,
        leftover.open("w", newline="", encoding="utf-8") as refusals,
    ):
        tables = {
            kind: csv.writer(stream, lineterminator="\n") for kind, stream in ((ManifestRow, rows), (Refusal, refusals))
        }
        for kind, table in tables.items():
            table.writerow([field.name for field in fields(kind)])
            table.writerows(kept[kind])
        for photo in progress(listing.photos, len(listing.photos), "ablating"):
            try:
                for name, result in _photo(photo, conditions, folder, seed, masks):
                    tables[type(result)].writerow(map(cell, astuple(result)))
                    (files if isinstance(result, ManifestRow) else refused)[name] += 1
                    old.discard(getattr(result, "file", ""))
            except PhotoError as error:
                problems.append(unreadable(photo, error))
    for name in old:
        (folder / name).unlink(missing_ok=True)
    (folder / UNFINISHED).unlink()
    return Written(folder, files, refused, tuple(problems))


def _photo(
    photo: Photo, conditions: Sequence[Condition], folder: Path, seed: int, masks: Path
) -> Iterator[tuple[str, ManifestRow | Refusal]]:
    """A photo under every condition, written; name of the set with its row or refusal."""
    original = photo.read()
    key = fingerprint(original).pixels
    working, own = images.working(original), seed_of(seed, key)
    wanted = {condition.mask for condition in conditions if condition.mask}
    found = mask_cache.find(photo, original, sorted(wanted), masks)
    height, width = working.shape[:2]
    for condition in conditions:
        name = name_of(condition)
        mask = regions.resize_mask(found[condition.mask].region.mask, height, width) if condition.mask else None
        try:
            ablated = apply(condition, working, mask, own)
        except MaskError as error:
            yield name, Refusal(photo.id, condition.mask or "", str(error))
            continue
        data = images.png_bytes(ablated)
        file = f"{name}/{_file_name(photo.id, key)}"
        with replacing(folder / file) as temporary:
            temporary.write_bytes(data)
        change = regions.measure(working, ablated, mask, condition.direction or "")
        yield name, _row(photo.id, file, condition, change, own, data)


def _row(photo: str, file: str, condition: Condition, change: regions.Change, seed: int, data: bytes) -> ManifestRow:
    where = (condition.mask, condition.fill, condition.direction)
    area = None if change.area is None else round(change.area, 6)
    digest = hashlib.sha256(data).hexdigest()
    return ManifestRow(
        photo, file, condition.ablation, condition.params, *where, area, round(change.rmse, 6), seed, digest
    )


def _file_name(photo: str, key: str) -> str:
    """The photo's id as a file name; an id that would lead out of the folder is replaced by its fingerprint."""
    path = Path(photo)
    return f"{key}.png" if path.is_absolute() or ".." in path.parts else f"{path.as_posix()}.png"


def _lines_of_others(folder: Path, ours: Collection[str], masks: Collection[str | None]) -> dict[type, list[list[str]]]:
    """What the manifest says of sets that are not made now, and the list of refusals of things that are in none."""
    rows, refusals = (_table(folder / name) for name in (MANIFEST, NOT_ELIGIBLE))
    rows = [row for row in rows if (row.get("file") or "").partition("/")[0] not in ours]
    refusals = [row for row in refusals if row.get("mask") not in masks]
    return {
        kind: [[row.get(field.name) or "" for field in fields(kind)] for row in lines]
        for kind, lines in ((ManifestRow, rows), (Refusal, refusals))
    }


def _table(file: Path) -> list[dict[str, str]]:
    """The lines of a table by column, none where it is not there; SourceError where it is no table any more."""
    try:
        with file.open(newline="", encoding="utf-8") as stream:
            return [dict(row) for row in csv.DictReader(stream)]
    except FileNotFoundError:
        return []
    except (UnicodeDecodeError, csv.Error) as error:
        raise SourceError(f"{file}: this is not as it was written ({error}); choose a new folder.") from error


def _earlier(folder: Path) -> set[str]:
    """The files of an earlier manifest, or all pictures of a killed run; SourceError if the folder holds others."""
    if folder.exists() and not folder.is_dir():
        raise SourceError(f"{folder}: this is not a folder; choose another place for the sets.")
    if (folder / UNFINISHED).is_file():  # so the folder was empty, or held such sets, when the run began
        left = {file.relative_to(folder).as_posix() for file in folder.rglob("*.png*") if not file.is_symlink()}
        return {name for name in left if name.endswith((".png", ".png.tmp"))}
    manifest = folder / MANIFEST
    if not manifest.is_file():
        if folder.is_dir() and any(file.name != f"{UNFINISHED}.tmp" for file in folder.iterdir()):  # a killed beginning
            raise SourceError(f"{folder}: this folder holds other files, which stay untouched; choose a new one.")
        return set()
    names = {row.get("file") or "" for row in _table(manifest)}
    return {name for name in names if name.endswith(".png") and not Path(name).is_absolute() and ".." not in name}
