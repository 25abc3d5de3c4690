"""A study as one page to hand on: HTML without scripts, with the numbers of the study to the last digit."""

from __future__ import annotations

import base64
import html
import math
import shlex
from collections.abc import Iterable, Sequence
from importlib import metadata
from pathlib import Path
from typing import Any

import pandas as pd

from core import config
from core.effects import human_words
from core.errors import LabError, StudyError
from core.evaluation import reports
from core.evaluation import words as model_words
from core.files import json_of, table_text
from core.study import catalogue
from core.types import Interval
from core.verdict import words
from core.verdict.aggregates import Aggregates
from core.verdict.detector_words import quality_lines, relied_on
from core.verdict.records import RowDecision

PACKAGES = ("torch", "torchvision", "onnxruntime", "openvino", "numpy", "pandas", "scipy", "statsmodels", "pillow")
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
STYLE = """
body{font:16px/1.5 system-ui,sans-serif;color:#22262b;background:#fff;max-width:60rem;margin:2rem auto;padding:0 1rem}
h1,h2{font-family:Georgia,serif;line-height:1.2}h2{margin-top:2.2rem}.said{font-size:1.2rem}
table{border-collapse:collapse;font-size:.8rem;width:100%}.wide{overflow-x:auto}
th,td{border-bottom:1px solid #ddd;padding:.25rem .5rem;text-align:left;vertical-align:top}
td{font-variant-numeric:tabular-nums}pre{white-space:pre-wrap;font-size:.8rem;background:#f5f4f0;padding:.8rem}
svg{width:100%;height:auto}figcaption{font-size:.85rem;color:#555}
@media print{body{max-width:none;margin:0}h2{break-after:avoid}tr,figure{break-inside:avoid}.wide{overflow:visible}}
"""
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


def report(found: Aggregates, folder: Path) -> str:
    """The HTML of a study whose effects and verdict are computed; StudyError where its settings cannot be read."""
    verdict, base = found.verdict, found.baseline
    parts = [
        f"<h1>{_text(base.study)}</h1>",
        f'<p class="said">{_text(verdict.sentence)}</p>',
        *(f"<p><strong>{_text(mark)}</strong></p>" for mark in (*verdict.marks, *base.problems)),
        _section("Question", f"<p>{_text(QUESTION)}</p>"),
        _section("Photos", _photos(found)),
        _section("Model", _model(base.model)),
        _section("Gate", _pre([f"{verdict.gate.status}: validity {verdict.gate.validity}, n = {verdict.gate.n}"])),
        _section("Decision rows", _figure(verdict.readings) + _rows(verdict.readings)),
        _section("Verdict in words", _pre(words.lines(verdict))),
        _section("Detectors", _pre(quality_lines(relied_on(found)))),
        _section("What people remember", _pre(human_words.beside_verdict(human_words.read(folder), folder.name))),
        _section("Effects", _effects(found.effects, base.study)),
        _section("Methods and limits", f"<p>{_text(METHODS)}</p><p>{_text(LIMITS)}</p>"),
        _section("To repeat it", _pre(commands(folder)) + _table(_made_with(found), ("what", "value"))),
    ]
    body = "\n".join(parts)
    return (
        f'<!doctype html>\n<html lang="en"><head><meta charset="utf-8"><title>{_text(base.study)}</title>'
        f'<meta name="viewport" content="width=device-width, initial-scale=1"><style>{STYLE}</style></head>\n'
        f"<body>\n{body}\n</body></html>\n"
    )


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


def number(value: Any) -> str:
    """A value as the study has it: every digit of a number, a dash where there is none."""
    if isinstance(value, float):
        return "–" if math.isnan(value) else repr(float(value))
    return "–" if value is None or value is pd.NA else str(value)


def _photos(found: Aggregates) -> str:
    base = found.baseline
    rows = [
        (item.source, item.n, item.n_human, *_interval(item.validity)) for item in base.validity
    ]  # "all" pools the sources
    facts = f"{base.n_photos} photos, {base.n_human} with human scores; mean score {base.mean!r}, SD {base.sd!r}."
    names = ("source", "photos", "with human scores", "validity ρ", "low", "high")
    why = f"<p>{_text(base.why_no_validity)}</p>" if base.why_no_validity else ""
    return f"<p>{_text(facts)}</p>{_table(rows, names)}{why}"


def _model(model: str) -> str:
    """What the shipped card says of the model, where it has one."""
    try:
        card = reports.model_card(model)
        said = model_words.origin_sentences(card) if card else []
    except LabError as error:
        said = [str(error)]
    return f"<p>{_text(model)}</p>" + "".join(f"<p>{_text(line)}</p>" for line in said)


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
    return _table(rows, names)


def _interval(found: Interval | None) -> tuple[float | None, ...]:
    return (found.estimate, found.low, found.high) if found else (None, None, None)


def _effects(effects: pd.DataFrame, study: str) -> str:
    """The main columns of every effect, those that decide and those that explore apart; the whole table is attached."""
    shown = [name for name in EFFECT_COLUMNS if name in effects]
    data = base64.b64encode(table_text(effects).encode()).decode()
    parts = [
        f'<p><a download="{_text(study)}-effects.csv" href="data:text/csv;base64,{data}">All columns as CSV</a></p>'
    ]
    for family, rows in effects.groupby("family", sort=False):
        parts.append(f"<h3>{_text(str(family).capitalize())}</h3>")
        parts.append(_table(rows[shown].itertuples(index=False, name=None), shown))
    return "".join(parts)


def _made_with(found: Aggregates) -> list[tuple[str, Any]]:
    base = found.baseline
    installed = {
        item.metadata["Name"].lower(): item.version for item in metadata.distributions() if item.metadata["Name"]
    }
    return [
        ("study begun", base.created),
        ("seed", base.seed),
        ("resamples", base.resamples),
        ("resamples of decision rows", base.confirmatory_resamples),
        ("permutations", base.permutations),
        *((name, installed[name]) for name in PACKAGES if name in installed),
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
        drawn.append(f'<text x="0" y="{y + 4:.1f}" font-size="14">{_text(item.label)}</text>')
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


def _section(title: str, content: str) -> str:
    return f"<h2>{title}</h2>\n{content}" if content else ""


def _pre(lines: Iterable[str]) -> str:
    text = "\n".join(lines).strip()
    return f"<pre>{_text(text)}</pre>" if text else ""


def _table(rows: Iterable[Sequence[Any]], names: Sequence[str]) -> str:
    head = "".join(f'<th scope="col">{_text(name)}</th>' for name in names)
    body = "\n".join(f"<tr>{''.join(f'<td>{_text(number(cell))}</td>' for cell in row)}</tr>" for row in rows)
    return f'<div class="wide"><table><thead><tr>{head}</tr></thead><tbody>\n{body}\n</tbody></table></div>'


def _text(value: str) -> str:
    return html.escape(str(value))
