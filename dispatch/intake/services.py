"""Writes of intake: take an upload in, map its columns anew, load a gazetteer, say where an address is."""

import hashlib
from collections.abc import Mapping
from datetime import datetime
from typing import Any

import msgspec

from dispatch.fleet.models import Hub
from dispatch.intake.faults import Unreadable
from dispatch.intake.gazetteer_files import read_gazetteer
from dispatch.intake.geocoding.answers import PERSON, Answer, Wanted
from dispatch.intake.geocoding.memory import remember
from dispatch.intake.models import GazetteerPlace, ShipmentUpload
from dispatch.intake.options import Options
from dispatch.intake.reading import facts_of, open_upload
from dispatch.intake.sheets import open_table
from dispatch.shipments.authors import Author
from dispatch.shipments.commands import CorrectAddress
from dispatch.shipments.models import ShipmentState
from dispatch.shipments.services import execute
from dispatch.shipments.state import State
from tracker.tenants.models import User

LONGEST_NAME = 200
BATCH = 5_000


class NothingToRead(Exception):
    """The upload cannot be read again: its file is gone, or it is being read."""


def take_upload(
    environment_id: int,
    content: bytes,
    options: Options,
    *,
    file_name: str,
    hub: Hub | None,
    author: Author,
    by: User | None,
) -> ShipmentUpload:
    """Store a file to be read by the planner; the upload. Its heading is looked at now, so that a file that cannot be
    read says so at once; then the upload is FAILED, and its `problem` says why.

    The very same file, while it waits or is being read, is the same upload: a second click does no harm.
    """
    digest = hashlib.sha256(content).digest()
    raw = msgspec.to_builtins(options)
    rows = ShipmentUpload.objects.for_environment(environment_id)
    waiting = rows.filter(sha256=digest, state__in=["waiting", "reading"], hub=hub).order_by("pk")
    for known in waiting:
        if known.options == raw:
            return known
    facts, problem = _first_look(content, options)
    return ShipmentUpload.objects.create(
        environment_id=environment_id,
        hub=hub,
        file_name=clean_name(file_name),
        sha256=digest,
        content=content,
        options=raw,
        facts=facts,
        author=msgspec.to_builtins(author),
        state=ShipmentUpload.State.FAILED if problem else ShipmentUpload.State.WAITING,
        problem=problem,
        total_rows=facts.get("total"),
        uploaded_by=by,
    )


def map_columns(upload: ShipmentUpload, columns: Mapping[str, str]) -> ShipmentUpload:
    """Read a file that could not be read, with its columns as a person says. Raises NothingToRead."""
    options = msgspec.convert(upload.options, Options)
    options = msgspec.structs.replace(options, columns=dict(columns))
    content = bytes(upload.content or b"")
    if not content:
        raise NothingToRead
    facts, problem = _first_look(content, options)
    rows = ShipmentUpload.objects.for_environment(upload.environment_id)
    changed = rows.filter(pk=upload.pk, state=ShipmentUpload.State.FAILED, rows=0).update(
        options=msgspec.to_builtins(options),
        facts=facts,
        problem=problem,
        total_rows=facts.get("total"),
        state=ShipmentUpload.State.FAILED if problem else ShipmentUpload.State.WAITING,
        finished_at=None,
    )
    if not changed:
        raise NothingToRead
    upload.refresh_from_db()
    return upload


def load_gazetteer(environment_id: int, content: bytes) -> tuple[int, list[str]]:
    """Add the places of a CSV or workbook to the list; what is there already is brought up to date.

    How many places there were in the file, and why some rows were left out. Raises Unreadable.
    """
    places, problems = read_gazetteer(content)
    for start in range(0, len(places), BATCH):
        GazetteerPlace.objects.for_environment(environment_id).bulk_create(
            [
                GazetteerPlace(environment_id=environment_id, **msgspec.structs.asdict(place))
                for place in places[start : start + BATCH]
            ],
            update_conflicts=True,
            unique_fields=["environment", "folded", "postcode", "locality"],
            update_fields=["name", "longitude", "latitude", "precision"],
        )
    return len(places), problems


def clear_gazetteer(environment_id: int) -> int:
    """Forget the list; how many places it held. Places of shipments stay as they are."""
    return GazetteerPlace.objects.for_environment(environment_id).delete()[0]


def point_at(
    shipment: ShipmentState,
    longitude: float,
    latitude: float,
    *,
    address: str | None,
    author: Author,
    now: datetime,
    for_address: bool = True,
) -> State:
    """A person says where a shipment goes. With `for_address` the address is remembered: every later shipment to it
    goes there too, whatever a geocoder says. Raises what `execute` raises."""
    command = CorrectAddress(
        place_by=PERSON,
        longitude=longitude,
        latitude=latitude,
        confidence=1.0,
        address=address if address is not None else msgspec.UNSET,
    )
    state = execute(shipment.environment_id, shipment.shipment_id, command, author=author, now=now)
    if for_address and state.address:
        said = Answer(longitude, latitude, 1.0, state.address, PERSON)
        remember(shipment.environment_id, PERSON, [(Wanted(state.address), said)], now=now)
    return state


def clean_name(file_name: str) -> str:
    """The name of a file without its folders and without what nobody sees."""
    bare = file_name.replace("\\", "/").rsplit("/", 1)[-1]
    return "".join(char for char in bare if char.isprintable())[:LONGEST_NAME] or "upload"


def _first_look(content: bytes, options: Options) -> tuple[dict[str, Any], str]:
    """What the heading shows, and why the file cannot be read (empty: it can)."""
    try:
        opened = open_upload(content, options)
    except Unreadable as why:
        return {"headings": _headings(content, options)}, str(why)[:500]
    total = opened.table.total
    return facts_of(opened) | {"total": max(0, total - opened.above) if total is not None else None}, ""


def _headings(content: bytes, options: Options) -> list[str]:
    """The first row with two cells or more, to be mapped by a person; none where not even that can be read."""
    try:
        for _, row in open_table(content, encoding=options.encoding, delimiter=options.delimiter).rows:
            cells = [cell.strip()[:60] for cell in row if cell.strip()]
            if len(cells) > 1:
                return cells[:100]
    except Unreadable:
        pass
    return []
