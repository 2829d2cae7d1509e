"""The stops of many manifests as the board draws them, read with two queries."""

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from dispatch.manifests.models import Manifest, ManifestStop

Ms = int
FIELDS = (
    "uid", "manifest_id", "place", "state", "longitude", "latitude", "slot_from", "slot_to", "planned_arrival",
    "planned_departure", "eta_at", "miss_chance", "arrived_at", "finished_at", "shipment__uid",
    "shipment__external_id", "shipment__state_row__address", "shipment__state_row__recipient",
)  # fmt: skip


def ms(moment: datetime) -> Ms:
    """Epoch milliseconds."""
    return round(moment.timestamp() * 1000)


def stops_by_manifest(
    environment_id: int, manifests: Iterable[Manifest], *, now: datetime
) -> dict[int, list[dict[str, Any]]]:
    """The stops on each of these manifests in order, by its row number."""
    of = {manifest.pk: manifest for manifest in manifests}
    rows = ManifestStop.objects.for_environment(environment_id).filter(manifest__in=list(of))
    rows = rows.exclude(state=ManifestStop.State.REMOVED).order_by("manifest_id", "place")
    found: dict[int, list[dict[str, Any]]] = {}
    for row in rows.values(*FIELDS):
        doubts = _doubts(of[row["manifest_id"]])
        found.setdefault(row["manifest_id"], []).append(_stop(row, doubts, now))
    return found


def _doubts(manifest: Manifest) -> dict[str, str]:
    """Why single stops of it are doubtful, by the shipment's public id."""
    return {flag["shipment"]: str(flag.get("reason", "")) for flag in manifest.flags if flag.get("shipment")}


def _stop(row: dict[str, Any], doubts: dict[str, str], now: datetime) -> dict[str, Any]:
    shipment = f"shp_{row['shipment__uid'].hex}"
    is_open = row["state"] == ManifestStop.State.PLANNED
    begins, ends = _span(row, is_open)
    late_s = (begins - row["slot_to"]).total_seconds() if row["slot_to"] else 0
    return {
        "stop": f"stp_{row['uid'].hex}",
        "shipment": shipment,
        "name": row["shipment__external_id"] or shipment[:12],
        "place": row["place"],
        "state": row["state"],
        "open": is_open,
        "longitude": row["longitude"],
        "latitude": row["latitude"],
        "address": row["shipment__state_row__address"] or row["shipment__state_row__recipient"] or "",
        "slot": [ms(row["slot_from"]), ms(row["slot_to"])] if row["slot_from"] and row["slot_to"] else None,
        "at": ms(begins),
        "until": ms(ends),
        "late_s": max(0, round(late_s)),
        "miss": row["miss_chance"],
        "doubt": doubts.get(shipment, ""),
    }


def _span(row: dict[str, Any], is_open: bool) -> tuple[datetime, datetime]:
    """When the visit is, as best known: as it was, as it is expected now, as it was planned."""
    length = row["planned_departure"] - row["planned_arrival"]
    if not is_open and row["arrived_at"]:
        begins = row["arrived_at"]
        return begins, max(row["finished_at"] or begins + length, begins)
    begins = row["eta_at"] or row["planned_arrival"]
    return begins, begins + length
