"""What docs/security.md promises: every test that it names exists, and what had no test of its own is held here."""

from __future__ import annotations

import ast
import re
import tomllib
from pathlib import Path

import pytest

from core import config
from tests.conftest import draw_photo, visit_page
from tests.helpers import standin
from tests.helpers.watch import watched
from tests.test_house import imports, module_name, modules

TEXT = (config.ROOT / "docs" / "security.md").read_text(encoding="utf-8")
NAMED = re.compile(r"`(tests/[\w/]+\.py)::(\w+)`")
NETWORK = (
    "socket",
    "ssl",
    "http",
    "urllib.request",
    "urllib.error",
    "requests",
    "httpx",
    "aiohttp",
    "ftplib",
    "smtplib",
    "fsspec",
    "ray",
)
MAY_ASK = {"core.sources.lamem_archive", "core.training.initialise", "core.photos.addresses", "core.inference.cluster"}
"""Modules of downloads, addresses and clusters that somebody asks for by a command."""
OF_LIBRARIES = (".pyc", ".nbi", "__pycache__", "/matplotlib", "/dev/null")
"""How paths end of what libraries write when they are first imported: compiled code, and an empty folder."""
ADDRESS = re.compile(r"(?:https?|wss?):?//(?!www\.w3\.org/|127\.0\.0\.1)|@import|fonts\.g")


def functions(file: Path) -> set[str]:
    tree = ast.parse(file.read_text(encoding="utf-8"))
    return {node.name for node in ast.walk(tree) if isinstance(node, ast.FunctionDef)}


def unknown(text: str) -> list[str]:
    """Tests that a text names and that do not exist."""
    named = NAMED.findall(text)
    return [f"{file}::{name}" for file, name in named if name not in functions(config.ROOT / file)]


def test_every_line_names_a_test_that_exists() -> None:
    rows = [line for line in TEXT.splitlines() if line.startswith("| ") and "held by" not in line]
    assert len(rows) >= 25
    assert [row for row in rows if not NAMED.search(row)] == []
    assert unknown(TEXT) == []


def test_a_test_that_does_not_exist_is_seen() -> None:
    assert unknown("`tests/test_files.py::test_nothing`") == ["tests/test_files.py::test_nothing"]


def test_the_server_is_set_up_as_this_page_says() -> None:
    settings = tomllib.loads((config.ROOT / ".streamlit" / "config.toml").read_text(encoding="utf-8"))
    assert settings["server"]["enableXsrfProtection"] is True
    assert settings["server"]["enableCORS"] is True
    assert settings["browser"]["gatherUsageStats"] is False
    assert settings["client"]["showErrorDetails"] == "none"
    assert "enableStaticServing" not in settings["server"]


def test_only_downloads_that_were_asked_for_know_the_network() -> None:
    found = set()
    for name, file in modules().items():
        if name.startswith("benchmarks"):
            continue
        package = name if file.name == "__init__.py" else name.rpartition(".")[0]
        used = {other for other, _ in imports(ast.parse(file.read_text(encoding="utf-8")), package)}
        if any(other == item or other.startswith(f"{item}.") for other in used for item in NETWORK):
            found.add(module_name(file))
    assert found == MAY_ASK


def test_no_page_names_an_address_outside() -> None:
    """Scripts, styles and icons of our own; Streamlit itself is asked for by `python -m pytest tests/browser`."""
    files = [file for folder in ("ui", "pages") for file in (config.ROOT / folder).rglob("*") if file.is_file()]
    sent = [file for file in files if file.suffix in (".js", ".css", ".svg", ".html", ".py")]
    assert len(sent) > 40
    assert [file.name for file in sent if ADDRESS.search(file.read_text(encoding="utf-8"))] == []


@pytest.fixture
def artifacts(thin_model: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    standin.write_results(tmp_path / "artifacts")
    standin.write_weights(tmp_path / "artifacts" / "resnet50")
    monkeypatch.setattr(config, "ARTIFACTS", tmp_path / "artifacts")
    return tmp_path


def test_a_scored_upload_is_written_nowhere(artifacts: Path) -> None:
    """Nor is anybody asked, or a process started; only the cache of engines and compiled code may grow."""
    from core.photos import images

    app = visit_page("pages/try_a_photo.py")
    app.file_uploader(key="uploads").set_value([("secret-name.png", images.png_bytes(draw_photo()), "image/png")])
    with watched(all_threads=True) as touched:
        app.run()
    assert not app.exception
    assert any(metric.label == "Score" for metric in app.metric)
    assert [path for path in touched.outside(touched.written, config.CACHE) if not path.endswith(OF_LIBRARIES)] == []
    assert touched.asked == touched.started == []
