"""A table of heatmaps over photos to means with intervals: shares beside what area brings, gains beside baselines."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pandas as pd

from core import config
from core.effects.resampling import bootstrap, means, percentile_interval
from core.registry import ATTRIBUTIONS
from core.trust.reports import AGREEMENT, COLUMNS, GAIN, REMOVED, TENTH
from core.types import Interval


def summarise(rows: pd.DataFrame, model: str, source: str) -> pd.DataFrame:
    """A row (COLUMNS) per method and measure of a table (over_set.ROWS); photos are resampled, intervals are 95 %.

    A share is compared with the area of the region and with the map moved; the tenth with other places; the score with
    places removed with that of the opposite order; agreement with that with the baselines; the gain with the baseline
    whose mean gain is highest, paired by photo.
    """
    made = []
    gains = rows[rows["measure"] == GAIN].pivot_table(index="photo_id", columns="method", values="value")
    for (method, measure), group in rows.groupby(["method", "measure"], sort=False):
        compared = _gain(gains, str(method)) if measure == GAIN else _others(group, str(measure))
        value = interval(group["value"].to_numpy())
        made.append(
            {
                **{"model": model, "source": source, "method": method, "measure": measure, "n": len(group)},
                **{"label": ATTRIBUTIONS[str(method)].label, "baseline": ATTRIBUTIONS[str(method)].facts["baseline"]},
                "exact": bool(group["exact"].eq(True).all()),
                **{"value": value.estimate, "value_low": value.low, "value_high": value.high},
                **dict(compared),
            }
        )
    return pd.DataFrame(made, columns=list(COLUMNS))


def interval(values: np.ndarray, seed: int = config.SEED) -> Interval:
    """The mean of values (photos,) with the percentile interval of its bootstrap over photos."""
    if len(values) < 2:
        mean = float(values.mean())
        return Interval(mean, mean, mean)
    (drawn,) = bootstrap(len(values), [means(values[:, None])], draws=config.RESAMPLES, seed=seed)
    return Interval(float(values.mean()), *percentile_interval(drawn[:, 0]))


def best_baseline(gains: pd.DataFrame) -> str | None:
    """The baseline with the highest mean gain among the columns of photos × methods; None where none was measured."""
    there = [entry.id for entry in ATTRIBUTIONS if entry.facts["baseline"] and entry.id in gains]
    return str(gains[there].mean().idxmax()) if there else None


def _gain(gains: pd.DataFrame, method: str) -> Iterator[tuple[str, object]]:
    best = best_baseline(gains.drop(columns=method, errors="ignore"))
    if best is None:
        return
    both = gains[[method, best]].dropna()
    yield "compared", best
    yield from _named("over", interval((both[method] - both[best]).to_numpy()))


def _others(group: pd.DataFrame, measure: str) -> Iterator[tuple[str, object]]:
    both = group.dropna(subset="expected")
    if both.empty:
        return
    yield "compared", _comparison(measure)
    yield from _named("over", interval((both["value"] - both["expected"]).to_numpy()))
    if both["shifted"].notna().all():
        yield from _named("over_shifted", interval((both["value"] - both["shifted"]).to_numpy()))


def _comparison(measure: str) -> str:
    """What a measure is compared with, in a word or two."""
    if measure.startswith(REMOVED):
        return "lowest first"
    return {TENTH: "elsewhere", AGREEMENT: "baselines"}.get(measure, "area")


def _named(name: str, found: Interval) -> Iterator[tuple[str, float]]:
    yield name, found.estimate
    yield f"{name}_low", found.low
    yield f"{name}_high", found.high
