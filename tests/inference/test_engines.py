"""Engines agree with PyTorch, or are refused with a sentence; exports are whole; results say what ran the model."""

from __future__ import annotations

import dataclasses
import json
import os
import subprocess
import sys
import time
from pathlib import Path
from types import MappingProxyType

import numpy as np
import pyarrow.parquet as pq
import pytest
import torch

from core import config, inference
from core.__main__ import main
from core.errors import EngineError, MissingDependencyError, ParameterError, UnknownChoiceError
from core.inference import checkpoints, engine_checks, exports
from core.inference.engine import Engine, Model, Runner
from core.inference.engine_choice import AUTO, available, choose
from core.photos import preprocess
from core.photos.preprocess import Preset
from core.registry import ENGINES, MODELS
from core.sources import open_source

EXPORTED = [entry.id for entry in ENGINES if not entry.facts["module"]]
PRESET = Preset(48, 40, (0.4, 0.5, 0.6), (0.2, 0.3, 0.4))


def needs(name: str) -> None:
    for package in ("onnx", ENGINES[name].facts["package"]):
        pytest.importorskip(package, reason=f"{package} is not installed")


def small(tmp_path: Path, seed: int = 0, name: str = "small_cnn") -> Model:
    """An untrained network whose scores differ from photo to photo."""
    torch.manual_seed(seed)
    module = MODELS[name].function().eval()
    with torch.no_grad():
        module.head[-1].weight.mul_(20)
    return Model(module, PRESET, tmp_path / "cache")


def calm(folder: Path) -> Model:
    """A model whose scores hardly move: what 16-bit numbers lose is within what is allowed."""
    model = small(folder)
    with torch.no_grad():
        model.module.head[-1].weight.div_(20)
    return model


def squares(preset: Preset = PRESET) -> list[np.ndarray]:
    """Packaged photos and drawn scenes as a model sees them."""
    photos = [*open_source("samples").photos[:2], *open_source("generated:n=4").photos[:3]]
    return [preprocess.square(photo.read(), preset) for photo in photos]


def truth(model: Model) -> np.ndarray:
    return Engine.reference(model).runner().scores(squares(model.preset))


@pytest.mark.parametrize("callers", [1, 2])
@pytest.mark.parametrize("name", EXPORTED)
def test_an_engine_agrees_with_torch_on_photos_and_drawn_scenes(name: str, callers: int, tmp_path: Path) -> None:
    needs(name)
    for kind in ("small_cnn", "scene_cnn"):
        model = small(tmp_path, name=kind)
        wanted, features = Engine.reference(model).runner().scores_and_features(squares())
        runner = choose(model, name, "fp32").runner(callers)
        scores, others = runner.scores_and_features(squares())
        assert np.ptp(wanted) > 1e-3
        assert (scores.dtype, others.dtype) == (np.float64, np.float32)
        assert scores == pytest.approx(wanted, abs=1e-5)
        assert others == pytest.approx(features, abs=1e-4)
        assert runner.scores(squares()[:1]) == pytest.approx(wanted[:1], abs=1e-5)


@pytest.mark.slow
def test_resmem_has_the_same_engines(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Both in one test: the export takes longest, and they share it. Each is checked on four views of a scene here."""
    for name in EXPORTED:
        needs(name)
    pytest.importorskip("resmem", reason="resmem is not installed")
    monkeypatch.setattr(config, "CACHE", tmp_path)
    monkeypatch.setattr(engine_checks, "samples", lambda: open_source("generated:n=1"))
    plain = inference.load("resmem")
    seen = squares(plain.preset)[-2:]
    wanted = plain.score_squares(seen)
    for name in EXPORTED:
        fast = inference.load("resmem", name, "fp32")
        assert fast.score_squares(seen) == pytest.approx(wanted, abs=1e-5)
        assert fast.engine.id == name


@pytest.mark.parametrize("name", EXPORTED)
def test_workers_side_by_side_get_their_own_answers(name: str, tmp_path: Path) -> None:
    needs(name)
    model = small(tmp_path)
    predictor = inference.Predictor("small", model.module, PRESET, {}, engine=choose(model, name, "fp32"))
    wanted, work = predictor.score_squares(squares()), predictor.concurrent(2)
    found = inference.prefetch(lambda item: work.score_squares([item]), squares() * 8, depth=4, workers=2)
    assert np.concatenate(list(found)) == pytest.approx(np.tile(wanted, 8), abs=1e-6)


class Off:
    """An engine made for a test: PyTorch, with what it finds changed."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        facts = {
            "package": "torch",
            "precisions": lambda: ("fp32", "bf16"),
            "speed": {"fp32": 9, "bf16": 10},
            "module": False,
        }
        entry = dataclasses.replace(
            ENGINES["openvino"], id="off", label="Off", function=self.start, facts=MappingProxyType(facts)
        )
        monkeypatch.setitem(ENGINES._entries, "off", entry)
        self.change = lambda scores, features: (scores, features)
        self.started = 0

    def start(self, model: Model, callers: int, *, precision: str = "fp32") -> Runner:
        self.started += 1
        model.onnx()
        plain = Engine.reference(model).runner()

        def scores_and_features(given: list[np.ndarray]) -> tuple[np.ndarray, np.ndarray]:
            return self.change(*plain.scores_and_features(given))

        return Runner(lambda given: scores_and_features(given)[0], scores_and_features)


@pytest.fixture
def off(monkeypatch: pytest.MonkeyPatch) -> Off:
    pytest.importorskip("onnx", reason="onnx is not installed")
    return Off(monkeypatch)


@pytest.mark.parametrize(
    ("precision", "apart", "stretch", "accepted"),
    [
        ("fp32", 8e-6, 1.0, True),
        ("fp32", 2e-5, 1.0, False),
        ("fp32", 0.0, 1.001, False),
        ("fp32", np.nan, 1.0, False),
        ("bf16", 8e-4, 1.01, True),
        ("bf16", 2e-3, 1.0, False),
        ("bf16", 0.0, 1.1, False),
    ],
)
def test_what_is_too_far_from_torch_is_refused(
    precision: str, apart: float, stretch: float, accepted: bool, off: Off, tmp_path: Path
) -> None:
    """Scores are moved up and down in turn, so that their mean stays."""
    off.change = lambda scores, features: (scores + apart * (-1.0) ** np.arange(len(scores)), features * stretch)
    if accepted:
        assert choose(small(tmp_path), "off", precision).id == "off"
        return
    with pytest.raises(EngineError, match=r"Off, \w+ is refused for this model: .*--engine torch"):
        choose(small(tmp_path), "off", precision)


def test_a_shift_of_all_bf16_scores_is_refused(off: Off, tmp_path: Path) -> None:
    off.change = lambda scores, features: (scores + 3e-4, features)
    with pytest.raises(EngineError, match="in the mean"):
        choose(small(tmp_path), "off", "bf16")


def test_bfloat16_itself_is_within_its_tolerance(off: Off, tmp_path: Path) -> None:
    """The code path of 16-bit numbers, on any processor: features rounded to them, then read out."""
    model = calm(tmp_path)

    def change(_: np.ndarray, features: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        rounded = torch.from_numpy(features).bfloat16().float()
        with torch.inference_mode():
            return model.module.read_out(rounded).double().numpy(), rounded.numpy()

    off.change = change
    apart = choose(model, "off", "bf16").runner().scores(squares()) - truth(model)
    assert 0 < np.abs(apart).max() <= 1e-3


def test_auto_takes_the_fastest_that_agrees(off: Off, tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    if torch.cuda.is_available():
        pytest.skip("with a GPU, auto is PyTorch")
    assert available()[:2] == [("off", "bf16"), ("off", "fp32")]
    assert str(choose(small(tmp_path))) == "Off, bf16"
    off.change = lambda scores, features: (scores + 5e-3, features)
    caplog.set_level("INFO")
    found = choose(small(tmp_path, seed=1))
    assert (found.id, found.precision) == available()[2]
    assert "Off, bf16 is refused" in caplog.text


def test_an_engine_by_name_falls_back_on_a_precision_that_agrees(off: Off, tmp_path: Path) -> None:
    off.change = lambda scores, features: (
        scores + 5e-3 * (off.started % 2),
        features,
    )  # the first start is too far off
    assert str(choose(small(tmp_path), "off")) == "Off, fp32"
    off.change = lambda scores, features: (scores + 5e-3, features)
    with pytest.raises(EngineError, match="Off, fp32 is refused"):
        choose(small(tmp_path, seed=1), "off")


def test_without_a_cache_to_write_to_auto_is_torch(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "cache").write_text("a file where the folder should be")
    assert choose(small(tmp_path)).id == "torch"


def test_few_passes_are_not_worth_an_export(off: Off, tmp_path: Path) -> None:
    if torch.cuda.is_available():
        pytest.skip("with a GPU, auto is PyTorch")
    model = small(tmp_path)
    assert choose(model, passes=10).id == "torch"
    assert not model.folder.exists()
    assert choose(model).id == "off"
    assert choose(model, passes=10).id == "off"  # the export is there


def test_a_check_is_made_once_and_again_for_another_export(off: Off, tmp_path: Path) -> None:
    choose(small(tmp_path), "off", "fp32")
    choose(small(tmp_path), "off", "fp32")
    assert off.started == 1
    model = small(tmp_path)
    (model.folder / exports.ONNX).write_bytes(b"something else")
    choose(model, "off", "fp32")
    assert off.started == 2


@pytest.mark.parametrize("name", EXPORTED)
def test_a_broken_export_is_made_anew(name: str, tmp_path: Path) -> None:
    needs(name)
    model = small(tmp_path)
    file = model.onnx()
    whole = file.read_bytes()
    file.write_bytes(whole[: len(whole) // 2])
    assert choose(model, name, "fp32").runner().scores(squares()) == pytest.approx(truth(model), abs=1e-5)


@pytest.mark.parametrize("name", EXPORTED)
def test_an_export_of_other_weights_is_refused(name: str, tmp_path: Path) -> None:
    """A broken export, simulated: whole, but not this model."""
    needs(name)
    model, other = small(tmp_path), small(tmp_path, seed=1)
    model.folder.mkdir(parents=True)
    (model.folder / exports.ONNX).write_bytes(other.onnx().read_bytes())
    with pytest.raises(EngineError, match="is refused for this model"):
        choose(model, name, "fp32")


@pytest.mark.parametrize("name", EXPORTED)
def test_an_export_that_was_replaced_after_its_check_is_refused(name: str, tmp_path: Path) -> None:
    """By one of the same size: only its content tells."""
    needs(name)
    model, other = small(tmp_path), small(tmp_path, seed=1)
    choose(model, name, "fp32")
    file = model.folder / exports.ONNX
    before, content = file.stat().st_size, other.onnx().read_bytes()
    file.write_bytes(content)
    assert file.stat().st_size == before
    with pytest.raises(EngineError, match="is refused for this model"):
        choose(model, name, "fp32")


def test_a_changed_checkpoint_has_an_export_of_its_own(tmp_path: Path) -> None:
    model, same, other = small(tmp_path), small(tmp_path), small(tmp_path, seed=1)
    assert model.folder == same.folder != other.folder
    assert Model(model.module, Preset(48, 48), tmp_path / "cache").folder != model.folder


KILLED = """
import os, sys
from pathlib import Path
import torch
from tests.inference import test_engines
real = torch.onnx.export
def cut(module, inputs, file, **settings):
    real(module, inputs, file, **settings)
    Path(file).write_bytes(Path(file).read_bytes()[:100])
    os._exit(9)
torch.onnx.export = cut
test_engines.small(Path(sys.argv[1])).onnx()
"""


def test_a_kill_during_export_leaves_nothing_that_counts(tmp_path: Path) -> None:
    pytest.importorskip("onnx", reason="onnx is not installed")
    killed = subprocess.run([sys.executable, "-c", KILLED, str(tmp_path)], cwd=config.ROOT, timeout=300)
    assert killed.returncode == 9
    model = small(tmp_path)
    (left,) = model.folder.iterdir()
    assert left.suffix == ".tmp"
    long_ago = time.time() - 2 * exports.STALE
    os.utime(left, (long_ago, long_ago))
    assert model.onnx().stat().st_size > 1000
    assert list(model.folder.iterdir()) == [model.onnx()]


def test_what_cannot_be_had_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    model = small(tmp_path)
    with pytest.raises(UnknownChoiceError, match=r"choose from .*torch"):
        choose(model, "tensorrt")
    needs("onnxruntime")
    needs("openvino")
    with pytest.raises(EngineError, match=r"no bf16 of its own on this processor; choose from fp32\."):
        choose(model, "onnxruntime", "bf16")
    with pytest.raises(ParameterError, match="precision"):
        choose(model, "openvino", "fp8")
    monkeypatch.setattr("importlib.util.find_spec", lambda name: name == "torch" or None)
    with pytest.raises(MissingDependencyError, match="pip install openvino"):
        choose(model, "openvino")
    assert choose(model).id == "torch"  # without the packages everything works
    with pytest.raises(MissingDependencyError, match="onnx"):
        model.onnx()


def test_bf16_is_taken_where_the_processor_has_it_and_refused_elsewhere(tmp_path: Path) -> None:
    needs("openvino")
    if "bf16" in ENGINES["openvino"].facts["precisions"]():
        assert choose(calm(tmp_path), "openvino").precision == "bf16"
        return
    with pytest.raises(EngineError, match="no bf16 of its own"):
        choose(small(tmp_path), "openvino", "bf16")


def test_bf16_that_is_asked_for_and_not_used_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where the processor lacks it, OpenVINO computes in 32 bits and says nothing."""
    needs("openvino")
    entry = ENGINES["openvino"]
    native = "bf16" in entry.facts["precisions"]()
    forced = MappingProxyType({**entry.facts, "precisions": lambda: ("fp32", "bf16")})
    monkeypatch.setitem(ENGINES._entries, "openvino", dataclasses.replace(entry, facts=forced))
    if native:
        assert choose(calm(tmp_path), "openvino", "bf16").precision == "bf16"
        return
    with pytest.raises(EngineError, match="computes in f32 here though bf16"):
        choose(small(tmp_path), "openvino", "bf16")


@pytest.fixture
def checkpoint(tmp_path: Path) -> str:
    card = {"architecture": "small_cnn", "preset": checkpoints.preset_fields(PRESET), "training_photos": []}
    checkpoints.save(tmp_path / "model", small(tmp_path).module, card)
    return str(tmp_path / "model")


@pytest.mark.parametrize("name", EXPORTED)
def test_score_and_study_agree_and_say_what_ran(
    name: str, checkpoint: str, photo_folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    needs(name)
    assert main(["score", str(photo_folder), "--model", checkpoint, "--json"]) == 0
    plain = json.loads(capsys.readouterr().out)
    assert main(["score", str(photo_folder), "--model", checkpoint, "--json", "--engine", name]) == 0
    fast = capsys.readouterr()
    assert f"scoring with {ENGINES[name].label}" in fast.err
    for one, other in zip(plain, json.loads(fast.out), strict=True):
        assert (one["file"], one["score"]) == (other["file"], pytest.approx(other["score"], abs=1e-5))

    def table(engine: str) -> dict[str, list]:
        line = ["study", str(photo_folder), "--model", checkpoint, "--ablations", "grayscale", "blur"]
        line += ["--masks", "faces"]
        assert main([*line, "--engine", engine, "--precision", "fp32", "--out", str(tmp_path / engine)]) == 0
        return pq.read_table(tmp_path / engine / "rows").to_pydict()

    found, wanted = table(name), table("torch")
    for column in wanted:
        apart = {"score": 1e-5, "feature_distance": 1e-4}.get(column)
        assert found[column] == (wanted[column] if apart is None else pytest.approx(wanted[column], abs=apart))
    kept = json.loads((tmp_path / name / "study.json").read_text())
    assert (kept["engine"], kept["precision"]) == (name, "fp32")


def test_a_study_is_of_one_engine(
    checkpoint: str, photo_folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    needs("onnxruntime")
    line = ["study", str(photo_folder), "--model", checkpoint, "--ablations", "grayscale", "--masks", "faces"]
    line += ["--out", str(tmp_path / "s")]
    assert main([*line, "--engine", "onnxruntime"]) == 0
    capsys.readouterr()
    assert main([*line, "--engine", "torch"]) == 2
    assert "engine differs" in capsys.readouterr().err
    assert main([*line, "--engine", AUTO]) == 0  # goes on with the engine that began
    file = tmp_path / "s" / "study.json"
    older = {name: value for name, value in json.loads(file.read_text()).items() if name not in ("engine", "precision")}
    file.write_text(json.dumps(older))
    assert main([*line, "--engine", AUTO]) == 0  # one from before there were engines is PyTorch's
    assert main([*line, "--engine", "onnxruntime"]) == 2
