"""Fingerprints tell the same photo from a changed copy, and both from another photo."""

from __future__ import annotations

import io
from collections.abc import Callable

import numpy as np
import pytest
from PIL import Image

from benchmarks import alike
from core.photos import fingerprints, images
from core.photos.fingerprints import NEAR_BITS, Fingerprint, FingerprintIndex, fingerprint, in_held_half

MakePhoto = Callable[..., np.ndarray]


def bits_apart(one: np.ndarray, other: np.ndarray) -> int:
    return (int(fingerprint(one).look, 16) ^ int(fingerprint(other).look, 16)).bit_count()


def jpeg(photo: np.ndarray, quality: int) -> np.ndarray:
    buffer = io.BytesIO()
    Image.fromarray(photo).save(buffer, "JPEG", quality=quality)
    return images.read(buffer.getvalue())


def test_the_same_pixels_have_the_same_fingerprint(make_photo: MakePhoto) -> None:
    photo = make_photo(1, 120, 160)
    assert fingerprint(photo) == fingerprint(photo.copy())
    assert fingerprint(photo) == fingerprint(np.asfortranarray(photo))
    assert fingerprint(photo) == fingerprint(images.read(images.png_bytes(photo)))


def test_hashes_are_sixteen_hex_digits(make_photo: MakePhoto) -> None:
    for photo in (make_photo(0), np.zeros((1, 1, 3), np.uint8), np.full((5, 7, 3), 255, np.uint8)):
        found = fingerprint(photo)
        assert len(found.pixels) == len(found.look) == 16
        int(found.pixels, 16), int(found.look, 16)


def test_one_changed_pixel_or_another_shape_is_another_photo_that_looks_the_same(make_photo: MakePhoto) -> None:
    photo = make_photo(1, 120, 160)
    changed = photo.copy()
    changed[3, 4] ^= 1
    assert fingerprint(changed).pixels != fingerprint(photo).pixels
    assert bits_apart(changed, photo) <= NEAR_BITS
    assert fingerprint(photo.reshape(160, 120, 3)).pixels != fingerprint(photo).pixels


@pytest.mark.parametrize("seed", range(5))
def test_re_encoded_and_resized_copies_look_the_same(make_photo: MakePhoto, seed: int) -> None:
    photo = make_photo(seed, 240, 320)
    assert bits_apart(photo, jpeg(photo, 60)) <= NEAR_BITS
    assert bits_apart(photo, images.resize(photo, 160, 120)) <= NEAR_BITS
    assert bits_apart(photo, images.resize(photo, 500, 375)) <= NEAR_BITS


def test_different_photos_look_different(make_photo: MakePhoto) -> None:
    photos = [make_photo(seed, 120, 160) for seed in range(12)]
    apart = [bits_apart(one, other) for at, one in enumerate(photos) for other in photos[:at]]
    assert min(apart) > NEAR_BITS
    assert np.mean(apart) > 20


def test_an_index_finds_the_photo_and_its_copies_only(make_photo: MakePhoto) -> None:
    photos = [make_photo(seed, 120, 160) for seed in range(12)]
    index = FingerprintIndex(fingerprint(photo) for photo in photos[:6])
    for photo in photos[:6]:
        assert fingerprint(photo) in index
        assert fingerprint(jpeg(photo, 60)) in index
    for photo in photos[6:]:
        assert fingerprint(photo) not in index
    assert fingerprint(photos[0]) not in FingerprintIndex([])


def test_about_half_of_all_photos_are_held(make_photo: MakePhoto) -> None:
    held = [in_held_half(fingerprint(make_photo(seed, 16, 16))) for seed in range(200)]
    assert 70 <= sum(held) <= 130
    assert held[0] == in_held_half(fingerprint(make_photo(0, 16, 16)))


def test_an_index_grows_and_tells_which_photo_it_was(make_photo: MakePhoto) -> None:
    index = FingerprintIndex()
    prints = [fingerprint(make_photo(seed)) for seed in range(70)]
    for number, item in enumerate(prints):
        assert index.find(item) is None
        index.add(item)
        assert index.find(item) == number
    assert index.find(fingerprint(make_photo(3, 96, 128))) == 3
    assert FingerprintIndex(prints).find(prints[5]) == 5


@pytest.mark.parametrize("many", [500, 2**17], ids=["cut anew on the way", "never cut anew"])
def test_an_index_answers_as_a_comparison_with_all_does(many: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fingerprints, "MANY", many)
    looks = alike.drawn_looks(2_000)
    looks[-300:] = looks[:300]  # the same look again, and again beside what is near to it
    index, found = FingerprintIndex(), []
    for item in alike.prints_of(looks):
        found.append(index.find(item))
        index.add(item)
    assert found == [alike.compared_with_all(looks[:number], look) for number, look in enumerate(looks)]
    assert sum(number is not None for number in found) > 350


@pytest.mark.parametrize("many", [1, 2**17], ids=["four parts", "seven parts"])
def test_every_look_within_the_bits_is_found_and_none_beyond(many: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fingerprints, "MANY", many)
    random = np.random.default_rng(0)
    for _ in range(2_000):
        look, order = int(random.integers(2**64, dtype=np.uint64)), random.permutation(64)
        for bits in (0, 1, NEAR_BITS - 1, NEAR_BITS, NEAR_BITS + 1):
            other = look ^ sum(1 << int(bit) for bit in order[:bits])
            index = FingerprintIndex([Fingerprint("one", f"{look:016x}")])
            assert index.find(Fingerprint("other", f"{other:016x}")) == (0 if bits <= NEAR_BITS else None)
