"""The calibration's table: known cause against verdict and leading cause; never imports torch."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import pandas as pd

from core import config
from core.errors import ArtifactError
from core.scenes.scene import OBJECT_CLASSES
from core.scenes.worlds import WORLDS, World
from core.study.protocol import DECISION_ROWS, SEMANTIC
from core.table import PROTOCOL
from core.verdict.records import INCONCLUSIVE, MIXED, A, B
from core.wording import minus

FOLDER = config.ARTIFACTS / "calibration"
TABLE, READINGS = "calibration.csv", "readings.csv"

COLUMNS = ("cause", "verdict", "leading_cause", "validity", "correct")
MORE_COLUMNS = (
    "strength",
    "held_back",
    "validity_low",
    "validity_high",
    "photos",
    "sd",
    "fills",
    "taught",
    "seed",
    "world",
    "protocol",
)
READING_COLUMNS = ("world", "row", "reading", "n", "in_sd", "low", "high", "p_holm", "equivalence_p", "fill", "seed")
"""A row per world, seed and decision row; the estimate and its 95 % interval are in SD of the clean scores."""
AMOUNT_WORDS = {"frequency": "spatial frequency"}


def cause_words(cause: str) -> str:
    """A cause in the words of the decision rows: "face" for the mask faces, "spatial frequency" for frequency."""
    rows = (row.cause for row in DECISION_ROWS if row.kind == SEMANTIC and row.mask == cause)
    return next(rows, AMOUNT_WORDS.get(cause, cause))


def planted(world: World) -> str:
    """What a world's scores depend on, in words; a null world is called by its name."""
    return " + ".join(cause_words(cause) for cause in world.causes) or world.id


def described(name: str) -> str:
    """What the scores of a world depend on, by its id, and what is unlike the worlds of small things."""
    world = WORLDS[name]
    size = "by size alone" if world.by_size else "20 to 40 % of the area" if world.large else ""
    thing = "" if not world.large or world.large in world.causes else f"{cause_words(world.large)} of "
    missed = f"{world.missed:.0%} not detected" if world.missed else ""
    return ", ".join(filter(None, (planted(world), thing + size, missed)))


def expected(world: World) -> str:
    """The verdict that a world must get."""
    semantic = any(cause in OBJECT_CLASSES for cause in world.causes)
    low_level = any(cause not in OBJECT_CLASSES for cause in world.causes)
    return MIXED if semantic and low_level else A if semantic else B if low_level else INCONCLUSIVE


def is_correct(world: World, verdict: str, leading_cause: str | None) -> bool:
    """Whether the verdict is the right one and, where there is a single cause, that cause leads."""
    named = len(world.causes) != 1 or leading_cause == planted(world)
    return verdict == expected(world) and named


def read_table(folder: Path = FOLDER) -> pd.DataFrame:
    """The stored calibration, COLUMNS and MORE_COLUMNS, a row per world and seed; ArtifactError if there is none."""
    file = folder / TABLE
    try:
        table = pd.read_csv(file, keep_default_na=False, na_values=[""])
    except FileNotFoundError as error:
        raise ArtifactError(f"{file} is missing; make it with: python -m core calibrate --out {folder}") from error
    except (OSError, ValueError) as error:
        raise ArtifactError(f"{file} cannot be read ({error}); make it again with: python -m core calibrate") from error
    if "protocol" not in table:  # older than hosted controls
        table = table.assign(protocol=1)
    if missing := [name for name in (*COLUMNS, *MORE_COLUMNS) if name not in table]:
        raise ArtifactError(f"{file}: the column {missing[0]} is missing; make it again with: python -m core calibrate")
    words = ["leading_cause", "held_back", "strength"]
    return table.assign(**{name: table[name].astype(object).fillna("") for name in words})


def lines(table: pd.DataFrame) -> list[str]:
    """The table for a terminal, and how many worlds came out right."""
    return [pd.DataFrame(rows_in_words(table)).to_string(index=False), *_summary(table)]


def rows_in_words(table: pd.DataFrame) -> list[dict[str, str]]:
    """A row per world and protocol in words; what differs between seeds is said of each, in their order."""
    together: dict[tuple[str, int], list[dict[str, Any]]] = {}
    for row in records(table):
        together.setdefault((row["world"], row["protocol"]), []).append(row)
    return [
        {
            "cause": described(world),
            "verdict": _each(
                f"{row['verdict']} ({row['strength']})" if row["strength"] else row["verdict"] for row in rows
            ),
            "leading_cause": _each(row["leading_cause"] or "–" for row in rows),
            "validity": _each(map(validity_words, rows)),
            "correct": _each("yes" if row["correct"] else "NO" for row in rows),
            "seed": " / ".join(str(row["seed"]) for row in rows),
            "protocol": str(protocol),
        }
        for (world, protocol), rows in together.items()
    ]


def _each(words: Iterable[str]) -> str:
    """What is said of each seed, once where it is the same of all."""
    said = list(words)
    return said[0] if len(set(said)) == 1 else " / ".join(said)


def _summary(table: pd.DataFrame) -> list[str]:
    """How many worlds came out right, and which were not run by the present protocol."""
    now, text = table[table["protocol"] == PROTOCOL], [summary(table)]
    for seed in sorted(set(now["seed"])) or [config.SEED]:
        left = [name for name in WORLDS if name not in set(now.loc[now["seed"] == seed, "world"])]
        text += [f"not run by protocol {PROTOCOL} at seed {seed} yet: {', '.join(left)}"] if left else []
    return text


def summary(table: pd.DataFrame) -> str:
    """How many generated worlds came out right, by protocol and seed, in a sentence without its full stop."""
    said = []
    for protocol, rows in table.groupby("protocol"):
        counts = [
            f"{int(found['correct'].sum())} of {len(found)} worlds at seed {seed}"
            for seed, found in rows.groupby("seed")
        ]
        said.append(f"{', '.join(counts)} are read correctly by protocol {protocol}")
    return "; ".join(said)


def validity_words(row: Mapping[str, Any]) -> str:
    """Validity with its 95 % interval; a dash where the model gives every photo the same score."""
    if row["validity"] is None:
        return "–"
    estimate, low, high = (minus(row[name], 2) for name in ("validity", "validity_low", "validity_high"))
    return f"{estimate} [{low}, {high}]"


def records(table: pd.DataFrame) -> list[dict[str, Any]]:
    """The table as plain JSON; what is not there is null."""
    found = table[[*COLUMNS, *MORE_COLUMNS]].to_dict(orient="records")
    numbers = [{str(name): None if value != value else value for name, value in row.items()} for row in found]
    return [row | {"leading_cause": row["leading_cause"] or None} for row in numbers]


def in_order(rows: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    """Rows in the order in which the worlds are declared, and of their seeds."""
    order = list(WORLDS)
    return sorted(rows, key=lambda row: (order.index(row["world"]), row["seed"]))
