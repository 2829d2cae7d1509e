"""Makes one request to a customer's endpoint, and believes nothing of what comes back.

Bounded by time as a whole, by bytes of headers and of body; nothing is decompressed, no redirect followed, no cookie
kept, no proxy of the environment used.
"""

import ssl
from collections.abc import Mapping
from dataclasses import dataclass
from types import TracebackType
from typing import Self

import aiohttp
from yarl import URL

from tracker.webhooks.body import USER_AGENT
from tracker.webhooks.guard import BadUrl, ForbiddenAddress, check_url
from tracker.webhooks.resolver import GuardedResolver, Lookup, guarded_socket, look_up, open_socket

TIMEOUT_S = 15.0
KEPT_BYTES = 1024  # of an answer's body
LINE_BYTES = 8190  # of a status line or a header
# some servers close idle connections after two seconds: sending into one that is closing would fail for no reason
KEEP_ALIVE_S = 1.0


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back: a status and the beginning of the body, or why there was none."""

    status: int | None
    error: str = ""
    text: str = ""
    retry_after: str = ""

    @property
    def ok(self) -> bool:
        """Whether the endpoint took it: any 2xx."""
        return self.status is not None and 200 <= self.status < 300 and not self.error

    @property
    def gone(self) -> bool:
        """Whether it asks to be told nothing more."""
        return self.status == 410

    @property
    def summary(self) -> str:
        """In a few words, for a person."""
        return self.error or f"it answered {self.status}"


class Client:
    """An HTTP client for webhooks alone. Use as an async context manager, in one event loop."""

    def __init__(
        self, *, allow_private: bool, timeout_s: float = TIMEOUT_S, lookup: Lookup = look_up
    ) -> None:
        self._allow_private = allow_private
        self._timeout = aiohttp.ClientTimeout(total=timeout_s, connect=None)
        self._timeout_s = timeout_s
        self._lookup = lookup
        self._session: aiohttp.ClientSession | None = None

    async def __aenter__(self) -> Self:
        resolver = GuardedResolver(allow_private=self._allow_private, lookup=self._lookup)
        connector = aiohttp.TCPConnector(
            resolver=resolver,
            use_dns_cache=False,  # the resolver has its own, and judges what is in it
            limit=0,  # the deliverer bounds how many there are: waiting for a connection here would be unseen
            keepalive_timeout=KEEP_ALIVE_S,
            ssl=ssl.create_default_context(),
            socket_factory=open_socket if self._allow_private else guarded_socket,
        )
        self._session = aiohttp.ClientSession(
            connector=connector,
            timeout=self._timeout,
            trust_env=False,
            auto_decompress=False,
            cookie_jar=aiohttp.DummyCookieJar(),
            skip_auto_headers=("User-Agent", "Accept", "Accept-Encoding"),
            max_line_size=LINE_BYTES,
            max_field_size=LINE_BYTES,
        )
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._session is not None:
            await self._session.close()

    async def post(self, url: str, headers: Mapping[str, str], body: bytes) -> Answer:
        """POST `body`. Never raises for anything the other side does or is."""
        assert self._session is not None, "enter the client first"  # noqa: S101
        try:
            check_url(url, allow_private=self._allow_private)  # settings and rules may have changed since
            sent = {"User-Agent": USER_AGENT, "Accept": "*/*", "Accept-Encoding": "identity", **headers}
            target = URL(url, encoded=True)  # as it was typed and verified
            async with self._session.post(target, data=body, headers=sent, allow_redirects=False) as response:
                return await _answer(response)
        except BadUrl as error:
            return Answer(None, f"not sent: the URL {error}")
        except aiohttp.InvalidURL:
            return Answer(None, "not sent: the URL is none")
        except TimeoutError:
            return Answer(None, f"no whole answer within {self._timeout_s:g} s")
        except aiohttp.ClientConnectorCertificateError:
            return Answer(None, "its certificate is not valid for this name")
        except (aiohttp.ClientError, OSError, ValueError) as error:
            return Answer(None, _words(error))


async def _answer(response: aiohttp.ClientResponse) -> Answer:
    """Status and the first bytes; the rest is not waited for, and its connection is closed."""
    found = bytearray()
    while len(found) < KEPT_BYTES and (part := await response.content.read(KEPT_BYTES - len(found))):
        found += part
    text = bytes(found).decode("utf-8", "replace").replace("\0", "\N{REPLACEMENT CHARACTER}")
    status = response.status
    error = ""
    if 300 <= status < 400:
        error = f"it answered {status}, and redirects are not followed"
    elif not 200 <= status < 300:
        error = f"it answered {status}"
    return Answer(status, error, text, response.headers.get("Retry-After", "")[:100])


def _words(error: Exception) -> str:
    """What went wrong, without the URL, which may hold a secret of the receiver."""
    found: BaseException | None = error
    while found is not None:
        if isinstance(found, ForbiddenAddress):
            return f"not sent: {found}"
        found = getattr(found, "os_error", None) or found.__cause__
    if isinstance(error, aiohttp.ClientConnectorDNSError):
        return "its name could not be resolved"
    if isinstance(error, aiohttp.ClientSSLError):
        return "TLS could not be agreed on"
    if isinstance(error, aiohttp.ClientConnectorError):
        return f"no connection: {error.os_error.strerror or type(error.os_error).__name__}"
    if isinstance(error, aiohttp.ServerDisconnectedError):
        return "it closed the connection before it answered"
    return f"no usable answer ({type(error).__name__})"
