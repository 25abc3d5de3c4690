"""The page Run a study in its states: what is asked for, what waits, runs, stopped, failed and ended."""

from __future__ import annotations

import io
import threading
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest
import streamlit as st
from streamlit.testing.v1 import AppTest

from core import config
from core.photos import images
from core.registry import MODELS
from core.study import beforehand, jobs, limits, speeds
from core.study.conditions import Design
from core.study.jobs import RUNNING, WAITING, Job, Progress, Queue
from tests.conftest import draw_photo, visit_page
from ui import visit
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


def once_counted(app: AppTest) -> str:
    """The words of the page once the photos are counted, which may take longer than the page waits for it."""
    for _ in range(100):
        if "are being counted" not in words(app):
            break
        app.run()
    assert not app.exception
    return words(app)


def start(app: AppTest, name: str) -> AppTest:
    app.text_input(key="study-name").set_value(name)
    app.button(key="start-study").click().run()
    assert not app.exception
    return app


@pytest.fixture(autouse=True)
def _nothing_counted() -> Iterator[None]:
    """What other tests counted, or held back, is forgotten."""
    st.cache_resource.clear()
    yield
    st.cache_resource.clear()


def photo_file(seed: int, name: str = "") -> tuple[str, bytes, str]:
    return (name or f"{seed}.png", images.png_bytes(draw_photo(seed)), "image/png")


def given(app: AppTest, *files: tuple[str, bytes, str]) -> AppTest:
    """The page once files were dropped."""
    app.file_uploader[0].set_value(list(files)).run()
    assert not app.exception
    return app


def test_an_empty_queue_invites() -> None:
    assert "No study was asked for yet" in words(visit_page(PAGE))


def test_uploaded_photos_wait_for_their_turn_and_are_deleted_with_the_study(queue: Queue) -> None:
    app = visit_page(PAGE)
    given(app, *(photo_file(seed) for seed in range(3)))
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


def test_a_study_that_nobody_names_gets_the_name_that_is_shown(queue: Queue) -> None:
    app = visit_page(PAGE)
    app.segmented_control(key="study-kind").set_value(runs.DRAWN).run()
    for name in ("my-photos", "my-photos-2"):
        assert app.text_input(key="study-name").placeholder == name
        start(app, "")
    assert [job.name for job in queue.jobs()] == ["my-photos", "my-photos-2"]
    app.text_input(key="study-name").set_value("!?").run()
    app.button(key="start-study").click().run()
    assert "small letters" in app.error[0].value


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


def test_how_long_it_takes_is_said_before_the_start_by_the_estimate_of_the_command(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(config, "CACHE", tmp_path / "cache")
    speeds.remember("resnet50", "PyTorch, fp32", 40.0, 200.0)
    app = visit_page(PAGE)
    assert "How long it takes is said here once there are photos." in words(app)
    given(app, photo_file(0), photo_file(1))
    app.multiselect(key="study-ablations").set_value(["grayscale"]).run()
    found = beforehand.Counted(2, 0, beforehand.usual())
    expected = beforehand.foreseen(Design(ablations=("grayscale",)), found, "resnet50")
    assert f"**{expected.sentence}**" in once_counted(app)
    assert "2 photos under 1 condition, 2 passes a photo of 40 ms each, and 200 ms to open it" in expected.sentence
    assert "measured here with PyTorch" in words(app).replace("\\", "")


def test_of_an_uploaded_set_with_parts_the_test_part_is_counted_and_named(queue: Queue) -> None:
    """As the study takes it: of a ZIP in LaMem's layout, and of photos with a list of their parts."""
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as written:
        for number, part in enumerate(("train", "val", "test")):
            written.writestr(f"set/splits/{part}_1.txt", f"{part}.png 0.5\n")
            written.writestr(f"set/images/{part}.png", photo_file(number)[1])
    app = given(visit_page(PAGE), ("set.zip", packed.getvalue(), "application/zip"))
    assert "1 photo under " in once_counted(app)
    assert "The study takes 1 of 3 photos\\, the test part" in words(app)
    app.button(key="study-remove-0").click().run()
    assert "The study takes" not in words(app)
    table = b"image_path,memorability_score,split\n0.png,0.5,test\n1.png,0.5,test\n2.png,0.5,train\n"
    given(app, *(photo_file(number) for number in range(3)), ("scores.csv", table, "text/csv"))
    assert "2 photos under " in once_counted(app)
    assert "The study takes 2 of 3 photos" in words(app)


@pytest.mark.parametrize(("allowed", "warned"), [(True, 0), (False, 1)])
def test_what_the_server_will_refuse_as_too_long_is_said_before(
    allowed: bool, warned: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(limits, "read_limits", lambda: limits.Limits((), True, 2000, 1, 2, allowed, False))
    app = visit_page(PAGE)
    app.segmented_control(key="study-kind").set_value(runs.DRAWN).run()
    assert "400 photos under " in once_counted(app)
    assert len(app.warning) == warned
    app.number_input(key="study-photos").set_value(1).run()
    assert "1 photo under " in once_counted(app)
    assert not app.warning


def test_a_large_folder_holds_nothing_up(queue: Queue, monkeypatch: pytest.MonkeyPatch) -> None:
    counted, go_on = beforehand.counted, threading.Event()
    monkeypatch.setattr(beforehand, "counted", lambda *given: go_on.wait(60) and counted(*given))
    app = visit_page(PAGE)
    app.segmented_control(key="study-kind").set_value(runs.DRAWN).run()
    assert "are being counted" in words(app)
    start(app, "meanwhile")
    assert queue.jobs()[0].name == "meanwhile"
    go_on.set()
    assert "400 photos under " in once_counted(app)


def test_a_place_that_cannot_be_read_is_said_where_the_time_would_stand(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "photos").mkdir()
    own = limits.Limits((tmp_path / "photos",), False, 50, 1, 2, True, False)
    monkeypatch.setattr(limits, "read_limits", lambda: own)
    app = visit_page(PAGE)
    assert "How long it takes cannot be said" in once_counted(app)
    assert "no photo in this folder" in words(app)
    app.text_input(key="study-inside").set_value("../..").run()
    assert "may not be read here" in words(app).replace("\\", "")


def test_uploads_and_choices_stay_while_other_pages_are_read(queue: Queue) -> None:
    app = given(visit_page(PAGE), photo_file(0), photo_file(1, "b*.png"))
    app.number_input(key="study-photos").set_value(30)
    app.multiselect(key="study-ablations").set_value(["blur"])
    app.text_input(key="study-name").set_value("kept").run()
    app.switch_page("pages/model.py").run()
    app.switch_page(PAGE).run()
    assert r"0\.png · " in words(app)
    assert r"b\*\.png · " in words(app)
    assert "2 files, " in words(app)
    assert app.number_input(key="study-photos").value == 30
    assert app.multiselect(key="study-ablations").value == ["blur"]
    given(app, photo_file(2))  # what is dropped now joins them
    app.button(key="study-remove-0").click().run()
    app.button(key="start-study").click().run()
    job = queue.jobs()[0]
    assert (job.name, job.photos, job.ablations) == ("kept", 30, ("blur",))
    assert sorted(file.name for file in Path(job.sources[0]).iterdir()) == ["2.png", "b*.png"]
    assert app.session_state[visit.STUDY_FILES] == []  # they are the study's now


def test_a_second_click_on_a_slow_server_takes_no_other_file_out() -> None:
    """The first click's file is gone when the second arrives: what stands in its place now stays."""
    app = given(visit_page(PAGE), photo_file(0), photo_file(1))
    app.button(key="study-remove-0").click().run()
    assert [button.key for button in app.button if button.key.startswith("study-remove-")] == ["study-remove-1"]
    given(app, photo_file(2))
    assert len({file.number for file in app.session_state[visit.STUDY_FILES]}) == 2


def test_nothing_is_written_before_the_start_and_all_of_it_is_taken_out_at_once() -> None:
    app = given(visit_page(PAGE), photo_file(0), photo_file(1))
    assert not config.RUNS.exists() or not (config.RUNS / jobs.UPLOADS).exists()
    app.button(key="study-remove-all").click().run()
    assert app.session_state[visit.STUDY_FILES] == []
    assert "0.png" not in words(app).replace("\\", "")


def test_what_is_too_much_is_refused_by_name_and_the_rest_stays(monkeypatch: pytest.MonkeyPatch) -> None:
    own = limits.Limits((), True, 3, 1, 2, True, False)
    monkeypatch.setattr(limits, "read_limits", lambda: own)
    app = given(visit_page(PAGE), photo_file(0), ("large.zip", bytes(1_000_000), "application/zip"))
    assert "more than 1 MB together" in app.error[0].value
    given(app, *(photo_file(seed) for seed in range(1, 5)), ("notes.pdf", b"%PDF", "application/pdf"))
    said = app.error[0].value.replace("\\", "")
    assert said.count("more than 3 photos") == 2
    assert "notes.pdf: this is neither a photo, a ZIP nor a CSV." in said
    assert [file.name for file in app.session_state[visit.STUDY_FILES]] == ["0.png", "1.png", "2.png"]


def test_photos_in_archives_are_counted_unopened() -> None:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        for name in ("set/a.jpg", "set/b.JPG", "__MACOSX/a.jpg"):
            archive.writestr(name, b"")
        archive.writestr("set/scores.csv", "image_path,memorability_score\na.jpg,0.5\nb.JPG,0.7\n")
    app = given(visit_page(PAGE), ("set.zip", packed.getvalue(), "application/zip"))
    assert "2 photos under " in once_counted(app)


def test_files_of_a_visit_go_with_its_photos() -> None:
    kept = visit.Visits()
    kept.keep("mine", {visit.STUDY_FILES: ["a"], "study-name": "x"}, 0.0, "session")
    assert kept.release(visit.RELEASE + 1, lambda session: False) == ["session"]
    assert kept.take("mine", visit.RELEASE + 2) == {"study-name": "x"}
