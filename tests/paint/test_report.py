"""The report on one photo and its tries: every digit of the numbers, nothing but itself, and no name that breaks it."""

from __future__ import annotations

import base64
import html
import io
import re
import shlex

import numpy as np
import pandas as pd
import pytest

from core import plots
from core.evaluation import reports
from core.evaluation import words as model_words
from core.paint import region_effect, replay, report, what_if
from core.paint.report import Explained, ScoredPhoto, Tried, compared
from core.photos import images
from tests.conftest import draw_photo
from tests.verdict.test_report import Cells

NASTY = "<img src=x onerror=alert(1)>\n**'\".png"


def made(name: str = "a photo.png", controls: tuple[float, ...] = (0.1, -0.3)) -> replay.Record:
    photo = draw_photo(2, 300, 400)
    mask = np.zeros((300, 400), bool)
    mask[60:200, 80:180] = True
    how = region_effect.treatment({"sigma": 0.05}, fill="blur", feather=0.02)
    done = region_effect.Painted(0.7123456789012345, 0.6000000000000001, 0.125, photo)
    return replay.record(name, photo, "small_cnn", mask, how, done, controls)


def page(name: str = "a photo.png", *tried: Tried) -> str:
    photo = draw_photo(2, 300, 400)
    heat = Explained("Grad-CAM", photo, ("Orange places raise the score.", "It beats nothing."))
    seen = ScoredPhoto(
        name, photo, "small_cnn", 0.123456789012345678, (0.01, 1 / 3), "People's score lies there.", heat
    )
    return report.report(seen, tried, None)


def cells(text: str) -> dict[str, str]:
    """The values of all two-column tables by their names; the page is well formed."""
    parser = Cells()
    parser.feed(re.sub(r"<(img|meta)([^>]*)>", r"", text))
    assert parser.open == []
    return {row[0]: row[1] for row in parser.rows if len(row) == 2}


def test_every_number_is_there_to_the_last_digit() -> None:
    record = made()
    text = page("a photo.png", Tried(record, draw_photo(3, 256, 341), compared(record)))
    found = cells(text)
    assert float(found["score"]) == 0.123456789012345678
    assert (found["lower end of its interval"], found["upper end of its interval"]) == ("0.01", repr(1 / 3))
    assert float(found["score before"]) == record.score
    assert float(found["score after"]) == record.ablated_score
    assert float(found["Δ"]) == record.delta
    assert float(found["share of the photo replaced"]) == record.area
    assert [float(found[f"Δ at other place {place}"]) for place in (1, 2)] == [0.1, -0.3]
    assert (found["fill"], found["feather"]) == ("blur", "0.02")
    said = html.unescape(text)
    assert f"<strong>Δ = {region_effect.signed(record.delta)}</strong>" in said
    assert "This region matters more than 1 of 2 regions" in said
    for sentence in ("People's score lies there.", "Orange places raise", "It beats nothing.", model_words.CAVEAT):
        assert sentence in said


def test_it_needs_nothing_but_itself() -> None:
    record = made()
    text = page(
        "a.png", Tried(record, draw_photo(3, 256, 341), compared(record)), Tried(made(), draw_photo(), "Later.")
    )
    links = re.findall(r'(?:href|src)="([^"]*)"', text)
    assert len(links) == 8  # photo, heatmap, and two pictures and a replay file a try
    assert all(link.startswith("data:") for link in links)
    assert not re.search(r"<script|url\(|@import|http", text)
    pictures = [base64.b64decode(link.partition(",")[2]) for link in links if link.startswith("data:image/jpeg")]
    assert [max(images.read(data).shape) for data in pictures[:2]] == [400, report.SMALL]


def test_a_photo_without_a_try_has_its_score_and_no_empty_part() -> None:
    assert "What was tried" not in page()
    assert "<h2>Score</h2>" in page()


def test_charts_are_vectors_with_their_numbers(monkeypatch: pytest.MonkeyPatch) -> None:
    scores = np.random.default_rng(0).random(300)
    monkeypatch.setattr(reports, "reference_scores", lambda model: scores)
    how = what_if.dose("blur", {"sigma": 0.03})
    curve = what_if.curve(how, what_if.studied(None, how), lambda dose: -dose.value / 3, ("**Δ = −0.010**: gone.",))
    record = made()
    seen = ScoredPhoto("a.png", draw_photo(2, 300, 400), "small_cnn", 0.5, (0.25, 1 / 3), curve=curve)
    text = report.report(seen, [Tried(record, draw_photo(3, 256, 341), "")], None)
    assert re.findall(r'<svg [^>]*role="img" aria-label="([^"]+)"', text) == [
        "The score 0.5 among the scores of 300 reference photos",
        "Δ of this photo along sigma of Gaussian blur; the table below holds the numbers",
        "Δ of this region among 2 others; the table below holds the numbers",
    ]
    told = re.findall(r"<tr><td>([\d.]+)</td><td>(-?[\d.e-]+)</td><td>–</td>", text)
    assert [(float(value), float(change)) for value, change in told] == [
        tuple(row) for row in curve.doses.to_numpy().tolist()
    ]
    assert (0.03, -0.01) in {(value, round(change, 9)) for value, change in curve.doses.to_numpy().tolist()}
    (attached,) = re.findall(r'download="reference-scores.csv" href="data:text/csv;base64,([^"]+)"', text)
    bars = pd.read_csv(io.BytesIO(base64.b64decode(attached)))
    assert bars["photos"].sum() == 300
    assert list(bars["photos"]) == list(plots.score_bins(scores)["photos"])
    assert f"<title>this region: 0.0, {record.delta!r}</title>" in text


def test_names_cannot_break_the_page_nor_its_commands() -> None:
    record = made(NASTY)
    text = page(NASTY, Tried(record, draw_photo(3, 256, 341), compared(record)))
    assert "<img src=x" not in text
    assert text.count("onerror=alert(1)&gt;") >= 3
    cells(text)
    assert re.fullmatch(r"[\w.-]+-report\.html", report.file_name(NASTY))
    assert report.file_name("../../...") == "photo-report.html"
    command = shlex.split(report.command("-rf a'b.png", 2))
    assert command[:5] == ["python", "-m", "core", "paint", "./-rf a'b.png"]
    assert command[6] == "rf_a_b-02-replay.json"


def test_places_that_are_still_to_come_are_said() -> None:
    assert compared(made(), complete=False) == f"2 of {region_effect.CONTROLS} other places were tried by then."
    assert compared(made(controls=())).startswith("The photo has no other place")
