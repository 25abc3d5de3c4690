"""The tested answer in words and tables; never imports torch."""

from __future__ import annotations

import pandas as pd

from core import config
from core.latent.atlas import ALL_SCORED, KEPT_OUT, Direction, MapAnswer, SpaceResult
from core.registry import SPACES
from core.wording import interval, minus

NAMES = {"human": "human score", "planted": "planted score", "model": "model's score"}


def answer_table(answer: MapAnswer) -> pd.DataFrame:
    """A row per test, spaces by label, numbers rounded to what they bear."""
    return pd.DataFrame(
        {
            "space": SPACES[row.space].label,
            "target": NAMES[row.target],
            "photos": row.photos,
            "n": row.n,
            "R²": round(row.r2, 3),
            "R² of shuffles": round(row.null_r2, 3),
            "p": p_value(row.p),
            "Moran's I": round(row.morans_i, 3),
            "I of shuffles": round(row.null_i, 3),
            "p of I": p_value(row.morans_p),
        }
        for row in answer.rows
    )


def p_value(p: float) -> str:
    """A p value as it is written in a sentence."""
    return "< 0.001" if p < 0.001 else f"{p:.3f}"


def sentence(answer: MapAnswer, target: str = "human") -> str:
    """The answer in one sentence with its numbers, on photos that the predictor never learned from."""
    parts = [part for space in SPACES if space.facts["shown"] and (part := _said(answer, space.id, target))]
    if not parts:
        return "Whether photos of similar memorability lie together could not be tested on these photos."
    named = [answer.row(space.id, target) for space in SPACES if not space.facts["shown"]]
    plain = max((row for row in named if row), key=lambda row: row.r2, default=None)
    beside = f"; {SPACES[plain.space].label.lower()} alone explains {_percent(plain.r2)}" if plain else ""
    return f"Photos of similar {NAMES[target]}: {'; '.join(parts)}{beside}."


SHARE_WORTH_NAMING = 0.1
"""R² from which a space that passes both tests is said to bring photos of similar memorability together."""


def plain_answer(answer: MapAnswer, target: str = "human") -> str:
    """The answer as a person would give it, without a number: "By what their pixels say: hardly. …"."""
    rows = [(space, _row(answer, space.id, target)) for space in SPACES if space.facts["shown"]]
    parts = [f"By {_place(space.id)}: {_plain(row)}." for space, row in rows if row]
    return " ".join(parts) or "This could not be tested on these photos."


def _plain(row: SpaceResult) -> str:
    passed = (row.p < config.ALPHA) + (row.morans_p < config.ALPHA)
    if passed == 2 and row.r2 >= SHARE_WORTH_NAMING:
        return "yes"
    return "hardly" if passed else "not that two tests could tell"


def _row(answer: MapAnswer, space: str, target: str) -> SpaceResult | None:
    return answer.row(space, target) or answer.row(space, target, ALL_SCORED)


def _said(answer: MapAnswer, space: str, target: str) -> str:
    row = _row(answer, space, target)
    if row is None:
        return ""
    verdict = _verdict(row)
    return (
        f"by {_place(space)}, {verdict} (n = {row.n:,}, cross-validated R² = {_two(row.r2)}, p {_equals(row.p)}; "
        f"Moran's I = {_two(row.morans_i)}, p {_equals(row.morans_p)})"
    )


def _verdict(row: SpaceResult) -> str:
    both = (row.p < config.ALPHA) + (row.morans_p < config.ALPHA)
    return {
        2: "they lie together",
        1: "one test of two finds them together",
        0: "there is no sign that they lie together",
    }[both]


def _place(space: str) -> str:
    label = SPACES[space].label
    return label[0].lower() + label[1:]


def _equals(p: float) -> str:
    return p_value(p) if p < 0.001 else f"= {p:.3f}"


def _two(value: float) -> str:
    return minus(value, 2)


def _percent(share: float) -> str:
    return f"{100 * max(share, 0):.0f}\u00a0%"


def direction_sentence(direction: Direction) -> str:
    """How sure a direction of memorability is."""
    return (
        f"Along this direction the {NAMES[direction.target]} changes by {interval(direction.slope)} per SD of the "
        f"photos, and places along it correlate with it at r = {interval(direction.agreement)} (left out of the fit, "
        f"n = {direction.n:,}; bootstrap 95 % intervals). Resampled photos give a direction at a cosine of "
        f"{interval(direction.steadiness)} to this one."
    )


def scope_of_tests(answer: MapAnswer) -> str:
    """How the tests were made."""
    facts = answer.facts
    kept = "".join(
        f" *{SPACES[name].label}* is tested on its first principal components, with {_percent(share)} of its variance."
        for name, share in facts.kept_variance.items()
        if name in SPACES
    )
    return (
        f"R² is cross-validated ridge regression; Moran's I asks whether the {facts.neighbours} nearest "
        f"photos have similar scores. p: share of {facts.permutations:,} shuffles of the scores within their "
        f"source that do as well. Features that were learned from scores are tested on photos that the model never "
        f"learned from ({KEPT_OUT}), and never against the model's own score.{kept}"
    )
