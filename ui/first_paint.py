"""The room that a page takes, known to the browser before it has heard of the page.

Streamlit answers every address with one document. It lays a page out as narrow and low until the connection has told
otherwise, and a page's own styles (st.html) come with a script that is fetched last: all that stands moves each time.
Here the same styles stand in the document's head, from the first visit of a server on.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from streamlit import file_util

from ui.styles import STYLES

UNASKED = (b"if-none-match", b"if-modified-since", b"accept-encoding")
"""Headers by which a browser would keep the document that it has, or get one in which nothing can be found."""
FONTS = ("SourceSerifVariable-Roman", "MaterialSymbols-Rounded")
"""Fonts of headings and signs, which a browser asks for only once it draws the first one: lines break anew then."""
KEPT = (b"cache-control", b"content-type")
"""Headers of the document that hold of the changed one too."""


class FirstPaint:
    """ASGI middleware: every document that Streamlit serves has the pages' styles in its head."""

    def __init__(self, app: Any) -> None:
        self.app = app
        self.head = (_fonts() + STYLES).encode()

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] == "http" and _is_document(scope["path"]):
            headers = [item for item in scope["headers"] if item[0].lower() not in UNASKED]
            scope, send = {**scope, "headers": headers}, _Styled(send, self.head)
        await self.app(scope, receive, send)


class _Styled:
    """What an answer is sent through: a document waits until it is whole, anything else passes."""

    def __init__(self, send: Any, head: bytes) -> None:
        self.send, self.head = send, head
        self.start: Any = None
        self.body = b""

    async def __call__(self, message: Any) -> None:
        if message["type"] == "http.response.start" and _is_html(message):
            self.start = message
        elif self.start is None:
            await self.send(message)
        else:
            self.body += message.get("body", b"")
            if not message.get("more_body"):
                await self._send_whole()

    async def _send_whole(self) -> None:
        body = self.body.replace(b"</head>", self.head + b"</head>", 1)
        headers = [item for item in self.start["headers"] if item[0].lower() in KEPT]
        headers.append((b"content-length", str(len(body)).encode()))
        await self.send({**self.start, "headers": headers})
        await self.send({"type": "http.response.body", "body": body})


def _fonts() -> str:
    """Links that fetch the fonts at once, relative as all of the document's."""
    static = Path(file_util.get_static_dir())
    found = [file for name in FONTS for file in sorted(static.glob(f"static/media/{name}.*woff2"))]
    link = '<link rel="preload" href="./{}" as="font" type="font/woff2" crossorigin>'
    return "".join(link.format(file.relative_to(static).as_posix()) for file in found)


def _is_document(path: str) -> bool:
    """Whether a path may be one of a page: files of Streamlit have an ending."""
    return "." not in path.rpartition("/")[2]


def _is_html(start: Any) -> bool:
    return start["status"] == 200 and dict(start["headers"]).get(b"content-type", b"").startswith(b"text/html")
