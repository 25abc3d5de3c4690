"""The most typical photos of the parts as small pictures: themselves where they are at hand, else decoded."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import streamlit as st

from core.concepts.typical import photos_at_hand
from core.errors import LabError, PhotoError
from core.latent import atlas
from core.photos import images
from core.types import Pixels
from ui import layout, resources

TILE = 96
"""Side of a picture in px."""


@dataclass(frozen=True)
class Tile:
    """A small square picture of a photo; `decoded` where the autoencoder drew it from what the map keeps."""

    pixels: Pixels
    decoded: bool


@st.cache_data(show_spinner="Looking for typical photos …", max_entries=8)
def tiles(names: tuple[str, ...]) -> dict[str, Tile]:
    """Pictures of photos named SOURCE/ID, by name; of those that can be shown."""
    made = {}
    for name, photo in photos_at_hand(names).items():
        try:
            made[name] = Tile(images.resize(photo.read(), TILE, TILE), decoded=False)
        except PhotoError:
            continue
    return made | _decoded([name for name in names if name not in made])


def _decoded(names: Sequence[str]) -> dict[str, Tile]:
    """What the autoencoder draws of the photos that the map knows; nothing without a map or an autoencoder for it."""
    try:
        found = atlas.read() if names else None
        rows = {name: row for name in names if found and (row := found.index(name)) is not None}
        if found is None or not rows:
            return {}
        from core.inference.autoencoder import load_autoencoder  # imports torch: only where something is drawn

        latents = found.spaces["pixels"]
        drawn = load_autoencoder(latent=latents.shape[1]).decode(latents[list(rows.values())])
    except LabError:  # the page of the map says what is wrong with it
        return {}
    return {name: Tile(picture, decoded=True) for name, picture in zip(rows, drawn, strict=True)}


def show(names: Sequence[str], made: dict[str, Tile]) -> None:
    """The pictures of one part side by side, and what they are."""
    there = [name for name in names if name in made]
    with st.container(horizontal=True, gap="small"):
        for name in there:
            st.image(resources.jpeg(made[name].pixels), width=TILE, alt=f"Typical: {name}")
    decoded = sum(made[name].decoded for name in there)
    said = []
    if decoded:
        said.append(f"{decoded} drawn by the autoencoder from what the map keeps of them: blurred")
    if missing := len(names) - len(there):
        said.append(f"{missing} neither on this machine nor on the map, named below")
    if said:
        st.caption(layout.plain(f"Of the {len(names)} most typical photos, {'; '.join(said)}."))
