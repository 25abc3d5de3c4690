"""A page to hand on: HTML that needs nothing but itself, prints well, and runs nothing; every text in it is escaped."""

from __future__ import annotations

import base64
import html
import math
from collections.abc import Iterable, Sequence
from importlib import metadata
from typing import Any

import pandas as pd

from core.errors import LabError
from core.evaluation import reports
from core.evaluation import words as model_words

PACKAGES = ("torch", "torchvision", "onnxruntime", "openvino", "numpy", "pandas", "scipy", "statsmodels", "pillow")
STYLE = """
body{font:16px/1.5 system-ui,sans-serif;color:#22262b;background:#fff;max-width:60rem;margin:2rem auto;padding:0 1rem}
h1,h2{font-family:Georgia,serif;line-height:1.2}h2{margin-top:2.2rem}.said{font-size:1.2rem}
h1,p{overflow-wrap:anywhere}
table{border-collapse:collapse;font-size:.8rem;width:100%}.wide{overflow-x:auto}
th,td{border-bottom:1px solid #ddd;padding:.25rem .5rem;text-align:left;vertical-align:top}
td{font-variant-numeric:tabular-nums}pre{white-space:pre-wrap;font-size:.8rem;background:#f5f4f0;padding:.8rem}
svg{width:100%;height:auto}figcaption{font-size:.85rem;color:#555}
figure.chart{margin:1rem 0}.chart svg{display:block}
.row{display:flex;flex-wrap:wrap;gap:1rem}.row figure{margin:0;flex:1 1 14rem;max-width:24rem}.row img{width:100%}
.row figure.chart{flex-basis:20rem;max-width:25rem;min-width:0}
@media screen and (prefers-color-scheme:dark){:root{color-scheme:dark}body{color:#e7e5e0;background:#14171b}
pre{background:#1e2328}th,td{border-color:#343b42}figcaption{color:#b0b4ba}a{color:#7cc4db}}
@media print{body{max-width:none;margin:0}h2,h3{break-after:avoid}tr,figure{break-inside:avoid}.wide{overflow:visible}
.chart svg{min-width:0!important}}
"""


def page(title: str, parts: Iterable[str]) -> str:
    """A whole page of parts that are HTML already."""
    body = "\n".join([f"<h1>{text(title)}</h1>", *parts])
    return (
        f'<!doctype html>\n<html lang="en"><head><meta charset="utf-8"><title>{text(title)}</title>'
        f'<meta name="viewport" content="width=device-width, initial-scale=1"><style>{STYLE}</style></head>\n'
        f"<body>\n{body}\n</body></html>\n"
    )


def text(value: object) -> str:
    """Anything as text that is nothing but text."""
    return html.escape(str(value))


def number(value: Any) -> str:
    """A value as it was measured: every digit of a number, a dash where there is none."""
    if isinstance(value, float):
        return "–" if math.isnan(value) else repr(float(value))
    return "–" if value is None or value is pd.NA else str(value)


def section(title: str, content: str) -> str:
    """A part under its title; nothing where there is no content."""
    return f"<h2>{text(title)}</h2>\n{content}" if content else ""


def paragraphs(*lines: str) -> str:
    """Running text; what stands between two pairs of asterisks is strong, and empty lines are left out."""
    return "\n".join(f"<p>{_strong(line)}</p>" for line in lines if line)


def pre(lines: Iterable[str]) -> str:
    """Lines that keep their breaks; nothing where there are none."""
    whole = "\n".join(lines).strip()
    return f"<pre>{text(whole)}</pre>" if whole else ""


def table(rows: Iterable[Sequence[Any]], names: Sequence[str]) -> str:
    """Rows under the names of their columns, numbers to the last digit."""
    head = "".join(f'<th scope="col">{text(name)}</th>' for name in names)
    body = "\n".join(f"<tr>{''.join(f'<td>{text(number(cell))}</td>' for cell in row)}</tr>" for row in rows)
    # A keyboard scrolls what is wider than the screen once the focus is on it.
    inside = f"<table><thead><tr>{head}</tr></thead><tbody>\n{body}\n</tbody></table>"
    return f'<div class="wide" role="region" aria-label="Table" tabindex="0">{inside}</div>'


def address(kind: str, data: bytes) -> str:
    """Data as an address that carries it; `kind` is its MIME type."""
    return f"data:{kind};base64,{base64.b64encode(data).decode()}"


def attached(name: str, kind: str, data: bytes, label: str) -> str:
    """A link that saves data as a file."""
    return f'<p><a download="{text(name)}" href="{address(kind, data)}">{text(label)}</a></p>'


def pictures(*shown: tuple[bytes, str]) -> str:
    """JPEG pictures side by side, each above its caption, which also says what it is where it cannot be seen."""
    each = (
        f'<figure><img src="{address("image/jpeg", data)}" alt="{text(said)}"><figcaption>{text(said)}</figcaption>'
        "</figure>"
        for data, said in shown
    )
    return f'<div class="row">{"".join(each)}</div>'


def model(name: str) -> str:
    """What the shipped card says of a model, where it has one."""
    try:
        card = reports.model_card(name)
        said = model_words.origin_sentences(card) if card else []
    except LabError as error:
        said = [str(error)]
    return f"<p>{text(name)}</p>" + "".join(f"<p>{text(line)}</p>" for line in said)


def versions() -> list[tuple[str, str]]:
    """The installed packages that numbers depend on."""
    installed = {
        item.metadata["Name"].lower(): item.version for item in metadata.distributions() if item.metadata["Name"]
    }
    return [(name, installed[name]) for name in PACKAGES if name in installed]


def _strong(line: str) -> str:
    pieces = text(line).split("**")
    if len(pieces) % 2 == 0:  # a pair is not closed: these asterisks are meant as such
        return text(line)
    return "".join(f"<strong>{piece}</strong>" if place % 2 else piece for place, piece in enumerate(pieces))
