"""A shipment typed into a form, or sent to the API: completed by the same rules as the rows of a file."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from msgspec.structs import replace

from dispatch.fleet.models import Hub
from dispatch.fleet.zoning import hub_for
from dispatch.intake.cells import Wrong
from dispatch.intake.coordinates import judge
from dispatch.intake.delivering import Hubs
from dispatch.intake.headings import Headings
from dispatch.intake.options import KEEP, Options
from dispatch.intake.rows import LEFT_OUT, RowReader
from dispatch.intake.settling import Settler
from dispatch.shipments.announcing import NewShipment
from dispatch.shipments.authors import Author
from dispatch.shipments.commands import Create, LeaveNote
from dispatch.shipments.models import Shipment
from dispatch.shipments.services import Created, Refused, create, execute
from tracker.tenants.models import Environment


@dataclass
class Made:
    """What became of a typed shipment: its public id, or what is wrong with which field."""

    public_id: str = ""
    faults: list[tuple[str, str]] = field(default_factory=list)  # field and reason
    warnings: list[tuple[str, str]] = field(default_factory=list)
    was_there: bool = False


def announce_typed(
    environment: Environment, texts: Mapping[str, str], *, hub: Hub | None, author: Author, now: datetime
) -> Made:
    """Announce one shipment whose fields were typed; the names of the fields are those of `columns.py`."""
    names = tuple(texts)
    headings = Headings({name: at for at, name in enumerate(names)}, texts=names)
    options = Options(past_slots=KEEP if texts.get("keep_past") else "refuse")
    reader = RowReader(headings, options)
    draft = reader.read(1, [texts[name] for name in names])
    [row] = Settler(environment, reader, options, hub.pk if hub else None).settle([draft], now=now)
    made = Made()
    for fault in draft.faults.found:
        wrong = fault.refused or fault.reason.endswith(LEFT_OUT)  # who types can mend it at once
        listed = made.faults if wrong else made.warnings
        listed.append((fault.column, fault.reason.removesuffix(LEFT_OUT)))
    if made.faults:
        return made
    new = NewShipment(row.create(), draft.external_id if draft.own_id else None)
    [result] = create(environment.pk, [new], author=author, now=now)
    if isinstance(result, Refused):
        made.faults = [(fault.field, fault.reason) for fault in result.faults]
        return made
    made.public_id, made.was_there = result.public_id, not isinstance(result, Created)
    if draft.note and isinstance(result, Created):
        execute(environment.pk, result.shipment_id, LeaveNote(note=draft.note), author=author, now=now)
    return made


def completed(environment: Environment, wanted: Sequence[NewShipment]) -> list[NewShipment]:
    """Shipments of the API with what their sender left out: the hub of their delivery zone, and a doubt about places
    that cannot be meant. Needs the environment's scope. A few small queries, however many there are."""
    if not wanted:
        return []
    hubs = Hubs(environment.pk)
    by_id = {hub.public_id: hub for hub in hubs.known.values()}
    known = _known(environment.pk, wanted)  # they keep their hub, whatever zones there are by now
    placed = [
        one.create
        for one in wanted
        if one.create.longitude is not None and one.create.hub is None and one.external_id not in known
    ]
    places = [(one.longitude or 0.0, one.latitude or 0.0) for one in placed]
    zones = dict(zip(map(id, placed), hub_for(environment, places) if places else [], strict=True))
    found = []
    for one in wanted:
        named = by_id.get(one.create.hub or "") or hubs.of(zones.get(id(one.create)))
        doubtful = one.create.doubtful or _is_doubtful(one.create, hubs.places(named))
        hub = one.create.hub or (named.public_id if named else None)
        found.append(NewShipment(replace(one.create, hub=hub, doubtful=doubtful), one.external_id))
    return found


def _known(environment_id: int, wanted: Sequence[NewShipment]) -> set[str | None]:
    ids = [one.external_id for one in wanted if one.external_id is not None and one.create.hub is None]
    rows = Shipment.objects.for_environment(environment_id).filter(external_id__in=ids) if ids else None
    return set(rows.values_list("external_id", flat=True)) if rows is not None else set()


def _is_doubtful(create_: Create, hubs: Sequence[tuple[float, float]]) -> bool:
    if create_.longitude is None or create_.latitude is None:
        return False
    try:
        spot = judge(create_.latitude, create_.longitude, hubs)
    except Wrong:
        return False  # refused by name a moment later
    return bool(spot.doubt)
