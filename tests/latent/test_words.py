"""The answer as a person would give it."""

from __future__ import annotations

import pytest

from core.latent.atlas import KEPT_OUT, MapAnswer, SpaceResult
from core.latent.words import plain_answer


@pytest.mark.parametrize(
    ("r2", "p", "morans_p", "said"),
    [
        (0.30, 0.001, 0.001, "yes"),
        (0.03, 0.001, 0.001, "hardly"),
        (0.30, 0.001, 0.400, "hardly"),
        (0.01, 0.400, 0.400, "not that two tests could tell"),
    ],
)
def test_both_tests_and_a_share_worth_naming_make_a_yes(r2: float, p: float, morans_p: float, said: str) -> None:
    row = SpaceResult("learned", "human", KEPT_OUT, 400, r2, 0.0, p, 0.1, 0.0, morans_p)
    assert plain_answer(MapAnswer((row,), (), ())) == f"By what the model learned: {said}."


def test_without_human_scores_nothing_is_claimed() -> None:
    assert plain_answer(MapAnswer((), (), ())) == "This could not be tested on these photos."
