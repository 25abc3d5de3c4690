"""What is said of heatmaps: which are not randomised, and which beat the baselines."""

from __future__ import annotations

from dataclasses import replace

from core.trust import reports, words


def test_slow_methods_and_baselines_say_why_no_weights_are_randomised() -> None:
    slow, baseline = words.not_randomised({"RISE": 200}, ["Edge map"])
    assert slow.endswith("once more for every layer of the model: RISE (200 passes).")
    assert baseline.endswith("stay the same: Edge map.")
    assert words.not_randomised({}, []) == []


def test_what_is_said_of_a_method_that_beats_nothing() -> None:
    from core.types import Interval

    poor = reports.BaselineComparison("RISE", 80, "Edge map", Interval(-0.001, -0.004, 0.002))
    assert words.against_baselines(poor) == (
        "RISE does not beat the baselines on this model (on 80 photos; gain over the best baseline (Edge map): "
        "−0.001 [−0.004, +0.002]): do not read it as an explanation."
    )


def test_too_few_photos_leave_open_whether_a_method_beats_the_baselines() -> None:
    from core.types import Interval

    few = reports.BaselineComparison("RISE", 19, "Edge map", Interval(0.002, 0.001, 0.004))
    assert words.against_baselines(few) == (
        "Whether RISE beats the baselines on this model is open: too few photos (on 19 photos; gain over the best "
        "baseline (Edge map): +0.002 [+0.001, +0.004])."
    )
    assert words.against_baselines(replace(few, n=20)).startswith("RISE beats every baseline")
