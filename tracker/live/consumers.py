"""The WebSocket of the map: who may open it, how long it stays open, and why it closes."""

import asyncio
import contextlib
import logging
from typing import Any
from urllib.parse import parse_qs, urlsplit

from channels.generic.websocket import AsyncWebsocketConsumer
from django.db import Error as DatabaseError

from tracker.live.hub import Hub, current_hub
from tracker.live.rights import Admitted, Ask, Close, Verdict, current_rights, until_next
from tracker.live.sockets import Subscriber

logger = logging.getLogger(__name__)

RECHECK_S = 15.0  # how long rights that were taken away may outlive their end on an open socket


class LiveConsumer(AsyncWebsocketConsumer):  # type: ignore[misc]  # channels publishes no types
    """One open map."""

    channel_layer_alias = None  # no layer: the hub is the only sender, see docs on the live flow
    recheck_s = RECHECK_S

    async def connect(self) -> None:
        """Accept, then close with a reason if need be: a browser shows no code for a refused handshake."""
        self._work: asyncio.Task[None] | None = None
        if not same_origin(self.scope):
            await self.close()
            return
        await self.accept()
        try:
            verdict = await self._verdict()
        except DatabaseError as error:
            logger.warning("a live socket could not be checked: %s", error)
            await self.close(Close.TRY_AGAIN)
            return
        hub = current_hub()
        if isinstance(verdict, Close):
            await self.close(verdict)
        elif not hub.has_room(verdict.user_id):
            await self.close(Close.TOO_MANY)
        else:
            self._work = asyncio.create_task(self._live(hub, verdict))

    async def disconnect(self, code: int) -> None:
        """End the sender with its socket."""
        if self._work is not None:
            self._work.cancel()

    async def receive(self, text_data: str | None = None, bytes_data: bytes | None = None) -> None:
        """The map has nothing to say; what comes is not read."""

    async def _live(self, hub: Hub, admitted: Admitted) -> None:
        subscriber = Subscriber(admitted.environment_id, admitted.user_id, self._send_text, admitted.sight)
        sender = asyncio.create_task(hub.serve(subscriber))
        try:
            while True:
                done, _ = await asyncio.wait({sender}, timeout=until_next(self.recheck_s))
                if done:
                    sender.result()
                    return
                with contextlib.suppress(
                    DatabaseError
                ):  # the next round asks again; a map need not die with the database
                    verdict = await self._verdict()
                    if isinstance(verdict, Close):
                        await self.close(verdict)
                        return
                    if verdict.sight != subscriber.sight:
                        hub.limit(subscriber, verdict.sight)
        except asyncio.CancelledError:
            raise
        except OSError:
            pass  # the browser is gone: nobody is left to tell
        except Exception:
            logger.exception("a live socket failed")
            with contextlib.suppress(Exception):
                await self.close(Close.TRY_AGAIN)
        finally:
            sender.cancel()
            with contextlib.suppress(asyncio.CancelledError, Exception):
                await sender

    async def _send_text(self, text: str) -> None:
        await self.send(text_data=text)

    async def _verdict(self) -> Verdict:
        cookies = self.scope.get("cookies", {})
        wanted = parse_qs(self.scope["query_string"].decode("latin-1")).get("environment", [""])[-1]
        return await current_rights().of(Ask.of(cookies, wanted))


def same_origin(scope: dict[str, Any]) -> bool:
    """Whether the page that opens the socket came from this very host and port.

    A cookie does not know ports, so the host alone would let another program on this machine in.
    """
    headers = {name: value.decode("latin-1") for name, value in scope.get("headers", [])}
    origin, host = headers.get(b"origin", ""), headers.get(b"host", "")
    return bool(host) and urlsplit(origin).netloc.lower() == host.lower()
