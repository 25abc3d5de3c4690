"""The report of a study: its numbers are the study's to the last digit, and it needs nothing but itself."""

from __future__ import annotations

import base64
import html
import io
import json
import re
import shutil
from html.parser import HTMLParser
from pathlib import Path

import pandas as pd
import pytest

from core import config
from core.__main__ import main
from core.effects.human_words import read
from core.errors import StudyError
from core.files import table_text
from core.verdict.aggregates import Aggregates, read_aggregates
from core.verdict.html_parts import number
from core.verdict.report import EFFECT_COLUMNS, commands, report

STUDY = config.ARTIFACTS / "studies" / "reference"


@pytest.fixture(scope="module")
def found() -> Aggregates:
    return read_aggregates(STUDY)


@pytest.fixture(scope="module")
def page(found: Aggregates) -> str:
    return report(found, STUDY)


class Cells(HTMLParser):
    """The cells of every table, row by row; every element that is opened is closed."""

    def __init__(self) -> None:
        super().__init__()
        self.rows: list[list[str]] = []
        self.open: list[str] = []
        self.links: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.links += [value or "" for name, value in attrs if name in ("href", "src")]
        if tag not in ("meta",):
            self.open.append(tag)
        if tag == "tr":
            self.rows.append([])
        elif tag == "td":
            self.rows[-1].append("")

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        assert tag in ("rect", "line", "circle", "path")

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        if self.open and self.open[-1] == "td":
            self.rows[-1][-1] += data


@pytest.fixture(scope="module")
def cells(page: str) -> Cells:
    parser = Cells()
    parser.feed(page)
    assert parser.open == []
    return parser


def test_decision_rows_have_the_numbers_of_the_verdict(found: Aggregates, cells: Cells) -> None:
    for item in found.verdict.readings:
        (row,) = (row for row in cells.rows if row[:2] == [item.label, item.reading] and len(row) == 13)
        told = (item.estimate, item.in_sd)
        expected = [value for each in told for value in (each.estimate, each.low, each.high)]
        assert row[5:] == [number(value) for value in (*expected, item.p_holm, item.equivalence_p)]
        assert [float(text) for text in row[5:8] if text != "–"] == [value for value in expected[:3] if value == value]


def test_every_effect_is_there_to_the_last_digit(found: Aggregates, cells: Cells, page: str) -> None:
    means = sorted(row[8] for row in cells.rows if len(row) == len(EFFECT_COLUMNS))
    assert means == sorted(number(float(value)) for value in found.effects["mean_delta"])
    assert attached(page, "reference-effects.csv") == table_text(found.effects)


def attached(page: str, name: str) -> str:
    """The text of an attached file."""
    (found,) = re.findall(rf'download="{name}" href="data:text/csv;base64,([^"]+)"', page)
    return base64.b64decode(found).decode()


def part(page: str, title: str) -> str:
    """What stands under a title."""
    return page.partition(f"<h2>{title}</h2>")[2].partition("<h2>")[0]


def rows_of(text: str) -> list[list[str]]:
    parser = Cells()
    parser.feed(text)
    return [row for row in parser.rows if row]


@pytest.mark.parametrize(
    ("title", "charts"),
    [
        ("Decision rows", 1),
        ("What people remember", 2),
        ("What fills do by themselves", 1),
        ("Effects", 15),
        ("Photo by photo", 21),
        ("By strength", 10),
        ("By kind of photo", 9),
    ],
)
def test_figures_are_vectors_that_say_what_they_show(page: str, title: str, charts: int) -> None:
    drawn = part(page, title)
    labels = re.findall(r'<svg [^>]*role="img" aria-label="([^"]+)"', drawn)
    assert len(labels) == len(set(labels)) == charts == drawn.count("<svg")
    assert drawn.count("<table>") >= 1
    assert "<img" not in page


def test_the_tables_of_figures_have_the_numbers_of_the_study(found: Aggregates, page: str) -> None:
    pooled = found.doses[found.doses["source"] == "all"]
    told = [row[4:] for row in rows_of(part(page, "By strength"))]
    columns = ["mean_delta", "ci_low", "ci_high", "trend_p"]
    assert told == [[number(value) for value in row] for row in pooled[columns].astype(float).to_numpy().tolist()]
    kinds = [row[5:8] for row in rows_of(part(page, "By kind of photo"))]
    assert kinds == [
        [number(value) for value in row] for row in found.kinds[["in_sd", "low", "high"]].to_numpy().tolist()
    ]
    fills = [row[3:6] for row in rows_of(part(page, "What fills do by themselves"))]
    assert fills == [[number(value) for value in vars(item.mean).values()] for item in found.verdict.artefacts]
    side = read(STUDY)
    assert side is not None
    people = {tuple(row[3:]) for row in rows_of(part(page, "What people remember"))}
    intervals = [item.human for item in side.correlations] + [item.model for item in side.correlations]
    intervals += [
        value for item in side.partitions for value in (item.total, item.semantic, item.low_level, item.shared)
    ]
    assert people == {tuple(number(value) for value in vars(item).values()) for item in intervals if item}


def test_marks_of_doses_say_the_numbers_of_the_study(found: Aggregates, page: str) -> None:
    pooled = found.doses[(found.doses["source"] == "all")]
    titles = re.findall(r"<circle [^>]*><title>([^<]+)</title>", part(page, "By strength"))
    wanted = [
        f"{row['mean_delta']!r}, {row['value']!r}"
        for _, rows in pooled.groupby("ablation", sort=False)
        for row in rows.sort_values("value").to_dict("records")
    ]
    assert titles == wanted


def test_every_bar_of_every_histogram_is_attached(found: Aggregates, page: str) -> None:
    bars = pd.read_csv(io.StringIO(attached(page, "reference-distributions.csv")))
    assert len(bars) == sum(len(counts) for counts in found.distributions["counts"])
    assert bars["photos"].sum() == found.distributions["n"].sum()
    rows = rows_of(part(page, "Photo by photo"))
    assert len(rows) == (found.effects["family"] == "confirmatory").sum() == 21
    for row in rows:
        assert int(row[1]) > 0
        assert [float(value) for value in row[2:]] == sorted(float(value) for value in row[2:])


def test_it_needs_nothing_but_itself(page: str, cells: Cells) -> None:
    assert all(link.startswith("data:") for link in cells.links)
    assert "<script" not in page
    assert "url(" not in page
    assert "@import" not in page


def test_it_says_what_was_done_and_how_to_do_it_again(found: Aggregates, page: str) -> None:
    said = html.unescape(page)
    assert found.verdict.sentence in said
    assert all(mark in said for mark in found.verdict.marks)
    assert (
        "python -m core study bsds500 coco faces imagenet_sample lnsim people salient sun text --model resnet50" in said
    )
    assert "--thin doses=0.03 sensitivity=0.03 --placements 10 --hosts 10 --targets 310 --photos 2200" in said
    for title in (
        "Question",
        "Photos",
        "Model",
        "Gate",
        "Decision rows",
        "Effects",
        "Methods and limits",
        "To repeat it",
    ):
        assert f"<h2>{title}</h2>" in page


def test_what_people_go_by_is_found_by_a_command_that_can_be_pasted(tmp_path: Path, found: Aggregates) -> None:
    folder = Path(shutil.copytree(STUDY, tmp_path / "my study"))
    (folder / "human.json").unlink()
    assert f"run `python -m core human '{folder}'`" in html.unescape(report(found, folder))


def test_names_cannot_break_the_page(tmp_path: Path, found: Aggregates) -> None:
    from dataclasses import replace

    folder = shutil.copytree(STUDY, tmp_path / "study")
    base = replace(found.baseline, study="<script>alert(1)</script>", problems=('"<b>',))
    page = report(replace(found, baseline=base), folder)
    assert "<script" not in page
    assert "&lt;script&gt;" in page


def test_sources_are_named_as_they_were_given_without_their_folders(tmp_path: Path) -> None:
    given = {"sun": "/home/somebody/photos/sun 397", "lnsim": "generated:face,n=400"}
    (tmp_path / "study.json").write_text('{"model": "resnet50", "sources": ["sun", "lnsim", "coco"]}')
    (tmp_path / "places.json").write_text(json.dumps(given))
    study, *_ = commands(tmp_path)
    assert study.startswith("python -m core study 'sun 397' generated:face,n=400 coco --model resnet50")


def test_the_command_chooses_the_same_photos_again(tmp_path: Path) -> None:
    asked = {"part": "all", "split": 3, "unseen_by": "resnet50", "heatmap": "grad_cam", "contaminated": True}
    (tmp_path / "study.json").write_text(json.dumps({"model": "resmem", "sources": ["lnsim"]} | asked))
    study, *_ = commands(tmp_path)
    assert "--part all --split 3 --unseen-by resnet50 --heatmap grad_cam --allow-seen" in study


@pytest.mark.parametrize(
    "change",
    [
        {"sources": "lnsim"},
        {"sources": [3]},
        {"model": ["resmem"]},
        {"design": []},
        {"design": {"masks": "faces"}},
        {"design": {"fills": [3]}},
        {"design": {"shares": {"doses": 0.1}}},
        {"design": {"shares": [["doses"]]}},
    ],
)
def test_settings_of_another_kind_are_one_sentence(tmp_path: Path, change: dict) -> None:
    (tmp_path / "study.json").write_text(json.dumps({"model": "resmem", "sources": ["lnsim"]}))
    assert commands(tmp_path)[0].startswith("python -m core study lnsim --model resmem")
    (tmp_path / "study.json").write_text(json.dumps({"model": "resmem", "sources": ["lnsim"]} | change))
    with pytest.raises(StudyError, match="is this a study"):
        commands(tmp_path)


@pytest.mark.parametrize("places", ["[]", "3", "{", '["lnsim"]'])
def test_places_of_another_kind_are_none(tmp_path: Path, places: str) -> None:
    (tmp_path / "study.json").write_text(json.dumps({"model": "resmem", "sources": ["lnsim"]}))
    (tmp_path / "places.json").write_text(places)
    assert commands(tmp_path)[0].startswith("python -m core study lnsim --model resmem")


def test_the_command_writes_the_page(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folder = shutil.copytree(STUDY, tmp_path / "study")
    assert main(["report", str(folder), "--out", str(tmp_path / "new" / "page.html")]) in (0, 1)
    assert (tmp_path / "new" / "page.html").read_text(encoding="utf-8").startswith("<!doctype html>")
    assert "page.html" in capsys.readouterr().out
    assert main(["report", str(tmp_path)]) == 2
