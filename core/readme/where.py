"""Tables of where models look, what they tell apart, and whether unusual photos score higher, as they are stored."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any, TypeVar

import pandas as pd

from core import config
from core.concepts import reports as concepts
from core.concepts import words as concept_words
from core.latent import distinctiveness_results as results
from core.trust import reports as trust
from core.types import Interval
from core.wording import interval, minus, p_value

T = TypeVar("T")
Row = dict[Any, Any]


def trust_table() -> str:
    """A row per model and method: its gain beside that of the best baseline, and what its brightest tenth is worth."""
    tables = list(_models(trust.FOLDER, trust.summary))
    more = any((table["measure"] == trust.AGREEMENT).any() for table in tables)
    head = "| model | method | photos | gain | over the best baseline | Δ of the tenth | over a tenth elsewhere |"
    rows = [
        head + (" agreement with other methods | with random weights |" if more else ""),
        "|---" * (7 + 2 * more) + "|",
    ]
    for table in tables:
        for gain in _of(table, trust.GAIN):
            tenth = next((row for row in _of(table, trust.TENTH) if _same(row, gain)), None)
            told = " | ".join([_value(tenth), _over(tenth)]) if tenth else "– | –"
            name = f"{gain['label']}{' (baseline)' if gain['baseline'] else ''}"
            compared = next((row["n"] for row in _of(table, trust.AGREEMENT) if _same(row, gain)), gain["n"])
            fewer = f" (agreement: {compared:,})" if compared != gain["n"] else ""
            photos = f"{gain['n']:,} of {gain['source']}{fewer}"
            line = f"| `{gain['model']}` | {name} | {photos} | {_value(gain)} | {_over(gain)} | {told} |"
            rows.append(f"{line} {_agreements(table, gain)}" if more else line)
    return _table(rows)


def shares_table() -> str:
    """A row per model, set and method: the lead of its maps' share on what the set knows over the share of the area."""
    rows = ["| model | set | thing | method | photos with it | share − area | share − moved map |", "|---" * 7 + "|"]
    for table in _models(trust.FOLDER, trust.summary):
        for row in table[table["exact"].eq(True)].to_dict("records"):
            moved = Interval(*(float(row[f"over_shifted{end}"]) for end in ("", "_low", "_high")))
            name = f"{row['label']}{' (baseline)' if row['baseline'] else ''}"
            rows.append(
                f"| `{row['model']}` | {row['source']} | `{row['measure']}` | {name} | {row['n']:,} | {_over(row)} "
                f"| {interval(moved)} |"
            )
    return _table(rows)


def concepts_table() -> str:
    """A row per model and concept: how well it is distinguished, and the score's step towards it."""
    rows = ["| model | concept | photos with it | distinguished | step of the score | Holm p |", "|---" * 6 + "|"]
    notes = []
    for found in _models(concepts.FOLDER, concepts.read_concepts):
        for item in found.named:
            rows.append(
                f"| `{found.model}` | {item.name} | {item.n_with:,} of {found.n:,} | {item.told:.0%} "
                f"| {minus(item.step, 4)} | {p_value(item.p).removeprefix('= ')} |"
            )
        rare = f" In too few photos to be tested: {', '.join(found.rare)}." if found.rare else ""
        notes.append(f"`{found.model}`: {concept_words.of_parts(found)}{rare}")
    return "\n".join([*rows, "", *(f"- {note}" for note in notes)])


def unusual_table() -> str:
    """A row per model, set, measure and side: its rank correlation with scores, plain and partial."""
    rows = ["| model | set | unusual by | scores of | n | ρ | features taken out |", "|---" * 7 + "|"]
    for answers in _models(results.FOLDER, results.read_distinctiveness):
        for found in answers:
            for link in found.links:
                who = "people" if link.side == "human" else f"`{found.model}`"
                rows.append(
                    f"| `{found.model}` | {found.source} | {results.MEASURES[link.measure]} | {who} | {link.n:,} "
                    f"| {interval(link.plain)} | {interval(link.partial)} |"
                )
    return _table(rows)


def _agreements(table: pd.DataFrame, gain: Row) -> str:
    """Cells on how far a method's maps agree with others, and with those of a model that is random as a whole."""
    agreement = next((row for row in _of(table, trust.AGREEMENT) if _same(row, gain)), None)
    random = [row for row in trust.staged(table, trust.RANDOMISED).to_dict("records") if _same(row, gain)]
    return f"{_value(agreement) if agreement else '–'} | {_value(random[-1]) if random else '–'} |"


def _table(rows: list[str]) -> str:
    """Rows under their head, or a sentence where there are none."""
    return "\n".join(rows) if len(rows) > 2 else "Nobody has measured this yet."


def _models(folder: str, read: Callable[[str], T | None]) -> Iterator[T]:
    """What is stored in a folder of artifacts for each model, by what reads it; the default model first."""
    names = {file.stem if file.is_file() else file.name for file in (config.ARTIFACTS / folder).glob("*")}
    for name in sorted(names, key=lambda name: (name != config.DEFAULT_MODEL, name)):
        if (found := read(name)) is not None:
            yield found


def _of(table: pd.DataFrame, measure: str) -> list[Row]:
    return table[table["measure"] == measure].to_dict("records")


def _same(first: Row, second: Row) -> bool:
    return (first["source"], first["method"]) == (second["source"], second["method"])


def _value(row: Row) -> str:
    return interval(Interval(*(float(row[f"value{end}"]) for end in ("", "_low", "_high"))))


def _over(row: Row) -> str:
    if pd.isna(row["over"]):
        return "–"
    return interval(Interval(*(float(row[f"over{end}"]) for end in ("", "_low", "_high"))))
