"""The grid of a study: which conditions it applies, to which of its photos, and with which seeds."""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from core import config
from core.errors import ParameterError
from core.registry import ABLATIONS, FILLS, MASKS, Choice, Entry, Registry
from core.study.protocol import decision_row
from core.table import DIRECTIONS, ORIGINAL, REMOVE, Condition, canonical

REGION = "region"
DOSES, WHOLE, SENSITIVITY = "doses", "whole", "sensitivity"
"""What `shares` calls the strengths beside the default one, ablations of whole photos at their default, and the
controls of regions that decide nothing: keep-only, and fills that bring too much of their own."""
HASH_DRAWS = 2**64


@dataclass(frozen=True)
class Design:
    """What a study applies to which photos; recorded with it, so that a resumed one does the same.

    Empty names mean every registered one. `placements` and `hosts` are the controls of each kind. Thinning: `photos`
    draws that many at random (0: all); `targets` ablates at most that many for each thing, while all may be hosts (0:
    all); `shares` gives the share of photos on which masks, "whole" photo ablations and "doses" are applied, and the
    share of targets that have controls where they only show "sensitivity"; `control_fills` names the fills under which
    regions that are no decision row have controls (empty: all).
    """

    ablations: tuple[str, ...] = ()
    masks: tuple[str, ...] = ()
    fills: tuple[str, ...] = ()
    placements: int = config.PLACEMENTS
    photos: int = 0
    shares: tuple[tuple[str, float], ...] = ()
    control_fills: tuple[str, ...] = ()
    seed: int = config.SEED
    hosts: int = config.HOSTS
    targets: int = 0

    @property
    def thinning(self) -> dict[str, Any]:
        """What keeps the study from being complete, by name; empty for a complete one."""
        found: dict[str, Any] = {"photos": self.photos, "targets": self.targets, "shares": dict(self.shares)}
        found["control_fills"] = list(self.control_fills)
        usual = {"placements": config.PLACEMENTS, "hosts": config.HOSTS}
        fewer = {name: getattr(self, name) for name, value in usual.items() if getattr(self, name) != value}
        return {name: value for name, value in found.items() if value} | fewer


@dataclass(frozen=True)
class Step:
    """One condition of the grid: the settings of its call, how many controls it has, and what may thin it out.

    `controls` are places in the same photo, `hosts` other photos.
    """

    condition: Condition
    settings: Mapping[str, Any]
    controls: int = 0
    group: str | None = None
    hosts: int = 0

    @property
    def seeded(self) -> bool:
        return any(param.name == "seed" for param in ABLATIONS[self.condition.ablation].params)


CLEAN = Step(Condition(ORIGINAL), {})
"""The untouched photo, which comes first."""


def masks_of(design: Design) -> tuple[str, ...]:
    """The masks of a study: those named, or all that need nothing but the photo; UnknownChoiceError names them."""
    return _chosen(MASKS, design.masks)


def grid(design: Design) -> tuple[Step, ...]:
    """Every condition of a study, without the untouched photo.

    UnknownChoiceError names the choices for ablations, masks and fills, ParameterError those for shares.
    """
    masks, fills = masks_of(design), _chosen(FILLS, design.fills)
    _check(design, masks)
    steps: dict[Condition, Step] = {}
    for name in design.ablations or tuple(entry.id for entry in ABLATIONS):
        found = _regions(design, masks, fills) if ABLATIONS[name].facts.get("needs") else _whole(ABLATIONS[name])
        steps |= {step.condition: step for step in found}
    return tuple(steps.values())


def steps_by_mask(steps: Sequence[Step]) -> dict[str | None, tuple[Step, ...]]:
    """The steps of each mask, and under None those of whole photos."""
    masks = dict.fromkeys(step.condition.mask for step in steps)
    return {mask: tuple(step for step in steps if step.condition.mask == mask) for mask in masks}


def _chosen(registry: Registry[Any], names: tuple[str, ...]) -> tuple[str, ...]:
    everything = (entry.id for entry in registry if not entry.facts.get("needs"))
    return tuple(registry[name].id for name in names) or tuple(everything)


def _check(design: Design, masks: tuple[str, ...]) -> None:
    for name, share in design.shares:
        if name not in (*masks, DOSES, WHOLE, SENSITIVITY):
            choices = ", ".join((*masks, DOSES, WHOLE, SENSITIVITY))
            raise ParameterError(f"{name!r} cannot be thinned out; choose from {choices}.")
        if not 0 <= share <= 1:
            raise ParameterError(f"The share of {name} must lie between 0 and 1, not {share:g}.")
    for name in design.control_fills:
        _ = FILLS[name]
    if min(design.placements, design.photos, design.hosts, design.targets) < 0:
        raise ParameterError("The numbers of placements, hosts, targets and photos cannot be negative.")


def _whole(entry: Entry[Any]) -> Iterator[Step]:
    """An ablation at its default, with each word that a parameter may have, and at its other strengths."""
    default = entry.arguments()
    settings = [default]
    for param in entry.params:
        if isinstance(param.limits, Choice):
            settings += [default | {param.name: option} for option in param.limits.options if option != param.default]
    yield from (Step(_condition(entry, values), _unseeded(values)) for values in settings)
    strength = entry.facts.get("strength")
    for dose in entry.facts.get("doses", ()):
        values = entry.arguments({str(strength): dose})
        if values != default:
            yield Step(_condition(entry, values), _unseeded(values), group=DOSES)


def _condition(entry: Entry[Any], values: Mapping[str, Any]) -> Condition:
    return Condition(entry.id, canonical(values))


def _unseeded(values: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in values.items() if name != "seed"}


def _regions(design: Design, masks: tuple[str, ...], fills: tuple[str, ...]) -> Iterator[Step]:
    """Every mask × fill × direction; decision rows have controls under every fill.

    What is kept alone is compared with hosts only: kept elsewhere in the photo, it is another photo.
    """
    columns = ("fill", "direction")
    values = {name: value for name, value in ABLATIONS[REGION].arguments().items() if name not in columns}
    for mask in masks:
        for direction in DIRECTIONS:
            for fill in fills:
                condition = Condition(REGION, canonical(values), mask, fill, direction)
                controlled = (
                    not design.control_fills or fill in design.control_fills or decision_row(condition) is not None
                )
                settings = _unseeded(values) | {"fill": fill, "direction": direction}
                placed = design.placements if controlled and direction == REMOVE else 0
                yield Step(condition, settings, placed, mask, design.hosts if controlled else 0)


def applies(step: Step, design: Design, photo: str) -> bool:
    """Whether a photo (by the fingerprint of its pixels) is among those that a step is applied to."""
    return in_share(design, step.group or WHOLE, photo)


def controlled(step: Step, design: Design, photo: str, deciding: Collection[str]) -> bool:
    """Whether a target has controls under a region's step: all under the `deciding` fills of decision rows."""
    decides = step.condition.fill in deciding and decision_row(step.condition) is not None
    return decides or in_share(design, SENSITIVITY, photo)


def in_share(design: Design, group: str, photo: str) -> bool:
    """Whether a photo (by the fingerprint of its pixels) is among the share that a group is thinned out to."""
    share = dict(design.shares).get(group, 1.0)
    return share >= 1 or hash_draw(design.seed, group, photo) < share * HASH_DRAWS


def seed_of(step: Step, design: Design, photo: str) -> int | None:
    """The seed of a random ablation of a photo: the same whatever else the study holds; None where nothing is random.

    A region and its controls share it, so that the same noise moves with the shape.
    """
    return hash_draw(design.seed, step.condition, photo) % 2**31 if step.seeded else None


def hash_draw(*parts: object) -> int:
    """A whole number below 2⁶⁴, drawn by hashing: the same on every machine and in every order."""
    return int.from_bytes(hashlib.sha256("\0".join(map(str, parts)).encode()).digest()[:8], "big")
