"""The photos whose intervals are looked at."""

from __future__ import annotations

from benchmarks import intervals


def test_of_a_set_with_parts_test_photos_are_taken() -> None:
    photos = intervals.photos_of("generated:face,n=60", 6)
    assert len(photos) == 6
    assert {photo.split for photo in photos} == {"test"}
    assert [photo.id for photo in intervals.photos_of("generated:face,n=60", 3)] == [photo.id for photo in photos[:3]]
