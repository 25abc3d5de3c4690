"""A study as one page to hand on: HTML without scripts, with the numbers of the study to the last digit."""

from __future__ import annotations

import math
import shlex
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pandas as pd

from core import config
from core.effects import human_words
from core.errors import StudyError
from core.files import json_of, table_text
from core.study import catalogue
from core.types import Interval
from core.verdict import words
from core.verdict.aggregates import Aggregates
from core.verdict.detector_words import quality_lines, relied_on
from core.verdict.html_parts import attached, model, page, pre, section, table, text, versions
from core.verdict.records import RowDecision

EFFECT_COLUMNS = (
    *(
        "source",
        "population",
        "ablation",
        "params",
        "mask",
        "fill",
        "direction",
        "n",
        "mean_delta",
        "ci_low",
        "ci_high",
    ),
    *("delta_in_sd", "excess_delta", "excess_ci_low", "excess_ci_high", "validity_drop", "p", "p_holm", "q_bh"),
)
"""Columns of the effects that the page shows, where the study has them; the attached table holds all."""
SHOWN = {"drop": "#2a6f97", "rise": "#c1661c", "negligible": "#777", "unresolved": "#777"}
QUESTION = """
A network predicts how memorable a photo is to people. Does it use what a person would name (faces, people, objects
that stand out, text), or shortcuts (texture, colour, spatial frequency, background)? One kind of information at a
time is taken out of every photo, and the model scores the photo again.
"""
METHODS = """
Effects are paired by photo. Intervals are 95 % bootstrap intervals over photos. Decision rows are tested by flipping
signs and adjusted together (Holm); all other rows explore, and carry Benjamini–Hochberg q. A row drops or rises where
its adjusted p is below .05 and its whole interval lies beyond the smallest effect of interest; it is negligible where
equivalence within that band is shown; else it is not settled.
"""
LIMITS = """
A score is a prediction: nobody has seen the ablated photos. A row that rests on a detector is no better than the
detector. What holds for one model and these photos need not hold for others.
"""


def report(found: Aggregates, folder: Path, note: str = "") -> str:
    """The HTML of a study whose effects and verdict are computed; StudyError where its settings cannot be read.

    `note` is a sentence above its effects, on what they rest on.
    """
    verdict, base = found.verdict, found.baseline
    parts = [
        f'<p class="said">{text(verdict.sentence)}</p>',
        *(f"<p><strong>{text(mark)}</strong></p>" for mark in (*verdict.marks, *base.problems)),
        section("Question", f"<p>{text(QUESTION)}</p>"),
        section("Photos", _photos(found)),
        section("Model", model(base.model)),
        section("Gate", pre([f"{verdict.gate.status}: validity {verdict.gate.validity}, n = {verdict.gate.n}"])),
        section("Decision rows", _figure(verdict.readings) + _rows(verdict.readings)),
        section("Verdict in words", pre(words.lines(verdict))),
        section("Detectors", pre(quality_lines(relied_on(found)))),
        section("What people remember", pre(human_words.beside_verdict(human_words.read(folder), str(folder)))),
        section("Effects", (f"<p>{text(note)}</p>" if note else "") + _effects(found.effects, base.study)),
        section("Methods and limits", f"<p>{text(METHODS)}</p><p>{text(LIMITS)}</p>"),
        section("To repeat it", pre(commands(folder)) + table(_made_with(found), ("what", "value"))),
    ]
    return page(str(base.study), parts)


def commands(folder: Path) -> list[str]:
    """The commands that make the study, its effects, its verdict and this page again, run where the photos lie."""
    try:
        settings = json_of((folder / "study.json").read_text(encoding="utf-8"))
        design = settings.get("design", {})
        sources, model = settings["sources"], settings["model"]
    except (OSError, ValueError, KeyError, AttributeError) as error:
        raise StudyError(f"{folder / 'study.json'}: it cannot be read ({error}); is this a study?") from error
    given: list[str] = [*_given(folder, sources), "--model", model]
    for name in ("ablations", "masks", "fills", "control_fills"):
        if design.get(name):
            given += [f"--{name.replace('_', '-')}", *design[name]]
    if design.get("shares"):
        given += ["--thin", *(f"{what}={share}" for what, share in design["shares"])]
    for name in ("placements", "hosts", "targets", "photos", "seed"):
        if name in design:
            given += [f"--{name}", str(design[name])]
    for option, name in (("part", "part"), ("split", "split"), ("unseen-by", "unseen_by"), ("heatmap", "heatmap")):
        if settings.get(name):
            given += [f"--{option}", str(settings[name])]
    if settings.get("contaminated"):
        given += ["--allow-seen"]
    run = shlex.quote(str(folder))
    return [
        f"python -m core study {shlex.join(given)} --out {run}",
        *(f"python -m core {name} {run}" for name in ("effects", "verdict", "report")),
    ]


def _given(folder: Path, sources: Sequence[str]) -> list[str]:
    """The sources as a command names them; of a folder the name alone, because where it lay is nobody's business."""
    try:
        places = json_of((folder / catalogue.PLACES).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        places = {}
    return [Path(str(places.get(name, name))).name for name in sources]


def _photos(found: Aggregates) -> str:
    base = found.baseline
    rows = [
        (item.source, item.n, item.n_human, *_interval(item.validity)) for item in base.validity
    ]  # "all" pools the sources
    facts = f"{base.n_photos} photos, {base.n_human} with human scores; mean score {base.mean!r}, SD {base.sd!r}."
    names = ("source", "photos", "with human scores", "validity ρ", "low", "high")
    why = f"<p>{text(base.why_no_validity)}</p>" if base.why_no_validity else ""
    return f"<p>{text(facts)}</p>{table(rows, names)}{why}"


def _rows(readings: Sequence[RowDecision]) -> str:
    names = (
        "row",
        "reading",
        "outcome",
        "fill",
        "n",
        "estimate",
        "low",
        "high",
        "in SD",
        "low",
        "high",
        "Holm p",
        "TOST p",
    )
    rows = [
        (
            *(item.label, item.reading, item.outcome, item.fill, item.n),
            *_interval(item.estimate),
            *_interval(item.in_sd),
            *(item.p_holm, item.equivalence_p),
        )
        for item in readings
    ]
    return table(rows, names)


def _interval(found: Interval | None) -> tuple[float | None, ...]:
    return (found.estimate, found.low, found.high) if found else (None, None, None)


def _effects(effects: pd.DataFrame, study: str) -> str:
    """The main columns of every effect, those that decide and those that explore apart; the whole table is attached."""
    shown = [name for name in EFFECT_COLUMNS if name in effects]
    data = table_text(effects).encode()
    parts = [attached(f"{study}-effects.csv", "text/csv", data, "All columns as CSV")]
    for family, rows in effects.groupby("family", sort=False):
        parts.append(f"<h3>{text(str(family).capitalize())}</h3>")
        parts.append(table(rows[shown].itertuples(index=False, name=None), shown))
    return "".join(parts)


def _made_with(found: Aggregates) -> list[tuple[str, Any]]:
    base = found.baseline
    return [
        ("study begun", base.created),
        ("seed", base.seed),
        ("resamples", base.resamples),
        ("resamples of decision rows", base.confirmatory_resamples),
        ("permutations", base.permutations),
        *versions(),
    ]


def _figure(readings: Sequence[RowDecision]) -> str:
    """Estimate and interval of every decision row in SD, with the band of effects that are too small to matter."""
    known = [item.in_sd for item in readings if not math.isnan(item.in_sd.low)]
    reach = 1.1 * max([2 * config.SESOI, *(abs(end) for item in known for end in (item.low, item.high))])
    top, step, left, width = 24, 30, 330, 560
    height = top + step * len(readings) + 30

    def x(value: float) -> float:
        return left + width * (value + reach) / (2 * reach)

    band = x(config.SESOI) - x(-config.SESOI)
    drawn = [
        f'<rect x="{x(-config.SESOI):.1f}" y="{top}" width="{band:.1f}" height="{height - top - 30}" fill="#eee"/>',
        f'<line x1="{x(0):.1f}" x2="{x(0):.1f}" y1="{top}" y2="{height - 30}" stroke="#999"/>',
        *(
            f'<text x="{x(value):.1f}" y="{height - 12}" text-anchor="middle" font-size="12">{value:g}</text>'
            for value in (-config.SESOI, 0, config.SESOI)
        ),
    ]
    for place, item in enumerate(readings):
        y = top + step * (place + 0.5)
        drawn.append(f'<text x="0" y="{y + 4:.1f}" font-size="14">{text(item.label)}</text>')
        colour = SHOWN.get(item.reading, "#777")
        if math.isnan(item.in_sd.estimate):
            drawn.append(f'<text x="{x(0):.1f}" y="{y + 4:.1f}" font-size="12" fill="#777">not tested</text>')
            continue
        if not math.isnan(item.in_sd.low):
            ends = f'x1="{x(item.in_sd.low):.1f}" x2="{x(item.in_sd.high):.1f}"'
            drawn.append(f'<line {ends} y1="{y:.1f}" y2="{y:.1f}" stroke="{colour}" stroke-width="2"/>')
        inside = "#fff" if item.reading == "unresolved" else colour
        place_of = f'cx="{x(item.in_sd.estimate):.1f}" cy="{y:.1f}" r="5"'
        drawn.append(f'<circle {place_of} fill="{inside}" stroke="{colour}" stroke-width="2"/>')
    label = "Effects of the decision rows in SD; the table below holds the numbers"
    return (
        f'<figure><svg viewBox="0 0 {left + width} {height}" role="img" aria-label="{label}">{"".join(drawn)}</svg>'
        "<figcaption>Effect in SD of the clean scores, with its 95 % interval. Grey band: too small to matter. "
        "Open mark: not settled.</figcaption></figure>"
    )
