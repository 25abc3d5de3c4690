"""The map with 60,000 points in Chromium: seconds to the first drawing, and frames a second while panning."""

from __future__ import annotations

import tempfile
import time
from pathlib import Path

import numpy as np
import pandas as pd
from playwright.sync_api import Page

from benchmarks._app import chromium, served
from core.latent import atlas

POINTS = 60_000
SECONDS = 5
SERVE = """
import sys
from pathlib import Path
from core import config
config.ARTIFACTS = Path(sys.argv.pop(1))
from streamlit.web import cli
sys.exit(cli.main())
"""
RENDERER = """() => {
    const gl = document.createElement('canvas').getContext('webgl')
    const about = gl && gl.getExtension('WEBGL_debug_renderer_info')
    return about ? gl.getParameter(about.UNMASKED_RENDERER_WEBGL) : String(gl)
}"""
FRAMES = """() => {
    window.frames_seen = 0
    const count = () => { window.frames_seen += 1; requestAnimationFrame(count) }
    requestAnimationFrame(count)
}"""


def main(arguments: list[str]) -> None:
    """Draw a made-up map, open its page, and print a line per kind of drawing; an argument sets how many points."""
    points = int(arguments[0]) if arguments else POINTS
    with tempfile.TemporaryDirectory() as place:
        _write_map(Path(place) / "latent", points)
        with served(("-c", SERVE, place)) as (address, _), chromium() as browser:
            print("points,visit,seconds to first drawing,frames/s while panning,WebGL", flush=True)
            for visit in ("first", "second"):
                _measure(browser.new_page(), f"{address}/latent_space", points, visit)


def _measure(page: Page, address: str, points: int, visit: str) -> None:
    page.set_default_timeout(180_000)
    started = time.perf_counter()
    page.goto(address)
    page.wait_for_selector(".map-plot[data-drawn]")
    drawn = time.perf_counter() - started
    left, top, width, height = page.evaluate(
        "(r => [r.left, r.top, r.width, r.height])(document.querySelector('.map-plot').getBoundingClientRect())"
    )
    x, y = left + width / 2, top + height * 0.6
    page.evaluate(FRAMES)
    page.mouse.move(x, y)
    page.mouse.down()
    before, begun = page.evaluate("window.frames_seen"), time.perf_counter()
    while (passed := time.perf_counter() - begun) < SECONDS:
        page.mouse.move(x + 150 * np.sin(3 * passed), y + 80 * np.cos(3 * passed))
    frames = (page.evaluate("window.frames_seen") - before) / (time.perf_counter() - begun)
    page.mouse.up()
    renderer = page.evaluate(RENDERER)
    print(f'{points},{visit},{drawn:.2f},{frames:.1f},"{renderer}"', flush=True)
    page.close()


def _write_map(folder: Path, n: int) -> None:
    random = np.random.default_rng(0)
    middles = random.normal(0, 5, (30, 2))
    flat = (middles[random.integers(30, size=n)] + random.normal(size=(n, 2))).astype(np.float32)
    scores = random.uniform(0.3, 0.9, n)
    photos = pd.DataFrame(
        {
            "photo_id": [f"{number:06d}.jpg" for number in range(n)],
            "source": "made_up",
            "score": scores,
            "human_score": scores,
            "planted_score": None,
            "kept_out": True,
            "drawn_before": False,
        }
    )
    answer = atlas.MapAnswer((), (), ())
    spaces = {"pixels": random.normal(size=(n, 64)).astype(np.float32)}
    layouts = {("pixels", "umap", 2): flat}
    atlas.write(atlas.Atlas(folder, photos, spaces, layouts, {"pixels.mean": np.zeros(64, np.float32)}, answer, {}))
