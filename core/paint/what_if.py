"""What if one kind of information were gone from a photo: Δ along the dose, and its place among a study's photos."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from core.effects.table import ALL, POOLED
from core.files import json_of
from core.inference import Predictor
from core.paint.percentile import DELTA, percent_below
from core.paint.region_effect import signed
from core.registry import ABLATIONS, Entry
from core.types import Pixels
from core.verdict.aggregates import Aggregates

SPREAD = (10, 90)
"""Percentiles between which the study's spread is drawn: eight of ten photos."""
SAME = 1e-9
FIRST = "blur"
"""Shown at first: an ablation with a strength, so that there is a curve to see."""
STUDIED_COLUMNS = ("value", "mean", "low", "high", "n", "quantiles")
"""A row a studied dose: its value (NaN without one), mean Δ, the bounds of SPREAD, photos, and all 101 quantiles."""


@dataclass(frozen=True)
class Dose:
    """One ablation at one strength: `value` of the parameter named by `name`; both None where there is no strength."""

    entry: Entry[Any]
    settings: Mapping[str, Any]

    @property
    def name(self) -> str | None:
        return self.entry.facts["strength"]

    @property
    def value(self) -> float | None:
        return None if self.name is None else float(self.settings[self.name])

    def at(self, value: float) -> Dose:
        """The same ablation at another strength."""
        assert self.name is not None
        kind = next(param.kind for param in self.entry.params if param.name == self.name)
        return Dose(self.entry, {**self.settings, self.name: kind(value)})


@dataclass(frozen=True)
class Curve:
    """Δ of a photo along the strength of an ablation (`doses`: value and delta), over what a study found of it.

    `studied` has STUDIED_COLUMNS, maybe no row; `said` are sentences on the dose that was chosen.
    """

    how: Dose
    doses: pd.DataFrame
    studied: pd.DataFrame
    said: tuple[str, ...] = ()

    @property
    def rising(self) -> bool:
        """Whether a larger value takes more away."""
        return float(self.doses["value"].iloc[-1]) > float(self.how.entry.facts["none"])


@dataclass(frozen=True)
class WhatIf:
    """Δ of a photo at a dose, and what a study of the same model measured of the ablation.

    `studied` has STUDIED_COLUMNS, maybe no row; `compared` sets Δ at the studied dose nearest to this one beside the
    study's photos, and is empty where no study is of this model.
    """

    how: Dose
    delta: float
    studied: pd.DataFrame
    compared: str

    @property
    def said(self) -> str:
        """Δ as it is written, and what was done."""
        return f"**Δ = {signed(self.delta)}**: {self.how.entry.help.splitlines()[0]}"


def whole_photo_ablations() -> list[Entry[Any]]:
    """Ablations that need nothing but the photo."""
    return [entry for entry in ABLATIONS if not entry.facts.get("needs")]


def dose(ablation: str, settings: Mapping[str, Any] | None = None) -> Dose:
    """An ablation at these settings, all others at their defaults; ParameterError for what it does not take."""
    entry = ABLATIONS[ablation]
    return Dose(entry, entry.arguments(settings))


def ablated(photo: Pixels, how: Dose) -> Pixels:
    """The photo (uint8 H × W × 3, at working size) with this information gone."""
    return how.entry.function(photo, **how.settings)


def delta(predictor: Predictor, photo: Pixels, how: Dose, score: float) -> float:
    """Score of the ablated photo − `score`, that of the photo itself; both at working size."""
    return float(predictor.score([np.ascontiguousarray(ablated(photo, how))])[0]) - score


def answer(how: Dose, change: Callable[[Dose], float], study: Aggregates | None, model: str) -> WhatIf:
    """What becomes of a photo's score at a dose, beside the photos of a study where that was made with the same model.

    `change` gives the photo's Δ at a dose.
    """
    moved, own = change(how), of_model(study, model)
    found = studied(own, how)
    if own is None:
        return WhatIf(how, moved, found, "")
    row = nearest(found, how)
    there = moved if row is None or how.value is None else change(how.at(float(row["value"])))
    return WhatIf(how, moved, found, in_words(there, how, row))


def strengths(how: Dose, studied: pd.DataFrame) -> list[float]:
    """Strengths along which a curve is drawn, in order: usual ones, those of the study, and the one asked for."""
    if how.value is None:
        return []
    wanted = {float(value) for value in how.entry.facts["doses"]} | {how.value} | set(studied["value"].dropna())
    return sorted(wanted - {float(how.entry.facts["none"])})


def curve(how: Dose, found: pd.DataFrame, change: Callable[[Dose], float], said: tuple[str, ...] = ()) -> Curve:
    """Δ along the strengths of an ablation that has one; `change` gives Δ at a dose, `found` what a study measured."""
    doses = {float(how.entry.facts["none"]): 0.0}
    doses |= {value: change(how.at(value)) for value in strengths(how, found)}
    table = pd.DataFrame({"value": list(doses), "delta": list(doses.values())}).sort_values("value", ignore_index=True)
    return Curve(how, table, found, said)


def of_model(study: Aggregates | None, model: str) -> Aggregates | None:
    """The study where it was made with this model, else None: of another one it says nothing."""
    return study if study is not None and study.baseline.model == model else None


def studied(study: Aggregates | None, how: Dose) -> pd.DataFrame:
    """What a study measured of an ablation, whatever its protocol, by strength (STUDIED_COLUMNS); maybe no row."""
    if study is None:
        return pd.DataFrame(columns=STUDIED_COLUMNS)
    found = study.distributions
    found = found[(found["ablation"] == how.entry.id) & (found["outcome"] == DELTA) & found["mask"].isna()]
    rows = []
    for row in found.to_dict("records"):
        params = json_of(row["params"])
        value = params.pop(how.name, None) if how.name else None
        if all(how.settings.get(name) == given for name, given in params.items()):
            quantiles = np.asarray(row["quantiles"], dtype=float)
            low, high = (float(quantiles[percent]) for percent in SPREAD)
            rows.append((np.nan if value is None else float(value), _mean(study, row), low, high, row["n"], quantiles))
    return pd.DataFrame(rows, columns=STUDIED_COLUMNS).sort_values("value", ignore_index=True)


def _mean(study: Aggregates, row: Mapping[Any, Any]) -> float:
    """Mean Δ over all photos of a study under one condition."""
    effects = study.effects
    same = (effects["ablation"] == row["ablation"]) & (effects["params"] == row["params"]) & effects["mask"].isna()
    found = effects.loc[same & (effects["source"] == POOLED) & (effects["population"] == ALL), "mean_delta"]
    return float(found.iloc[0]) if len(found) else float("nan")


def nearest(found: pd.DataFrame, how: Dose) -> pd.Series | None:
    """The studied dose nearest to this one, None where the study has none."""
    if found.empty:
        return None
    return found.iloc[0 if how.value is None else int((found["value"] - how.value).abs().to_numpy().argmin())]


def in_words(value: float, how: Dose, row: pd.Series | None) -> str:
    """How a photo's Δ at a studied dose (a row of `studied`) compares with the study's photos, as one sentence."""
    label = how.entry.label
    if row is None:
        return f"The reference study did not try {label} in this way, so that there is nothing to compare with."
    at = f" at {how.name} {row['value']:g}" if how.name else ""
    if abs(value) < SAME:
        return f"{label}{at} does not move your photo's score."
    below = percent_below(value, row["quantiles"])
    verb, share = ("loses", 100 - below) if value < 0 else ("gains", below)
    return f"Your photo {verb} more from {label}{at} than {share:.0f} % of the study's {row['n']:,} photos."
