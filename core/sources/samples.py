"""The colour photos that scikit-image and scikit-learn carry: what every machine has."""

from __future__ import annotations

import importlib.resources
from functools import partial
from pathlib import Path

from core import images
from core.errors import SourceError
from core.registry import SOURCES
from core.types import Listing, Photo

PACKAGED = {
    "astronaut": ("skimage.data", "astronaut.png"),
    "cat": ("skimage.data", "chelsea.png"),
    "coffee": ("skimage.data", "coffee.png"),
    "rocket": ("skimage.data", "rocket.jpg"),
    "temple": ("sklearn.datasets.images", "china.jpg"),
    "flower": ("sklearn.datasets.images", "flower.jpg"),
}


def _read(package: str, file: str) -> images.Pixels:
    return images.read(importlib.resources.files(package).joinpath(file).read_bytes())


@SOURCES.register("Packaged samples", scored=False, needs=(), accepts=lambda path: False)
def samples(path: Path | None = None) -> Listing:
    """The colour photos inside scikit-image and scikit-learn; needs no path, and nobody was asked for human scores."""
    photos = tuple(
        Photo(name, "samples", partial(_read, package, file))
        for name, (package, file) in PACKAGED.items()
        if importlib.resources.files(package).joinpath(file).is_file()
    )
    if not photos:
        raise SourceError("No packaged sample is installed; reinstall scikit-image and scikit-learn.")
    return Listing("samples", photos)
