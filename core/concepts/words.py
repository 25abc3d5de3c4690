"""Concepts and parts in sentences."""

from __future__ import annotations

from collections import Counter

from core.concepts.reports import Concepts, NamedConcept, Part
from core.wording import minus, p_value

READ = (
    "The step from photos without a concept to photos with it, in the layer before the last: does the score rise along "
    "it? Concepts made by chance of the same photos are the control."
)
BEARING = (
    "This bears on the verdict's rows of the same name: a concept may move the score along a model's inner "
    "layers although removing the thing from a photo changes little. What the score uses is decided by removing."
)


def of_named(found: NamedConcept) -> str:
    """What was found of one concept."""
    chance = f"{found.random_low:.0%} to {found.random_high:.0%} for concepts made by chance"
    told = f"classified correctly in {found.told:.0%} of photos"
    step = f"the step towards it changes the score by {minus(found.step, 4)} (p {p_value(found.p)}"
    share = f"the score rises in {found.raises:.0%} of photos, {chance})"
    if not found.differs:
        return f"**{found.name}**: {told}; {step}; {share}: no more than chance brings."
    return f"**{found.name}**: {told}; {step}; {share}: it {'raises' if found.step > 0 else 'lowers'} the score."


def in_short(found: Concepts) -> list[str]:
    """Which concepts raise the score, which lower it, and which do no more than chance, those that do most first."""
    sides = {
        "Towards these the score rises": [item for item in found.named if item.differs and item.step > 0],
        "Towards these it falls": [item for item in found.named if item.differs and item.step < 0],
        "These do no more than chance brings": [item for item in found.named if not item.differs],
    }
    return [f"{said}: {', '.join(_small(item.name) for item in items)}." for said, items in sides.items() if items]


def along(name: str) -> str:
    """What the place of a photo along a concept is called."""
    return f"Along the concept {_small(name)}"


def amount_of(number: int) -> str:
    """What the amount of a part in a photo is called, by the part's number from 0."""
    return f"Amount of part {number + 1}"


def _small(name: str) -> str:
    return name[0].lower() + name[1:]


def of_part(found: Part, sd: float) -> str:
    """What one part is worth."""
    change, low, high = (minus(value / sd, 2) for value in (found.change, found.low, found.high))
    where = f"in the {found.branch}; " if found.branch else ""
    return (
        f"{where}without it Δ = {change} SD [{low}, {high}]; it goes with {found.alone:.0%} of the variance of scores"
    )


def of_parts(found: Concepts) -> str:
    """What all parts are together, and how they are shared out where a model has several branches."""
    branches = Counter(part.branch for part in found.parts if part.branch)
    shared = " and ".join(f"{number} of the {branch}" for branch, number in sorted(branches.items()))
    of = f" ({shared})" if shared else ""
    return (
        f"{len(found.parts)} parts{of} redraw {found.redrawn:.0%} of what is in the last maps, and predict "
        f"{max(found.together, 0):.0%} of the variance of scores in photos kept out."
    )
