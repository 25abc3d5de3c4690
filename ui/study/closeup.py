"""One condition looked at closely: paired differences, dose-response, and the photos that change most."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import streamlit as st

from core.effects import plots as effect_plots
from core.errors import LabError
from core.study import catalogue
from core.table import Condition
from core.types import Pixels
from core.verdict.aggregates import Aggregates
from core.wording import minus
from ui import layout

CONDITION = ("ablation", "params", "mask", "fill", "direction")
SHOWN = 3
SIDES = {"lowered": "Scores that fall most", "raised": "Scores that rise most"}


def closeup(found: Aggregates, rows: pd.DataFrame, folder: Path) -> None:
    """The condition that was clicked, or that is picked from the list; the address carries it."""
    names = list(rows["name"])
    if not names:
        return
    chosen = st.selectbox("Look closer at", names, key="condition", bind="query-params")
    row = rows[rows["name"] == chosen].iloc[0]
    st.markdown(layout.plain(row["said"]))
    whole = "Every pixel may change: a whole-photo ablation has no controls" if pd.isna(row["mask"]) else ""
    st.caption("; ".join(filter(None, (whole, layout.plain(row["beside"])))))
    left, right = st.columns(2, gap="medium")
    with left:
        _differences(of_condition(found.distributions, row), float(row["mean_delta"]))
    with right:
        _doses(found.doses, row)
    photos(of_condition(found.extremes, row), row, found, folder)


def of_condition(table: pd.DataFrame, row: pd.Series) -> pd.DataFrame:
    """The rows of a table that belong to the condition of an effect."""
    same = pd.Series(True, index=table.index)
    for name in CONDITION:
        same &= table[name].isna() if pd.isna(row[name]) else table[name] == row[name]
    return table[same]


def _differences(distribution: pd.DataFrame, mean: float) -> None:
    plain = distribution[distribution["outcome"] == "delta"]
    st.markdown("**Photo by photo**")
    if plain.empty:
        st.caption("Too few photos for a distribution.")
        return
    item = plain.iloc[0]
    st.plotly_chart(
        effect_plots.differences(np.asarray(item["edges"]), np.asarray(item["counts"]), mean),
        key="differences",
        config=layout.downloadable("differences"),
        alt="How the differences of single photos are distributed",
    )


def _doses(doses: pd.DataFrame, row: pd.Series) -> None:
    series = doses[(doses["ablation"] == row["ablation"]) & (doses["source"] == row["source"]) & doses["mask"].isna()]
    st.markdown("**By strength**")
    if pd.notna(row["mask"]) or series.empty:
        st.caption("This study holds one strength of this ablation.")
        return
    parameter = str(series["parameter"].iloc[0])
    now = Condition(row["ablation"], row["params"]).arguments.get(parameter)
    st.plotly_chart(
        effect_plots.dose_response(series.rename(columns={"value": "strength"}), parameter, now),
        key="doses",
        config=layout.downloadable("doses"),
        alt=f"Mean difference over {parameter}, with its 95 % band",
    )
    trend = series["trend_p"].iloc[0]
    st.caption(f"Page's trend test: p {'< 0.001' if trend < 0.001 else f'= {trend:.3f}'}." if pd.notna(trend) else "")


def photos(extremes: pd.DataFrame, row: pd.Series, found: Aggregates, folder: Path) -> None:
    """The photos that change most: original and ablated where the photos are at hand, else ids and numbers."""
    if extremes.empty:
        return
    where = (None if pd.isna(row[name]) else str(row[name]) for name in ("mask", "fill", "direction"))
    condition = Condition(str(row["ablation"]), str(row["params"]), *where)
    if here := any(_at_hand(str(folder), source) for source in extremes["source"].unique()):
        _pairs(extremes, condition, found.baseline.seed, folder)
    with st.expander("The photos that change most", icon=":material/table:", expanded=not here):
        if not here:
            st.caption("These photos are not on this machine: their ids and numbers.")
        shown = ["side", "rank", "photo_id", "source", "original", "ablated", "control", "delta"]
        formats = layout.number("%.3f", "original", "ablated", "control", "delta")
        st.dataframe(extremes[shown], hide_index=True, key="extremes", column_config=formats, placeholder="–")


def _pairs(extremes: pd.DataFrame, condition: Condition, seed: int, folder: Path) -> None:
    """The first few of each side, before and after."""
    for side, title in SIDES.items():
        chosen = extremes[extremes["side"] == side].sort_values("rank")
        if chosen.empty:
            continue
        st.markdown(f"**{title}**")
        for column, (_, item) in zip(st.columns(SHOWN, gap="medium"), chosen.head(SHOWN).iterrows(), strict=False):
            with column:
                _pair(item, condition, seed, folder)


def _pair(item: pd.Series, condition: Condition, seed: int, folder: Path) -> None:
    """One photo before and after, if it is on this machine, with its numbers."""
    try:
        both = before_and_after(str(folder), item["source"], item["photo_id"], condition, seed)
    except LabError as error:
        both = None
        layout.problem(error)
    if both is not None:
        for column, picture, what in zip(st.columns(2, gap="small"), both, ("original", "ablated"), strict=True):
            column.image(picture, width="stretch", output_format="JPEG", alt=f"{item['photo_id']}, {what}")
    change = f"{item['original']:.3f} → {item['ablated']:.3f} (Δ = {minus(item['delta'])})"
    st.caption(f"{layout.plain(item['photo_id'])}: {change}")


@st.cache_data(show_spinner=False, max_entries=64)
def before_and_after(
    folder: str, source: str, photo_id: str, condition: Condition, seed: int
) -> tuple[Pixels, Pixels] | None:
    """A photo of a study as it was and as it was ablated, at working size; None if it is not on this machine."""
    photo = _at_hand(folder, source).get(photo_id)
    if photo is None:
        return None
    from core.study.photos import replay  # here: detectors take a second to load, and most visits need none

    return replay(photo, condition, seed)


@st.cache_resource(show_spinner=False, max_entries=4)
def _at_hand(folder: str, source: str) -> dict[str, Any]:
    return catalogue.available_photos(Path(folder), source)
