"""The store of events: reads whole histories, appends behind the number a writer saw. The only SQL on the events table.

A writer who was overtaken meets the unique constraint on the number; nothing is locked beforehand. Nothing here updates
or deletes: the database gives no such right.
"""

from collections import defaultdict
from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID, uuid4

import msgspec
from django.db import IntegrityError, connection, transaction
from msgspec import Struct

from dispatch.shipments.authors import Author
from dispatch.shipments.chain import BEGINNING, Link, hash_of
from dispatch.shipments.history import Known, fold
from dispatch.shipments.kinds import Event
from dispatch.shipments.personal import Personal, put_together, taken_apart
from dispatch.shipments.state import State
from dispatch.shipments.upcasters import lifted
from tracker.tenants.identifiers import public_id

# each by itself: joined, tables that have grown since they were last analysed are read in the worst order
SHIPMENTS = """
    SELECT s.id, s.uid, s.external_id, n.uid FROM dispatch_shipment s
    JOIN tracker_environment n ON n.id = s.environment_id
    WHERE s.environment_id = %s AND s.id = ANY(%s)
"""
EVENTS = """
    SELECT shipment_id, sequence, kind, version, data::text, occurred_at, recorded_at, hash
    FROM dispatch_shipmentevent WHERE environment_id = %s AND shipment_id = ANY(%s)
    ORDER BY shipment_id, sequence
"""
PERSONAL = """
    SELECT shipment_id, sequence, data::text
    FROM dispatch_personalpart WHERE environment_id = %s AND shipment_id = ANY(%s)
"""
STORED = """
    SELECT e.id, s.uid, s.external_id, n.uid, e.uid, e.sequence, e.kind, e.version, e.data::text, p.data::text, p.salt,
        e.author::text, e.occurred_at, e.recorded_at, e.request_id, e.previous_hash, e.hash
    FROM dispatch_shipmentevent e
    JOIN dispatch_shipment s ON s.id = e.shipment_id
    JOIN tracker_environment n ON n.id = e.environment_id
    LEFT JOIN dispatch_personalpart p ON p.environment_id = e.environment_id AND p.shipment_id = e.shipment_id
        AND p.sequence = e.sequence
    WHERE e.environment_id = %(environment)s
        AND (%(shipment)s::bigint IS NULL OR e.shipment_id = %(shipment)s)
        AND (%(events)s::bigint[] IS NULL OR e.id = ANY(%(events)s))
    ORDER BY e.shipment_id, e.sequence
"""
APPEND = """
    INSERT INTO dispatch_shipmentevent (uid, environment_id, shipment_id, sequence, kind, version, data, author,
        occurred_at, recorded_at, request_id, previous_hash, hash)
    SELECT r.uid, %s, r.shipment_id, r.sequence, r.kind, r.version, r.data, r.author, r.occurred_at, r.recorded_at,
        r.request_id, decode(r.previous, 'hex'), decode(r.hash, 'hex')
    FROM jsonb_to_recordset(%s::jsonb) AS r(uid uuid, shipment_id bigint, sequence integer, kind text,
        version smallint, data jsonb, author jsonb, occurred_at timestamptz, recorded_at timestamptz,
        request_id uuid, previous text, hash text)
    ORDER BY r.shipment_id, r.sequence
"""
KEEP = """
    INSERT INTO dispatch_personalpart (environment_id, shipment_id, sequence, salt, data)
    SELECT %s, r.shipment_id, r.sequence, r.salt, r.data
    FROM jsonb_to_recordset(%s::jsonb) AS r(shipment_id bigint, sequence integer, salt text, data jsonb)
"""
SEQUENCE = "shipment_event_sequence"  # the constraint


class Overtaken(Exception):
    """Somebody else appended behind the same event first. Nothing was written."""


class Parcel(Struct):
    """A shipment with its history, as read; what is appended goes behind `sequence`."""

    id: int
    public_id: str
    external_id: str | None
    environment: str
    history: list[Known]
    hash: bytes = BEGINNING  # of its newest event

    @property
    def sequence(self) -> int:
        """Of its newest event."""
        return self.history[-1].sequence if self.history else 0


class Appended(Struct, frozen=True):
    """An event as it was written."""

    shipment_id: int
    uid: UUID
    known: Known

    @property
    def public_id(self) -> str:
        return public_id("sev", self.uid)


class StoredEvent(Struct, frozen=True, kw_only=True):
    """An event with everything that is kept of it."""

    pk: int
    external_id: str | None  # of the shipment
    link: Link
    hash: bytes
    personal: Personal | None  # what is kept beside it; None: nothing was, or it is forgotten

    @property
    def event(self) -> Event:
        """In the form the program knows, whole."""
        whole = put_together(self.link.data, self.personal.data if self.personal else None)
        return lifted(self.link.kind, self.link.version, whole)

    @property
    def known(self) -> Known:
        """The same with its number and times, to be folded."""
        return Known(self.event, self.link.sequence, self.link.occurred_at, self.link.recorded_at)


class Writing(Struct, frozen=True, kw_only=True):
    """Who appends, and when they do; the same for all events of a request."""

    environment_id: int
    author: Author
    now: datetime
    request_id: UUID | None


def read(environment_id: int, shipment_ids: Collection[int]) -> dict[int, Parcel]:
    """The shipments of the environment with these row numbers, whole; one without events is not among them."""
    facts: list[Any] = [environment_id, sorted(set(shipment_ids))]
    with connection.cursor() as cursor:
        cursor.execute(SHIPMENTS, facts)
        found = {
            pk: Parcel(pk, public_id("shp", uid), external_id, public_id("env", environment), [])
            for pk, uid, external_id, environment in cursor.fetchall()
        }
        # before what lies beside them: of an event that is written in between, all of it is missing
        cursor.execute(EVENTS, facts)
        events = cursor.fetchall()
        cursor.execute(PERSONAL, facts)
        personal = {(pk, sequence): msgspec.json.decode(data) for pk, sequence, data in cursor.fetchall()}
    for pk, sequence, kind, version, data, occurred_at, recorded_at, digest in events:
        parcel = found.get(pk)
        if parcel is not None:
            whole = put_together(msgspec.json.decode(data), personal.get((pk, sequence)))
            parcel.history.append(Known(lifted(kind, version, whole), sequence, occurred_at, recorded_at))
            parcel.hash = bytes(digest)
    return {pk: parcel for pk, parcel in found.items() if parcel.history}


def stored(
    environment_id: int, *, shipment_id: int | None = None, events: Sequence[int] | None = None
) -> list[StoredEvent]:
    """The events of one shipment by number, or those with these row numbers."""
    facts = {
        "environment": environment_id,
        "shipment": shipment_id,
        "events": list(events) if events is not None else None,
    }
    with connection.cursor() as cursor:
        cursor.execute(STORED, facts)
        return [_stored(row) for row in cursor.fetchall()]


class Draft(Struct):
    """What is to be appended, of many shipments; written with `write` at once."""

    writing: Writing
    rows: list[dict[str, Any]]
    personal: list[dict[str, Any]]
    appended: list[Appended]

    def add(self, parcel: Parcel, events: Sequence[Event], occurred_at: datetime) -> None:
        """Put events behind the newest of a shipment."""
        for event in events:
            self._add(parcel, event, occurred_at)

    def _add(self, parcel: Parcel, event: Event, occurred_at: datetime) -> None:
        data, personal = taken_apart(event)
        # clocks of two machines differ; what is known of one shipment becomes known in the order of its numbers
        recorded_at = max([self.writing.now, *(known.recorded_at for known in parcel.history[-1:])])
        link = Link(
            environment=parcel.environment,
            shipment=parcel.public_id,
            uid=uuid4(),
            sequence=parcel.sequence + 1,
            kind=type(event).__name__,
            version=type(event).VERSION,
            data=data,
            author=msgspec.structs.asdict(self.writing.author),
            occurred_at=occurred_at,
            recorded_at=recorded_at,
            request_id=self.writing.request_id,
            previous=parcel.hash,
        )
        parcel.hash = hash_of(link)
        known = Known(event, link.sequence, occurred_at, recorded_at)
        parcel.history.append(known)
        self.rows.append(_row(link, parcel))
        self.appended.append(Appended(parcel.id, link.uid, known))
        if personal is not None:
            place = {"shipment_id": parcel.id, "sequence": link.sequence}
            self.personal.append(place | {"salt": personal.salt, "data": personal.data})

    def write(self) -> None:
        """Append it all or nothing. Raises Overtaken."""
        if not self.rows:
            return
        environment = self.writing.environment_id
        try:
            with transaction.atomic(), connection.cursor() as cursor:
                cursor.execute(APPEND, [environment, _text(self.rows)])
                if self.personal:
                    cursor.execute(KEEP, [environment, _text(self.personal)])
        except IntegrityError as error:
            if getattr(getattr(error.__cause__, "diag", None), "constraint_name", "") == SEQUENCE:
                raise Overtaken from None
            raise


def state_of(parcel: Parcel) -> State:
    """What its events say it is now."""
    return fold(parcel.history)


def draft(writing: Writing) -> Draft:
    """An empty one."""
    return Draft(writing, [], [], [])


def grouped(appended: Sequence[Appended]) -> dict[int, list[Appended]]:
    """By shipment, in order."""
    found: dict[int, list[Appended]] = defaultdict(list)
    for one in appended:
        found[one.shipment_id].append(one)
    return found


def _stored(row: tuple[Any, ...]) -> StoredEvent:
    (
        pk,
        shipment,
        external_id,
        environment,
        uid,
        sequence,
        kind,
        version,
        data,
        personal,
        salt,
        author,
        *rest,
    ) = row
    occurred_at, recorded_at, request_id, previous, own = rest
    link = Link(
        environment=public_id("env", environment),
        shipment=public_id("shp", shipment),
        uid=uid,
        sequence=sequence,
        kind=kind,
        version=version,
        data=msgspec.json.decode(data),
        author=msgspec.json.decode(author),
        occurred_at=occurred_at,
        recorded_at=recorded_at,
        request_id=request_id,
        previous=bytes(previous),
    )
    kept = Personal(salt, msgspec.json.decode(personal)) if personal else None
    return StoredEvent(pk=pk, external_id=external_id, link=link, hash=bytes(own), personal=kept)


def _row(link: Link, parcel: Parcel) -> dict[str, Any]:
    names = (
        "uid",
        "sequence",
        "kind",
        "version",
        "data",
        "author",
        "occurred_at",
        "recorded_at",
        "request_id",
    )
    facts = {name: getattr(link, name) for name in names}
    return facts | {"shipment_id": parcel.id, "previous": link.previous.hex(), "hash": parcel.hash.hex()}


def _text(rows: list[dict[str, Any]]) -> str:
    return msgspec.json.encode(rows).decode()
