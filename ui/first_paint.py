"""The room that a page takes, known to the browser before it has heard of the page.

Streamlit answers every address with one document. It lays a page out as narrow and low until the connection has told
otherwise, and a page's own styles (st.html) come with a script that is fetched last: all that stands moves each time.
Here the same styles stand in the document's head. It holds from the second visit of a server on: no code of the app
runs before the first.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from starlette.responses import FileResponse, HTMLResponse
from starlette.staticfiles import StaticFiles
from streamlit import file_util

CONDITIONS = (b"if-none-match", b"if-modified-since")
"""Headers by which a browser would keep the document that it has."""
_answer = StaticFiles.__call__
_head: list[str] = []
FONTS = ("SourceSerifVariable-Roman", "MaterialSymbols-Rounded")
"""Fonts of headings and signs, which a browser asks for only once it draws the first one: lines break anew then."""


def put_first(styles: str) -> None:
    """From now on, every document that Streamlit serves has these styles (a <style> element) in its head.

    AttributeError where Streamlit serves its document in another way; nothing is changed then.
    """
    if not _head:
        _ = file_util.get_static_dir
        StaticFiles.__call__ = _answer_styled  # type: ignore[assignment, method-assign]
    _head[:] = [_fonts() + styles]


def _fonts() -> str:
    """Links that fetch the fonts at once, relative as all of the document's."""
    static = Path(file_util.get_static_dir())
    found = [file for name in FONTS for file in sorted(static.glob(f"static/media/{name}.*woff2"))]
    link = '<link rel="preload" href="./{}" as="font" type="font/woff2" crossorigin>'
    return "".join(link.format(file.relative_to(static).as_posix()) for file in found)


async def _answer_styled(files: StaticFiles, scope: Any, receive: Any, send: Any) -> None:
    """As Starlette answers; Streamlit's document with the styles."""
    if scope["type"] != "http" or not _is_document(scope["path"]):
        await _answer(files, scope, receive, send)
        return
    asked = {**scope, "headers": [item for item in scope["headers"] if item[0].lower() not in CONDITIONS]}
    response = await files.get_response(files.get_path(asked), asked)
    if isinstance(response, FileResponse) and Path(response.path) == Path(file_util.get_static_dir(), "index.html"):
        text = Path(response.path).read_text(encoding="utf-8")
        kept = {"Cache-Control": response.headers.get("Cache-Control", "no-cache")}
        response = HTMLResponse(text.replace("</head>", f"{_head[0]}</head>", 1), headers=kept)
    await response(asked, receive, send)


def _is_document(path: str) -> bool:
    """Whether a path may be one of a page: files of Streamlit have an ending."""
    return "." not in path.rpartition("/")[2]
