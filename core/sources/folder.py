"""A plain folder of photos without human scores."""

from __future__ import annotations

from functools import partial
from pathlib import Path

from core import config
from core.errors import SourceError
from core.files import readable
from core.photos import images, photo_files
from core.registry import SOURCES
from core.types import Listing, Photo


@SOURCES.register("Folder of photos", scored=False, fallback=True, accepts=lambda path: path.is_dir())
def folder(path: Path) -> Listing:
    """Every photo in a folder, the folders below it and those linked from there, without human scores.

    What is hidden, or a service's copy, is passed over with a note. Ids are paths relative to the folder. SourceError
    if there is no such folder or no photo in it.
    """
    if not path.is_dir():
        raise SourceError(f"{path}: there is no such folder.")
    found = photo_files.find(path)
    if not found.files:
        kinds = ", ".join(config.PHOTO_SUFFIXES)
        raise SourceError(" ".join((f"{path}: no photo in this folder; looked for {kinds}.", *found.notes)))
    source = path.absolute().name  # the plain name of "." is empty
    photos = tuple(
        Photo(readable(file.relative_to(path)), source, partial(images.read, file), path=file) for file in found.files
    )
    return Listing(source, photos, notes=found.notes)
