"""The commands behind Where it looks, from the words of a shell to the files that the page reads."""

from __future__ import annotations

import contextlib
import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import torch

from core import config
from core.__main__ import main
from core.concepts import tcav, words
from core.concepts.reports import read_concepts
from core.concepts.typical import photos_at_hand
from core.inference import checkpoints
from core.latent import distinctiveness, photo_values
from core.latent.distinctiveness_results import MEASURES, read_distinctiveness
from core.photos import images
from core.photos.preprocess import Preset
from core.regions import mask_cache
from core.regions.vision_transformer import DinoFeatures
from core.registry import MODELS
from core.trust import over_set, per_photo, reports
from core.types import Photo, Region
from tests.conftest import draw_photo, write_photo

SIDE = 32


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A small model and six photos in a folder, in which the commands run; every thing is the left half of a photo."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(config, "WORKING_SIZE", SIDE)
    monkeypatch.setattr(config, "ARTIFACTS", tmp_path / "artifacts")
    monkeypatch.setattr(mask_cache, "detect", lambda name, pixels, *_, **__: Region(left_half(pixels)))
    torch.manual_seed(0)
    preset = checkpoints.preset_fields(Preset(SIDE, SIDE))
    for name, architecture, settings in (("tiny", "small_cnn", {}), ("drawer", "vae", {"latent": 8})):
        card = {"architecture": architecture, "preset": preset, "training_photos": [], "settings": settings}
        if architecture == "vae":
            card["preset"] = checkpoints.preset_fields(Preset(64, 64))
        checkpoints.save(tmp_path / name, MODELS[architecture].function(**settings), card)
    for number in range(6):
        write_photo(tmp_path / "photos" / f"{number}.png", number, SIDE, SIDE)
    return tmp_path


def left_half(pixels: np.ndarray) -> np.ndarray:
    mask = np.zeros(pixels.shape[:2], bool)
    mask[:, : pixels.shape[1] // 2] = True
    return mask


ATTRIBUTE = ["attribute", "photos", "--model", "tiny", "--methods", "grad_cam", "edge_map", "--masks", "faces"]


def test_shares_over_the_first_photos_are_saved_where_the_page_reads_them(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    options = ["--shares", "--limit", "3", "--save", "artifacts/trust", "--out", "shares"]
    assert main([*ATTRIBUTE, *options, "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert {row["n"] for row in told} == {3}
    assert {row["measure"] for row in told} == {"faces", *over_set.PLACES}
    table = reports.summary("tiny")
    assert table is not None
    faces = table[table["measure"] == "faces"].set_index("method")
    assert (faces["value"] - faces["over"]).to_numpy() == pytest.approx([0.5, 0.5], abs=1e-5)
    assert not faces["exact"].any()
    (kept,) = (folder / "shares").glob(f"*/{photo_values.FILE}")
    names = {item.label: item for item in photo_values.measures_of(kept)}
    assert {name: item.signed for name, item in names.items()} == {
        f"{method}'s share on {thing}": False
        for method in ("Grad-CAM", "Edge map")
        for thing in ("faces", "the centre", "the upper third", "the lower third")
    }
    rows = over_set.rows(kept.parent).set_index(["method", "measure", "photo_id"])["value"].sort_index()
    on_map = pd.DataFrame({"source": ["photos"] * 6, "photo_id": [f"{number}.png" for number in range(6)]})
    values = photo_values.values([names["Edge map's share on faces"]], on_map)
    assert values[:3] == pytest.approx(rows["edge_map", "faces"][on_map["photo_id"][:3]].to_numpy())
    assert np.isnan(values[3:]).all()
    assert main([*ATTRIBUTE, *options, "--limit", "-1"]) == 2
    assert "--limit must be 0 or more" in capsys.readouterr().err


def test_a_run_that_was_stopped_goes_on_with_what_is_left(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(over_set, "PART", 2)
    seen: list[str] = []
    measured = over_set.measured

    def once(predictor: object, photo: Photo, how: object) -> object:
        if len(seen) == 3:
            raise KeyboardInterrupt
        seen.append(photo.id)
        return measured(predictor, photo, how)  # type: ignore[arg-type]

    command = [*ATTRIBUTE, "--save", "artifacts/trust", "--out", "all"]
    with monkeypatch.context() as patch:
        patch.setattr(over_set, "measured", once)
        with contextlib.suppress(KeyboardInterrupt):
            assert main(command) != 0
    assert seen == ["0.png", "1.png", "2.png"]
    assert reports.summary("tiny") is None
    (rows,) = (folder / "all").glob("*/rows")
    assert len(list(rows.glob("*.parquet"))) == 1, "the part that was being made is lost"
    again: list[str] = []
    monkeypatch.setattr(over_set, "measured", lambda *given: again.append(given[1].id) or measured(*given))
    assert main(command) == 0
    assert again == [f"{number}.png" for number in range(2, 6)]
    table = reports.summary("tiny")
    assert table is not None
    assert set(table["n"]) == {6}
    assert {"gain", "tenth", "agreement", "randomised head", "removed 20%"} <= set(table["measure"])
    (kept,) = (folder / "all").glob(f"*/{photo_values.FILE}")
    assert {item.label for item in photo_values.measures_of(kept) if item.signed} == {
        *(f"Grad-CAM: {per_photo.WORDS[name]}" for name in ("tenth", "gain")),
        *(f"Edge map: {said}" for said in per_photo.WORDS.values()),  # Grad-CAM has no other method to agree with
    }


def test_concepts_are_saved_where_the_page_reads_them(
    folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(tcav, "RANDOM", 20)
    monkeypatch.setattr(tcav, "HALVES", 5)
    for number in range(44):
        photo = draw_photo(100 + number, SIDE, SIDE)
        if number % 2:
            photo[..., 0] = 255
        file = folder / "many" / f"{'red' if number % 2 else 'any'}-{number}.png"
        file.parent.mkdir(exist_ok=True)
        file.write_bytes(images.png_bytes(photo))
    command = ["concepts", "many", "--model", "tiny", "--masks", "faces", "--parts", "3", "--named", "Red=many/red*"]
    assert main([*command, "--save", "artifacts/concepts"]) == 0
    said = capsys.readouterr().out
    assert "Red: classified correctly in" in said
    assert "Faces: in too few photos" in said, "every photo has them"
    assert said.count("part ") >= 3
    found = read_concepts("tiny")
    assert found is not None
    assert found.n == 44
    assert next(item for item in found.named if item.name == "Red").told > 0.9
    assert (folder / "runs" / "concepts" / "tiny.json").read_text() == (
        folder / "artifacts" / "concepts" / "tiny.json"
    ).read_text()
    names = {item.label: item for item in photo_values.measures_of(folder / "runs/concepts/tiny-photo-values.parquet")}
    assert set(names) == {
        *(words.along(item.name) for item in found.named), *(words.amount_of(number) for number in range(3))
    }  # fmt: skip
    files = sorted((folder / "many").iterdir())
    on_map = pd.DataFrame({"source": ["many"] * 44, "photo_id": [file.name for file in files]})
    along = photo_values.values([names[words.along("Red")]], on_map)
    assert along[-22:].min() > along[:22].max(), "red-*.png come last"
    shown = photos_at_hand(found.parts[0].typical)
    assert set(shown) == set(found.parts[0].typical), "the run noted where they lie"
    assert main([*command, "--limit", "39"]) == 2
    assert "39 photos are too few for concepts" in capsys.readouterr().err


def test_the_unusual_is_saved_where_the_page_reads_it(
    folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    sight = DinoFeatures(
        np.random.default_rng(0).normal(size=(3, 4, 8)).astype(np.float32), np.zeros((2, 2)), draw_photo()
    )
    monkeypatch.setattr(distinctiveness, "dino_features", lambda photo: sight)
    for number in range(24):
        write_photo(folder / "more" / f"{number}.png", number, SIDE, SIDE)
    command = ["distinctiveness", "more", "--model", "tiny", "--autoencoder", "drawer", "--masks", "faces"]
    assert main([*command, "--neighbours", "3", "--limit", "22", "--save", "artifacts/distinctiveness"]) == 0
    (answer,) = read_distinctiveness("tiny")
    assert {link.n for link in answer.links} == {22}
    assert {link.side for link in answer.links} == {"score"}, "nobody was asked"
    table = pd.read_csv(folder / "artifacts" / "distinctiveness" / "tiny" / "more.csv")
    assert len(table) == 22
    assert set(MEASURES) <= set(table)
    assert "saved in" in capsys.readouterr().out
