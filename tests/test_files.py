"""Files: nothing in a table runs, every name and number is as it was, and a name is given to what is on the disk."""

from __future__ import annotations

import errno
import io
import math
import re
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from core import config
from core.files import cell, json_of, table_text


@pytest.mark.parametrize(
    "name", ["=1+1.jpg", "+a", "-1.jpg", "@SUM(A1)", "\tx", "\rx", "\nx", "-1+2", "=", "-", "-inf"]
)
def test_text_that_would_run_has_an_apostrophe_before_it(name: str) -> None:
    assert cell(name) == f"'{name}"


@pytest.mark.parametrize(
    "value",
    ["写真 ü.jpg", "a=b.jpg", " =x", "", "-0.041", "+1", "-1e-05", "-.5", -0.041, 3, None, np.float64(-1), "'x"],
)
def test_names_and_numbers_stay_as_they_are(value: object) -> None:
    assert cell(value) is value


def test_a_table_as_text_comes_back_the_same() -> None:
    table = pd.DataFrame(
        {
            "file": ["=1+1.jpg", "写真, ü.jpg", None],
            "effect": [-0.041, np.nan, 0.1],
            "n": [1, 2, 3],
            "deep": [True, False, True],
        }
    )
    text = table_text(table)
    assert text.splitlines()[1] == "'=1+1.jpg,-0.041,1,True"
    back = pd.read_csv(io.StringIO(text))
    assert back["effect"].equals(table["effect"])
    assert back["file"].tolist()[1] == "写真, ü.jpg"
    assert table["file"][0] == "=1+1.jpg"


def test_the_mark_stands_first_where_it_is_asked_for() -> None:
    table = pd.DataFrame({"=a": pd.Categorical(["=b", "c"])})
    assert table_text(table) == "'=a\n'=b\nc\n"
    assert table_text(table, for_spreadsheet=True).encode() == b"\xef\xbb\xbf'=a\n'=b\nc\n"


def test_json_that_is_none_is_a_value_error() -> None:
    """Also what is nested so deeply that Python gives up: the error that every reader of a file expects."""
    assert json_of('{"a": [1, null]}') == {"a": [1, None]}
    assert json_of('{"loss": Infinity}', infinite=True) == {"loss": math.inf}
    for text in ("[" * 100_000, '{"a":' * 100_000, "{", "", "9" * 5000, "9" * 400, "1e999", "-Infinity"):
        with pytest.raises(ValueError):
            json_of(text)


def test_json_is_read_in_one_place() -> None:
    """Or the next reader forgets how deep it may be nested."""
    core = (file for file in (config.ROOT / "core").rglob("*.py") if file.name != "files.py")
    texts = {file.name: file.read_text(encoding="utf-8") for file in core}
    assert [name for name, text in texts.items() if re.search(r"json\.loads?\((?!json\.dumps)", text)] == []


def test_what_has_its_name_is_on_the_disk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """After a power loss a file that was not synced may be empty: none gets its name before it is."""
    import os

    from core.files import replacing, write_text

    told: list[str] = []
    real_sync, real_replace = os.fsync, os.replace
    monkeypatch.setattr(os, "fsync", lambda number: (told.append("sync"), real_sync(number)))
    monkeypatch.setattr(os, "replace", lambda *names: (told.append("name"), real_replace(*names)))
    write_text(tmp_path / "a.txt", "all of it")
    assert told == ["sync", "name"]
    told.clear()
    with replacing(tmp_path / "b.txt", shared=True) as temporary:
        temporary.write_text("can be made again")
    assert told == ["name"]


def test_a_full_disk_leaves_the_old_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    import os

    from core.files import write_text

    write_text(tmp_path / "a.txt", "old")

    def full(number: int) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(OSError, match="No space left"):
        write_text(tmp_path / "a.txt", "new")
    assert [file.read_text() for file in tmp_path.iterdir()] == ["old"]
