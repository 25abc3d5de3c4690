"""Photos at addresses that fsspec knows: s3://, gs://, https://, memory:// and their like."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import fsspec

from core.errors import MissingDependencyError, PhotoError, SourceError
from core.photos import images
from core.photos.photo_files import is_photo, is_service
from core.types import Pixels

MARK = "://"


def is_address(name: str) -> bool:
    """Whether a name begins with a protocol."""
    return MARK in name


@dataclass(frozen=True)
class AddressListing:
    """The photos below an address: the whole address of each in order, and how many others were passed over."""

    root: str
    photos: tuple[str, ...]
    passed_over: int


def find(address: str) -> AddressListing:
    """Every photo below an address, without those that are hidden or kept by a service.

    SourceError where nothing answers; MissingDependencyError names the package that a protocol needs.
    """
    system, root = _opened(address)
    try:
        names = sorted(name for name in system.find(root) if is_photo(name))
    except (OSError, ValueError) as error:
        raise SourceError(
            f"{address}: nothing answers there ({error}); look at the address and at your rights."
        ) from error
    kept = [name for name in names if not any(map(is_service, name[len(root) :].split("/")))]
    return AddressListing(
        system.unstrip_protocol(root), tuple(map(system.unstrip_protocol, kept)), passed_over=len(names) - len(kept)
    )


def read(address: str) -> Pixels:
    """Decode the photo at an address, as `images.read` does; PhotoError also where it cannot be fetched."""
    system, path = _opened(address)
    try:
        data = system.cat_file(path)
    except (OSError, ValueError) as error:
        raise PhotoError(f"it cannot be fetched ({type(error).__name__}: {error}).") from error
    return images.read(data, address)


def _opened(address: str) -> tuple[Any, str]:
    """The file system behind an address, and the path in it."""
    protocol = address.partition(MARK)[0]
    try:
        system, path = fsspec.core.url_to_fs(address)
    except ImportError as error:
        raise MissingDependencyError(f"{protocol}:// needs a package of its own: {error}.") from error
    except (OSError, ValueError) as error:
        raise SourceError(f"{address}: this address cannot be opened ({error}).") from error
    return system, str(path).rstrip("/")
