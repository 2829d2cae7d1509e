"""Names to addresses for webhooks, and the sockets they are sent through: nothing connects to a private address.

Two doors, one rule (`guard.refusal_of`). The resolver refuses a whole name when one of its addresses is not public,
for such a name is a mistake or a trick. The socket is refused again at the moment of connecting: that one also sees
addresses written into URLs, and it does not matter what a name meant a moment before.
"""

import asyncio
import socket
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

from aiohttp.abc import AbstractResolver, ResolveResult

from tracker.webhooks.guard import ForbiddenAddress, refusal_of

THREADS = (
    64  # names whose servers do not answer hold one each for half a minute, and must not hold up the others
)
KNOWN_FOR_S = 10.0
MOST_KNOWN = 5_000
AddrInfo = tuple[
    int | socket.AddressFamily, int | socket.SocketKind, int, str, tuple[str, int] | tuple[str, int, int, int]
]
Lookup = Callable[[str], list[str]]


def look_up(host: str) -> list[str]:
    """The addresses of a name, as the machine's own resolver says. Raises OSError."""
    found = socket.getaddrinfo(host, None, type=socket.SOCK_STREAM)
    return list(dict.fromkeys(str(info[4][0]) for info in found))


class GuardedResolver(AbstractResolver):
    """Looks names up in threads of its own; whoever asks for the same name meanwhile waits for the same answer."""

    def __init__(self, *, allow_private: bool, lookup: Lookup = look_up) -> None:
        self._allow_private = allow_private
        self._lookup = lookup
        self._threads = ThreadPoolExecutor(THREADS, "webhook-names")
        self._asked: dict[str, asyncio.Future[list[str]]] = {}
        self._known: dict[str, tuple[float, list[str]]] = {}

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_UNSPEC
    ) -> list[ResolveResult]:
        """Every address of the name. Raises OSError; ForbiddenAddress where one of them is not public."""
        addresses = await self._addresses(host)
        if not self._allow_private:
            for address in addresses:
                if why := refusal_of(address):
                    raise ForbiddenAddress(f"the name leads to {address}, which {why}")
        return [
            ResolveResult(
                hostname=host,
                host=address,
                port=port,
                family=socket.AF_INET6 if ":" in address else socket.AF_INET,
                proto=socket.IPPROTO_TCP,
                flags=socket.AI_NUMERICHOST,
            )
            for address in addresses
        ]

    async def _addresses(self, host: str) -> list[str]:
        until, addresses = self._known.get(host, (0.0, []))
        if until > time.monotonic():
            return addresses
        asked = self._asked.get(host)
        if asked is None:
            loop = asyncio.get_running_loop()
            asked = self._asked[host] = loop.run_in_executor(self._threads, self._lookup, host)
            asked.add_done_callback(lambda _: self._asked.pop(host, None))
        addresses = await asyncio.shield(asked)  # whoever gives up must not end the others' wait
        if len(self._known) >= MOST_KNOWN:
            self._known.clear()
        self._known[host] = (time.monotonic() + KNOWN_FOR_S, addresses)
        return addresses

    async def close(self) -> None:
        self._threads.shutdown(wait=False, cancel_futures=True)


def guarded_socket(info: AddrInfo) -> socket.socket:
    """A socket for one connection to that address. Raises ForbiddenAddress where no webhook may go there."""
    address = str(info[4][0])
    if why := refusal_of(address):
        raise ForbiddenAddress(f"{address} {why}")
    return open_socket(info)


def open_socket(info: AddrInfo) -> socket.socket:
    """A socket for one connection, wherever it goes: for development."""
    family, kind, protocol, _, _ = info
    made = socket.socket(family, kind, protocol)
    made.setblocking(False)
    return made
