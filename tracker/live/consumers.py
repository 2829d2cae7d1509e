"""The WebSocket of the map: who may open it, how long it stays open, and why it closes."""

import asyncio
import contextlib
import logging
from enum import IntEnum
from typing import Any, NamedTuple
from urllib.parse import parse_qs, urlsplit

from channels.db import database_sync_to_async
from channels.generic.websocket import AsyncWebsocketConsumer
from django.conf import settings
from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY, load_backend
from django.contrib.sessions.backends.db import SessionStore
from django.db import Error as DatabaseError
from django.utils.crypto import constant_time_compare

from tracker.live.hub import Hub, current_hub
from tracker.live.sight import sight_of
from tracker.live.sockets import SightIds, Subscriber
from tracker.tenants import scope as fence
from tracker.tenants.models import Environment, User
from tracker.tenants.selectors import membership_for

logger = logging.getLogger(__name__)

RECHECK_S = 15.0  # how long rights that were taken away may outlive their end on an open socket


class Close(IntEnum):
    """Why the server ends a socket; the page tells its reader."""

    TRY_AGAIN = 1013
    SIGNED_OUT = 4401
    NOT_YOURS = 4403  # also for an environment that does not exist: nothing tells them apart
    TOO_MANY = 4429


class Admitted(NamedTuple):
    """Where a socket may look, and what of it."""

    environment: Environment
    sight: SightIds


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
        elif not hub.has_room(self.scope["user"].pk):
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
        person = self.scope["user"].pk
        subscriber = Subscriber(admitted.environment.pk, person, self._send_text, admitted.sight)
        sender = asyncio.create_task(hub.serve(subscriber))
        try:
            while True:
                done, _ = await asyncio.wait({sender}, timeout=self.recheck_s)
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

    async def _verdict(self) -> Admitted | Close:
        verdict: Admitted | Close = await database_sync_to_async(_admitted)(self.scope)
        return verdict


def _admitted(scope: dict[str, Any]) -> Admitted | Close:
    """The environment this socket may watch and what of it, or why not.

    Nothing the handshake left in the scope is believed but the session's key: session, person and membership
    are read from the database anew, because each of them can be taken away while a map stays open.
    """
    handshake = scope.get("session")
    user = None if handshake is None else _signed_in(SessionStore(handshake.session_key))
    if user is None:
        return Close.SIGNED_OUT
    wanted = parse_qs(scope["query_string"].decode("latin-1")).get("environment", [""])[-1]
    place = membership_for(user, wanted)
    if place is None:
        return Close.NOT_YOURS
    with fence.scope(tenant_id=place.environment.tenant_id, user_id=user.pk):
        sight = sight_of(place.membership, place.environment)
    return Admitted(place.environment, None if sight is None else sight.ids)


def _signed_in(session: SessionStore) -> User | None:
    """The active person of an unexpired session made under their present password, else None.

    Django's own get_user() judges likewise, but it rewrites the session under way, and a socket has no response
    in which the browser could be given the new key.
    """
    backend, made_under = session.get(BACKEND_SESSION_KEY), session.get(HASH_SESSION_KEY)
    if backend not in settings.AUTHENTICATION_BACKENDS or not made_under:
        return None
    user = load_backend(backend).get_user(session[SESSION_KEY])
    if not isinstance(user, User) or not user.is_active:
        return None
    valid = [user.get_session_auth_hash(), *user.get_session_auth_fallback_hash()]
    return user if any(constant_time_compare(made_under, one) for one in valid) else None


def same_origin(scope: dict[str, Any]) -> bool:
    """Whether the page that opens the socket came from this very host and port.

    A cookie does not know ports, so the host alone would let another program on this machine in.
    """
    headers = {name: value.decode("latin-1") for name, value in scope.get("headers", [])}
    origin, host = headers.get(b"origin", ""), headers.get(b"host", "")
    return bool(host) and urlsplit(origin).netloc.lower() == host.lower()
