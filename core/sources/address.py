"""Photos in a store: a folder at an address."""

from __future__ import annotations

from functools import partial

from core import config
from core.errors import SourceError
from core.photos import addresses
from core.registry import SOURCES
from core.types import Listing, Photo


@SOURCES.register("Folder at an address", scored=False, at_address=True, accepts=lambda path: False)
def address(path: str) -> Listing:
    """Every photo below an address that fsspec knows (s3://, gs://, https://, memory:// …), without human scores.

    Some protocols need a package of their own, which the error names. What is hidden, or a service's copy, is passed
    over with a note. Ids are paths below the address. SourceError if nothing answers or no photo is there.
    """
    found = addresses.find(path)
    if not found.photos:
        raise SourceError(f"{path}: no photo at this address; looked for {', '.join(config.PHOTO_SUFFIXES)}.")
    source = found.root.rpartition("/")[2] or found.root
    start = len(found.root) + 1
    photos = tuple(Photo(place[start:], source, partial(addresses.read, place), where=place) for place in found.photos)
    notes = (f"{found.passed_over} hidden photos and copies of services passed over.",) if found.passed_over else ()
    return Listing(source, photos, notes=notes)
