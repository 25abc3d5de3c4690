"""The top of a heatmap as a thing of a study: where the map is brightest, removed and compared like any other."""

from __future__ import annotations

import html
import json
from pathlib import Path

import numpy as np
import pytest
import torch

from core.__main__ import main
from core.errors import UnknownChoiceError
from core.inference import checkpoints
from core.photos.preprocess import Preset
from core.regions import mask_cache
from core.registry import MASKS, MODELS
from core.study.reading import read_study
from core.trust import words
from core.trust.reports import TOP
from core.trust.top_regions import masks_of, with_top_regions
from core.types import Photo, Region
from tests.conftest import write_photo
from tests.helpers.patch import PATCH, SIDE, nine_squares, patch_predictor


def test_a_photo_knows_where_its_map_is_brightest_beside_what_its_source_knows(tmp_path: Path) -> None:
    face = Region(np.eye(SIDE, dtype=bool))
    photo = Photo("a", "drawn", nine_squares, truth=lambda: {"faces": face})
    (known,) = with_top_regions([photo], patch_predictor(), masks_of(["grad_cam"]))
    found = mask_cache.find(known, nine_squares(), ("faces", TOP), tmp_path)
    assert found["faces"].region is face
    assert found[TOP].region.mask[PATCH].mean() > 0.6
    assert 0.05 < found[TOP].region.area <= 0.1
    with pytest.raises(UnknownChoiceError, match="grad_cam"):
        masks_of(["gradcam"])


def test_each_of_several_methods_has_its_own_place(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(MASKS, "_entries", dict(MASKS._entries))
    masks = masks_of(["grad_cam", "centre_bias", "grad_cam"])
    assert masks == {"grad_cam": f"{TOP}_grad_cam", "centre_bias": f"{TOP}_centre_bias"}
    assert masks_of(list(masks)) == masks, "another study of the same process may ask again"
    assert MASKS[masks["grad_cam"]].label == "Top of a heatmap: Grad-CAM"
    (known,) = with_top_regions([Photo("a", "drawn", nine_squares)], patch_predictor(), masks)
    found = mask_cache.find(known, nine_squares(), masks.values(), tmp_path)
    assert found[masks["grad_cam"]].region.mask[PATCH].mean() > 0.6
    assert found[masks["centre_bias"]].region.mask[SIDE // 2, SIDE // 2]
    assert not found[masks["centre_bias"]].region.mask[PATCH].any()


def test_a_study_removes_the_top_and_says_by_which_method(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("core.config.WORKING_SIZE", SIDE)
    torch.manual_seed(0)
    card = {"architecture": "small_cnn", "preset": checkpoints.preset_fields(Preset(32, 32)), "training_photos": []}
    checkpoints.save(tmp_path / "tiny", MODELS["small_cnn"].function(), card)
    for number in range(6):
        write_photo(tmp_path / "photos" / f"{number}.png", number, 60, 80)
    command = ["study", str(tmp_path / "photos"), "--model", str(tmp_path / "tiny"), "--out", str(tmp_path / "s")]
    command += ["--ablations", "region", "--masks", "faces", "--fills", "mean", "--placements", "2"]
    assert main([*command, "--heatmap", "centre_bias"]) == 0
    settings = json.loads((tmp_path / "s" / "study.json").read_text())
    assert settings["heatmap"] == "centre_bias"
    study = read_study(tmp_path / "s")
    (place,) = (n for n, item in enumerate(study.conditions) if (item.mask, item.direction) == (TOP, "remove"))
    assert np.isfinite(study.score[:, place]).all()
    assert study.present(TOP).all()
    assert not study.present("faces").any()
    capsys.readouterr()
    said = f"The top of a heatmap is that of Centre bias. {words.BASELINE}"
    assert main(["effects", str(tmp_path / "s")]) in (0, 1)
    assert said in capsys.readouterr().out
    assert main(["report", str(tmp_path / "s")]) in (0, 1)
    assert said in html.unescape((tmp_path / "s" / "report.html").read_text(encoding="utf-8"))
    capsys.readouterr()
    assert main(["study", *command[1:], "--heatmap", "edge_map"]) == 2, "another method is another study"
    monkeypatch.setattr(MASKS, "_entries", dict(MASKS._entries))
    command[command.index("--out") + 1] = str(tmp_path / "two")
    assert main([*command, "--heatmap", "centre_bias", "edge_map"]) == 0
    assert json.loads((tmp_path / "two" / "study.json").read_text())["heatmap"] == "centre_bias,edge_map"
    two = read_study(tmp_path / "two")
    for name in ("centre_bias", "edge_map"):
        assert two.present(f"{TOP}_{name}").all()
    (one,) = (
        n for n, item in enumerate(two.conditions) if (item.mask, item.direction) == (f"{TOP}_centre_bias", "remove")
    )
    np.testing.assert_allclose(two.score[:, one], study.score[:, place], atol=1e-6)
    monkeypatch.setattr(MASKS, "_entries", {name: MASKS[name] for name in MASKS._entries if "heatmap_top_" not in name})
    capsys.readouterr()
    assert main(["effects", str(tmp_path / "two")]) in (0, 1), "also by a process that did not make it"
    assert f"Top of Centre bias: {words.BASELINE} Top of Edge map: {words.BASELINE}" in capsys.readouterr().out
