"""What matters most is found where it is, on a model that reads brightness."""

from __future__ import annotations

import numpy as np
import pytest

from core.inference import Predictor
from core.paint import occlusion_search, region_effect
from tests.helpers.brightness import scene


def test_what_matters_is_found_where_it_is(bright: Predictor) -> None:
    photo, square = scene()
    photo[150:230, 20:90] = 0
    how = region_effect.treatment(fill="mean")
    score = region_effect.paint(bright, photo, square, how).score
    *steps, last = occlusion_search.occlusion_search(bright, photo, how, score)
    assert [step.done for step in steps] == sorted({step.done for step in steps})
    assert all(step.lowers is None and not step.finished for step in steps)
    assert last.finished
    assert last.lowers is not None
    assert last.raises is not None
    assert (last.lowers.mask & square).sum() > 0.8 * square.sum()
    assert last.raises.mask[150:230, 20:90].mean() > 0.8
    assert last.lowers.delta == pytest.approx(region_effect.paint(bright, photo, last.lowers.mask, how).delta, abs=1e-6)
    assert last.map[60, 190] == last.map.min()
    *_, kept = occlusion_search.occlusion_search(
        bright, photo, region_effect.treatment(fill="mean", direction="keep"), score
    )
    assert kept.lowers is not None
    assert kept.lowers.delta == last.lowers.delta  # what matters is what is missed, whatever the page does at the time


def test_where_nothing_raises_the_score_nothing_is_named(bright: Predictor) -> None:
    photo = np.full((256, 256, 3), 100, np.uint8)
    *_, last = occlusion_search.occlusion_search(bright, photo, region_effect.treatment(fill="mean"), 100 / 255)
    assert last.finished
    assert not (last.map > 1e-6).any()


def test_a_search_that_nobody_waits_for_stops(bright: Predictor) -> None:
    search = occlusion_search.occlusion_search(bright, scene()[0], region_effect.treatment(), 0.1)
    next(search)
    search.close()
    assert len(bright.module.batches) == 1


def test_windows_cover_every_pixel() -> None:
    for size in ((256, 256), (256, 700), (300, 256)):
        assert np.any(occlusion_search.windows(*size), axis=0).all()
