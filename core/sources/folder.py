"""A plain folder of photos without human scores."""

from __future__ import annotations

from functools import partial
from pathlib import Path

from core import config
from core.errors import SourceError
from core.files import readable
from core.photos import images
from core.registry import SOURCES
from core.types import Listing, Photo


def photo_files(root: Path) -> list[Path]:
    """Every file below `root` whose name ends like a photo's, in sorted order; hidden files are left out.

    Formats that cannot be read here, like HEIC, are among them: reading refuses them by name.
    """
    found = (path for path in root.rglob("*") if path.suffix.lower() in config.PHOTO_SUFFIXES)
    return sorted(path for path in found if path.is_file() and not path.name.startswith("."))


@SOURCES.register("Folder of photos", scored=False, fallback=True, accepts=lambda path: path.is_dir())
def folder(path: Path) -> Listing:
    """Every photo in a folder and the folders below it, without human scores.

    Ids are paths relative to the folder. SourceError if there is no such folder or no photo in it.
    """
    if not path.is_dir():
        raise SourceError(f"{path}: there is no such folder.")
    files = photo_files(path)
    if not files:
        raise SourceError(f"{path}: no photo in this folder; looked for {', '.join(config.PHOTO_SUFFIXES)}.")
    source = path.absolute().name  # the plain name of "." is empty
    photos = tuple(
        Photo(readable(file.relative_to(path)), source, partial(images.read, file), path=file) for file in files
    )
    return Listing(source, photos)
