"""The command `concepts`, from the words of a shell to the files that the page reads."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest

from core.__main__ import main
from core.concepts import tcav, words
from core.concepts.reports import read_concepts
from core.concepts.typical import photos_at_hand
from core.latent import photo_values
from core.photos import images
from tests.commands.conftest import SIDE
from tests.conftest import draw_photo


def test_concepts_are_saved_where_the_page_reads_them(
    folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(tcav, "RANDOM", 20)
    monkeypatch.setattr(tcav, "HALVES", 5)
    for number in range(44):
        photo = draw_photo(100 + number, SIDE, SIDE)
        if number % 2:
            photo[..., 0] = 255
        file = folder / "many" / f"{'red' if number % 2 else 'any'}-{number}.png"
        file.parent.mkdir(exist_ok=True)
        file.write_bytes(images.png_bytes(photo))
    command = ["concepts", "many", "--model", "tiny", "--masks", "faces", "--parts", "3", "--named", "Red=many/red*"]
    assert main([*command, "--save", "artifacts/concepts"]) == 0
    said = capsys.readouterr().out
    assert "Red: classified correctly in" in said
    assert "Faces: in too few photos" in said, "every photo has them"
    assert said.count("part ") >= 3
    found = read_concepts("tiny")
    assert found is not None
    assert found.n == 44
    assert next(item for item in found.named if item.name == "Red").told > 0.9
    assert (folder / "runs" / "concepts" / "tiny.json").read_text() == (
        folder / "artifacts" / "concepts" / "tiny.json"
    ).read_text()
    names = {item.label: item for item in photo_values.measures_of(folder / "runs/concepts/tiny-photo-values.parquet")}
    assert set(names) == {
        *(words.along(item.name) for item in found.named), *(words.amount_of(number) for number in range(3))
    }  # fmt: skip
    files = sorted((folder / "many").iterdir())
    on_map = pd.DataFrame({"source": ["many"] * 44, "photo_id": [file.name for file in files]})
    along = photo_values.values([names[words.along("Red")]], on_map)
    assert along[-22:].min() > along[:22].max(), "red-*.png come last"
    shown = photos_at_hand(found.parts[0].typical)
    assert set(shown) == set(found.parts[0].typical), "the run noted where they lie"
    assert main([*command, "--limit", "39"]) == 2
    assert "39 photos are too few for concepts" in capsys.readouterr().err
