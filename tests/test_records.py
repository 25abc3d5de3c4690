"""Stored records: what `as_json` wrote comes back, and nothing of another kind comes in."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from core.errors import ArtifactError
from core.files import json_of
from core.records import FileName, as_json, read_record, record, typed
from core.types import Interval


@dataclass(frozen=True)
class Whole:
    """A field of every kind that records have."""

    text: str
    number: float
    count: int
    sure: bool
    inner: Interval
    maybe: Interval | None
    texts: tuple[str, ...]
    pair: tuple[str, float]
    rows: tuple[tuple[float, ...], ...]
    inners: tuple[Interval, ...]
    shares: Mapping[str, float]
    anything: Any = None
    more: Mapping[str, Any] = field(default_factory=dict)
    year: int = 2026


SURE = Interval(0.5, 0.25, 0.75)
WHOLE = Whole("a", 0.5, 3, True, SURE, None, ("b",), ("c", 1.0), ((1.0,), ()), (SURE,), {"d": 0.1}, [1], {"e": None}, 1)


def plain() -> dict[str, Any]:
    """WHOLE as a file has it."""
    return json.loads(json.dumps(as_json(WHOLE)))


def test_records_come_back_as_they_were() -> None:
    assert record(Whole, plain()) == WHOLE


def test_what_has_a_default_may_be_missing_and_nothing_else() -> None:
    found = record(Whole, {name: value for name, value in plain().items() if name not in ("anything", "more", "year")})
    assert (found.anything, found.more, found.year) == (None, {}, 2026)
    with pytest.raises(KeyError, match="count"):
        record(Whole, {name: value for name, value in plain().items() if name != "count"})
    with pytest.raises(KeyError, match="low"):
        record(Whole, plain() | {"inner": {"estimate": 1}})


def test_other_names_are_passed_over_unless_the_record_is_all_there_may_be() -> None:
    assert record(Interval, as_json(SURE) | {"p": 1}) == SURE
    with pytest.raises(ValueError, match="'p'"):
        record(Interval, as_json(SURE) | {"p": 1}, only=True)


def test_no_finite_number_is_null_and_comes_back_as_none() -> None:
    found = record(Interval, as_json(Interval(math.inf, math.nan, 1)))
    assert math.isnan(found.estimate)
    assert math.isnan(found.low)
    assert found.high == 1


def test_a_whole_number_may_be_written_with_a_point() -> None:
    assert repr(record(Whole, plain() | {"count": 3.0, "number": 1}).count) == "3"
    assert repr(record(Whole, plain() | {"number": 1}).number) == "1.0"


@pytest.mark.parametrize(
    ("name", "values"),
    [
        ("text", (None, 1, ["a"], {})),
        ("number", ("1", True, [1], {}, 10**400)),
        ("count", (None, "3", True, 3.5, math.nan, math.inf, [3])),
        ("sure", (None, 1, "true", [])),
        ("inner", (None, 1, "x", [0.5, 0.25, 0.75], {"estimate": "x", "low": 0, "high": 1})),
        ("maybe", (1, [], "")),
        ("texts", (None, "b", {"b": 1}, [1], [None])),
        ("pair", (["c"], ["c", 1, 2], [1, "c"], {"c": 1})),
        ("rows", ([1], [["x"]], "x")),
        ("inners", ([None], {"a": 1}, [[SURE]])),
        ("shares", (None, [["d", 0.1]], {"d": "x"}, "d")),
        ("more", (None, [], "e")),
    ],
)
def test_nothing_is_made_to_fit(name: str, values: tuple[Any, ...]) -> None:
    for value in values:
        with pytest.raises(ValueError, match=f"^{name}: "):
            record(Whole, plain() | {name: value})


@pytest.mark.parametrize("content", [None, [], [1], "x", 3])
def test_what_is_no_table_by_name_is_no_record(content: Any) -> None:
    with pytest.raises(ValueError, match="is no record"):
        record(Whole, content)


def test_a_refusal_is_one_short_line() -> None:
    with pytest.raises(ValueError, match="text") as refused:
        record(Whole, plain() | {"text": ["x\n" * 5000]})
    assert len(str(refused.value)) < 100
    assert "\n" not in str(refused.value)


def test_a_kind_without_a_record_is_asked_for_by_its_hint() -> None:
    assert typed(Mapping[str, tuple[int, ...]], {"a": [1, 2], "b": []}) == {"a": (1, 2), "b": ()}
    assert typed(float | None, None) is None
    with pytest.raises(ValueError, match="whole number"):
        typed(Mapping[str, int], {"a": "1"})


@pytest.mark.parametrize("text", ["", "[", "[]", "{}", '{"estimate": "x", "low": 0, "high": 0}'])
def test_a_stored_record_that_is_none_says_which_command_makes_it(tmp_path: Path, text: str) -> None:
    file = tmp_path / "x.json"
    assert read_record(Interval, file, "intervals") is None
    file.write_text(json.dumps(as_json(SURE)))
    assert read_record(Interval, file, "intervals") == SURE
    file.write_text(text)
    with pytest.raises(ArtifactError, match="make it again: python -m core intervals"):
        read_record(Interval, file, "intervals")


def test_tables_by_name_are_written_as_such() -> None:
    assert json_of(json.dumps(as_json({"a": SURE, "b": (math.nan,)}))) == {"a": as_json(SURE), "b": [None]}


@pytest.mark.parametrize("name", ["resnet50", "my run.2", "été", "..a", "x" * 150])
def test_a_name_of_a_file_is_one(name: str) -> None:
    assert typed(FileName, name) == name


@pytest.mark.parametrize(
    "name",
    [
        "",
        ".",
        "..",
        "../x",
        "a/b",
        "/etc",
        "a\\b",
        "a\0",
        "a\n",
        "\ud800",
        "\u202e",
        "é" * 76,
        "x" * 5000,
        None,
        3,
        ["a"],
    ],
)
def test_what_no_disk_takes_or_leads_elsewhere_is_no_name_of_a_file(name: Any) -> None:
    with pytest.raises(ValueError, match=r"is no (name of a file|text)"):
        typed(FileName, name)
    assert typed(FileName | None, None) is None
