"""A verdict in plain words, as lines for the terminal, and as JSON that pages read back; never imports torch."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

from core.errors import StudyError
from core.records import as_json, record
from core.study.artefacts import Artefact
from core.study.protocol import LOW_LEVEL, SEMANTIC
from core.types import Interval
from core.verdict.headline import headline, headline_lines, thing
from core.verdict.records import (
    DROP,
    FAILED,
    INCONCLUSIVE,
    MIXED,
    NEGLIGIBLE,
    NOT_ESTABLISHED,
    RISE,
    A,
    B,
    Cause,
    Evidence,
    FillDecision,
    Gate,
    Order,
    Pair,
    RowDecision,
    Verdict,
)
from core.wording import minus, p_value

UNTESTED = "; not testable: "
"""Where the sentence of a verdict goes on to the rows that could not be tested."""


def sentence(
    model: str, verdict: str, decisions: Sequence[RowDecision], held_back: Sequence[str], cause: Cause, gate: Gate
) -> str:
    """The verdict in one sentence without jargon."""
    if gate.status == FAILED:
        return (
            f"No verdict on {model}: its scores agree too little with people's on {gate.source or 'these photos'} "
            f"(ρ = {gate.validity}, and its lower end must be at least 0.3)."
        )
    semantic = [item.label for item in decisions if item.kind == SEMANTIC and item.effect]
    low_level = [item.label for item in decisions if item.kind == LOW_LEVEL and item.effect]
    rest = _joined(_nothing(decisions))
    moves = " and ".join(
        f"{how} with {_joined(labels)}"
        for how, reading in (("falls", DROP), ("rises", RISE))
        if (labels := [item.label for item in decisions if item.kind == SEMANTIC and item.reading == reading])
    )
    said = {
        A: f"{model} uses what a person would name: its score {moves}, and no shortcut shows",
        B: f"{model} uses shortcuts: its score changes with {_joined(low_level)}, but not with {rest}",
        MIXED: f"{model} uses both what a person would name ({_joined(semantic)}) and shortcuts ({_joined(low_level)})",
        INCONCLUSIVE: f"What {model} uses stays open: {_open(decisions, semantic, low_level, held_back)}",
    }[verdict]
    if verdict != INCONCLUSIVE:
        said += f"; the leading cause is {cause.cause}" if cause.cause else "; no single cause leads"
        if held_back:
            said += f" (leaning: {_joined(_labels(decisions, held_back))} {_are(held_back)} unresolved)"
    said += _untested(decisions)
    return f"{said}{', on photos for which validity is not established' if gate.status == NOT_ESTABLISHED else ''}."


def _untested(decisions: Sequence[RowDecision]) -> str:
    """The rows that could not be tested, each with its reason; rows of one reason stand together."""
    reasons: dict[str, list[str]] = {}
    for item in decisions:
        if not item.testable:
            reasons.setdefault(item.note, []).append(item.label)
    said = "; ".join(f"{_joined(labels)} ({note})" for note, labels in reasons.items())
    return f"{UNTESTED}{said}" if said else ""


def _nothing(decisions: Sequence[RowDecision]) -> list[str]:
    return [item.label for item in decisions if item.kind == SEMANTIC and item.reading == NEGLIGIBLE]


def _open(decisions: Sequence[RowDecision], semantic: list[str], low_level: list[str], held_back: Sequence[str]) -> str:
    if low_level:
        return f"{_joined(low_level)} had an effect, but the semantic rows are not settled"
    if semantic:
        return f"{_joined(semantic)} had an effect, but no drop"
    small = [item.label for item in decisions if item.reading == NEGLIGIBLE]
    said = [f"{_joined(names)} {_are(names)} {word}" for names, word in (
        (small, "negligible"), (_labels(decisions, held_back), "unresolved")) if names]  # fmt: skip
    return "; ".join(said) or "no decision row could be tested"


def _labels(decisions: Sequence[RowDecision], rows: Sequence[str]) -> list[str]:
    return [item.label for item in decisions if item.row in rows]


def _joined(words: Sequence[str]) -> str:
    return " and ".join([", ".join(words[:-1]), words[-1]]) if len(words) > 1 else "".join(words)


def _are(words: Sequence[str]) -> str:
    return "are" if len(words) > 1 else "is"


def lines(found: Verdict) -> list[str]:
    """A verdict in plain text: the sentence, marks, then row by row what it rests on."""
    kind = f", {found.strength}" if found.strength else " (withheld)" if found.withheld else ""
    text = [found.sentence, "", f"verdict        {found.verdict}{kind}"]
    text.append(f"leading cause  {found.leading_cause or 'none'}: {found.cause.why}")
    text.append(f"validity       {found.gate.status}{_rho(found.gate)}")
    text.append(f"photos         {found.n_photos} from {', '.join(found.sources)}; 1 SD = {found.sd:.3f}")
    text += [f"mark           {mark}" for mark in found.marks]
    text += ["", *headline_lines(headline(found)), *_order_lines(found.orders), *_artefact_lines(found.artefacts)]
    text += ["", "decision rows (excess or Δ in units of the score; A expects / B expects):"]
    text += [line for item in found.readings for line in _row_lines(item)]
    text += ["", *_evidence_lines(found.evidence), "", *_pair_lines(found.pairs)]
    text += [
        f"sham {sham.ablation}: Δ = {_numbers(sham.delta)}, {'passed' if sham.passed else 'FAILED'}"
        for sham in found.shams
    ]
    return text


def _order_lines(orders: Sequence[Order]) -> list[str]:
    """Predicted and found order of both accounts, with their rank correlation."""
    text = [""] if orders else []
    for order in orders:
        predicted, seen = (" > ".join(thing(name) for name in names) for names in (order.predicted, order.found))
        text.append(f"order of account {order.account}: predicted {predicted}; found {seen}; ρ = {order.rho}")
    return text


def _artefact_lines(artefacts: Sequence[Artefact]) -> list[str]:
    """What each fill does where there is nothing to take away, and which of them decide."""
    text = ["", "fills at empty places of hosts (mean |Δ| in SD):"] if artefacts else []
    for item in artefacts:
        sign = f", {item.sign} the score by {minus(abs(item.mean.estimate), 2)}" if item.sign else ", without a sign"
        text.append(f"  {'decides' if item.decides else '-':<9}{item.fill}: {item.size:.2f}{sign}, n = {item.n}")
    return text


def _rho(gate: Gate) -> str:
    where = f" on {gate.source}, the lowest of its photo sets" if gate.source else ""
    return f", ρ = {gate.validity}, n = {gate.n}{where}" if gate.validity else f", {gate.n} photos with human scores"


def _row_lines(item: RowDecision) -> list[str]:
    head = f"  {item.reading:<13}{item.label} ({' / '.join(item.expected)})"
    text = [head + (f"; {item.note}" if item.note else "")]
    if item.testable:
        fill = f" under {item.fill}" if item.fill else ""
        size = f"{minus(item.in_sd.estimate, 2)} [{minus(item.in_sd.low, 2)}, {minus(item.in_sd.high, 2)}] SD"
        text.append(f"               {item}{fill}; {size}")
        largest = " (the largest of its fills)" if len(item.fills) > 1 else ""
        text.append(
            f"               equivalence p {p_value(item.equivalence_p)}{largest}; "
            f"found with 80 % power from |Δ| = {item.minimum_detectable:.3f}"
        )
    for each in item.fills if len(item.fills) > 1 and item.testable else ():
        text.append(f"                 {each.fill}: {_found(each)}{_beside(each)}")
    return text


def _found(each: FillDecision) -> str:
    if math.isnan(each.estimate.estimate):
        return f"not computed, {each.n} photos have all controls"
    tests = f"p {p_value(each.p)}, equivalence p {p_value(each.equivalence_p)}"
    return f"{_numbers(each.estimate)}, n = {each.n}, {tests}"


def _beside(each: FillDecision) -> str:
    """Whether a fill decides, and the excess over placed controls, which does not."""
    known = not math.isnan(each.placed.estimate)
    placed = f"; placed excess {_numbers(each.placed)}, n = {each.n_placed}" if known else ""
    return f"{placed}{'' if each.confirmatory else '; does not decide'}"


def _numbers(interval: Interval) -> str:
    return f"{minus(interval.estimate)} [{minus(interval.low)}, {minus(interval.high)}]"


def _evidence_lines(evidence: Sequence[Evidence]) -> list[str]:
    if not evidence:
        return ["loss of validity: not known, for too few of these photos have human scores"]
    text = ["validity under each ablation at default strength (supporting evidence):"]
    for item in evidence:
        name = " ".join(str(word) for word in (item.ablation, item.mask, item.direction, item.fill) if word)
        note = f" ({item.note})" if item.note else ""
        text.append(f"  {item.status:<9} {name}: ρ = {_numbers(item.validity)}, loss {_numbers(item.drop)}{note}")
    return text


def _pair_lines(pairs: Sequence[Pair]) -> list[str]:
    text = ["P(|first| > |second|) at matched RMSE, on photos eligible for both:"] if pairs else []
    return text + [f"  {item.probability:.3f}  {item.first} > {item.second} (n = {item.n})" for item in pairs]


def verdict_json(found: Verdict) -> dict[str, Any]:
    """A verdict as plain JSON, with its leading cause and strength spelled out."""
    return as_json(found) | {"leading_cause": found.leading_cause, "strength": found.strength}


def verdict_from_json(content: Any) -> Verdict:
    """A verdict as `verdict_json` wrote it; StudyError for anything else."""
    try:
        return record(Verdict, content)
    except (KeyError, ValueError) as error:
        raise StudyError(f"This is not a stored verdict ({type(error).__name__}: {error}); make it again.") from error
