"""What a study is said to cost before it begins."""

from __future__ import annotations

import dataclasses
import io
import json
import tempfile
import zipfile
from pathlib import Path

import numpy as np
import pytest
import torch

from core import config
from core.errors import SourceError
from core.evaluation import evaluation
from core.inference import Predictor
from core.photos.preprocess import Preset
from core.registry import MODELS
from core.sources import open_source
from core.study import beforehand, engine, speeds, uploads
from core.study import plan as study_plan
from core.study.beforehand import Counted
from core.study.conditions import Design, grid
from core.study.cost import Frequency, Speed, estimate, hosted_targets
from core.study.first_photos import measured
from core.study.limits import Limits
from core.types import Photo, Region
from tests.conftest import write_photo
from tests.study.test_engine import drawn, nothing


def zipped(files: dict[str, bytes]) -> bytes:
    """A ZIP of files by the path of each."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as written:
        for name, data in files.items():
            written.writestr(name, data)
    return buffer.getvalue()


SPEED = Speed(row_ms=10.0, open_ms=50.0)


@pytest.fixture(autouse=True)
def _own_folders(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What was measured here before is unknown, and what detectors find is kept below the working folder."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(config, "CACHE", tmp_path / "cache")


def tiny() -> Predictor:
    torch.manual_seed(0)
    return Predictor("tiny", MODELS["small_cnn"].function().eval(), Preset(32, 32), {"training_photos": []})


def with_face() -> dict[str, Region]:
    mask = np.zeros((40, 56), dtype=bool)
    mask[4:9, 4:9] = True
    return nothing() | {"faces": Region(mask)}


def half_with_faces(count: int) -> list[Photo]:
    """Every second photo has a small face, with room around it."""
    return [
        dataclasses.replace(photo, truth=with_face if place % 2 else nothing)
        for place, photo in enumerate(drawn(count))
    ]


def test_photos_in_which_nothing_is_ablated_have_a_cost() -> None:
    """So it is with a thinned study whose first photos hold none of its things."""
    design = Design(ablations=("region",), masks=("faces",))
    found = measured(study_plan.plan(tiny(), drawn(20), design))
    assert (found.photos, found.rows) == (20, 1.0)
    assert found.row_ms > 0
    assert found.spread(1_000).seconds < found.seconds


@pytest.mark.parametrize(
    "design",
    [
        Design(ablations=("grayscale", "blur")),
        Design(ablations=("blur",), shares=(("doses", 0.0),)),
        Design(ablations=("region",), masks=("faces",), fills=("mean", "blur"), hosts=0, placements=3),
        Design(ablations=("region", "grayscale"), masks=("faces",), fills=("mean",), hosts=0, placements=0, targets=4),
    ],
)
def test_rows_are_those_that_the_study_then_has(design: Design, tmp_path: Path) -> None:
    """Without hosts nothing is left to luck: every second photo has a face, with room for all its controls."""
    plan = study_plan.plan(tiny(), half_with_faces(16), design)
    if design.targets:  # scored photos would be ablated whole besides
        plan = study_plan.plan(tiny(), [dataclasses.replace(p, score=None) for p in half_with_faces(16)], design)
    done = engine.run(plan, tmp_path / "study")
    assert measured(plan).rows * done.photos == pytest.approx(done.rows)


def test_hosts_are_counted_as_far_as_there_are_any() -> None:
    assert hosted_targets(20, 20, 10) == 0  # too few lie near any score
    assert hosted_targets(100, 1_000, 0) == 0
    assert hosted_targets(400, 2_000, 10) > 350
    assert hosted_targets(2_000, 100, 10) == 100 * 100 / 10  # each of the 100 is host to 5 % of the targets at most
    few, many = (estimate(Design(), count, {"faces": Frequency(0.5, 0.5)}, SPEED).rows for count in (40, 2_000))
    assert many > few


def test_an_estimate_before_anything_is_opened_is_that_of_the_command_with_the_same_numbers() -> None:
    design = Design(photos=16)
    known = measured(study_plan.plan(tiny(), half_with_faces(16), design))
    things = dict.fromkeys(("people", "salient", "text"), Frequency(0.0, 0.0)) | {"faces": Frequency(0.5, 1.0)}
    found = beforehand.foreseen(design, Counted(400, 400, things), "tiny")
    assert found.cost.rows == pytest.approx(known.rows)
    assert found.cost.row_ms == pytest.approx(known.row_ms)
    assert found.cost.photos == 16
    assert found.conditions == len(grid(design))
    assert "measured here with PyTorch" in found.basis


def test_without_a_measurement_it_is_called_a_guess() -> None:
    found = beforehand.foreseen(Design(), Counted(100, 0, {}), "tiny")
    assert "a guess" in found.basis
    assert found.cost.row_ms == speeds.GUESS.row_ms


def test_the_middle_of_the_last_measurements_counts_in_the_last_engine() -> None:
    for engine_used, row, opening in (("torch", 90.0, 100.0), ("fast", 9.0, None), ("fast", 11.0, 300.0)):
        speeds.remember("tiny", engine_used, row, opening)
    speeds.remember("tiny", "fast", 50.0, 900.0)
    found = speeds.known("tiny")
    assert (found.speed, found.engine) == (Speed(11.0, 300.0), "fast")
    assert speeds.known("other").speed == Speed(speeds.GUESS.row_ms, 300.0)  # opening is the same with every model
    for _ in range(speeds.LATEST):
        speeds.remember("tiny", "fast", 8.0, None)
    assert speeds.known("tiny").speed == Speed(8.0, speeds.GUESS.open_ms)


def test_how_long_opening_takes_is_learned_from_photos_that_detectors_look_at_anew(tmp_path: Path) -> None:
    design = Design(ablations=("grayscale",), masks=("salient",))
    for number in range(3):
        write_photo(tmp_path / "set" / f"{number}.png", number)
    photos = open_source(str(tmp_path / "set")).photos
    remembered = []
    for found in (half_with_faces(4), photos, photos):  # known by labels; looked at; kept from the time before
        measured(study_plan.plan(tiny(), found, design))
        kept = json.loads((config.CACHE / speeds.FILE).read_text())["tiny"]
        remembered.append(kept[-1]["open_ms"])
    assert [value is None for value in remembered] == [True, False, True]


@pytest.mark.parametrize("damage", ["", "[]", '{"tiny": 3}', '{"tiny": [{"engine": "torch"}]}', "\0"])
def test_a_damaged_note_of_speeds_is_as_none(damage: str) -> None:
    speeds.remember("tiny", "torch", SPEED.row_ms, SPEED.open_ms)
    (config.CACHE / speeds.FILE).write_text(damage)
    assert speeds.known("tiny").engine == ""
    speeds.remember("tiny", "torch", SPEED.row_ms, SPEED.open_ms)
    assert speeds.known("tiny").speed == SPEED


def test_photos_are_counted_as_the_study_takes_them(tmp_path: Path) -> None:
    for number in range(3):
        write_photo(tmp_path / "set" / f"{number}.png", number)
    assert beforehand.counted(str(tmp_path / "set")).photos == 3
    scenes = beforehand.counted("generated:face,n=40", "all")
    assert (scenes.photos, scenes.scored, scenes.known) == (40, 40, True)
    assert 0 < scenes.things["faces"].there < 1
    assert beforehand.counted("generated:face,n=40").photos == 12  # the test part
    assert not beforehand.counted(str(tmp_path / "set")).known


LAMEM = {
    **{f"mine/splits/{part}_1.txt": f"{part}.png 0.5\n".encode() for part in ("train", "val", "test")},
    "mine/splits/test_1.txt": b"test.png 0.5\nother.png 0.7\nlost.png 0.6\n",
    **{f"mine/images/{part}.png": b"" for part in ("train", "val", "test", "other", "unlisted")},
}
OUTLINED = {"mine/images/a.png": b"", "mine/images/b.png": b"", "mine/masks/a.png": b"", "@eaDir/a.png": b""}
TABLE = b"image_path,memorability_score,split\n/x/a.png,0.5,train\nb.png,0.7,test\nc.png,,test\n"


@pytest.mark.parametrize(
    ("files", "photos", "scored", "said"),
    [
        ({"set.zip": LAMEM}, 2, 2, ("The study takes 2 of 4 photos, the test part.", "1 problem in the lists")),
        ({"set.zip": OUTLINED}, 2, 0, ("1 photo in service folders passed over.",)),
        ({"list.csv": TABLE, "a.png": b"", "b.png": b"", "c.png": b""}, 2, 1, ("The study takes 2 of 3 photos",)),
        ({"a.png": b"", "b.png": b"", "c.png": b""}, 3, 0, ()),
    ],
)
def test_of_uploaded_files_those_are_counted_that_the_study_takes(
    files: dict[str, dict[str, bytes] | bytes], photos: int, scored: int, said: tuple[str, ...], tmp_path: Path
) -> None:
    photo = write_photo(tmp_path / "a.png").read_bytes()
    given = [
        (name, zipped({inside: data or photo for inside, data in content.items()}))
        if isinstance(content, dict)
        else (name, content or photo)
        for name, content in files.items()
    ]
    limits = Limits((), True, 100, 100, 2, True, False)
    found = beforehand.counted_uploads(given, limits)
    assert (found.photos, found.scored, found.known) == (photos, scored, False)
    for sentence in said:
        assert any(line.startswith(sentence) for line in found.said), found.said
    assert str(Path(tempfile.gettempdir())) not in "".join(found.said)
    listing = open_source(uploads.store(given, tmp_path / "new", limits).place)
    part = evaluation.chosen_part(listing, "")
    assert photos == sum(part in (None, photo.split) for photo in listing.photos)


def test_uploaded_files_that_are_no_set_are_refused_by_the_names_that_they_were_given() -> None:
    lost = {"lamem/splits/test_1.txt": b"a.png 0.5\n", "lamem/images/a.png": b"x"}
    with pytest.raises(SourceError, match=r"^lamem/splits/train_1\.txt: this split file is missing"):
        beforehand.counted_uploads([("set.zip", zipped(lost))], Limits((), True, 100, 100, 2, True, False))
