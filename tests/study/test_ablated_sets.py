"""Sets of ablated photos: the same bytes again, a manifest that tells the truth, refusals in one line."""

from __future__ import annotations

import csv
import hashlib
import json
from pathlib import Path

import numpy as np
import pytest

from core.__main__ import main
from core.errors import SourceError
from core.photos import images
from core.regions import regions
from core.registry import ABLATIONS, MASKS
from core.sources import open_source
from core.study import ablated_sets
from core.study.ablated_sets import MANIFEST, NOT_ELIGIBLE, every_set, name_of, region_of, whole_photo, write_sets
from core.types import Listing, Photo, Rect
from tests.conftest import draw_photo


def contents(folder: Path) -> dict[str, bytes]:
    return {file.relative_to(folder).as_posix(): file.read_bytes() for file in folder.rglob("*") if file.is_file()}


def rows_of(file: Path) -> list[dict[str, str]]:
    with file.open(newline="", encoding="utf-8") as stream:
        return list(csv.DictReader(stream))


def listing() -> Listing:
    """Two photos: one with a face that the source knows, one without."""

    def photo(name: str, boxes: list[Rect]) -> Photo:
        pixels = draw_photo(len(name), 96, 128)
        return Photo(name, "set", lambda: pixels, truth=lambda: {"faces": regions.from_boxes(boxes, pixels.shape)})

    return Listing("set", (photo("with.png", [Rect(10, 10, 40, 50)]), photo("without.png", [])))


def test_a_set_is_written_with_its_manifest(photo_folder: Path, tmp_path: Path, capsys) -> None:
    out = tmp_path / "out"
    assert main(["ablate", str(photo_folder), "--ablation", "blur", "--params", "sigma=0.04", "--out", str(out)]) == 0
    assert "4 photos" in capsys.readouterr().out
    rows = rows_of(out / MANIFEST)
    assert [row["photo_id"] for row in rows] == [f"photo_{number}.png" for number in range(4)]
    for row in rows:
        data = (out / row["file"]).read_bytes()
        assert row["sha256"] == hashlib.sha256(data).hexdigest()
        before = images.working(images.read(photo_folder / row["photo_id"]))
        after = images.read(data)
        assert (after == ABLATIONS["blur"].function(before, sigma=0.04)).all()
        assert float(row["rmse"]) == pytest.approx(regions.rmse(before, after), abs=1e-6)
        assert json.loads(row["params"]) == {"sigma": 0.04}
        assert row["mask"] == row["area"] == ""


@pytest.mark.parametrize("name", ["patch_shuffle", "phase_scramble"])
def test_repeated_it_is_the_same_bytes(name: str, photo_folder: Path, tmp_path: Path) -> None:
    for out in ("a", "b", "b"):
        assert main(["ablate", str(photo_folder), "--ablation", name, "--seed", "5", "--out", str(tmp_path / out)]) == 0
    assert contents(tmp_path / "a") == contents(tmp_path / "b")
    seeds = {row["seed"] for row in rows_of(tmp_path / "a" / MANIFEST)}
    assert len(seeds) == 4, "two photos are scrambled alike"
    assert main(["ablate", str(photo_folder), "--ablation", name, "--seed", "6", "--out", str(tmp_path / "b")]) == 0
    assert contents(tmp_path / "a") != contents(tmp_path / "b")


def test_a_photo_without_the_thing_is_not_eligible(tmp_path: Path) -> None:
    conditions = [region_of("faces", direction=direction) for direction in ("remove", "keep")]
    written = write_sets(listing(), conditions, tmp_path / "out", masks=tmp_path / "masks")
    assert written.files == written.not_eligible == {"faces-remove": 1, "faces-keep": 1}
    rows = rows_of(tmp_path / "out" / MANIFEST)
    assert [(row["photo_id"], row["direction"]) for row in rows] == [("with.png", "remove"), ("with.png", "keep")]
    share = 30 * 40 / (96 * 128)
    assert [float(row["area"]) for row in rows] == pytest.approx([share, 1 - share], abs=0.005)
    refused = rows_of(tmp_path / "out" / NOT_ELIGIBLE)
    assert {(row["photo_id"], row["mask"]) for row in refused} == {("without.png", "faces")}
    assert "empty" in refused[0]["reason"]


def test_other_sets_stay_and_the_same_set_is_replaced(photo_folder: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    for name in ("blur", "jpeg"):
        assert main(["ablate", str(photo_folder), "--ablation", name, "--out", str(out)]) == 0
    assert {name.split("/")[0] for name in contents(out)} == {"blur", "jpeg", MANIFEST, NOT_ELIGIBLE}
    assert [row["ablation"] for row in rows_of(out / MANIFEST)] == ["blur"] * 4 + ["jpeg"] * 4
    before = {name: data for name, data in contents(out).items() if name.startswith("blur")}
    fewer = Listing("photos", open_source(str(photo_folder)).photos[:2])
    write_sets(fewer, [whole_photo("jpeg")], out, masks=tmp_path / "masks")
    assert [row["ablation"] for row in rows_of(out / MANIFEST)] == ["blur"] * 4 + ["jpeg"] * 2
    assert len(list((out / "jpeg").rglob("*.png"))) == 2
    assert {name: data for name, data in contents(out).items() if name.startswith("blur")} == before


def test_refusals_of_other_things_stay(tmp_path: Path) -> None:
    out, masks = tmp_path / "out", tmp_path / "masks"
    write_sets(listing(), [region_of("faces")], out, masks=masks)
    write_sets(listing(), [whole_photo("blur")], out, masks=masks)
    assert {(row["photo_id"], row["mask"]) for row in rows_of(out / NOT_ELIGIBLE)} == {("without.png", "faces")}


def test_a_manifest_that_another_program_wrote_again_is_one_line(photo_folder: Path, tmp_path: Path, capsys) -> None:
    command = ["ablate", str(photo_folder), "--ablation", "blur", "--out", str(tmp_path / "out")]
    assert main(command) == 0
    manifest = tmp_path / "out" / MANIFEST
    manifest.write_bytes(manifest.read_text().replace("photo_0", "é").encode("latin-1"))
    assert main(command) == 2
    assert "this is not as it was written" in capsys.readouterr().err


def test_a_folder_with_other_files_stays_untouched(photo_folder: Path, tmp_path: Path, capsys) -> None:
    before = contents(photo_folder)
    assert main(["ablate", str(photo_folder), "--ablation", "blur", "--out", str(photo_folder)]) == 2
    assert "other files" in capsys.readouterr().err
    assert contents(photo_folder) == before
    (tmp_path / "file").write_text("")
    with pytest.raises(SourceError, match="not a folder"):
        write_sets(listing(), [whole_photo("blur")], tmp_path / "file")


def test_a_run_killed_while_it_claimed_its_folder_begins_again(tmp_path: Path) -> None:
    """What it leaves is no other file: nobody else writes one of that name."""
    (tmp_path / "sets").mkdir()
    (tmp_path / "sets" / f"{ablated_sets.UNFINISHED}.tmp").write_text("A run beg")
    written = write_sets(listing(), [whole_photo("blur")], tmp_path / "sets")
    assert written.files == {"blur": len(listing().photos)}
    assert sorted(file.name for file in (tmp_path / "sets").iterdir()) == ["blur", MANIFEST, NOT_ELIGIBLE]


def test_every_set_has_a_name_and_covers_the_registries() -> None:
    names = [name_of(condition) for condition in every_set()]
    assert len(set(names)) == len(names)
    assert {entry.id for entry in ABLATIONS if not entry.facts.get("needs")} < set(names)
    for entry in MASKS:
        if not entry.facts.get("needs"):
            assert {f"{entry.id}-remove", f"{entry.id}-keep"} < set(names)


def test_all_sets_are_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys) -> None:
    whole = [condition for condition in every_set() if condition.mask in (None, "faces")]
    monkeypatch.setattr(ablated_sets, "every_set", lambda: tuple(whole))
    folder = tmp_path / "photos"
    folder.mkdir()
    (folder / "a.png").write_bytes(images.png_bytes(draw_photo(0, 96, 128)))
    (folder / "bad.png").write_text("no photo")
    monkeypatch.chdir(tmp_path)
    assert main(["ablate", str(folder), "--all", "--out", str(tmp_path / "out"), "--json"]) == 1
    answer = json.loads(capsys.readouterr().out)
    assert answer["sets"]["grayscale"] == 1
    assert answer["not_eligible"]["faces-remove"] == 1
    assert len(answer["problems"]) == 1


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (["--ablation", "blurr"], ["blurr", "grayscale"]),
        ([], ["grayscale"]),
        (["--ablation", "blur", "--params", "sigma=9"], ["sigma", "0.1"]),
        (["--ablation", "blur", "--params", "strength=9"], ["strength", "sigma"]),
        (["--ablation", "blur", "--params", "sigma"], ["name=value"]),
        (["--ablation", "blur", "--mask", "faces"], ["whole photo", "--ablation region --mask faces --fill blur"]),
        (["--all", "--ablation", "blur"], ["--all", "--ablation"]),
        (["--ablation", "region"], ["faces"]),
        (["--ablation", "region", "--mask", "unicorns"], ["unicorns", "faces"]),
        (["--ablation", "region", "--mask", "painted"], ["painted", "faces"]),
        (["--ablation", "region", "--mask", "faces", "--fill", "gold"], ["gold", "inpaint"]),
        (["--ablation", "region", "--mask", "faces", "--direction", "up"], ["up", "keep"]),
    ],
)
def test_refusals_are_one_line_that_names_the_choices(
    options: list[str], words: list[str], photo_folder, capsys
) -> None:
    assert main(["ablate", str(photo_folder), *options]) == 2
    error = capsys.readouterr().err.strip()
    assert len(error.splitlines()) == 1
    for word in words:
        assert word in error


def test_an_id_that_leads_out_of_the_folder_is_not_followed(tmp_path: Path) -> None:
    pixels = draw_photo()
    for number, name in enumerate(("../../up.png", "/etc/up.png")):
        out = tmp_path / "deep" / str(number)
        written = write_sets(Listing("s", (Photo(name, "s", lambda: pixels),)), [whole_photo("identity")], out)
        assert written.files == {"identity": 1}
        assert np.array_equal(images.working(pixels), images.read(next((out / "identity").iterdir())))
    assert all(name.startswith("deep/") for name in contents(tmp_path))
