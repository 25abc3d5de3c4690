"""Parts without names: the last maps of many photos as a sum of a few patterns, none of them negative.

Sources: Lee & Seung 1999 (the factorisation); Collins et al. 2018 (of a network's last maps).
"""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from sklearn.decomposition import NMF
from sklearn.exceptions import ConvergenceWarning

from core.concepts.activations import scores_of
from core.errors import AttributionError
from core.inference import Predictor

PARTS = 12
PLACES = 20_000
"""Places of all maps that the patterns are fitted to, at most: drawn from all photos alike."""
ROUNDS = 400
BATCH = 16


@dataclass(frozen=True)
class Factorisation:
    """Patterns over the maps' channels (parts × C, of length 1), and the share of the maps' energy they redraw."""

    fitted: NMF
    lengths: np.ndarray
    redrawn: float

    @property
    def directions(self) -> np.ndarray:
        return self.fitted.components_ / self.lengths[:, None]

    def amounts(self, last: np.ndarray) -> np.ndarray:
        """How much of each pattern is at each place of maps (C × h × w): float64 parts × h × w."""
        channels, height, width = last.shape
        places = last.reshape(channels, -1).T.astype(np.float64).clip(min=0)
        made = self.fitted.transform(places) * self.lengths
        return made.T.reshape(-1, height, width)


def factor(maps: Sequence[np.ndarray], parts: int = PARTS, seed: int = 0) -> Factorisation:
    """Patterns of the maps (each C × h × w) of many photos; AttributionError for maps that are all zero or too few."""
    places = np.concatenate([last.reshape(last.shape[0], -1).T for last in maps])
    drawn = np.random.default_rng(seed).permutation(len(places))[:PLACES]
    places = places[np.sort(drawn)].astype(np.float64).clip(min=0)
    if len(places) < parts or places.shape[1] < parts or not places.any():
        raise AttributionError(
            f"{len(places)} places of {places.shape[1]} maps cannot be factorised into {parts} parts; ask for fewer."
        )
    model = NMF(parts, init="nndsvda", max_iter=ROUNDS, tol=1e-4, random_state=seed)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)  # what is left of the maps is told: `redrawn`
        amounts = model.fit_transform(places)
    rest = float(((places - amounts @ model.components_) ** 2).sum())
    lengths = np.linalg.norm(model.components_, axis=1)
    return Factorisation(model, np.where(lengths > 0, lengths, 1.0), 1 - rest / float((places**2).sum()))


def factor_branches(
    maps: Sequence[Sequence[np.ndarray]], parts: int = PARTS, seed: int = 0
) -> tuple[Factorisation, ...]:
    """Patterns of each branch of many photos' maps (photos, then branches): so many parts in all, shared out evenly."""
    branches = len(maps[0])
    shared = [len(part) for part in np.array_split(np.arange(parts), branches)]
    return tuple(
        factor([photo[branch] for photo in maps], number, seed)
        for branch, number in zip(range(branches), shared, strict=True)
    )


def without_each(
    predictor: Predictor, patterns: Sequence[Factorisation], maps: Sequence[Sequence[np.ndarray]]
) -> np.ndarray:
    """Δ of the score when one pattern is taken out of a branch's maps of a photo: float64 photos × parts."""
    changes = []
    for last in maps:
        whole = [branch[None].astype(np.float64) for branch in last]
        before = scores_of(predictor, whole)[0]
        row = []
        for place, found in enumerate(patterns):
            removed = found.directions[:, :, None, None] * found.amounts(last[place])[:, None]
            row.append(_scores(predictor, whole, place, (whole[place] - removed).clip(min=0)) - before)
        changes.append(np.concatenate(row))
    return np.array(changes)


def _scores(predictor: Predictor, whole: Sequence[np.ndarray], place: int, changed: np.ndarray) -> np.ndarray:
    """Scores with the maps of one branch changed (N × C × h × w), and those of the others as they were."""
    made = []
    for start in range(0, len(changed), BATCH):
        part = changed[start : start + BATCH]
        others = [np.broadcast_to(maps, (len(part), *maps.shape[1:])) for maps in whole]
        made.append(scores_of(predictor, [*others[:place], part, *others[place + 1 :]]))
    return np.concatenate(made)


def share_of_variance(amounts: np.ndarray, scores: np.ndarray) -> np.ndarray:
    """Share of the scores' variance that goes with each part alone: r² of its mean amount (photos × parts)."""
    found = np.zeros(amounts.shape[1])
    for number, amount in enumerate(amounts.T):
        if np.ptp(amount) > 0 and np.ptp(scores) > 0:
            found[number] = np.corrcoef(amount, scores)[0, 1] ** 2
    return found


def share_together(amounts: np.ndarray, scores: np.ndarray, folds: int = 5, seed: int = 0) -> float:
    """Share of the variance that all parts predict together, in photos kept out of the fit; below 0 means none."""
    from sklearn.linear_model import LinearRegression
    from sklearn.model_selection import KFold, cross_val_predict

    order = KFold(folds, shuffle=True, random_state=seed)
    guessed = cross_val_predict(LinearRegression(), amounts, scores, cv=order)
    return float(1 - ((scores - guessed) ** 2).sum() / ((scores - scores.mean()) ** 2).sum())
