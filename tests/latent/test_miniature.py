"""The map as a picture: a dot where a photo lies, lighter where its score is higher, nothing behind."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd

from core.latent.atlas import Atlas, MapAnswer
from core.latent.miniature import HEIGHT, WIDTH, miniature


def atlas(places: np.ndarray, scores: np.ndarray) -> Atlas:
    photos = pd.DataFrame({"score": scores, "planted_score": np.nan})
    return Atlas(Path(), photos, {}, {("learned", "umap", 2): places.astype(np.float32)}, {}, MapAnswer((), (), ()), {})


def test_dots_lie_where_photos_do_and_light_up_with_the_score() -> None:
    places = np.array([[0.0, 0.0], [1.0, 1.0]] * 30)
    picture = miniature(atlas(places, np.array([0.1, 0.9] * 30)))
    assert picture is not None
    assert picture.shape == (HEIGHT, WIDTH, 4)
    rows, columns = np.nonzero(picture[..., 3] == 255)
    low = picture[rows, columns][(columns < WIDTH / 2)][:, :3].mean()
    high = picture[rows, columns][(columns > WIDTH / 2)][:, :3].mean()
    assert high > low
    assert rows[columns < WIDTH / 2].min() > HEIGHT / 2, "up points up"
    assert (picture[..., 3] == 0).mean() > 0.9


def test_a_map_of_one_place_and_one_without_the_layout() -> None:
    assert miniature(atlas(np.zeros((5, 2)), np.full(5, 0.5))) is not None
    empty = atlas(np.zeros((5, 2)), np.full(5, 0.5))
    assert miniature(empty, projection="pca") is None
