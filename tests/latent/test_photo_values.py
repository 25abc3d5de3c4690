"""What runs leave of single photos: written, found, and matched with the photos of a map."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from core import config
from core.errors import StudyError
from core.latent import photo_values
from core.latent.photo_values import Measure

PHOTOS = pd.DataFrame({"source": ["a", "a", "b"], "photo_id": ["1", "2", "1"]})


def test_values_are_matched_by_source_and_id(tmp_path: Path) -> None:
    file = tmp_path / photo_values.FILE
    measures = [Measure("share", np.array([0.1, 0.2, np.nan])), Measure("Δ", np.array([1.0, -1.0, 0.0]), signed=True)]
    photo_values.write(file, "m", ["b", "a", "a"], ["1", "1", "9"], measures)
    share, delta = photo_values.measures_of(file)
    assert (share.label, share.model, share.signed) == ("share", "m", False)
    assert delta.signed
    np.testing.assert_allclose(photo_values.values([share], PHOTOS), [0.2, np.nan, 0.1], rtol=1e-6)
    assert photo_values.shares_photos(file, PHOTOS)
    assert not photo_values.shares_photos(file, PHOTOS.assign(source="c"))


def test_of_several_runs_the_first_that_knows_a_photo_counts(tmp_path: Path) -> None:
    names = []
    for number, (ids, values) in enumerate(((["1"], [1.0]), (["1", "2"], [5.0, 2.0]))):
        file = tmp_path / str(number) / photo_values.FILE
        photo_values.write(file, "m", ["a"] * len(ids), ids, [Measure("share", np.array(values))])
        names += photo_values.measures_of(file)
    np.testing.assert_array_equal(photo_values.values(names, PHOTOS), [1.0, 2.0, np.nan])


def test_files_of_runs_are_found_in_folders_and_in_folders_of_folders(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(config, "RUNS", tmp_path)
    assert photo_values.files() == ()
    wanted = [tmp_path / "attributions" / "x" / photo_values.FILE, tmp_path / "concepts" / f"m-{photo_values.FILE}"]
    for file in wanted:
        photo_values.write(file, "m", ["a"], ["1"], [])
    assert [file for file, _ in photo_values.files()] == wanted


@pytest.mark.parametrize("damage", [b"", b"PAR1", b"{}"])
def test_a_damaged_file_is_one_sentence(tmp_path: Path, damage: bytes) -> None:
    file = tmp_path / photo_values.FILE
    photo_values.write(file, "m", ["a"], ["1"], [Measure("share", np.ones(1))])
    (name,) = photo_values.measures_of(file)
    file.write_bytes(damage)
    for read in (
        lambda: photo_values.measures_of(file),
        lambda: photo_values.shares_photos(file, PHOTOS),
        lambda: photo_values.values([name], PHOTOS),
    ):
        with pytest.raises(StudyError, match="give the command that wrote it again"):
            read()
    pd.DataFrame({"source": ["a"]}).to_parquet(file)  # of somebody else
    with pytest.raises(StudyError, match="cannot be read"):
        photo_values.measures_of(file)
