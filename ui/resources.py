"""What visitors share: loaded models, decoded photos, scores and heatmaps, each computed once by content."""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import streamlit as st

from core import config
from core.errors import LabError, PhotoError, SourceError
from core.photos import blank_photos, images, preprocess
from core.registry import ATTRIBUTIONS, MASKS, SOURCES, Entry, predictors
from core.sources import open_source
from core.types import Heatmap, Photo, Pixels, Region
from ui import log

if TYPE_CHECKING:
    from core.evaluation.intervals import Intervals
    from core.inference import Predictor
    from core.paint.view import View
    from core.trust.brightest_tenth import BrightestTenth

DISPLAY_SIDE = 1200
"""Longest side in px of a photo on the page."""
THUMBNAIL_SIDE = 208
_DECODING = threading.BoundedSemaphore(config.CORES)
"""Large photos are in memory only while they are decoded: no more at once than cores work on them."""
SCENE = ("generated:face", "face-0-00003")
"""The generated scene among the samples: its source and id."""


@dataclass(frozen=True)
class Item:
    """A photo of a visit: an uploaded file or a packaged sample; `digest` names its content in every cache."""

    name: str
    digest: str
    read: Callable[[], Pixels]


@dataclass(frozen=True)
class Examined:
    """The score of a photo and where people's lies, or why it has none; a hint where there is nothing to see in it."""

    score: float | None
    reason: str | None = None
    hint: str | None = None
    within: tuple[float, float] | None = None
    """Ends of the interval; None where the model has none."""
    usual: bool = True
    """Whether the photo is no further from the learned ones than most that calibrated the interval."""


def uploaded(name: str, data: bytes) -> Item:
    """An uploaded file as an item."""
    return Item(name, hashlib.sha256(data).hexdigest(), lambda: images.read(data, name))


@st.cache_resource(show_spinner="Loading the model …")
def predictor(name: str) -> Predictor:
    """A loaded model, shared by all visitors; LabError if it cannot be had."""
    from core import inference  # here, because torch takes seconds and much memory: pages without a score do without

    return inference.load(name)


def offered_models() -> list[Entry[Any]]:
    """The models that a visitor may choose: published ones, and own ones with weights; always the shipped one."""

    def offered(entry: Entry[Any]) -> bool:
        own = (config.ARTIFACTS / entry.id).is_dir() or entry.id == config.DEFAULT_MODEL
        return bool(entry.facts["published"]) or own

    return [entry for entry in predictors() if offered(entry)]


@st.cache_resource(show_spinner=False)
def samples() -> dict[str, Item]:
    """The packaged samples by id, and a scene drawn by code, which no package can lack."""

    def item(photo: Photo, name: str) -> Item:
        return Item(name, f"sample-{name}", photo.read)

    scene = next(photo for photo in open_source(SCENE[0]).photos if photo.id == SCENE[1])
    try:
        packaged = open_source("samples").photos
    except SourceError:
        packaged = ()
    return {photo.id: item(photo, photo.id) for photo in packaged} | {"scene": item(scene, "scene")}


@st.cache_resource(show_spinner=False, max_entries=64)
def handed_over(name: str) -> Item | None:
    """The photo that another page names in the address, as SOURCE/ID; None if there is none.

    Only sources that need no path are opened: an address must not reach into this machine's folders.
    """
    source, _, wanted = name.partition("/")
    entry = source.partition(":")[0]
    if entry not in SOURCES or "path" in SOURCES[entry].facts.get("needs", ("path",)):
        return None
    try:
        photo = next((photo for photo in open_source(source).photos if photo.id == wanted), None)
    except LabError:
        return None
    return Item(photo.id, f"{source}-{photo.id}", photo.read) if photo else None


@st.cache_resource(show_spinner=False, max_entries=1)
def _pixels(digest: str, _item: Item) -> Pixels:
    """The photo decoded last: score, display and heatmap of a new photo decode it once. Shared, so never modified."""
    return _item.read()


@st.cache_data(show_spinner=False, max_entries=500)
def thumbnail(digest: str, _item: Item) -> Pixels:
    """The middle square of a photo, small."""
    photo = display(digest, _item)
    side = min(photo.shape[:2])
    top, left = (photo.shape[0] - side) // 2, (photo.shape[1] - side) // 2
    return images.resize(photo[top : top + side, left : left + side], THUMBNAIL_SIDE, THUMBNAIL_SIDE)


@st.cache_resource(show_spinner=False)
def intervals(model: str) -> Intervals | None:
    """How sure a model's scores are; None where nobody measured it."""
    from core.evaluation import intervals as bounds
    from core.inference import shipped_or

    return bounds.read(shipped_or(model) / bounds.FILE)


def sure(model: str, found: Examined) -> str:
    """The sentence on a score's interval; empty where it has none."""
    bounds = intervals(model) if found.within else None
    if bounds is None or found.within is None:
        return ""
    from core.evaluation import intervals as words  # here, because it needs torch

    return words.in_words(bounds, *found.within, found.usual)


@st.cache_data(show_spinner=False, max_entries=64)
def seen(model: str, digest: str, _item: Item) -> tuple[float, np.ndarray]:
    """The score of a photo at full size, and the features (F,) behind it; PhotoError for a file that cannot be read."""
    shared = predictor(model)
    with shared.reserved(), log.action("score a photo"):
        square, _ = _first_look(model, digest, _item)
        scores, features = shared.score_with_features([square])
    return float(scores[0]), features[0]


@st.cache_data(show_spinner=False, max_entries=64)
def _first_look(model: str, digest: str, _item: Item) -> tuple[Pixels, str | None]:
    """A photo at the model's size, and its hint; every smaller copy is made while it is decoded, once for all."""
    preset = predictor(model).preset
    with _DECODING:
        photo = _pixels(digest, _item)
        held = Item(_item.name, digest, lambda: photo)  # others may decode theirs meanwhile, and only one is kept
        with images.converted_once(photo):
            for smaller in (display, working):
                smaller(digest, held)
            return preprocess.square(photo, preset), blank_photos.hint(working(digest, held))


@st.cache_data(show_spinner=False, max_entries=2000)
def examine(model: str, digest: str, _item: Item) -> Examined:
    """Score a photo at full size; a file that cannot be read comes back with the reason."""
    try:
        score, features = seen(model, digest, _item)
    except PhotoError as error:
        return Examined(None, str(error))
    (_, hint), bounds = _first_look(model, digest, _item), intervals(model)
    if bounds is None:
        return Examined(score, hint=hint)
    low, high = bounds.around(np.array([score]), features[None])
    return Examined(score, None, hint, (float(low[0]), float(high[0])), bounds.is_usual(features))


@st.cache_data(show_spinner=False, max_entries=32)
def display(digest: str, _item: Item) -> Pixels:
    """The photo at a size fit for a screen."""
    return images.to_long_side(_pixels(digest, _item), DISPLAY_SIDE)


@st.cache_data(show_spinner=False, max_entries=16)
def part(view: View, width: int, height: int, digest: str, _item: Item) -> Pixels:
    """What is seen of the photo while one paints on a part of it, with all the detail that the file has."""
    return view.picture(_pixels(digest, _item), width, height)


@st.cache_data(show_spinner=False, max_entries=64)
def working(digest: str, _item: Item) -> Pixels:
    """The photo at the size at which ablations act: painting never touches the large one again."""
    return images.to_short_side(_pixels(digest, _item), config.WORKING_SIZE)


@st.cache_data(show_spinner=False, max_entries=64)
def working_score(model: str, digest: str, _item: Item) -> float:
    """The score of the photo at working size: what scores of ablated photos are compared with."""
    return float(predictor(model).score([working(digest, _item)])[0])


@st.cache_data(show_spinner=False, max_entries=128)
def heatmap(model: str, method: str, settings: dict[str, Any], digest: str, _item: Item) -> Heatmap:
    """The attribution at working size: the one that is shown, tested, and laid beside that of an ablated photo."""
    with log.action("explain a score"):
        return ATTRIBUTIONS[method].function(predictor(model), working(digest, _item), **settings)


@st.cache_data(show_spinner=False, max_entries=128)
def found(mask: str, model: str, method: str, settings: dict[str, Any], digest: str, _item: Item) -> Region:
    """What a registered mask finds in the photo at working size; one that needs a heatmap gets the chosen one."""
    entry = MASKS[mask]
    needs_heatmap = "heatmap" in entry.facts.get("needs", ())
    given = {"heatmap": heatmap(model, method, settings, digest, _item)} if needs_heatmap else {}
    return entry.function(working(digest, _item), **given)


jpeg = images.jpeg_bytes
"""A picture for the screen."""


@st.cache_data(show_spinner=False, max_entries=256)
def tenth(model: str, method: str, settings: dict[str, Any], digest: str, _item: Item) -> BrightestTenth | None:
    """What the brightest tenth of an attribution is worth to the score, at working size."""
    from core.trust.brightest_tenth import brightest_tenth  # here, because it needs torch

    found = heatmap(model, method, settings, digest, _item)
    with log.action("test a heatmap"):
        return brightest_tenth(predictor(model), working(digest, _item), found)


def forget_pictures() -> None:
    """Let go of all pictures made of photos, once nobody is there who could look at them again; scores stay."""
    for kept in (_pixels, _first_look, display, part, working, thumbnail, heatmap, found):
        kept.clear()
