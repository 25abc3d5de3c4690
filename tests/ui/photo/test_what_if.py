"""What if on the page: the picture, the curve and the sentence follow the slider."""

from __future__ import annotations

import json

import numpy as np
import pytest

from core import inference
from core.paint import region_effect, what_if
from core.study import catalogue
from core.verdict.aggregates import read_aggregates
from tests.ui.photo.test_painting import artifacts, sound, trained, visit, words
from ui.study import effects

__all__ = ["artifacts", "trained"]


def curve(app: object) -> dict[float, float]:
    """Δ by strength, as drawn."""
    figure = json.loads(app.get("plotly_chart")[-1].proto.spec)  # type: ignore[attr-defined]
    own = figure["data"][-1]
    values = [part["bdata"] if isinstance(part, dict) else part for part in (own["x"], own["y"])]
    import base64

    x, y = (np.frombuffer(base64.b64decode(v)) if isinstance(v, str) else np.array(v) for v in values)
    return dict(zip(x.tolist(), y.tolist(), strict=True))


def direct(**settings: float) -> float:
    """What core computes for the sample under blur."""
    from ui import resources

    photo, model = region_effect.working(resources.samples()["cat"].read()), inference.load("small_cnn")
    return what_if.delta(model, photo, what_if.dose("blur", settings), float(model.score([photo])[0]))


def test_the_slider_moves_the_answer(monkeypatch: pytest.MonkeyPatch) -> None:
    folder = catalogue.reference()
    study = read_aggregates(folder) if folder else None
    monkeypatch.setattr(effects, "reference_study", lambda: study)
    app = visit()
    app.selectbox(key="what-if").set_value("blur")
    sound(app.run())
    assert f"**Δ = {region_effect.signed(direct())}**" in words(app)
    app.slider(key="what-if-blur-sigma").set_value(0.03)
    sound(app.run())
    assert f"**Δ = {region_effect.signed(direct(sigma=0.03))}**" in words(app)
    app.selectbox(key="what-if").set_value("grayscale")
    assert not [item for item in sound(app.run()).slider if item.key.startswith("what-if")]


def test_it_is_said_where_there_is_no_study_of_this_model() -> None:
    app = visit()
    assert "What if …" in words(app)
    assert "Δ = " in words(app)
    assert "than" not in words(app).partition("What if …")[2].partition("Δ")[2][:1]
