"""One photo and its tries as a page to hand on, with the sentences of *Try a photo* and every digit of its numbers."""

from __future__ import annotations

import re
import shlex
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from core import config, plots
from core.errors import ArtifactError
from core.evaluation import reports
from core.evaluation import words as model_words
from core.files import table_text
from core.paint import region_effect, replay
from core.paint.answer import in_few_words, told
from core.paint.region_effect import Painted
from core.paint.replay import Record
from core.paint.what_if import Curve
from core.photos import images, overlay
from core.table import canonical
from core.types import Pixels
from core.verdict.aggregates import Aggregates
from core.verdict.html_parts import attached, model, page, paragraphs, pictures, pre, section, table, versions
from core.verdict.vector import vector

LARGE, SMALL = 720, 400
"""Long side in px of the photo, and of a picture among others."""
METHODS = f"""
Every score of a try is that of the photo at {config.WORKING_SIZE} px on its short side, the size at which studies work,
which can differ a little from the score at full size. Δ is the score after minus the score before. The same treatment
is given to the same shape at other places of the photo: what moves the score no more than those do is not shown to
matter.
"""
LIMITS = """
A score is a prediction: nobody was shown this photo, and nobody has seen its versions. What holds for one photo and one
model need not hold for others. What is put in a region's place is something new, which the model may answer to. Regions
were chosen by looking at the answers, so that no try is a test.
"""


@dataclass(frozen=True)
class Explained:
    """A heatmap on its photo, the method's label, and the sentences on how to read it and whether to trust it."""

    label: str
    picture: Pixels
    said: tuple[str, ...]


@dataclass(frozen=True)
class ScoredPhoto:
    """A photo (of any size) with its score at full size, and the ends of the interval with its sentence, if any.

    `curve` is what becomes of its score along the strength of an ablation.
    """

    name: str
    photo: Pixels
    model: str
    score: float
    within: tuple[float, float] | None = None
    sure: str = ""
    explained: Explained | None = None
    curve: Curve | None = None


@dataclass(frozen=True)
class Tried:
    """A try and the ablated photo; `compared` says what its other places show, or how far they are."""

    record: Record
    ablated: Pixels
    compared: str


def report(photo: ScoredPhoto, tried: Sequence[Tried], study: Aggregates | None) -> str:
    """The HTML; `study` is the reference study that Δ is set beside, None where there is none."""
    models = dict.fromkeys([photo.model, *(item.record.model for item in tried)])
    parts = [
        pictures((images.jpeg_bytes(images.to_long_side(photo.photo, LARGE)), f"The photo {photo.name}")),
        section("Score", _score(photo)),
        section("Heatmap", _heatmap(photo.explained) if photo.explained else ""),
        section("What if …", _curve(photo.curve) if photo.curve else ""),
        section("What was tried", "".join(_try(number, item, photo, study) for number, item in enumerate(tried, 1))),
        section("Model" if len(models) == 1 else "Models", "".join(model(name) + _quality(name) for name in models)),
        section("Methods and limits", paragraphs(METHODS, LIMITS)),
        section("Made with", table(versions(), ("package", "version"))),
    ]
    return page(photo.name, parts)


def file_name(name: str) -> str:
    """What the report on a photo of this name is called as a file."""
    return f"{_stem(name)}-report.html"


def compared(record: Record, *, complete: bool = True) -> str:
    """What the other places of a try show; how many there are by now where they are not `complete`."""
    if complete:
        return record.elsewhere.said
    return f"{len(record.controls)} of {region_effect.CONTROLS} other places were tried by then."


def command(photo: str, number: int) -> str:
    """The command that repeats a try with its attached replay file."""
    file = Path(photo).name
    return f"python -m core paint {shlex.quote(f'./{file}' if file.startswith('-') else file)} --replay " + shlex.quote(
        _replay(photo, number)
    )


def _stem(name: str) -> str:
    return re.sub(r"[^\w.-]+", "_", Path(name).stem).strip("._-") or "photo"


def _replay(name: str, number: int) -> str:
    return f"{_stem(name)}-{number:02}-replay.json"


def _score(photo: ScoredPhoto) -> str:
    reference = reports.reference_scores(photo.model)
    place = reports.percentile(photo.score, reference)
    low, high = photo.within or (None, None)
    rows = [
        ("model", photo.model),
        ("score", photo.score),
        ("lower end of its interval", low),
        ("upper end of its interval", high),
        (f"percentile among {len(reference):,} reference photos", place),
    ]
    said = model_words.explain(photo.score, place, len(reference))
    return paragraphs(said, photo.sure, model_words.CAVEAT) + _among(photo, reference) + table(rows, ("what", "value"))


def _among(photo: ScoredPhoto, reference: reports.Scores) -> str:
    """The score among reference scores, where there are any, with its interval as a band."""
    if not len(reference):
        return ""
    label = f"The score {photo.score!r} among the scores of {len(reference):,} reference photos"
    band = " Band: its interval." if photo.within else ""
    figure = plots.among(photo.score, reference, photo.within)
    bins = table_text(plots.score_bins(reference)).encode()
    return vector(figure, label, f"The score among those of reference photos.{band}") + attached(
        "reference-scores.csv", "text/csv", bins, "Reference scores by bar as CSV"
    )


def _curve(found: Curve) -> str:
    """Δ along the strength of an ablation, over the study's photos where it has any."""
    how = found.how
    assert how.name is not None
    assert how.value is not None
    figure = plots.along_dose(found.doses, found.studied, how.name, how.value, found.rising)
    label = f"Δ of this photo along {how.name} of {how.entry.label}; the table below holds the numbers"
    rows = found.doses.merge(found.studied.drop(columns="quantiles"), "left", on="value")
    names = (how.name, "Δ of this photo", "mean Δ of the study", "10th percentile", "90th percentile", "photos")
    return (
        paragraphs(f"**{how.entry.label}**", *found.said)
        + vector(figure, label)
        + table(rows.itertuples(index=False, name=None), names)
    )


def _heatmap(found: Explained) -> str:
    return pictures((images.jpeg_bytes(images.to_long_side(found.picture, SMALL)), found.label)) + paragraphs(
        *found.said
    )


def _try(number: int, item: Tried, photo: ScoredPhoto, study: Aggregates | None) -> str:
    """One try: the painted region, what was done with it, its Δ beside other places, and how to repeat it."""
    made = item.record
    small = images.resize(photo.photo, *made.mask.shape[::-1])
    answer = told(Painted(made.score, made.ablated_score, made.area, item.ablated), made.how, made.model, study)
    how = asdict(made.how) | {"settings": canonical(made.how.settings)}
    rows = [
        ("model", made.model),
        ("score before", made.score),
        ("score after", made.ablated_score),
        ("Δ", made.delta),
        ("share of the photo replaced", made.area),
        *how.items(),
        *((f"Δ at other place {place}", change) for place, change in enumerate(made.controls, 1)),
    ]
    shown = [
        (overlay.painted(small, made.mask), "What was painted"),
        (item.ablated, f"After: {in_few_words(made.how)}"),
    ]
    data = replay.to_json(made).encode()
    return (
        f"<h3>Try {number}</h3>"
        + pictures(*((images.jpeg_bytes(images.to_long_side(picture, SMALL)), said) for picture, said in shown))
        + paragraphs(answer.size, answer.among, item.compared)
        + _others(made)
        + table(rows, ("what", "value"))
        + attached(_replay(photo.name, number), "application/json", data, "Replay file of this try")
        + pre([command(photo.name, number)])
    )


def _others(made: Record) -> str:
    """Δ of the region among Δ of the same shape at other places, where those were tried."""
    if not made.controls:
        return ""
    label = f"Δ of this region among {len(made.controls)} others; the table below holds the numbers"
    return vector(plots.elsewhere(made.delta, list(made.controls)), label)


def _quality(name: str) -> str:
    """The measured quality of a model in one line, where it was measured."""
    try:
        found = reports.headline(reports.evaluations().items, name)
    except ArtifactError:
        return ""
    return paragraphs(model_words.quality(found)) if found else ""
