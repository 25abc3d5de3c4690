"""README and docs: every link leads somewhere, every command exists, the example runs, every table is fresh."""

from __future__ import annotations

import argparse
import ast
import importlib.util
import re
import shlex
import subprocess
import sys
from functools import cache
from pathlib import Path

import pytest

import train
from core import config
from core.__main__ import build_parser
from core.readme import main
from core.readme.pages import pages

TEXTS = [*pages(), config.ROOT / "CONTRIBUTING.md"]
README = config.ROOT / "README.md"
FENCE = re.compile(r"^```(\w*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
LINK = re.compile(r"(?<!`)\[(?:[^\]]|\n)*?\]\(([^)\s]+)\)")
HEADING = re.compile(r"^#+ (.+)$", re.MULTILINE)
INLINE = re.compile(r"`((?:python|streamlit) [^`]+)`")
NAMED = re.compile(r"`([\w./-]+)(?:::\w+)?`")
PLACES = ("core/", "ui/", "pages/", "tests/", "benchmarks/", "docs/", "artifacts/")
"""Where a path in a text begins that is one of this project; others are a user's."""
QUOTES = re.compile("[\u201c\u201d\u201e\u2018\u2019\u201a\u00ab\u00bb\u2039\u203a]")
PLACEHOLDERS = {"COMMAND", "NAME"}
LARGEST_PICTURE = 200_000


def prose(text: str) -> str:
    """A text without what stands in fences."""
    return FENCE.sub("", text)


def anchors(file: Path) -> set[str]:
    """The anchors of a text's headings, as GitHub makes them."""
    slugs = set()
    for heading in HEADING.findall(prose(file.read_text(encoding="utf-8"))):
        slugs.add(re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-"))
    return slugs


def dead_links(file: Path) -> list[str]:
    """Relative links of a text that lead to no file, or to no heading."""
    dead = []
    for target in LINK.findall(prose(file.read_text(encoding="utf-8"))):
        if re.match(r"[a-z]+:", target):
            continue
        name, _, anchor = target.partition("#")
        other = (file.parent / name).resolve() if name else file
        if not other.exists() or (anchor and anchor not in anchors(other)):
            dead.append(target)
    return dead


@pytest.mark.parametrize("file", TEXTS, ids=lambda file: file.name)
def test_every_link_leads_somewhere(file: Path) -> None:
    assert dead_links(file) == []


def test_a_dead_link_is_seen(tmp_path: Path) -> None:
    text = tmp_path / "a.md"
    text.write_text(
        "# One: two & three\n\n[a](b.md) [c](#one-two--three) [d](#nowhere) [two\nlines](a.md#no) [web](https://x.org)\n"
    )
    assert dead_links(text) == ["b.md", "#nowhere", "a.md#no"]


def missing_paths(text: str) -> list[str]:
    """Paths of this project that a text names and that do not exist."""
    named = [name for name in NAMED.findall(prose(text)) if name.startswith(PLACES) or name.endswith(".py")]
    return [name for name in named if not (config.ROOT / name).exists()]


@pytest.mark.parametrize("file", TEXTS, ids=lambda file: file.name)
def test_every_path_in_the_texts_exists(file: Path) -> None:
    assert missing_paths(file.read_text(encoding="utf-8")) == []


def test_a_path_that_does_not_exist_is_seen() -> None:
    assert missing_paths("`core/` and `core/nothing.py`, `nothing.py` and `tests/none/`, `runs/mine`") == [
        "core/nothing.py",
        "nothing.py",
        "tests/none/",
    ]


CODE = [
    *(file for room in ("core", "ui", "pages") for file in sorted((config.ROOT / room).rglob("*.py"))),
    config.ROOT / "train.py",
    config.ROOT / "streamlit_app.py",
]


def test_quotation_marks_are_straight() -> None:
    """In the texts, and in the strings of the code, which people read on pages and in messages."""
    said = {file: [file.read_text(encoding="utf-8")] for file in TEXTS}
    for file in CODE:
        nodes = ast.walk(ast.parse(file.read_text(encoding="utf-8")))
        said[file] = [node.value for node in nodes if isinstance(node, ast.Constant) and isinstance(node.value, str)]
    assert QUOTES.search("\u00abno effect\u00bb")
    assert [str(file) for file, strings in said.items() if any(map(QUOTES.search, strings))] == []


def test_every_text_in_docs_is_linked_from_the_readme() -> None:
    linked = {target.partition("#")[0] for target in LINK.findall(README.read_text(encoding="utf-8"))}
    assert {f"docs/{file.name}" for file in pages()[1:]} <= linked


def test_the_readme_is_short_and_its_pictures_are_small() -> None:
    assert len(README.read_text(encoding="utf-8").splitlines()) <= 150
    pictures = [*(config.ROOT / "docs" / "images").iterdir()]
    assert len(pictures) >= 3
    assert [file.name for file in pictures if file.stat().st_size > LARGEST_PICTURE] == []


def test_every_table_is_up_to_date() -> None:
    assert main(["--check"]) == 0


def commands(file: Path) -> list[str]:
    """Every command line of a text: the lines of plain fences, and what is set as code within a sentence."""
    text = file.read_text(encoding="utf-8")
    lines = [line for language, body in FENCE.findall(text) if not language for line in body.splitlines()]
    return [line for line in [*lines, *INLINE.findall(text.replace("\n", " "))] if line.strip()]


@cache
def parser() -> argparse.ArgumentParser:
    return build_parser()


def complaint(line: str) -> str:
    """Why a command line of a text does not exist; empty if it does."""
    words = shlex.split(line, comments=True)
    match words:
        case ["python", "-m", "core", command, *rest] if command not in PLACEHOLDERS:
            return refusal(parser().parse_args, [command, *rest], whole=bool(rest))
        case ["python", "train.py", *rest]:
            return refusal(train.parse, rest, whole=len(rest) > 1)
        case ["python", "-m", "core.readme", *_] | ["python", "-m", "core" | "benchmarks" | "pytest", *_]:
            measured = words[3] if words[2] == "benchmarks" and len(words) > 3 else ""
            known = not measured or importlib.util.find_spec(f"benchmarks.{measured}")
            return "" if known or measured in PLACEHOLDERS else "there is no such measurement"
    return ""


def refusal(parse, words: list[str], whole: bool) -> str:
    """What the parser says against a line; a command that is only named in a sentence needs no arguments."""
    words = [word for word in words if word not in ("…", "...")]
    if not whole:
        words = [*words, "--help"]
    try:
        parse(words)
    except SystemExit as stopped:
        return "" if not stopped.code else "the command line refuses it"
    return ""


@pytest.mark.parametrize("file", TEXTS, ids=lambda file: file.name)
def test_every_command_in_the_texts_exists(file: Path, capsys) -> None:
    said = {line: complaint(line) for line in commands(file)}
    assert {line: why for line, why in said.items() if why} == {}


@pytest.mark.parametrize(
    "line",
    [
        "python -m core nothing x",
        "python -m core score a --cvs b",
        "python -m core score a --model",
        "python train.py DATA --resumption",
        "python -m benchmarks nothing",
    ],
)
def test_a_command_that_does_not_exist_is_seen(line: str, capsys) -> None:
    assert complaint(line)


def test_the_example_of_the_readme_runs() -> None:
    (example,) = (body for language, body in FENCE.findall(README.read_text("utf-8")) if language == "python")
    assert len([line for line in example.splitlines() if line]) <= 5
    done = subprocess.run([sys.executable, "-c", example], cwd=config.ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    scores = [float(word) for word in done.stdout.strip(" []\n").split()]
    assert len(scores) == 2
    assert all(0 < score < 1 for score in scores)
    assert scores[0] != scores[1]
