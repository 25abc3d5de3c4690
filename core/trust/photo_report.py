"""The report on a photo and its tries for the command line, with the heatmap that *Try a photo* shows first."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from core.evaluation import intervals
from core.inference import Predictor, shipped_or
from core.paint import what_if
from core.paint.answer import reference_study
from core.paint.region_effect import working
from core.paint.replay import Record
from core.paint.report import Explained, ScoredPhoto, Tried, compared, report
from core.paint.what_if import Curve
from core.photos import overlay, preprocess
from core.registry import ATTRIBUTIONS
from core.trust import reports, words
from core.trust.brightest_tenth import brightest_tenth
from core.types import Pixels
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
    heat = _explained(predictor, photo)
    study = reference_study()
    curve = _curve(predictor, photo, what_if.of_model(study, predictor.name))
    seen = ScoredPhoto(tried[0][0].photo, photo, predictor.name, float(scores[0]), within, sure, heat, curve)
    done = [Tried(made, ablated, compared(made) if made.controls else "") for made, ablated in tried]
    return report(seen, done, study)


def _curve(predictor: Predictor, photo: Pixels, study: Aggregates | None) -> Curve:
    """Δ along the dose that *Try a photo* shows first, beside the study's photos where it has any."""
    small, how = working(photo), what_if.dose(what_if.FIRST)
    score = float(predictor.score([small])[0])
    found = what_if.studied(study, how)
    curve = what_if.curve(how, found, lambda dose: what_if.delta(predictor, small, dose, score))
    row = what_if.nearest(found, how)
    if row is None:
        return curve
    change = what_if.delta(predictor, small, how.at(float(row["value"])), score)
    return replace(curve, said=(what_if.in_words(change, how, row),))


def _explained(predictor: Predictor, photo: Pixels) -> Explained:
    """The first heatmap that *Try a photo* offers, at the size of studies."""
    method, small = next(iter(ATTRIBUTIONS)), working(photo)
    heatmap = method.function(predictor, small)
    comparison = reports.against_baselines(reports.summary(predictor.name), method.id)
    tenth = words.tenth(brightest_tenth(predictor, small, heatmap))
    return Explained(
        method.label, overlay.blend(small, heatmap, OPACITY), (words.how_to_read(heatmap, comparison), tenth)
    )
