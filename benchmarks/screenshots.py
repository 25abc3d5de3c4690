"""The README's pictures, taken from the running app: a painted photo, the effects of a study, the map."""

from __future__ import annotations

import io
from collections.abc import Callable
from pathlib import Path

from PIL import Image
from playwright.sync_api import FloatRect, Page, ViewportSize

from benchmarks._app import chromium, served
from core import config

FOLDER = config.ROOT / "docs" / "images"
SIZE: ViewportSize = {"width": 1400, "height": 2600}
"""So tall that nothing has to be scrolled."""
MARGIN = 12
COLOURS = 128
"""Of a picture without a photo: enough for text and marks, and a fraction of the bytes."""
IDLE = "() => !document.querySelector('[data-testid=stStatusWidget], [data-stale=true]')"
CONTROLS = """() => /regions of the same size and shape/.test(document.body.innerText)
    && !/places tried/.test(document.body.innerText)"""
FACE = ((0.43, 0.12), (0.48, 0.12), (0.50, 0.18), (0.49, 0.25), (0.46, 0.29), (0.42, 0.26), (0.41, 0.19), (0.45, 0.2))
"""A stroke over the face of the packaged photo of an astronaut, in fractions of the canvas."""


def main(arguments: list[str]) -> None:
    """Take every picture, or only those named: paint, effects, map."""
    FOLDER.mkdir(parents=True, exist_ok=True)
    with served() as (address, _), chromium() as browser:
        for name in arguments or PICTURES:
            page = browser.new_page(viewport=SIZE, color_scheme="light")
            page.set_default_timeout(180_000)
            file = PICTURES[name](page, address)
            print(f"{file.relative_to(config.ROOT)}: {file.stat().st_size / 1000:.0f} kB", flush=True)
            page.close()


def paint(page: Page, address: str) -> Path:
    """The astronaut's face painted away, with the scores and the controls."""
    page.goto(f"{address}/try_a_photo?sample=astronaut")
    canvas = page.locator(".st-key-canvas-frame canvas").last
    canvas.wait_for()
    _rest(page)
    box = canvas.bounding_box()
    if box is None:
        raise SystemExit("The canvas is not on the page; try the page by hand: streamlit run streamlit_app.py")
    points = [(box["x"] + across * box["width"], box["y"] + down * box["height"]) for across, down in FACE]
    page.mouse.move(*points[0])
    page.mouse.down()
    for point in points[1:]:
        page.mouse.move(*point, steps=4)
    page.mouse.up()
    page.wait_for_function(CONTROLS)
    _rest(page)
    return _save(
        page, (".st-key-canvas-tools", ".st-key-canvas-frame", "[data-testid=stMetric]"), "paint.webp", quality=80
    )


def effects(page: Page, address: str) -> Path:
    """The chart of the reference study."""
    page.goto(f"{address}/ablation_effects?study=reference")
    page.locator(".st-key-bars .js-plotly-plot").wait_for()
    _rest(page)
    return _save(page, (".st-key-bars",), "effects.png")


def map_(page: Page, address: str) -> Path:
    """The map of the shipped photos by what the model learned."""
    page.goto(f"{address}/latent_space?space=learned&projection=tsne")
    page.wait_for_selector(".map-plot[data-drawn]")
    _rest(page)
    return _save(page, (".map-plot",), "map.png")


PICTURES: dict[str, Callable[[Page, str], Path]] = {"paint": paint, "effects": effects, "map": map_}


def _rest(page: Page) -> None:
    """Wait until the script runs no more; the sign of it appears only when it has run for a while."""
    for _ in range(2):
        page.wait_for_timeout(1000)
        page.wait_for_function(IDLE)


def _save(page: Page, parts: tuple[str, ...], name: str, quality: int = 0) -> Path:
    """A picture of the page's full width from the first to the last of its parts: WebP with a quality, else PNG."""
    boxes = [box for part in parts if (box := page.locator(part).last.bounding_box())]
    if len(boxes) < len(parts):
        raise SystemExit(f"{name}: a part of the page is missing; look for {', '.join(parts)} by hand.")
    main = page.locator("[data-testid=stMainBlockContainer]").bounding_box() or boxes[0]
    left, right = main["x"] + 60, main["x"] + main["width"] - 60
    top = min(box["y"] for box in boxes) - MARGIN
    bottom = max(box["y"] + box["height"] for box in boxes) + MARGIN
    clip: FloatRect = {"x": left, "y": top, "width": right - left, "height": bottom - top}
    picture = Image.open(io.BytesIO(page.screenshot(clip=clip))).convert("RGB")
    file = FOLDER / name
    if quality:
        picture.save(file, quality=quality, method=6)
    else:
        picture.quantize(COLOURS, dither=Image.Dither.NONE).save(file, optimize=True)
    return file
