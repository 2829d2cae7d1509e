"""The hubs that could deliver what a file announces: by id or name, their places, and the time zone of their slots."""

from collections.abc import Sequence
from dataclasses import dataclass
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from dispatch.fleet.models import Hub
from dispatch.intake.cells import Wrong
from dispatch.intake.headings import folded
from tracker.tenants.identifiers import public_id

UTC = ZoneInfo("UTC")


@dataclass(frozen=True, slots=True)
class KnownHub:
    """What reading a file needs of a hub."""

    pk: int
    public_id: str
    name: str
    zone: ZoneInfo
    place: tuple[float, float] | None  # longitude, latitude: its own, or its nearest ancestor's


class Hubs:
    """The hubs of an environment that are in use. Needs its scope when made."""

    def __init__(self, environment_id: int) -> None:
        rows = list(Hub.objects.for_environment(environment_id).filter(retired_at=None).order_by("pk"))
        by_key = {row.pk: row for row in rows}
        self.known = {row.pk: _known(row, by_key) for row in rows}
        self._named: dict[str, list[int]] = {}
        for row in rows:
            for text in {row.public_id, folded(row.name), folded(row.external_id or "")} - {""}:
                self._named.setdefault(text, []).append(row.pk)

    def find(self, text: str) -> KnownHub:
        """The hub a cell names: our id, its owner's id, or its name. Raises Wrong."""
        found = self._named.get(text) or self._named.get(folded(text)) or []
        if len(found) == 1:
            return self.known[found[0]]
        raise Wrong("is the name of two hubs: write its id" if found else "is no hub here, by id or by name")

    def of(self, pk: int | None) -> KnownHub | None:
        """The hub with that row number."""
        return self.known.get(pk) if pk is not None else None

    def zone_of(self, hub: KnownHub | None) -> tuple[ZoneInfo, bool]:
        """The zone of local times, and whether it is certain: without a hub, the one that all hubs share."""
        if hub is not None:
            return hub.zone, True
        zones = {one.zone for one in self.known.values()}
        return (zones.pop(), True) if len(zones) == 1 else (UTC, False)

    def places(self, hub: KnownHub | None) -> list[tuple[float, float]]:
        """From where a parcel of that hub sets out; of no hub, from any."""
        of = [hub] if hub is not None else list(self.known.values())
        return [one.place for one in of if one.place is not None]


def _known(row: Hub, by_key: dict[int, Hub]) -> KnownHub:
    at: Hub | None = row
    while at is not None and at.longitude is None:
        at = by_key.get(at.parent_id) if at.parent_id is not None else None
    place = (
        (at.longitude, at.latitude) if at and at.longitude is not None and at.latitude is not None else None
    )
    return KnownHub(row.pk, public_id("hub", row.uid), row.name, zone_named(row.timezone), place)


def zone_named(name: str) -> ZoneInfo:
    """The time zone; UTC for one this machine does not know."""
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError):
        return UTC


def hub_choices(hubs: Sequence[Hub]) -> list[tuple[str, str]]:
    """For a form's select."""
    return [(hub.public_id, hub.name) for hub in hubs]
