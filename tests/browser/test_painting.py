"""Painting in a real Chromium: what the page says of a drawing is what core says of the same strokes."""

from __future__ import annotations

import contextlib
import io
import re
import zipfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any

import cv2
import numpy as np
import pandas as pd
import pytest
from PIL import Image

from core import config, inference
from core.paint import drawing, occlusion_search, region_effect, replay
from core.paint.answer import usual_fill
from core.paint.drawing import Stroke
from core.paint.sketch import read_sketch
from core.photos import images
from core.registry import ATTRIBUTIONS, MASKS
from core.types import Mask, Pixels
from tests.conftest import draw_photo
from tests.helpers import standin
from tests.helpers.chromium import POLLING, SCREENS, OpenTab, check, photo_file, serious, settled
from ui.photo import history

if TYPE_CHECKING:
    from playwright.sync_api import Page

sync_api = pytest.importorskip("playwright.sync_api", reason="Playwright is not installed (requirements-dev.txt).")
pytestmark = pytest.mark.slow
Visit = Callable[..., Any]
UPLOAD = "[data-testid=stFileUploaderDropzoneInput]"
BRUSH = 0.07
CORNERS = ((0.2, 0.15), (0.6, 0.5))
BOX = Stroke(((0.2, 0.15), (0.6, 0.15), (0.6, 0.5), (0.2, 0.5)), filled=True)
HOLE = Stroke(((0.3, 0.3), (0.5, 0.3)), BRUSH, erase=True)
LINE = Stroke(((0.7, 0.2), (0.9, 0.3)), BRUSH)
ANGLES = np.linspace(0, 2 * np.pi, 96, endpoint=False)
ROUND = Stroke(tuple((0.4 + 0.2 * float(np.cos(a)), 0.325 + 0.175 * float(np.sin(a))) for a in ANGLES), filled=True)
TRIANGLE = Stroke(((0.55, 0.6), (0.9, 0.6), (0.7, 0.9)), filled=True)
STARTS = ("faces", "people", "text", "salient", "heatmap_top")
AREA = r"([\d.]+)% of the photo was replaced"
NEAR_AREA = """([area, off]) => {
    const found = document.body.innerText.match(/([\\d.]+)% of the photo was replaced/);
    return found && Math.abs(Number(found[1]) - area) < off; }"""
KEPT_STROKES = """count => Object.values(sessionStorage).find(text => {
    try { return JSON.parse(text).strokes.length === count } catch { return false } })"""
PLACES_OF_THE_CANVAS = """() => {
    window.placesOfTheCanvas = [];
    setInterval(() => {
        const canvas = document.querySelector('.st-key-canvas-frame');
        const scrolled = document.querySelector('[data-testid=stMain]');
        const loading = document.querySelector('[data-testid=stSkeleton]');  // Streamlit's own scripts
        if (canvas && canvas.getBoundingClientRect().height > 50 && !loading)
            window.placesOfTheCanvas.push(Math.round(canvas.getBoundingClientRect().top + scrolled.scrollTop));
    }, 50); }"""
DELTA = r"Δ = ([+−]\d\.\d{3}), that is|Δ = ([+−]\d\.\d{3})\.\s"


@pytest.fixture(scope="module")
def predictor(artifacts: Path) -> inference.Predictor:
    """The model that the app at `address` has."""
    with standin.thin():
        return inference.load(str(artifacts / config.DEFAULT_MODEL))


@pytest.fixture
def visit(open_tab: OpenTab, address: str) -> Iterator[Visit]:
    """A function (screen, query) → the page *Try a photo* of a new visitor."""
    tabs = []

    def new(screen: str, query: str = "") -> Page:
        tabs.append(open_tab(screen))
        tabs[-1].goto(f"{address}/try_a_photo{query}")
        return tabs[-1]

    yield new
    for tab in tabs:
        tab.close()


def canvas(page: Page, *, wait: bool = True) -> dict[str, float]:
    """Where the canvas is, when nothing on the page moves any more; without `wait`, as soon as it is there."""
    found = page.locator(".st-key-canvas-frame canvas:visible, .st-key-canvas-frame svg:visible").last
    found.wait_for()
    if wait:
        settled(page)
    else:
        page.wait_for_timeout(200)
    for _ in range(20):  # a canvas that is mounted anew takes the place of the one that was found
        with contextlib.suppress(sync_api.TimeoutError):
            found.scroll_into_view_if_needed(timeout=5_000)
            break
    box = found.bounding_box()
    assert box is not None
    return box


def drag(page: Page, start: tuple[float, float], end: tuple[float, float], *, wait: bool = True) -> None:
    """Draw from one place to another, both in widths of the photo; with a finger where the screen has touch."""
    box = canvas(page, wait=wait)
    places = [
        (box["x"] + box["width"] * (start[0] + part * (end[0] - start[0])),
         box["y"] + box["width"] * (start[1] + part * (end[1] - start[1])))
        for part in (0, 0.25, 0.5, 0.75, 1)
    ]  # fmt: skip
    if "has_touch" not in SCREENS[page.screen]:
        page.mouse.move(*places[0])
        page.mouse.down()
        for place in places[1:]:
            page.mouse.move(*place)
        page.mouse.up()
    else:
        touch = page.context.new_cdp_session(page)
        for number, (x, y) in enumerate(places):
            kind = "touchMove" if number else "touchStart"
            touch.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": [{"x": x, "y": y}]})
        touch.send("Input.dispatchTouchEvent", {"type": "touchEnd", "touchPoints": []})


def tool(page: Page, name: str) -> None:
    """Take another tool, and wait for the fresh canvas."""
    page.locator(".st-key-tool").get_by_role("radio", name=name).click()
    page.wait_for_timeout(300)
    canvas(page)


def said(page: Page, pattern: str, but: str = "") -> str:
    """What the page says where a pattern has a group, as soon as it is not `but`."""
    script = """([pattern, but]) => {
        const found = document.body.innerText.match(pattern);
        const value = found && found.slice(1).find(part => part);
        return value && value !== but ? value : null; }"""
    return str(page.wait_for_function(script, arg=[pattern, but], polling=POLLING).json_value())


def shows_nothing(page: Page) -> None:
    """Nothing is painted, and nothing of what was painted before is still on its way."""
    page.get_by_text("Nothing is painted yet").wait_for()
    settled(page)
    page.get_by_text("Nothing is painted yet").wait_for()


def percent(*strokes: Stroke, height: int = 256, width: int = 341) -> float:
    return 100 * float(drawing.draw(strokes, height, width).mean())


def alike(mask: Mask, *strokes: Stroke) -> bool:
    """Whether a mask is what strokes leave, but for the pixels at the border that a hand cannot place."""
    return overlap(mask, drawing.draw(strokes, *mask.shape)) > 0.93


def overlap(one: Mask, other: Mask) -> float:
    return float((one & other).sum() / (one | other).sum())


def taken_along(page: Page) -> tuple[pd.DataFrame, zipfile.ZipFile]:
    """The downloaded history: its table and all of it."""
    with page.expect_download() as coming:
        page.locator(".st-key-zip button").click()
    archive = zipfile.ZipFile(Path(coming.value.path()))
    return pd.read_csv(io.BytesIO(archive.read("tried.csv"))), archive


def mask_in(archive: zipfile.ZipFile, number: int) -> Mask:
    return np.asarray(Image.open(io.BytesIO(archive.read(f"{number:02}-mask.png"))).convert("L")) > 127


def usual() -> region_effect.Treatment:
    """What the page does where nobody chose."""
    return region_effect.treatment(fill=usual_fill(config.DEFAULT_MODEL))


def check_try(
    predictor: inference.Predictor, archive: zipfile.ZipFile, row: Any, photo: Pixels
) -> region_effect.Painted:
    """One row of the table, its mask, photo and replay file against what core computes for the mask."""
    number = int(row.number)
    mask = mask_in(archive, number)
    done = region_effect.paint(predictor, region_effect.working(photo), mask, usual())
    assert row.ablated_score == pytest.approx(done.ablated_score, abs=1e-5)
    assert row.score == pytest.approx(done.score, abs=1e-5)
    assert row.area == pytest.approx(done.area)
    assert (images.read(archive.read(f"{number:02}-ablated.png")) == done.photo).all()
    kept = replay.from_json(archive.read(f"{number:02}-replay.json").decode())
    replay.check(kept, photo)
    assert kept.delta == pytest.approx(done.delta, abs=1e-5)
    assert (kept.mask == mask).all()
    others = region_effect.controls(predictor, region_effect.working(photo), mask, kept.how, done.score)
    # A next stroke cuts the controls short.
    assert list(kept.controls) == pytest.approx(list(islice(others, len(kept.controls))), abs=1e-5)
    return done


@contextmanager
def size(page: Page, width: int) -> Iterator[None]:
    """The same window at another width."""
    before = page.viewport_size
    page.set_viewport_size({"width": width, "height": 900})
    page.wait_for_timeout(600)
    yield
    page.set_viewport_size(before)
    page.wait_for_timeout(600)


def check_visit(page: Page, predictor: inference.Predictor, large: bytes, second: bytes) -> list[region_effect.Painted]:
    """The downloaded history of both photos against core; the tries of the first."""
    table, archive = taken_along(page)
    assert list(table["photo"]) == ["drawn.jpg", "drawn.jpg", "drawn.jpg", "other.png"]
    photo = images.read(large)
    done = [check_try(predictor, archive, row, photo) for row in table.head(3).itertuples()]
    check_try(predictor, archive, table.iloc[3], images.read(second))
    for number, strokes in enumerate(((BOX,), (BOX, HOLE), (BOX, HOLE, LINE)), start=1):
        assert alike(mask_in(archive, number), *strokes)
    return done


def box_with_a_hole(page: Page) -> tuple[str, str]:
    """Draw a rectangle and erase a part of it; the area then said, and Δ."""
    tool(page, "Rectangle")
    drag(page, *CORNERS)
    boxed = said(page, AREA)
    assert float(boxed) == pytest.approx(percent(BOX), abs=0.6)
    tool(page, "Eraser")
    drag(page, *HOLE.points)
    erased = said(page, AREA, boxed)
    assert float(erased) == pytest.approx(percent(BOX, HOLE), abs=0.6)
    return erased, said(page, DELTA)


def line_in_a_narrow_window(page: Page, before: str) -> tuple[str, str]:
    """Go on in a narrower window, where the canvas is narrower and the drawing where it was; area and Δ."""
    with size(page, 900):
        narrow = canvas(page)["width"]
        tool(page, "Brush")
        drag(page, *LINE.points)
        area = said(page, AREA, before)
        assert float(area) == pytest.approx(percent(BOX, HOLE, LINE), abs=0.6)
    assert canvas(page)["width"] > narrow + 50
    assert said(page, AREA) == area
    settled(page)
    return area, said(page, DELTA)


def another_photo_and_back(page: Page, area: str) -> None:
    """Another photo has a canvas of its own, and the first keeps its drawing."""
    page.get_by_role("button", name="other.png", exact=True).click()
    shows_nothing(page)
    drag(page, (0.1, 0.1), (0.3, 0.1))
    own = said(page, AREA, area)
    assert float(own) == pytest.approx(percent(Stroke(((0.1, 0.1), (0.3, 0.1)), BRUSH)), abs=0.6)
    page.get_by_role("button", name="drawn.jpg", exact=True).click()
    assert said(page, AREA, own) == area
    settled(page)


def away_and_back(page: Page) -> None:
    """To another page of the app, and back by its menu."""
    page.get_by_role("link", name="Model", exact=True).click()
    page.get_by_role("heading", name="How good is the model?").or_(page.locator("h1")).first.wait_for()
    settled(page)
    page.get_by_role("link", name="Try a photo").first.click()


def test_a_drawing_is_what_core_computes_and_stays_with_its_photo(visit: Visit, predictor: inference.Predictor) -> None:
    page = visit("light")
    large = photo_file(3000, 4000)
    second = {"name": "other.png", "mimeType": "image/png", "buffer": images.png_bytes(draw_photo(9, 300, 400))}
    page.set_input_files(UPLOAD, [large, second])
    erased, delta = box_with_a_hole(page)
    check(page, "paint-light")
    assert serious(page) == []
    longer, longest = line_in_a_narrow_window(page, erased)
    another_photo_and_back(page, longer)
    away_and_back(page)
    assert said(page, AREA) == longer
    assert said(page, DELTA) == longest
    settled(page)

    done = check_visit(page, predictor, large["buffer"], second["buffer"])
    assert delta == region_effect.signed(done[1].delta)
    assert longest == region_effect.signed(done[2].delta)
    assert page.locator(".st-key-history canvas").count()


def start_from(page: Page, name: str) -> None:
    """Choose a mask that is looked for in the photo.

    While a photo and its drawing arrive, the page is laid out again, and a menu that was open is closed: it is opened
    once more, as a visitor would.
    """
    option = page.get_by_role("option", name=name, exact=True)
    for _ in range(5):
        page.locator(".st-key-start [role=combobox], .st-key-start input").first.click()
        with contextlib.suppress(sync_api.TimeoutError):
            option.wait_for(timeout=5_000)
            break
    option.click()


def search_with_a_stop(page: Page) -> None:
    """Search, stop, and go on to the end.

    A click that falls on a page being laid out again is given again, and a search may end before it can be stopped.
    """
    stop = page.locator(".st-key-stop button").filter(has_text="Stop")
    go_on = page.locator(".st-key-stop button").filter(has_text="Go on")
    ended = page.locator(".st-key-load-lowers button")
    page.locator(".st-key-find button").click()
    stop.or_(ended).first.wait_for()
    with contextlib.suppress(sync_api.TimeoutError):
        stop.click(timeout=5_000)
    for _ in range(5):
        go_on.or_(ended).first.wait_for()
        if go_on.count():
            assert re.search("[Ss]topped", page.inner_text("body"))
            go_on.click()
        with contextlib.suppress(sync_api.TimeoutError):
            ended.wait_for(timeout=20_000)
            break


def tick(page: Page, row: int) -> None:
    """Tick a row of the history, which is drawn on a canvas of its own."""
    settled(page)  # what still comes moves the table
    table = page.locator(".st-key-history canvas").first
    table.scroll_into_view_if_needed()
    box = table.bounding_box()
    assert box is not None
    page.mouse.click(box["x"] + 16, box["y"] + 36 + history.ROW * (row + 0.5))
    settled(page)


def corners(page: Page, *points: tuple[float, float], closed: bool = True) -> None:
    """Click places, in widths of the photo, and the first one again."""
    box = canvas(page)
    for x, y in (*points, *points[: int(closed)]):
        page.mouse.click(box["x"] + x * box["width"], box["y"] + y * box["width"])
        page.wait_for_timeout(400)


def astronaut() -> Pixels:
    """The sample of that name."""
    return images.read(Path(__import__("skimage").__file__).parent / "data/astronaut.png")


def with_words() -> Pixels:
    """A photo of a person with a word on it: every mask has something to find."""
    photo = astronaut()
    photo = np.ascontiguousarray(photo[:, ::-1])
    cv2.rectangle(photo, (20, 30), (235, 110), (235, 235, 235), cv2.FILLED)
    return cv2.putText(photo, "STATION", (30, 90), cv2.FONT_HERSHEY_SIMPLEX, 1.4, (20, 20, 20), 4)


def found_by_core(predictor: inference.Predictor, small: Pixels) -> list[Mask]:
    """What the page's list of masks must find, in the order of STARTS."""
    heatmap = ATTRIBUTIONS["grad_cam"].function(predictor, small)
    given = [{"heatmap": heatmap} if MASKS[name].facts.get("needs") else {} for name in STARTS]
    return [MASKS[name].function(small, **values).mask for name, values in zip(STARTS, given, strict=True)]


def hole_in(mask: Mask) -> Stroke:
    """A stroke of the eraser over the middle of a mask."""
    places = np.argwhere(mask)
    y, x = places[np.linalg.norm(places - places.mean(axis=0), axis=1).argmin()] / mask.shape[1]
    return Stroke(((float(x) - 0.07, float(y)), (float(x) + 0.07, float(y))), BRUSH, erase=True)


def test_shapes_detected_masks_the_search_and_two_tries_compared(visit: Visit, predictor: inference.Predictor) -> None:
    page, photo = visit("light"), with_words()
    upload = {"name": "words.png", "mimeType": "image/png", "buffer": images.png_bytes(photo)}
    masks = found_by_core(predictor, region_effect.working(photo))
    page.set_input_files(UPLOAD, [upload])
    tool(page, "Ellipse")
    drag(page, *CORNERS)
    area = said(page, AREA)
    assert float(area) == pytest.approx(percent(ROUND, width=256), abs=0.6)
    tool(page, "Polygon")
    corners(page, *TRIANGLE.points)
    area = said(page, AREA, area)

    page.wait_for_timeout(500)
    page.reload()  # uploads are gone with the visit; the drawing comes back with its photo
    page.set_input_files(UPLOAD, [upload])
    assert said(page, AREA) == area
    for name, mask in zip(STARTS, masks, strict=True):
        start_from(page, MASKS[name].label)
        area = said(page, AREA, area)
        assert float(area) == pytest.approx(100 * mask.mean(), abs=0.2)
    tool(page, "Eraser")
    drag(page, *hole_in(masks[-1]).points)
    erased = said(page, AREA, area)

    search_with_a_stop(page)
    page.locator(".st-key-load-lowers button").click()
    area = said(page, AREA, erased)
    settled(page)
    tick(page, 1)
    page.locator(".st-key-reload button").click()
    assert said(page, AREA, area) == erased
    tick(page, 0)
    difference = said(page, r"Δ differs by ([+−]\d\.\d{3}) from")
    check(page, "paint-compared")
    check_search(page, predictor, photo, masks, difference)


def check_search(
    page: Page, predictor: inference.Predictor, photo: Pixels, starts: list[Mask], difference: str
) -> None:
    """The history of shapes, starting masks, eraser and search against core, and the difference of the last two."""
    table, archive = taken_along(page)
    assert difference == region_effect.signed(table["delta"].iloc[-1] - table["delta"].iloc[-2])
    small = region_effect.working(photo)
    search = list(occlusion_search.occlusion_search(predictor, small, usual(), float(table["score"][0])))[-1]
    assert search.lowers is not None
    kept = [mask_in(archive, number) for number in table["number"]]
    wanted = [
        drawing.draw((ROUND,), 256, 256),  # the tries before the reload are kept too
        drawing.draw((ROUND, TRIANGLE), 256, 256),
        *starts,
        drawing.draw((hole_in(starts[-1]),), 256, 256, starts[-1]),
        search.lowers.mask,
    ]
    overlaps = [round(overlap(one, other), 3) for one, other in zip(kept, wanted, strict=True)]
    assert min(overlaps) > 0.93, overlaps
    check_try(predictor, archive, table.iloc[-2], photo)


@pytest.mark.parametrize("screen", ["light", "phone"])
def test_the_canvas_stays_where_it_is_while_the_rest_arrives(visit: Visit, screen: str) -> None:
    """Nobody paints beside the photo because a heatmap came in above it."""
    page = visit(screen, "?sample=coffee")
    page.evaluate(PLACES_OF_THE_CANVAS)
    canvas(page)
    page.wait_for_function("() => window.placesOfTheCanvas.length > 20")
    places = page.evaluate("() => window.placesOfTheCanvas")
    assert places, "the canvas was never there"
    assert max(places) - min(places) <= 3, places


def test_a_finger_on_a_phone_paints_erases_and_starts_again(visit: Visit, predictor: inference.Predictor) -> None:
    page = visit("phone", "?sample=cat")
    photo = images.read(Path(__import__("skimage").__file__).parent / "data/chelsea.png")
    height, width = region_effect.working(photo).shape[:2]
    assert canvas(page)["width"] <= 390
    drag(page, *LINE.points)
    first = said(page, AREA)
    assert float(first) == pytest.approx(percent(LINE, height=height, width=width), abs=0.6)
    tool(page, "Rectangle")
    drag(page, *CORNERS)
    second = said(page, AREA, first)
    assert float(second) == pytest.approx(percent(LINE, BOX, height=height, width=width), abs=0.8)
    tool(page, "Eraser")
    drag(page, *HOLE.points)
    third = said(page, AREA, second)
    check(page, "paint-phone")
    delta = said(page, DELTA)
    table, archive = taken_along(page)
    assert len(table) == 3
    assert delta == region_effect.signed(check_try(predictor, archive, table.iloc[2], photo).delta)
    assert alike(mask_in(archive, 3), LINE, BOX, HOLE)
    page.locator(".st-key-canvas-undo button:visible").click()
    assert said(page, AREA, third) == second
    settled(page)
    page.reload()  # a new visit: the photo is in the address, the drawing in the browser's tab
    assert said(page, AREA) == second
    settled(page)  # the drawing brings the tool that was in use with it
    tool(page, "Brush")
    drag(page, (0.1, 0.58), (0.3, 0.58))
    assert float(said(page, AREA, second)) > float(second)


def test_an_open_polygon_keys_and_a_click_on_a_thing(visit: Visit) -> None:
    """An open polygon is closed by another tool; keys undo and size the brush; a click adds what was found there."""
    page = visit("light", "?sample=astronaut")
    face = MASKS["faces"].function(region_effect.working(astronaut())).mask
    tool(page, "Polygon")
    corners(page, *TRIANGLE.points, closed=False)
    shows_nothing(page)
    tool(page, "Brush")
    area = said(page, AREA)
    assert float(area) == pytest.approx(percent(TRIANGLE, height=256, width=256), abs=0.6)
    size = page.locator(".st-key-brush-size [data-testid=stSliderThumbValue]")
    before = size.inner_text()
    page.keyboard.press("[")
    sync_api.expect(size).not_to_have_text(before)
    page.keyboard.press("Control+z")
    shows_nothing(page)
    page.keyboard.press("Control+y")
    assert said(page, AREA) == area
    settled(page)
    page.keyboard.press("Control+z")
    shows_nothing(page)
    tool(page, "Pick")
    box = canvas(page)
    y, x = np.argwhere(face).mean(axis=0)
    page.mouse.click(box["x"] + x / 256 * box["width"], box["y"] + y / 256 * box["width"])
    assert float(said(page, AREA)) == pytest.approx(100 * face.mean(), abs=0.2)
    check(page, "paint-pick")


def test_what_is_drawn_enlarged_lies_where_it_is_seen_and_no_stroke_is_lost(visit: Visit) -> None:
    """A key enlarges right after a stroke, which the canvas has not told of yet; then a stroke on the left half."""
    page = visit("light", "?sample=astronaut")
    drag(page, (0.7, 0.2), (0.9, 0.2))
    page.keyboard.press("+")
    page.get_by_text("Enlarged 2 times").wait_for()
    page.keyboard.press("ArrowLeft")
    sync_api.expect(page.locator(".st-key-canvas-left button:visible")).to_be_disabled(timeout=120_000)
    page.wait_for_timeout(500)
    drag(page, (0.2, 0.4), (0.6, 0.4), wait=False)  # seen: 0 … 0.5 across, 0.25 … 0.75 down
    strokes = Stroke(((0.7, 0.2), (0.9, 0.2)), BRUSH), Stroke(((0.1, 0.45), (0.3, 0.45)), BRUSH / 2)
    kept = page.wait_for_function(
        KEPT_STROKES, arg=len(strokes), polling=POLLING
    ).json_value()  # beside the page, for a reload
    assert alike(read_sketch(kept, 256, 256).mask(256, 256), *strokes)
    page.wait_for_function(NEAR_AREA, arg=[percent(*strokes, height=256, width=256), 0.3], polling=POLLING)


def test_two_visitors_at_once_get_their_own_answers(visit: Visit, predictor: inference.Predictor) -> None:
    pages = [visit("light"), visit("dark")]
    photos = [draw_photo(seed, 300, 400) for seed in (11, 12)]
    for number, (page, photo) in enumerate(zip(pages, photos, strict=True)):
        upload = {"name": f"{number}.png", "mimeType": "image/png", "buffer": images.png_bytes(photo)}
        page.set_input_files(UPLOAD, [upload])
    for page in pages:
        canvas(page)
    strokes = [((0.2, 0.2), (0.4, 0.4)), ((0.6, 0.5), (0.8, 0.3))]
    for page, stroke in zip(pages, strokes, strict=True):  # the second paints while the first's controls are computed
        drag(page, *stroke)
    for page, stroke, photo in zip(pages, strokes, photos, strict=True):
        delta = said(page, DELTA)
        settled(page)
        table, archive = taken_along(page)
        assert len(table) == 1
        assert alike(mask_in(archive, 1), Stroke(stroke, BRUSH))
        assert delta == region_effect.signed(check_try(predictor, archive, table.iloc[0], photo).delta)
        controls = replay.from_json(archive.read("01-replay.json").decode()).controls
        assert re.search(rf"of {len(controls)} regions", page.inner_text("body"))
    check(pages[1], "paint-dark")
