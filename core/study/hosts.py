"""Rows of a study in which another photo, the host, was ablated instead of the target: arrays, and their means."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar

import numpy as np


@dataclass(frozen=True)
class Hosts:
    """K rows: numbers of target, condition (`place`) and host, all (K,), and what was measured of the host.

    `change` is score(ablated host) − score(host), in units of the score; `rmse` and `area` are the host's, `covered` is
    the share of its own salient object that the mask covers, `structure` the mean gradient under the mask; NaN where
    unknown. `at` gives the rows of one condition.
    """

    target: np.ndarray
    place: np.ndarray
    host: np.ndarray
    change: np.ndarray
    rmse: np.ndarray
    area: np.ndarray
    covered: np.ndarray
    structure: np.ndarray

    def __len__(self) -> int:
        return len(self.target)

    def where(self, rows: np.ndarray) -> Hosts:
        """Some of the rows, by a bool array (K,) or by their numbers."""
        return Hosts(**{name: values[rows] for name, values in vars(self).items()})

    def at(self, place: int) -> Hosts:
        """The rows of one condition; rows are in the order of conditions."""
        first, last = np.searchsorted(self.place, [place, place + 1])
        return Hosts(**{name: values[first:last] for name, values in vars(self).items()})

    def mean(self, values: np.ndarray, n: int) -> np.ndarray:
        """The mean of K values by target (n,); NaN for targets without hosts."""
        counts = self.counts(n)
        totals = np.bincount(self.target, weights=values, minlength=n)
        return np.divide(totals, counts, out=np.full(n, np.nan), where=counts > 0)

    def counts(self, n: int) -> np.ndarray:
        """How many hosts each of n targets has (n,)."""
        return np.bincount(self.target, minlength=n)


def _none() -> Hosts:
    numbers, values = np.zeros(0, dtype=np.int64), np.zeros(0)
    return Hosts(numbers, numbers, numbers, values, values, values, values, values)


NO_HOSTS = _none()


class HostRows:
    """Rows with a host as they come in from the parts of a study."""

    NUMBERS: ClassVar[tuple[str, ...]] = ("score", "rmse", "area", "covered", "structure")

    def __init__(self) -> None:
        self.parts: list[dict[str, np.ndarray]] = []

    def add(
        self,
        target: np.ndarray,
        place: np.ndarray,
        placement: np.ndarray,
        host: np.ndarray,
        measured: Mapping[str, np.ndarray],
    ) -> None:
        """Rows of a part; `measured` holds NUMBERS."""
        self.parts.append({"target": target, "place": place, "placement": placement, "host": host, **measured})

    def made(self, kept: np.ndarray, original: np.ndarray) -> Hosts:
        """The rows of the photos that are `kept` (N,), by their numbers among these; a row that came twice counts once.

        `original` (N,) holds the untouched scores.
        """
        if not self.parts:
            return NO_HOSTS
        columns = {name: np.concatenate([part[name] for part in self.parts]) for name in self.parts[0]}
        if not len(columns["target"]):
            return NO_HOSTS
        key = np.zeros(len(columns["target"]), dtype=np.int64)
        for name in ("place", "target", "placement", "host"):
            key = key * (int(columns[name].max()) + 1) + columns[name]
        _, first = np.unique(key, return_index=True)
        first = first[kept[columns["target"][first]] & kept[columns["host"][first]]]
        found = {name: values[first] for name, values in columns.items()}
        number = np.cumsum(kept) - 1
        return Hosts(
            target=number[found["target"]],
            place=found["place"],
            host=number[found["host"]],
            change=found["score"] - original[found["host"]],
            **{name: found[name].astype(np.float64) for name in ("rmse", "area", "covered", "structure")},
        )
