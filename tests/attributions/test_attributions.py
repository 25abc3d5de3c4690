"""Attribution methods on a model whose every place is known: they find it, agree with captum, and leave no trace."""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import numpy as np
import pytest
import torch
from captum.attr import (
    GradientShap,
    GuidedBackprop,
    IntegratedGradients,
    LayerGradCam,
    LayerGradientXActivation,
    NoiseTunnel,
    Occlusion,
    Saliency,
)
from torch import nn

from core import inference
from core.attributions.common import background
from core.errors import AttributionError
from core.inference import Predictor
from core.photos import preprocess
from core.photos.preprocess import Preset
from core.registry import ATTRIBUTIONS, MODELS
from core.types import Heatmap
from tests.conftest import draw_photo
from tests.helpers.patch import PATCH, REFUSED, SIDE, nine_squares, patch_predictor

METHODS = [entry.id for entry in ATTRIBUTIONS if not entry.facts["baseline"]]
SIGNED = [entry.id for entry in ATTRIBUTIONS if entry.facts["signed"]]
BASELINES = [entry.id for entry in ATTRIBUTIONS if entry.facts["baseline"]]
PLAIN = {"smooth": 0.0}
HOOKS = ("_forward_hooks", "_forward_pre_hooks", "_backward_hooks", "_backward_pre_hooks")


def explain(method: str, predictor: Predictor, photo: np.ndarray, **settings: object) -> Heatmap:
    return ATTRIBUTIONS[method].function(predictor, photo, **settings)


def in_the_patch(found: Heatmap) -> float:
    """Mean value in the patch in units of the mean magnitude elsewhere."""
    elsewhere = np.ones((SIDE, SIDE), bool)
    elsewhere[PATCH] = False
    return float(found.values[PATCH].mean() / np.abs(found.values[elsewhere]).mean())


def small_predictor(seed: int = 0) -> Predictor:
    torch.manual_seed(seed)
    return Predictor("small", MODELS["scene_cnn"].function().eval(), Preset(SIDE, SIDE), {})


@pytest.mark.parametrize("method", METHODS)
def test_every_method_finds_the_patch_that_makes_the_score(method: str) -> None:
    found = explain(method, patch_predictor(), nine_squares())
    assert in_the_patch(found) > 3
    rows, columns = PATCH
    row, column = np.unravel_index(found.values.argmax(), found.values.shape)
    assert rows.start <= row < rows.stop
    assert columns.start <= column < columns.stop


@pytest.mark.parametrize("method", BASELINES)
def test_no_baseline_finds_it(method: str) -> None:
    assert in_the_patch(explain(method, patch_predictor(), nine_squares())) < 2


@pytest.mark.parametrize("method", SIGNED)
def test_a_patch_that_lowers_the_score_comes_out_negative(method: str) -> None:
    found = explain(method, patch_predictor(-1), nine_squares())
    assert found.signed
    assert in_the_patch(found) < -3
    assert found.values.min() == -1


@pytest.mark.parametrize("method", ["grad_cam_plus_plus", "layer_cam", "guided_backpropagation"])
def test_a_method_of_raising_parts_says_nothing_of_a_lowering_patch(method: str) -> None:
    found = explain(method, patch_predictor(-1), nine_squares())
    assert not found.values.any()
    assert found.peak == 0


@pytest.mark.parametrize("method", [entry.id for entry in ATTRIBUTIONS])
@pytest.mark.parametrize("kind", ["black", "white", "one colour", "letterboxed", "tiny"])
def test_photos_without_content_give_finite_maps(method: str, kind: str) -> None:
    plain = {"black": 0, "white": 255, "one colour": 90}
    photo = np.full((30, 40, 3), plain.get(kind, 0), np.uint8)
    if kind == "letterboxed":
        photo[10:20] = draw_photo(1, 10, 40)
    if kind == "tiny":
        photo = draw_photo(1, 2, 3)
    for predictor in (small_predictor(), patch_predictor()):
        found = explain(method, predictor, photo)
        assert found.values.shape == photo.shape[:2]
        assert found.values.dtype == np.float32
        assert np.isfinite(found.values).all()
        assert np.isfinite(found.peak)


@pytest.mark.parametrize("kind", ["mean", "black", "blur"])
def test_integrated_gradients_add_up_to_the_difference(kind: str) -> None:
    predictor, photo = small_predictor(), draw_photo(3, SIDE, SIDE)
    found = explain("integrated_gradients", predictor, photo, steps=100, background_of=kind, **PLAIN)
    before, after = predictor.score([photo, background(photo, kind)])
    assert float((found.values * found.peak).sum()) == pytest.approx(before - after, abs=2e-4)


def test_numbers_are_captums() -> None:
    predictor, photo = small_predictor(), draw_photo(3, SIDE, SIDE)
    batch = preprocess.to_batch([photo], predictor.preset)
    module = predictor.module
    cam = LayerGradCam(module, module.layer4).attribute(batch)
    _same(explain("grad_cam", predictor, photo), cam.numel() * _enlarged(cam))
    layer = LayerGradientXActivation(module, module.layer4).attribute(batch).clamp(min=0).sum(dim=1, keepdim=True)
    _same(explain("layer_cam", predictor, photo), layer.numel() * _enlarged(layer).clip(min=0))
    start = preprocess.to_batch([background(photo, "mean")], predictor.preset)
    wanted = IntegratedGradients(module).attribute(batch, start, n_steps=20)
    _same(explain("integrated_gradients", predictor, photo, **PLAIN), wanted[0].sum(dim=0).detach().numpy())


def test_occlusion_is_captums() -> None:
    predictor, photo = patch_predictor(), nine_squares()
    batch, hidden = (preprocess.to_batch([item], predictor.preset) for item in (photo, background(photo, "blur")))
    wanted = Occlusion(predictor.module).attribute(batch, (3, 13, 13), (3, 6, 6), baselines=hidden)
    _same(explain("occlusion", predictor, photo), wanted[0].sum(dim=0).detach().numpy())


@pytest.fixture
def drawing() -> Iterator[None]:
    """Captum draws from the global generators: started at 0, and put back."""
    kept = np.random.get_state()
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        np.random.seed(0)
        yield
        np.random.set_state(kept)


@pytest.mark.usefixtures("drawing")
@pytest.mark.parametrize("noise", [0.0, 0.05])
def test_gradient_shap_is_captums(noise: float) -> None:
    predictor, photo = small_predictor(), draw_photo(3, SIDE, SIDE)
    places = np.random.default_rng(0).integers(0, SIDE * SIDE, 16)
    plain = [np.broadcast_to(colour, photo.shape).copy() for colour in photo.reshape(-1, 3)[places]]
    starts, batch = (preprocess.to_batch(squares, predictor.preset) for squares in (plain, [photo]))
    torch.manual_seed(0)
    wanted = GradientShap(predictor.module).attribute(batch, starts, n_samples=8, stdevs=noise)
    found = explain("gradient_shap", predictor, photo, samples=8, noise=noise, **PLAIN)
    _same(found, wanted[0].sum(dim=0).detach().numpy())


@pytest.mark.usefixtures("drawing")
def test_smooth_grad_is_captums() -> None:
    predictor, photo = small_predictor(), draw_photo(3, SIDE, SIDE)
    batch, tunnel = preprocess.to_batch([photo], predictor.preset), NoiseTunnel(Saliency(predictor.module))
    torch.manual_seed(0)
    wanted = tunnel.attribute(batch, nt_samples=16, nt_samples_batch_size=8, stdevs=0.1, abs=True)
    _same(explain("smooth_grad", predictor, photo, noise=0.1, **PLAIN), wanted[0].sum(dim=0).numpy())


def test_guided_backpropagation_is_captums() -> None:
    predictor, photo = small_predictor(), draw_photo(3, SIDE, SIDE)
    batch = preprocess.to_batch([photo], predictor.preset).requires_grad_()
    wanted = GuidedBackprop(predictor.module).attribute(batch).abs()
    _same(explain("guided_backpropagation", predictor, photo, **PLAIN), wanted[0].sum(dim=0).numpy())


@pytest.mark.parametrize("method", ["gradient_shap", "smooth_grad", "guided_backpropagation"])
def test_visitors_of_two_models_do_not_disturb_each_other(method: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """What one process has once, such as its generators and filters of warnings, no method touches."""
    predictors, photo = [small_predictor(seed) for seed in (0, 1)], draw_photo(3, SIDE, SIDE)
    alone = [explain(method, predictor, photo).values for predictor in predictors]
    for module, name in ((torch, "manual_seed"), (np.random, "seed"), (np.random, "set_state")):
        monkeypatch.setattr(module, name, _refused)
    monkeypatch.setattr("warnings.catch_warnings", _refused)
    before = torch.get_rng_state(), np.random.get_state()[1].copy(), list(warnings.filters)
    meet = Barrier(2)

    def visit(number: int) -> np.ndarray:
        meet.wait()
        return explain(method, predictors[number], photo).values

    with ThreadPoolExecutor(2) as visitors:
        for _ in range(3):
            for found, wanted in zip(visitors.map(visit, (0, 1)), alone, strict=True):
                np.testing.assert_array_equal(found, wanted)
    assert torch.equal(torch.get_rng_state(), before[0])
    np.testing.assert_array_equal(np.random.get_state()[1], before[1])
    assert warnings.filters == before[2]


def _refused(*_: object, **__: object) -> None:
    raise AssertionError("this is shared by all threads")


@pytest.mark.parametrize("method", METHODS)
def test_other_weights_give_another_map(method: str) -> None:
    photo = draw_photo(3, SIDE, SIDE)
    first, again, other = (explain(method, small_predictor(seed), photo).values for seed in (0, 0, 1))
    np.testing.assert_array_equal(first, again)
    assert np.corrcoef(first.ravel(), other.ravel())[0, 1] < 0.95


@pytest.mark.parametrize("method", [entry.id for entry in ATTRIBUTIONS])
def test_nothing_is_left_behind_by_eight_visitors_half_of_whom_fail(method: str) -> None:
    predictor = patch_predictor()
    predictor.module.head.weight.requires_grad_(False)
    predictor.module.layer4.train()
    flags = [weight.requires_grad for weight in predictor.module.parameters()]
    good, bad = nine_squares(), np.full((SIDE, SIDE, 3), REFUSED, np.uint8)
    wanted = explain(method, predictor, good).values

    def visit(number: int) -> bool:
        if number % 2:
            with pytest.raises(RuntimeError, match="in the middle of a pass"):
                explain(method, predictor, bad)
            return True
        return bool(np.allclose(explain(method, predictor, good).values, wanted, atol=1e-5))

    with ThreadPoolExecutor(8) as visitors:
        assert all(visitors.map(visit, range(8)))
    assert not any(getattr(part, kind) for part in predictor.module.modules() for kind in HOOKS)
    assert [weight.requires_grad for weight in predictor.module.parameters()] == flags
    assert all(weight.grad is None for weight in predictor.module.parameters())
    assert predictor.module.layer4.training
    assert not predictor.module.training


@pytest.fixture(scope="module")
def resnet() -> Predictor:
    torch.manual_seed(0)
    return Predictor("resnet50", MODELS["resnet50"].function().eval(), Preset(SIDE, SIDE), {})


FEW = {"rise": {"masks": 16}, "occlusion": {"window": 0.5}, "integrated_gradients": {"steps": 5}}
FEW |= {"gradient_shap": {"samples": 4}, "smooth_grad": {"samples": 4}}
"""Fewer passes than a map needs that is to be looked at."""


def plain_photos() -> dict[str, np.ndarray]:
    """Photos without content, or with content in a strip alone."""
    letterboxed = np.zeros((SIDE, SIDE, 3), np.uint8)
    letterboxed[20:44] = draw_photo(1, 24, SIDE)
    return {"flat": np.zeros_like(letterboxed), "letterboxed": letterboxed, "one colour": letterboxed * 0 + 90}


@pytest.mark.parametrize("method", [entry.id for entry in ATTRIBUTIONS])
def test_the_real_network_gives_finite_maps_of_photos_without_content_and_keeps_no_hook(
    method: str, resnet: Predictor
) -> None:
    for kind, photo in plain_photos().items():
        found = explain(method, resnet, photo, **FEW.get(method, {}))
        assert np.isfinite(found.values).all(), kind
        assert np.isfinite(found.peak), kind
        assert found.values.shape == photo.shape[:2]
        assert np.abs(found.values).max() in (0, 1)
        if kind == "letterboxed":
            assert found.values.any()
    assert not any(getattr(part, kind) for part in resnet.module.modules() for kind in HOOKS)
    assert all(weight.requires_grad and weight.grad is None for weight in resnet.module.parameters())
    assert not any(part.training for part in resnet.module.modules())


class TwoBranches(nn.Module):
    """Two patches, each seen by a branch of its own, with maps of different sizes."""

    def __init__(self) -> None:
        super().__init__()
        self.first, self.second = nn.AvgPool2d(4), nn.AvgPool2d(8)
        self.weight = nn.Parameter(torch.ones(2))
        near, far = torch.zeros(SIDE, SIDE), torch.zeros(SIDE, SIDE)
        near[:16, :16], far[PATCH] = 1, 1
        self.register_buffer("windows", torch.stack([near, far]))

    def last_maps(self) -> tuple[nn.Module, ...]:
        return self.first, self.second

    def forward(self, batch: torch.Tensor) -> torch.Tensor:
        near = self.first(batch * self.windows[0]).mean(dim=(1, 2, 3))
        far = self.second(batch * self.windows[1]).mean(dim=(1, 2, 3))
        return self.weight[0] * near + self.weight[1] * far


@pytest.mark.parametrize("method", ["grad_cam", "grad_cam_plus_plus", "layer_cam"])
def test_both_branches_of_a_model_count(method: str) -> None:
    found = explain(method, Predictor("two", TwoBranches().eval(), Preset(SIDE, SIDE), {}), nine_squares())
    assert found.values[4:12, 4:12].mean() > 0.3
    assert found.values[44:52, 44:52].mean() > 0.3
    assert np.abs(found.values[20:36, 20:36]).mean() < 0.1


def test_a_cam_of_two_branches_adds_up_to_what_both_give() -> None:
    predictor = Predictor("two", TwoBranches().eval(), Preset(SIDE, SIDE), {})
    found = explain("grad_cam", predictor, nine_squares())
    assert float((found.values * found.peak).mean()) == pytest.approx(found.score, rel=0.05)


def test_a_model_without_maps_is_refused_in_one_sentence() -> None:
    with pytest.raises(AttributionError, match="nor a layer4"):
        explain(
            "grad_cam", Predictor("flat", nn.Sequential(nn.Flatten(), nn.Linear(3, 1)), Preset(1, 1), {}), draw_photo()
        )


def test_resmem_shows_both_branches_and_says_what_guided_backpropagation_misses() -> None:
    pytest.importorskip("resmem", reason="the published model is an optional package")
    predictor, photo = inference.load("resmem"), draw_photo(1, 60, 80)
    assert len(predictor.module.last_maps()) == 2
    found = explain("grad_cam", predictor, photo)
    assert found.values.any()
    assert np.isfinite(found.values).all()
    assert "AlexNet-like branch" in explain("guided_backpropagation", predictor, photo).note


def _enlarged(cam: torch.Tensor) -> np.ndarray:
    import cv2

    return cv2.resize(cam[0, 0].detach().numpy(), (SIDE, SIDE), interpolation=cv2.INTER_LINEAR)


def _same(found: Heatmap, wanted: np.ndarray, within: float = 1e-5) -> None:
    assert np.abs(wanted).max() > 0
    np.testing.assert_allclose(found.values * found.peak, wanted, atol=within * float(np.abs(wanted).max()))
