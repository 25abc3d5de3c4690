"""Photos at addresses: found, read, and refused in a sentence."""

from __future__ import annotations

from collections.abc import Iterator

import fsspec
import numpy as np
import pytest

from core.errors import MissingDependencyError, PhotoError, SourceError
from core.photos import addresses, images
from core.sources import open_source
from tests.conftest import draw_photo


@pytest.fixture
def store() -> Iterator[str]:
    """A store in memory with two photos, and what is no photo or nobody's own."""
    system = fsspec.filesystem("memory")
    for number, name in enumerate(
        ("b/two.png", "one.PNG", ".trash/one.png", "b/@eaDir/two.png", ".hidden.png", "x.txt")
    ):
        system.pipe_file(f"/store/{name}", images.png_bytes(draw_photo(number)))
    system.pipe_file("/store/empty.jpg", b"")
    yield "memory://store"
    system.rm("/store", recursive=True)


def test_an_address_is_a_photo_set(store: str) -> None:
    for address in (store, f"{store}/"):
        listing = open_source(address)
        assert listing.name == "store"
        assert [photo.id for photo in listing.photos] == ["b/two.png", "empty.jpg", "one.PNG"]
        assert listing.notes == ("3 hidden photos and copies of services passed over.",)
    photo, empty, _ = listing.photos
    np.testing.assert_array_equal(photo.read(), draw_photo(0))
    assert photo.location == "memory:///store/b/two.png"
    with pytest.raises(PhotoError, match="empty"):
        empty.read()


def test_what_is_gone_is_said(store: str) -> None:
    with pytest.raises(PhotoError, match="cannot be fetched"):
        addresses.read(f"{store}/gone.png")
    with pytest.raises(SourceError, match="no photo at this address"):
        open_source("memory://nowhere")


def test_an_address_that_cannot_be_opened_is_refused() -> None:
    with pytest.raises(SourceError, match="cannot be opened"):
        open_source("nonsense://x/y")


def test_a_protocol_names_the_package_that_it_needs(monkeypatch: pytest.MonkeyPatch) -> None:
    def missing(_: str) -> None:
        raise ImportError("Install s3fs to access S3")

    monkeypatch.setattr(fsspec.core, "url_to_fs", missing)
    with pytest.raises(MissingDependencyError, match="s3fs"):
        open_source("s3://bucket/photos")


def test_a_host_that_does_not_answer_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    class Dead:
        def find(self, _: str) -> list[str]:
            raise ConnectionError("no route to host")

    monkeypatch.setattr(fsspec.core, "url_to_fs", lambda _: (Dead(), "bucket"))
    with pytest.raises(SourceError, match=r"nothing answers there \(no route to host\)"):
        open_source("s3://bucket")
