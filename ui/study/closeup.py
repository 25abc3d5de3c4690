"""One condition looked at closely: paired differences, dose-response, and the photos that change most."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import streamlit as st

from core.effects import plots as effect_plots
from core.errors import LabError
from core.files import without_formulas
from core.study import catalogue
from core.table import Condition
from core.types import Pixels
from core.verdict.aggregates import Aggregates, of_condition
from core.verdict.evidence import row_conditions
from core.verdict.headline import Headline
from core.wording import minus
from ui import layout, widgets

SHOWN = 3
GAP, GREY = 6, 128
"""Width in px and grey level of the line between two pictures."""
SIDES = {"lowered": "Scores that fall most", "raised": "Scores that rise most"}


def closeup(found: Aggregates, rows: pd.DataFrame, folder: Path) -> None:
    """The condition that was clicked, or that is picked from the list; the address carries it."""
    names = list(rows["name"])
    if not names:
        return
    words = dict(zip(names, rows["title"], strict=True))
    chosen = widgets.select("Look closely at", names, "condition", words=words)
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
    where = (None if pd.isna(row[name]) else str(row[name]) for name in ("mask", "fill", "direction"))
    condition = Condition(str(row["ablation"]), str(row["params"]), *where)
    if here := any(_at_hand(str(folder), source) for source in extremes["source"].unique()):
        _pairs(extremes, condition, found.baseline.seed, folder)
    else:
        _example(condition, found.baseline.seed)
    if extremes.empty:
        return
    with st.expander("The photos that change most", icon=":material/table:", expanded=not here):
        if not here:
            st.caption("These photos are not on this machine: their ids and numbers.")
        shown = ["side", "rank", "photo_id", "source", "original", "ablated", "control", "delta"]
        formats = layout.number("%.3f", "original", "ablated", "control", "delta")
        st.dataframe(
            without_formulas(extremes[shown]), hide_index=True, key="extremes", column_config=formats, placeholder="–"
        )


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
    both = _replayed(item, condition, seed, folder)
    if both is not None:
        _show(both, str(item["photo_id"]))
    change = f"{item['original']:.3f} → {item['ablated']:.3f} (Δ = {minus(item['delta'])})"
    st.caption(f"{layout.plain(item['photo_id'])}: {change}")


def gallery(found: Aggregates, said: Headline, folder: Path) -> None:
    """A photo before and after what each of the nine rows takes away."""
    conditions = row_conditions(found)
    with st.expander("What is taken away: a photo before and after each row", icon=":material/photo_library:"):
        rows = [row for row in said.rows if row.row in conditions]
        for start in range(0, len(rows), SHOWN):
            for column, row in zip(st.columns(SHOWN, gap="medium"), rows[start : start + SHOWN], strict=False):
                with column:
                    st.markdown(f"**{row.words}**: {row.said}")
                    _of_row(found, conditions[row.row], folder)


def _of_row(found: Aggregates, condition: Condition, folder: Path) -> None:
    """The study's own photo whose score moves most under a condition, or else one that every machine has."""
    extremes = found.extremes[(found.extremes["rank"] == 1) & (found.extremes["ablation"] == condition.ablation)]
    for _, item in of_condition(extremes, pd.Series(vars(condition))).iterrows():
        both = _replayed(item, condition, found.baseline.seed, folder)
        if both is not None:
            _show(both, str(item["photo_id"]))
            return
    _example(condition, found.baseline.seed)


def _replayed(item: pd.Series, condition: Condition, seed: int, folder: Path) -> tuple[Pixels, Pixels] | None:
    try:
        return before_and_after(str(folder), item["source"], item["photo_id"], condition, seed)
    except LabError as error:
        layout.problem(error)
        return None


def _show(both: tuple[Pixels, Pixels], name: str) -> None:
    """Two pictures side by side, as one: on a narrow screen columns would stand below each other."""
    gap = np.full((both[0].shape[0], GAP, 3), GREY, dtype=np.uint8)
    picture = np.hstack([both[0], gap, both[1]])
    st.image(picture, width="stretch", output_format="JPEG", alt=f"{name}, original and ablated")


def _example(condition: Condition, seed: int) -> None:
    """A drawn scene or a packaged photo under a condition, so that nobody sees a row without pictures."""
    found = layout.attempt(lambda: drawn_example(condition, seed))
    if found is not None:
        before, after, of = found
        _show((before, after), of)
        st.caption(f"{of.capitalize()}, treated as the study's photos were: those are not on this machine.")


@st.cache_data(show_spinner=False, max_entries=64)
def drawn_example(condition: Condition, seed: int) -> tuple[Pixels, Pixels, str]:
    """A photo that every machine has, before and after a condition, and what it is."""
    from core.study.before_after import before_after  # here: it takes a second to load

    found = before_after(condition, seed)
    return found.before, found.after, found.of


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
