"""Captions say what sets a group apart, and say nothing where nothing does."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd

from core.latent.captions import COUNTED, captions, in_words, traits


def three_groups(seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    random = np.random.default_rng(seed)
    group = np.repeat([0, 1, 2], 100)
    return random.normal(0, 0.3, (300, 2)) + np.array([[0, 0], [5, 0], [0, 5]])[group], group


def test_a_group_is_called_by_what_it_alone_has() -> None:
    points, group = three_groups()
    random = np.random.default_rng(1)
    faces = np.where(group == 0, random.random(300) < 0.9, random.random(300) < 0.1).astype(float)
    unknown = np.where(random.random(300) < 0.5, np.nan, faces)
    found = captions(
        points, {"with faces": unknown, "everywhere": np.ones(300), "rare": (random.random(300) < 0.1) * 1.0}
    )
    assert [caption.name for caption in found] == ["with faces"]
    assert np.linalg.norm(found[0].place) < 0.3
    assert set(group[found[0].photos]) == {0}
    known = np.isfinite(unknown)
    assert found[0].inside == unknown[known & np.isin(np.arange(300), found[0].photos)].mean()
    shares = f"{100 * found[0].inside:.0f} %; elsewhere {100 * found[0].outside:.0f} %"
    assert in_words(found) == f"with faces ({shares})"
    again = replace(found[0], inside=0.5, outside=found[0].outside)
    assert in_words([found[0], again]) == f"with faces (50 to {shares})"


def test_nothing_is_said_by_chance() -> None:
    for seed in range(20):
        points, _ = three_groups(seed)
        random = np.random.default_rng(100 + seed)
        assert not captions(points, {f"coin {k}": (random.random(300) < 0.5) * 1.0 for k in range(20)})


def test_few_photos_have_no_groups() -> None:
    assert captions(np.random.default_rng(0).normal(size=(20, 2)), {"any": np.ones(20)}) == []


def test_traits_are_sets_folders_and_things_counted() -> None:
    photos = pd.DataFrame({"source": ["a", "a", "b"], "photo_id": ["beach/1.jpg", "2.jpg", "beach/1.jpg"]})
    found = traits(photos, {"faces": np.array([0, 2, np.nan]), "entropy": np.ones(3)})
    assert set(found) == {"from a", "from b", "in folder a/beach", "with faces"}  # b has one folder only
    np.testing.assert_array_equal(found["in folder a/beach"], [1, 0, 0])
    np.testing.assert_array_equal(found["with faces"], [0, 2, np.nan])
    assert "faces" in COUNTED
    assert "entropy" not in COUNTED
