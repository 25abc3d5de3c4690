"""Beside the score: the nearest more and less memorable photo of the map, planted where they must be found."""

from __future__ import annotations

import shutil
from dataclasses import replace
from pathlib import Path
from urllib.parse import parse_qsl

import numpy as np
import pytest
import streamlit as st
from streamlit.testing.v1 import AppTest

from core import inference
from core.latent import atlas as atlases
from core.latent import geometry
from core.latent.encoding import on_axes
from core.photos import preprocess
from core.sources import open_source
from tests.conftest import Put, visit_page
from ui.photo.photos import OWN


@pytest.fixture
def artifacts(drawn: Path, put: Put) -> Path:
    """A copy of them where the app looks; around the sample lie photos of planted scores, nearest first."""
    folder = put(drawn)
    predictor = inference.load()
    pixels = next(photo for photo in open_source("samples").photos if photo.id == "cat").read()
    scores, features = predictor.score_with_features([preprocess.square(pixels, predictor.preset)])
    found = atlases.read(folder / "latent")
    assert found is not None
    spaces, photos = {name: values.copy() for name, values in found.spaces.items()}, found.photos.copy()
    place = on_axes(found, "learned", features[0])
    spaces["learned"] += 50 - spaces["learned"].min()
    for row, (step, change) in enumerate([(0.5, 0.0), (1, 0.08), (2, -0.2), (3, 0.2), (4, 0.3)]):
        spaces["learned"][row] = place + step
        photos.loc[row, "score"] = np.float32(scores[0] + change)
    atlases.write(replace(found, spaces=spaces, photos=photos))
    return folder


def said(app: AppTest) -> str:
    return "\n".join(element.value for kind in (app.markdown, app.caption, app.error) for element in kind)


def named(folder: Path, row: int) -> str:
    found = atlases.read(folder / "latent")
    assert found is not None
    return found.name(row)


def label(folder: Path, row: int) -> str:
    """A photo's name on a link: without its folders, with which it would be cut off."""
    return named(folder, row).rpartition("/")[2]


def beside(delta: float | None = None) -> AppTest:
    """What stands beside the score of the sample, on a page of its own."""

    def page() -> None:
        from ui import layout, resources
        from ui.map import nearest

        layout.attempt(lambda: nearest.section(resources.samples()["cat"], "resnet50"))

    app = AppTest.from_function(page, default_timeout=60)
    if delta is not None:
        app.session_state["delta"] = delta
    with pytest.MonkeyPatch.context() as patch:  # a page of its own has no others that a link could lead to
        patch.setattr("ui.photo.photos.map_link", lambda item, label, **given: st.button(label, key=given["photo"]))
        app.run()
    assert not app.exception, app.exception[0].message
    return app


def labels(app: AppTest) -> dict[str, str]:
    """The names on the links by the kinds in the captions above them."""
    links = [link.label.replace("\\", "") for link in app.button]
    kinds = [caption.value.split(":")[0].split()[-1] for caption in app.caption if ": **" in caption.value]
    return dict(zip(kinds, links, strict=True))


def test_the_nearest_that_differ_enough_are_shown_with_their_scores(artifacts: Path) -> None:
    app = beside()
    assert not app.error
    assert labels(app) == {"memorable": label(artifacts, 3), "forgettable": label(artifacts, 2)}
    score = inference.load().score([next(p for p in open_source("samples").photos if p.id == "cat").read()])[0]
    assert f"more memorable: **{np.float32(score + 0.2):.2f}**" in said(app)
    assert f"more forgettable: **{np.float32(score - 0.2):.2f}**" in said(app)
    assert f"by at least {geometry.CONTRAST:.2f}" in said(app)


def test_the_step_chosen_on_the_map_counts_here_too_and_what_is_missing_is_said(artifacts: Path) -> None:
    assert labels(beside(0.25))["memorable"] == label(artifacts, 4)
    app = beside(0.5)
    lacking = [key for key in ("memorable", "forgettable") if key not in labels(app)]
    assert lacking
    assert f"No photo there is more {lacking[0]}" in said(app)


def test_a_click_opens_the_photo_on_the_map_beside_the_visitor_s_without_a_second_pass(
    artifacts: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    passes: list[int] = []
    own = inference.Predictor.score_with_features

    def counted(self: inference.Predictor, squares: list[np.ndarray]) -> tuple[np.ndarray, np.ndarray]:
        passes.append(len(squares))
        return own(self, squares)

    monkeypatch.setattr(inference.Predictor, "score_with_features", counted)
    app = visit_page("pages/try_a_photo.py", sample="cat")
    (link,) = (each.proto for each in app.get("page_link") if each.proto.label.replace("\\", "") == label(artifacts, 2))
    assert link.page == "latent_space"
    app.switch_page("pages/latent_space.py")
    for name, value in parse_qsl(link.query_string):
        app.query_params[name] = value
    app.run()
    assert not app.exception
    assert not app.error
    assert app.query_params["photo"] in (named(artifacts, 2), [named(artifacts, 2)])
    assert app.query_params["space"] in ("learned", ["learned"])
    assert "**cat**" in said(app)
    assert "marked in blue on the map" in said(app)
    app.button(key="unland").click().run()
    assert "marked in blue on the map" not in said(app)
    assert OWN not in app.query_params
    assert passes == [1]


def test_without_a_map_and_beside_a_map_of_another_model_it_is_silent(artifacts: Path) -> None:
    file = artifacts / "latent" / atlases.ANSWER
    file.write_text(file.read_text().replace('"predictor": "resnet50"', '"predictor": "resmem"'))
    app = beside()
    assert not app.markdown
    shutil.rmtree(artifacts / "latent")
    app = beside()
    assert not app.markdown
    assert not app.error


def test_a_damaged_map_and_one_of_other_weights_are_one_sentence(artifacts: Path) -> None:
    found = atlases.read(artifacts / "latent")
    assert found is not None
    atlases.write(replace(found, axes=dict(found.axes) | {"learned.centre": np.zeros(5, np.float32)}))
    assert ["made with another model" in error.value for error in beside().error] == [True]
    (artifacts / "latent" / atlases.PHOTOS).write_text("{")
    assert len(beside().error) == 1
