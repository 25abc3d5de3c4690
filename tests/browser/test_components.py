"""Components of our own in an empty page, without the app: what the browser tells of clicks and keys."""

from __future__ import annotations

import base64
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import pytest

from ui import components

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

HTML = components.FRONTEND / "clicks.html"
PIXEL = "data:image/gif;base64,R0lGODlhAQABAIAAAAAAAP///yH5BAEAAAAALAAAAAABAAEAAAIBRAA7"
SHOW = """async ([url, data]) => {
    const component = (await import(url)).default
    window.told ??= []
    const parentElement = document.querySelector("#place")
    window.stop = component({
        data, parentElement,
        setStateValue: (name, value) => told.push([name, value]),
        setTriggerValue: (name, value) => told.push([name, value]),
    })
}"""


def script(name: str) -> str:
    """A component's script as an address to import."""
    return f"data:text/javascript;base64,{base64.b64encode(components.script(name).encode()).decode()}"


@pytest.fixture(scope="module")
def tab(browser: Browser) -> Iterator[Page]:
    page = browser.new_page(viewport={"width": 800, "height": 600})
    yield page
    page.close()


@pytest.fixture
def blank(tab: Page) -> Page:
    tab.goto("about:blank")
    return tab


def told(page: Page) -> list[Any]:
    """What was told since it was asked last."""
    return page.evaluate("told.splice(0)")


def clicks(page: Page, **given: Any) -> None:
    """Show a picture of 200 × 100 px at the corner of the page, or bring it up to date."""
    if not page.query_selector("#place"):
        page.set_content(
            "<style>body {margin: 0} .clicks {position: relative} img {display: block} .clicks svg {position: absolute;"
            f'inset: 0; width: 100%; height: 100%}}</style><div id="place">{HTML.read_text(encoding="utf-8")}</div>'
        )
    data = {"picture": PIXEL, "width": 200, "height": 100, "polygon": True, "corners": [], "number": 0, "alt": "photo"}
    page.evaluate(SHOW, [script("clicks"), data | given])


def drawn(page: Page) -> int:
    return page.locator("circle").count()


def test_corners_are_told_one_by_one_and_the_first_one_closes(blank: Page) -> None:
    clicks(blank)
    for x, y in ((20, 20), (180, 20), (180, 80)):
        blank.mouse.click(x, y)
    corners = [[0.1, 0.1], [0.9, 0.1], [0.9, 0.4]]
    assert told(blank)[-1] == ["corners", {"number": 0, "corners": corners}]
    assert drawn(blank) == 3
    blank.mouse.click(24, 24)  # near the first one
    assert told(blank) == [["closed", corners]]
    assert drawn(blank) == 0


def test_two_corners_do_not_close_and_keys_take_back_and_close(blank: Page) -> None:
    clicks(blank)
    for x, y in ((20, 20), (180, 20), (21, 21)):
        blank.mouse.click(x, y)  # the last one is near the first, but there are only two: a third corner
    assert drawn(blank) == 3
    blank.keyboard.press("Backspace")
    assert drawn(blank) == 2
    blank.keyboard.press("Enter")
    assert not [name for name, _ in told(blank) if name == "closed"]
    blank.mouse.click(180, 80)
    blank.keyboard.press("Enter")
    assert told(blank)[-1] == ["closed", [[0.1, 0.1], [0.9, 0.1], [0.9, 0.4]]]


def test_corners_that_the_page_knows_take_the_place_of_the_browser_s(blank: Page) -> None:
    clicks(blank)
    blank.mouse.click(20, 20)
    clicks(blank, number=0)  # a run that knows nothing new
    assert drawn(blank) == 1
    clicks(blank, number=1, corners=[[0.1, 0.1], [0.5, 0.1]])
    assert drawn(blank) == 2
    blank.mouse.click(100, 80)
    assert told(blank)[-1] == ["corners", {"number": 1, "corners": [[0.1, 0.1], [0.5, 0.1], [0.5, 0.4]]}]


def test_a_click_that_picks_tells_its_place(blank: Page) -> None:
    clicks(blank, polygon=False)
    blank.mouse.click(50, 80)
    assert told(blank) == [["clicked", [0.25, 0.4]]]
    assert drawn(blank) == 0


def test_keys_press_buttons_but_not_while_somebody_types(blank: Page) -> None:
    blank.set_content(
        '<div id="place"></div><input id="text"><div class="frame"></div>'
        + "".join(
            f"<button class={name} onclick=\"told.push('{name}')\">x</button>" for name in ("undo", "redo", "less")
        )
        + '<button class="off" disabled>x</button>'
    )
    keys = {"ctrl+z": ".undo", "ctrl+shift+z": ".redo", "[": ".less", "]": ".off"}
    blank.evaluate(SHOW, [script("keys"), {"keys": keys, "frame": ".frame"}])
    for key in ("Control+z", "Control+Shift+z", "[", "]", "z"):
        blank.keyboard.press(key)
    assert told(blank) == ["undo", "redo", "less"]
    blank.focus("#text")
    blank.keyboard.press("[")
    assert told(blank) == []
    blank.evaluate("document.activeElement.blur(), stop()")
    blank.keyboard.press("[")
    assert told(blank) == []


def test_keys_faster_than_the_page_wait_for_its_answer_and_none_is_lost(blank: Page) -> None:
    blank.set_content(
        '<div id="place"></div><div class="frame"></div><div data-testid="stApp" data-test-script-state="running">'
        "<button class=undo disabled onclick=\"told.push('undo')\">x</button></div>"
    )
    given = {"keys": {"ctrl+z": ".undo"}, "frame": ".frame"}
    blank.evaluate(SHOW, [script("keys"), given | {"answer": 1}])
    for _ in range(3):
        blank.keyboard.press("Control+z")
    blank.wait_for_timeout(300)
    assert told(blank) == []  # a slow page has not heard of the stroke yet
    blank.evaluate("document.querySelector('.undo').disabled = false")
    blank.wait_for_function("told.length > 0")
    blank.wait_for_timeout(300)
    assert told(blank) == ["undo"]
    blank.evaluate(SHOW, [script("keys"), given | {"answer": 2}])
    blank.wait_for_function("told.length > 0")
    blank.evaluate("document.querySelector('.undo').disabled = true")
    blank.evaluate("document.querySelector('[data-testid=stApp]').dataset.testScriptState = 'notRunning'")
    blank.evaluate(SHOW, [script("keys"), given | {"answer": 3}])
    blank.wait_for_timeout(300)
    assert told(blank) == ["undo"]
    blank.evaluate("document.querySelector('.undo').disabled = false")
    blank.wait_for_timeout(300)
    assert told(blank) == []  # the third came when there was nothing left to undo


def test_the_canvas_s_own_toolbar_is_put_away(blank: Page) -> None:
    blank.set_content('<div id="place"></div><div class="frame"><div id="host"></div></div>')
    blank.evaluate(
        "document.querySelector('#host').attachShadow({mode: 'open'}).innerHTML = '<div class=dc-toolbar>x</div>'"
    )
    blank.evaluate(SHOW, [script("keys"), {"keys": {}, "frame": ".frame"}])
    blank.wait_for_selector(".dc-toolbar", state="hidden")


def test_arrows_are_the_picture_s_only_below_the_pointer_and_no_key_takes_a_stroke_away(blank: Page) -> None:
    blank.set_content(
        '<div id="place"></div><div class="frame" style="width: 200px; height: 100px"></div>'
        '<input type="range" id="steered">'
        + "".join(f"<button class={name} onclick=\"told.push('{name}')\">x</button>" for name in ("left", "closer"))
    )
    keys = {"arrowleft": ".left", "+": ".closer"}
    blank.evaluate(SHOW, [script("keys"), {"keys": keys, "frame": ".frame"}])
    blank.mouse.move(400, 400)
    blank.keyboard.press("ArrowLeft")
    assert told(blank) == []  # the page moves
    box = blank.locator(".frame").bounding_box()
    assert box is not None
    blank.mouse.move(box["x"] + 50, box["y"] + 50)
    blank.keyboard.press("ArrowLeft")
    assert told(blank) == ["left"]
    blank.focus("#steered")
    blank.keyboard.press("ArrowLeft")
    assert told(blank) == []  # the slider moves
    blank.evaluate("document.activeElement.blur()")
    blank.mouse.down()
    blank.keyboard.press("+")
    blank.mouse.move(box["x"] + 80, box["y"] + 50)
    blank.mouse.up()
    blank.keyboard.press("+")
    assert told(blank) == []  # the canvas has not told of the stroke yet
    blank.wait_for_function("told.length > 0")
    assert told(blank) == ["closer"]
    blank.wait_for_timeout(400)
    assert told(blank) == []
