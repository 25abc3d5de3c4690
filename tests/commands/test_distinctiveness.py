"""The command `distinctiveness`, from the words of a shell to the files that the page reads."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from core.__main__ import main
from core.latent import distinctiveness
from core.latent.distinctiveness_results import MEASURES, read_distinctiveness
from core.regions.vision_transformer import DinoFeatures
from tests.commands.conftest import SIDE
from tests.conftest import draw_photo, write_photo


def test_the_unusual_is_saved_where_the_page_reads_it(
    folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    sight = DinoFeatures(
        np.random.default_rng(0).normal(size=(3, 4, 8)).astype(np.float32), np.zeros((2, 2)), draw_photo()
    )
    monkeypatch.setattr(distinctiveness, "dino_features", lambda photo: sight)
    for number in range(24):
        write_photo(folder / "more" / f"{number}.png", number, SIDE, SIDE)
    command = ["distinctiveness", "more", "--model", "tiny", "--autoencoder", "drawer", "--masks", "faces"]
    assert main([*command, "--neighbours", "3", "--limit", "22", "--save", "artifacts/distinctiveness"]) == 0
    (answer,) = read_distinctiveness("tiny")
    assert {link.n for link in answer.links} == {22}
    assert {link.side for link in answer.links} == {"score"}, "nobody was asked"
    table = pd.read_csv(folder / "artifacts" / "distinctiveness" / "tiny" / "more.csv")
    assert len(table) == 22
    assert set(MEASURES) <= set(table)
    assert "saved in" in capsys.readouterr().out
