"""Writes ShipmentState: what the events of a shipment say it is now. Nobody else writes that table.

A row never goes back: it is replaced only by one made of as many events or more. So a rebuild that read before a
command was written cannot undo what the command made of the row, whoever commits last.
"""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

import msgspec
from django.db import connection
from msgspec.structs import asdict

from dispatch.shipments.canonical import plain
from dispatch.shipments.models import ShipmentState
from dispatch.shipments.state import State
from tracker.tenants.identifiers import parse_id

COLUMNS = [field.column for field in ShipmentState._meta.local_fields]
RESOLVED = {"hub_id": "h.id", "driver_id": "d.id"}
PROJECT = f"""
    INSERT INTO dispatch_shipmentstate AS kept ({", ".join(COLUMNS)})
    SELECT {", ".join(RESOLVED.get(column, f"r.{column}") for column in COLUMNS)}
    FROM jsonb_array_elements(%(rows)s::jsonb) AS given(facts)
    CROSS JOIN LATERAL jsonb_populate_record(NULL::dispatch_shipmentstate, given.facts) AS r
    LEFT JOIN dispatch_hub h ON h.environment_id = %(environment)s AND h.uid = (given.facts->>'hub')::uuid
    LEFT JOIN dispatch_driver d ON d.environment_id = %(environment)s AND d.uid = (given.facts->>'driver')::uuid
    ORDER BY r.shipment_id
    ON CONFLICT (shipment_id) DO UPDATE
        SET ({", ".join(COLUMNS)}) = ({", ".join(f"excluded.{column}" for column in COLUMNS)})
        WHERE kept.sequence <= excluded.sequence
"""  # noqa: S608  names of columns only
NOT_SHOWN = {"picked_up", "on_road", "manifest_version", "forgotten", "hub", "driver", "manifest"}


def project(environment_id: int, states: Mapping[int, State]) -> None:
    """Write the rows of these shipments, by row number, in the running transaction."""
    if not states:
        return
    rows = [_row(environment_id, shipment_id, state) for shipment_id, state in sorted(states.items())]
    with connection.cursor() as cursor:
        cursor.execute(PROJECT, {"environment": environment_id, "rows": msgspec.json.encode(rows).decode()})


def _row(environment_id: int, shipment_id: int, state: State) -> dict[str, Any]:
    facts = {name: value for name, value in asdict(state).items() if name not in NOT_SHOWN}
    return facts | {
        "size": plain(state.size),  # in the form in which a replay finds it
        "metadata": plain(state.metadata),
        "shipment_id": shipment_id,
        "environment_id": environment_id,
        "hub": _uid("hub", state.hub),
        "driver": _uid("drv", state.driver),
        "manifest_uid": _uid("mft", state.manifest),
        "due_from": min((begin for begin, _ in state.slots), default=None),
        "due_to": max((end for _, end in state.slots), default=None),
    }


def _uid(prefix: str, text: str | None) -> str | None:
    uid: UUID | None = parse_id(prefix, text) if text else None
    return str(uid) if uid else None
