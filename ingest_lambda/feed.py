"""What the doors know of the database: limits, bounds, units and revoked keys, polled from one document.

The console writes it (`tracker/limits/feed.py`). A door asks for its version every POLL_S seconds, fetches it
only when that is new, and opens an environment's facts when it first needs them: ten thousand environments are
some 2 MB, read in a few milliseconds.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Container
from typing import Any

import msgspec

from ingest_lambda.stream.resp import RedisConnection

DOCUMENT, VERSION = "edge:feed", "edge:feed:version"  # keys in Redis, written together
POLL_S = 2.0

log = logging.getLogger(__name__)


class EnvironmentFacts(msgspec.Struct, frozen=True):
    """What a door must know of one environment. Bounds in metres and metres a second, limits a second.

    `speed_units` names the unit that a device's speeds really are in, by its external id, where its owner said so.
    """

    tenant: int
    accuracy_bound_m: float
    speed_bound_mps: float
    retention_days: int
    reports_per_second: float
    key_reports_per_second: float
    registrations_per_second: float
    speed_units: dict[str, str] = {}


class TenantFacts(msgspec.Struct, frozen=True):
    """What a door must know of one customer."""

    reports_per_second: float


class _Document(msgspec.Struct):
    version: str
    made_at: float
    revoked_keys: list[int]
    tenants: dict[str, TenantFacts]
    environments: dict[str, msgspec.Raw]  # opened one by one, when a door first needs them


class BadFeed(ValueError):
    """Bytes that are no feed; the message says why."""


class Revoked(Container[int]):
    """The ids of revoked keys as the feed knows them now."""

    def __init__(self) -> None:
        self._ids: frozenset[int] = frozenset()

    def __contains__(self, key_id: object) -> bool:
        return key_id in self._ids

    def __len__(self) -> int:
        return len(self._ids)

    def learn(self, ids: list[int]) -> None:
        """From now on these."""
        self._ids = frozenset(ids)


class Feed:
    """The last document that could be read. Before the first nothing is revoked and no limit is known.

    The consumer checks each key once more in the database, so a door without a feed lets nothing in for good.
    """

    def __init__(self) -> None:
        self.revoked = Revoked()
        self.version = ""
        self.made_at = 0.0  # epoch seconds at which the console wrote it; 0 before the first
        self._tenants: dict[str, TenantFacts] = {}
        self._closed: dict[str, msgspec.Raw] = {}
        self._environments: dict[int, EnvironmentFacts | None] = {}

    def environment(self, environment_id: int) -> EnvironmentFacts | None:
        """What is known of an environment; None where the feed does not name it."""
        try:
            return self._environments[environment_id]
        except KeyError:
            return self._open(environment_id)

    def tenant(self, tenant_id: int) -> TenantFacts | None:
        """What is known of a customer; None where the feed does not name it."""
        return self._tenants.get(str(tenant_id))

    def learn(self, document: bytes) -> None:
        """Take on a new document whole. Raises BadFeed, and then knows what it knew."""
        try:
            new = _decode(document)
        except (msgspec.MsgspecError, ValueError) as error:
            raise BadFeed(f"not a readable feed: {error}") from error
        self.revoked.learn(new.revoked_keys)
        self._tenants, self._closed, self._environments = new.tenants, new.environments, {}
        self.version, self.made_at = new.version, new.made_at

    def _open(self, environment_id: int) -> EnvironmentFacts | None:
        raw = self._closed.get(str(environment_id))
        if raw is None:
            return None  # not remembered: strangers' numbers must not fill the memory
        try:
            facts: EnvironmentFacts | None = _decode_environment(raw)
        except msgspec.MsgspecError as error:
            log.error(
                "an environment in the feed cannot be read",
                extra={"environment_id": environment_id, "reason": str(error)},
            )
            facts = None
        self._environments[environment_id] = facts
        return facts


class RedisFeed(Feed):
    """A feed that follows the document in Redis. A look that fails keeps what is known: the door stays open.

    `looked_at` is the loop's time of the last good look, None before the first.
    """

    def __init__(self, url: str) -> None:
        super().__init__()
        self._url = url
        self._connection: RedisConnection | None = None
        self.looked_at: float | None = None

    async def look(self) -> bool:
        """Look once; whether something was new. Raises what the connection raises, or BadFeed."""
        try:
            if self._connection is None:
                self._connection = await RedisConnection.open(self._url)
            version = await self._ask(VERSION)
            new = version is not None and version.decode() != self.version
            document = await self._ask(DOCUMENT) if new else None
        except BaseException:
            self.close()
            raise
        if document is not None:
            self.learn(document)
        self.looked_at = asyncio.get_running_loop().time()
        return document is not None

    async def keep_looking(self) -> None:
        """Look every POLL_S seconds, for ever."""
        failing = False
        while True:
            try:
                await self.look()
                failing = False
            except Exception as error:
                if not failing:
                    log.warning(
                        "the feed could not be read, keeping what is known", extra={"reason": str(error)}
                    )
                failing = True
            await asyncio.sleep(POLL_S)

    def close(self) -> None:
        """Let go of the connection."""
        if self._connection is not None:
            self._connection.close()
            self._connection = None

    async def _ask(self, key: str) -> Any:
        if self._connection is None:
            raise ConnectionError("the connection to Redis is closed")
        return await asyncio.wait_for(self._connection.execute("GET", key), POLL_S)


_decode = msgspec.json.Decoder(_Document).decode
_decode_environment = msgspec.json.Decoder(EnvironmentFacts).decode
