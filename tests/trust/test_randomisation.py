"""Random weights destroy a map that knows the model, and leave the model as it was."""

from __future__ import annotations

import pytest
import torch

from core.inference import Predictor
from core.photos.preprocess import Preset
from core.registry import ATTRIBUTIONS, MODELS
from core.trust.randomisation import cascading_randomisation, stages
from tests.conftest import draw_photo
from tests.helpers.patch import FALSE, SIDE, TRUE

pytestmark = pytest.mark.usefixtures("small")


def test_randomisation_changes_the_map_and_leaves_the_model_alone() -> None:
    torch.manual_seed(0)
    predictor = Predictor("small", MODELS["small_cnn"].function().eval(), Preset(SIDE, SIDE), {})
    before = {name: value.clone() for name, value in predictor.module.state_dict().items()}
    photo = draw_photo(3, SIDE, SIDE)
    found = ATTRIBUTIONS[TRUE].function(predictor, photo)
    made = list(cascading_randomisation(predictor, photo, found))
    assert [item.stage for item in made] == ["head", "layer4"]
    assert made[-1].agreement < 0.9
    assert all(torch.equal(value, before[name]) for name, value in predictor.module.state_dict().items())
    baseline = ATTRIBUTIONS[FALSE].function(predictor, photo)
    assert all(item.agreement == pytest.approx(1) for item in cascading_randomisation(predictor, photo, baseline))


def test_a_resnet_is_randomised_from_its_head_to_its_first_layer() -> None:
    with torch.device("meta"):
        module = MODELS["resnet50"].function()
    assert [name for name, _ in stages(module)] == [
        "head",
        *(f"trunk.layer{number}" for number in (4, 3, 2, 1)),
        "trunk.bn1",
        "trunk.conv1",
    ]
