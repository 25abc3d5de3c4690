"""The region operator: mask × fill × direction."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any

import cv2
import numpy as np

from core.errors import UnknownChoiceError
from core.photos.images import to_bytes
from core.regions import regions
from core.registry import ABLATIONS, FILLS, Choice, Entry, Range
from core.table import DIRECTIONS, REMOVE
from core.types import Mask, Pixels


@ABLATIONS.register("Region", removes="what is in a mask", strength=None, none=None, doses=(), needs=("mask",))
def region(
    photo: Pixels,
    mask: Mask,
    settings: Mapping[str, Any] | None = None,
    *,
    fill: str = "mean",
    direction: Annotated[str, Choice(DIRECTIONS)] = REMOVE,
    feather: Annotated[float, Range(0, 0.1, 0.005)] = 0.0,
    seed: Annotated[int, Range(0, 2**31 - 1, 1)] = 0,
) -> Pixels:
    """Replace what is inside a mask or outside of it by a fill, or by an ablation of the same place.

    `direction` is remove or keep; `fill` is a registered fill, or a whole-photo ablation whose result is used there
    (where both have a name, the fill: blur), and `settings` are its parameters.
    `feather` is the softness of the border, a standard deviation as a fraction of the short side; at 0 every other
    pixel stays as it is. MaskError for a mask of another size, an empty one, or one that covers everything.
    """
    regions.check(photo, mask)
    where = regions.replaced(mask, direction)
    soft = None
    if feather > 0:
        soft = cv2.GaussianBlur(where.astype(np.float32), (0, 0), feather * min(where.shape))[..., None]
        where = soft[..., 0] > 0.5 / 255
    filled = _filled(photo, where, fill_entry(fill), seed, settings or {})
    if soft is None:
        return cv2.copyTo(filled, where.astype(np.uint8), photo.copy())
    return to_bytes(photo + soft * (filled.astype(np.float32) - photo))


def _filled(photo: Pixels, where: Mask, entry: Entry[Any], seed: int, settings: Mapping[str, Any]) -> Pixels:
    """The photo with the fill at least wherever `where` is true."""
    own = {"seed": seed} if any(param.name == "seed" for param in entry.params) else {}
    arguments = entry.arguments({**own, **settings})
    is_fill = entry.id in FILLS and FILLS[entry.id] is entry
    return entry.function(photo, where, **arguments) if is_fill else entry.function(photo, **arguments)


def fill_entries() -> dict[str, Entry[Any]]:
    """All that can be put in a region's place, by id: fills, then whole-photo ablations; an id of both is the fill."""
    whole = [entry for entry in ABLATIONS if not entry.facts.get("needs") and entry.id not in FILLS]
    return {entry.id: entry for entry in (*FILLS, *whole)}


def fill_entry(name: str) -> Entry[Any]:
    """The fill, or the whole-photo ablation that serves as one; UnknownChoiceError names both kinds."""
    known = fill_entries()
    if name not in known:
        fills, whole = ([each for each in known if (each in FILLS) is own] for own in (True, False))
        raise UnknownChoiceError(
            f"No fill is called {name!r}; choose from {', '.join(fills)}, or an ablation: {', '.join(whole)}."
        )
    return known[name]
