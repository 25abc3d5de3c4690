"""A study folder read for its statistics: settings, photos, scores as arrays photos × conditions; no torch needed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa

from core import config
from core.errors import ArtifactError, StudyError
from core.evaluation import reports
from core.files import json_of
from core.records import FileName, record, typed
from core.study.artefacts import Artefact, deciding, fill_artefacts
from core.study.hosts import NO_HOSTS, HostRows, Hosts
from core.study.parquet_parts import codes, read_parts
from core.study.photo_parts import read_photos
from core.study.protocol import FIRST_FILLS
from core.table import EMPTY, HOSTED, ORIGINAL, PLACED, PROTOCOL, ROWS, TARGET, Condition
from core.types import Problem

SETTINGS = "study.json"
OWN, HOST = ("source", "photo_id"), ("host_source", "host")
MEASURED = ("score", "area", "rmse", "feature_distance")
BLANK = {"control": np.float64, "control_rmse": np.float64, "seen": np.uint64}
"""What is summed up over a photo's controls: their scores, their RMSE, and which of them were seen."""
MOST_PLACEMENTS = 63
"""Placements a photo × condition that fit the reader's book of what it has seen."""


@dataclass(frozen=True)
class StudySettings:
    """What `study.json` says; what it leaves out has the value of a plain study."""

    name: str
    model: FileName
    sources: tuple[str, ...] = ()
    seed: int = config.SEED
    created: str = ""
    possibly_seen: bool = False
    seen_through: tuple[str, ...] = ()
    contaminated: bool = False
    finished: bool = True
    listed: int = 0
    copies: int = 0
    protocol: int = 1
    thinning: Mapping[str, Any] = field(default_factory=dict)
    conditions: tuple[Condition, ...] = ()
    masks: Mapping[str, int] = field(default_factory=dict)

    @property
    def marks(self) -> tuple[str, ...]:
        """What must be said of the model's photos wherever anything of the study is shown (rule 1)."""
        marks = ("contaminated: the model was trained on some of these photos",) if self.contaminated else ()
        if self.seen_through and not self.possibly_seen:
            through = " and ".join(self.seen_through)
            marks = (*marks, f"possibly seen through {through}, whose training photos are unknown")
        return (*marks, "possibly seen: the model's training photos are unknown") if self.possibly_seen else marks


@dataclass(frozen=True)
class ObjectClass:
    """Where a thing is: `area` (photos,) is its share of the photo; `exact` (photos,) says that no detector guessed.

    `imbalance` (photos,) is how much farther from the photo's centre its controls are, in short sides; NaN without.
    """

    area: np.ndarray
    exact: np.ndarray
    imbalance: np.ndarray


@dataclass(frozen=True)
class Study:
    """Scores of N photos under C conditions, NaN where there are none.

    `original` and `human` are (N,); `score`, `control` (mean score of the placed controls), `placements` (how many),
    `area`, `rmse`, `control_rmse` (mean of the placed controls) and `feature_distance` are N × C. `hosts` holds the
    hosted controls, `empty` the same fills at empty places of hosts. `problems` names what was set aside.
    """

    settings: StudySettings
    photo_ids: np.ndarray
    sources: np.ndarray
    original: np.ndarray
    human: np.ndarray
    things: Mapping[str, ObjectClass]
    conditions: tuple[Condition, ...]
    score: np.ndarray
    control: np.ndarray
    placements: np.ndarray
    area: np.ndarray
    rmse: np.ndarray
    control_rmse: np.ndarray
    feature_distance: np.ndarray
    hosts: Hosts = NO_HOSTS
    empty: Hosts = NO_HOSTS
    problems: tuple[Problem, ...] = ()

    @property
    def protocol(self) -> int:
        """2 where regions are compared with hosts, 1 where only with other places in the same photo."""
        return max(self.settings.protocol, 2 if len(self.hosts) or len(self.empty) else 1)

    @property
    def control_kind(self) -> str:
        """The kind of controls that decides."""
        return HOSTED if self.protocol > 1 else PLACED

    @cached_property
    def artefacts(self) -> tuple[Artefact, ...]:
        """What every fill does by itself; empty in studies of protocol 1."""
        return fill_artefacts(self.empty, self.conditions, self.sd)

    @property
    def deciding(self) -> tuple[str, ...]:
        """The fills that decide: by rule 7, or those of protocol 1."""
        return deciding(self.artefacts) if self.protocol > 1 else FIRST_FILLS

    @property
    def sd(self) -> float:
        """Standard deviation of the clean scores over the study's photos: the unit of effect sizes."""
        return float(self.original.std(ddof=1)) if len(self.original) > 1 else 0.0

    def present(self, mask: str | None) -> np.ndarray:
        """Whether the thing is in each photo (N,); everything is eligible for a whole-photo ablation."""
        if mask is None:
            return np.ones(len(self.original), dtype=bool)
        return self.things[mask].area > 0 if mask in self.things else np.zeros(len(self.original), dtype=bool)


def _lineage(model: str) -> tuple[str, ...]:
    """Published models that a shipped model learned from: what they learned from in turn is not known."""
    try:
        card = reports.model_card(model)
    except ArtifactError:  # the page about the model names it
        return ()
    return card.teachers if card else ()


def read_settings(folder: Path) -> StudySettings:
    """The settings of a study; StudyError where the folder holds none, or others'."""
    file = folder / SETTINGS
    try:
        content = json_of(file.read_text(encoding="utf-8"))
    except FileNotFoundError as error:
        raise StudyError(f"{folder} is not a study: it has no {SETTINGS}; run `python -m core study`.") from error
    except (OSError, ValueError) as error:
        raise StudyError(f"{file} cannot be read ({error}); run the study again.") from error
    try:
        said = {name: value for name, value in typed(Mapping[str, Any], content).items() if value is not None}
        protocol = said.get("protocol", 1)
        if isinstance(protocol, int) and protocol > PROTOCOL:
            raise StudyError(f"{file} is of protocol {protocol}, which a newer version made; read it with that one.")
        own = {"name": said.get("name") or folder.name, "sources": _names(said), "seen_through": ()}
        found = record(StudySettings, said | own)
    except StudyError:
        raise
    except KeyError as error:
        raise StudyError(f"{file} is not the settings of a study (it lacks {error}).") from error
    except ValueError as error:
        raise StudyError(f"{file} is not the settings of a study ({error}).") from error
    return replace(found, seen_through=_lineage(found.model))


def _names(settings: Mapping[str, Any]) -> Any:
    """The sources that settings name; those of older studies name one, as a text."""
    found = settings.get("sources", settings.get("source", ()))
    return (found,) if isinstance(found, str) else found


def read_study(folder: Path) -> Study:
    """Everything that statistics need; parts that are damaged or not this study's are named and set aside.

    StudyError where no photo with an untouched score is left.
    """
    settings = read_settings(folder)
    problems: list[Problem] = []
    photos = _Photos(folder, problems)
    grid = _Grid(settings, photos.number)
    for file, table in read_parts(folder / "rows", ROWS, problems):
        grid.add(file, table, problems)
    return grid.study(photos, problems, folder)


def read_artefacts(folder: Path, number: Mapping[tuple[str, str], int], original: np.ndarray) -> tuple[Artefact, ...]:
    """What every fill did at empty places by now (rule 7), for numbered photos and their untouched scores (N,).

    A study at work asks for it, and holds no other rows for it than these.
    """
    grid = _Grid(read_settings(folder), number)
    for file, table in read_parts(folder / "rows", ROWS, []):
        control, kinds = codes(table, "control")
        if EMPTY in kinds:
            grid.add(file, table.filter(pa.array(control == kinds.index(EMPTY))), [])
    empty = grid.empty.made(np.ones(len(original), dtype=bool), original)
    return fill_artefacts(empty, tuple(grid.column), float(original.std(ddof=1)) if len(original) > 1 else 0.0)


class _Photos:
    """The photos table as arrays, and the number of every photo."""

    def __init__(self, folder: Path, problems: list[Problem]) -> None:
        self.number: dict[tuple[str, str], int] = {}
        self.human: list[float] = []
        self.regions: list[Mapping[str, Any]] = []
        for part in read_photos(folder, problems):
            for row in part:
                if (row.source, row.photo_id) not in self.number:  # a photo written twice is one photo
                    self.number[row.source, row.photo_id] = len(self.number)
                    self.human.append(row.human)
                    self.regions.append(row.regions)

    def things(self, kept: np.ndarray) -> dict[str, ObjectClass]:
        """Area and exactness by mask, of the photos that are kept."""
        regions = [self.regions[number] for number in np.flatnonzero(kept)]
        masks = sorted({mask for found in regions for mask in found})
        return {
            mask: ObjectClass(
                np.array([float(found.get(mask, {}).get("area") or 0) for found in regions]),
                np.array([not found.get(mask, {}).get("detector", True) for found in regions]),
                np.array([found.get(mask, {}).get("imbalance") for found in regions], dtype=float),
            )
            for mask in masks
        }


@dataclass(frozen=True)
class _Rows:
    """A part of the rows: each one's photo, placement and condition as numbers."""

    file: Path
    table: pa.Table
    photo: np.ndarray
    placement: np.ndarray
    group: np.ndarray
    conditions: list[Condition]


class _Grid:
    """Arrays photos × conditions that fill up part by part, whatever the order and however often a row comes."""

    def __init__(self, settings: StudySettings, number: Mapping[tuple[str, str], int]) -> None:
        self.settings, self.number, self.n = settings, number, len(number)
        self.column: dict[Condition, int] = {}
        self.original = np.full(self.n, np.nan)
        self.hosted, self.empty = HostRows(), HostRows()
        self.columns: dict[int, dict[str, np.ndarray]] = {}
        """Arrays of a condition by its number, once it has rows of its own: those of hosts are kept apart."""
        for condition in settings.conditions:
            if condition.ablation != ORIGINAL:
                self._place(condition)

    def _place(self, condition: Condition) -> int:
        return self.column.setdefault(condition, len(self.column))

    def _blank(self, name: str) -> np.ndarray:
        """What a photo has before its row comes: no number, no control."""
        return np.zeros(self.n, BLANK[name]) if name in BLANK else np.full(self.n, np.nan)

    def add(self, file: Path, table: pa.Table, problems: list[Problem]) -> None:
        """Take a part's rows in, or name why not."""
        models = set(table.column("model").unique().to_pylist()) - {self.settings.model}
        placement = table.column("placement").fill_null(TARGET).to_numpy()
        if models or (len(placement) and not 0 <= placement.min() <= placement.max() <= MOST_PLACEMENTS):
            what = f"rows of the model {sorted(map(str, models))[0]}" if models else "placements out of range"
            problems.append(Problem(str(file), f"foreign: it holds {what}; it is left out"))
            return
        try:
            rows = _Rows(file, table, self._numbers(table), placement, *_conditions(table))
        except ValueError as error:
            problems.append(Problem(str(file), f"foreign {error}; it is left out"))
            return
        if (unknown := int((rows.photo < 0).sum())) > 0:
            problems.append(Problem(str(file), f"{unknown} rows are of photos that the photo table lacks"))
        numbers = {name: table.column(name).to_numpy() for name in MEASURED}
        usable = (rows.photo >= 0) & np.isfinite(numbers["score"])
        own = usable & ~self._add_hosts(rows, usable, problems)
        for place, condition in enumerate(rows.conditions):
            chosen = np.flatnonzero(own & (rows.group == place))
            measured = {key: all_[chosen] for key, all_ in numbers.items()}
            self._fill(condition, rows.photo[chosen], placement[chosen], measured)

    def _add_hosts(self, rows: _Rows, usable: np.ndarray, problems: list[Problem]) -> np.ndarray:
        """Take in the rows in which another photo was ablated, and say which they are."""
        control, kinds = codes(rows.table, "control")
        hosted = np.zeros(len(rows.table), dtype=bool)
        for kind, into in ((HOSTED, self.hosted), (EMPTY, self.empty)):
            if kind not in kinds:
                continue
            hosted |= control == kinds.index(kind)
            chosen = np.flatnonzero(usable & (control == kinds.index(kind)))
            host = self._numbers(rows.table.take(chosen), HOST)
            if (unknown := int((host < 0).sum())) > 0:
                problems.append(Problem(str(rows.file), f"{unknown} rows are of hosts that the photo table lacks"))
            chosen, host = chosen[host >= 0], host[host >= 0]
            place = np.array([self._place(item) for item in rows.conditions])[rows.group[chosen]]
            measured = {name: rows.table.column(name).to_numpy()[chosen] for name in HostRows.NUMBERS}
            into.add(rows.photo[chosen], place, rows.placement[chosen], host, measured)
        return hosted

    def _fill(
        self, condition: Condition, photo: np.ndarray, placement: np.ndarray, numbers: dict[str, np.ndarray]
    ) -> None:
        if condition.ablation == ORIGINAL:
            self.original[photo] = numbers["score"]
            return
        column = self.columns.setdefault(self._place(condition), {})
        for name in (*MEASURED, *BLANK):
            if name not in column:
                column[name] = self._blank(name)
        target = placement == TARGET
        for name, values in numbers.items():
            column[name][photo[target]] = values[target]
        _, first = np.unique(photo * (MOST_PLACEMENTS + 1) + placement, return_index=True)
        bits = np.left_shift(np.uint64(1), placement.astype(np.uint64))
        new = first[(placement[first] != TARGET) & ((column["seen"][photo[first]] & bits[first]) == 0)]
        np.add.at(column["control"], photo[new], numbers["score"][new])
        np.add.at(column["control_rmse"], photo[new], numbers["rmse"][new])
        np.bitwise_or.at(column["seen"], photo[new], bits[new])

    def _numbers(self, table: pa.Table, columns: tuple[str, str] = OWN) -> np.ndarray:
        """The number of the photo that two columns of each row name; −1 for one that the photo table lacks."""
        (source, sources), (photo, ids) = (codes(table, name) for name in columns)
        pairs, where = np.unique(source * len(ids) + photo, return_inverse=True)
        known = [self.number.get((sources[pair // len(ids)], ids[pair % len(ids)]), -1) for pair in pairs]
        return np.array(known, dtype=np.int64)[where]

    def study(self, photos: _Photos, problems: list[Problem], folder: Path) -> Study:
        """The study of all photos that have an untouched score."""
        kept = np.isfinite(self.original)
        if not kept.any():
            reason = f" ({problems[0]})" if problems else ""
            raise StudyError(f"{folder}: no photo of this study is scored yet{reason}; run its command again.")
        if missing := int((~kept).sum()):
            problems.append(Problem(str(folder), f"{missing} photos have no untouched score yet and do not count"))
        names = np.array(list(self.number), dtype=object).reshape(-1, 2)[kept]
        of_controls = ("control", "control_rmse")
        stacks = {name: self._stack(name, kept) for name in (*MEASURED, *of_controls)}
        placements = np.bitwise_count(self._stack("seen", kept)).astype(np.int16)
        with np.errstate(invalid="ignore"):
            for name in of_controls:
                stacks[name] = np.where(placements > 0, stacks[name] / np.maximum(placements, 1), np.nan)
        return Study(
            settings=self.settings,
            photo_ids=names[:, 1],
            sources=names[:, 0],
            original=self.original[kept],
            human=np.array(photos.human)[kept],
            things=photos.things(kept),
            conditions=tuple(self.column),
            placements=placements,
            hosts=self.hosted.made(kept, self.original),
            empty=self.empty.made(kept, self.original),
            problems=tuple(problems),
            **stacks,
        )

    def _stack(self, name: str, kept: np.ndarray) -> np.ndarray:
        """One kind of number of all conditions, photos × conditions, each condition's together in memory."""
        none = self._blank(name)
        found = np.empty((len(self.column), int(kept.sum())), none.dtype)
        for place in range(len(found)):
            found[place] = self.columns.get(place, {}).pop(name, none)[kept]
        return found.T


def _conditions(table: pa.Table) -> tuple[np.ndarray, list[Condition]]:
    """Each row's condition as a number into a list of those that occur; ValueError where one is none."""
    group = np.zeros(len(table), dtype=np.int64)
    columns = [codes(table, name) for name in ("ablation", "params", "mask", "fill", "direction")]
    for numbers, words in columns:
        group = group * len(words) + numbers
    found, where = np.unique(group, return_inverse=True)
    conditions = []
    for code in found:
        values = []
        for _, words in reversed(columns):
            code, place = divmod(int(code), len(words))
            values.append(words[place])
        ablation, params, mask, fill, direction = reversed(values)
        conditions.append(Condition(ablation, params or "{}", mask, fill, direction))
    return where, conditions
