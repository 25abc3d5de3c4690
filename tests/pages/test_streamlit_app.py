"""The first page in its empty, failing and working states, driven without a browser."""

from __future__ import annotations

from pathlib import Path

from core.paint import showcase
from core.types import Rect
from core.verdict.aggregation import make_aggregates
from tests.helpers.planted import write_study
from tests.pages.conftest import HOME, replace, sound, visit, words
from ui import layout


def test_home_without_results_still_says_what_this_is(nothing: Path) -> None:
    app = visit(HOME)
    assert "neural network" in words(app)
    assert "Spearman" not in words(app)
    assert not app.error


def test_home_states_the_measured_quality_of_the_shipped_model(artifacts: Path) -> None:
    assert "400 photos that it had never seen" in words(visit(HOME))
    assert "ρ = 0.66 (95 % interval 0.60 to 0.71)" in words(visit(HOME))


def test_home_names_a_damaged_evaluation_and_stays_up(artifacts: Path) -> None:
    replace(artifacts / "evaluations" / "resnet50-scenes.json", "{")
    app = visit(HOME)
    assert len(app.error) == 1
    assert "resnet50\\-scenes\\.json" in app.error[0].value
    assert "What score does my photo get?" in words(app)


def test_home_shows_a_photo_whose_score_moves(artifacts: Path) -> None:
    box = Rect(100, 30, 160, 100)
    showcase.write(showcase.Showcase("resnet50", "astronaut", "faces", "mean", box, 0.746, 0.702), artifacts)
    app = visit(HOME)
    assert [metric.value for metric in app.metric] == ["0.746"]
    app.toggle(key="showcase").set_value(True)
    sound(app.run())
    assert [(metric.value, metric.delta) for metric in app.metric] == [("0.702", "−0.044")]


def test_home_leads_to_every_page_and_explains_its_words(artifacts: Path) -> None:
    box = Rect(100, 30, 160, 100)
    showcase.write(showcase.Showcase("resnet50", "astronaut", "faces", "mean", box, 0.746, 0.702), artifacts)
    make_aggregates(write_study(artifacts / "studies" / "reference", n=120, fills=("mean",)))
    app = visit(HOME)
    said = words(app)
    assert "The **score** is the share of people who" in said
    assert "**SD** is the spread" in said
    assert "two rival **accounts**" in said
    linked = [link.proto.page for link in app.get("page_link")]
    for page in layout.PAGES[1:]:
        assert linked.count(Path(page.file).stem) == 2, f"{page.label}: in the menu and below its question"


def test_home_names_a_damaged_example_and_stays_up(artifacts: Path) -> None:
    (artifacts / showcase.FILE).write_text("{")
    app = visit(HOME)
    assert "core showcase" in app.error[0].value
    assert "What score does my photo get?" in words(app)
