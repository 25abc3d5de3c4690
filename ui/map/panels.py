"""What stands below the map: the pinned photo, a dropped photo, and the way along memorability."""

from __future__ import annotations

import hashlib
from pathlib import Path

import numpy as np
import streamlit as st

from core.errors import LatentError
from core.latent import geometry
from core.latent import words as latent_words
from core.latent.atlas import Atlas
from core.latent.colours import Colour
from core.latent.study_colours import photos_at_hand
from core.photos.photo_files import many
from core.study import catalogue
from ui import layout, log, resources
from ui.map import resources as latent_map
from ui.photo import photos
from ui.resources import Item
from ui.visit import OF_STUDY

NEIGHBOURS = 8
STEPS = 7
MOST_OF_STUDY = 60
"""Photos of a study that are placed on the map: some seconds of work."""


def pin(name: str) -> None:
    """Put a photo into the address."""
    st.query_params["photo"] = name


def leave_out(name: str) -> None:
    """Take something out of the address."""
    st.query_params.pop(name, None)


def pinned(atlas: Atlas, space: str, index: int, colour: Colour) -> None:
    """A photo closely: itself, its reconstruction, its numbers, its neighbours, and its most similar opposite."""
    name = atlas.name(index)
    head, close = st.columns([5, 1], vertical_alignment="bottom")
    head.subheader(layout.plain(name))
    close.button("Unpin", key="unpin", icon=":material/close:", on_click=leave_out, args=("photo",))
    pictures, numbers = st.columns([3, 2], gap="medium")
    with pictures, st.container(horizontal=True):
        found = latent_map.original(atlas, index)
        if found is not None:
            st.image(found, width=240, caption="The photo", output_format="JPEG", alt=f"The photo {name}")
        drawn = latent_map.reconstructions(atlas, atlas.spaces["pixels"][[index]])[0]
        st.image(
            drawn, width=240, caption="From its 64 px latent", output_format="PNG", alt=f"Reconstruction of {name}"
        )
    with numbers:
        st.markdown(_numbers(atlas, index, colour))
        if found is not None:
            _try(atlas, index)
    st.markdown("**Nearest photos** in this space")
    _row(atlas, geometry.neighbours(atlas.spaces[space], index, NEIGHBOURS).tolist(), "near")
    _contrast(atlas, space, index)


def _numbers(atlas: Atlas, index: int, colour: Colour) -> str:
    row = atlas.photos.iloc[index]
    lines = [f"Model's score **{row['score']:.3f}**"]
    lines += [f"human score **{row['human_score']:.3f}**"] if row["human_score"] == row["human_score"] else []
    lines += [f"planted score **{row['planted_score']:.3f}**"] if row["planted_score"] == row["planted_score"] else []
    value = colour.values[index]
    if np.isfinite(value) and colour.id not in ("score", "human", "planted", "source"):
        lines.append(f"{layout.plain(colour.label)} **{value:.3f}**")
    seen = "never learned from it" if row["kept_out"] else "may have learned from it"
    drawn = "learned from it" if row["drawn_before"] else "never saw it"
    return "  \n".join([*lines, f"The model {seen}; the autoencoder {drawn}."])


def _contrast(atlas: Atlas, space: str, index: int) -> None:
    """The nearest photo whose score differs by at least δ."""
    delta = st.slider(
        "Score differs by at least", 0.02, 0.5, geometry.CONTRAST, 0.01, key="delta", persist_state="session"
    )
    scores = atlas.photos["score"].to_numpy(dtype=float)
    other = geometry.contrast(atlas.spaces[space], scores, index, delta)
    if other is None:
        st.caption(f"No photo's score differs by {delta:.2f}.")
        return
    kind = "more forgettable" if scores[other] < scores[index] else "more memorable"
    st.markdown(f"**Most similar, yet {kind}** ({scores[other]:.3f} against {scores[index]:.3f})")
    _row(atlas, [other], "contrast")


def _row(atlas: Atlas, indices: list[int], key: str) -> None:
    """Thumbnails with a button each that pins the photo."""
    pictures = latent_map.tiles(atlas, indices)
    with st.container(horizontal=True, gap="small", key=f"{key}-row"):
        for picture, index in zip(pictures, indices, strict=True):
            name = atlas.name(index)
            with st.container(width=104, gap="xxsmall"):
                st.image(picture, width=104, output_format="PNG", alt=name)
                score = f"{atlas.photos['score'].iloc[index]:.2f}"
                st.button(
                    score, key=f"{key}-{index}", help=layout.plain(name), width="stretch", on_click=pin, args=(name,)
                )


def _try(atlas: Atlas, index: int) -> None:
    """A link to the page that scores photos, with this one of the map; its address names it where it can."""
    photo, name = latent_map.photo(atlas, index), atlas.name(index)
    if photo is None:
        return
    row = atlas.photos.iloc[index]
    address = f"{atlas.places[row['source']]}/{row['photo_id']}"
    item = resources.handed_over(address)
    if item:
        photos.try_link(item, photo=address)
    else:
        photos.try_link(Item(name, f"map-{hashlib.sha256(name.encode()).hexdigest()}", photo.read))


def of_study(atlas: Atlas, space: str, points: np.ndarray) -> np.ndarray:
    """The photos of the study that the address names, where they land: their places in the layout, N × dims."""
    name = st.query_params.get(OF_STUDY, "")
    folder = catalogue.studies().get(name)
    nobody = np.empty((0, points.shape[1]))
    if not name or folder is None:
        layout.problem(*[f"There is no study called {name[:80]!r}."] if name else [])
        return nobody
    found = _places_of_study(atlas, str(atlas.folder), space, str(folder))
    st.button("Take the study's photos off the map", key="unstudy", icon=":material/close:", on_click=_leave_study)
    if not len(found):
        st.caption(f"None of the photos of the study {layout.plain(name)} is on this machine.")
        return nobody
    st.markdown(
        f"{many(len(found), 'photo')} of the study **{layout.plain(name)}** stand on the map in blue, each at the mean "
        "of its nearest photos weighted by closeness."
    )
    return np.array([geometry.landing(atlas.spaces[space], points, place) for place in found])


def _leave_study() -> None:
    leave_out(OF_STUDY)


@st.cache_data(show_spinner="Looking at the photos of the study …", max_entries=16)
def _places_of_study(_atlas: Atlas, folder: str, space: str, study: str) -> np.ndarray:
    from core.latent.encoding import places_of

    taken = photos_at_hand(Path(study), MOST_OF_STUDY)
    model = resources.predictor(_atlas.model)
    with log.action("place a study on the map"):
        return places_of(_atlas, space, latent_map.autoencoder(_atlas), model, taken)


def dropped(atlas: Atlas, space: str, points: np.ndarray) -> np.ndarray | None:
    """A visitor's own photo: where it lands, and its neighbours; its place in the layout."""
    st.file_uploader(
        "Place your own photo on the map",
        key="dropped",
        on_change=_land,
        help="It stays in this server's memory.",
    )
    if st.session_state.get("dropped"):
        _land()  # once more: the next event may have broken off the first
    item: Item | None = photos.own_on_map() or st.session_state.get("landed")
    if item is None:
        return None
    if photos.own_on_map() or not st.session_state.get("dropped"):
        st.button("Take it off the map", key="unland", icon=":material/close:", on_click=_take_off)
    photos.try_link(item)
    place, score = _placed(atlas, str(atlas.folder), space, item.digest, item)
    st.markdown(
        f"**{layout.plain(item.name)}**: score **{score:.3f}**; marked in blue on the map, at the mean of its nearest "
        "photos weighted by closeness. Its nearest photos:"
    )
    _row(atlas, geometry.nearest(atlas.spaces[space], place, NEIGHBOURS).tolist(), "landed")
    return geometry.landing(atlas.spaces[space], points, place)


def _land() -> None:
    """The photo in the drop zone takes the place of the one before, once."""
    file = st.session_state["dropped"]
    if file and file.file_id == st.session_state.get("landed-from"):
        return
    leave_out(photos.OWN)
    st.session_state["landed"] = resources.uploaded(file.name, file.getvalue()) if file else None
    st.session_state["landed-from"] = file.file_id if file else None  # last: until then the next run does this again


def _take_off() -> None:
    leave_out(photos.OWN)
    st.session_state["landed"] = None
    st.session_state.pop("offered", None)


@st.cache_data(show_spinner="Looking at your photo …", max_entries=64)
def _placed(_atlas: Atlas, folder: str, space: str, digest: str, _item: Item) -> tuple[np.ndarray, float]:
    from core.latent.encoding import place_of

    score, features = resources.seen(_atlas.model, digest, _item)
    with log.action("place a photo on the map"):
        return place_of(_atlas, space, latent_map.autoencoder(_atlas), _item.read(), score, features), score


def traversal(atlas: Atlas, index: int | None) -> None:
    """Decoded pictures along the direction of memorability, or on the way to the similar but different photo."""
    found = {item.target: item for item in atlas.answer.directions if item.space == "pixels"}
    if not found:
        return
    st.header("Along memorability")
    if not st.toggle("Draw pictures along the direction", key="traverse", persist_state="session"):
        st.caption("From the pinned photo where there is one, else from the mean of all.")
        return
    target = st.segmented_control(
        "Direction of",
        list(found),
        default=next(iter(found)),
        format_func=latent_words.NAMES.__getitem__,
        key="along",
        persist_state="session",
    )
    direction = found[target or next(iter(found))]
    start = atlas.axes["pixels.mean"] if index is None else atlas.spaces["pixels"][index]
    vector = atlas.axes[f"pixels.direction.{direction.target}"]
    step = st.slider("Steps in SD of the photos", -4.0, 4.0, 0.0, 0.25, key="step", persist_state="session")
    places = np.append(np.linspace(-4, 4, STEPS), step)
    drawn = latent_map.reconstructions(atlas, geometry.along(start, vector, direction.spread, places))
    strip, one = st.columns([3, 1], vertical_alignment="center")
    strip.image(
        latent_map.sheet(drawn[:-1], STEPS), width="stretch", output_format="PNG", alt="Pictures along the direction"
    )
    one.image(drawn[-1], width=192, output_format="PNG", caption=f"{step:+.2f} SD", alt="Picture at the slider's place")
    st.caption(latent_words.direction_sentence(direction))
    _way(atlas, index)


def _way(atlas: Atlas, index: int | None) -> None:
    """Pictures between the pinned photo and its most similar opposite."""
    if index is None:
        return
    try:
        scores = atlas.photos["score"].to_numpy(dtype=float)
        other = geometry.contrast(
            atlas.spaces["pixels"], scores, index, st.session_state.get("delta", geometry.CONTRAST)
        )
    except LatentError:
        return
    if other is not None:
        way = geometry.between(atlas.spaces["pixels"][index], atlas.spaces["pixels"][other], STEPS)
        st.markdown(f"From the pinned photo to {layout.plain(atlas.name(other))}, similar but scored otherwise:")
        st.image(latent_map.sheet(latent_map.reconstructions(atlas, way), STEPS), width=STEPS * 96, output_format="PNG",
                 alt="Pictures between two photos")  # fmt: skip
