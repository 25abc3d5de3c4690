"""The map's colours are told apart with any sight."""

from __future__ import annotations

import numpy as np
import pytest

from core.latent.colours import CATEGORIES, DIVERGING, SEQUENTIAL

SIGHT = {
    "full": np.eye(3),
    "no red cones": [[0.1523, 1.0526, -0.2049], [0.1145, 0.7863, 0.0992], [-0.0039, -0.0481, 1.0520]],
    "no green cones": [[0.3673, 0.8606, -0.2280], [0.2801, 0.6725, 0.0474], [-0.0118, 0.0429, 0.9689]],
    "no blue cones": [[1.2555, -0.0767, -0.1788], [-0.0784, 0.9308, 0.1476], [0.0047, 0.6914, 0.3039]],
}
"""What is left of linear red, green and blue (Machado et al. 2009)."""


@pytest.mark.parametrize("sight", SIGHT)
def test_colours_are_told_apart_with_any_sight(sight: str) -> None:
    from skimage.color import xyz2lab

    def seen(texts: tuple[str, ...]) -> np.ndarray:
        rgb = np.array([[int(text[i : i + 2], 16) / 255 for i in (1, 3, 5)] for text in texts])
        linear = np.where(rgb <= 0.04045, rgb / 12.92, ((rgb + 0.055) / 1.055) ** 2.4)
        to_xyz = np.array([[0.4125, 0.3576, 0.1804], [0.2127, 0.7152, 0.0722], [0.0193, 0.1192, 0.9503]])
        return xyz2lab(np.clip(linear @ np.array(SIGHT[sight]).T, 0, 1) @ to_xyz.T)

    assert (np.diff(seen(SEQUENTIAL)[:, 0]) > 10).all()  # order holds in lightness alone
    assert (np.linalg.norm(np.diff(seen(DIVERGING), axis=0), axis=1) > 15).all()
    assert np.linalg.norm(seen(DIVERGING)[0] - seen(DIVERGING)[-1]) > 50
    places = seen((*CATEGORIES, "#FCFBF8", "#14171B"))  # on light and on dark pages
    apart = np.linalg.norm(places[:, None] - places, axis=-1)
    assert apart[np.triu_indices(len(places), 1)].min() > 15
