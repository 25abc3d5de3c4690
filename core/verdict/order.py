"""The order that the two accounts predicted before any study, beside the order that was found."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

import numpy as np

from core import config
from core.effects.resampling import bootstrap, means, percentile_interval
from core.study.protocol import DECISION_ROWS, SEMANTIC
from core.study.reading import Study
from core.types import Interval
from core.verdict.records import A, B, Order, RowDecision
from core.verdict.row_decisions import deciding_values, host_error

SEMANTIC_CONTENT = "semantic content"
"""The largest of the semantic rows, as one of the things that account B puts in order."""
PREDICTED = {
    A: ("faces_removed", "people_removed", "salient_removed", "text_removed"),
    B: ("texture", "grayscale", "blur", SEMANTIC_CONTENT),
}
"""Largest first, as written down at the start of the project."""
FEWEST = 3
"""Fewer rows than these have no order worth a correlation."""


def orders(study: Study, decisions: Sequence[RowDecision], weak: Mapping[str, str]) -> tuple[Order, ...]:
    """Predicted and found order of both accounts, over the rows that could be tested.

    A row's size is how much its removal lowers the score for A, which predicts drops, and |Δ| or |excess| for B.
    Intervals are over photos, with what sharing hosts adds to the error of a row (rule 6).
    """
    values = {item.row: deciding_values(study, item, weak) for item in decisions if item.testable}
    errors = {item.row: host_error(study, item, values[item.row]) for item in decisions if item.testable}
    found = (_order(study, account, predicted, values, errors) for account, predicted in PREDICTED.items())
    return tuple(order for order in found if order is not None)


def _order(
    study: Study,
    account: str,
    predicted: Sequence[str],
    values: Mapping[str, np.ndarray],
    errors: Mapping[str, float],
) -> Order | None:
    semantic = [row.id for row in DECISION_ROWS if row.kind == SEMANTIC and row.id in values]
    names = [name for name in predicted if name in values or (name == SEMANTIC_CONTENT and semantic)]
    if len(names) < FEWEST:
        return None
    rows = [name for name in names if name != SEMANTIC_CONTENT]
    rows += semantic if SEMANTIC_CONTENT in names else []
    columns = np.column_stack([values[name] for name in rows])
    known = np.isfinite(columns)
    draws = config.RESAMPLES
    totals, counts = bootstrap(
        len(columns), [means(np.where(known, columns, 0.0)), means(known * 1.0)], draws=draws, seed=study.settings.seed
    )
    shared = np.random.default_rng([study.settings.seed, len(rows)]).standard_normal(totals.shape)
    with np.errstate(invalid="ignore", divide="ignore"):
        means_drawn = totals / counts + shared * [errors[name] for name in rows]
        drawn = _sizes(means_drawn, rows, names, account)
    sizes = _sizes(np.nanmean(columns, axis=0)[None], rows, names, account)[0]
    expected = -np.arange(len(names))
    rho = Interval(_spearman(sizes[None], expected)[0], *percentile_interval(_spearman(drawn, expected)))
    found = sorted(names, key=lambda name: -sizes[names.index(name)])
    return Order(account, tuple(names), tuple(found), tuple(sorted((sizes / study.sd).tolist(), reverse=True)), rho)


def _sizes(found: np.ndarray, rows: Sequence[str], names: Sequence[str], account: str) -> np.ndarray:
    """Size of each thing (draws × names) from the mean of each row (draws × rows)."""
    size = -found if account == A else np.abs(found)
    columns = []
    for name in names:
        if name == SEMANTIC_CONTENT:
            semantic = [place for place, row in enumerate(rows) if row not in names]
            columns.append(size[:, semantic].max(axis=1))
        else:
            columns.append(size[:, list(rows).index(name)])
    return np.column_stack(columns)


def _spearman(sizes: np.ndarray, expected: np.ndarray) -> np.ndarray:
    """Rank correlation of each draw's sizes (draws × things) with what was expected; NaN where a size is unknown."""
    n = sizes.shape[1]
    ranks = sizes.argsort(axis=1).argsort(axis=1)
    apart = ranks - expected.argsort().argsort()
    rho = 1 - 6 * np.square(apart).sum(axis=1) / (n * (n * n - 1))
    return np.where(np.isfinite(sizes).all(axis=1), rho, math.nan)
