"""Who is ablated for whom: hosts of equal score that lack the thing, drawn the same every time."""

from __future__ import annotations

import json
from dataclasses import replace

import numpy as np
import pytest

from core import config
from core.study.conditions import Design, grid
from core.study.population import (
    FOUND,
    Draw,
    StudyPhotos,
    as_json,
    draw,
    draw_hosts,
    from_json,
    nearest,
    packed,
    unpacked,
)
from core.types import Photo

N = 400
DESIGN = Design(ablations=("region", "blur"), masks=("faces", "people"), fills=("mean", "blur"))


def population(n: int = N, share: float = 0.4, exact: float = 0.5, seed: int = 0) -> StudyPhotos:
    random = np.random.default_rng(seed)
    regions = [
        {
            mask: {"area": float(random.uniform(0.01, 0.5)) if random.random() < share else 0.0, "detector": False}
            for mask in ("faces", "people")
        }
        for _ in range(n)
    ]
    for found in regions:
        found["faces"]["detector"] = bool(random.random() > exact)
    return StudyPhotos(
        photos=tuple(Photo(f"{number}.jpg", "s", lambda: np.zeros(0)) for number in range(n)),
        block=np.arange(n) // 16,
        score=random.normal(0.6, 0.1, n),
        prints=tuple(f"{value:016x}" for value in random.integers(0, 2**60, n)),
        scored=np.arange(n) < 20,
        regions=tuple(regions),
    )


def drawn(**changes: object) -> tuple[StudyPhotos, Draw]:
    found = population()
    design = replace(DESIGN, **changes)  # type: ignore[arg-type]
    return found, draw(found, grid(design), design)


def test_hosts_lack_the_thing_and_have_nearly_the_same_score() -> None:
    found, chosen = drawn()
    area, caliper = found.area("faces"), config.CALIPER * found.sd
    assert set(chosen.targets["faces"]) == set(np.flatnonzero(area > 0))
    hosts = chosen.hosts["faces"]
    assert len(hosts) > 0.9 * len(chosen.targets["faces"])
    for target, own in hosts.items():
        assert len(own) == len(set(own)) == config.HOSTS
        assert (area[list(own)] == 0).all()
        assert (np.abs(found.score[list(own)] - found.score[target]) <= caliper).all()


def test_no_photo_is_host_to_more_than_its_share() -> None:
    _, chosen = drawn()
    for mask, hosts in chosen.hosts.items():
        counts = np.bincount([host for own in hosts.values() for host in own])
        assert counts.max() <= config.MOST_HOSTED * len(chosen.targets[mask])


def test_hosts_are_among_the_nearest_that_are_free() -> None:
    found = population()
    target = int(np.argmin(np.abs(found.score - np.median(found.score)) + (found.area("faces") == 0)))
    own = draw_hosts(found, "faces", [target], DESIGN)[target]
    lacking = np.flatnonzero(found.area("faces") == 0)
    distance = np.abs(found.score[lacking] - found.score[target])
    nearest = lacking[np.argsort(distance, kind="stable")[: config.NEAREST]]
    assert set(own) <= set(nearest.tolist())
    assert set(own) != set(nearest[: config.HOSTS].tolist()), "drawn, not simply the nearest"


@pytest.mark.parametrize("digits", [1, 2, 6])
def test_the_nearest_free_are_those_that_a_look_at_all_finds(digits: int) -> None:
    random = np.random.default_rng(digits)
    for _ in range(300):
        scores = np.sort(random.beta(9, 3, random.integers(0, 400)).round(digits))
        free, score, caliper = random.uniform(size=len(scores)) < random.uniform(), random.uniform(0.3, 1), 0.15
        first, last = np.searchsorted(scores, [score - caliper, score + caliper])
        all_free = first + np.flatnonzero(free[first:last])
        wanted = all_free[np.argsort(np.abs(scores[all_free] - score), kind="stable")[:7]]
        np.testing.assert_array_equal(nearest(scores, free, score, caliper, 7), wanted)


def test_a_photo_whose_thing_vanishes_at_the_working_size_is_no_host() -> None:
    found = population()
    tiny = int(np.flatnonzero(found.area("faces") == 0)[0])
    target = int(np.flatnonzero(found.area("faces") > 0)[0])
    alone = replace(found, score=np.where(np.arange(N) == target, found.score[tiny], found.score))
    design = replace(DESIGN, hosts=1)

    def hosts(of: StudyPhotos) -> set[int]:
        return {
            host
            for seed in range(60)
            for own in draw_hosts(of, "faces", [target], replace(design, seed=seed)).values()
            for host in own
        }

    assert tiny in hosts(alone)
    alone.regions[tiny]["faces"]["count"] = 1
    assert tiny not in hosts(alone)


def test_too_few_of_equal_score_give_no_hosts() -> None:
    found = population()
    extreme = replace(found, score=np.where(np.arange(N) == 0, 5.0, found.score))
    regions = ({"faces": {"area": 0.2, "detector": False}}, *extreme.regions[1:])
    hosts = draw_hosts(replace(extreme, regions=regions), "faces", [0], DESIGN)
    assert hosts == {}


def test_the_draw_follows_from_content_and_seed_alone() -> None:
    found, chosen = drawn()
    assert draw(found, grid(DESIGN), DESIGN) == chosen
    other = draw(found, grid(DESIGN), replace(DESIGN, seed=1))
    assert other.hosts != chosen.hosts
    again = from_json(json.loads(json.dumps(as_json(chosen))))
    assert again == chosen


def test_of_many_targets_those_that_labels_name_come_first() -> None:
    found, chosen = drawn(targets=40)
    exact, area = found.exact("faces"), found.area("faces")
    targets = list(chosen.targets["faces"])
    assert len(targets) == 40
    assert exact[targets].sum() == 40 - 40 // FOUND
    assert (area[targets] > 0).all()
    fewer = drawn(targets=20)[1].targets["faces"]
    assert set(fewer) <= set(targets)
    few_labels = replace(found, regions=tuple({"faces": item["faces"] | {"detector": True}} for item in found.regions))
    design = replace(DESIGN, masks=("faces",), targets=40)
    assert len(draw(few_labels, grid(design), design).targets["faces"]) == 40, "detectors fill the places up"


def test_whole_photos_are_those_drawn_for_a_thing_and_those_that_people_scored() -> None:
    found, chosen = drawn(targets=40)
    wanted = set(chosen.targets["faces"]) | set(chosen.targets["people"]) | set(range(20))
    assert set(chosen.whole) == wanted
    assert drawn()[1].whole == tuple(range(len(found.photos)))


def test_small_shapes_are_moved_to_a_host_of_their_own() -> None:
    found, chosen = drawn()
    area = found.area("faces")
    for target, host in chosen.empty["faces"].items():
        assert area[target] < 0.2
        assert host in chosen.hosts["faces"][target]
    assert len(chosen.empty["faces"]) > 20


@pytest.mark.parametrize("size", [(1, 1), (7, 13), (256, 341)])
def test_masks_are_the_same_after_packing(size: tuple[int, int]) -> None:
    mask = np.random.default_rng(0).random(size) < 0.5
    assert (unpacked(packed(mask), *size) == mask).all()


def test_a_draw_comes_back_as_it_was_kept() -> None:
    kept = Draw((0, 2), {"faces": (1, 2)}, {"faces": {1: (0, 3), 2: ()}}, {"faces": {1: 0}})
    assert from_json(json.loads(json.dumps(as_json(kept)))) == kept


@pytest.mark.parametrize(
    "change",
    [
        {"whole": "012"},
        {"whole": [0.5]},
        {"targets": []},
        {"targets": {"faces": 1}},
        {"hosts": []},
        {"hosts": {"faces": [[]]}},
        {"hosts": {"faces": [["1", 2]]}},
        {"empty": {"faces": [[1]]}},
        {"empty": {"faces": {"1": 0}}},
    ],
)
def test_a_draw_of_another_kind_is_refused(change: dict) -> None:
    kept = as_json(Draw((0,), {"faces": (1,)}, {"faces": {1: (0,)}}, {"faces": {1: 0}}))
    assert from_json(kept)
    with pytest.raises(ValueError, match=r"is no|expected at least 1"):
        from_json(kept | change)


def test_what_is_no_draw_is_refused() -> None:
    with pytest.raises(ValueError, match="is no"):
        from_json([1])
    with pytest.raises(KeyError):
        from_json({})
