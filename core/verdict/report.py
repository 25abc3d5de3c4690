"""A study as one page to hand on: HTML without scripts, with the numbers of the study to the last digit."""

from __future__ import annotations

import shlex
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from core.effects import human_words
from core.effects.table import CONFIRMATORY, EXPLORATORY
from core.errors import StudyError
from core.files import json_of, table_text
from core.records import typed
from core.study import catalogue
from core.types import Interval
from core.verdict import report_figures, words
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
    *("delta_in_sd", "control_mean_delta", "excess_delta", "excess_ci_low", "excess_ci_high", "share_lowered"),
    *("validity_drop", "validity_ci_low", "validity_ci_high", "p", "p_holm", "q_bh"),
)
"""Columns of the effects that the page shows, where the study has them; the attached table holds all."""
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
    verdict, base, side = found.verdict, found.baseline, human_words.read(folder)
    parts = [
        f'<p class="said">{text(verdict.sentence)}</p>',
        *(f"<p><strong>{text(mark)}</strong></p>" for mark in (*verdict.marks, *base.problems)),
        section("Question", f"<p>{text(QUESTION)}</p>"),
        section("Photos", _photos(found)),
        section("Model", model(base.model)),
        section("Gate", pre([f"{verdict.gate.status}: validity {verdict.gate.validity}, n = {verdict.gate.n}"])),
        section("Decision rows", report_figures.decision_rows(found) + _rows(verdict.readings)),
        section("Verdict in words", pre(words.lines(verdict))),
        section("Detectors", pre(quality_lines(relied_on(found)))),
        section(
            "What people remember",
            pre(human_words.beside_verdict(side, str(folder))) + report_figures.people(side),
        ),
        section("What fills do by themselves", report_figures.fills(found)),
        section("Effects", (f"<p>{text(note)}</p>" if note else "") + _effects(found)),
        section("Photo by photo", report_figures.differences(found)),
        section("By strength", report_figures.doses(found)),
        section("By kind of photo", report_figures.by_kind(found)),
        section("Exploratory effects", _columns(found, EXPLORATORY)),
        section("Methods and limits", f"<p>{text(METHODS)}</p><p>{text(LIMITS)}</p>"),
        section("To repeat it", pre(commands(folder)) + table(_made_with(found), ("what", "value"))),
    ]
    return page(str(base.study), parts)


def commands(folder: Path) -> list[str]:
    """The commands that make the study, its effects, its verdict and this page again, run where the photos lie."""
    try:
        settings = typed(Mapping[str, Any], json_of((folder / "study.json").read_text(encoding="utf-8")))
        given = [*_given(folder, typed(tuple[str, ...], settings["sources"])), *_options(settings)]
    except (OSError, ValueError, KeyError) as error:
        raise StudyError(f"{folder / 'study.json'}: it cannot be read ({error}); is this a study?") from error
    run = shlex.quote(str(folder))
    return [
        f"python -m core study {shlex.join(given)} --out {run}",
        *(f"python -m core {name} {run}" for name in ("effects", "verdict", "report")),
    ]


def _options(settings: Mapping[str, Any]) -> list[str]:
    """What was asked of a study, as options of its command; KeyError or ValueError for settings of another kind."""
    given: list[str] = ["--model", typed(str, settings["model"])]
    design = typed(Mapping[str, Any], settings.get("design", {}))
    for name in ("ablations", "masks", "fills", "control_fills"):
        if chosen := typed(tuple[str, ...], design.get(name) or ()):
            given += [f"--{name.replace('_', '-')}", *chosen]
    if shares := typed(tuple[tuple[str, Any], ...], design.get("shares") or ()):
        given += ["--thin", *(f"{what}={share}" for what, share in shares)]
    for name in ("placements", "hosts", "targets", "photos", "seed"):
        if name in design:
            given += [f"--{name}", str(design[name])]
    for option, name in (("part", "part"), ("split", "split"), ("unseen-by", "unseen_by"), ("heatmap", "heatmap")):
        if settings.get(name):
            given += [f"--{option}", str(settings[name])]
    if settings.get("contaminated"):
        given += ["--allow-seen"]
    return given


def _given(folder: Path, sources: Sequence[str]) -> list[str]:
    """The sources as a command names them; of a folder the name alone, because where it lay is nobody's business."""
    try:
        places = typed(Mapping[str, Any], json_of((folder / catalogue.PLACES).read_text(encoding="utf-8")))
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


def _effects(found: Aggregates) -> str:
    """Every effect as a mark, with the main columns of those that decide; the whole table is attached."""
    data = table_text(found.effects).encode()
    return "".join(
        (
            attached(f"{found.baseline.study}-effects.csv", "text/csv", data, "All columns as CSV"),
            report_figures.effect_charts(found, confirmatory=True),
            _columns(found, CONFIRMATORY),
            "<h3>Exploratory</h3>",
            "<p>The numbers are in the table of exploratory effects below.</p>",
            report_figures.effect_charts(found, confirmatory=False),
        )
    )


def _columns(found: Aggregates, family: str) -> str:
    """The main columns of the effects of a family."""
    shown = [name for name in EFFECT_COLUMNS if name in found.effects]
    rows = found.effects[found.effects["family"] == family]
    return table(rows[shown].itertuples(index=False, name=None), shown) if len(rows) else ""


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
