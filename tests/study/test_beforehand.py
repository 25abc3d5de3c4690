"""What is said of a study before anything is opened."""

from __future__ import annotations

import io
import tempfile
import zipfile
from pathlib import Path

import pytest

from core.errors import SourceError
from core.evaluation import evaluation
from core.sources import open_source
from core.study import beforehand, speeds, uploads
from core.study import plan as study_plan
from core.study.beforehand import Counted
from core.study.conditions import Design, grid
from core.study.cost import Frequency
from core.study.first_photos import measured
from core.study.limits import Limits
from tests.conftest import write_photo
from tests.study.test_cost import half_with_faces, tiny

pytestmark = pytest.mark.usefixtures("own_folders")


def zipped(files: dict[str, bytes]) -> bytes:
    """A ZIP of files by the path of each."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as written:
        for name, data in files.items():
            written.writestr(name, data)
    return buffer.getvalue()


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
