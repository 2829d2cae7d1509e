"""Reads of sagas: lists, one with its timeline, how many need looking at; who is silent and what is unconfirmed now."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import Count, Q, QuerySet

from dispatch.fleet.models import Driver, Hub
from dispatch.fleet.sight import SightOfHubs
from dispatch.planning.services import settings_of
from dispatch.sagas import scanning
from dispatch.sagas.catalogue import SAGAS
from dispatch.sagas.engine import ENDING
from dispatch.sagas.facts import rules_of
from dispatch.sagas.models import Saga, SagaStep
from dispatch.shipments.models import Shipment, ShipmentState
from tracker.tenants.identifiers import BadIdentifier, parse_id
from tracker.tenants.models import Environment

STANDING = (Saga.State.OPEN, Saga.State.STUCK)


@dataclass(frozen=True)
class Narrowing:
    """Which sagas are meant; what is empty narrows nothing. `standing`: open and stuck ones."""

    kind: str = ""
    state: str = ""
    subject: str = ""
    sight: SightOfHubs = None


def sagas_of(environment: Environment | int, narrowing: Narrowing | None = None) -> QuerySet[Saga]:
    """An environment's sagas; a limited member sees those of the hubs in sight."""
    wanted = narrowing or Narrowing()
    rows = Saga.objects.for_environment(environment).select_related("hub")
    if wanted.kind:
        rows = rows.filter(kind=wanted.kind)
    if wanted.state:
        rows = rows.filter(state__in=STANDING if wanted.state == "standing" else [wanted.state])
    if wanted.subject:
        rows = rows.filter(subject=wanted.subject)
    return rows if wanted.sight is None else rows.filter(hub__in=wanted.sight)


def saga_of(environment: Environment | int, public_id: str, sight: SightOfHubs = None) -> Saga | None:
    """The saga with that id, where it may be seen; None for any other text."""
    try:
        uid = parse_id("sga", public_id)
    except BadIdentifier:
        return None
    return sagas_of(environment, Narrowing(sight=sight)).filter(uid=uid).first()


@dataclass(frozen=True)
class Tally:
    """How many of one kind are under way, and how many of these are stuck."""

    kind: str
    title: str
    standing: int
    stuck: int


def counts_of(environment: Environment, sight: SightOfHubs) -> list[Tally]:
    """For every kind, also those of which there is none."""
    rows = sagas_of(environment, Narrowing(state="standing", sight=sight)).order_by()
    found = rows.values("kind").annotate(all=Count("pk"), stuck=Count("pk", filter=Q(state="stuck")))
    by_kind = {row["kind"]: row for row in found}
    nothing: dict[str, int] = {"all": 0, "stuck": 0}
    return [
        Tally(
            one.kind,
            one.title,
            by_kind.get(one.kind, nothing)["all"],
            by_kind.get(one.kind, nothing)["stuck"],
        )
        for one in SAGAS.values()
    ]


@dataclass(frozen=True)
class Moment:
    """A line of a timeline: a step that was taken or taken back, the one that is next, or one that may follow."""

    title: str
    outcome: str = ""
    at: datetime | None = None
    place: str = "taken"  # taken, undone, end, next, stuck, ahead


def timeline_of(saga: Saga) -> list[Moment]:
    """What happened in its order, then what is next and what would follow it."""
    definition = SAGAS.get(saga.kind)
    titles = {step.name: step.title for step in definition.steps} if definition else {}
    rows = SagaStep.objects.for_environment(saga.environment_id).filter(saga=saga).order_by("number")
    found = [_moment(row, titles) for row in rows]
    if saga.state not in STANDING:
        return found
    stuck = saga.state == Saga.State.STUCK
    found.append(
        Moment(
            titles.get(saga.step, saga.step),
            saga.problem,
            saga.due_at if not stuck else None,
            "stuck" if stuck else "next",
        )
    )
    names = list(titles)
    ahead = names[names.index(saga.step) + 1 :] if saga.step in names else []
    return found + [Moment(titles[name], place="ahead") for name in ahead]


def _moment(row: SagaStep, titles: dict[str, str]) -> Moment:
    if row.name == ENDING:
        return Moment("Settled", row.outcome, row.taken_at, "end")
    return Moment(
        titles.get(row.name, row.name), row.outcome, row.taken_at, "undone" if row.compensates else "taken"
    )


def silent_now(environment: Environment, sight: SightOfHubs, *, now: datetime) -> list[dict[str, Any]]:
    """Drivers on a route who are not heard of, the longest first: with their route and their saga."""
    rules = rules_of(settings_of(environment.pk))
    found = [
        one
        for one in scanning.silent_routes(environment.pk, rules, now)
        if sight is None or one.manifest.hub_id in sight
    ]
    sagas = _standing_of(environment, "driver_silent", [one.manifest.driver.public_id for one in found])
    return [
        {
            "driver": one.manifest.driver,
            "manifest": one.manifest,
            "hub": one.manifest.hub,
            "heard_at": one.heard_at,
            "saga": sagas.get(one.manifest.driver.public_id),
        }
        for one in sorted(found, key=lambda one: one.heard_at)
    ]


def unconfirmed_now(
    environment: Environment, sight: SightOfHubs, *, now: datetime
) -> QuerySet[ShipmentState]:
    """Shipments that are out for too long and not confirmed, with driver and hub."""
    rows = scanning.unconfirmed_states(environment.pk, rules_of(settings_of(environment.pk)), now)
    rows = rows.select_related("shipment", "driver", "hub")
    return rows if sight is None else rows.filter(hub__in=sight)


def _standing_of(environment: Environment, kind: str, subjects: list[str]) -> dict[str, Saga]:
    rows = Saga.objects.for_environment(environment).filter(
        kind=kind, state__in=STANDING, subject__in=subjects
    )
    return {row.subject: row for row in rows}


def names_of(environment: Environment | int, sagas: list[Saga]) -> dict[str, str]:
    """What people call the subjects of these sagas, by public id; those that are gone are left out."""
    found: dict[str, str] = {}
    uids: dict[str, list[Any]] = {"shp": [], "drv": [], "hub": []}
    for saga in sagas:
        prefix = saga.subject.partition("_")[0]
        if prefix in uids:
            uids[prefix].append(parse_id(prefix, saga.subject))
    for prefix, model in (("shp", Shipment), ("drv", Driver), ("hub", Hub)):
        if uids[prefix]:
            rows = model.objects.for_environment(environment).filter(uid__in=uids[prefix])
            found |= {row.public_id: str(row) for row in rows}
    return found
