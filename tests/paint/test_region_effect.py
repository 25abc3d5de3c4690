"""A painted region's worth, by hand on a model that reads brightness; controls, variants, search, replay, command."""

from __future__ import annotations

import base64
import io
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image
from torch import nn

from core import config
from core.__main__ import main
from core.errors import LabError, MaskError, MissingDependencyError, ParameterError, UnknownChoiceError
from core.inference import Predictor
from core.paint import occlusion_search, region_effect, replay
from core.paint.answer import UNTOLD
from core.photos import images
from core.photos.preprocess import Preset
from core.regions.placements import placements
from core.registry import ABLATIONS, FILLS
from core.sources import open_source
from tests.conftest import draw_photo


class Brightness(nn.Module):
    """The score is the mean brightness of the photo."""

    def __init__(self) -> None:
        super().__init__()
        self.unused = nn.Parameter(torch.zeros(1))
        self.batches: list[int] = []

    def forward(self, batch: torch.Tensor) -> torch.Tensor:
        self.batches.append(len(batch))
        return batch.mean(dim=(1, 2, 3))


@pytest.fixture
def bright() -> Predictor:
    return Predictor("small_cnn", Brightness(), Preset(256, 256), {})


def scene() -> tuple[np.ndarray, np.ndarray]:
    """A dark photo of 256 × 256 px with a white square of 64 px, and the square as a mask."""
    photo, mask = np.full((256, 256, 3), 20, np.uint8), np.zeros((256, 256), bool)
    mask[32:96, 160:224] = True
    photo[mask] = 255
    return photo, mask


def test_the_worth_of_a_region_is_what_arithmetic_says(bright: Predictor) -> None:
    photo, mask = scene()
    mean = round(255 / 16 + 20 * 15 / 16)
    done = region_effect.paint(bright, photo, mask, region_effect.treatment(fill="mean"))
    assert done.score == pytest.approx((255 / 16 + 20 * 15 / 16) / 255, abs=1e-5)
    assert done.ablated_score == pytest.approx((mean / 16 + 20 * 15 / 16) / 255, abs=1e-5)
    assert done.delta == pytest.approx((mean - 255) / 16 / 255, abs=1e-5)
    assert done.area == 1 / 16
    assert (done.photo[mask] == mean).all()
    assert (done.photo[~mask] == 20).all()
    assert (photo[mask] == 255).all()


def test_keep_only_replaces_everything_else(bright: Predictor) -> None:
    photo, mask = scene()
    done = region_effect.paint(bright, photo, mask, region_effect.treatment(fill="mean", direction="keep"))
    mean = round(255 / 16 + 20 * 15 / 16)
    assert done.area == 15 / 16
    assert done.delta == pytest.approx((mean - 20) * 15 / 16 / 255, abs=1e-5)


@pytest.mark.parametrize(("fill", "settings"), [("noise", {}), ("blur", {"sigma": 0.2}), ("grayscale", {})])
def test_it_is_the_studys_own_operator(bright: Predictor, fill: str, settings: dict[str, Any]) -> None:
    photo, mask = draw_photo(3, 256, 300), np.zeros((256, 300), bool)
    mask[40:90, 30:200] = True
    how = region_effect.treatment(settings, fill=fill, feather=0.02, seed=5)
    wanted = ABLATIONS["region"].function(photo, mask, settings, fill=fill, feather=0.02, seed=5)
    done = region_effect.paint(bright, photo, mask, how)
    assert (done.photo == wanted).all()
    assert done.ablated_score == bright.score([wanted])[0]


def test_a_mask_may_have_the_size_of_the_photo_or_of_its_working_copy(bright: Predictor) -> None:
    photo, mask = draw_photo(1, 768, 1024), np.zeros((768, 1024), bool)
    mask[300:600, 90:360] = True
    small = np.zeros((256, 341), bool)
    small[100:200, 30:120] = True
    big, little = (region_effect.paint(bright, photo, given, region_effect.treatment()) for given in (mask, small))
    assert big.area == pytest.approx(little.area, rel=0.02)
    assert big.delta == pytest.approx(little.delta, abs=2e-4)
    assert big.photo.shape == (256, 341, 3)


@pytest.mark.parametrize(
    ("mask", "reason"),
    [
        (np.zeros((256, 256), bool), "empty"),
        (np.ones((256, 256), bool), "whole photo"),
        (np.ones((100, 90), bool), "90 × 100"),
    ],
)
def test_masks_that_cannot_be_painted_are_refused(bright: Predictor, mask: np.ndarray, reason: str) -> None:
    with pytest.raises(MaskError, match=reason):
        region_effect.paint(bright, scene()[0], mask, region_effect.treatment())


@pytest.mark.parametrize(
    ("settings", "given", "error"),
    [
        ({}, {"fill": "glitter"}, UnknownChoiceError),
        ({}, {"fill": "region"}, UnknownChoiceError),
        ({"sigma": 9}, {"fill": "blur"}, ParameterError),
        ({"colour": 1}, {"fill": "mean"}, ParameterError),
        ({}, {"direction": "sideways"}, ParameterError),
        ({}, {"feather": float("nan")}, ParameterError),
        ({}, {"seed": 1e300}, ParameterError),
    ],
)
def test_treatments_name_what_is_allowed(settings: dict, given: dict, error: type[LabError]) -> None:
    with pytest.raises(error):
        region_effect.treatment(settings, **given)


def test_a_study_knows_the_usual_settings_and_a_hard_border() -> None:
    assert region_effect.as_studied(region_effect.treatment())
    assert region_effect.as_studied(region_effect.treatment(FILLS["blur"].arguments(), fill="blur", direction="keep"))
    assert not region_effect.as_studied(region_effect.treatment({"sigma": 0.2}, fill="blur"))
    assert not region_effect.as_studied(region_effect.treatment(feather=0.02))


def test_controls_are_the_same_shape_elsewhere(bright: Predictor) -> None:
    photo, mask = scene()
    how = region_effect.treatment(fill="mean")
    done = region_effect.paint(bright, photo, mask, how)
    found = list(region_effect.controls(bright, photo, mask, how, done.score, n=12))
    mean = round(255 / 16 + 20 * 15 / 16)
    assert found == pytest.approx([(mean - 20) / 16 / 255] * 12, abs=1e-5)
    assert region_effect.comparison(done.delta, found, "remove").startswith(
        "This region matters more than 12 of 12 regions"
    )


def test_controls_come_while_they_are_computed(bright: Predictor) -> None:
    photo, mask = scene()
    arriving = region_effect.controls(bright, photo, mask, region_effect.treatment(), 0.1)
    next(arriving)
    assert bright.module.batches == [region_effect.BATCH]
    assert len(list(arriving)) == region_effect.CONTROLS - 1


def test_controls_equal_each_placement_on_its_own(bright: Predictor) -> None:
    photo, mask = draw_photo(2, 256, 320), np.zeros((256, 320), bool)
    mask[100:150, 100:170] = True
    how = region_effect.treatment(fill="inpaint", direction="keep")
    score = float(bright.score([photo])[0])
    wanted = [
        region_effect.paint(bright, photo, place.mask, how).delta
        for place in placements(mask, n=6, seed=how.seed).items
    ]
    assert list(region_effect.controls(bright, photo, mask, how, score, n=6)) == pytest.approx(wanted, abs=1e-6)


def test_where_nothing_else_fits_there_is_no_control(bright: Predictor) -> None:
    mask = np.zeros((256, 256), bool)
    mask[:200] = True
    found = list(region_effect.controls(bright, scene()[0], mask, region_effect.treatment(), 0.1))
    assert found == []
    assert "no other place" in region_effect.comparison(-0.1, found, "remove")


@pytest.mark.parametrize(
    ("delta", "others", "direction", "sentence"),
    [
        (-0.3, [0.1, -0.4, 0.2], "remove", "This region matters more than 2 of 3 regions of the same size and shape."),
        (0.3, [0.3], "remove", "This region matters more than 0 of the 1 other region of the same size and shape."),
        (-0.1, [-0.2, 0.3, 0], "keep", "Keeping only this region moves the score less than keeping only 2 of 3"),
    ],
)
def test_the_comparison_is_one_plain_sentence(delta: float, others: list[float], direction: str, sentence: str) -> None:
    assert region_effect.comparison(delta, others, direction).startswith(sentence)


def test_every_registered_fill_is_tried(bright: Predictor) -> None:
    photo, mask = scene()
    found = list(
        region_effect.under_every_fill(bright, photo, mask, region_effect.treatment({"sigma": 0.1}, fill="blur"), 0.1)
    )
    assert [item.id for item in found] == [entry.id for entry in FILLS]
    for item in found:
        direct = region_effect.paint(bright, photo, mask, region_effect.treatment(fill=item.id), score=0.1)
        assert item.delta == pytest.approx(direct.delta, abs=1e-6)


def test_models_that_are_not_installed_say_so(bright: Predictor) -> None:
    def load(name: str) -> Predictor:
        if name == "absent":
            raise MissingDependencyError("absent is not installed; get it with: pip install it")
        return bright

    photo, mask = scene()
    found = list(
        region_effect.by_every_model({"here": "Here", "absent": "Absent"}, load, photo, mask, region_effect.treatment())
    )
    assert found[0].delta == region_effect.paint(bright, photo, mask, region_effect.treatment()).delta
    assert (found[1].delta, found[1].problem) == (None, "absent is not installed; get it with: pip install it")


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


def made(bright: Predictor, **given: Any) -> tuple[replay.Record, np.ndarray]:
    photo, mask = draw_photo(4, 300, 400), np.zeros((300, 400), bool)
    mask[50:150, 100:300] = True
    how = region_effect.treatment(fill="noise", seed=7, **given)
    return replay.perform(bright, "drawn.png", photo, mask, how, 5)[0], photo


def test_a_record_survives_its_file(bright: Predictor, tmp_path: Path) -> None:
    record, photo = made(bright, feather=0.03)
    file = tmp_path / "replay.json"
    file.write_text(replay.to_json(record))
    again = replay.load(file)
    assert again == record
    assert (again.mask == record.mask).all()
    replay.check(again, photo)
    done = region_effect.paint(bright, photo, again.mask, again.how)
    assert (done.score, done.ablated_score) == (record.score, record.ablated_score)


def test_a_record_of_another_photo_is_refused(bright: Predictor) -> None:
    record, photo = made(bright)
    with pytest.raises(MaskError, match=r"another photo \(drawn.png\)"):
        replay.check(record, photo[:, ::-1])
    with pytest.raises(MaskError, match="px"):
        replay.check(record, photo[:, :200])


def bomb() -> str:
    buffer = io.BytesIO()
    Image.new("1", (20_000, 20_000)).save(buffer, "PNG")
    return base64.b64encode(buffer.getvalue()).decode()


@pytest.mark.parametrize(
    "change",
    [
        {"format": "other"},
        {"version": 2},
        {"version": True},
        {"model": "../../etc/passwd"},
        {"model": "/tmp/checkpoint"},
        {"model": ["resnet50"]},
        {"mask": "/etc/passwd"},
        {"mask": 5},
        {"mask": base64.b64encode(b"no picture").decode()},
        {"mask": bomb()},
        {"fill": "../mean"},
        {"fill": None},
        {"settings": []},
        {"settings": {"path": "/etc/passwd"}},
        {"direction": "up"},
        {"feather": 1e308},
        {"feather": "0.1"},
        {"feather": float("nan")},
        {"seed": 10**400},
        {"seed": -1},
        {"seed": 0.5},
        {"score": 7.0},
        {"score": float("inf")},
        {"controls": ["0.1"]},
        {"controls": [1e9]},
        {"controls": {}},
        {"pixels": 3},
    ],
)
def test_a_replay_file_with_anything_wrong_is_one_sentence(
    bright: Predictor, tmp_path: Path, change: dict[str, Any], capsys: pytest.CaptureFixture[str]
) -> None:
    record, photo = made(bright)
    file, picture = tmp_path / "replay.json", tmp_path / "photo.png"
    file.write_text(json.dumps(json.loads(replay.to_json(record)) | change))
    picture.write_bytes(images.png_bytes(photo))
    assert main(["paint", str(picture), "--replay", str(file)]) == 2
    one_line(capsys)


@pytest.mark.parametrize("text", ["", "[]", "{", "null", "5", "[" * 10_000, '{"format": 1}'])
def test_what_is_no_replay_file_is_one_sentence(text: str) -> None:
    with pytest.raises(MaskError):
        replay.from_json(text)


def one_line(capsys: pytest.CaptureFixture[str]) -> str:
    said = capsys.readouterr()
    assert said.out == ""
    assert said.err.startswith("error: ")
    assert len(said.err.strip().splitlines()) == 1
    return said.err


def test_the_command_answers_what_core_computes(ask: Callable[..., int], capsys) -> None:
    assert ask("--mask", "mask.png", "--fill", "inpaint", "--controls", "4", "--json") == 0
    answer = json.loads(capsys.readouterr().out)
    assert list(answer) == ["score", "ablated_score", "delta", "area", "controls"]
    from core import inference

    photo, mask = draw_photo(4, 300, 400), np.zeros((300, 400), bool)
    mask[80:160, 60:200] = True
    model, how = inference.load("small_cnn"), region_effect.treatment(fill="inpaint")
    done = region_effect.paint(model, photo, mask, how)
    assert answer["delta"] == pytest.approx(done.delta, abs=1e-7)
    assert answer["area"] == pytest.approx(mask.mean(), abs=0.002)
    wanted = list(region_effect.controls(model, photo, mask, how, done.score, n=4))
    assert answer["controls"] == pytest.approx(wanted, abs=1e-7)


def test_the_command_compares_with_photos_of_equal_score(
    ask: Callable[..., int], capsys, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(config, "CALIPER", 1e6)  # whatever the untrained network says of them
    given = ("--mask", "mask.png", "--hosts", "generated:none,n=30", "--without", "faces")
    assert ask(*given) == 2
    assert "small_cnn has no reference scores" in capsys.readouterr().err
    table = "model,source,photo_id,score\nsmall_cnn,a,1,0.4\nsmall_cnn,a,2,0.6\n"
    (config.ARTIFACTS / "reference_scores.csv").write_text(table)
    assert ask(*given, "--json") == 0
    answer = json.loads(capsys.readouterr().out)
    assert {item["source"] for item in answer["hosts"]} == {"generated_none"}
    held = {photo.id: photo.truth()["faces"].mask.any() for photo in open_source("generated:none,n=30").photos}
    assert len(answer["hosts"]) >= 10
    assert not any(held[item["photo"]] for item in answer["hosts"])
    assert ask(*given) == 0
    assert "other photos of equal score without faces" in capsys.readouterr().out


def test_the_command_begins_with_the_fill_of_the_least_artefact(ask: Callable[..., int]) -> None:
    assert ask("--mask", "mask.png", "--out", "out") == 0
    assert json.loads(Path("out/photo-replay.json").read_text())["fill"] == UNTOLD  # no study of this model


def test_the_command_speaks_plainly(ask: Callable[..., int], capsys) -> None:
    settings = ("--fill", "blur", "--settings", "sigma=0.1", "--direction", "keep", "--feather", "0.02")
    assert ask("--mask", "mask.png", "--controls", "3", *settings) == 0
    said = capsys.readouterr().out
    assert "Δ = " in said
    assert "Keeping only this region" in said


def test_the_command_replays_to_the_same_score(ask: Callable[..., int], capsys) -> None:
    assert ask("--mask", "mask.png", "--fill", "noise", "--seed", "3", "--controls", "2", "--json", "--out", "out") == 0
    first = json.loads(capsys.readouterr().out)
    assert ask("--replay", "out/photo-replay.json", "--json") == 0
    again = json.loads(capsys.readouterr().out)
    assert again.pop("controls") == pytest.approx(first.pop("controls"))
    assert again == pytest.approx(first)
    assert Image.open("out/photo-ablated.png").size == (341, 256)


def test_the_command_says_when_a_score_is_not_reproduced(ask: Callable[..., int], capsys) -> None:
    assert ask("--mask", "mask.png", "--out", "out") == 0
    file = Path("out/photo-replay.json")
    file.write_text(json.dumps(json.loads(file.read_text()) | {"ablated_score": 0.123}))
    assert ask("--replay", str(file)) == 1
    assert "not reproduced: the replay file says 0.123" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("given", "reason"),
    [
        (("--mask", "all.png"), "covers the whole photo"),
        (("--mask", "none.png"), "is empty"),
        (("--mask", "other.png"), "90 × 100"),
        (("--mask", "nowhere.png"), "no such file"),
        (("--mask", "."), "a folder"),
        ((), "Nothing is painted"),
        (("--mask", "mask.png", "--fill", "glitter"), "choose from"),
        (("--mask", "mask.png", "--fill", "blur", "--settings", "sigma"), "NAME=VALUE"),
        (("--mask", "mask.png", "--feather", "3"), "feather"),
        (("--mask", "mask.png", "--controls", "-1"), "--controls"),
        (("--mask", "mask.png", "--controls", "1000000000"), "--controls"),
        (("--replay", "nowhere.json"), "cannot be read"),
        (("--replay", "photo.png"), "not text"),
        (("--replay", "."), "cannot be read"),
    ],
)
def test_the_command_refuses_in_one_sentence(ask: Callable[..., int], capsys, given: tuple[str], reason: str) -> None:
    assert ask(*given) == 2
    assert reason in one_line(capsys)


def test_a_photo_that_cannot_be_read_is_named(ask: Callable[..., int], capsys) -> None:
    Path("photo.png").write_text("text")
    assert ask("--mask", "mask.png") == 2
    assert "photo.png: this is not a photo" in one_line(capsys)
