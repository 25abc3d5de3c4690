"""The report on a photo and its tries for the command line, with the heatmap that *Try a photo* shows first."""

from __future__ import annotations

from collections.abc import Sequence

from core.evaluation import intervals
from core.inference import Predictor, shipped_or
from core.paint import what_if
from core.paint.answer import reference_study
from core.paint.region_effect import working
from core.paint.replay import Record
from core.paint.report import Explained, ScoredPhoto, Tried, compared, report
from core.paint.what_if import Curve, Dose
from core.photos import overlay, preprocess
from core.registry import ATTRIBUTIONS
from core.trust import reports, words
from core.trust.brightest_tenth import BrightestTenth, brightest_tenth
from core.types import Heatmap, Pixels
from core.verdict.aggregates import Aggregates

OPACITY = 0.55


def photo_report(predictor: Predictor, model: str, photo: Pixels, tried: Sequence[tuple[Record, Pixels]]) -> str:
    """The HTML on a photo scored by a model (its name or folder), with at least one try and its ablated photo."""
    scores, features = predictor.score_with_features([preprocess.square(photo, predictor.preset)])
    bounds, within, sure = intervals.read(shipped_or(model) / intervals.FILE), None, ""
    if bounds is not None:
        low, high = bounds.around(scores, features)
        within = float(low[0]), float(high[0])
        sure = intervals.in_words(bounds, *within, bounds.is_usual(features[0]))
    small = working(photo)
    heatmap = next(iter(ATTRIBUTIONS)).function(predictor, small)
    heat = explained(small, heatmap, brightest_tenth(predictor, small, heatmap), predictor.name)
    study = reference_study()
    curve = _curve(predictor, photo, study)
    seen = ScoredPhoto(tried[0][0].photo, photo, predictor.name, float(scores[0]), within, sure, heat, curve)
    done = [Tried(made, ablated, compared(made) if made.controls else "") for made, ablated in tried]
    return report(seen, done, study)


def _curve(predictor: Predictor, photo: Pixels, study: Aggregates | None) -> Curve:
    """Δ along the dose that *Try a photo* shows first, beside the study's photos where it has any."""
    small, how = working(photo), what_if.dose(what_if.FIRST)
    score = float(predictor.score([small])[0])

    def change(dose: Dose) -> float:
        return what_if.delta(predictor, small, dose, score)

    found = what_if.answer(how, change, study, predictor.name)
    return what_if.curve(how, found.studied, change, (found.compared,) if len(found.studied) else ())


def explained(photo: Pixels, heatmap: Heatmap, tenth: BrightestTenth | None, model: str) -> Explained:
    """A heatmap over its photo (of any size), how to read it on a model, and what its brightest tenth is worth."""
    said = (words.how_to_read(heatmap, reports.comparison(model, heatmap.method)), words.tenth(tenth))
    return Explained(ATTRIBUTIONS[heatmap.method].label, overlay.blend(photo, heatmap, OPACITY), said)
