"""One server and one Chromium for all tests in a browser; they are skipped where there is none."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from core import config
from tests.helpers import standin
from tests.helpers.chromium import CHROMIUM, FLAGS, SCREENS, running_app

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

STAND_IN = """
import sys
from pathlib import Path
from core import config
config.ARTIFACTS = Path(sys.argv.pop(1))
from streamlit.web import cli
sys.exit(cli.main())
"""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Every test in this folder drives a browser."""
    for item in items:
        if config.ROOT / "tests" / "browser" in item.path.parents:
            item.add_marker(pytest.mark.browser)


@pytest.fixture(scope="package", autouse=True)
def chromium_is_there() -> None:
    """Skip where there is no browser, or nothing to drive it with."""
    pytest.importorskip("playwright.sync_api", reason="Playwright is not installed (requirements-dev.txt).")
    if CHROMIUM is None:
        pytest.skip("Chromium is not installed (Debian: apt-get install chromium).")


@pytest.fixture(scope="package")
def artifacts(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What the app at `address` works with: the shipped results, and the shipped weights at a small input."""
    folder = tmp_path_factory.mktemp("artifacts")
    standin.quick_artifacts(folder)
    return folder


@pytest.fixture(scope="package")
def address(artifacts: Path) -> Iterator[str]:
    """The running app; what its pages show of a model is what the model in `artifacts` says."""
    with running_app([sys.executable, "-c", STAND_IN, str(artifacts)], "server.log") as running:
        yield running


@pytest.fixture(scope="package")
def browser() -> Iterator[Browser]:
    """One Chromium for all tests in it."""
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        yield chromium
        chromium.close()


@pytest.fixture(params=list(SCREENS))
def page(request: pytest.FixtureRequest, browser: Browser) -> Iterator[Page]:
    """A fresh visit on each kind of screen; `page.screen` is its name, `page.asked` what it asked for."""
    context = browser.new_context(**SCREENS[request.param])
    context.set_default_timeout(120_000)
    visited = context.new_page()
    visited.screen, visited.asked = request.param, []
    visited.on("request", lambda made: visited.asked.append(made.url))
    yield visited
    context.close()
