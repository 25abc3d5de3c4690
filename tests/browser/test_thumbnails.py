"""Thumbnails that are asked for arrive, whatever becomes of a request: the queue alone, and the map under a sweep."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import pytest

from core import config
from tests.browser.test_map import PLACE, opened
from tests.helpers.chromium import OpenTab, settled

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page, WebSocketRoute

QUEUE = """() => {
    window.thumbs?.pause()
    window.sent = []
    window.thumbs = new Thumbnails(
        (asked) => sent.push(asked), () => {}, (url, done) => { if (url !== "lost") done("image of " + url) })
    thumbs.show("map")
}"""
PLOT = "document.querySelector('.map-plot')"
ANSWER = "([request, url]) => thumbs.take({ of: request.of, number: request.number, indices: request.indices, url })"


@pytest.fixture(scope="module")
def blank(browser: Browser) -> Iterator[Page]:
    """An empty page with the queue's script in it, and a clock that the test winds."""
    page = browser.new_page()
    page.clock.install(time=0)
    page.clock.pause_at(1)
    page.add_script_tag(content=(config.ROOT / "ui/map/thumbnails.js").read_text() + "\nwindow.Thumbnails = Thumbnails")
    yield page
    page.close()


@pytest.fixture
def queue(blank: Page) -> Page:
    blank.evaluate(QUEUE)
    return blank


def want(page: Page, *indices: int) -> None:
    page.evaluate("([first, ...others]) => thumbs.want(first, others)", list(indices))


def wait(page: Page, seconds: float) -> None:
    page.clock.run_for(int(1000 * seconds))


def sent(page: Page) -> list[dict[str, Any]]:
    return page.evaluate("sent")


def answer(page: Page, request: dict[str, Any], url: str | None = "sheet") -> None:
    page.evaluate(ANSWER, [request, url])


def found(page: Page) -> list[int]:
    return sorted(page.evaluate("[...thumbs.found.keys()]"))


def test_what_a_request_has_no_room_for_goes_into_the_next(queue: Page) -> None:
    for start in range(0, 192, 48):  # four places that the pointer passed before the first request left
        want(queue, *range(start, start + 48))
    wait(queue, 0.1)
    assert [len(request["indices"]) for request in sent(queue)] == [96]
    pointed, around = sent(queue)[0]["indices"][:4], sent(queue)[0]["indices"][4:]
    assert pointed == [144, 96, 48, 0]  # where the pointer was comes first, where it is now before all
    assert around[:47] == list(range(145, 192))
    answer(queue, sent(queue)[0])
    answer(queue, sent(queue)[1])
    assert found(queue) == list(range(192))
    wait(queue, 60)
    assert len(sent(queue)) == 2


def test_a_request_that_is_lost_is_given_again_ever_more_slowly(queue: Page) -> None:
    want(queue, 1, 2)
    wait(queue, 10)
    assert 2 <= len(sent(queue)) <= 3
    wait(queue, 110)
    assert 4 <= len(sent(queue)) <= 8  # a server that is away is not hammered
    assert {tuple(request["indices"]) for request in sent(queue)} == {(1, 2)}
    answer(queue, sent(queue)[-1])
    assert found(queue) == [1, 2]
    want(queue, 3)
    wait(queue, 3.5)
    assert [request["indices"] for request in sent(queue)[-2:]] == [[3], [3]]  # and patience is as at first


def test_a_late_answer_counts_and_one_to_another_map_does_not(queue: Page) -> None:
    want(queue, 5)
    wait(queue, 4)
    first, second = sent(queue)
    answer(queue, first)
    assert found(queue) == [5]
    answer(queue, second)
    want(queue, 6)
    wait(queue, 0.1)
    queue.evaluate("thumbs.show('another')")
    answer(queue, sent(queue)[-1])
    assert found(queue) == []
    want(queue, 6)
    wait(queue, 0.1)
    assert sent(queue)[-1]["of"] == "another"


def test_a_picture_that_does_not_load_is_asked_for_again_and_one_refused_is_not(queue: Page) -> None:
    want(queue, 7)
    wait(queue, 0.1)
    answer(queue, sent(queue)[0], "lost")
    wait(queue, 3.1)
    answer(queue, sent(queue)[1], None)
    want(queue, 7)
    wait(queue, 60)
    assert len(sent(queue)) == 2
    assert found(queue) == []


def test_a_sweep_with_a_broken_connection_ends_with_every_thumbnail(address: str, open_tab: OpenTab) -> None:
    page, connections = open_tab("light"), []
    page.set_viewport_size({"width": 1400, "height": 1000})

    def pass_on(route: WebSocketRoute) -> None:
        route.connect_to_server()
        connections.append(route)

    page.route_web_socket("**/_stcore/stream", pass_on)
    opened(page, f"{address}/latent_space?projection=pca")
    places = [page.evaluate(PLACE, index) for index in range(24)]
    page.evaluate(f"{PLOT}.on('plotly_afterplot', () => {{ window.drawings = (window.drawings ?? 0) + 1 }})")
    for number, (x, y) in enumerate(places):
        page.mouse.move(x, y)
        page.wait_for_timeout(60)
        if number == 12:
            connections[-1].close()
    while len(connections) < 2:
        page.wait_for_timeout(100)
    settled(page)  # a new connection may bring a new map, which has asked for nothing yet
    page.wait_for_selector(".map-plot[data-drawn]")
    page.wait_for_function("['0', undefined].includes(document.querySelector('.map-plot')?.dataset.missing)")
    for x, y in places[::8]:
        page.mouse.move(x - 3, y - 3)
        page.mouse.move(x, y)
        page.wait_for_selector(".map-tip:not([hidden]) canvas[data-painted]")
    assert page.evaluate("window.drawings ?? 0") == 0  # neither thumbnails nor a new connection draw the map again
    page.close()
