"""A visitor without a browser: one websocket to the app, which chooses, clicks and uploads as the browser would."""

from __future__ import annotations

import asyncio
import http.client
import time
import urllib.request
import uuid
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.cookies import SimpleCookie
from typing import Any
from urllib.parse import urlencode, urlsplit

from streamlit.proto.BackMsg_pb2 import BackMsg
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg
from streamlit.proto.WidgetStates_pb2 import WidgetState
from websockets.asyncio.client import ClientConnection, connect
from websockets.typing import Subprotocol

LARGEST = 200 * 2**20
XSRF = "_streamlit_xsrf"
PATIENCE = 600
"""Seconds after which a run of the page counts as hung."""


@dataclass
class Visitor:
    """What one visit knows: its page's elements by place, and the state of its widgets by id."""

    address: str
    socket: ClientConnection
    token: str
    """What shows the server that an upload comes from its own page."""
    session: str = ""
    elements: dict[tuple[int, ...], Any] = field(default_factory=dict)
    blocks: dict[tuple[int, ...], Any] = field(default_factory=dict)
    states: dict[str, WidgetState] = field(default_factory=dict)
    shown: dict[str, tuple[float, float]] = field(default_factory=dict)
    """Numbers by their label: when each was last shown, by the clock of `time.perf_counter`, and its value."""
    where: tuple[str, dict[str, str]] = ("", {})

    async def open(self, page: str, **query: str) -> None:
        """Go to a page by its address."""
        self.where = page, query
        await self.run()

    async def run(self) -> None:
        """Ask for a run with the widgets as they are, and wait for its end."""
        message = BackMsg()
        page, query = self.where
        message.rerun_script.page_name = page
        message.rerun_script.query_string = urlencode(query)
        message.rerun_script.widget_states.widgets.extend(self.states.values())
        await self.socket.send(message.SerializeToString())
        await asyncio.wait_for(self._until_finished(), PATIENCE)
        for name in [name for name, state in self.states.items() if state.HasField("trigger_value")]:
            del self.states[name]

    async def _until_finished(self) -> None:
        while True:
            message = await self._next()
            kind = message.WhichOneof("type")
            if kind == "new_session":
                self.session = message.new_session.initialize.session_id or self.session
                self.elements.clear()
                self.blocks.clear()
            elif kind == "delta":
                self._take(tuple(message.metadata.delta_path), message.delta)
            elif kind == "script_finished" and message.script_finished == ForwardMsg.FINISHED_SUCCESSFULLY:
                return

    async def _next(self) -> ForwardMsg:
        message = ForwardMsg()
        message.ParseFromString(await self.socket.recv(decode=False))
        return message

    def _take(self, place: tuple[int, ...], delta: Any) -> None:
        if delta.WhichOneof("type") == "new_element":
            self.elements[place] = delta.new_element
            if delta.new_element.WhichOneof("type") == "metric":
                found = delta.new_element.metric
                self.shown[found.label] = time.perf_counter(), float(found.body)
            if delta.new_element.WhichOneof("type") == "selectbox" and delta.new_element.selectbox.set_value:
                self._set_by_the_page(delta.new_element.selectbox)
        elif delta.WhichOneof("type") == "add_block":
            for gone in [known for known in self.elements if known[: len(place)] == place]:
                del self.elements[gone]
            self.blocks[place] = delta.add_block

    def _set_by_the_page(self, box: Any) -> None:
        """A list that the page has set, or freed: the browser follows."""
        self.states.pop(box.id, None)
        if box.HasField("raw_value"):
            self.states[box.id] = WidgetState(id=box.id, string_value=box.raw_value)

    def of_kind(self, kind: str) -> Iterator[Any]:
        """The page's elements of a kind, in their order."""
        for _, element in sorted(self.elements.items()):
            if element.WhichOneof("type") == kind:
                yield getattr(element, kind)

    def errors(self) -> list[str]:
        """What the page says has gone wrong: exceptions, and errors in words."""
        words = [f"{found.type}: {found.message}" for found in self.of_kind("exception")]
        return words + [found.body for found in self.of_kind("alert") if found.format == found.ERROR]

    def set(self, kind: str, key: str, **value: Any) -> bool:
        """Give a widget with this key a value; False if the page has none."""
        found = next((item for item in self.of_kind(kind) if f"-{key}" in item.id), None)
        if found is not None:
            self.states[found.id] = WidgetState(id=found.id, **value)
        return found is not None

    async def upload(self, key: str, name: str, data: bytes) -> None:
        """Put a file into the uploader, in place of what lay there."""
        message = BackMsg()
        request = uuid.uuid4().hex
        message.file_urls_request.request_id = request
        message.file_urls_request.file_names.append(name)
        message.file_urls_request.session_id = self.session
        await self.socket.send(message.SerializeToString())
        while (answer := await asyncio.wait_for(self._next(), PATIENCE)).WhichOneof("type") != "file_urls_response":
            pass
        urls = answer.file_urls_response.file_urls[0]
        await asyncio.to_thread(_put, f"{self.address}{urls.upload_url}", self.token, name, data)
        box = next(item for item in self.of_kind("file_uploader") if f"-{key}" in item.id)
        state = WidgetState(id=box.id)
        info = state.file_uploader_state_value.uploaded_file_info.add(file_id=urls.file_id, name=name, size=len(data))
        info.file_urls.CopyFrom(urls)
        self.states[box.id] = state
        await self.run()


def _put(address: str, token: str, name: str, data: bytes) -> None:
    """Send a file as the browser does: one part of a form."""
    parts, border = urlsplit(address), uuid.uuid4().hex
    head = f'--{border}\r\nContent-Disposition: form-data; name="{name}"; filename="{name}"\r\n\r\n'
    connection = http.client.HTTPConnection(parts.netloc, timeout=PATIENCE)
    kind = {
        "Content-Type": f"multipart/form-data; boundary={border}",
        "Cookie": f"{XSRF}={token}",
        "X-Xsrftoken": token,
    }
    connection.request("PUT", parts.path, head.encode() + data + f"\r\n--{border}--\r\n".encode(), kind)
    status = connection.getresponse().status
    connection.close()
    if status >= 300:
        raise ConnectionError(f"{name} was refused: {status}")


async def visitor(address: str) -> Visitor:
    """Open a visit; the caller closes its socket."""
    token = await asyncio.to_thread(_token, address)
    stream = address.replace("http", "ws", 1) + "/_stcore/stream"
    headers = {"Cookie": f"{XSRF}={token}"}
    socket = await connect(
        stream, max_size=LARGEST, subprotocols=[Subprotocol("streamlit")], additional_headers=headers
    )
    return Visitor(address, socket, token)


def _token(address: str) -> str:
    with urllib.request.urlopen(f"{address}/_stcore/health", timeout=PATIENCE) as answer:
        cookies = SimpleCookie(answer.headers.get("Set-Cookie", ""))
    return cookies[XSRF].value if XSRF in cookies else ""
