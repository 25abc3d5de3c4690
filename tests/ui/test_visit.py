"""What was chosen stays: visits that a server remembers, and addresses to which the menu leads back."""

from __future__ import annotations

from streamlit.testing.v1 import AppTest

from core import config
from ui.photo.boards import CanvasState
from ui.visit import LONGEST, MOST_VISITS, Visits, _own

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
