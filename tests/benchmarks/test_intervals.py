"""The photos whose intervals are looked at calibrated none of them."""

from __future__ import annotations

from benchmarks import intervals
from core.photos.fingerprints import fingerprint, in_held_half


def test_of_a_set_with_parts_the_test_photos_that_calibrated_nothing_are_taken() -> None:
    photos = intervals.photos_of("generated:face,n=60", 6)
    assert len(photos) == 6
    assert {photo.split for photo in photos} == {"test"}
    assert not any(in_held_half(fingerprint(photo.read())) for photo in photos)
    assert [photo.id for photo in intervals.photos_of("generated:face,n=60", 3)] == [photo.id for photo in photos[:3]]
