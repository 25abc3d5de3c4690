"""Heatmaps over a photo set: shares on things, a run that goes on, and photos that are left out."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from core.errors import PhotoError, StudyError, UnknownChoiceError
from core.photos.fingerprints import fingerprint
from core.regions import mask_cache
from core.trust import over_set
from core.trust.over_set import AttributionSettings
from core.trust.summary import summarise
from core.types import Listing, Photo, Region
from tests.conftest import draw_photo
from tests.helpers.patch import FALSE, FILL, PATCH, SIDE, TRUE, nine_squares, patch_predictor

pytestmark = pytest.mark.usefixtures("small")


def broken() -> np.ndarray:
    raise PhotoError("it is broken.")


def listing(n: int) -> Listing:
    photos = [Photo(f"{number}", "drawn", partial(draw_photo, number, SIDE, SIDE)) for number in range(n)]
    return Listing("drawn", (*photos, Photo("bad", "drawn", broken)))


HOW = AttributionSettings("patch", "drawn", (TRUE, FALSE, "centre_bias"), (), FILL)


def test_shares_are_those_of_the_map_the_area_and_the_map_moved() -> None:
    values = np.zeros((40, 40), np.float32)
    values[:10, :10] = 1
    values[30:, 30:] = -1
    mask = np.zeros((40, 40), bool)
    mask[:20, :20] = True
    share, area, moved = over_set.share(values, mask)
    assert share == 1
    assert area == 0.25
    assert moved == pytest.approx(3 / 15)


def test_shares_on_what_the_source_knows_are_told_from_those_on_what_a_detector_found(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Both masks are of the photo's size, the map is of the working size: half of it."""
    large = nine_squares().repeat(2, axis=0).repeat(2, axis=1)
    patch, left = np.zeros((2, 2 * SIDE, 2 * SIDE), bool)
    rows, columns = PATCH
    patch[2 * rows.start : 2 * rows.stop, 2 * columns.start : 2 * columns.stop] = True
    left[:, :SIDE] = True
    asked = []
    monkeypatch.setattr(mask_cache, "detect", lambda name, *_, **__: asked.append(name) or Region(left))
    photo = Photo("a", "drawn", lambda: large, truth=lambda: {"faces": Region(patch)})
    how = AttributionSettings("patch", "drawn", (TRUE, FALSE), ("faces", "people"), ())
    found = pd.DataFrame(over_set.measured(patch_predictor(), photo, how)).set_index(["method", "measure"])
    assert asked == ["people"], "what the source knows is not looked for"
    true = found.loc[TRUE]
    assert true.loc["faces", "exact"] is True
    assert true.loc["people", "exact"] is False
    assert true.loc["centre", "exact"] is None
    assert true.loc["faces", "expected"] == patch.mean() == 1 / 16
    assert true.loc["people", "expected"] == 0.5
    assert true.loc["faces", "value"] > 0.6
    assert true.loc["people", "value"] < 0.05, "the patch lies in the right half"
    assert found.loc[(FALSE, "faces"), "value"] < 0.3
    table = summarise(found.reset_index(), "patch", "drawn").set_index(["method", "measure"])["exact"]
    assert table[TRUE, "faces"]
    assert not table[TRUE, "people"]


def test_a_run_that_was_stopped_goes_on(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(over_set, "PART", 2)
    predictor = patch_predictor()
    problems = over_set.run(predictor, listing(3), HOW, tmp_path)
    assert [str(item) for item in problems] == ["bad: it is broken."]
    first = over_set.rows(tmp_path)
    kept = {file: file.read_bytes() for file in tmp_path.glob("rows/*")}
    over_set.run(predictor, listing(5), HOW, tmp_path)
    both = over_set.rows(tmp_path)
    assert {file: file.read_bytes() for file in kept} == kept
    assert set(both["photo_id"]) == set("01234")
    assert not both.duplicated(["photo_id", "method", "measure"]).any()
    removed = {f"removed {percent}%" for percent in (0, 20, 40, 60, 80, 100)}
    random = {"randomised head", "randomised layer4"}
    assert set(first["measure"]) == {*over_set.PLACES, "tenth", "gain", "agreement", *removed, *random}
    with pytest.raises(StudyError, match="other settings"):
        over_set.run(predictor, listing(1), AttributionSettings("patch", "drawn", (TRUE,), (), FILL), tmp_path)
    with pytest.raises(StudyError, match="holds no measured photos"):
        over_set.rows(tmp_path / "empty")


def test_a_damaged_part_is_named_and_its_photos_are_measured_anew(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(over_set, "PART", 1)
    predictor, how = patch_predictor(), replace(HOW, methods=(TRUE,))
    over_set.run(predictor, listing(3), how, tmp_path)
    whole, parts = over_set.rows(tmp_path), sorted(tmp_path.glob("rows/*"))
    parts[0].write_bytes(parts[0].read_bytes()[:-20])
    for again in (lambda: over_set.rows(tmp_path), lambda: over_set.run(predictor, listing(3), how, tmp_path)):
        with pytest.raises(StudyError, match=r"part-00000\.parquet is damaged; delete it"):
            again()
    parts[0].unlink()
    over_set.run(predictor, listing(3), how, tmp_path)
    assert sorted(file.name for file in tmp_path.glob("rows/*")) == [
        f"part-0000{number}.parquet" for number in (1, 2, 3)
    ]
    pd.testing.assert_frame_equal(
        over_set.rows(tmp_path).sort_values("photo_id", ignore_index=True, kind="stable"), whole
    )


def test_photos_that_the_model_learned_from_and_copies_are_left_out() -> None:
    predictor, photos = patch_predictor(), listing(5).photos
    predictor.card["training_photos"] = [list(vars(fingerprint(photos[1].read())).values())]
    twice = (*photos[:3], replace(photos[0], id="copy"), *photos[3:])
    kept, learned, alike = over_set.unseen(twice, predictor)
    assert [photo.id for photo in kept] == [photo.id for photo in photos if photo.id != "1"]  # a broken one is named
    assert (learned, alike) == (1, 1)
    assert [photo.id for photo in over_set.unseen(twice, predictor, 2)[0]] == ["0", "2"]


def test_unknown_methods_name_the_choices() -> None:
    with pytest.raises(UnknownChoiceError, match="grad_cam"):
        over_set.settings_of("resnet50", "drawn", ("gradcam",), ())
