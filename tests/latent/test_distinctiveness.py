"""Unusual photos: planted ones are found, a link that countable features explain goes, and copies count once."""

from __future__ import annotations

from functools import partial

import numpy as np
import pytest
import torch

from core.errors import LatentError
from core.inference import Predictor
from core.inference.autoencoder import Autoencoder
from core.latent import distinctiveness, geometry
from core.latent import distinctiveness_results as results
from core.latent.distinctiveness import MeasuredSet
from core.latent.distinctiveness_correlations import correlate, partial_spearman
from core.latent.distinctiveness_results import MEASURES
from core.models.vae import VAE
from core.photos.fingerprints import fingerprint
from core.photos.preprocess import Preset
from core.regions.vision_transformer import DinoFeatures
from core.registry import MODELS
from core.types import Interval, Listing, Photo
from tests.conftest import draw_photo

N = 24


def test_a_point_far_from_the_others_is_the_most_distinct() -> None:
    points = np.random.default_rng(0).normal(0, 0.1, (50, 3))
    points[7] = 4
    far = geometry.knn_distances(points, 5)
    assert far.argmax() == 7
    wanted = np.sort(np.linalg.norm(points - points[3], axis=1))[1:6].mean()
    assert far[3] == pytest.approx(wanted)


def test_what_features_explain_is_taken_out() -> None:
    random = np.random.default_rng(1)
    cause = random.normal(size=(300, 2))
    x, y = cause.sum(axis=1) + random.normal(size=300), cause.sum(axis=1) + random.normal(size=300)
    found = partial_spearman(x, y, cause, draws=300)
    assert found.low < 0 < found.high
    nothing = partial_spearman(x, y, np.zeros((300, 0)), draws=300)
    assert nothing.low > 0.4
    assert found.high < nothing.low


def test_the_partial_correlation_is_that_of_the_residuals() -> None:
    random = np.random.default_rng(2)
    given = random.permuted(np.tile(np.arange(80.0), (3, 1)), axis=1).T
    x, y = given[:, 0] + random.normal(0, 30, 80), given[:, 1] - given[:, 0] + random.normal(0, 30, 80)
    ranks = [np.argsort(np.argsort(values)) for values in (x, y)]
    design = np.column_stack([np.ones(80), given])
    left = [values - design @ np.linalg.lstsq(design, values, rcond=None)[0] for values in ranks]
    assert partial_spearman(x, y, given, draws=10).estimate == pytest.approx(np.corrcoef(left)[0, 1])
    assert np.isnan(partial_spearman(given[:, 0], y, given, draws=10).estimate)


@pytest.fixture(scope="module")
def found() -> MeasuredSet:
    """A drawn set measured by untrained models: one copy, one photo that taught the model, one nearly plain photo."""
    features = DinoFeatures(
        np.random.default_rng(0).normal(size=(3, 4, 8)).astype(np.float32), np.zeros((2, 2)), draw_photo()
    )
    torch.manual_seed(0)
    photos = [draw_photo(number) for number in range(N)]
    taught = fingerprint(photos[0])
    predictor = Predictor(
        "small",
        MODELS["small_cnn"].function().eval(),
        Preset(64, 64),
        {"training_photos": [[taught.pixels, taught.look]]},
    )
    vae = Autoencoder("vae", VAE(8).eval(), Preset(64, 64), {"training_photos": []}, "drawn")
    made = [Photo(f"{number}", "drawn", partial(draw_photo, number), score=number / N) for number in range(N)]
    listing = Listing("drawn", (*made, Photo("copy", "drawn", partial(draw_photo, 5))))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(distinctiveness, "dino_features", lambda photo: features)
        return distinctiveness.measure(predictor, vae, listing, masks=(), neighbours=3, limit=N)


def test_a_set_is_measured_without_copies_and_what_taught_the_model(found: MeasuredSet) -> None:
    assert (found.alike, found.learned, found.drawn_before) == (1, 1, 0)
    assert list(found.photos["photo_id"]) == [f"{number}" for number in range(1, N)]
    assert np.isfinite(found.photos[list(MEASURES)]).all(axis=None)
    assert (found.photos["redrawing_error"] > 0).all()
    assert (found.photos["far_in_neutral"] < 1e-6).all(), "one look for all"
    assert "colourfulness" in found.photos


def test_the_answer_has_links_for_people_and_model(found: MeasuredSet) -> None:
    made = correlate(found, "drawn", "small", draws=50)
    assert {link.side for link in made.links} == {"score", "human"}
    assert len(made.links) == 8
    said = "\n".join(results.lines(made))
    assert "1 photo looks like another and does not count." in said
    assert "1 photo taught the model and does not count." in said
    alone = MeasuredSet(found.photos.assign(human=None), 0, 0, 0, ())
    assert {link.side for link in correlate(alone, "drawn", "small", draws=50).links} == {"score"}


def test_what_is_said_of_links() -> None:
    there, nothing = Interval(0.2, 0.1, 0.3), Interval(0.0, -0.1, 0.12)
    planted = [results.RankCorrelation(name, "human", 90, there, nothing) for name in MEASURES]
    none = results.Distinctiveness("photos", "model", tuple(planted), (), ())
    assert results.sentence(none, "human").endswith("every interval stays within ±0.12.")
    one = results.RankCorrelation("far_in_neutral", "human", 90, there, there)
    found = results.Distinctiveness("photos", "model", (*planted[:3], one), (), ())
    assert "DINOv2 sees alike: higher (ρ 0.200 [0.100, 0.300])" in results.sentence(found, "human")
    own = results.RankCorrelation(results.OWN, "score", 90, there, there)
    alone = results.Distinctiveness(
        "photos", "model", (own, results.RankCorrelation("far_in_neutral", "score", 90, there, nothing)), (), ()
    )
    assert results.sentence(alone, "score").startswith("By no measure"), "the model's features follow its scores"


def test_too_few_photos_are_refused() -> None:
    listing = Listing("few", ())
    vae = Autoencoder("vae", VAE(8).eval(), Preset(64, 64), {}, "drawn")
    predictor = Predictor("small", MODELS["small_cnn"].function().eval(), Preset(64, 64), {})
    with pytest.raises(LatentError, match="needs 20 or more"):
        distinctiveness.measure(predictor, vae, listing, masks=())
