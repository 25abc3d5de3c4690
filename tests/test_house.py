"""The house: imports point one way, plugin folders do not know each other, and no photo is committed."""

from __future__ import annotations

import ast
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from core import config

PLUGINS = ("sources", "models", "masks", "ablations", "attributions")
GROUND_FLOOR = ("images", "preprocess", "registry", "types", "config", "errors", "fingerprints", "views", "metrics")
PHOTO_PLACES = ("docs/", "tests/")
LARGEST = 1_000_000

FORBIDDEN = {
    "core": ("streamlit", "ui", "pages", "streamlit_app", "train", "tests", "benchmarks"),
    "ui": ("pages", "streamlit_app", "train", "tests", "benchmarks"),
    "pages": ("streamlit_app", "train", "tests", "benchmarks"),
    "train": ("streamlit", "ui", "pages", "streamlit_app", "tests", "benchmarks"),
    "streamlit_app": ("pages", "train", "tests", "benchmarks"),
    **{
        f"core.{plugin}": ("core.commands", *(f"core.{other}" for other in PLUGINS if other != plugin))
        for plugin in PLUGINS
    },
    # The ground floor knows nothing of what is built on it.
    **{f"core.{floor}": tuple(f"core.{plugin}" for plugin in PLUGINS) for floor in GROUND_FLOOR},
    "core.registry": ("core.images", "core.preprocess"),
    "core.types": ("core.images", "core.preprocess", "core.registry"),
    "core.config": ("core.images", "core.preprocess", "core.registry", "core.types"),
    "core.errors": ("core",),
}


def module_name(file: Path) -> str:
    parts = file.relative_to(config.ROOT).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def modules() -> dict[str, Path]:
    files = [*config.ROOT.glob("*.py")]
    for folder in ("core", "ui", "pages", "benchmarks"):
        files += (config.ROOT / folder).rglob("*.py")
    return {module_name(file): file for file in sorted(files)}


def within(name: str, place: str) -> bool:
    return name == place or name.startswith(place + ".")


def imports(tree: ast.AST, package: str) -> Iterator[tuple[str, int]]:
    """Every imported dotted name with its line, inside functions too; `from a import b` may mean a.b."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from ((alias.name, node.lineno) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            above = package.rsplit(".", node.level - 1)[0] if node.level else ""
            base = ".".join(part for part in (above, node.module or "") if part)
            yield base, node.lineno
            yield from ((f"{base}.{alias.name}", node.lineno) for alias in node.names)


def backward_arrows(name: str, source: str, is_package: bool = False) -> list[str]:
    """Imports of a module that DESIGN forbids, as «module:line imports other»."""
    package = name if is_package else name.rpartition(".")[0]
    walls = {wall for place, places in FORBIDDEN.items() if within(name, place) for wall in places}
    return [
        f"{name}:{line} imports {other}"
        for other, line in imports(ast.parse(source), package)
        if any(within(other, wall) for wall in walls)
    ]


@pytest.mark.parametrize("name", modules())
def test_imports_point_one_way(name: str) -> None:
    file = modules()[name]
    assert backward_arrows(name, file.read_text(encoding="utf-8"), file.name == "__init__.py") == []


@pytest.mark.parametrize(
    ("name", "source"),
    [
        ("core.inference", "import streamlit as st"),
        ("core.inference", "from ui import layout"),
        ("core.inference", "def late():\n    from pages.model import draw"),
        ("core.sources.folder", "from core.models import resnet"),
        ("core.sources.folder", "from core import models"),
        ("core.sources.folder", "from ..models import resnet"),
        ("core.sources.folder", "from .. import models"),
        ("core.images", "from core.sources.lamem import lamem"),
        ("core.errors", "from core import config"),
        ("ui.layout", "import pages.model"),
        ("train", "import streamlit"),
    ],
)
def test_an_arrow_that_points_back_is_seen(name: str, source: str) -> None:
    assert backward_arrows(name, source)


@pytest.mark.parametrize(
    ("name", "source"),
    [
        ("pages.model", "import streamlit\nfrom ui import layout\nfrom core import plots"),
        ("core.sources.table", "from core.sources.lamem import parse_score\nfrom .lamem import lamem"),
        ("core.inference", "from core import preprocess\nfrom core.registry import MODELS"),
        ("ui.layout", "import streamlit"),
    ],
)
def test_an_arrow_that_points_forward_is_allowed(name: str, source: str) -> None:
    assert backward_arrows(name, source) == []


@pytest.fixture(scope="session")
def tracked() -> list[Path]:
    """The files under version control; the tests are skipped in a copy without it."""
    try:
        listed = subprocess.run(["git", "ls-files", "-z"], cwd=config.ROOT, capture_output=True, check=True).stdout
    except (OSError, subprocess.CalledProcessError):
        pytest.skip("this copy is not under version control")
    return [Path(name) for name in listed.decode().split("\0") if name and (config.ROOT / name).is_file()]


def test_no_photo_is_committed(tracked: list[Path]) -> None:
    """Most photos that the project is developed with may not be passed on."""
    suffixes = (*config.PHOTO_SUFFIXES, ".avif", ".heic", ".npy", ".npz")
    photos = [path for path in tracked if path.suffix.lower() in suffixes]
    assert [path.as_posix() for path in photos if not path.as_posix().startswith(PHOTO_PLACES)] == []


def test_nothing_large_is_committed_but_artifacts(tracked: list[Path]) -> None:
    large = [path for path in tracked if (config.ROOT / path).stat().st_size > LARGEST and path.parts[0] != "artifacts"]
    assert [path.as_posix() for path in large] == []
