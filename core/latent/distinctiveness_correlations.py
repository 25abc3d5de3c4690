"""Do unusual photos score higher, for the model and for people? Rank correlations, plain and partial."""

from __future__ import annotations

import numpy as np
from scipy import stats

from core import config
from core.effects.human_side import varying
from core.effects.resampling import percentile_interval, resample_counts
from core.errors import LatentError
from core.evaluation import metrics
from core.latent.distinctiveness import FEWEST, MeasuredSet
from core.latent.distinctiveness_results import MEASURES, SIDES, Distinctiveness, RankCorrelation
from core.types import Interval

TINY = 1e-9


def correlate(
    found: MeasuredSet, source: str, model: str, *, draws: int = config.RESAMPLES, seed: int = config.SEED
) -> Distinctiveness:
    """The links of each measure with the model's scores and, where enough photos have them, with human scores.

    LatentError if there are too few photos for so many countable features.
    """
    table = found.photos
    features = varying(table)
    links = []
    for side in SIDES:
        part = table[table[side].notna()]
        if len(part) < max(FEWEST, len(features) + 5):
            continue
        given = part[features].to_numpy(dtype=float)
        for measure in MEASURES:
            values, scores = part[measure].to_numpy(dtype=float), part[side].to_numpy(dtype=float)
            plain = metrics.correlation_interval(metrics.spearman, values, scores, draws=draws, seed=seed)
            links.append(
                RankCorrelation(
                    measure, side, len(part), plain, partial_spearman(values, scores, given, draws=draws, seed=seed)
                )
            )
    if not links:
        raise LatentError(f"{source}: too few photos beside {len(features)} countable features; give more photos.")
    return Distinctiveness(source, model, tuple(links), tuple(features), _notes(found))


def partial_spearman(
    x: np.ndarray, y: np.ndarray, given: np.ndarray, *, draws: int = config.RESAMPLES, seed: int = config.SEED
) -> Interval:
    """Correlation of the ranks of two samples (N,) with the ranks of others (N × k) taken out of both.

    From the inverse of the correlation matrix of ranks; photos are resampled for the interval. NaN where x or y follows
    from the others. Source: Whittaker 1990.
    """
    ranks = stats.rankdata(np.column_stack([x, y, given]), axis=0)
    ranks = (ranks - ranks.mean(axis=0)) / np.maximum(ranks.std(axis=0), TINY)
    drawn = [_partial(ranks, counts) for chunk in resample_counts(len(x), draws, seed) for counts in chunk.T]
    return Interval(_partial(ranks, np.ones(len(x))), *percentile_interval(np.array(drawn)))


def _partial(ranks: np.ndarray, counts: np.ndarray) -> float:
    centred = ranks - counts @ ranks / counts.sum()
    covariance = (centred * counts[:, None]).T @ centred / counts.sum()
    pair, others = covariance[:2, :2], covariance[2:, 2:]
    across = covariance[:2, 2:]
    left = pair - across @ np.linalg.pinv(others, rcond=TINY, hermitian=True) @ across.T
    scale = left[0, 0] * left[1, 1]
    return float(left[0, 1] / np.sqrt(scale)) if min(left[0, 0], left[1, 1]) > TINY else float("nan")


def _notes(found: MeasuredSet) -> tuple[str, ...]:
    """What does not count, and what the learned space cannot show."""
    notes = []
    if found.alike:
        notes.append(_counted(found.alike, "looks like another and does", "look like others and do") + " not count.")
    if found.learned:
        notes.append(_counted(found.learned, "taught the model and does", "taught the model and do") + " not count.")
    if found.learned is None:
        notes.append("Nobody knows which of these photos taught the model: its links may be of photos it has seen.")
    if found.drawn_before:
        notes.append(_counted(found.drawn_before, "taught the autoencoder, too.", "taught the autoencoder, too."))
    notes.append(
        "The model's own features follow its scores: their link with its scores is no evidence, and that with human "
        "scores no more than the scores already say."
    )
    return tuple(notes)


def _counted(n: int, one: str, many: str) -> str:
    return f"1 photo {one}" if n == 1 else f"{n:,} photos {many}"
