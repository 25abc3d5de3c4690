"""Pages that only show results stay light: torch takes seconds to import and hundreds of megabytes."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from core import config
from core.paint import showcase
from core.types import Rect
from tests.helpers import standin

VISIT = """
import sys
from pathlib import Path
from core import config
config.ARTIFACTS = Path(sys.argv[1])
from streamlit.testing.v1 import AppTest
app = AppTest.from_file("streamlit_app.py", default_timeout=60).run()
for page in ("Home", *sys.argv[2:]):
    if page != "Home":
        app.switch_page(page).run()
    assert not app.exception, (page, app.exception)
    assert not app.error, (page, app.error)
    heavy = {"torch", "torchvision", "captum"} & set(sys.modules)
    assert not heavy, (page, heavy)
"""


def run(code: str, *arguments: str) -> None:
    """Run code in a fresh interpreter, which fails with what it printed."""
    done = subprocess.run([sys.executable, "-c", code, *arguments], cwd=config.ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize(
    "modules",
    ["core.evaluation.reports, core.plots, core.photos.overlay, core.registry", "ui.resources, ui.photo.photos"],
)
def test_importing_leaves_torch_out(modules: str) -> None:
    run(f"import sys, {modules}; assert 'torch' not in sys.modules")


def test_showing_a_study_leaves_torch_out(tmp_path: Path) -> None:
    """Home with its verdict, and Ablation effects."""
    from core.verdict.aggregation import make_aggregates
    from tests.helpers.planted import write_study

    standin.write_results(tmp_path)
    make_aggregates(write_study(tmp_path / "studies" / "reference", n=120, fills=("mean",)))
    run(VISIT, str(tmp_path), "pages/ablation_effects.py")


def test_showing_results_leaves_torch_out(tmp_path: Path) -> None:
    """Home with its photo, Model, Where it looks, and Try a photo as long as there is no photo to score."""
    standin.write_results(tmp_path)
    box = Rect(100, 30, 160, 100)
    showcase.write(showcase.Showcase("resnet50", "astronaut", "faces", "inpaint", box, 0.746, 0.702), tmp_path)
    run(VISIT, str(tmp_path), "pages/model.py", "pages/try_a_photo.py", "pages/where_it_looks.py")
