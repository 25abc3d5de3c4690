"""What the page of the map shares between visitors: the map, its photos, and the autoencoder once it is needed."""

from __future__ import annotations

import io
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import streamlit as st
from PIL import Image

from core import config
from core.errors import LabError, PhotoError
from core.latent import atlas as atlases
from core.latent import colours, photo_values
from core.latent.atlas import Atlas
from core.latent.colours import Option
from core.latent.study_colours import study_folders
from core.photos import images
from core.sources import open_source
from core.types import Photo, Pixels, Problem

if TYPE_CHECKING:
    from core.inference.autoencoder import Autoencoder

TILE = 64
"""Side in px of a thumbnail: what the autoencoder draws."""
COLUMNS = 8
"""Thumbnails in a row of a sheet."""


def maps() -> dict[str, Path]:
    """The maps at hand by name, the shipped one first, then those of this machine's own runs."""
    folders = [config.ARTIFACTS / "latent", *sorted(config.RUNS.glob("*"))]
    return {folder.name: folder for folder in folders if (folder / atlases.PHOTOS).is_file()}


def current(folder: Path) -> Atlas:
    """A map, read again only when its files change; ArtifactError if it is damaged."""
    return _read(folder, tuple((folder / name).stat().st_mtime_ns for name in (atlases.PHOTOS, atlases.ANSWER)))


@st.cache_resource(show_spinner=False, max_entries=4)
def _read(folder: Path, changed: tuple[int, ...]) -> Atlas:
    found = atlases.read(folder)
    assert found is not None
    return found


@st.cache_resource(show_spinner=False, max_entries=4)
def _colours_of(
    _atlas: Atlas, name: str, studies: tuple[Path, ...], measured: tuple[tuple[Path, int], ...]
) -> tuple[dict[str, Option], tuple[Problem, ...]]:
    return colours.colours(_atlas, studies, tuple(file for file, _ in measured))


def colours_of(atlas: Atlas, name: str) -> tuple[dict[str, Option], tuple[Problem, ...]]:
    """What a map can be coloured by: listed for all visitors once, and again where runs left something new."""
    return _colours_of(atlas, name, study_folders(), photo_values.files())


@st.cache_resource(show_spinner="Loading the autoencoder …")
def _autoencoder(latent: int) -> Autoencoder:
    from core.inference.autoencoder import load_autoencoder  # imports torch: only where something is drawn

    return load_autoencoder(latent=latent)


def autoencoder(atlas: Atlas) -> Autoencoder:
    """The shipped autoencoder; CheckpointError if it describes photos with another number of numbers than the map."""
    return _autoencoder(atlas.spaces["pixels"].shape[1])


@st.cache_resource(show_spinner=False, max_entries=16)
def _photos_at(place: str) -> dict[str, Photo]:
    try:
        return {photo.id: photo for photo in open_source(place).photos}
    except LabError:  # photos that have moved are not at hand: reconstructions take their place
        return {}


def photo(atlas: Atlas, index: int) -> Photo | None:
    """The photo of a row where it is at hand on this machine."""
    row = atlas.photos.iloc[index]
    place = atlas.places.get(row["source"])
    return None if place is None else _photos_at(place).get(row["photo_id"])


def original(atlas: Atlas, index: int) -> Pixels | None:
    """The pixels of a row's photo, or None where it is not at hand or cannot be read."""
    found = photo(atlas, index)
    try:
        return None if found is None else found.read()
    except PhotoError:
        return None


def reconstructions(atlas: Atlas, latents: np.ndarray) -> np.ndarray:
    """What the autoencoder draws of latents (N × d): uint8 N × 64 × 64 × 3."""
    return autoencoder(atlas).decode(latents)


@st.cache_data(show_spinner=False, max_entries=20_000)
def _small(source: str, photo_id: str, place: str, _atlas: Atlas, index: int) -> Pixels | None:
    found = original(_atlas, index)
    return None if found is None else images.resize(found, TILE, TILE)


def tiles(atlas: Atlas, indices: list[int]) -> np.ndarray:
    """Thumbnails of rows: the photo where it is at hand, else its reconstruction: uint8 N × 64 × 64 × 3."""
    drawn = np.zeros((len(indices), TILE, TILE, 3), np.uint8)
    missing = []
    for place, index in enumerate(indices):
        row = atlas.photos.iloc[index]
        found = _small(row["source"], row["photo_id"], atlas.places.get(row["source"], ""), atlas, index)
        if found is None:
            missing.append(place)
        else:
            drawn[place] = found
    if missing:
        drawn[missing] = reconstructions(atlas, atlas.spaces["pixels"][[indices[place] for place in missing]])
    return drawn


def sheet(pictures: np.ndarray, columns: int = COLUMNS) -> Pixels:
    """Thumbnails (N × 64 × 64 × 3) side by side in rows of `columns`."""
    rows = -(-len(pictures) // columns)
    padded = np.zeros((rows * columns, TILE, TILE, 3), np.uint8)
    padded[: len(pictures)] = pictures
    return padded.reshape(rows, columns, TILE, TILE, 3).swapaxes(1, 2).reshape(rows * TILE, columns * TILE, 3)


def jpeg(pixels: Pixels) -> bytes:
    """Encode a sheet."""
    buffer = io.BytesIO()
    Image.fromarray(pixels).save(buffer, "JPEG", quality=85)
    return buffer.getvalue()
