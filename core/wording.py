"""Numbers as they are written everywhere."""

from __future__ import annotations

import math

from core.types import Interval


def sentence(mean: Interval, n: int, p: float | None, kind: str = "Holm p") -> str:
    """An effect as it is written everywhere: Δ = −0.041 [−0.060, −0.022], n = 212, Holm p = 0.003."""
    tested = "" if p is None or math.isnan(p) else f", {kind} {p_value(p)}"
    return f"Δ = {interval(mean)}, n = {n:,}{tested}"


def p_value(p: float) -> str:
    """A p value as it follows its name: "= 0.003" or "< 0.001", for no p value is 0."""
    return "< 0.001" if p < 0.001 else f"= {p:.3f}"


def interval(found: Interval) -> str:
    """An estimate with its 95 % interval: −0.041 [−0.060, −0.022]."""
    return f"{minus(found.estimate)} [{minus(found.low)}, {minus(found.high)}]"


def minus(value: float, digits: int = 3) -> str:
    """A number with a true minus sign; never −0.000."""
    return f"{round(value, digits) + 0.0:.{digits}f}".replace("-", "−")
