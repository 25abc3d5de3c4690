"""The report on a photo and its tries for the command line, with the heatmap that *Try a photo* shows first."""

from __future__ import annotations

from collections.abc import Sequence

from core.evaluation import intervals
from core.inference import Predictor, shipped_or
from core.paint.answer import reference_study
from core.paint.region_effect import working
from core.paint.replay import Record
from core.paint.report import Explained, ScoredPhoto, Tried, compared, report
from core.photos import overlay, preprocess
from core.registry import ATTRIBUTIONS
from core.trust import reports, words
from core.trust.brightest_tenth import brightest_tenth
from core.types import Pixels

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
    seen = ScoredPhoto(tried[0][0].photo, photo, predictor.name, float(scores[0]), within, sure, heat)
    done = [Tried(made, ablated, compared(made) if made.controls else "") for made, ablated in tried]
    return report(seen, done, reference_study())


def _explained(predictor: Predictor, photo: Pixels) -> Explained:
    """The first heatmap that *Try a photo* offers, at the size of studies."""
    method, small = next(iter(ATTRIBUTIONS)), working(photo)
    heatmap = method.function(predictor, small)
    comparison = reports.against_baselines(reports.summary(predictor.name), method.id)
    tenth = words.tenth(brightest_tenth(predictor, small, heatmap))
    return Explained(
        method.label, overlay.blend(small, heatmap, OPACITY), (words.how_to_read(heatmap, comparison), tenth)
    )
