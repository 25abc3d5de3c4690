"""A set's summary: mean curves, agreements, and maps of random weights."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from core.registry import ATTRIBUTIONS
from core.trust import over_set, reports
from core.trust.randomisation import cascading_randomisation
from core.trust.summary import summarise
from tests.conftest import draw_photo
from tests.helpers.patch import FALSE, SIDE, TRUE, patch_predictor
from tests.trust.test_over_set import HOW, listing

pytestmark = pytest.mark.usefixtures("small")


def test_a_set_has_mean_curves_agreements_and_maps_of_random_weights(tmp_path: Path) -> None:
    how = replace(HOW, methods=(TRUE, "layer_cam", FALSE))
    over_set.run(patch_predictor(), listing(4), how, tmp_path)
    rows = over_set.rows(tmp_path)
    table = summarise(rows, "patch", "drawn").set_index(["method", "measure"])
    for method in how.methods:
        curve = table.loc[method].filter(like="removed ", axis=0)
        lowest = (curve["value"] - curve["over"]).to_numpy()
        shares = curve.index.str.extract(r"(\d+)%")[0].astype(float) / 100
        area = float(np.trapezoid(lowest, shares) - np.trapezoid(curve["value"], shares))
        assert area == pytest.approx(table.loc[method, "gain"]["value"])
        assert set(curve["compared"]) == {"lowest first"}
    assert table.loc[TRUE, "agreement"]["value"] > 0.9, "both find the patch"
    assert table.loc[TRUE, "agreement"]["over"] > 0.5
    assert table.loc[TRUE, "agreement"]["compared"] == "baselines"
    assert np.isnan(table.loc[FALSE, "agreement"]["over"]), "there is no other baseline"
    random = reports.staged(table.reset_index(), reports.RANDOMISED)
    assert set(random["method"]) == {TRUE, "layer_cam"}, "a baseline knows no weights"
    assert list(random["stage"].unique()) == ["head", "layer4"]
    predictor, photo = patch_predictor(), draw_photo(0, SIDE, SIDE)
    first = list(
        cascading_randomisation(predictor, photo, ATTRIBUTIONS[TRUE].function(predictor, photo), seed=how.seed)
    )
    own = rows[(rows["photo_id"] == "0") & (rows["method"] == TRUE)].set_index("measure")["value"]
    assert [own[f"randomised {stage.stage}"] for stage in first] == pytest.approx([stage.agreement for stage in first])
    shares = table.reset_index()["measure"]
    assert set(shares[reports.is_share(shares)]) == set(over_set.PLACES)
