"""Which fills take things away under a heatmap: those that decide in the stored study of the model (rule 7)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from core.registry import FILLS
from core.study.artefacts import FEWEST
from core.verdict.stored import stored_verdicts

LOOKED_AT = ("inpaint", "blur")
"""What decided in the photos on which the protocol was fixed; for a copy of the project without a stored study."""


@dataclass(frozen=True)
class DecidingFills:
    """The fills, that of the least artefact first, and a sentence on where they come from."""

    fills: tuple[str, ...]
    why: str


def deciding_fills(model: str) -> DecidingFills:
    """The fills that decide for a model, as its stored study computed them from its hosts.

    Where no study of it did, those of the reference study that comes with the project; `why` says so.
    """
    own = next((fills for name, fills in _stored() if name == model), None)
    if own is not None:
        return DecidingFills(own, f"Taken away by {_named(own)}: what decides in the stored study of {model}.")
    other = next(_stored(), None)
    none = f"No stored study of {model} computed which fills decide"
    if other is not None:
        name, fills = other
        return DecidingFills(fills, f"Taken away by {_named(fills)}: {none}; these are those of the study of {name}.")
    return DecidingFills(
        LOOKED_AT, f"Taken away by {_named(LOOKED_AT)}: {none}; these decided in the photos looked at beforehand."
    )


def _stored() -> Iterator[tuple[str, tuple[str, ...]]]:
    """Model and deciding fills of every stored study that computed enough of them, the reference study first."""
    for _, found in stored_verdicts():
        fills = tuple(item.fill for item in found.artefacts if item.decides and item.fill in FILLS)
        if len(fills) >= FEWEST:
            yield found.model, fills


def _named(fills: tuple[str, ...]) -> str:
    names = [FILLS[fill].label[0].lower() + FILLS[fill].label[1:] for fill in fills]
    return f"{', '.join(names[:-1])} and {names[-1]}"
