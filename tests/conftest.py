"""Fixtures that every test may use: small photos drawn by code, and the development photos where they are present."""

from __future__ import annotations

import functools
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from hypothesis import settings

from core import config
from core.photos import images
from tests.helpers import kills
from tests.helpers.kills import CarryOut

if TYPE_CHECKING:
    from streamlit.testing.v1 import AppTest
    from xdist.scheduler import LoadScopeScheduling

settings.register_profile("house", deadline=None)  # machines are noisy; time is measured in benchmarks/
settings.load_profile("house")

SHARED_DATA = config.ROOT.parent / "shared" / "data"
MakePhoto = Callable[..., np.ndarray]
MakeLamem = Callable[..., Path]
Put = Callable[[Path], Path]


def draw_photo(seed: int = 0, height: int = 48, width: int = 64) -> np.ndarray:
    """A colourful picture, uint8 height × width × 3: blobs of many sizes, as in a photo, that follow from the seed."""
    return _drawn(seed, height, width).copy()


@functools.lru_cache(maxsize=512)
def _drawn(seed: int, height: int, width: int) -> np.ndarray:
    random = np.random.default_rng(seed)
    y, x = np.mgrid[0 : 1 : complex(0, height), 0 : 1 : complex(0, width)]
    picture = np.zeros((height, width, 3))
    for size in (0.4, 0.3, 0.2, *[0.1] * 8, *[0.04] * 16):
        top, left, spread = random.uniform(0, 1), random.uniform(0, 1), random.uniform(0.5, 1) * size
        blob = np.exp(-((y - top) ** 2 + (x - left) ** 2) / (2 * spread**2))
        picture += blob[..., None] * random.uniform(-1, 1, 3)
    picture -= picture.min()
    return np.rint(picture / max(picture.max(), 1e-9) * 255).astype(np.uint8)


def write_photo(file: Path, seed: int = 0, height: int = 48, width: int = 64) -> Path:
    """Write a drawn picture as PNG, whatever the file is called."""
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_bytes(images.png_bytes(draw_photo(seed, height, width)))
    return file


BROWSER = "tests/browser/"


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """What drives a browser comes first, then files with slow tests: with two workers, neither is left with much."""
    slow = {item.path for item in items if item.get_closest_marker("slow")}
    items.sort(key=lambda item: (not item.nodeid.startswith(BROWSER), item.path not in slow))


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> LoadScopeScheduling:
    """With several workers (`-n 2`), a file stays with one of them, and all that drives a browser with one.

    Two servers and two Chromiums at once would leave each other too little of the machine.
    """
    from xdist.scheduler import LoadScopeScheduling

    class ByFile(LoadScopeScheduling):
        def _split_scope(self, nodeid: str) -> str:
            return BROWSER if nodeid.startswith(BROWSER) else nodeid.split("::")[0]

    config.option.loadscopereorder = False  # not the files of most tests first, but those of the browser
    return ByFile(config, log)


@pytest.fixture(scope="session", autouse=True)
def cache_of_tests(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Nothing that a test exports reaches the user's own cache; what tests start as processes of their own included."""
    place = tmp_path_factory.mktemp("cache")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(config, "CACHE", place)
        patch.setenv("MEMORABILITY_CACHE", str(place))
        yield


@pytest.fixture(scope="session", autouse=True)
def packages_are_searched_once() -> Iterator[None]:
    """Streamlit looks for components in all that is installed whenever a page is driven without a browser."""
    from streamlit.components.v2 import manifest_scanner

    with pytest.MonkeyPatch.context() as patch:
        found = functools.cache(manifest_scanner.scan_component_manifests)
        patch.setattr(manifest_scanner, "scan_component_manifests", found)
        yield


@pytest.fixture(scope="session")
def carry_out() -> Iterator[CarryOut]:
    """What runs and kills commands: one process for all tests, whose imports take longer than most of the runs."""
    with kills.a_process() as found:
        yield found


@pytest.fixture
def make_photo() -> MakePhoto:
    """A function (seed, height, width) → uint8 height × width × 3."""
    return draw_photo


@pytest.fixture
def photo() -> np.ndarray:
    """One small photo, uint8 48 × 64 × 3."""
    return draw_photo()


@pytest.fixture
def photo_folder(tmp_path: Path) -> Path:
    """A folder with four photos without scores."""
    for number in range(4):
        write_photo(tmp_path / "photos" / f"photo_{number}.png", seed=number)
    return tmp_path / "photos"


@pytest.fixture
def make_lamem(tmp_path: Path) -> MakeLamem:
    """A function (n, name, splits) → folder in LaMem's layout with n photos; photo i has the score i / n."""

    def make(n: int = 10, name: str = "set", splits: range = range(1, 6)) -> Path:
        root = tmp_path / name
        for number in range(n):
            write_photo(root / "images" / f"{number:05d}.png", seed=number)
        lines = [f"{number:05d}.png {number / n:.6f}" for number in range(n)]
        ends = {"train": slice(0, n * 6 // 10), "val": slice(n * 6 // 10, n * 8 // 10), "test": slice(n * 8 // 10, n)}
        (root / "splits").mkdir(parents=True)
        for split in splits:
            turned = lines[split:] + lines[:split]
            for part, where in ends.items():
                (root / "splits" / f"{part}_{split}.txt").write_text("\n".join(turned[where]) + "\n")
        return root

    return make


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """The development photos, which are not part of the repository; the test is skipped where they are absent."""
    if not SHARED_DATA.is_dir():
        pytest.skip(f"the development photos are not in {SHARED_DATA.parent.name}/{SHARED_DATA.name}")
    return SHARED_DATA


@pytest.fixture
def thin_model() -> Iterator[None]:
    """The shipped architecture as thin as the checkpoints that tests of pages write."""
    from tests.helpers import standin

    with standin.thin():
        yield


@pytest.fixture
def put(thin_model: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Put]:
    """A function that puts a copy of a folder, to be damaged, where pages look for artifacts; nothing stays cached."""
    import streamlit as st

    def copy(folder: Path) -> Path:
        shutil.copytree(folder, tmp_path / "artifacts")
        monkeypatch.setattr(config, "ARTIFACTS", tmp_path / "artifacts")
        monkeypatch.setattr(config, "RUNS", tmp_path / "runs")
        return tmp_path / "artifacts"

    for cache in (st.cache_data, st.cache_resource):
        cache.clear()
    yield copy
    for cache in (st.cache_data, st.cache_resource):
        cache.clear()


@pytest.fixture(scope="module")
def drawn(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Artifacts with a map."""
    from tests.helpers import standin

    folder = tmp_path_factory.mktemp("drawn")
    standin.write_results(folder)
    standin.write_weights(folder / "resnet50")
    standin.write_map(folder)
    return folder


def visit_page(page: str, **query: str) -> AppTest:
    """A page of the app reached from the first one, with what its address says; it ran without an exception."""
    from streamlit.testing.v1 import AppTest

    app = AppTest.from_file(str(config.ROOT / "streamlit_app.py"), default_timeout=120).run()
    app.switch_page(page)
    for name, value in query.items():
        app.query_params[name] = value
    app.run()
    assert not app.exception, app.exception[0].message
    return app
