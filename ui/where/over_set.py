"""Many photos: what each method's maps lie on, and which of them beat the baselines."""

from __future__ import annotations

import pandas as pd
import streamlit as st

from core.trust import plots, reports, words
from core.trust.deciding_fills import deciding_fills
from core.trust.reports import GAIN, RANDOMISED, REMOVED
from ui import layout


def section(model: str) -> None:
    """The measured summary of a model, or how to make one."""
    table = reports.summary(model)
    if table is None:
        st.info("Nobody has measured this model's maps yet: `python -m core attribute SOURCE --save artifacts/trust`.")
        return
    source = ", ".join(sorted(set(map(str, table["source"]))))
    gains = table[table["measure"] == GAIN]
    st.markdown(f"Measured on up to {int(table['n'].max()):,} photos of *{layout.plain(source)}*.")
    methods = table[~table["baseline"].astype(bool)].drop_duplicates("method")
    found = {str(row.label): reports.against_baselines(table, str(row.method)) for row in methods.itertuples()}
    for item in filter(None, found.values()):
        st.markdown(f"- {words.against_baselines(item)}")
    if unknown := [layout.plain(label) for label, item in found.items() if item is None]:
        st.markdown(f"- Not measured beside the baselines on this model: {', '.join(unknown)}.")
    if len(gains):
        st.caption(f"{deciding_fills(model).why} {words.BEARING}")
    removing(table)
    randomised(table)
    lying(table)
    columns = ["source", "label", "measure", "exact", "n", "value", "over", "over_low", "over_high"]
    st.dataframe(
        table[columns], hide_index=True, key="where-summary", column_config=layout.number("%.4f", *columns[5:])
    )


def removing(table: pd.DataFrame) -> None:
    """The mean score while places are removed in the order of each method's maps; nothing where it was not kept."""
    rows = reports.staged(table, REMOVED)
    if rows.empty:
        return
    lines = {}
    for label, own in rows.groupby("label", sort=False):
        shares = own["stage"].str.rstrip("%").astype(float).to_numpy() / 100
        lines[str(label)] = (shares, own["value"].to_numpy(), (own["value"] - own["over"]).to_numpy())
    baselines = list(rows.loc[rows["baseline"].astype(bool), "label"].unique())
    st.markdown(
        f"The mean score of {int(rows['n'].max()):,} photos while the highest places are removed, and while they come "
        "back."
    )
    figure = plots.deletion_and_insertion(lines, baselines)
    st.plotly_chart(figure, key="where-mean-curves", config=layout.CHART, alt="Mean deletion and insertion curves")


def randomised(table: pd.DataFrame) -> None:
    """How far the maps of random weights agree with those of the model; nothing where it was not measured."""
    rows = reports.staged(table, RANDOMISED)
    if rows.empty:
        return
    stages = list(rows["stage"].unique())
    frame = rows.pivot_table(index="label", columns="stage", values="value", sort=False)[stages]
    st.markdown(words.RANDOMISED)
    st.dataframe(frame, key="where-randomised", column_config=layout.number("%.2f", *stages))


def lying(table: pd.DataFrame) -> None:
    """Shares on things beside the shares of the area."""
    st.header("What the maps lie on")
    st.markdown("How much more of a map lies on a kind of thing than its area alone would bring, with 95 % intervals.")
    rows = table[reports.is_share(table["measure"])]
    sets = list(dict.fromkeys(map(str, rows["source"])))
    if not sets:
        return
    chosen = st.selectbox("Set of photos", sets, key="where-set") if len(sets) > 1 else sets[0]
    rows = rows[rows["source"] == chosen]
    exact = rows["exact"].eq(True)
    named = rows.assign(measure=rows["measure"].where(~exact, rows["measure"] + " (labelled)"))
    st.plotly_chart(plots.shares(named), key="where-shares", config=layout.CHART, alt="Shares of the maps on things")
    st.caption(
        "Labelled things are where people drew them, others where a detector found them. This bears on the rows of the "
        "verdict that remove a thing: a model that looks at faces need not use them. Only removing them says what it "
        "uses."
    )
