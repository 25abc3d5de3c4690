"""One server and one Chromium for all tests in a browser; they are skipped where there is none."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from core import config
from tests.helpers import standin
from tests.helpers.chromium import CHROMIUM, FLAGS, SCREENS, OpenTab, running_app

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page, Playwright

STAND_IN = """
import sys
from dataclasses import replace
from pathlib import Path
from core import config
config.ARTIFACTS = Path(sys.argv.pop(1))
from core.models import resnet
from core.registry import MODELS
from tests.helpers.standin import THIN
resnet.STAGES = THIN
MODELS._entries["resmem"] = replace(MODELS["resmem"], function=MODELS["small_cnn"].function)
from streamlit.web import cli
sys.exit(cli.main())
"""
"""The app with results of its own, a thin network, and a small one that answers for ResMem."""


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
        pytest.skip("Chromium is not installed (Debian: apt-get install chromium-headless-shell).")


@pytest.fixture(scope="package")
def artifacts(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What the app at `address` works with: the shipped results, and a thin model with a small input."""
    folder = tmp_path_factory.mktemp("artifacts")
    standin.quick_artifacts(folder)
    return folder


@pytest.fixture(scope="package")
def address(artifacts: Path) -> Iterator[str]:
    """The running app; what its pages show of a model is what the model in `artifacts` says."""
    with running_app([sys.executable, "-c", STAND_IN, str(artifacts)], "server.log") as running:
        yield running


@pytest.fixture(scope="package")
def playwright() -> Iterator[Playwright]:
    """What drives Chromium."""
    from playwright.sync_api import sync_playwright

    with sync_playwright() as driver:
        yield driver


@pytest.fixture(scope="package")
def browser(playwright: Playwright) -> Iterator[Browser]:
    """A Chromium for tests that need a profile of their own: each of its contexts is one, and empty."""
    chromium = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
    yield chromium
    chromium.close()


@pytest.fixture(scope="package")
def open_tab(playwright: Playwright, tmp_path_factory: pytest.TempPathFactory) -> Iterator[OpenTab]:
    """A function (screen) → an empty tab of a new visitor; what a visit keeps, it keeps with its tab.

    Tabs share a profile, and in it a process, which a first tab on the same host keeps running: scripts that Chromium
    compiled once are not compiled again, which is half of what most pages cost.
    """
    place = tmp_path_factory.mktemp("profile")
    profile = playwright.chromium.launch_persistent_context(place, executable_path=CHROMIUM, args=FLAGS)
    profile.set_default_timeout(120_000)
    (first,) = profile.pages
    first.route("**", lambda asked: asked.fulfill(body="This tab stays."))
    first.goto("http://127.0.0.1/")

    def opened(screen: str) -> Page:
        asked = SCREENS[screen]
        page = profile.new_page()
        page.set_viewport_size(asked["viewport"])
        page.emulate_media(color_scheme=asked["color_scheme"])
        if asked.get("has_touch"):  # as Playwright gives to a whole profile
            page.finger = profile.new_cdp_session(page)
            page.finger.send("Emulation.setTouchEmulationEnabled", {"enabled": True})
        page.screen, page.asked = screen, []
        page.on("request", lambda made: page.asked.append(made.url))
        return page

    yield opened
    profile.close()


@pytest.fixture
def phone(open_tab: OpenTab) -> Iterator[Page]:
    """A fresh visit on a phone; `asked` is what it asked for. It goes on in the dark and on a wide screen (`looks`)."""
    visited = open_tab("phone")
    yield visited
    visited.close()
