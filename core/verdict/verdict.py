"""Effects → verdict: the decision rows read one by one, the gate, the leading cause, and what else speaks."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from core import config
from core.effects import stats
from core.effects.effects import Tables
from core.effects.table import ELIGIBLE, POOLED, delta_interval
from core.study.artefacts import FLOOR, by_floor, deciding, enough
from core.study.protocol import LOW_LEVEL, SEMANTIC, at_default
from core.study.reading import Study
from core.table import Condition
from core.types import Interval
from core.verdict.causes import leading_cause, pairs
from core.verdict.order import orders
from core.verdict.records import (
    DROP,
    FAILED,
    INCONCLUSIVE,
    LOST,
    MIXED,
    NEGLIGIBLE,
    NOT_ESTABLISHED,
    PASSED,
    RISE,
    SURVIVES,
    UNRESOLVED,
    A,
    B,
    Cause,
    Evidence,
    Gate,
    RowDecision,
    Sham,
    Verdict,
)
from core.verdict.row_decisions import decide_rows
from core.verdict.words import sentence
from core.wording import sentence as effect_sentence

ARRANGEMENT = {"patch_shuffle": "local texture kept, arrangement lost", "phase_scramble": "spectrum and colour kept"}
"""Ablations under which account A expects the validity to be lost, and B that it survives in part."""
SHAMS = ("identity", "jpeg")
FIRST_PROTOCOL = (
    "protocol 1: things are compared with the same shape elsewhere in the same photo, so that only small ones count"
)
"""Mark of a study that was made before hosted controls."""


def judge(study: Study, tables: Tables, *, weak: Mapping[str, str] | None = None) -> Verdict:
    """The verdict on a study from its effects; `weak` maps masks whose detector is too unreliable to what was measured.

    A verdict of a failed gate is withheld: its rows are read all the same, and no cause leads.
    """
    weak = weak or {}
    passed = gate_of(study)
    decisions = decide_rows(study, tables, weak)
    withheld = passed.status == FAILED
    found = INCONCLUSIVE if withheld else decide(decisions)
    held_back = tuple(item.row for item in decisions if item.reading == UNRESOLVED)
    shams = _shams(study, tables)
    cause = Cause(None, None, "no verdict") if withheld else leading_cause(study, decisions, weak)
    return Verdict(
        sentence=sentence(study.settings.model, found, decisions, held_back, cause, passed),
        verdict=found,
        strict=not held_back,
        withheld=withheld,
        held_back=held_back,
        cause=cause,
        readings=decisions,
        gate=passed,
        marks=(*_marks(study, passed, weak, shams), *_unheard(study, decisions)),
        evidence=_evidence(study, tables),
        pairs=pairs(study, decisions, weak),
        shams=shams,
        study=study.settings.name,
        model=study.settings.model,
        sources=tuple(sorted(set(study.sources))),
        n_photos=len(study.original),
        sd=study.sd,
        seed=study.settings.seed,
        protocol=study.protocol,
        artefacts=study.artefacts,
        orders=orders(study, decisions, weak),
    )


def decide(decisions: tuple[RowDecision, ...]) -> str:
    """The verdict over the testable rows. B needs a semantic row that was tested: untested is not negligible."""
    semantic = [item for item in decisions if item.kind == SEMANTIC and item.testable]
    low_level = any(item.effect for item in decisions if item.kind == LOW_LEVEL and item.testable)
    if low_level and any(item.reading in (DROP, RISE) for item in semantic):
        return MIXED
    if any(item.reading == DROP for item in semantic):
        return A
    if low_level and semantic and all(item.reading == NEGLIGIBLE for item in semantic):
        return B
    return INCONCLUSIVE


def gate_of(study: Study) -> Gate:
    """Rule 2, for every photo set with enough human scores: together they could pass by what tells the sets apart.

    Held-out photos alone establish validity: a study with photos that the model learned from can fail, but not pass.
    """
    gates = {name: gate(*_of_source(study, name)) for name in sorted(set(study.sources))}
    asked = {name: found for name, found in gates.items() if found.status != NOT_ESTABLISHED}
    if not asked:
        return Gate(NOT_ESTABLISHED, None, int(np.isfinite(study.human).sum()))
    lowest = min(asked, key=lambda name: np.nan_to_num(asked[name].validity.low, nan=-1.0))  # type: ignore[union-attr]
    found = replace(asked[lowest], source=lowest if len(asked) > 1 else "")
    learned = study.settings.contaminated and found.status == PASSED
    return replace(found, status=NOT_ESTABLISHED) if learned else found


def _of_source(study: Study, source: str) -> tuple[np.ndarray, np.ndarray, int]:
    chosen = study.sources == source
    return study.original[chosen], study.human[chosen], study.settings.seed


def gate(scores: np.ndarray, human: np.ndarray, seed: int = config.SEED) -> Gate:
    """Rule 2: the lower end of the 95 % interval of validity must reach 0.3, where people were asked at all.

    `scores` and `human` are (photos,), NaN where nobody was asked.
    """
    known = np.isfinite(human)
    if known.sum() < config.MIN_COMPUTED:
        return Gate(NOT_ESTABLISHED, None, int(known.sum()))
    found = stats.validity(scores[known], human[known], seed=seed)
    return Gate(PASSED if found.low >= config.GATE else FAILED, found, int(known.sum()))


def _marks(study: Study, passed: Gate, weak: Mapping[str, str], shams: tuple[Sham, ...]) -> tuple[str, ...]:
    settings = study.settings
    marks = [FIRST_PROTOCOL] if study.protocol == 1 and any(item.mask for item in study.conditions) else []
    marks += settings.marks
    if passed.status == NOT_ESTABLISHED:
        marks.append("validity not established here")
    else:
        marks += _unasked(study)
    marks += [f"{mask}: {reason}" for mask, reason in weak.items() if mask in study.things]
    marks += [f"sham {sham.ablation} has an effect: {effect_sentence(sham.delta, sham.n, None)}" for sham in shams
              if not sham.passed]  # fmt: skip
    marks += _floored(study)
    if settings.copies:
        photos = "1 photo" if settings.copies == 1 else f"{settings.copies:,} photos"
        marks.append(f"{photos} set aside as copies: of photos that look alike, one counts")
    if not settings.finished:
        marks.append(f"unfinished: {len(study.original)} photos so far, drawn from {settings.listed:,} listed")
    if settings.thinning:
        marks.append(f"thinned: {', '.join(_thinned(name, value) for name, value in settings.thinning.items())}")
    return tuple(marks)


SHOWN = 2
"""More rows than these are counted, not named."""


def _unheard(study: Study, decisions: Sequence[RowDecision]) -> list[str]:
    """Fills that decide, but under which too few photos of some rows have their controls."""
    missed: dict[str, list[str]] = {}
    for item in (item for item in decisions if item.testable):
        for fill in item.fills:
            if fill.fill in study.deciding and not fill.confirmatory:
                missed.setdefault(str(fill.fill), []).append(item.label)
    return [
        f"{fill} decides too, but too few photos have controls under it for "
        f"{', '.join(labels) if len(labels) <= SHOWN else f'{len(labels)} rows'}"
        for fill, labels in missed.items()
    ]


def _floored(study: Study) -> list[str]:
    """Fills that decide although their trace is more than 1.5 times the least: a departure from rule 7, to be told."""
    fills = by_floor(study.artefacts)
    if not fills or not deciding(study.artefacts):
        return []
    rest = [item.fill for item in study.artefacts if item.decides and item.fill not in fills]
    undecided = "" if enough(rest) else ", and no row that fills a part of the photo could be decided"
    verb = "decide" if len(fills) > 1 else "decides"
    return [
        f"{' and '.join(fills)} {verb} because a trace below {FLOOR:.2f} SD counts as none; by 1.5 times the "
        f"least alone, {' and '.join(rest)} would be left{undecided}"
    ]


def _thinned(name: str, value: Any) -> str:
    """One kind of thinning in words: "shares of doses 0.2, salient 0.4"."""
    words = name.replace("_", " ")
    if isinstance(value, Mapping):
        return f"{words} of {', '.join(f'{thing} {share}' for thing, share in value.items())}"
    return f"{words} {', '.join(map(str, value)) if isinstance(value, list | tuple) else value}"


def _unasked(study: Study) -> list[str]:
    """Photo sets with too few human scores for validity, beside others that have them."""
    known = {name: int(np.isfinite(study.human[study.sources == name]).sum()) for name in sorted(set(study.sources))}
    without = [name for name, n in known.items() if not n]
    marks = [f"validity not established on {', '.join(without)}: no human scores there"] if without else []
    return marks + [f"validity not established on {name}: {n} photos with human scores, too few"
                    for name, n in known.items() if 0 < n < config.MIN_COMPUTED]  # fmt: skip


def _evidence(study: Study, tables: Tables) -> tuple[Evidence, ...]:
    """Validity under every ablation at default strength, pooled, on eligible photos with human scores."""
    kept = (tables.details["source"] == POOLED) & (tables.details["population"] == ELIGIBLE)
    found = []
    for condition, place in zip(study.conditions, np.flatnonzero(kept), strict=True):
        effect, detail = tables.effects.iloc[place], tables.details.iloc[place]
        if math.isnan(detail["validity"]) or not at_default(condition):
            continue
        validity = Interval(detail["validity"], detail["validity_low"], detail["validity_high"])
        drop = Interval(effect["validity_drop"], effect["validity_ci_low"], effect["validity_ci_high"])
        names = (condition.ablation, condition.mask, condition.fill, condition.direction)
        status = LOST if validity.low <= 0 <= validity.high else SURVIVES
        found.append(Evidence(*names, validity, drop, status, ARRANGEMENT.get(condition.ablation, "")))
    return tuple(found)


def _shams(study: Study, tables: Tables) -> tuple[Sham, ...]:
    kept = (tables.effects["source"] == POOLED) & (tables.effects["population"] == ELIGIBLE)
    found = []
    for condition, place in zip(study.conditions, np.flatnonzero(kept), strict=True):
        row: dict[Any, Any] = tables.effects.iloc[place].to_dict()
        if condition.ablation in SHAMS and at_default(condition) and not math.isnan(row["mean_delta"]):
            found.append(_sham(condition, delta_interval(row), int(row["n"]), row["mean_abs_delta"], study.sd))
    return tuple(found)


def _sham(condition: Condition, delta: Interval, n: int, mean_abs: float, sd: float) -> Sham:
    bound = config.SESOI * sd
    passed = mean_abs == 0 if condition.ablation == "identity" else -bound < delta.low and delta.high < bound
    return Sham(condition.ablation, delta, n, bool(passed))
