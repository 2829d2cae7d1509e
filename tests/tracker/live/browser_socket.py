"""A WebSocket of a browser, straight to the ASGI application.

channels' own communicator imports daphne, a second server that the product does not use.
"""

from typing import Any
from urllib.parse import unquote

from asgiref.testing import ApplicationCommunicator

PATIENCE_S = 10


class BrowserSocket:
    """Opens `path` with these headers; `connect`, `receive_text`, `receive`, `send`, `disconnect`."""

    def __init__(self, application: Any, path: str, headers: list[tuple[bytes, bytes]]) -> None:
        path, _, query = path.partition("?")
        scope = {
            "type": "websocket",
            "path": unquote(path),
            "query_string": query.encode(),
            "headers": headers,
            "subprotocols": [],
        }
        self._ends = ApplicationCommunicator(application, scope)

    async def connect(self) -> bool:
        """Whether the server accepted."""
        await self._ends.send_input({"type": "websocket.connect"})
        return bool((await self.receive())["type"] == "websocket.accept")

    async def receive(self) -> dict[str, Any]:
        message: dict[str, Any] = await self._ends.receive_output(timeout=PATIENCE_S)
        return message

    async def receive_text(self) -> str:
        message = await self.receive()
        assert message["type"] == "websocket.send", message
        return str(message["text"])

    async def send(self, *, text: str | None = None, data: bytes | None = None) -> None:
        await self._ends.send_input({"type": "websocket.receive", "text": text, "bytes": data})

    async def disconnect(self) -> None:
        await self._ends.send_input({"type": "websocket.disconnect", "code": 1000})
        await self._ends.wait(timeout=PATIENCE_S)
