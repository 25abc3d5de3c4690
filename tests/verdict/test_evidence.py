"""What a chart of the decision rows shows of a study by protocol 2: every fill, and which of them decide."""

from __future__ import annotations

import dataclasses

import pytest

from core.effects import plots
from core.effects.plots import MEASURES
from core.effects.table import CONFIRMATORY
from core.verdict import evidence
from core.verdict.aggregates import Aggregates
from core.verdict.aggregation import make_aggregates
from core.verdict.chart_rows import EXPLAINED, starred
from tests.helpers import planted

FILLS = ("mean", "blur", "inpaint")


@pytest.fixture(scope="module")
def found(tmp_path_factory: pytest.TempPathFactory) -> Aggregates:
    """Faces lower the score; text does too, but no more than the same mask on hosts; mean colour decides nothing."""
    folder = tmp_path_factory.mktemp("evidence") / "study"
    return make_aggregates(
        planted.write_study(
            folder,
            n=200,
            protocol=2,
            fills=FILLS,
            rows=["faces_removed", "text_removed", "background_removed", "grayscale"],
            effects={"faces_removed": -1.0, "text_removed": -0.6},
            hosted={"text_removed": -0.6},
        )
    )


def test_fills_that_do_not_decide_stand_on_the_row_of_those_that_do(found: Aggregates) -> None:
    rows = evidence.decision_effects(found)
    faces = rows[rows["decision"] == "faces_removed"].set_index("fill")
    assert faces["decides"].to_dict() == {"mean": False, "blur": True, "inpaint": True}
    assert (faces["family"] == CONFIRMATORY).to_dict() == {"mean": False, "blur": True, "inpaint": True}
    assert faces.loc["mean", "said"].startswith("does not decide: ")
    assert faces.loc["mean", "title"] == "Faces removed (fill: mean colour)"
    assert "Holm p" in faces.loc["blur", "said"]
    assert "Holm p" not in faces.loc["mean", "said"]
    figure = plots.bars(rows, MEASURES["shift"], 0.01)
    on_faces = {
        trace.name: [x for x, y in zip(trace.x, trace.y, strict=True) if y == "Faces removed"]
        for trace in figure.data if trace.name
    }  # fmt: skip
    assert [len(on_faces[name]) for name in (plots.DECIDING, plots.OTHERS, plots.COMPARED)] == [2, 1, 2]


def test_lists_of_p_values_hold_what_decides_alone(found: Aggregates) -> None:
    assert set(evidence.chosen_effects(found, confirmatory=True)["family"]) == {CONFIRMATORY}
    assert CONFIRMATORY not in set(evidence.chosen_effects(found, confirmatory=False)["family"])


def test_a_bar_that_leaves_the_band_though_its_row_is_negligible_has_a_star_and_its_reason(found: Aggregates) -> None:
    rows, (reason,) = starred(evidence.decision_effects(found), found)
    assert reason.startswith("Text: the score moves by ")
    assert "no more than any other region of its size" in reason
    with_star = {row for row, group in zip(rows["decision"], rows["group"], strict=True) if group.endswith(EXPLAINED)}
    assert with_star == {"text_removed"}
    others = evidence.chosen_effects(found, confirmatory=False)
    same, none = starred(others, found)
    assert (list(same["group"]), none) == (list(others["group"]), [])


def test_where_nothing_decides_no_mark_is_solid(found: Aggregates) -> None:
    """One fill of small artefact is no decision: what could not be tested must not look as if it were."""
    family = found.effects["family"].where(found.effects["mask"].isna(), "exploratory")
    alone = dataclasses.replace(found, effects=found.effects.assign(family=family))
    rows = evidence.decision_effects(alone)
    regions = rows[rows["mask"].notna()]
    assert len(regions) == 9
    assert not regions["decides"].any()
    assert regions["said"].str.startswith("does not decide: ").all()
    figure = plots.bars(rows, MEASURES["shift"], 0.01)
    (compared,) = (trace for trace in figure.data if trace.name == plots.COMPARED)
    assert "Faces removed" in compared.y, "its controls are shown all the same"


def test_a_study_without_effects_has_an_empty_chart(found: Aggregates) -> None:
    empty = dataclasses.replace(found, effects=found.effects.head(0), details=found.details.head(0))
    rows = evidence.decision_effects(empty)
    assert rows.empty
    assert starred(rows, empty)[1] == []


def test_keeping_the_salient_object_is_called_by_what_is_taken_away(found: Aggregates) -> None:
    rows = evidence.decision_effects(found)
    assert set(rows.loc[rows["decision"] == "background_removed", "group"]) == {"Background removed"}


def test_a_row_is_shown_under_the_fill_of_the_least_artefact(found: Aggregates) -> None:
    least = found.verdict.artefacts[0].fill
    conditions = evidence.row_conditions(found)
    assert {conditions[row].fill for row in ("faces_removed", "text_removed")} == {least}
    assert conditions["grayscale"].fill is None
