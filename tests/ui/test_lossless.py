"""What the browser asked for reaches it, and what a visitor did is done, whatever comes at the same time."""

from __future__ import annotations

import threading
import time
from concurrent.futures import ThreadPoolExecutor
from types import SimpleNamespace

import pytest
from streamlit.proto.ClientState_pb2 import ClientState
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg
from streamlit.proto.WidgetStates_pb2 import WidgetState, WidgetStates
from streamlit.runtime.app_session import AppSession
from streamlit.runtime.forward_msg_queue import ForwardMsgQueue
from streamlit.runtime.scriptrunner_utils.exceptions import StopException
from streamlit.runtime.scriptrunner_utils.script_requests import RerunData, ScriptRequests, ScriptRequestType
from streamlit.runtime.state.query_params import QueryParams
from streamlit.runtime.state.safe_session_state import SafeSessionState

from ui import lossless


@pytest.fixture(autouse=True)
def patched(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ForwardMsgQueue, "clear", lossless._clear)
    monkeypatch.setattr(AppSession, "request_rerun", lossless._request)
    monkeypatch.setattr(SafeSessionState, "__init__", lossless._begin)
    monkeypatch.setattr(SafeSessionState, "on_script_will_rerun", lossless._apply)
    monkeypatch.setattr(SafeSessionState, "query_params", lossless._look)
    lossless.lose_nothing()
    lossless.lose_nothing()


@pytest.fixture
def queue() -> ForwardMsgQueue:
    """A visit's queue: an element of the page, where to put a file, and the end of a run."""
    made = ForwardMsgQueue()
    element, where, made_late, end = (ForwardMsg() for _ in range(4))
    element.delta.new_element.text.body = "of the last run"
    where.file_urls_response.response_id = "put it there"
    made_late.backend_operation_response.request_id = "here it is"
    end.script_finished = ForwardMsg.FINISHED_SUCCESSFULLY
    for message in (element, where, made_late, end):
        made.enqueue(message)
    return made


def test_answers_outlast_the_beginning_of_a_run_and_come_once(queue: ForwardMsgQueue) -> None:
    queue.clear(retain_lifecycle_msgs=True)
    queue.clear(True, None)
    later = ForwardMsg()
    later.delta.new_element.text.body = "of this run"
    queue.enqueue(later)
    sent = queue.flush()
    assert [message.WhichOneof("type") for message in sent] == ["script_finished", *lossless.ANSWERS, "delta"]
    assert sent[1].file_urls_response.response_id == "put it there"
    assert queue.flush() == []


def test_nothing_is_kept_of_a_visit_that_ended(queue: ForwardMsgQueue) -> None:
    queue.clear()
    assert queue.is_empty()


class Runner:
    """A run of a page that may be stopped, and says so at whatever may break it off, as Streamlit's does."""

    def __init__(self, visit: Visit) -> None:
        self.stopped, self._execing = False, True
        self.state = SafeSessionState(visit, self.look)  # type: ignore[arg-type]

    def look(self) -> None:
        if self._execing and self.stopped:
            raise StopException


class Visit(dict[str, str]):
    """The state of a visit with one widget, whose callback reads and writes it, and is stopped on its way."""

    def __init__(self) -> None:
        super().__init__()
        self.done: list[str] = []
        self.query_params = QueryParams()
        self.act = Visit.click

    def click(self, runner: Runner) -> None:
        self.done.append("begun")
        runner.stopped = True
        time.sleep(0.05)
        runner.state["clicked"] = "yes"
        self.done.append("ended")

    def on_script_will_rerun(self, runner: Runner, **given: object) -> None:
        self.act(self, runner)


def test_a_callback_is_not_broken_off() -> None:
    visit = Visit()
    runner = Runner(visit)
    runner.state.on_script_will_rerun(runner)  # type: ignore[arg-type]
    assert visit["clicked"] == "yes"
    with pytest.raises(StopException):  # and afterwards the run may be
        runner.state["clicked"] = "again"


def test_callbacks_of_two_runs_take_turns() -> None:
    visit = Visit()
    runners = [Runner(visit) for _ in range(4)]
    with ThreadPoolExecutor(4) as pool:
        for started in [pool.submit(runner.state.on_script_will_rerun, runner) for runner in runners]:  # type: ignore[arg-type]
            started.result()
    assert visit.done == ["begun", "ended"] * 4


def test_a_run_that_was_overtaken_changes_nothing() -> None:
    visit = Visit()
    older, newer = Runner(visit), Runner(visit)
    older.stopped = True
    newer.state.on_script_will_rerun(newer)  # type: ignore[arg-type]
    with pytest.raises(StopException):
        older.state.on_script_will_rerun(older)  # type: ignore[arg-type]
    assert visit.done == ["begun", "ended"]


def test_few_visits_are_remembered(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lossless, "MOST_VISITS", 3)
    visits = [Visit() for _ in range(10)]
    for visit in visits:
        runner = Runner(visit)
        runner.state.on_script_will_rerun(runner)  # type: ignore[arg-type]
    assert list(lossless._visits) == [id(visit) for visit in visits[-3:]]


@pytest.fixture
def address(monkeypatch: pytest.MonkeyPatch) -> SimpleNamespace:
    """What the browser says of the page and its address, and what it is told."""
    context = SimpleNamespace(page_script_hash="map", query_string="photo=a&colour=score", told=[])

    def tell(params: QueryParams) -> None:
        context.told.append(dict(params._query_params))

    monkeypatch.setattr(lossless, "get_script_run_ctx", lambda **_: context)
    monkeypatch.setattr(QueryParams, "_send_query_param_msg", tell)
    return context


def clicked(visit: Visit, change: dict[str, list[str] | None], *, overtaken: bool) -> Runner:
    """A run whose callback changes the address; the next run, which was asked for meanwhile or afterwards."""

    def change_address(self: Visit, runner: Runner, **given: object) -> None:
        for name, value in change.items():
            self.query_params._query_params.pop(name, None)
            if value is not None:
                self.query_params.set_with_no_forward_msg(name, value)

    visit.query_params._query_params = {"photo": ["a"], "colour": ["score"]}
    visit.act = change_address
    run = Runner(visit)
    later = Runner(visit) if overtaken else None
    run.state.on_script_will_rerun(run)  # type: ignore[arg-type]
    visit.act = lambda self, runner, **given: None
    later = later or Runner(visit)
    visit.query_params._query_params = {"photo": ["a"], "colour": ["score"]}  # as the browser says, to the later run
    return later


@pytest.mark.parametrize("change", [{"photo": ["b"]}, {"photo": None}, {"kept": ["x", "y"], "colour": None}])
def test_a_change_of_the_address_that_the_browser_did_not_hear_of_stays(
    address: SimpleNamespace, change: dict[str, list[str] | None]
) -> None:
    visit = Visit()
    later = clicked(visit, change, overtaken=True)
    later.state.on_script_will_rerun(later)  # type: ignore[arg-type]
    wanted = {"photo": ["a"], "colour": ["score"]} | change
    assert lossless._address(visit) == {name: value for name, value in wanted.items() if value is not None}  # type: ignore[arg-type]
    assert address.told == [visit.query_params._query_params]
    third = Runner(visit)
    address.query_string = "photo=c"
    third.state.on_script_will_rerun(third)  # type: ignore[arg-type]
    assert visit.query_params._query_params == {"photo": "c"}, "what the browser has heard of is its own business"
    assert len(address.told) == 1


def test_what_the_browser_says_counts_where_it_knows_or_went_elsewhere(address: SimpleNamespace) -> None:
    for elsewhere in ("afterwards", "back", "another page", "a link"):
        visit = Visit()
        address.page_script_hash = "map"
        address.query_string = "photo=a&colour=score"
        later = clicked(visit, {"photo": ["b"]}, overtaken=elsewhere != "afterwards")
        address.page_script_hash = "model" if elsewhere == "another page" else "map"
        address.query_string = "photo=c&colour=score" if elsewhere == "a link" else address.query_string
        later.state.on_script_will_rerun(later, is_history_navigation=elsewhere == "back")  # type: ignore[arg-type]
        photo = "c" if elsewhere == "a link" else "a"
        assert visit.query_params._query_params == {"photo": photo, "colour": "score"}, elsewhere
        assert address.told == []


def test_the_address_of_a_run_is_its_own_while_its_callbacks_are_at_work(monkeypatch: pytest.MonkeyPatch) -> None:
    visit, seen = Visit(), []
    contexts = {"first": SimpleNamespace(page_script_hash="map", query_string="photo=a"), "second": SimpleNamespace()}
    monkeypatch.setattr(lossless, "get_script_run_ctx", lambda **_: contexts[threading.current_thread().name])
    run = Runner(visit)
    at_work = threading.Event()

    def slowly(self: Visit, runner: Runner) -> None:
        at_work.set()
        time.sleep(0.1)
        seen.append(("callback", dict(self.query_params._query_params)))

    def another() -> None:
        at_work.wait()
        with Runner(visit).state.query_params() as found:
            found._query_params = {"photo": "z"}
            seen.append(("another", dict(found._query_params)))

    visit.act = slowly
    threads = [
        threading.Thread(target=lambda: run.state.on_script_will_rerun(run), name="first"),  # type: ignore[arg-type]
        threading.Thread(target=another, name="second"),
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert seen == [("callback", {"photo": "a"}), ("another", {"photo": "z"})]


def pressed(*buttons: str) -> WidgetStates:
    return WidgetStates(widgets=[WidgetState(id=name, trigger_value=True) for name in buttons])


def asked(session: SimpleNamespace, monkeypatch: pytest.MonkeyPatch, **client: object) -> set[str]:
    """The buttons of which the next run hears, when one is asked for with "other" pressed."""
    heard: list[ClientState] = []
    monkeypatch.setattr(lossless, "_request", lambda _, state: heard.append(state))
    state = ClientState(widget_states=pressed("other"), **({"page_script_hash": "map"} | client))
    AppSession.request_rerun(session, state)  # type: ignore[arg-type]
    return {item.id for item in heard[0].widget_states.widgets}


def test_a_click_that_no_run_has_seen_goes_to_the_next(monkeypatch: pytest.MonkeyPatch) -> None:
    requests = ScriptRequests()
    session = SimpleNamespace(_scriptrunner=SimpleNamespace(_requests=requests), _client_state=None)
    requests.request_rerun(RerunData(widget_states=pressed("keep"), page_script_hash="map"))
    assert asked(session, monkeypatch) == {"keep", "other"}
    assert requests.on_scriptrunner_ready().type == ScriptRequestType.STOP, "the run before sees it no more"
    assert asked(session, monkeypatch) == {"other"}


def test_a_click_is_seen_once_and_on_its_own_page(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, client in (("seen", {}), ("elsewhere", {"page_script_hash": "model"}), ("part", {"fragment_id": "f"})):
        requests = ScriptRequests()
        session = SimpleNamespace(_scriptrunner=SimpleNamespace(_requests=requests), _client_state=None)
        requests.request_rerun(RerunData(widget_states=pressed("keep"), page_script_hash="map"))
        if name == "seen":
            requests.on_scriptrunner_ready()
        assert asked(session, monkeypatch, **client) == {"other"}, name
    assert asked(SimpleNamespace(_scriptrunner=None, _client_state=None), monkeypatch) == {"other"}


def test_runs_wait_in_the_order_in_which_they_were_asked_for() -> None:
    turns, order = lossless.Turns(), []

    def take(number: int) -> None:
        with turns.of(number):
            order.append(number)

    with ThreadPoolExecutor(8) as pool:
        with turns.of(1):
            waiting = [pool.submit(take, number) for number in (5, 3, 8, 2, 7, 4, 6)]
            while len(turns.waiting) < len(waiting):
                time.sleep(0.001)
        for item in waiting:
            item.result()
    assert order == [2, 3, 4, 5, 6, 7, 8]


def test_without_the_private_ways_nothing_is_changed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ForwardMsgQueue, "clear", lossless._clear)
    monkeypatch.delattr(QueryParams, "_send_query_param_msg")
    with pytest.raises(AttributeError):
        lossless.lose_nothing()
    assert ForwardMsgQueue.clear is lossless._clear


def test_a_callback_that_fails_leaves_the_run_as_it_was() -> None:
    class Failing(Visit):
        def on_script_will_rerun(self, runner: Runner, **given: object) -> None:
            raise ValueError

    runner = Runner(Failing())
    for _ in range(2):  # the lock is free again
        with pytest.raises(ValueError):
            runner.state.on_script_will_rerun(runner)  # type: ignore[arg-type]
    assert runner._execing
