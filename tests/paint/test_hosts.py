"""Painting on other photos: who may be host, what is compared, and what is said of it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from core.errors import ParameterError, PhotoError
from core.paint import hosts, region_effect
from core.paint.hosts import Host
from core.photos.fingerprints import fingerprint
from core.types import Mask, Photo, Pixels, Region

SPREAD = 0.1


class Brightness:
    """A model whose score is the brightness of the photo."""

    name = "brightness"

    def score(self, photos: Sequence[Pixels]) -> np.ndarray:
        return np.array([photo.mean() / 255 for photo in photos])


MODEL: Any = Brightness()


def grey(level: int, number: int) -> Pixels:
    """An even photo but for a pixel of its own."""
    photo = np.full((256, 320, 3), level, np.uint8)
    photo[0, number % 320] = level + 1
    return photo


def photo(level: int, number: int, face: bool = False) -> Photo:
    mask: Mask = np.zeros((256, 320), bool)
    mask[100:120, 100:120] = face
    return Photo(f"{level}-{number}", "set", lambda: grey(level, number), truth=lambda: {"faces": Region(mask)})


def pool(*photos: Photo) -> list[Host]:
    return list(hosts.scored(MODEL, photos))


def test_hosts_have_nearly_the_score_and_are_the_same_at_every_call() -> None:
    near = [photo(100, number) for number in range(60)]
    far = [photo(120, number) for number in range(60)]
    given = grey(101, 300)
    known = pool(*far, *near)
    first = [item.photo.id for item in hosts.drawn(known, given, 101 / 255, SPREAD)]
    assert len(first) == 50
    assert {name.split("-")[0] for name in first} == {"100"}  # 20 of 255 is more than a quarter of the spread
    assert first == [item.photo.id for item in hosts.drawn(known, given, 101 / 255, SPREAD)]
    assert first != sorted(first, key=lambda name: int(name.split("-")[1]))


def test_the_nearest_are_counted_among_the_photos_that_lack_the_thing() -> None:
    nearer = [photo(100, number, face=True) for number in range(60)]
    known = pool(*nearer, *(photo(101, number) for number in range(12)))
    found = hosts.drawn(known, grey(100, 300), 100 / 255, SPREAD, "faces")
    assert {item.photo.id.split("-")[0] for item in found} == {"101"}
    assert len(found) == 12


def test_a_photo_is_no_host_of_itself_nor_is_one_that_holds_the_thing() -> None:
    known = pool(photo(100, 0), photo(100, 1, face=True), photo(100, 2))
    found = [item.photo.id for item in hosts.drawn(known, grey(100, 0), 100 / 255, SPREAD, "faces")]
    assert found == ["100-2"]
    assert len(list(hosts.drawn(known, grey(100, 0), 100 / 255, SPREAD))) == 2
    with pytest.raises(ParameterError, match="without it"):
        list(hosts.drawn(known, grey(100, 0), 100 / 255, SPREAD, "painted"))


def test_where_nobody_knows_what_is_in_a_photo_a_detector_says(monkeypatch: pytest.MonkeyPatch) -> None:
    asked = []

    def detector(pixels: Pixels) -> Region:
        asked.append(pixels.shape)
        return Region(np.ones(pixels.shape[:2], bool))

    monkeypatch.setattr(hosts, "MASKS", {"faces": SimpleNamespace(facts={}, function=detector, label="Faces")})
    bare = Photo("bare", "set", lambda: grey(100, 3))
    assert list(hosts.drawn(pool(bare), grey(100, 0), 100 / 255, SPREAD, "faces")) == []
    assert asked == [(256, 320, 3)]


def test_a_photo_that_cannot_be_read_is_passed_over() -> None:
    def broken() -> Pixels:
        raise PhotoError("It is cut short.")

    found = pool(photo(100, 0), Photo("broken", "set", broken), photo(100, 1))
    assert [item.photo.id for item in found] == ["100-0", "100-1"]
    assert found[0].print == fingerprint(grey(100, 0)).pixels


def test_the_mask_lies_at_the_same_place_of_every_host() -> None:
    mask: Mask = np.zeros((512, 320), bool)
    mask[:256, :160] = True  # a quarter, whatever the photo's shape
    how = region_effect.treatment(fill="mean")
    dark_corner = np.full((256, 320, 3), 200, np.uint8)
    dark_corner[:128, :160] = 0
    known = pool(Photo("corner", "set", lambda: dark_corner))
    ((host, change),) = hosts.changes(MODEL, known, mask, how)
    assert host.photo.id == "corner"
    assert change == pytest.approx(0.25 * 150 / 255, abs=1e-3)  # the mean colour, 150, in place of black
    many = pool(*(photo(100, number) for number in range(30)))
    assert len(list(hosts.changes(MODEL, many, mask, how))) == hosts.HOSTS


def test_a_comparison_tells_how_far_it_is_and_then_what_it_comes_to(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("core.evaluation.reports.reference_scores", lambda model="": np.array([0.4, 0.6]))
    mask: Mask = np.zeros((256, 320), bool)
    mask[:128, :160] = True
    how, own = region_effect.treatment(fill="mean"), grey(100, 300)
    own[:128, :160] = 0
    done = region_effect.paint(MODEL, own, mask, how)
    near = [photo(round(own.mean()), number, face=number == 5) for number in range(13)]
    looked_at: list[str] = []

    def scored() -> Iterator[Host]:
        for host in hosts.scored(MODEL, near):
            looked_at.append(host.photo.id)
            yield host

    records = hosts.compared(MODEL, own, mask, how, done, scored(), "faces")
    first = next(records)
    assert (first.said, first.tried, first.complete, looked_at) == ("0 photos scored …", (), False, [])
    said = [record.said for record in records]
    assert said[:13] == [f"{count} photos scored …" for count in range(1, 14)]
    searched = [f"{count} photos of nearly this score searched for faces …" for count in range(1, 14)]
    assert said[13:26] == searched  # the one that holds a face is looked at, too
    assert said[26:-1] == [f"{count} of {hosts.HOSTS} photos tried …" for count in range(1, 13)]
    *_, last = hosts.compared(MODEL, own, mask, how, done, scored(), "faces")
    assert last.complete
    assert last.changes == [change for _, change in hosts.changes(MODEL, [host for host, _ in last.tried], mask, how)]
    assert "75-5" not in {host.photo.id for host, _ in last.tried}
    compared = hosts.in_words(done.delta, last.changes, "remove", "faces")
    apart = np.mean([host.score for host, _ in last.tried]) - done.score
    before = (
        f"Before that, their scores lie {abs(apart):.3f} {'above' if apart > 0 else 'below'} this photo's on average."
    )
    assert last.said == said[-1] == f"{compared} {before}"


def test_without_reference_scores_nobody_knows_which_scores_are_equal(monkeypatch: pytest.MonkeyPatch) -> None:
    for few in ([], [0.5]):
        monkeypatch.setattr("core.evaluation.reports.reference_scores", lambda model="", few=few: np.array(few))
        assert hosts.spread("brightness") is None
    done = region_effect.Painted(0.5, 0.4, 0.1, grey(1, 1))
    with pytest.raises(ParameterError, match="brightness has no reference scores"):
        next(hosts.compared(MODEL, grey(1, 1), np.eye(256, 320) > 0, region_effect.treatment(), done, []))
    monkeypatch.setattr("core.evaluation.reports.reference_scores", lambda model="": np.array([0.4, 0.6]))
    assert hosts.spread("brightness") == pytest.approx(0.1 * 2**0.5)


def test_what_is_said_names_how_much_the_region_adds_or_that_hosts_are_too_few() -> None:
    said = hosts.in_words(-0.2, [-0.05] * 20, "remove", "faces")
    assert said == (
        "Replacing this shape on 20 other photos of equal score without faces moves their scores by −0.050 on average. "
        "This region: −0.200, which is −0.150 beyond that (95 % interval −0.150 to −0.150)."
    )
    varied = hosts.in_words(-0.2, [-0.04, -0.06] * 5, "remove")  # SD 0.0105, t(9) = 2.262: ±0.0075
    assert "−0.150 beyond that (95 % interval −0.158 to −0.142)" in varied
    assert hosts.in_words(-0.2, [-0.05] * 20, "keep").startswith("Keeping only this shape on 20 other photos of equal")
    assert "3 without faces have nearly this score" in hosts.in_words(-0.2, [0.0] * 3, "remove", "faces")


def test_drawn_scenes_and_packaged_photos_are_at_hand_on_every_machine() -> None:
    sources = {item.source for item in hosts.packaged()}
    assert {"generated_none", "generated_none_large"} <= sources
