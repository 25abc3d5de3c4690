"""Try a photo in its empty, failing and working states, driven without a browser."""

from __future__ import annotations

import io
import struct
import zlib
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from streamlit.testing.v1 import AppTest

from core import config, inference
from core.errors import MissingDependencyError
from core.registry import ATTRIBUTIONS
from tests.pages.conftest import MODEL, TRY, sound, visit, words

Visit = Callable[..., AppTest]


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


def test_try_says_why_the_photo_of_a_link_is_not_here() -> None:
    app = visit("pages/try_a_photo.py", take="0123456789abcdef.0")
    assert any("stays with the visit that it was made in" in item.value for item in app.markdown)
    assert not app.error
