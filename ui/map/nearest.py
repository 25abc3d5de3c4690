"""Beside the score of a photo: the nearest photos of the map that the model finds more, and less, memorable."""

from __future__ import annotations

from pathlib import PurePosixPath

import streamlit as st

from core import config
from core.latent import atlas as atlases
from core.latent import geometry
from core.latent.atlas import Atlas
from core.types import Pixels
from ui import layout, resources
from ui.map import resources as latent_map
from ui.photo import photos
from ui.resources import Item

SPACE = "learned"
"""Near is what the model treats alike: its own features, which the score's pass has found already."""
TILE, ROOM = 136, 300
"""Px of a picture, and of the name below it."""
KINDS = ("more memorable", "more forgettable")
Found = dict[str, int]
"""Rows of the map by what their photos are in comparison with the visitor's."""


def section(item: Item, model: str) -> None:
    """The two photos, each with its name and score; a click opens it on the map. Silent without a map of this model."""
    folder = config.ARTIFACTS / "latent"
    if not (folder / atlases.PHOTOS).is_file():
        return
    atlas = latent_map.current(folder)
    if atlas.model != model or SPACE not in atlas.spaces:
        return
    delta = float(st.session_state.get("delta", geometry.CONTRAST))
    found = opposites(atlas, item, model, delta)
    st.markdown("**Alike to the model, and yet …**")
    if found:
        _tiles(atlas, item, found)
    missing = [kind for kind in KINDS if kind not in found]
    lack = f" No photo there is {' or '.join(missing)} by that much." if missing else ""
    drawn = any(latent_map.photo(atlas, index) is None for index in found.values())
    st.caption(
        f"The nearest of the map's {len(atlas.photos):,} photos whose scores differ by at least {delta:.2f}.{lack}"
        f"{' Photos that are not on this machine are drawn from what the map keeps of them.' if drawn else ''}"
    )


def opposites(atlas: Atlas, item: Item, model: str, delta: float) -> Found:
    """The nearest photo of each kind, where there is one; LatentError where the map is of other weights."""
    from core.latent.encoding import on_axes  # here, because it needs torch

    score, features = resources.seen(model, item.digest, item)
    place = on_axes(atlas, SPACE, features)
    scores = atlas.photos["score"].to_numpy(dtype=float)
    pair = geometry.opposites(atlas.spaces[SPACE], scores, place, score, delta)
    return {kind: index for kind, index in zip(KINDS, pair, strict=True) if index is not None}


def _tiles(atlas: Atlas, item: Item, found: Found) -> None:
    """A picture of each, what it is, and a link of its name."""
    pictures = latent_map.tiles(atlas, list(found.values()))
    with st.container(horizontal=True, gap="small", key="nearest"):
        for (kind, index), picture in zip(found.items(), pictures, strict=True):
            with st.container(width=ROOM, gap="xxsmall"):
                _tile(atlas, item, kind, index, picture)


def _tile(atlas: Atlas, item: Item, kind: str, index: int, picture: Pixels) -> None:
    name = atlas.name(index)
    st.image(picture, width=TILE, output_format="PNG", alt=f"{name}, {kind}")
    st.caption(f"{kind}: **{atlas.photos['score'].iloc[index]:.2f}**")
    photos.map_link(
        item,
        layout.plain(PurePosixPath(name).name),  # with its folders it would be cut off
        help_text=f"Show {layout.plain(name)} on the map",
        photo=name,
        space=SPACE,
        map=atlas.folder.name,
    )
