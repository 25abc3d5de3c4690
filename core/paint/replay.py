"""A painted region as a file that gives the same score again: what was painted, what was done, and what came out."""

from __future__ import annotations

import base64
import binascii
import io
import json
import zipfile
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from core.errors import LabError, MaskError, PhotoError
from core.files import DAMAGED_ARCHIVE, is_zip, json_of, replacing, table_text, write_text
from core.inference import Predictor
from core.paint import region_effect
from core.paint.region_effect import Elsewhere, Painted, Treatment, fitted, treatment, working
from core.photos import fingerprints, images
from core.regions import regions
from core.registry import MODELS
from core.table import canonical
from core.types import Mask, Pixels

FORMAT = "memorability-lab paint"
VERSION = 1
MAX_BYTES = 5_000_000
SAME = 1e-4
"""Scores of one photo differ by less than this on any machine."""
MOST_RECORDS = 200
REPLAY = "-replay.json"
"""How a replay file's name ends."""
FIELDS = {
    "format": str,
    "version": int,
    "photo": str,
    "pixels": str,
    "model": str,
    "mask": str,
    "fill": str,
    "settings": dict,
    "direction": str,
    "feather": float,
    "seed": int,
    "score": float,
    "ablated_score": float,
    "delta": float,
    "area": float,
    "controls": list,
}
"""Every field of the file; `pixels` is the fingerprint of the photo's working copy, `mask` a PNG in base64."""
TABLE = ("photo", "model", "score", "ablated_score", "delta", "area")
"""Columns of the table in a bundle, beside those of the treatment."""


@dataclass(frozen=True)
class Record:
    """One painted region of one photo with its result; `photo` is a name for people, `pixels` what tells it apart.

    `mask` is at the photo's working size; `controls` are Δ of the same shape elsewhere, as far as computed.
    """

    photo: str
    pixels: str
    model: str
    mask: Mask = field(repr=False, compare=False)
    how: Treatment
    score: float
    ablated_score: float
    area: float
    controls: tuple[float, ...] = ()

    @property
    def delta(self) -> float:
        return self.ablated_score - self.score

    @property
    def elsewhere(self) -> Elsewhere:
        """The region beside the same shape at all places that were tried."""
        return Elsewhere(self.delta, self.how.direction, self.controls, complete=True)

    def agrees(self, other: Record) -> bool:
        """Whether both have the same score after, as far as machines agree."""
        return abs(self.ablated_score - other.ablated_score) <= SAME


def record(
    name: str, photo: Pixels, model: str, mask: Mask, how: Treatment, done: Painted, controls: Iterable[float] = ()
) -> Record:
    """What is kept of a painted region, with Δ of the same shape elsewhere as far as they are known."""
    pixels, own = fingerprints.fingerprint(working(photo)).pixels, fitted(mask, photo)
    return Record(name, pixels, model, own, how, done.score, done.ablated_score, done.area, tuple(controls))


def perform(
    predictor: Predictor, name: str, photo: Pixels, mask: Mask, how: Treatment, controls: int
) -> tuple[Record, Pixels]:
    """Paint a region and its controls to the end: the record, and the ablated photo at working size."""
    done = region_effect.paint(predictor, photo, mask, how)
    others = region_effect.controls(predictor, photo, mask, how, done.score, n=controls) if controls else ()
    return record(name, photo, predictor.name, mask, how, done, others), done.photo


def write(folder: Path, made: Record, ablated: Pixels) -> None:
    """Write the ablated photo (PNG) and the replay file into a folder, under the photo's name."""
    stem = Path(made.photo).stem or "photo"
    with replacing(folder / f"{stem}-ablated.png") as temporary:
        temporary.write_bytes(images.png_bytes(ablated))
    write_text(folder / f"{stem}{REPLAY}", to_json(made))


def mask_png(mask: Mask) -> bytes:
    """A mask as a black-and-white PNG, white inside."""
    return images.png_bytes(np.where(mask, np.uint8(255), np.uint8(0)))


def mask_text(mask: Mask) -> str:
    """A mask as a PNG in base64."""
    return base64.b64encode(mask_png(mask)).decode()


def mask_of(encoded: str) -> Mask:
    """The mask that `mask_text` wrote; MaskError for anything else."""
    try:
        picture = images.read(base64.b64decode(encoded, validate=True))
    except (binascii.Error, ValueError) as error:
        reason = str(error) if isinstance(error, PhotoError) else "it is not base64."
        raise MaskError(f"its mask cannot be read: {reason}") from error
    return picture[..., 0] >= 128


def to_json(item: Record) -> str:
    """The file's text, fields in the order of FIELDS."""
    values = {
        "format": FORMAT,
        "version": VERSION,
        **asdict(item.how),
        **{name: getattr(item, name) for name in FIELDS if hasattr(item, name)},
        "mask": mask_text(item.mask),
        "controls": list(item.controls),
    }
    return json.dumps({name: values[name] for name in FIELDS}, indent=1, ensure_ascii=False)


def bundle(tried: Iterable[tuple[Record, Pixels]]) -> bytes:
    """A ZIP of records with their ablated photos: mask, ablated photo and replay file of each, and one table of all."""
    buffer, rows = io.BytesIO(), []
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for number, (item, ablated) in enumerate(tried, start=1):
            archive.writestr(f"{number:02}-mask.png", mask_png(item.mask))
            archive.writestr(f"{number:02}-ablated.png", images.png_bytes(ablated))
            archive.writestr(f"{number:02}{REPLAY}", to_json(item))
            rows.append({"number": number} | {name: getattr(item, name) for name in TABLE} | _how(item.how))
        archive.writestr("tried.csv", table_text(pd.DataFrame(rows)))
    return buffer.getvalue()


def load(file: Path) -> Record:
    """Read a replay file; MaskError says in one sentence what is wrong with it."""
    try:
        if file.stat().st_size > MAX_BYTES:
            raise MaskError(f"{file}: it is larger than {MAX_BYTES // 10**6} MB, which no replay file is.")
        text = file.read_text(encoding="utf-8")
    except OSError as error:
        raise MaskError(f"{file}: the replay file cannot be read ({error.strerror}).") from error
    except UnicodeDecodeError as error:
        raise MaskError(f"{file}: this is not a replay file; it is not text.") from error
    try:
        return from_json(text)
    except LabError as error:
        raise MaskError(f"{file}: {error}") from error


def load_all(file: Path) -> tuple[Record, ...]:
    """The records of a ZIP as `bundle` makes it, in its order, or the one of a replay file; MaskError as of `load`."""
    if not is_zip(file):
        return (load(file),)
    try:
        with zipfile.ZipFile(file) as archive:
            found = sorted(name for name in archive.namelist() if name.endswith(REPLAY))
            if not 0 < len(found) <= MOST_RECORDS:
                raise MaskError(f"{file}: it holds {len(found)} replay files, and 1 to {MOST_RECORDS} can be read.")
            return tuple(from_json(_member(archive, name)) for name in found)
    except LabError as error:
        raise MaskError(str(error) if str(file) in str(error) else f"{file}: {error}") from error
    except DAMAGED_ARCHIVE as error:
        raise MaskError(f"{file}: this ZIP cannot be read; download it again.") from error


def _member(archive: zipfile.ZipFile, name: str) -> str:
    with archive.open(name) as stream:
        data = stream.read(MAX_BYTES + 1)  # whatever the archive says of its size
    if len(data) > MAX_BYTES:
        raise MaskError(f"{name} is larger than {MAX_BYTES // 10**6} MB, which no replay file is.")
    return data.decode("utf-8")


def from_json(text: str) -> Record:
    """A record from a file's text; MaskError or another LabError for anything that was not written by `to_json`."""
    values = _fields(text)
    if values["format"] != FORMAT or values["version"] != VERSION:
        raise MaskError(f"this is not a replay file of version {VERSION}.")
    if values["model"] not in MODELS:
        raise MaskError(f"its model {values['model'][:60]!r} is not one of {', '.join(entry.id for entry in MODELS)}.")
    how = treatment(values["settings"], **{name: values[name] for name in ("fill", "direction", "feather", "seed")})
    for name in ("score", "ablated_score", "area"):
        if not 0 <= values[name] <= 1:
            raise MaskError(f"its {name} is {values[name]:g}, which lies outside 0 to 1.")
    return Record(
        photo=values["photo"][:200],
        pixels=values["pixels"],
        model=values["model"],
        mask=mask_of(values["mask"]),
        how=how,
        score=values["score"],
        ablated_score=values["ablated_score"],
        area=values["area"],
        controls=tuple(_control(value) for value in values["controls"][:1000]),
    )


def check(item: Record, photo: Pixels) -> None:
    """MaskError unless the record was made with this photo (compared by the pixels of its working copy)."""
    small = working(photo)
    if item.mask.shape != small.shape[:2]:
        regions.check(small, item.mask)
    if fingerprints.fingerprint(small).pixels != item.pixels:
        raise MaskError(f"The replay file was made with another photo ({item.photo}); give that one.")


def is_of(item: Record, photo: Pixels) -> bool:
    """Whether a record was made with this photo."""
    return fingerprints.fingerprint(working(photo)).pixels == item.pixels


def _how(how: Treatment) -> dict[str, Any]:
    return asdict(how) | {"settings": canonical(how.settings)}


def _fields(text: str) -> dict[str, Any]:
    """All fields, each of its kind; numbers are finite."""
    try:
        values = json_of(text)
    except (ValueError, RecursionError) as error:
        raise MaskError("this is not a replay file; it is not JSON.") from error
    if not isinstance(values, Mapping):
        raise MaskError("this is not a replay file; it holds no fields.")
    for name, kind in FIELDS.items():
        value = values.get(name)
        allowed = (int, float) if kind is float else (kind,)
        if isinstance(value, bool) or not isinstance(value, allowed):
            raise MaskError(f"its {name} must be {kind.__name__}, not {str(value)[:30]!r}.")
        if isinstance(value, int | float) and not abs(value) < 2**53:  # also where it is no number
            raise MaskError(f"its {name} is not a number that can be used.")
    return {name: kind(values[name]) for name, kind in FIELDS.items()}


def _control(value: Any) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float) or not abs(value) <= 1:
        raise MaskError(f"its controls hold {str(value)[:30]!r}, which is not a difference of two scores.")
    return float(value)
