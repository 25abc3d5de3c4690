"""The house: rooms in one order, imports that point down it, plugins that know no other, and no photo committed."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
import textwrap
from collections.abc import Iterator
from pathlib import Path

import pytest

from core import config

ROOMS = (
    "scenes",
    "photos",
    "sources",
    "models",
    "inference",
    "attributions",
    "regions",
    "masks",
    "ablations",
    "evaluation",
    "training",
    "study",
    "effects",
    "verdict",
    "latent",
    "paint",
    "trust",
    "concepts",
    "calibration",
    "commands",
    "readme",
)
"""The packages of core, lowest first: each may use those before it, and the modules of core itself."""
PLUGINS = ("sources", "models", "attributions", "masks", "ablations", "commands")
"""Rooms of registered functions: they never import each other."""
ENTRANCES = ("core.__main__",)
"""Modules of core itself that start everything, so that they may use every room."""
MOST_MODULES = 12
"""Modules of core itself, at most: what every room uses."""
UI_ROOMS = ("study", "photo", "where", "map", "home")
"""The folders of ui, lowest first; the frame beside them uses none of them."""
ALL_ROOMS = (*(f"core/{name}" for name in ROOMS), *(f"ui/{name}" for name in UI_ROOMS))
PHOTO_PLACES = ("docs/", "tests/")
LARGEST = 1_000_000
TESTS = config.ROOT / "tests"
BESIDE_ROOMS = {
    "browser": "what a visitor does, in Chromium",
    "hostile": "input of every kind that lies or is damaged, faults and kills",
    "helpers": "what tests share",
}
"""Folders of tests that mirror no room, and what stands there."""
NAMED_OTHERWISE = {
    "tests/test_determinism.py": "one answer with any number of threads, from photos to the report",
    "tests/test_docs.py": "README and docs against the code",
    "tests/test_house.py": "the house",
    "tests/test_no_torch.py": "what each page imports",
    "tests/test_requirements.py": "the lists of packages",
    "tests/test_security.py": "what docs/security.md promises",
    "tests/benchmarks/test_contenders.py": "the contenders of four measurements share one model and three photos",
    "tests/concepts/test_concepts.py": "the modules of the room share one model whose concepts are known",
    "tests/photos/test_kinds_of_files.py": "files as people have them, from their bytes to the score",
}
"""Files of tests that are named for no module, each with its reason."""

OUTSIDE = {
    "core": ("streamlit", "ui", "pages", "streamlit_app", "train", "tests", "benchmarks"),
    "ui": ("pages", "streamlit_app", "train", "tests", "benchmarks"),
    "pages": ("streamlit_app", "train", "tests", "benchmarks"),
    "train": ("streamlit", "ui", "pages", "streamlit_app", "tests", "benchmarks"),
    "streamlit_app": ("pages", "train", "tests", "benchmarks"),
    "core.registry": ("core.files", "core.types"),
    "core.config": ("core.types", "core.registry"),
    "core.errors": ("core",),
}
"""What a part of the house must never import, beside what the order of its rooms forbids."""


USES = re.compile(r'^Uses [^.]*\.\s+(Face:\s.*?)(?=\n\n|\n?""")', re.MULTILINE | re.DOTALL)
"""In the words of a room: what it uses, and its face."""
DIAGRAM = re.compile(r"(<!-- house -->\n```text\n).*?(```\n<!-- end -->)", re.DOTALL)


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


def walls(name: str) -> set[str]:
    """What a module must not import: the outside, rooms above its own, and plugins beside it."""
    found = {wall for place, places in OUTSIDE.items() if within(name, place) for wall in places}
    for top, rooms in (("core", ROOMS), ("ui", UI_ROOMS)):
        if not within(name, top) or name in ENTRANCES:
            continue
        inside = name.split(".")[1] if name.count(".") else ""
        above = rooms[rooms.index(inside) + 1 :] if inside in rooms else rooms
        found |= {f"{top}.{room}" for room in above}
        if top == "core" and inside in PLUGINS[:-1]:
            found |= {f"core.{room}" for room in PLUGINS if room != inside}
    return found


def backward_arrows(name: str, source: str, is_package: bool = False) -> list[str]:
    """Imports of a module that the house forbids, as "module:line imports other"."""
    package = name if is_package else name.rpartition(".")[0]
    forbidden = walls(name)
    return [
        f"{name}:{line} imports {other}"
        for other, line in imports(ast.parse(source), package)
        if any(within(other, wall) for wall in forbidden)
    ]


@pytest.mark.parametrize("name", modules())
def test_imports_point_one_way(name: str) -> None:
    file = modules()[name]
    assert backward_arrows(name, file.read_text(encoding="utf-8"), file.name == "__init__.py") == []


@pytest.mark.parametrize(
    ("name", "source"),
    [
        ("core.inference.predictor", "import streamlit as st"),
        ("core.inference.predictor", "from ui import layout"),
        ("core.inference.predictor", "def late():\n    from pages.model import draw"),
        ("core.inference.predictor", "from core.study.engine import run"),
        ("core.inference", "from core import study"),
        ("core.sources.folder", "from core.models import resnet"),
        ("core.sources.folder", "from core import models"),
        ("core.sources.folder", "from ..models import resnet"),
        ("core.sources.folder", "from .. import models"),
        ("core.ablations.region", "from core.masks.faces import faces"),
        ("core.photos.images", "from core.sources.lamem import lamem"),
        ("core.effects.effects.stats", "from core.verdict.verdict import words"),
        ("core.plots", "from core.photos import images"),
        ("core.errors", "from core import config"),
        ("ui.layout", "import pages.model"),
        ("ui.layout", "from ui.photo import canvas"),
        ("ui.study.effects", "from ui.map import chart"),
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
        ("core.inference.predictor", "from core.photos import preprocess\nfrom core.registry import MODELS"),
        ("core.commands.score", "from core.sources.folder import photo_files"),
        ("core.readme", "from core.verdict.verdict import words"),
        ("ui.layout", "import streamlit"),
        ("ui.map.panels", "from ui.photo import photos"),
    ],
)
def test_an_arrow_that_points_forward_is_allowed(name: str, source: str) -> None:
    assert backward_arrows(name, source) == []


def packages(top: str) -> list[str]:
    """The folders of core or ui that hold code."""
    return sorted(file.parent.name for file in (config.ROOT / top).glob("*/*.py") if file.name == "__init__.py")


def first_sentence(package: Path) -> str:
    """What a package says of itself, up to its first blank line."""
    doc = ast.get_docstring(ast.parse((package / "__init__.py").read_text(encoding="utf-8"))) or ""
    return " ".join(doc.partition("\n\n")[0].split())


def uses(room: str) -> str:
    """The other rooms that a room imports, as a sentence: "Uses photos and inference." """
    found = set()
    for file in (config.ROOT / room).rglob("*.py"):
        name = module_name(file)
        package = name if file.name == "__init__.py" else name.rpartition(".")[0]
        for other, _ in imports(ast.parse(file.read_text(encoding="utf-8")), package):
            found.add("/".join(other.split(".")[:2]))
    core = in_words([name for name in ROOMS if f"core/{name}" in found - {room}])
    ui = in_words([name for name in UI_ROOMS if f"ui/{name}" in found - {room}])
    if room.startswith("core/"):
        return f"Uses {core or 'no other room'}."
    return f"Uses {core} of core{f', and {ui} of ui' if ui else ''}."


def in_words(names: list[str]) -> str:
    return " and ".join(part for part in (", ".join(names[:-1]), names[-1] if names else "") if part)


def with_uses(room: str, source: str) -> str:
    """The `__init__.py` of a room with the sentence on what it uses as its imports are now."""

    def paragraph(found: re.Match[str]) -> str:
        text = f"{uses(room)} {' '.join(found[1].split())}"
        return textwrap.fill(text, 120, break_long_words=False, break_on_hyphens=False)

    return USES.sub(paragraph, source, count=1)


def face(room: str) -> list[str]:
    """The names that a room gives as its face."""
    doc = ast.get_docstring(ast.parse((config.ROOT / room / "__init__.py").read_text(encoding="utf-8"))) or ""
    found = re.search(r"\bFace:\s(.*)", doc, re.DOTALL)
    return re.findall(r"`([^`]+)`", found[1]) if found else []


def is_there(room: str, name: str) -> bool:
    """Whether a name of a room is one of its modules, a name in one, a name of the room itself, or a registry."""
    module, _, inside = name.partition(".")
    file = config.ROOT / room / f"{module}.py"
    if file.is_file():
        return not inside or inside in defined(file)
    own = config.ROOT / room / "__init__.py"
    return (inside or module) in defined(own) or name in defined(config.ROOT / "core" / "registry.py")


def defined(file: Path) -> set[str]:
    """The names that a module defines or imports at its top."""
    found = set()
    for node in ast.parse(file.read_text(encoding="utf-8")).body:
        if isinstance(node, ast.FunctionDef | ast.ClassDef):
            found.add(node.name)
        elif isinstance(node, ast.ImportFrom):
            found |= {alias.asname or alias.name for alias in node.names}
        elif isinstance(node, ast.Assign | ast.AnnAssign):
            targets = node.targets if isinstance(node, ast.Assign) else [node.target]
            found |= {part.id for target in targets for part in ast.walk(target) if isinstance(part, ast.Name)}
    return found


def house() -> str:
    """The house as text: a line a room, highest first, each with its own words."""
    rows = ["streamlit_app.py, pages/   a script per question: read inputs, call core once, draw"]
    rows += ["ui/                        the frame of every page, and a folder for each larger one"]
    rows += [f"  ui/{name + '/':<22} {first_sentence(config.ROOT / 'ui' / name)}" for name in reversed(UI_ROOMS)]
    rows += ["train.py                   settings to core.training.fit, and where the checkpoint is"]
    rows += ["core/                      what every room uses: settings, errors, records, registries, files"]
    rows += [f"  core/{name + '/':<20} {first_sentence(config.ROOT / 'core' / name)}" for name in reversed(ROOMS)]
    return "\n".join(rows) + "\n"


def test_every_room_is_on_the_list() -> None:
    assert packages("core") == sorted(ROOMS)
    assert packages("ui") == sorted(UI_ROOMS)


def test_core_itself_stays_small() -> None:
    own = sorted(file.name for file in (config.ROOT / "core").glob("*.py") if file.name != "__init__.py")
    assert len(own) <= MOST_MODULES, own


@pytest.mark.parametrize("room", ALL_ROOMS)
def test_every_room_says_what_lives_there(room: str) -> None:
    assert first_sentence(config.ROOT / room).endswith(".")


@pytest.mark.parametrize("room", ALL_ROOMS)
def test_every_room_says_what_it_uses_and_what_its_face_is(room: str) -> None:
    """`python -m tests.test_house` writes what it uses again."""
    source = (config.ROOT / room / "__init__.py").read_text(encoding="utf-8")
    doc = " ".join((ast.get_docstring(ast.parse(source)) or "").split())
    assert f" {uses(room)} Face: " in doc
    assert with_uses(room, source) == source
    assert face(room)
    assert [name for name in face(room) if not is_there(room, name)] == []


def test_no_two_classes_have_one_name() -> None:
    """Whoever reads a name in another room, or searches for it, finds one thing."""
    where: dict[str, list[str]] = {}
    for file in sorted((*(config.ROOT / "core").rglob("*.py"), *(config.ROOT / "ui").rglob("*.py"))):
        for item in ast.parse(file.read_text(encoding="utf-8")).body:
            if isinstance(item, ast.ClassDef) and not item.name.startswith("_"):
                where.setdefault(item.name, []).append(str(file.relative_to(config.ROOT)))
    assert {name: files for name, files in where.items() if len(files) > 1} == {}


def test_what_a_room_uses_follows_its_imports() -> None:
    stale = '"""Words.\n\nUses every\nroom. Face: `a`,\n`b`.\n"""\nTAIL = 1\n'
    assert with_uses("core/photos", stale) == '"""Words.\n\nUses no other room. Face: `a`, `b`.\n"""\nTAIL = 1\n'
    assert not is_there("core/photos", "images.nothing")
    assert not is_there("core/photos", "nothing")


@pytest.mark.parametrize("top", ["core", "ui"])
def test_tests_stand_in_the_room_that_they_test(top: str) -> None:
    """tests/study/test_engine.py tests core/study/engine.py; a folder of tests that mirrors no room is none."""
    folder = TESTS if top == "core" else TESTS / top
    rooms = {*ROOMS, "ui", "pages", "benchmarks", *BESIDE_ROOMS} if top == "core" else set(UI_ROOMS)
    found = {file.parent.name for file in folder.glob("*/*.py")}
    assert found <= rooms


def is_named_for_a_module(test: str) -> bool:
    """Whether a file of tests has the name of a module of its room, or of the plugins of its room."""
    *folders, name = Path(test).relative_to("tests").with_suffix("").parts
    wanted = name.removeprefix("test_")
    if wanted in PLUGINS and folders == [wanted]:  # the contract of all of them
        return True
    room = Path(*folders) if folders[:1] in (["ui"], ["pages"], ["benchmarks"]) else Path("core", *folders)
    homes = [room, Path()] if folders == ["pages"] else [room]  # the first page stands beside the others
    names = (f"{wanted}.py", f"_{wanted}.py", f"{wanted}/__init__.py")
    return any((config.ROOT / home / name).is_file() for home in homes for name in names)


def test_tests_are_named_for_what_they_test() -> None:
    """Whoever changes a module finds its tests by name; the list holds no file that has such a name."""
    found = {file.relative_to(config.ROOT).as_posix() for file in TESTS.rglob("test_*.py")}
    found = {name for name in found if name.split("/")[1] not in BESIDE_ROOMS}
    assert {name for name in found if not is_named_for_a_module(name)} == set(NAMED_OTHERWISE)


@pytest.mark.parametrize(
    ("test", "is_named"),
    [
        ("tests/study/test_engine.py", True),
        ("tests/test_registry.py", True),
        ("tests/masks/test_masks.py", True),
        ("tests/inference/test_engines.py", True),
        ("tests/ui/photo/test_painting.py", True),
        ("tests/pages/test_streamlit_app.py", True),
        ("tests/benchmarks/test_turns.py", True),
        ("tests/study/test_hosted_controls.py", False),
        ("tests/paint/test_engine.py", False),
        ("tests/effects/test_effects_.py", False),
        ("tests/study/test_masks.py", False),
        ("tests/test_streamlit_app.py", False),
    ],
)
def test_a_name_of_no_module_is_seen(test: str, is_named: bool) -> None:
    assert is_named_for_a_module(test) == is_named


def test_contributing_shows_the_house() -> None:
    """`python -m tests.test_house` draws it again."""
    text = (config.ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
    assert redrawn(text) == text


def redrawn(text: str) -> str:
    """CONTRIBUTING.md with the house as it is now."""
    return DIAGRAM.sub(lambda found: found[1] + house() + found[2], text)


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


if __name__ == "__main__":
    for each in ALL_ROOMS:
        package = config.ROOT / each / "__init__.py"
        package.write_text(with_uses(each, package.read_text(encoding="utf-8")), encoding="utf-8")
    target = config.ROOT / "CONTRIBUTING.md"
    target.write_text(redrawn(target.read_text(encoding="utf-8")), encoding="utf-8")
    sys.exit(0)
