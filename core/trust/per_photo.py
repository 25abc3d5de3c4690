"""What a table of heatmaps says of each photo, as measures that colour a map."""

from __future__ import annotations

import pandas as pd

from core.latent.photo_values import KEYS, Measure
from core.registry import ATTRIBUTIONS, MASKS
from core.trust.over_set import PLACES
from core.trust.reports import AGREEMENT, GAIN, TENTH

WORDS = {
    TENTH: "Δ without its brightest tenth",
    GAIN: "what its order of places gains",
    AGREEMENT: "its agreement with other methods",
}
"""Measures that are no shares, and what they are called; their sign has a meaning."""


def measures(rows: pd.DataFrame) -> tuple[list[str], list[str], list[Measure]]:
    """Sources and ids of the photos of a table (`over_set.ROWS`), and each method's measures of them.

    Without the steps of curves and of randomisation, which say little of a single photo.
    """
    table = rows.pivot_table(index=list(KEYS), columns=["method", "measure"], values="value", sort=False)
    found = []
    methods = list(rows["method"].unique())
    places = (*(entry.id for entry in MASKS), *PLACES, *WORDS)
    named = [(str(column[0]), str(column[1])) for column in table.columns if column[1] in places]
    for method, measure in sorted(named, key=lambda item: (methods.index(item[0]), places.index(item[1]))):
        values = table[method, measure].to_numpy(dtype=float)
        found.append(Measure(name_of(method, measure), values, measure in WORDS))
    sources, ids = (table.index.get_level_values(name).tolist() for name in KEYS)
    return sources, ids, found


def name_of(method: str, measure: str) -> str:
    """What a measure of one photo is called."""
    label = ATTRIBUTIONS[method].label
    if measure in WORDS:
        return f"{label}: {WORDS[measure]}"
    return f"{label}'s share on {MASKS[measure].facts['thing'] if measure in MASKS else f'the {measure}'}"
