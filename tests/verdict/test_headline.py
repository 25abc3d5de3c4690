"""The headline: at most 30 words, no jargon, nine rows with what decided; and its figure."""

from __future__ import annotations

import itertools
import json
from dataclasses import replace

import pytest

from core.config import SESOI
from core.effects import effects
from core.study import reading
from core.verdict.headline import NO_MORE, WORDS, Headline, headline, headline_lines, headline_sentence, reading_words
from core.verdict.plots import nine_rows
from core.verdict.records import Gate, Verdict
from core.verdict.verdict import judge
from core.verdict.words import verdict_from_json, verdict_json
from tests.helpers import planted


@pytest.fixture(scope="module")
def found(tmp_path_factory: pytest.TempPathFactory) -> Verdict:
    """People and sharpness lower the score, texture raises it."""
    folder = planted.write_study(
        tmp_path_factory.mktemp("headline") / "study",
        n=220,
        protocol=2,
        fills=("mean", "blur", "inpaint"),
        surrounds=("blur", "inpaint"),
        effects={"people_removed": -0.8, "blur": -0.5, "texture": 0.5},
        settings={"thinning": {}},
    )
    study = reading.read_study(folder)
    return judge(study, effects.effect_tables(study))


@pytest.fixture(scope="module")
def made(found: Verdict) -> Headline:
    return headline(found)


def test_the_headline_names_what_lowers_and_raises_the_score(made: Headline) -> None:
    assert made.sentence.startswith("Taking people and sharpness away lowers the score; taking texture away raises it")
    assert len(made.sentence.split()) <= WORDS


def test_every_mix_of_readings_has_a_sentence_that_is_short_enough(found: Verdict) -> None:
    words = ("drop", "rise", "negligible", "unresolved", "not testable")
    for mix in itertools.product(words, repeat=3):
        kinds = itertools.cycle(mix)
        rows = tuple(replace(row, reading=next(kinds)) for row in found.readings)
        said = headline_sentence(replace(found, readings=rows))
        assert len(said.split()) <= WORDS, said
        assert said.endswith(".")


def test_a_background_that_does_nothing_by_itself_is_not_called_like_any_region(found: Verdict) -> None:
    (row,) = (item for item in found.readings if item.row == "background_removed")
    alike = replace(row, reading="negligible", equivalence_p=0.01)
    assert reading_words(alike) == "no more than any other region of its size"
    by_itself = replace(alike, equivalence_p=1.0)  # the comparison shows an effect, the plain difference does not
    assert reading_words(by_itself) == "too little to matter"
    others = tuple(
        replace(item, reading="drop" if item.row == "grayscale" else "unresolved") for item in found.readings
    )
    rows = tuple(by_itself if item.row == row.row else item for item in others)
    said = headline_sentence(replace(found, readings=rows))
    assert said == "Taking colour away lowers the score; taking the background away does not."


def test_what_could_not_be_tested_is_not_called_without_an_effect(found: Verdict) -> None:
    rows = tuple(
        replace(row, reading="negligible" if row.row in ("texture", "blur") else "not testable")
        for row in found.readings
    )
    said = headline_sentence(replace(found, readings=rows))
    assert said == "Nothing that could be tested clearly changes the score; what could not be tested stays open."


def test_beside_an_effect_it_is_said_that_other_things_could_not_be_tested(found: Verdict) -> None:
    things = [row.row for row in found.readings if row.outcome == "excess"]
    rows = tuple(
        replace(row, reading={"grayscale": "drop", "texture": "negligible"}.get(row.row, "unresolved"))
        if row.row not in things else replace(row, reading="not testable")
        for row in found.readings
    )  # fmt: skip
    assert headline_sentence(replace(found, readings=rows)) == (
        "Taking colour away lowers the score; taking texture away does not; faces, people, the main object, text and "
        "the background could not be tested."
    )
    many = tuple(replace(row, reading="drop") if row.row in ("texture", "blur", "centre_crop") else row for row in rows)
    assert headline_sentence(replace(found, readings=many)) == (
        "Taking the surroundings, colour, texture and sharpness away lowers the score; faces, people, the main object, "
        "text and the background could not be tested."
    )
    faces = {"faces_removed": "negligible", "texture": "unresolved"}
    few = tuple(replace(row, reading=faces.get(row.row, row.reading)) for row in rows)
    assert headline_sentence(replace(found, readings=few)) == (
        "Taking colour away lowers the score; taking faces away does no more than taking away any other region of its "
        "size; 4 other things could not be tested."
    )


def test_where_there_are_words_left_any_region_is_one_of_its_size(found: Verdict) -> None:
    rows = tuple(
        replace(row, reading={"grayscale": "drop", "faces_removed": "negligible"}.get(row.row, "unresolved"))
        for row in found.readings
    )
    assert headline_sentence(replace(found, readings=rows)) == (
        "Taking colour away lowers the score; taking faces away does no more than taking away any other region of its "
        "size."
    )


def test_a_failed_gate_is_said_plainly(found: Verdict) -> None:
    said = headline_sentence(replace(found, gate=Gate("failed", None, 100)))
    assert said.startswith("No verdict: the model's scores agree too little with people's")


def test_the_nine_rows_say_what_they_rest_on(made: Headline) -> None:
    rows = {row.row: row for row in made.rows}
    assert len(rows) == 9
    people = rows["people_removed"]
    assert (people.words, people.said, people.control) == ("People taken away", "lowers the score", "hosted")
    assert [(mark.fill, mark.decides) for mark in people.fills] == [("blur", True), ("inpaint", True), ("mean", False)]
    assert people.n == people.eligible > 60
    assert people.fills[0].placed.estimate == pytest.approx(-0.8, abs=0.1)
    assert rows["text_removed"].said == NO_MORE
    assert rows["grayscale"].said == "too little to matter"
    assert rows["blur"].expected[1] == "larger than every semantic drop"


def test_a_fill_outside_the_band_is_explained_where_its_row_is_negligible(made: Headline) -> None:
    row = next(row for row in made.rows if row.row == "text_removed")
    assert row.explained == ""
    far = replace(row.fills[-1], estimate=replace(row.estimate, estimate=2 * SESOI))
    assert replace(row, fills=(*row.fills[:-1], far)).explained == (
        "mean leaves a trace of its own, and does not decide"
    )


def test_the_lines_for_a_terminal(made: Headline) -> None:
    text = headline_lines(made)
    assert text[0] == made.sentence
    assert sum("taken away" in line for line in text) == 9
    assert any("under blur and inpaint" in line for line in text)


def test_the_figure_has_a_mark_a_row_the_band_and_both_predictions(made: Headline) -> None:
    figure = nine_rows(made)
    estimates = [trace for trace in figure.data if trace.mode == "markers"]
    assert sum(len(trace.x) for trace in estimates) == sum(row.reading != "not testable" for row in made.rows)
    lowering = next(trace for trace in estimates if trace.name == "lowers the score")
    people = next(row for row in made.rows if row.row == "people_removed")
    assert people.estimate.estimate in lowering.x
    assert any(shape.x0 == -SESOI and shape.x1 == SESOI for shape in figure.layout.shapes)
    letters = {trace.text[0] for trace in figure.data if trace.mode == "text"}
    assert letters == {"A", "B"}
    assert list(figure.layout.yaxis.ticktext)[-1] == "Faces"
    sharpness = [row.row for row in made.rows[::-1]].index("blur")
    ((a,), (b,)) = (
        [x for x, y in zip(trace.x, trace.y, strict=True) if round(y) == sharpness]
        for trace in figure.data if trace.mode == "text"
    )  # fmt: skip
    assert b < people.estimate.estimate < a < 0  # larger than every semantic drop, or no larger than the largest


def test_what_the_headline_needs_survives_json(found: Verdict, made: Headline) -> None:
    again = verdict_from_json(json.loads(json.dumps(verdict_json(found), allow_nan=False)))
    assert headline(again).sentence == made.sentence
    assert again.artefacts == found.artefacts
    assert again.orders == found.orders
    old = verdict_json(found)
    for name in ("protocol", "artefacts", "orders"):
        del old[name]
    assert verdict_from_json(old).protocol == 1


def test_the_found_order_stands_beside_the_predicted_one(found: Verdict) -> None:
    first, second = found.orders
    assert (first.account, first.found[0]) == ("A", "people_removed")
    assert first.predicted == ("faces_removed", "people_removed", "salient_removed", "text_removed")
    assert second.found[0] == "semantic content"
    assert list(first.sizes) == sorted(first.sizes, reverse=True)
    assert -1 <= first.rho.low <= first.rho.estimate <= first.rho.high <= 1
