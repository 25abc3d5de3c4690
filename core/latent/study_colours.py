"""What a study measured of the photos of a map: listed from its settings alone, its values read once asked for."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from functools import cached_property
from pathlib import Path

import numpy as np
import pandas as pd

from core import config
from core.study import catalogue
from core.study.parquet_parts import read_parts
from core.study.photo_parts import PhotoRow, read_photos
from core.study.reading import SETTINGS, Study, read_settings, read_study
from core.table import ORIGINAL, PHOTOS, Condition
from core.types import Photo
from core.verdict.effect_words import condition_name


@dataclasses.dataclass(frozen=True)
class ConditionWords:
    """A condition of a study in words: what is done, and how strong it is or what fills the place."""

    id: str
    done: str
    variant: str
    condition: Condition


def photos_at_hand(folder: Path, most: int) -> list[Photo]:
    """The first photos of a study that are on this machine, `most` of them; none where its table cannot be read."""
    there: dict[str, dict[str, Photo]] = {}
    found: list[Photo] = []
    for _, table in read_parts(folder / "photos", PHOTOS, []):
        for source, name in zip(table.column("source").to_pylist(), table.column("photo_id").to_pylist(), strict=True):
            if source not in there:
                there[source] = catalogue.available_photos(folder, source)
            if name in there[source] and len(found) < most:
                found.append(there[source][name])
    return found


class StudyColours:
    """Effects on single photos, and countable features, of the N photos of a map that a study has too.

    StudyError where its settings cannot be read, or later where its rows cannot.
    """

    def __init__(self, folder: Path, photos: pd.DataFrame) -> None:
        self.folder, self._photos = folder, photos
        self._settings = read_settings(folder)
        names = set(self._settings.sources)
        self.shares_photos = (folder / "rows").is_dir() and (not names or bool(names & set(photos["source"])))
        """Whether any photo of the map may be in the study."""

    @property
    def model(self) -> str:
        """The model whose scores were studied, with a mark where it had learned from some of the photos."""
        return f"{self._settings.model}{' (contaminated)' if self._settings.contaminated else ''}"

    @cached_property
    def effects(self) -> tuple[ConditionWords, ...]:
        """Every condition, each thing's default first."""
        found = [item for item in self._settings.conditions or self._study.conditions if item.ablation != ORIGINAL]
        return tuple(_in_words(self.folder, condition) for condition in found)

    @cached_property
    def features(self) -> tuple[str, ...]:
        """Features that were counted, as the first part names them."""
        first = next(read_photos(self.folder, []), [])
        return tuple(sorted({name for row in first for name in row.features}))

    def effect(self, condition: Condition) -> np.ndarray:
        """Score of the ablated photo minus that of the photo (N,), NaN where it was not measured."""
        study = self._study
        if condition not in study.conditions:
            return np.full(len(self._photos), np.nan)
        return self._spread(study.score[:, study.conditions.index(condition)] - study.original, self._where)

    def feature(self, name: str) -> np.ndarray:
        """A feature of every photo (N,), NaN where it was not counted."""
        values = np.array([row.features.get(name, np.nan) for row in self._rows], dtype=float)
        return self._spread(
            values, self._matched([row.source for row in self._rows], [row.photo_id for row in self._rows])
        )

    @cached_property
    def _study(self) -> Study:
        return read_study(self.folder)

    @cached_property
    def _where(self) -> np.ndarray:
        return self._matched(self._study.sources, self._study.photo_ids)

    @cached_property
    def _rows(self) -> list[PhotoRow]:
        return [row for part in read_photos(self.folder, []) for row in part]

    def _matched(self, sources: Sequence[str] | np.ndarray, ids: Sequence[str] | np.ndarray) -> np.ndarray:
        """Row of the study of each photo of the map (N,), −1 where it has none."""
        asked = pd.MultiIndex.from_arrays([np.asarray(sources, dtype=str), np.asarray(ids, dtype=str)])
        keys = [self._photos[name].to_numpy(dtype=str) for name in ("source", "photo_id")]
        place = pd.Series(np.arange(len(asked)), asked)
        found = place[~asked.duplicated(keep="last")].reindex(pd.MultiIndex.from_arrays(keys), fill_value=-1)
        return found.to_numpy()

    @staticmethod
    def _spread(values: np.ndarray, where: np.ndarray) -> np.ndarray:
        return (
            np.where(where >= 0, values[np.maximum(where, 0)], np.nan) if len(values) else np.full(len(where), np.nan)
        )


def study_folders() -> tuple[Path, ...]:
    """Studies at hand: the shipped ones and those of this machine's own runs."""
    places = (config.ARTIFACTS, config.ARTIFACTS / "studies", config.RUNS, config.RUNS / "studies")
    return tuple(sorted({file.parent for place in places for file in place.glob(f"*/{SETTINGS}")}))


def _in_words(folder: Path, condition: Condition) -> ConditionWords:
    parts = (folder.name, condition.ablation, condition.params, condition.mask, condition.fill, condition.direction)
    name = condition_name(dataclasses.asdict(condition))
    done, _, variant = name.rpartition(", ") if condition.mask else name.partition(" ")
    return ConditionWords(
        "-".join(str(part) for part in parts if part not in (None, "{}")), done.replace("_", " "), variant, condition
    )
