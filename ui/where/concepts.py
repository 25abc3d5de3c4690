"""Named concepts, parts without names, and the unusual: whether the score depends on them."""

from __future__ import annotations

import numpy as np
import pandas as pd
import streamlit as st

from core.concepts import words
from core.concepts.reports import Concepts, Part, read_concepts
from core.latent.distinctiveness_results import (
    BEARING,
    MEASURES,
    SIDES,
    Distinctiveness,
    read_distinctiveness,
    sentence,
)
from core.photos import overlay
from core.types import Heatmap
from core.wording import interval
from ui import layout, resources
from ui.resources import Item
from ui.where import typical
from ui.where.typical import Tile

SHOWN = 3
"""Packaged photos beside a part: those with most of it."""


def section(model: str) -> None:
    """What was measured of a model, or how to measure it."""
    st.header("Which concepts it recognises")
    found = layout.attempt(lambda: read_concepts(model))
    if found is None:
        st.info(
            "Nobody has measured this model's concepts yet: `python -m core concepts SOURCE --save artifacts/concepts`."
        )
        return
    st.markdown(f"{words.READ} Measured on {found.n:,} photos of *{layout.plain(found.source)}*.")
    for said in words.in_short(found):
        st.markdown(f"- {layout.plain(said)}")
    st.dataframe(
        pd.DataFrame(
            {
                "concept": item.name,
                "photos with it": item.n_with,
                "classified correctly": item.told,
                "step of the score": item.step,
                "Holm p": item.p,
                "share that rises": item.raises,
            }
            for item in found.named
        ),
        hide_index=True,
        key="where-concepts",
        column_config=layout.number("%.4f", "step of the score")
        | layout.number("%.3f", "Holm p")
        | layout.number("percent", "classified correctly", "share that rises"),
    )
    if found.rare:
        st.caption(f"In too few photos to be tested: {', '.join(found.rare)}.")
    st.caption(words.BEARING)
    st.header("Parts without names")
    st.markdown(words.of_parts(found))
    made = typical.tiles(tuple(dict.fromkeys(name for part in found.parts for name in part.typical)))
    for place, part in enumerate(found.parts):
        one_part(found, part, place + 1, made)


def one_part(found: Concepts, part: Part, place: int, made: dict[str, Tile]) -> None:
    """What a part is worth, its typical photos, their names, and where it is in the packaged photos with most of it."""
    st.subheader(f"Part {place}", anchor=False)
    st.markdown(f"{words.of_part(part, found.sd)[0].upper()}{words.of_part(part, found.sd)[1:]}.")
    typical.show(part.typical, made)
    with st.expander("Names of its most typical photos"):
        st.dataframe(pd.DataFrame({"photo": part.typical}), hide_index=True, key=f"part-{part.number}")
    amounts = {sample.name: np.array(sample.amounts[part.number]) for sample in found.samples}
    samples = resources.samples()
    most = sorted((name for name in amounts if name in samples), key=lambda name: -amounts[name].mean())[:SHOWN]
    highest = max((float(values.max()) for values in amounts.values()), default=0.0)
    for column, name in zip(st.columns(max(len(most), 1)), most, strict=False):
        column.image(
            _with_part(samples[name], amounts[name], highest),
            width="stretch",
            output_format="JPEG",
            alt=f"Where part {place} is in the photo {name}",
        )


def _with_part(item: Item, amounts: np.ndarray, highest: float) -> np.ndarray:
    """A photo with the places of a part laid over it, on the scale of all packaged photos."""
    photo = resources.working(item.digest, item)
    values = np.asarray(amounts / highest if highest else amounts, dtype=np.float32)
    return overlay.blend(photo, Heatmap(values, "part", 0.0, highest), 0.6)


def unusual(model: str) -> None:
    """Whether unusual photos score higher."""
    st.header("Do unusual photos score higher?")
    found = layout.attempt(lambda: read_distinctiveness(model)) or ()
    if not found:
        st.info("Nobody has asked this yet: `python -m core distinctiveness SOURCE --save artifacts/distinctiveness`.")
    for answer in found:
        unusual_in(answer)


def unusual_in(found: Distinctiveness) -> None:
    """The answer of one set of photos, and what it bears on."""
    for side in SIDES:
        links_of = [link for link in found.links if link.side == side]
        if links_of:
            st.markdown(f"{sentence(found, side)} {links_of[0].n:,} photos of *{layout.plain(found.source)}*.")
    st.dataframe(
        pd.DataFrame(
            {
                "unusual by": MEASURES[link.measure],
                "scores": SIDES[link.side],
                "ρ": interval(link.plain),
                "features taken out": interval(link.partial),
            }
            for link in found.links
        ),
        hide_index=True,
        key=f"where-unusual-{found.source}",
    )
    st.caption(f"{' '.join(found.notes)} {BEARING}")
