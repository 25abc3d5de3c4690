"""Measured trust over sets of photos, read from `artifacts/`; never imports torch."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from core import config
from core.errors import ArtifactError
from core.types import Interval

FOLDER = "trust"
GAIN, TENTH = "gain", "tenth"
AGREEMENT = "agreement"
RANDOMISED, REMOVED = "randomised ", "removed "
"""The beginnings of measures: each goes on with a stage of the model, or with a percentage of the photo."""
QUICK = (1, 2)
"""Passes of the methods whose maps are drawn again with random weights: it takes a map for each stage of the model."""
TOP = "heatmap_top"
"""The mask of the highest places of a heatmap, by id."""
COLUMNS = (
    *("model", "source", "method", "label", "baseline", "measure", "n", "exact", "value", "value_low", "value_high"),
    *("compared", "over", "over_low", "over_high", "over_shifted", "over_shifted_low", "over_shifted_high"),
)
"""A row per set of photos, method and measure: the mean over photos with its interval; what it is compared with and its
lead over that; for shares also the lead over the same maps moved. Measures that are no shares: the gain, the tenth, the
agreement with other methods, the agreement with the map when a stage and those above it are random, and the score when
a percentage of the photo is removed in the order of the map, compared with the opposite order. `exact` regions are what
the source knows of every photo, others what a detector found."""


@dataclass(frozen=True)
class BaselineComparison:
    """A method's gain over that of the best baseline, paired by photo: mean and interval over `n` photos."""

    label: str
    n: int
    best: str
    over: Interval

    @property
    def enough(self) -> bool:
        """Whether the photos are as many as any number of the protocol needs."""
        return self.n >= config.MIN_COMPUTED

    @property
    def beats(self) -> bool:
        return self.over.low > 0


def summary(model: str) -> pd.DataFrame | None:
    """The table (COLUMNS) of a model, or None where nobody measured it; ArtifactError for a damaged file."""
    file = config.ARTIFACTS / FOLDER / f"{model}.csv"
    if Path(model).name != model or not file.is_file():  # the name may be that of a study that someone handed on
        return None
    return read(file)


def comparison(model: str, method: str) -> BaselineComparison | None:
    """How a method compares with the baselines on a model, as `against_baselines`; ArtifactError as of `summary`."""
    return against_baselines(summary(model), method)


def with_others(table: pd.DataFrame, file: Path) -> pd.DataFrame:
    """A summary beside what a file holds of sets, methods and measures; ArtifactError if the file is none.

    Where both have the same, that of more photos stays: slow methods are measured on fewer, beside the quick ones.
    """
    if not file.is_file():
        return table
    keys = ["source", "method", "measure"]
    both = pd.concat([read(file), table], ignore_index=True)
    kept = both.sort_values("n", kind="stable").drop_duplicates(keys, keep="last").index
    return both.loc[sorted(kept)].reset_index(drop=True)


def top_of(method: str) -> str:
    """The mask of a method's highest places in a study that has those of several methods."""
    return f"{TOP}_{method}"


def is_top(masks: pd.Series) -> pd.Series:
    """Which masks are the highest places of a heatmap."""
    return masks.astype(str).str.startswith(TOP)


def is_share(measures: pd.Series) -> pd.Series:
    """Which measures say how much of a map lies on something."""
    others = measures.isin([GAIN, TENTH, AGREEMENT])
    return ~(others | measures.str.startswith((RANDOMISED, REMOVED)))


def staged(table: pd.DataFrame, beginning: str) -> pd.DataFrame:
    """The measures that begin with RANDOMISED or REMOVED, of the set with most photos: `stage` is what follows."""
    rows = table[table["measure"].str.startswith(beginning)]
    if rows.empty:
        return rows.assign(stage=[])
    rows = rows[rows["source"] == rows["source"].iloc[int(rows["n"].argmax())]]
    return rows.assign(stage=rows["measure"].str.removeprefix(beginning))


def read(file: Path) -> pd.DataFrame:
    """A summary from its file; ArtifactError if it is none."""
    try:
        table = pd.read_csv(file)
    except (OSError, ValueError) as error:
        raise ArtifactError(f"{file} cannot be read ({error}); make it again: python -m core attribute.") from error
    if missing := [name for name in COLUMNS if name not in table]:
        raise ArtifactError(f"{file} has no column {missing[0]!r}; make it again: python -m core attribute.")
    return table


def against_baselines(table: pd.DataFrame | None, method: str) -> BaselineComparison | None:
    """How a method compares with the baselines in a summary, on the set with most photos.

    None for a baseline, and where it was not measured.
    """
    if table is None:
        return None
    rows = table[(table["method"] == method) & (table["measure"] == GAIN) & table["over"].notna() & ~table["baseline"]]
    if rows.empty:
        return None
    row = rows.iloc[int(rows["n"].argmax())]
    over = Interval(float(row["over"]), float(row["over_low"]), float(row["over_high"]))
    labels = dict(zip(table["method"], table["label"], strict=True))
    best = str(labels.get(row["compared"], row["compared"]))
    return BaselineComparison(str(row["label"]), int(row["n"]), best, over)
