"""One machine, one answer: study, effects, report and map are the same whatever number of threads there is."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path

import cv2
import numpy as np
import pyarrow.parquet as pq
import pytest
import torch
from threadpoolctl import threadpool_limits

from core import config
from core.inference import Predictor
from core.inference.autoencoder import load_autoencoder
from core.latent import atlas
from core.latent.build import make
from core.photos.preprocess import Preset
from core.registry import MODELS, PROJECTIONS
from core.study import engine
from core.study import plan as study_plan
from core.study.conditions import Design
from core.types import Listing, Photo
from core.verdict.aggregation import aggregates
from core.verdict.report import report
from tests.conftest import draw_photo
from tests.helpers import planted

THREADS = (1, 2, 3)
ABLATIONS = ("identity", "grayscale", "patch_shuffle", "texture")


@contextmanager
def on(threads: int) -> Iterator[None]:
    """So many workers, and so many threads in torch, OpenCV and linear algebra."""
    before = torch.get_num_threads(), cv2.getNumThreads()
    with pytest.MonkeyPatch.context() as patch, threadpool_limits(threads):
        patch.setattr(config, "CORES", threads)
        torch.set_num_threads(threads)
        cv2.setNumThreads(threads)
        try:
            yield
        finally:
            torch.set_num_threads(before[0])
            cv2.setNumThreads(before[1])


@pytest.fixture(scope="module")
def predictor() -> Predictor:
    torch.manual_seed(0)
    return Predictor("tiny", MODELS["small_cnn"].function().eval(), Preset(32, 32), {"training_photos": []})


def photos(count: int) -> list[Photo]:
    return [
        Photo(f"{n}.png", "drawn", partial(draw_photo, n, 40, 56), score=n / count, truth=dict) for n in range(count)
    ]


def test_a_study_is_the_same_to_the_bit(predictor: Predictor, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each worker computes with one thread: how many workers there are changes who computes, and not what."""
    monkeypatch.chdir(tmp_path)
    made = []
    for threads in THREADS:
        with on(threads):
            planned = study_plan.plan(predictor, photos(4), Design(ablations=ABLATIONS, masks=(), fills=()))
            folder = engine.run(planned, tmp_path / str(threads)).folder
        made.append({str(file.relative_to(folder)): file.read_bytes() for file in sorted(folder.rglob("*.parquet"))})
    assert len(made[0]) > 2
    assert made[0] == made[1] == made[2]


def test_effects_and_report_are_the_same_to_the_bit(tmp_path: Path) -> None:
    """Statistics draw from one seeded stream a condition."""
    study, made = planted.write_study(tmp_path / "study", n=24), []
    for threads in THREADS:
        for name in ("baseline.json", "verdict.json"):
            (study / name).unlink(missing_ok=True)
        with on(threads):
            found = aggregates(study)
            made.append((report(found, study), pq.read_table(study / "effects.parquet").to_pandas()))
    for text, effects in made[1:]:
        assert text == made[0][0]
        assert effects.equals(made[0][1])


def test_a_map_is_the_same_to_a_millionth(
    predictor: Predictor, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Sums over threads are added in another order, which moves the last digits of places and tests."""
    monkeypatch.setattr(PROJECTIONS, "_entries", {"pca": PROJECTIONS["pca"]})
    made: list[atlas.Atlas] = []
    for threads in THREADS:
        with on(threads):
            coder = load_autoencoder("vae")
            found, problems = make(
                predictor,
                coder,
                [Listing("drawn", tuple(photos(24)))],
                tmp_path / str(threads),
                places={},
                permutations=20,
            )
        assert problems == ()
        made.append(found)
    for other in made[1:]:
        for name, values in made[0].layouts.items():
            np.testing.assert_allclose(other.layouts[name], values, atol=1e-6, rtol=1e-6)
        for one, two in zip(made[0].answer.rows, other.answer.rows, strict=True):
            assert repr(one).split("(")[0] == repr(two).split("(")[0]
            numbers = [[value for value in vars(row).values() if isinstance(value, float)] for row in (one, two)]
            np.testing.assert_allclose(*numbers, atol=1e-6, rtol=1e-6)


def test_a_score_is_the_same_to_a_millionth(predictor: Predictor) -> None:
    """Where one photo is scored at a time, its own sums are shared out among threads."""
    pixels = [draw_photo(seed, 60, 80) for seed in range(4)]
    made = []
    for threads in THREADS:
        with on(threads):
            made.append(predictor.score(pixels))
    np.testing.assert_allclose(made[1:], [made[0]] * 2, atol=1e-6)
