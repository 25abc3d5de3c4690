"""Evaluation against hand-made predictions, and what is saved can be read back."""

from __future__ import annotations

import types
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import torch
from scipy import stats
from torch import nn

from core import inference
from core.errors import ParameterError, SourceError
from core.evaluation import evaluation, reports
from core.photos.fingerprints import fingerprint
from core.photos.preprocess import Preset
from core.types import Listing, Photo


class Brightness(nn.Module):
    """Mean brightness: a predictor whose answer is known."""

    def __init__(self) -> None:
        super().__init__()
        self.gain = nn.Parameter(torch.ones(1))

    def forward(self, batch: torch.Tensor) -> torch.Tensor:
        return self.gain * batch.mean(dim=(1, 2, 3))


def grey(level: int) -> np.ndarray:
    return np.full((20, 30, 3), level, np.uint8)


def listing(human: list[float | None]) -> Listing:
    levels = range(0, 10 * len(human), 10)
    photos = tuple(
        Photo(f"{level}.png", "greys", lambda level=level: grey(level), score=score, split="test" if level else "train")
        for level, score in zip(levels, human, strict=True)
    )
    return Listing("greys", photos)


def model(card: dict | None = None) -> inference.Predictor:
    return inference.Predictor("brightness", Brightness(), Preset(16, 16), {} if card is None else card)


def test_evaluation_measures_what_the_model_says(tmp_path: Path) -> None:
    human = [level / 25 for level in range(25)]
    done = evaluation.evaluate(model(), listing(human), part="test")
    found = done.evaluation
    assert found.n == 24
    assert found.spearman.estimate == pytest.approx(1.0)
    scores = np.arange(10, 250, 10) / 255
    assert found.mse == pytest.approx(float(np.square(scores - np.array(human[1:])).mean()), abs=1e-6)
    assert found.mse_of_mean == pytest.approx(float(np.var(human[1:])))
    assert found.calibration["n"].sum() == 24
    assert found.possibly_seen, "a model that does not say what it learned from may have seen anything"
    again = reports.evaluation(evaluation.save(done, tmp_path))
    assert again == found
    pd.testing.assert_frame_equal(again.calibration, found.calibration)


def test_seen_photos_are_noticed() -> None:
    prints = [fingerprint(grey(level)) for level in (50, 60)]
    photos = list(listing([0.1] * 10).photos)
    assert evaluation.possibly_seen(model({"training_photos": [[p.pixels, p.look] for p in prints]}), photos)
    assert not evaluation.possibly_seen(model({"training_photos": []}), photos)


def test_reliability_from_half_panels(tmp_path: Path) -> None:
    random = np.random.default_rng(0)
    truth = random.normal(size=300)
    table = pd.DataFrame({"file": [f"{n}.jpg" for n in range(300)]})
    for pair in range(1, 6):
        table[f"a{pair:02}"], table[f"b{pair:02}"] = (truth + 0.5 * random.normal(size=300) for _ in range(2))
    table.to_csv(tmp_path / "halves.csv", index=False)
    found = evaluation.reliability(tmp_path / "halves.csv", list(table["file"][:250]))
    expected = np.mean([
        stats.spearmanr(table[f"a{p:02}"][:250], table[f"b{p:02}"][:250]).statistic for p in range(1, 6)
    ])  # fmt: skip
    assert found.split_half == pytest.approx(expected)
    assert found.spearman_brown == pytest.approx(2 * expected / (1 + expected))
    assert found.ceiling == pytest.approx(np.sqrt(found.spearman_brown))
    with pytest.raises(SourceError, match=r"x\.jpg"):
        evaluation.reliability(tmp_path / "halves.csv", ["x.jpg"])


def test_every_part_has_a_file_of_its_own(tmp_path: Path) -> None:
    photos = listing(list(np.linspace(0.2, 0.9, 24)))
    parted, whole = (
        replace(photos, photos=tuple(replace(p, split=parts[i % 2]) for i, p in enumerate(photos.photos)))
        for parts in (("val", "test"), (None, None))
    )
    files = [
        evaluation.save(evaluation.evaluate(model(), chosen, part=part), tmp_path).name
        for chosen, part in ((parted, "test"), (parted, "val"), (parted, None), (whole, None))
    ]
    assert [file.partition(photos.name)[2] for file in files] == [".json", "-val.json", "-all.json", ".json"]


def test_a_command_is_about_the_test_part_unless_another_is_named() -> None:
    photos = listing([0.5] * 12)  # one of them in the train part
    assert [evaluation.chosen_part(photos, named) for named in ("", "train", "all")] == ["test", "train", None]
    plain = replace(photos, photos=tuple(replace(photo, split=None) for photo in photos.photos))
    assert [evaluation.chosen_part(plain, named) for named in ("", "all")] == [None, None]
    with pytest.raises(ParameterError, match="no part 'val'; choose from test, train, all"):
        evaluation.chosen_part(photos, "val")


@pytest.mark.parametrize(
    ("scores", "said"), [([0.5] * 5 + [None] * 10, "at least 10"), ([0.5] * 12, r"all human scores are 0\.5")]
)
def test_scores_that_nothing_can_be_compared_with_are_told_before_the_work(scores: list, said: str) -> None:
    idle = types.SimpleNamespace(name="idle")  # would fail if it had to score
    with pytest.raises(SourceError, match=said):
        evaluation.evaluate(idle, listing(scores), part=None)


def test_half_panels_that_lack_a_photo_are_told_before_the_work(tmp_path: Path) -> None:
    (tmp_path / "halves.csv").write_text("file,a01,b01\n0.png,0.5,0.5\n")
    idle = types.SimpleNamespace(name="idle")
    with pytest.raises(SourceError, match="1 of 12 photos have a line; half-panels are needed"):
        evaluation.evaluate(
            idle, listing([number / 20 for number in range(12)]), part=None, halves=tmp_path / "halves.csv"
        )


def test_what_cannot_be_compared_is_refused() -> None:
    with pytest.raises(ParameterError, match="choose from test, train, all"):
        evaluation.evaluate(model(), listing([0.1, 0.2] * 10), part="tset")
    with pytest.raises(SourceError, match=r"all human scores are 0\.5"):
        evaluation.evaluate(model(), listing([0.5] * 20), part=None)


def test_a_model_without_an_opinion_has_no_correlation(tmp_path: Path) -> None:
    silent = model()
    torch.nn.init.zeros_(silent.module.gain)
    found = evaluation.evaluate(silent, listing([number / 20 for number in range(15)]), part=None)
    assert np.isnan(found.evaluation.spearman.estimate)
    again = reports.evaluation(evaluation.save(found, tmp_path))
    assert np.isnan([again.pearson.low, again.calibration["low"].iloc[-1]]).all()
