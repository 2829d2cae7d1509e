"""Sagas as the API shows them."""

from typing import Annotated, Any, Literal

from msgspec import Meta, Struct

from dispatch.sagas.models import Saga
from dispatch.sagas.selectors import Moment as Line
from dispatch.sagas.selectors import timeline_of
from tracker.http.times import Moment, moment_text

SagaKind = Literal["failed_delivery", "sla", "end_of_day", "driver_silent", "unconfirmed"]
SagaState = Literal["open", "done", "compensated", "stuck"]
SagaId = Annotated[str, Meta(examples=["sga_2b1c7d90a4f35e68c0d1b2a3948576fe"])]


class SagaDocument(Struct):
    """An exception that is followed to its end."""

    id: SagaId
    kind: SagaKind
    state: Annotated[
        SagaState,
        Meta(
            description="`compensated`: called off, and taken back. `stuck`: needs a person; see `problem`."
        ),
    ]
    subject: Annotated[
        str,
        Meta(description="Public id of the shipment, driver or hub it is about.", examples=["shp_2b1c7d90…"]),
    ]
    hub: Annotated[str | None, Meta(description="`hub_…`")]
    step: Annotated[str | None, Meta(description="The step that is next; null when it is over.")]
    due_at: Annotated[Moment | None, Meta(description="When that step is due, at the earliest.")]
    tries: Annotated[int, Meta(description="How often that step has failed.")]
    problem: str
    begun_at: Moment
    ended_at: Moment | None


class SagaPage(Struct):
    """Some sagas, newest first."""

    data: list[SagaDocument]
    next_cursor: Annotated[
        str | None, Meta(description="Pass as `cursor` for the next page; null on the last.")
    ]


class SagaLine(Struct):
    """A line of a timeline."""

    place: Annotated[
        Literal["taken", "undone", "end", "next", "stuck", "ahead"],
        Meta(
            description="`undone`: a step that was taken back. `ahead`: would follow, were nothing to happen."
        ),
    ]
    title: str
    outcome: str
    at: Moment | None


class SagaWithTimeline(SagaDocument):
    """A saga, what was done and what is to come."""

    timeline: list[SagaLine]
    data: Annotated[
        dict[str, Any], Meta(description="What its steps noted, such as a day's cash and counts.")
    ]


class CallOff(Struct, forbid_unknown_fields=True):
    """Why it is called off; an empty object says nothing."""

    note: Annotated[str, Meta(max_length=300)] = ""


class DayCount(Struct, forbid_unknown_fields=True):
    """What was counted at the end of a hub's day."""

    cash: Annotated[
        dict[str, int],
        Meta(
            description="What each driver handed in, in minor units, by driver and currency.",
            examples=[{"drv_2b1c7d90a4f35e68c0d1b2a3948576fe INR": 125000}],
        ),
    ] = {}
    missing: Annotated[
        list[str], Meta(description="Shipments that did not come back, `shp_…`.", examples=[[]])
    ] = []
    note: Annotated[str, Meta(max_length=300)] = ""


class SilentDriver(Struct):
    """A driver on a route who is not heard of."""

    driver: Annotated[str, Meta(description="`drv_…`")]
    name: str
    manifest: Annotated[str, Meta(description="`mft_…`")]
    hub: Annotated[str, Meta(description="`hub_…`")]
    heard_at: Moment
    saga: SagaId | None


class SilentDrivers(Struct):
    """All of them, the longest silent first."""

    data: list[SilentDriver]


class UnconfirmedShipment(Struct):
    """A shipment that is out for too long and not confirmed."""

    shipment: Annotated[str, Meta(description="`shp_…`")]
    external_id: str | None
    driver: Annotated[str | None, Meta(description="`drv_…`")]
    hub: Annotated[str | None, Meta(description="`hub_…`")]
    out_at: Moment | None


class UnconfirmedShipments(Struct):
    """Some of them, the newest announced first."""

    data: list[UnconfirmedShipment]
    next_cursor: str | None


HIDDEN = ("until", "earliest", "alerts", "manifest", "reminded")  # what the engine notes for itself


def saga_document(saga: Saga) -> SagaDocument:
    """A saga as the API shows it."""
    return SagaDocument(**_facts(saga))


def saga_with_timeline(saga: Saga) -> SagaWithTimeline:
    """The same with everything that was done."""
    lines = [_line(one) for one in timeline_of(saga)]
    data = {name: value for name, value in saga.data.items() if name not in HIDDEN}
    return SagaWithTimeline(**_facts(saga), timeline=lines, data=data)


def _facts(saga: Saga) -> dict[str, Any]:
    over = saga.ended_at is not None
    return {
        "id": saga.public_id,
        "kind": saga.kind,
        "state": saga.state,
        "subject": saga.subject,
        "hub": saga.hub.public_id if saga.hub else None,
        "step": None if over else saga.step,
        "due_at": moment_text(saga.due_at) if saga.due_at else None,
        "tries": saga.tries,
        "problem": saga.problem,
        "begun_at": moment_text(saga.begun_at),
        "ended_at": moment_text(saga.ended_at) if saga.ended_at else None,
    }


def _line(line: Line) -> SagaLine:
    at = moment_text(line.at) if line.at else None
    return SagaLine(line.place, line.title, line.outcome, at)  # type: ignore[arg-type]  # its places are the literal's
