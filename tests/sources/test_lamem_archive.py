"""Downloads against a local server: resumed, checked for size, and unpacked without trusting the archive."""

from __future__ import annotations

import functools
import http.server
import io
import re
import tarfile
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from core.errors import DownloadError
from core.sources import lamem_archive
from core.sources.lamem import lamem
from core.sources.lamem_archive import ARCHIVE, FOLDER, download_lamem, fetch, unpack

MakeLamem = Callable[..., Path]
BODY = bytes(range(256)) * 4000


class Server(http.server.ThreadingHTTPServer):
    """Serves one body, as well or as badly as a test asks for, and remembers which ranges were asked for."""

    body = BODY
    version = '"1"'
    ranges = True
    sends: int | None = None
    announces = True
    status = 200

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.asked: list[str | None] = []

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}/lamem.tar.gz"


class Handler(http.server.BaseHTTPRequestHandler):
    server: Server

    def do_GET(self) -> None:
        server = self.server
        asked = self.headers.get("Range")
        server.asked.append(asked)
        if server.status != 200:
            self.send_error(server.status)
            return
        start = self.start(asked)
        if start > 0 and start >= len(server.body):
            self.send_response(416)
            self.send_header("Content-Range", f"bytes */{len(server.body)}")
            self.send_header("Content-Length", "0")
            self.end_headers()
            return
        self.send_response(206 if start else 200)
        if start:
            self.send_header("Content-Range", f"bytes {start}-{len(server.body) - 1}/{len(server.body)}")
        if server.announces:
            self.send_header("Content-Length", str(len(server.body) - start))
        self.send_header("ETag", server.version)
        self.end_headers()
        self.wfile.write(server.body[start:][: server.sends])

    def start(self, asked: str | None) -> int:
        server = self.server
        if not (asked and server.ranges) or self.headers.get("If-Range", server.version) != server.version:
            return 0
        return int(asked.removeprefix("bytes=").removesuffix("-"))

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture
def server() -> Iterator[Server]:
    with Server() as running:
        thread = threading.Thread(target=functools.partial(running.serve_forever, poll_interval=0.01))
        thread.start()
        yield running
        running.shutdown()
        thread.join()


def refused(action: Callable[[], object]) -> str:
    """Why it is refused; fails unless that is one sentence."""
    with pytest.raises(DownloadError) as caught:
        action()
    sentence = str(caught.value)
    assert re.fullmatch(r"[^\n]+\.", sentence), sentence
    return sentence


def break_off(server: Server, file: Path, sends: int = 300_000) -> None:
    """Begin a download that ends too early, so that a part is left."""
    server.sends = sends
    assert "stopped early" in refused(lambda: fetch(server.url, file))
    server.sends = None
    assert not file.exists()


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


# --- fetching


def test_a_whole_file(server: Server, tmp_path: Path) -> None:
    steps: list[tuple[int, int]] = []
    fetch(server.url, tmp_path / "file", progress=lambda done, total: steps.append((done, total)))
    assert (tmp_path / "file").read_bytes() == BODY
    assert names(tmp_path) == ["file"]
    assert steps[-1] == (len(BODY), len(BODY))
    assert steps == sorted(steps)
    assert len(steps) > 2


def test_a_short_body_is_resumed_from_where_it_stopped(server: Server, tmp_path: Path) -> None:
    break_off(server, tmp_path / "file")
    steps: list[tuple[int, int]] = []
    fetch(server.url, tmp_path / "file", progress=lambda done, total: steps.append((done, total)))
    assert (tmp_path / "file").read_bytes() == BODY
    assert server.asked == [None, "bytes=300000-"]
    assert steps[0][0] > 300_000
    assert steps[-1] == (len(BODY), len(BODY))
    assert names(tmp_path) == ["file"]


def test_a_short_body_says_how_much_came(server: Server, tmp_path: Path) -> None:
    server.sends = 1000
    assert f"1,000 of {len(BODY):,} bytes" in refused(lambda: fetch(server.url, tmp_path / "file"))


def test_a_killed_run_is_resumed(server: Server, tmp_path: Path) -> None:
    def kill(done: int, total: int) -> None:
        if done > 500_000:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        fetch(server.url, tmp_path / "file", progress=kill)
    fetch(server.url, tmp_path / "file")
    assert (tmp_path / "file").read_bytes() == BODY
    assert server.asked[1] is not None


def test_a_server_without_ranges_is_asked_for_everything_again(server: Server, tmp_path: Path) -> None:
    break_off(server, tmp_path / "file")
    server.ranges = False
    fetch(server.url, tmp_path / "file")
    assert (tmp_path / "file").read_bytes() == BODY


def test_a_file_that_changed_meanwhile_is_fetched_anew(server: Server, tmp_path: Path) -> None:
    break_off(server, tmp_path / "file")
    server.body, server.version = BODY[::-1], '"2"'
    fetch(server.url, tmp_path / "file")
    assert (tmp_path / "file").read_bytes() == BODY[::-1]


def test_a_part_of_another_address_is_not_continued(server: Server, tmp_path: Path) -> None:
    break_off(server, tmp_path / "file")
    fetch(server.url + "?other", tmp_path / "file")
    assert server.asked == [None, None]
    assert (tmp_path / "file").read_bytes() == BODY


def test_a_part_that_is_complete_is_taken(server: Server, tmp_path: Path) -> None:
    break_off(server, tmp_path / "file")
    (tmp_path / "file.part").write_bytes(BODY)
    fetch(server.url, tmp_path / "file")
    assert (tmp_path / "file").read_bytes() == BODY


def test_a_part_that_is_too_long_is_thrown_away(server: Server, tmp_path: Path) -> None:
    break_off(server, tmp_path / "file")
    (tmp_path / "file.part").write_bytes(BODY + b"more")
    fetch(server.url, tmp_path / "file")
    assert (tmp_path / "file").read_bytes() == BODY


def test_a_part_without_its_note_is_not_trusted(server: Server, tmp_path: Path) -> None:
    (tmp_path / "file.part").write_bytes(b"something else")
    (tmp_path / "file.part.json").write_text("[]")
    fetch(server.url, tmp_path / "file")
    assert (tmp_path / "file").read_bytes() == BODY


def test_a_server_that_does_not_say_the_size(server: Server, tmp_path: Path) -> None:
    server.announces = False
    steps: list[tuple[int, int]] = []
    fetch(server.url, tmp_path / "file", progress=lambda done, total: steps.append((done, total)))
    assert (tmp_path / "file").read_bytes() == BODY
    assert steps[-1] == (len(BODY), 0)


@pytest.mark.parametrize("status", [404, 403, 500, 503])
def test_a_refusal_is_told_with_its_number(server: Server, tmp_path: Path, status: int) -> None:
    server.status = status
    assert str(status) in refused(lambda: fetch(server.url, tmp_path / "file"))
    assert names(tmp_path) == []


def test_a_server_that_is_not_there(tmp_path: Path) -> None:
    with Server() as gone:
        url = gone.url
    assert "cannot be reached" in refused(lambda: fetch(url, tmp_path / "file"))


@pytest.mark.parametrize(
    "url", ["file:///etc/hostname", "ftp://127.0.0.1/x", "lamem.tar.gz", "", "http://", "http://a b/"]
)
def test_other_addresses_are_refused(tmp_path: Path, url: str) -> None:
    refused(lambda: fetch(url, tmp_path / "file"))
    assert names(tmp_path) == []


# --- unpacking


def pack(
    root: Path, top: str = FOLDER, extra: tuple[tuple[tarfile.TarInfo, bytes], ...] = (), mode: str = "gz"
) -> bytes:
    """An archive of a folder under the name `top`, with further members after it."""
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode=f"w:{mode}") as archive:  # type: ignore[call-overload]
        archive.add(root, arcname=top)
        for member, content in extra:
            member.size = len(content)
            archive.addfile(member, io.BytesIO(content))
    return buffer.getvalue()


def member(
    name: str, kind: bytes = tarfile.REGTYPE, target: str = "", content: bytes = b""
) -> tuple[tarfile.TarInfo, bytes]:
    info = tarfile.TarInfo(name)
    info.type, info.linkname = kind, target
    return info, content


HOSTILE = {
    "parent": member("../escaped.txt", content=b"x"),
    "parent further in": member("lamem/images/../../../escaped.txt", content=b"x"),
    "absolute": member("/tmp/escaped.txt", content=b"x"),
    "windows parent": member("lamem\\..\\..\\escaped.txt", content=b"x"),
    "windows drive": member("C:\\escaped.txt", content=b"x"),
    "symbolic link outside": member("lamem/link", tarfile.SYMTYPE, "../../escaped.txt"),
    "symbolic link inside": member("lamem/link", tarfile.SYMTYPE, "images"),
    "hard link": member("lamem/link", tarfile.LNKTYPE, "../../escaped.txt"),
    "device": member("lamem/device", tarfile.CHRTYPE),
    "pipe": member("lamem/pipe", tarfile.FIFOTYPE),
}


@pytest.mark.parametrize("case", HOSTILE)
def test_hostile_archives_leave_nothing(make_lamem: MakeLamem, tmp_path: Path, case: str) -> None:
    place = tmp_path / "deep" / "data"
    place.mkdir(parents=True)
    (place / ARCHIVE).write_bytes(pack(make_lamem(10), extra=(HOSTILE[case],)))
    sentence = refused(lambda: unpack(place / ARCHIVE, place / FOLDER))
    assert "outside" in sentence or "link or a device" in sentence
    assert names(place) == [ARCHIVE]
    assert not list(tmp_path.rglob("escaped.txt"))
    assert not Path("/tmp/escaped.txt").exists()


def test_an_archive_that_unpacks_to_too_much(
    make_lamem: MakeLamem, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(lamem_archive, "UNPACKED_LIMIT", 100_000)
    (tmp_path / ARCHIVE).write_bytes(pack(make_lamem(10), extra=(member("lamem/zeros", content=bytes(200_000)),)))
    assert "unpacks to more" in refused(lambda: unpack(tmp_path / ARCHIVE, tmp_path / FOLDER))
    assert not (tmp_path / FOLDER).exists()


@pytest.mark.parametrize("data", [b"", b"no archive", b"\x1f\x8b" + b"\0" * 50])
def test_what_is_no_archive(tmp_path: Path, data: bytes) -> None:
    (tmp_path / ARCHIVE).write_bytes(data)
    refused(lambda: unpack(tmp_path / ARCHIVE, tmp_path / FOLDER))
    assert names(tmp_path) == [ARCHIVE]


@pytest.mark.parametrize("share", [0.1, 0.5, 0.95])
def test_a_cut_archive(make_lamem: MakeLamem, tmp_path: Path, share: float) -> None:
    data = pack(make_lamem(10))
    (tmp_path / ARCHIVE).write_bytes(data[: int(len(data) * share)])
    refused(lambda: unpack(tmp_path / ARCHIVE, tmp_path / FOLDER))
    assert not (tmp_path / FOLDER).exists()


def test_an_archive_of_something_else(make_lamem: MakeLamem, photo_folder: Path, tmp_path: Path) -> None:
    (tmp_path / ARCHIVE).write_bytes(pack(photo_folder))
    assert "no images folder" in refused(lambda: unpack(tmp_path / ARCHIVE, tmp_path / FOLDER))
    (tmp_path / ARCHIVE).write_bytes(pack(make_lamem(10, splits=range(1, 5))))
    assert "train_5.txt" in refused(lambda: unpack(tmp_path / ARCHIVE, tmp_path / FOLDER))
    assert not (tmp_path / FOLDER).exists()


@pytest.mark.parametrize("mode", ["gz", "xz", ""])
@pytest.mark.parametrize("top", [FOLDER, "."])
def test_archives_with_and_without_a_top_folder(make_lamem: MakeLamem, tmp_path: Path, top: str, mode: str) -> None:
    steps: list[tuple[int, int]] = []
    (tmp_path / ARCHIVE).write_bytes(pack(make_lamem(10), top, mode=mode))
    unpack(tmp_path / ARCHIVE, tmp_path / FOLDER, progress=lambda done, total: steps.append((done, total)))
    assert len(lamem(tmp_path / FOLDER).photos) == 10
    assert steps == sorted(steps)
    assert steps[-1][0] <= steps[-1][1] == (tmp_path / ARCHIVE).stat().st_size


# --- all together


def test_lamem_is_fetched_unpacked_and_tidied_up(server: Server, make_lamem: MakeLamem, tmp_path: Path) -> None:
    server.body = pack(make_lamem(10))
    folder = download_lamem(tmp_path / "new" / "data", server.url)
    assert folder == tmp_path / "new" / "data" / FOLDER
    assert len(lamem(folder).photos) == 10
    assert names(folder.parent) == [FOLDER]
    assert download_lamem(folder.parent, server.url) == folder
    assert len(server.asked) == 1, "what is there already is not fetched again"


def test_an_archive_that_is_there_is_only_unpacked(server: Server, make_lamem: MakeLamem, tmp_path: Path) -> None:
    (tmp_path / ARCHIVE).write_bytes(pack(make_lamem(10)))
    assert len(lamem(download_lamem(tmp_path, server.url)).photos) == 10
    assert server.asked == []


def test_another_folder_in_the_way_stays(server: Server, tmp_path: Path) -> None:
    (tmp_path / FOLDER).mkdir()
    (tmp_path / FOLDER / "notes.txt").write_text("mine")
    assert "move it away" in refused(lambda: download_lamem(tmp_path, server.url))
    assert server.asked == []
    assert names(tmp_path / FOLDER) == ["notes.txt"]


def test_a_place_that_is_no_folder(server: Server, tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    refused(lambda: download_lamem(tmp_path / "file", server.url))
