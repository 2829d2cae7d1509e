"""Whether what a caller names in moves is there at all: a name nobody has is no change that somebody made."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from typing import Any

from django.db.models import QuerySet

from dispatch.fleet.models import Driver
from dispatch.manifests.desk import Desk
from dispatch.manifests.errors import ManifestRefusal
from dispatch.manifests.models import Manifest
from dispatch.manifests.moves import Move
from dispatch.shipments.models import Shipment
from tracker.tenants.identifiers import BadIdentifier, parse_id


class NobodyHasThatName(ManifestRefusal):
    """A shipment, driver or manifest that the environment does not have."""

    code = "not_found"

    def __init__(self, kind: str, name: str) -> None:
        super().__init__(f"There is no {kind} {name[:60]!r} in this environment. Nothing was moved.")


class BadExpectation(ManifestRefusal):
    """`expected` says nothing of the day that is to be changed."""

    code = "bad_expected"


def require_there(
    environment_id: int, moves: Sequence[Move], expected: Mapping[str, int], service_date: date
) -> None:
    """Everything named is of this environment, and every manifest of this day.

    Raises NobodyHasThatName, BadExpectation.
    """
    shipments = [name for move in moves for name in (move.shipment, move.before) if name is not None]
    drivers = [move.to for move in moves if move.to is not None]
    drivers += [name for name in expected if name.startswith("drv_")]
    _require("shipment", "shp", shipments, Shipment.objects.for_environment(environment_id))
    _require("driver", "drv", drivers, Driver.objects.for_environment(environment_id))
    manifests = [name for name in expected if not name.startswith("drv_")]
    rows = Manifest.objects.for_environment(environment_id)
    _require("manifest", "mft", manifests, rows)
    for row in rows.filter(uid__in=[parse_id("mft", name) for name in manifests]).exclude(
        service_date=service_date
    )[:1]:
        raise BadExpectation(
            f"{row.public_id} in expected is of {row.service_date}, and the moves are of {service_date}."
        )


def require_all_expected(desk: Desk, moves: Sequence[Move], expected: Mapping[str, int]) -> None:
    """The driver whom a caller names in a move is one whose manifest they say they looked at. Raises BadExpectation."""
    for move in moves:
        if move.to in desk.orders and move.to not in expected and desk.key(move.to) not in expected:
            if move.to in desk.manifests:
                what = f"the revision of {move.to}'s manifest of that day, as GET /manifests?driver={move.to} says it"
            else:
                what = f"{move.to} with 0, for this driver has no manifest of that day"
            raise BadExpectation(f"Say in expected what you looked at: {what}. Nothing was moved.")


def _require(kind: str, prefix: str, names: Iterable[str], rows: QuerySet[Any]) -> None:
    wanted = {}
    for name in names:
        try:
            wanted[parse_id(prefix, name)] = name
        except BadIdentifier:
            raise NobodyHasThatName(kind, name) from None
    there = set(rows.filter(uid__in=list(wanted)).values_list("uid", flat=True))
    for uid, name in wanted.items():
        if uid not in there:
            raise NobodyHasThatName(kind, name)
