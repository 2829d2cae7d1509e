"""What the tests of the edge stand on: an environment, and fixes, envelopes and stretches made for it."""

import itertools
import os
import uuid
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import psycopg

from ingest_lambda.batch import Record
from ingest_lambda.consume import Place, Stretch, open_record
from ingest_lambda.report import DeviceInfo, Envelope, PositionReport, RefusedPosition, encode

SECOND = 1_000_000
HOUR = 3600 * SECOND
_entries = itertools.count(1)


def fix(at_us: int, longitude: float = 4.9, latitude: float = 52.37, **facts: Any) -> PositionReport:
    """A fix in Amsterdam unless said otherwise."""
    return PositionReport(at_us, longitude, latitude, **facts)


@dataclass
class Ground:
    """An environment with one publishable key, and what is stored in it, read as the owner."""

    owner: psycopg.Connection[tuple[Any, ...]]
    tenant_id: int
    environment_id: int
    key_id: int
    now_us: int
    lane: str = field(default_factory=lambda: f"loc:{next(_entries) + 100}")

    @classmethod
    def make(cls, owner: psycopg.Connection[tuple[Any, ...]]) -> "Ground":
        """A tenant, an environment and a key, by SQL: the edge knows no models."""
        with owner.transaction():
            owner.execute("SELECT set_config('milepost.unscoped', 'test', true)")
            tenant = _id(
                owner.execute(
                    """INSERT INTO tracker_tenant (uid, name, created_at)
                    VALUES (gen_random_uuid(), 'edge', now()) RETURNING id"""
                )
            )
            environment = _id(
                owner.execute(
                    """INSERT INTO tracker_environment
                    (uid, tenant_id, name, kind, retention_days, accuracy_bound_m, speed_bound_mps, created_at)
                    VALUES (gen_random_uuid(), %s, 'test', 'test', 90, 50, 100, now()) RETURNING id""",
                    (tenant,),
                )
            )
            key = _id(
                owner.execute(
                    """INSERT INTO tracker_key (uid, tenant_id, environment_id, kind, name, hint, sha256, created_at)
                    VALUES (gen_random_uuid(), %s, %s, 'pk', '', '', %s, now()) RETURNING id""",
                    (tenant, environment, os.urandom(32)),
                )
            )
            now = owner.execute("SELECT (extract(epoch FROM now()) * 1000000)::bigint").fetchone()
        assert now is not None
        return cls(owner, tenant, environment, key, now[0])

    def envelope(
        self,
        device: str,
        positions: Sequence[PositionReport],
        *,
        info: DeviceInfo | None = None,
        refused: Sequence[RefusedPosition] = (),
        received_at_us: int | None = None,
    ) -> Envelope:
        """What the porch would have put on the stream."""
        return Envelope(
            *(1, self.environment_id, self.key_id, device, info, received_at_us or self.now_us),
            *(uuid.uuid4().bytes, None, "http", list(positions), list(refused)),
        )

    def stretch(
        self, envelopes: Sequence[Envelope | bytes], start: Place | None = None, lane: str = ""
    ) -> Stretch:
        """One entry of the lane, behind what is stored."""
        lane = lane or self.lane
        entry_id = f"{self.now_us // 1000}-{next(_entries)}"
        data = [one if isinstance(one, bytes) else encode(one) for one in envelopes]
        units = [open_record(Record(lane, entry_id, index, one)) for index, one in enumerate(data)]
        return Stretch(lane, start or self.progress(lane), Place(entry_id, len(units)), units)

    def progress(self, lane: str = "") -> Place:
        """How far the lane is stored."""
        rows = self.rows(
            "SELECT entry_id, entry_index FROM tracker_streamprogress WHERE lane = %s", lane or self.lane
        )
        return Place(*rows[0]) if rows else Place("0-0", 0)

    def rows(self, sql: str, *values: object) -> list[tuple[Any, ...]]:
        """Rows as the owner sees them."""
        with self.owner.transaction():
            self.owner.execute("SELECT set_config('milepost.unscoped', 'test', true)")
            return self.owner.execute(sql, values).fetchall()

    def change(self, sql: str, *values: object) -> int:
        """A change as the owner; how many rows."""
        with self.owner.transaction():
            self.owner.execute("SELECT set_config('milepost.unscoped', 'test', true)")
            return self.owner.execute(sql, values).rowcount

    def outcomes(self) -> dict[str, int]:
        """Counts by "outcome reason"."""
        found = self.rows(
            """SELECT trim(outcome || ' ' || reason), sum(count)::int FROM tracker_outcomecount
            WHERE environment_id = %s GROUP BY 1""",
            self.environment_id,
        )
        return dict(found)

    def positions(self, device: str) -> list[tuple[int, float, float]]:
        """The history of a device: epoch microseconds, longitude, latitude."""
        return self.rows(
            """SELECT (extract(epoch FROM recorded_at) * 1000000)::bigint, ST_X(location), ST_Y(location)
            FROM tracker_position p JOIN tracker_device d ON d.id = p.device_id
            WHERE p.environment_id = %s AND d.external_id = %s ORDER BY recorded_at""",
            self.environment_id,
            device,
        )

    def marker(self, device: str) -> tuple[Any, ...] | None:
        """Where the marker of a device stands: epoch microseconds, longitude, latitude, suspects."""
        found = self.rows(
            """SELECT (extract(epoch FROM recorded_at) * 1000000)::bigint, longitude, latitude, suspect_count
            FROM tracker_devicestate s JOIN tracker_device d ON d.id = s.device_id
            WHERE s.environment_id = %s AND d.external_id = %s""",
            self.environment_id,
            device,
        )
        return found[0] if found else None


def _id(cursor: psycopg.Cursor[tuple[Any, ...]]) -> int:
    row = cursor.fetchone()
    assert row is not None
    return int(row[0])
