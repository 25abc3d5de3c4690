"""What the tests of pages share: artifacts as after training, none at all, and a page driven without a browser."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
import streamlit as st
from streamlit.testing.v1 import AppTest

from core import config
from tests.helpers import standin

HOME, TRY, MODEL = "streamlit_app.py", "pages/try_a_photo.py", "pages/model.py"


@pytest.fixture(scope="session")
def trained(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Artifacts as after training and evaluation."""
    folder = tmp_path_factory.mktemp("trained")
    standin.write_results(folder)
    standin.write_weights(folder / "resnet50")
    return folder


@pytest.fixture
def artifacts(thin_model: None, trained: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A copy of them to damage, in the place where the app looks."""
    folder = tmp_path / "artifacts"
    standin.copy_of_links(trained, folder)
    monkeypatch.setattr(config, "ARTIFACTS", folder)
    yield folder
    st.cache_data.clear()
    st.cache_resource.clear()


@pytest.fixture
def nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A fresh clone: no artifacts at all."""
    st.cache_data.clear()
    st.cache_resource.clear()
    monkeypatch.setattr(config, "ARTIFACTS", tmp_path / "none")
    return tmp_path / "none"


def visit(page: str, **query: str) -> AppTest:
    """A page reached from the first one, as by its link."""
    app = AppTest.from_file(str(config.ROOT / HOME), default_timeout=120).run()
    if page != HOME:
        app.switch_page(page)
        for name, value in query.items():
            app.query_params[name] = value
        app.run()
    return sound(app)


def sound(app: AppTest) -> AppTest:
    """The page ran to its end without an exception."""
    assert not app.exception, app.exception[0].message
    return app


def words(app: AppTest) -> str:
    """All text on the page."""
    kinds = (app.title, app.header, app.subheader, app.markdown, app.caption, app.info, app.error)
    return "\n".join(element.value for kind in kinds for element in kind)


def replace(file: Path, text: str) -> None:
    """Put text in place of a file that may be a link to the shared one."""
    file.unlink()
    file.write_text(text)
