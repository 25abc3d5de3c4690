"""The command `attribute` over a photo set: what the page reads is saved, and a run that was stopped goes on."""

from __future__ import annotations

import contextlib
import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from core.__main__ import main
from core.latent import photo_values
from core.trust import over_set, per_photo, reports
from core.types import Photo

ATTRIBUTE = ["attribute", "photos", "--model", "tiny", "--methods", "grad_cam", "edge_map", "--masks", "faces"]


def test_shares_over_the_first_photos_are_saved_where_the_page_reads_them(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    options = ["--shares", "--limit", "3", "--save", "artifacts/trust", "--out", "shares"]
    assert main([*ATTRIBUTE, *options, "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert {row["n"] for row in told} == {3}
    assert {row["measure"] for row in told} == {"faces", *over_set.PLACES}
    table = reports.summary("tiny")
    assert table is not None
    faces = table[table["measure"] == "faces"].set_index("method")
    assert (faces["value"] - faces["over"]).to_numpy() == pytest.approx([0.5, 0.5], abs=1e-5)
    assert not faces["exact"].any()
    (kept,) = (folder / "shares").glob(f"*/{photo_values.FILE}")
    names = {item.label: item for item in photo_values.measures_of(kept)}
    assert {name: item.signed for name, item in names.items()} == {
        f"{method}'s share on {thing}": False
        for method in ("Grad-CAM", "Edge map")
        for thing in ("faces", "the centre", "the upper third", "the lower third")
    }
    rows = over_set.rows(kept.parent).set_index(["method", "measure", "photo_id"])["value"].sort_index()
    on_map = pd.DataFrame({"source": ["photos"] * 6, "photo_id": [f"{number}.png" for number in range(6)]})
    values = photo_values.values([names["Edge map's share on faces"]], on_map)
    assert values[:3] == pytest.approx(rows["edge_map", "faces"][on_map["photo_id"][:3]].to_numpy())
    assert np.isnan(values[3:]).all()
    assert main([*ATTRIBUTE, *options, "--limit", "-1"]) == 2
    assert "--limit must be 0 or more" in capsys.readouterr().err


def test_a_run_that_was_stopped_goes_on_with_what_is_left(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(over_set, "PART", 2)
    seen: list[str] = []
    measured = over_set.measured

    def once(predictor: object, photo: Photo, how: object) -> object:
        if len(seen) == 3:
            raise KeyboardInterrupt
        seen.append(photo.id)
        return measured(predictor, photo, how)  # type: ignore[arg-type]

    command = [*ATTRIBUTE, "--save", "artifacts/trust", "--out", "all"]
    with monkeypatch.context() as patch:
        patch.setattr(over_set, "measured", once)
        with contextlib.suppress(KeyboardInterrupt):
            assert main(command) != 0
    assert seen == ["0.png", "1.png", "2.png"]
    assert reports.summary("tiny") is None
    (rows,) = (folder / "all").glob("*/rows")
    assert len(list(rows.glob("*.parquet"))) == 1, "the part that was being made is lost"
    again: list[str] = []
    monkeypatch.setattr(over_set, "measured", lambda *given: again.append(given[1].id) or measured(*given))
    assert main(command) == 0
    assert again == [f"{number}.png" for number in range(2, 6)]
    table = reports.summary("tiny")
    assert table is not None
    assert set(table["n"]) == {6}
    assert {"gain", "tenth", "agreement", "randomised head", "removed 20%"} <= set(table["measure"])
    (kept,) = (folder / "all").glob(f"*/{photo_values.FILE}")
    assert {item.label for item in photo_values.measures_of(kept) if item.signed} == {
        *(f"Grad-CAM: {per_photo.WORDS[name]}" for name in ("tenth", "gain")),
        *(f"Edge map: {said}" for said in per_photo.WORDS.values()),  # Grad-CAM has no other method to agree with
    }
