"""Every page in its empty, failing and working state, driven without a browser."""

from __future__ import annotations

import io
import json
import shutil
import struct
import zlib
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest
import streamlit as st
from PIL import Image
from streamlit.testing.v1 import AppTest

from core import config, inference
from core.errors import MissingDependencyError
from core.paint import showcase
from core.registry import ATTRIBUTIONS
from core.types import Rect
from core.verdict.aggregation import make_aggregates
from tests.helpers import standin
from tests.helpers.planted import write_study
from ui import layout

HOME, TRY, MODEL = "streamlit_app.py", "pages/try_a_photo.py", "pages/model.py"
Visit = Callable[..., AppTest]


@pytest.fixture(scope="session")
def trained(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Artifacts as after training and evaluation."""
    folder = tmp_path_factory.mktemp("trained")
    standin.write_results(folder)
    standin.write_weights(folder / "resnet50")
    return folder


@pytest.fixture
def artifacts(trained: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A copy of them to damage, in the place where the app looks."""
    folder = tmp_path / "artifacts"
    standin.copy_of_links(trained, folder)
    monkeypatch.setattr(config, "ARTIFACTS", folder)
    yield folder
    st.cache_data.clear()
    st.cache_resource.clear()


@pytest.fixture
def nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A fresh clone: no artifacts at all."""
    st.cache_data.clear()
    st.cache_resource.clear()
    monkeypatch.setattr(config, "ARTIFACTS", tmp_path / "none")
    return tmp_path / "none"


def visit(page: str, **query: str) -> AppTest:
    """A page reached from the first one, as by its link."""
    app = AppTest.from_file(str(config.ROOT / HOME), default_timeout=120).run()
    if page != HOME:
        app.switch_page(page)
        for name, value in query.items():
            app.query_params[name] = value
        app.run()
    return sound(app)


def sound(app: AppTest) -> AppTest:
    """The page ran to its end without an exception."""
    assert not app.exception, app.exception[0].message
    return app


def words(app: AppTest) -> str:
    """All text on the page."""
    kinds = (app.title, app.header, app.subheader, app.markdown, app.caption, app.info, app.error)
    return "\n".join(element.value for kind in kinds for element in kind)


def png(size: tuple[int, int] = (320, 240), seed: int = 0) -> bytes:
    """A photo drawn from a seed."""
    buffer = io.BytesIO()
    pixels = np.random.default_rng(seed).integers(0, 256, (*size[::-1], 3), dtype=np.uint8)
    Image.fromarray(pixels).save(buffer, "PNG")
    return buffer.getvalue()


def bomb() -> bytes:
    """A small PNG that claims 60,000 × 60,000 pixels."""
    header = b"IHDR" + struct.pack(">IIBBBBB", 60000, 60000, 8, 2, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + struct.pack(">I", 13) + header + struct.pack(">I", zlib.crc32(header)) + png()[33:]


def upload(app: AppTest, *files: tuple[str, bytes]) -> AppTest:
    """The page after these files were dropped."""
    app.file_uploader(key="uploads").set_value([(name, data, "application/octet-stream") for name, data in files])
    return sound(app.run())


def test_home_without_results_still_says_what_this_is(nothing: Path) -> None:
    app = visit(HOME)
    assert "neural network" in words(app)
    assert "Spearman" not in words(app)
    assert not app.error


def test_home_states_the_measured_quality_of_the_shipped_model(artifacts: Path) -> None:
    assert "400 photos that it had never seen" in words(visit(HOME))
    assert "ρ = 0.66 (95 % interval 0.60 to 0.71)" in words(visit(HOME))


def test_home_names_a_damaged_evaluation_and_stays_up(artifacts: Path) -> None:
    replace(artifacts / "evaluations" / "resnet50-scenes.json", "{")
    app = visit(HOME)
    assert len(app.error) == 1
    assert "resnet50\\-scenes\\.json" in app.error[0].value
    assert "What score does my photo get?" in words(app)


def test_home_shows_a_photo_whose_score_moves(artifacts: Path) -> None:
    box = Rect(100, 30, 160, 100)
    showcase.write(showcase.Showcase("resnet50", "astronaut", "faces", "mean", box, 0.746, 0.702), artifacts)
    app = visit(HOME)
    assert [metric.value for metric in app.metric] == ["0.746"]
    app.toggle(key="showcase").set_value(True)
    sound(app.run())
    assert [(metric.value, metric.delta) for metric in app.metric] == [("0.702", "−0.044")]


def test_home_leads_to_every_page_and_explains_its_words(artifacts: Path) -> None:
    box = Rect(100, 30, 160, 100)
    showcase.write(showcase.Showcase("resnet50", "astronaut", "faces", "mean", box, 0.746, 0.702), artifacts)
    make_aggregates(write_study(artifacts / "studies" / "reference", n=120, fills=("mean",)))
    app = visit(HOME)
    said = words(app)
    assert "The **score** is the share of people who" in said
    assert "**SD** is the spread" in said
    assert "two rival **accounts**" in said
    linked = [link.proto.page for link in app.get("page_link")]
    for page in layout.PAGES[1:]:
        assert linked.count(Path(page.file).stem) == 2, f"{page.label}: in the menu and below its question"


def test_home_names_a_damaged_example_and_stays_up(artifacts: Path) -> None:
    (artifacts / showcase.FILE).write_text("{")
    app = visit(HOME)
    assert "core showcase" in app.error[0].value
    assert "What score does my photo get?" in words(app)


def replace(file: Path, text: str) -> None:
    """Put text in place of a file that may be a link to the shared one."""
    file.unlink()
    file.write_text(text)


def test_model_without_results_says_how_to_get_them(nothing: Path) -> None:
    app = visit(MODEL)
    assert [info.value for info in app.info] == [
        "There is no trained model here yet. Train one with `python train.py DATA`."
    ]


def test_model_without_evaluation_shows_the_training(artifacts: Path) -> None:
    shutil.rmtree(artifacts / "evaluations")
    app = visit(MODEL)
    assert "core evaluate" in app.info[0].value
    assert len(app.get("plotly_chart")) == 3


def test_model_shows_every_section(artifacts: Path) -> None:
    app = visit(MODEL)
    assert [header.value for header in app.header] == [
        "Does the score agree with people?",
        "All evaluated models",
        "How it was trained",
        "What was tried",
        "Data and licence",
    ]
    assert len(app.get("plotly_chart")) == 5
    text = words(app)
    assert "not independent evidence" in text.replace("\\", "")
    assert "**0.94**" in text
    assert "0.660 ± 0.010" in text
    assert list(app.dataframe[0].value["possibly seen"]) == [False, True]


def test_model_keeps_the_folders_of_the_training_machine_to_itself(artifacts: Path) -> None:
    app = visit(MODEL)
    recipe = next(table.value for table in app.dataframe if "setting" in table.value)
    assert list(recipe["value"]) == ["scenes", str(standin.EPOCHS), "everyday"]


@pytest.mark.parametrize("file", ["evaluations/resmem-scenes.json", "resnet50/card.json", "resnet50/metrics.csv"])
def test_model_names_a_damaged_file_and_shows_the_rest(artifacts: Path, file: str) -> None:
    replace(artifacts / file, "not what it should be")
    app = visit(MODEL)
    assert len(app.error) == 1
    assert Path(file).name in app.error[0].value.replace("\\", "")
    assert "Does the score agree with people?" in words(app)


def test_model_follows_the_address(artifacts: Path) -> None:
    app = visit(MODEL, evaluation="resmem-scenes")
    assert app.selectbox(key="evaluation").value == "resmem-scenes"
    assert "*Possibly seen* in training." in words(app)


def test_try_invites_with_samples(artifacts: Path) -> None:
    app = visit(TRY)
    assert {"cat", "coffee"} <= {button.label for button in app.button}
    assert not app.metric
    assert not app.error


@pytest.mark.parametrize("sample", ["unicorn", ""])
def test_try_with_an_unknown_sample_in_the_address_invites(artifacts: Path, sample: str) -> None:
    app = visit(TRY, sample=sample)
    assert not app.metric
    assert {"cat", "coffee"} <= {button.label for button in app.button}


def test_try_scores_the_sample_in_the_address(artifacts: Path) -> None:
    app = visit(TRY, sample="cat")
    assert len(app.metric) == 1
    assert "of 100 people would recognise this photo" in words(app)
    assert "300 reference photos" in words(app)
    assert "not a measurement" in words(app)


def test_try_puts_the_clicked_sample_into_the_address(artifacts: Path) -> None:
    app = visit(TRY)
    next(button for button in app.button if button.label == "coffee").click()
    app.run()
    assert app.query_params["sample"] in ("coffee", ["coffee"])
    assert len(sound(app).metric) == 1


def test_try_gives_an_upload_the_score_that_core_gives(artifacts: Path) -> None:
    from core.photos import images

    data = png((1600, 1300), seed=3)
    app = upload(visit(TRY), ("big.png", data))
    expected = inference.load().score([images.read(data)])[0]
    assert app.metric[0].value == f"{expected:.2f}"


def test_try_says_what_is_wrong_with_each_bad_file_and_scores_the_good_ones(artifacts: Path) -> None:
    good, bad = png(), png(seed=1)
    files = [
        ("a.png", good),
        ("cut.png", bad[: len(bad) // 2]),
        ("zero.jpg", b""),
        ("text.jpg", b"hello"),
        ("b.jpg", bad),
    ]
    app = upload(visit(TRY), *files, ("bomb.png", bomb()), ("*[x](y).png", b"?"))
    assert len(app.error) == 1
    lines = app.error[0].value.replace("\\", "").split("  \n")
    assert [line.split(":")[0] for line in lines] == ["cut.png", "zero.jpg", "text.jpg", "bomb.png", "*[x](y).png"]
    assert "\\*\\[x\\]\\(y\\)" in app.error[0].value
    table = app.dataframe[0].value
    assert sorted(table["file"][table["score"].notna()]) == ["a.png", "b.jpg"]
    assert list(table["score"].dropna()) == sorted(table["score"].dropna(), reverse=True)  # the highest first
    assert all(picture.startswith("data:image/jpeg") for picture in table["photo"].dropna())
    assert len(app.metric) == 1


def test_try_with_nothing_but_bad_files(artifacts: Path) -> None:
    app = upload(visit(TRY), ("zero.jpg", b""))
    assert not app.metric
    assert app.error[0].value.replace("\\", "") == "zero.jpg: the file is empty (zero bytes)."


@pytest.mark.parametrize("mode", ["I;16", "CMYK", "P", "RGBA", "L", "1"])
def test_try_scores_every_kind_of_photo(artifacts: Path, mode: str) -> None:
    buffer = io.BytesIO()
    Image.open(io.BytesIO(png())).convert("L" if mode == "I;16" else mode).convert(mode).save(buffer, "TIFF")
    assert len(upload(visit(TRY), ("wrong-name.jpg", buffer.getvalue())).metric) == 1


def test_try_has_a_hint_for_a_picture_with_nothing_to_see(artifacts: Path) -> None:
    flat = io.BytesIO()
    Image.new("RGB", (60, 40), "grey").save(flat, "PNG")
    app = upload(visit(TRY), ("flat.png", flat.getvalue()), ("photo.png", png()))
    (said,) = (item.value.replace("\\", "") for item in app.info if "colour" in item.value)
    assert said.startswith("flat.png: almost all of this picture is one colour")
    assert "photo.png" not in said
    assert not app.error


def test_try_refuses_a_raw_file_by_its_name(artifacts: Path) -> None:
    raw = io.BytesIO()
    Image.new("RGB", (60, 40)).save(raw, "TIFF")
    app = upload(visit(TRY), ("photo.NEF", raw.getvalue()))
    assert "camera RAW file (Nikon NEF)" in app.error[0].value.replace("\\", "")


def test_try_switches_between_photos(artifacts: Path) -> None:
    app = upload(visit(TRY), ("a.png", png()), ("b.png", png(seed=1)))
    scores = app.dataframe[0].value.set_index("file")["score"]
    app.button[[button.label for button in app.button].index("b\\.png")].click()
    assert sound(app.run()).metric[0].value == f"{scores['b.png']:.2f}"


def test_try_adds_a_second_upload_to_the_first(artifacts: Path) -> None:
    app = upload(visit(TRY), ("a.png", png()))
    sound(app.switch_page(MODEL).run())
    app = upload(sound(app.switch_page(TRY).run()), ("b.png", png(seed=1)))
    assert sorted(app.dataframe[0].value["file"]) == ["a.png", "b.png"]


def test_an_upload_whose_callback_was_broken_off_joins_with_the_next_run(artifacts: Path) -> None:
    app = upload(visit(TRY), ("a.png", png()))
    for name in ("kept", "in-box", "current"):  # as the callback found them
        del app.session_state[name]
    assert len(sound(app.run()).metric) == 1


def test_try_shows_the_same_file_once(artifacts: Path) -> None:
    app = upload(visit(TRY), ("a.png", png()), ("copy.png", png()))
    assert not app.dataframe
    assert len(app.metric) == 1


def test_try_keeps_uploads_while_another_page_is_read(artifacts: Path) -> None:
    app = upload(visit(TRY), ("a.png", png()))
    score = app.metric[0].value
    sound(app.switch_page(MODEL).run())
    sound(app.switch_page(TRY).run())
    assert app.metric[0].value == score
    app.button(key="clear").click()
    assert not sound(app.run()).metric


def test_try_computes_a_heatmap_once(artifacts: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    calls = []
    entry = ATTRIBUTIONS["grad_cam"]
    counted = lambda predictor, photo: calls.append(photo.shape) or entry.function(predictor, photo)  # noqa: E731
    monkeypatch.setitem(ATTRIBUTIONS._entries, "grad_cam", type(entry)(**{**vars(entry), "function": counted}))
    app = upload(visit(TRY), ("a.png", png((2000, 1500))))
    assert calls == [(256, 341, 3)]  # the one that is shown is the one that is tested, and compared after a stroke
    sound(app.run())
    assert calls == [(256, 341, 3)]


def test_try_without_a_checkpoint_says_so_in_one_sentence(nothing: Path) -> None:
    app = visit(TRY, sample="cat")
    assert len(app.error) == 1
    assert "there is no card.json; train a model" in app.error[0].value.replace("\\", "")
    assert not app.metric


@pytest.fixture
def uninstalled(artifacts: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Every model but the shipped one lacks its package."""
    shipped = inference.load

    def load(name: str) -> inference.Predictor:
        if name != config.DEFAULT_MODEL:
            raise MissingDependencyError(f"{name} is not installed; get it with: pip install it")
        return shipped(name)

    monkeypatch.setattr(inference, "load", load)


@pytest.mark.usefixtures("uninstalled")
def test_try_names_the_command_that_installs_the_model_in_the_address() -> None:
    app = visit(TRY, sample="cat", model="resmem")
    assert app.selectbox(key="model").value == "resmem"
    assert app.error[0].value.replace("\\", "") == "resmem is not installed; get it with: pip install it"


@pytest.mark.usefixtures("uninstalled")
def test_try_puts_the_chosen_model_into_the_address_and_can_go_back() -> None:
    app = visit(TRY, sample="cat")
    app.selectbox(key="model").set_value("resmem")
    assert sound(app.run()).query_params["model"] in ("resmem", ["resmem"])
    assert app.error
    app.selectbox(key="model").set_value("resnet50")
    assert not sound(app.run()).error
    assert len(app.metric) == 1


def test_try_takes_the_default_for_an_unknown_model_in_the_address(artifacts: Path) -> None:
    app = visit(TRY, sample="cat", model="crystal ball")
    assert "There is no model called" in app.error[0].value
    assert len(app.metric) == 1


def test_try_works_without_reference_photos(artifacts: Path) -> None:
    (artifacts / "reference_scores.csv").unlink()
    app = visit(TRY, sample="cat")
    assert "reference photos" not in words(app)
    assert len(app.metric) == 1


def test_every_widget_has_a_key(artifacts: Path) -> None:
    app = upload(visit(TRY), ("a.png", png()), ("b.png", png(seed=1)))
    widgets = [*app.button, *app.slider, *app.selectbox, *app.file_uploader, *visit(MODEL).selectbox]
    assert all(widget.key for widget in widgets)


def test_card_of_the_stand_in_is_read_by_core(trained: Path) -> None:
    assert (
        inference.load(str(trained / "resnet50")).preset.crop
        == json.loads((trained / "resnet50" / "card.json").read_text())["preset"]["crop"]
    )


def test_try_says_why_the_photo_of_a_link_is_not_here() -> None:
    app = visit("pages/try_a_photo.py", take="0123456789abcdef.0")
    assert any("stays with the visit that it was made in" in item.value for item in app.markdown)
    assert not app.error
