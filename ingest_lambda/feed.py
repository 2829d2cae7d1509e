"""What the doors know of the database: limits, bounds, units and revoked keys, in one document.

The console writes it (`tracker/limits/feed.py`). A door fetches it only when its version is new (`feed_redis.py`,
`feed_s3.py`), and opens an environment's facts when it first needs them: ten thousand environments are some 2 MB,
read in a few milliseconds.
"""

from __future__ import annotations

import logging
from collections.abc import Container

import msgspec

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
    intake: str = "open"  # "stopped": a cap is reached, and doors let no reports in; the consumer samples
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


_decode = msgspec.json.Decoder(_Document).decode
_decode_environment = msgspec.json.Decoder(EnvironmentFacts).decode
