"""What groups of a layout have in common, by what is known of their photos: folders, and things a study has found."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from core.photos.features import COUNT
from core.registry import FEATURES

LEAST = 0.01
"""Share of the photos that a group needs, and at least FEWEST of them."""
FEWEST = 15
LEVEL = 0.001
"""Level of each test; Bonferroni's rule divides it by the number of tests."""
HALF = 0.5
"""What a caption names is true of at least this share of the group's known photos."""
MOST = 12
COUNTED = tuple(entry.id for entry in FEATURES if entry.facts["unit"] == COUNT)
"""Features that say whether something is in a photo."""


@dataclass(frozen=True)
class Caption:
    """A group's place (x, y), its photos (indices), and what most of them share, with its share here and elsewhere."""

    place: tuple[float, float]
    photos: np.ndarray
    name: str
    inside: float
    outside: float


def captions(points: np.ndarray, traits: Mapping[str, np.ndarray]) -> list[Caption]:
    """Groups of a layout (N × 2), the largest first, with the first trait that sets each apart from all other photos.

    `traits` are known by photo (N,): 1 has it, 0 lacks it, NaN unknown. Groups are found by HDBSCAN (Campello et al.
    2013), and a trait counts if Fisher's exact test finds it more often inside than outside.
    """
    groups = _groups(points)
    tests = max(1, len(groups) * len(traits))
    found = [_caption(points, inside, traits, LEVEL / tests) for inside in groups]
    named = [caption for caption in found if caption is not None]
    return sorted(named, key=lambda caption: -len(caption.photos))[:MOST]


def traits(photos: pd.DataFrame, features: Mapping[str, np.ndarray]) -> dict[str, np.ndarray]:
    """What may be said of the photos of a map: what was counted in them, then the folder and the set they lie in.

    `photos` has columns source and photo_id; `features` (N,) by id, NaN where nobody counted.
    """
    found = {f"with {FEATURES[name].label.lower()}": features[name] for name in COUNTED if name in features}
    folders = photos["photo_id"].str.rpartition("/")[0]
    several = folders.groupby(photos["source"]).transform("nunique") > 1  # the only folder of a set is the set
    inner = (photos["source"] + "/" + folders)[several & (folders != "")]
    for label, names in (("in folder", inner), ("from", photos["source"])):
        for name in sorted(names.unique()):
            found[f"{label} {name}"] = (names == name).reindex(photos.index, fill_value=False).to_numpy(dtype=float)
    return found


def in_words(found: Sequence[Caption]) -> str:
    """Every caption once, with the shares of its groups and of all other photos."""
    names = dict.fromkeys(caption.name for caption in found)
    return "; ".join(_shares([caption for caption in found if caption.name == name]) for name in names)


def _shares(same: Sequence[Caption]) -> str:
    inside, outside = ([f"{100 * share:.0f}" for share in sorted(shares)]
                       for shares in ([one.inside for one in same], [one.outside for one in same]))  # fmt: skip
    here, elsewhere = (" to ".join(dict.fromkeys([ends[0], ends[-1]])) for ends in (inside, outside))
    return f"{same[0].name} ({here} %; elsewhere {elsewhere} %)"


def _groups(points: np.ndarray) -> list[np.ndarray]:
    """Indices of the photos of each group."""
    from sklearn.cluster import HDBSCAN  # here, because a map without captions does not need it

    least = max(FEWEST, round(LEAST * len(points)))
    if len(points) < 2 * least:
        return []
    labels = HDBSCAN(min_cluster_size=least, cluster_selection_method="leaf", copy=True).fit_predict(points)
    return [np.flatnonzero(labels == label) for label in range(labels.max() + 1)]


def _caption(points: np.ndarray, group: np.ndarray, traits: Mapping[str, np.ndarray], level: float) -> Caption | None:
    """The first trait that most of the group has, and more often than the rest."""
    from scipy.stats import fisher_exact

    member = np.zeros(len(points), dtype=bool)
    member[group] = True
    for name, values in traits.items():
        known = np.isfinite(values)
        inside, outside = values[known & member] > 0, values[known & ~member] > 0
        if min(len(inside), len(outside)) < FEWEST or inside.mean() < HALF:
            continue
        table = [[inside.sum(), (~inside).sum()], [outside.sum(), (~outside).sum()]]
        if fisher_exact(table, alternative="greater").pvalue <= level:
            x, y = np.median(points[group], axis=0).tolist()
            return Caption((x, y), group, name, float(inside.mean()), float(outside.mean()))
    return None
