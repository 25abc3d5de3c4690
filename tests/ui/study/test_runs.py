"""The page Run a study in its states: what is asked for, what waits, runs, stopped, failed and ended."""

from __future__ import annotations

from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from core import config
from core.photos import images
from core.registry import MODELS
from core.study import jobs, limits
from core.study.jobs import RUNNING, WAITING, Job, Progress, Queue
from tests.conftest import draw_photo, visit_page
from ui.study import runs

PAGE = "pages/run_a_study.py"


@pytest.fixture(autouse=True)
def queue(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Queue:
    """An empty queue that nobody works off."""
    monkeypatch.setattr(config, "RUNS", tmp_path / "runs")
    monkeypatch.setattr(Queue, "start", lambda self: None)
    monkeypatch.setattr("ui.resources.predictors", lambda: [MODELS["resnet50"]])
    return Queue()


def words(app: AppTest) -> str:
    kinds = (app.title, app.header, app.markdown, app.caption, app.info, app.error)
    return "\n".join(element.value for kind in kinds for element in kind)


def start(app: AppTest, name: str) -> AppTest:
    app.text_input(key="study-name").set_value(name)
    app.button(key="start-study").click().run()
    assert not app.exception
    return app


def test_an_empty_queue_invites() -> None:
    assert "No study was asked for yet" in words(visit_page(PAGE))


def test_uploaded_photos_wait_for_their_turn_and_are_deleted_with_the_study(queue: Queue) -> None:
    app = visit_page(PAGE)
    files = [(f"{seed}.png", images.png_bytes(draw_photo(seed)), "image/png") for seed in range(3)]
    app.file_uploader(key="study-files-0").set_value(files)
    start(app, "My photos")
    found = queue.jobs()[0]
    assert (found.name, found.state, found.model) == ("my-photos", WAITING, config.DEFAULT_MODEL)
    assert sorted(file.name for file in Path(found.sources[0]).iterdir()) == ["0.png", "1.png", "2.png"]
    assert r"**my\-photos** · waits" in words(app)
    app.button(key=f"delete-{found.id}").click().run()
    assert queue.jobs() == []
    assert not found.uploads.exists()


def test_model_and_ablations_are_those_that_were_chosen_and_who_waits_sees_its_place(queue: Queue) -> None:
    app = visit_page(PAGE)
    app.segmented_control(key="study-kind").set_value(runs.DRAWN).run()
    app.multiselect(key="study-ablations").set_value(["grayscale", "blur"])
    app.number_input(key="study-photos").set_value(40)
    start(app, "first")
    first = queue.jobs()[0]
    assert (first.model, first.ablations, first.photos) == ("resnet50", ("grayscale", "blur"), 40)
    start(app, "second")
    assert "**second** · waits; 1 study comes before it" in words(app)
    app.button(key=f"stop-{first.id}").click().run()
    assert "**second** · waits" in words(app)
    assert "comes before it" not in words(app)


def test_what_is_refused_is_one_sentence_and_leaves_nothing(queue: Queue) -> None:
    app = start(visit_page(PAGE), "empty")
    assert "no photo among these files" in app.error[0].value
    assert queue.jobs() == []
    assert not (config.RUNS / jobs.UPLOADS).exists() or not any((config.RUNS / jobs.UPLOADS).iterdir())


def test_drawn_scenes_are_studied_whole(queue: Queue) -> None:
    app = visit_page(PAGE)
    app.segmented_control(key="study-kind").set_value(runs.DRAWN).run()
    start(app, "drawn")
    assert queue.jobs()[0].sources[0].startswith("generated:cause=")
    assert queue.jobs()[0].part == "all"


def test_a_place_is_offered_where_one_is_listed(queue: Queue, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "photos" / "inside").mkdir(parents=True)
    own = limits.Limits((tmp_path / "photos",), False, 50, 1, 2, True, False)
    monkeypatch.setattr(limits, "read_limits", lambda: own)
    app = visit_page(PAGE)
    assert not app.file_uploader
    app.text_input(key="study-inside").set_value("../..")
    start(app, "mine")
    assert "may not be read here" in app.error[0].value
    app.text_input(key="study-inside").set_value("inside")
    start(app, "mine")
    assert queue.jobs()[0].sources == (str(tmp_path / "photos" / "inside"),)
    assert queue.jobs()[0].photos == 50


def test_a_running_study_says_how_far_it_is_and_can_be_stopped(queue: Queue, monkeypatch: pytest.MonkeyPatch) -> None:
    asked = queue.add(Job(jobs.new_id(), "mine", ("generated",), "resnet50"), 2)
    with queue.turn():
        queue.take()
        queue.note(asked.id, estimate="40 photos: about 3 minutes", progress=Progress("ablations", 10, 40, 60.0))
        app = visit_page(PAGE)
        assert r"ablations, 10 of 40 photos, about 3 minutes left of this part" in words(app)
        assert "about 3 minutes" in words(app)
        assert queue.jobs()[0].state == RUNNING
    app.run()  # its runner is gone
    assert "stopped; it goes on where it was" in words(app)
    app.button(key=f"resume-{asked.id}").click().run()
    assert queue.jobs()[0].state == WAITING


def test_on_a_public_server_others_studies_cannot_be_touched(queue: Queue, monkeypatch: pytest.MonkeyPatch) -> None:
    own = limits.Limits((), True, 50, 1, 2, True, True)
    monkeypatch.setattr(limits, "read_limits", lambda: own)
    asked = queue.add(Job(jobs.new_id(), "theirs", ("generated",), "resnet50", owner="somebody"), 2)
    app = visit_page(PAGE)
    assert "theirs" in words(app)
    assert not [button for button in app.button if button.key.endswith(asked.id)]


@pytest.mark.parametrize(
    ("seconds", "said"), [(0.2, "1 seconds"), (89, "89 seconds"), (600, "10 minutes"), (7200, "2.0 hours")]
)
def test_a_length_of_time_is_said_in_its_unit(seconds: float, said: str) -> None:
    assert runs.duration(seconds) == said
