"""Asks a geocoding provider over HTTP: public addresses only, bounded in time and bytes, no redirect followed."""

import ssl
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import Any

import aiohttp
import msgspec
from yarl import URL

from dispatch.intake.geocoding.answers import NotNow
from tracker.webhooks.guard import BadUrl, ForbiddenAddress, check_url
from tracker.webhooks.resolver import GuardedResolver, Lookup, guarded_socket, look_up, open_socket

TIMEOUT_S = 10.0
LARGEST_ANSWER = 256 * 1024
NO_KEY = frozenset({401, 403})


class Asker:
    """Makes GET requests for JSON. Made by `asking`, in one event loop."""

    def __init__(self, session: aiohttp.ClientSession, user_agent: str, *, allow_private: bool) -> None:
        self._session, self._user_agent, self._allow_private = session, user_agent, allow_private

    async def get(self, url: str, query: Mapping[str, str]) -> Any:
        """The JSON of the answer. Raises NotNow for anything else, without the query: it holds addresses and keys."""
        try:
            check_url(url, allow_private=self._allow_private)
            headers = {
                "User-Agent": self._user_agent,
                "Accept": "application/json",
                "Accept-Encoding": "identity",
            }
            target = URL(url).update_query(query)
            async with self._session.get(target, headers=headers, allow_redirects=False) as answer:
                return await _json_of(answer)
        except BadUrl as error:
            raise NotNow(f"its URL {error}") from None
        except TimeoutError:
            raise NotNow(f"it gave no whole answer within {TIMEOUT_S:g} s") from None
        except ForbiddenAddress as error:
            raise NotNow(str(error)) from None
        except (aiohttp.ClientError, OSError, ValueError) as error:
            inner = getattr(error, "os_error", None) or error.__cause__
            said = (
                str(inner)
                if isinstance(inner, ForbiddenAddress)
                else f"no usable answer ({type(error).__name__})"
            )
            raise NotNow(said) from None


@asynccontextmanager
async def asking(user_agent: str, *, allow_private: bool, lookup: Lookup = look_up) -> AsyncIterator[Asker]:
    """An Asker for as long as the block lasts. `allow_private`: the server may stand in the operator's network."""
    connector = aiohttp.TCPConnector(
        resolver=GuardedResolver(allow_private=allow_private, lookup=lookup),
        use_dns_cache=False,
        limit=4,
        ssl=ssl.create_default_context(),
        socket_factory=open_socket if allow_private else guarded_socket,
    )
    timeout = aiohttp.ClientTimeout(total=TIMEOUT_S, connect=None)
    async with aiohttp.ClientSession(
        connector=connector,
        timeout=timeout,
        trust_env=False,
        auto_decompress=False,
        cookie_jar=aiohttp.DummyCookieJar(),
    ) as session:
        yield Asker(session, user_agent, allow_private=allow_private)


async def _json_of(answer: aiohttp.ClientResponse) -> Any:
    if answer.status in NO_KEY:
        raise NotNow(f"it refuses us ({answer.status}): is the key right, and may this server use it?")
    if answer.status != 200:
        raise NotNow(f"it answered {answer.status}")
    body = bytearray()
    while part := await answer.content.read(LARGEST_ANSWER + 1 - len(body)):
        body += part
        if len(body) > LARGEST_ANSWER:
            raise NotNow(f"its answer is larger than {LARGEST_ANSWER} bytes")
    try:
        return msgspec.json.decode(bytes(body))
    except (msgspec.DecodeError, RecursionError):
        raise NotNow("its answer is no JSON") from None
