"""What was chosen stays: visits that a server remembers, and addresses to which the menu leads back."""

from __future__ import annotations

import asyncio
import time
import urllib.request
from concurrent.futures import ThreadPoolExecutor
from types import SimpleNamespace
from typing import cast

import pytest
from streamlit.runtime import Runtime, RuntimeState
from streamlit.testing.v1 import AppTest

from benchmarks._app import served
from benchmarks._visitor import visitor
from core import config
from core.photos import images
from tests.conftest import draw_photo
from ui import resources, visit
from ui.photo.boards import CanvasState
from ui.visit import LONGEST, MOST_VISITS, RELEASE, Visits, _own

TRY, MODEL = "pages/try_a_photo.py", "pages/model.py"


def test_a_visit_is_taken_up_once() -> None:
    visits = Visits()
    visits.keep("a", {"brush-size": 9}, now=0)
    assert visits.take("a", now=1) == {"brush-size": 9}
    assert visits.take("a", now=1) == {}
    assert visits.take("somebody-else", now=1) == {}


def test_visits_are_forgotten_when_too_old_or_too_many() -> None:
    visits = Visits()
    visits.keep("old", {"x": 1}, now=0)
    assert visits.take("old", now=LONGEST + 1) == {}
    visits.keep("old", {"x": 1}, now=0)
    visits.keep("new", {"x": 2}, now=LONGEST + 1)
    assert list(visits.by_name) == ["new"]
    for number in range(MOST_VISITS):
        visits.keep(str(number), {}, now=LONGEST + 2)
    assert "new" not in visits.by_name
    assert len(visits.by_name) == MOST_VISITS


def test_photos_of_a_visit_that_ended_are_released_and_what_is_small_is_not() -> None:
    visits, here = Visits(), {"a", "b"}
    for session in ("a", "b"):
        visits.keep(session.upper(), {"kept": ["photo"], "boards": {}, "brush-size": 9}, now=0, session=session)
    assert visits.release(RELEASE + 1, here.__contains__) == []
    here.discard("b")
    assert visits.release(2 * RELEASE, here.__contains__) == []  # a reload, perhaps
    assert visits.release(2 * RELEASE + 2, here.__contains__) == ["b"]
    assert visits.release(4 * RELEASE, here.__contains__) == []
    assert visits.take("B", now=4 * RELEASE) == {"brush-size": 9}
    assert visits.take("A", now=4 * RELEASE)["kept"] == ["photo"]


def test_memory_is_given_back_once_after_those_who_left_are_gone(monkeypatch: pytest.MonkeyPatch) -> None:
    """Not at every look: collecting garbage takes time from those who stay."""
    visits, looks = Visits(), iter([RuntimeState.ONE_OR_MORE_SESSIONS_CONNECTED] * 4)
    done: list[str] = []

    class Server:
        state = property(lambda _: next(looks, RuntimeState.STOPPED))
        is_active_session = staticmethod(lambda session: False)
        close_session = "close"

        def _get_async_objs(self) -> SimpleNamespace:
            return SimpleNamespace(
                eventloop=SimpleNamespace(call_soon_threadsafe=lambda what, session: done.append(what))
            )

    monkeypatch.setattr(visit, "SWEEP", 0)
    monkeypatch.setattr(visit.garbage, "give_back", lambda: done.append("give back"))
    monkeypatch.setattr(visit.resources, "forget_pictures", lambda: done.append("forget"))
    visits.keep("A", {}, now=time.monotonic() - 2 * RELEASE, session="a")
    visit._sweep(visits, cast(Runtime, Server()))
    assert done == ["close", "forget", "give back"]


def test_forgotten_pictures_are_made_again() -> None:
    read: list[int] = []
    item = resources.Item("a.png", "of-this-test", lambda: read.append(1) or draw_photo(1, 60, 80))
    for _ in range(2):
        resources.working(item.digest, item)
    assert len(read) == 1
    resources.forget_pictures()
    resources.working(item.digest, item)
    assert len(read) == 2


def test_pictures_stay_while_anybody_is_there() -> None:
    visits = Visits()
    visits.keep("A", {}, now=0, session="a")
    visits.keep("B", {}, now=0, session="b")
    assert visits.anybody({"b"}.__contains__)
    assert not visits.anybody({"c"}.__contains__)


@pytest.mark.slow
def test_a_server_lets_go_of_what_a_visit_uploaded_when_its_page_is_closed() -> None:
    """Streamlit itself would hold it until another visit ends, two minutes later."""
    hurried = "import sys; from ui import visit; visit.RELEASE, visit.SWEEP = 1, 0.2; from streamlit.web import cli"
    with served(("-c", f"{hurried}; sys.exit(cli.main())")) as (address, _):
        with ThreadPoolExecutor(1) as apart:  # this thread may have a loop already: that of a browser of other tests
            apart.submit(asyncio.run, upload_and_leave(address)).result()
        end = time.monotonic() + 30
        while (held := uploaded_bytes(address)) and time.monotonic() < end:
            time.sleep(0.2)
        assert held == 0


async def upload_and_leave(address: str) -> None:
    """A visit that ends as soon as it has the score of a photo."""
    guest = await visitor(address)
    await guest.open("try_a_photo")
    photo = images.png_bytes(draw_photo(1, 60, 80))
    coming = asyncio.create_task(guest.upload("uploads", "photo.png", photo))
    while "Score" not in guest.shown and not coming.done():
        await asyncio.sleep(0.05)
    assert "Score" in guest.shown
    assert await asyncio.to_thread(uploaded_bytes, address) == len(photo)
    coming.cancel()
    await guest.socket.close()


def uploaded_bytes(address: str) -> int:
    """What the server holds of uploaded files, as it says itself."""
    with urllib.request.urlopen(f"{address}/_stcore/metrics", timeout=10) as answer:
        lines = answer.read().decode().splitlines()
    return sum(int(float(line.rpartition(" ")[2])) for line in lines if "UploadedFileManager" in line)


def test_a_visit_that_goes_on_has_boards_of_its_own() -> None:
    before = {"photo": CanvasState()}
    after = _own(before)
    after["photo"].undo()
    after["photo"].past.append(after["photo"].sketch)
    assert len(before["photo"].past) == 1
    assert _own([1]) == [1]
    assert _own("word") == "word"


def test_the_menu_leads_back_to_a_page_as_it_was_left() -> None:
    app = AppTest.from_file(str(config.ROOT / "streamlit_app.py"), default_timeout=120).run()
    app.switch_page(MODEL)
    app.query_params["evaluation"] = "resmem-lnsim"
    app.run()
    app.switch_page("streamlit_app.py").run()
    assert not app.exception
    assert app.session_state["addresses"][MODEL] == {"evaluation": "resmem-lnsim"}
