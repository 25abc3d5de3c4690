"""What a painted region is worth, told: the numbers of one try, and a sentence each on how much that is."""

from __future__ import annotations

from dataclasses import dataclass

from core.ablations.region import fill_entry
from core.errors import StudyError
from core.evaluation import reports
from core.inference import Predictor
from core.paint import percentile, region_effect
from core.paint.region_effect import Painted, Treatment
from core.registry import FILLS
from core.study import catalogue
from core.table import KEEP
from core.types import Mask, Pixels
from core.verdict.aggregates import Aggregates, read_aggregates
from core.verdict.stored import stored_verdicts

UNTOLD = "inpaint"
"""Of the fills, it had the least artefact of its own in the photos on which the protocol was fixed."""


@dataclass(frozen=True)
class Answer:
    """The numbers of a try (`done`), Δ as it is written, and what it means.

    `size` sets Δ beside the spread of the model's scores, `among` beside the region effects of a reference study.
    """

    done: Painted
    delta: str
    falls: bool
    size: str
    among: str


def reference_study() -> Aggregates | None:
    """The reference study that comes with the project; None where there is none, or it is damaged and says nothing."""
    folder = catalogue.reference()
    try:
        return read_aggregates(folder) if folder else None
    except StudyError:
        return None


def usual_fill(model: str) -> str:
    """The fill to begin with: that of the least artefact in a stored study of this model, inpainting where none tells.

    The study that comes with the project is asked before others, and none that was made with other weights.
    """
    for folder, found in stored_verdicts():
        first = found.artefacts[0].fill if found.model == model and found.artefacts else ""
        if first in FILLS and not catalogue.is_of_other_weights(folder):
            return first
    return UNTOLD


def answer(
    predictor: Predictor, photo: Pixels, mask: Mask, how: Treatment, score: float, study: Aggregates | None
) -> Answer:
    """What a painted part of a photo (at working size) is worth to a model; `score` is the photo's own.

    `study` is the reference study at hand, None where there is none. MaskError where there is nothing to paint away.
    """
    return told(region_effect.paint(predictor, photo, mask, how, score=score), how, predictor.name, study)


def told(done: Painted, how: Treatment, model: str, study: Aggregates | None) -> Answer:
    """The answer to one try by a model; `study` is the reference study at hand, None where there is none."""
    usual = region_effect.as_studied(how)
    return Answer(
        done=done,
        delta=region_effect.signed(done.delta),
        falls=done.delta < 0,
        size=region_effect.effect(done.score, done.ablated_score, reports.reference_scores(model)),
        among=percentile.in_words(done.delta, study, model, how.fill, how.direction, as_studied=usual),
    )


def in_few_words(how: Treatment) -> str:
    """A treatment in a few words."""
    label = fill_entry(how.fill).label.lower()
    settings = ", ".join(f"{name} {value}" for name, value in how.settings.items())
    soft = f", feather {how.feather:g}" if how.feather else ""
    return f"{'keep only' if how.direction == KEEP else 'remove'}: {label}{f' ({settings})' if settings else ''}{soft}"
