"""The photos of a visit: uploads, kept while the visitor reads other pages, and the sample that the address names."""

from __future__ import annotations

import hashlib
from collections.abc import Callable

import streamlit as st

from core import config
from core.latent import atlas
from ui import layout, resources, visit
from ui.layout import plain, problem
from ui.resources import Examined, Item

TILE = 104
"""Width of a thumbnail in px: three stand side by side on a phone."""
MOST_TILES = 24
OWN = "own"
"""Names a photo of the visit in the map's address."""
MOST_OFFERED = 16


def upload() -> None:
    """The drop zone; files stay with the visit until they are taken out or cleared, and later ones join them."""
    box = _box()
    if not st.session_state.get(box):
        st.session_state["in-box"] = {}  # after another page the drop zone is empty, and the photos are still there
    st.file_uploader(
        "Drop one or several photos",
        accept_multiple_files=True,
        key=box,
        on_change=_keep_uploads,
        help="Photos stay in this server's memory; they are never written to disk.",
    )
    if st.session_state.get(box):
        _keep_uploads()  # once more: the next event may have broken off the first
    if st.session_state.get("kept"):
        st.button("Clear my photos", key="clear", icon=":material/close:", type="tertiary", on_click=_clear)


def of_this_visit() -> list[Item]:
    """Uploaded photos in order, each content once, then the one that the address names, and those shown again."""
    items = [*st.session_state.get("kept", []), *_in_address(), *st.session_state.get("also", {}).values()]
    return list({item.digest: item for item in items}.values())


def show_also(item: Item) -> None:
    """Add a photo to the visit, if it is not there, and look at it."""
    if item.digest not in {own.digest for own in of_this_visit()}:
        st.session_state.setdefault("also", {})[item.digest] = item
    st.session_state["current"] = item.digest


def try_link(item: Item, **given: str) -> None:
    """A link to the page that scores photos as it was left, with this photo and what is given in its address."""
    offered = st.session_state.setdefault("offered", {})
    offered.pop(_short(item), None)  # what is offered anew is the newest
    offered[_short(item)] = item
    while len(offered) > MOST_OFFERED:
        offered.pop(next(iter(offered)))
    address = visit.address_of(layout.TRY.file) | {visit.TAKE: f"{_short(item)}.{_taken()}"} | given
    st.page_link(layout.TRY.file, label="Try this photo", icon=":material/arrow_forward:", query_params=address)


def take_offered() -> None:
    """What such a link names joins the photos of this visit and is looked at, once: a step back leads to it no more."""
    name, _, number = st.query_params.get(visit.TAKE, "").partition(".")
    item = st.session_state.get("offered", {}).get(name)
    if item and number == str(_taken()):
        st.session_state.setdefault("also", {})[item.digest] = item
        st.session_state["current"] = item.digest
        st.session_state["taken"] = _taken() + 1


def invitation() -> str:
    """What stands where there is no photo: also why the one that a link names is not here."""
    there = "The photo of this link stays with the visit that it was made in. " if visit.TAKE in st.query_params else ""
    return f"{there}No photo at hand? Try one of these."


def _taken() -> int:
    """How many photos of links were taken in this visit."""
    return int(st.session_state.get("taken", 0))


def show_on_map(item: Item) -> None:
    """A link that leads to the map with this photo on it, where there is a map."""
    if (config.ARTIFACTS / "latent" / atlas.PHOTOS).is_file():
        map_link(item, "Show on the map", ":material/map:")


def map_link(item: Item, label: str, icon: str | None = None, help_text: str | None = None, **given: str) -> None:
    """A link to the map as it was left, with this photo on it and what is given in its address.

    No button: a page that switches by itself first clears its own address, and Back would lead to that.
    """
    st.session_state["shown"] = item
    address = visit.address_of(layout.LATENT.file) | {OWN: _short(item)} | given
    st.page_link(layout.LATENT.file, label=label, icon=icon, help=help_text, query_params=address)


def own_on_map() -> Item | None:
    """The photo of this visit that the map's address names; None where it names none that is at hand."""
    at_hand = (st.session_state.get("shown"), *st.session_state.get("kept", []), *resources.samples().values())
    asked = st.query_params.get(OWN)
    return next((item for item in at_hand if item and _short(item) == asked), None) if asked else None


def _short(item: Item) -> str:
    return hashlib.sha256(item.digest.encode()).hexdigest()[:24]


def _in_address() -> list[Item]:
    """The sample or photo that the address names; a name that nobody knows is said."""
    sample = resources.samples().get(st.query_params.get("sample", ""))
    asked = st.query_params.get("photo", "")
    handed = resources.handed_over(asked) if asked else None
    if asked and handed is None:
        problem(f"There is no photo called {asked[:80]!r}; upload one, or choose a sample.")
    return [item for item in (handed, sample) if item]


def current(items: list[Item]) -> Item:
    """The photo that the visitor looks at: the one clicked last, or else the first."""
    return next((item for item in items if item.digest == st.session_state.get("current")), items[0])


def sample_tiles() -> None:
    """The packaged samples to click."""
    tiles(list(resources.samples().values()), "sample", _take_sample)


def examine(model: str, items: list[Item]) -> list[tuple[Item, Examined]]:
    """Every photo with its score or problem, in order; shows how far it is where that may take long."""
    bar = st.progress(0.0, "Scoring …") if len(items) > 3 else st.empty()
    examined = []
    for done, item in enumerate(items, start=1):
        examined.append((item, resources.examine(model, item.digest, item)))
        if len(items) > 3:
            bar.progress(done / len(items), f"Scored {done} of {len(items)} photos")
    bar.empty()
    return examined


def strip(items: list[Item]) -> None:
    """Thumbnails to switch between photos; a list where there are too many for thumbnails."""
    if len(items) <= MOST_TILES:
        tiles(items, "switch", _look_at, chosen=current(items).digest)
        return
    by_digest = {item.digest: item for item in items}
    st.session_state["current"] = current(items).digest
    st.selectbox("Photo", list(by_digest), format_func=lambda digest: by_digest[digest].name, key="current")


def tiles(items: list[Item], key: str, on_click: Callable[[Item], None], chosen: str | None = None) -> None:
    """A row of square thumbnails, each with a button of its name; the chosen one's is filled."""
    with st.container(horizontal=True, gap="small", key=f"{key}-tiles"):
        for item in items:
            with st.container(width=TILE, gap="xxsmall"):
                st.image(resources.thumbnail(item.digest, item), width=TILE, alt=item.name)
                st.button(
                    plain(item.name),
                    key=f"{key}-{item.digest}",
                    on_click=on_click,
                    args=(item,),
                    type="primary" if item.digest == chosen else "secondary",
                    width="stretch",
                    wrap=False,
                )


def _box() -> str:
    """The key of the drop zone; another one after all was cleared, so that it is empty."""
    return f"uploads{st.session_state.get('cleared', '')}"


def _keep_uploads() -> None:
    """What the drop zone has more than before joins the visit's photos, what it has less leaves them."""
    files = {file.file_id: file for file in st.session_state[_box()] or []}
    before: dict[str, str] = st.session_state.get("in-box", {})
    if list(files) == list(before):
        return
    items = {name: resources.uploaded(file.name, file.getvalue()) for name, file in files.items()}
    now = {name: item.digest for name, item in items.items()}
    gone = set(before.values()) - set(now.values())
    kept = [item for item in st.session_state.get("kept", []) if item.digest not in gone]
    new = [item for item in items.values() if item.digest not in {own.digest for own in kept}]
    if new:
        st.session_state["current"] = new[0].digest
    st.session_state["kept"] = kept + new
    st.session_state["in-box"] = now  # last: until it is there, the next run does all of this again


def _clear() -> None:
    st.session_state["kept"] = []
    st.session_state.pop("offered", None)
    st.session_state["cleared"] = st.session_state.get("cleared", 0) + 1


def _take_sample(item: Item) -> None:
    st.query_params["sample"] = item.name
    st.session_state["current"] = item.digest


def _look_at(item: Item) -> None:
    st.session_state["current"] = item.digest
