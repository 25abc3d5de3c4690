"""The decision rows by kind of photo: size of the thing, indoors or outdoors, with or without people, source.

Exploratory: the confirmatory row is the pooled one (rule 18). Whether the kinds differ is tested by permuting them
among the photos, against hosts also by resampling photos and hosts, and adjusted over all such tests
(Benjamini–Hochberg).
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd

from core import config
from core.effects import stats
from core.effects.populations import links, outcome
from core.effects.resampling import bca_interval, bootstrap, means, two_way_group_means
from core.study.hosts import Hosts
from core.study.protocol import DECISION_ROWS, EXCESS, DecisionRow
from core.study.reading import Study
from core.table import HOSTED
from core.types import Interval
from core.verdict.records import RowDecision
from core.verdict.row_decisions import places

KIND_COLUMNS = ("row", "label", "by", "kind", "fill", "n", "in_sd", "low", "high", "p", "q_bh")
"""A row per decision row and kind of photo, under the fill that decides; `p` and `q_bh` are of all kinds together."""
SIZE, SCENE, PEOPLE, SOURCE = "size of the thing", "scene", "people", "source"
BANDS = ((0.03, "below 3 %"), (0.08, "3 to 8 %"), (0.2, "8 to 20 %"), (math.inf, "20 % and more"))
"""Upper ends of the bands of size, as shares of the photo's area, and what they are called."""
SCENES = {
    "indoors": ("aquarium", "art_gallery", "computer_room", "kitchen", "laundromat", "library"),
    "outdoors": (
        *("desert", "garden", "highway", "mountain", "ocean", "park", "tennis_court", "waterfall", "windmill"),
    ),
}
"""Categories of the SUN database, which begin the names of its files."""
CATEGORY = re.compile(r"(\w+?)_(?:sun|labelme)_")
UNKNOWN = ""


def kind_table(study: Study, decisions: Sequence[RowDecision], weak: Mapping[str, str]) -> pd.DataFrame:
    """KIND_COLUMNS of every row that was tested; kinds with too few photos for a number are left out."""
    rows = [row for item in decisions if item.testable for row in _of_row(study, item, weak)]
    table = pd.DataFrame(rows, columns=list(KIND_COLUMNS[:-1]))
    tests = table.drop_duplicates(["row", "by"]).set_index(["row", "by"])["p"]
    adjusted = dict(zip(tests.index, stats.benjamini_hochberg(tests.to_numpy(dtype=float)), strict=True))
    return table.assign(q_bh=[adjusted[key] for key in zip(table["row"], table["by"], strict=True)])


def _of_row(study: Study, item: RowDecision, weak: Mapping[str, str]) -> Iterator[dict[str, Any]]:
    row = next(row for row in DECISION_ROWS if row.id == item.row)
    place = next(place for place in places(study, row) if row.fill_of(study.conditions[place]) == item.fill)
    values = outcome(study, place, row.outcome, weak)
    for by, kinds in _kinds(study, row).items():
        members = {kind: np.flatnonzero((kinds == kind) & np.isfinite(values)) for kind in _in_order(kinds)}
        enough = {kind: photos for kind, photos in members.items() if len(photos) >= config.MIN_COMPUTED}
        if len(enough) < 2:
            continue
        p = _p(study, row, place, list(enough.values()), values)
        for kind, photos in enough.items():
            found = _interval(study, row, place, photos, values[photos])
            yield dict(
                zip(KIND_COLUMNS, (item.row, item.label, by, kind, item.fill, len(photos), *found, p), strict=False)
            )


def _kinds(study: Study, row: DecisionRow) -> dict[str, np.ndarray]:
    """The kind of every photo by what tells kinds apart; empty where it is not known."""
    found = {
        SCENE: np.array([scene_of(*names) for names in zip(study.sources, study.photo_ids, strict=True)]),
        SOURCE: study.sources.astype(str),
    }
    if row.mask and row.mask in study.things:
        found = {SIZE: np.array([band(area) for area in study.things[row.mask].area]), **found}
    if "people" in study.things and row.mask != "people":
        found[PEOPLE] = np.where(study.present("people"), "people", "none")
    return found


def band(area: float) -> str:
    """The band of size that a share of the photo's area lies in; empty for nothing."""
    return next(name for end, name in BANDS if area < end) if area > 0 else UNKNOWN


def scene_of(source: str, photo_id: str) -> str:
    """Indoors or outdoors where the name of the photo or of its set tells; empty where it does not."""
    named = CATEGORY.match(photo_id.rpartition("/")[2])
    if named:
        return next((scene for scene, categories in SCENES.items() if named[1] in categories), UNKNOWN)
    return "outdoors" if source in config.OUTDOORS else UNKNOWN


def _in_order(kinds: np.ndarray) -> list[str]:
    bands = [name for _, name in BANDS]
    names = sorted({str(kind) for kind in kinds} - {UNKNOWN})
    return sorted(names, key=lambda name: (bands.index(name) if name in bands else 0, name))


def _p(study: Study, row: DecisionRow, place: int, groups: Sequence[np.ndarray], values: np.ndarray) -> float:
    """P that kinds (numbers of photos) do not differ. Photos of one kind share hosts more often than others do, for
    hosts have the score of their photo: against hosts the larger p counts, as the wider interval does."""
    p = interaction_p([values[photos] for photos in groups], seed=study.settings.seed)
    if not _has_hosts(study, row):
        return p
    photos = np.sort(np.concatenate(groups))
    member = np.array([np.isin(photos, group) for group in groups], dtype=float)
    own, hosts = _against(study, place, photos)
    drawn = two_way_group_means(own, member, hosts, draws=config.RESAMPLES, seed=study.settings.seed)
    return max(p, resampled_interaction_p([values[group] for group in groups], drawn))


def _interval(study: Study, row: DecisionRow, place: int, photos: np.ndarray, values: np.ndarray) -> tuple[float, ...]:
    """Mean and 95 % interval in SD; against hosts, of both photos and hosts where that is wider."""
    draws, seed = config.RESAMPLES, study.settings.seed
    (drawn,) = bootstrap(len(values), [means(values[:, None])], draws=draws, seed=seed)
    found = Interval(float(values.mean()), *bca_interval(drawn[:, 0], values))
    if _has_hosts(study, row):
        found = stats.wider(found, *_against(study, place, photos), draws=draws, seed=seed)
    return tuple(value / study.sd for value in (found.estimate, found.low, found.high))


def _has_hosts(study: Study, row: DecisionRow) -> bool:
    return row.outcome == EXCESS and study.control_kind == HOSTED


def _against(study: Study, place: int, photos: np.ndarray) -> tuple[np.ndarray, Hosts]:
    """The photos' own differences under a condition, and their hosts."""
    return study.score[photos, place] - study.original[photos], links(study, place, photos)


def interaction_p(groups: Sequence[np.ndarray], *, draws: int = config.RESAMPLES, seed: int = config.SEED) -> float:
    """P of as much variance between the groups' means, were the values dealt out to the groups at random."""
    values, ends = np.concatenate(groups), np.cumsum([len(group) for group in groups])
    member = np.zeros((len(values), len(groups)))
    member[np.arange(len(values)), np.searchsorted(ends, np.arange(len(values)), side="right")] = 1
    sizes, centred = member.sum(axis=0), values - values.mean()
    observed = (np.square(centred @ member) / sizes).sum()
    random = np.random.default_rng(seed)
    beyond, step = 0, max(1, 2_000_000 // len(values))
    for start in range(0, draws, step):
        dealt = random.permuted(np.tile(centred, (min(step, draws - start), 1)), axis=1)
        beyond += int(((np.square(dealt @ member) / sizes).sum(axis=1) >= observed * (1 - 1e-9)).sum())
    return (beyond + 1) / (draws + 1)


def resampled_interaction_p(groups: Sequence[np.ndarray], drawn: np.ndarray) -> float:
    """P of as much variance between the groups' means, were resamples of them (draws × groups) around one mean."""
    sizes, found = np.array([len(group) for group in groups]), np.array([group.mean() for group in groups])

    def between(means: np.ndarray) -> np.ndarray:
        return (sizes * np.square(means - np.average(means, axis=-1, weights=sizes)[..., None])).sum(axis=-1)

    beyond = int((between(drawn - found) >= between(found) * (1 - 1e-9)).sum())
    return (beyond + 1) / (len(drawn) + 1)
