"""Patterns as they are lived with: looked for weekly, proposed, decided on by a person, ended."""

import logging
from collections.abc import Collection, Sequence
from dataclasses import asdict
from datetime import datetime, timedelta

from django.db import IntegrityError, transaction

from dispatch.fleet.models import Hub
from dispatch.fleet.tree import ancestors, descendants
from dispatch.manifests.models import ManifestOverride, OverridePattern
from dispatch.patterns.back_test import BackTest, back_test
from dispatch.patterns.cases import Case
from dispatch.patterns.constraints import as_json, condition_from
from dispatch.patterns.finder import Pattern, find
from dispatch.patterns.reading import cases_of, hubs_with_overrides, plans_of
from dispatch.planning.brief import Brief, unpacked
from tracker.tenants import scope
from tracker.tenants.models import User

logger = logging.getLogger(__name__)
LOOKED_AT = timedelta(weeks=8)
TESTED = timedelta(weeks=4)
REFUSED_FOR = timedelta(weeks=12)  # what a person refused is not proposed again for so long
MOST_PLANS = 28
HOURS_A_WEEK = 168
State = OverridePattern.State


class DecidedAlready(Exception):
    """Somebody else decided first; the text says what."""

    def __init__(self, pattern: OverridePattern) -> None:
        super().__init__(f"This pattern is {pattern.get_state_display().lower()} already.")


def propose_due(*, now: datetime) -> int:
    """Look at the hubs whose hour of the week it is; how many patterns were proposed. One tick an hour.

    Each hub has an hour of the week of its own, so that solving plans again, minutes a pattern, is spread over it.
    """
    since = (now - LOOKED_AT).date()
    with scope.scope(unscoped="which environments have overrides to look at"):
        rows = ManifestOverride.objects.unscoped("each environment is then looked at in its own scope")
        environments = sorted(set(rows.filter(service_date__gte=since).values_list("environment", flat=True)))
    count = 0
    for environment_id in environments:
        with scope.scope(environment_id=environment_id):
            hubs = [hub for hub in hubs_with_overrides(environment_id, since) if is_due(hub, now)]
        for hub in hubs:
            try:
                count += len(propose(environment_id, hub, now=now))
            except Exception:  # one hub's trouble must not cost the others their week
                logger.exception("patterns of hub %s could not be looked for", hub.public_id)
    return count


def is_due(hub: Hub, now: datetime) -> bool:
    """Whether this is the hub's hour of the week."""
    return hub.pk % HOURS_A_WEEK == now.weekday() * 24 + now.hour


def propose(environment_id: int, hub: Hub, *, now: datetime) -> list[OverridePattern]:
    """Search the last weeks of a hub and all below it, and propose what is found with its back-test.

    It enters the environment's scope for each part by itself: solving takes minutes, and no transaction stays open
    meanwhile.
    """
    with scope.scope(environment_id=environment_id):
        hub_ids = descendants(environment_id, hub.pk)
        cases = cases_of(environment_id, hub, hub_ids, (now - LOOKED_AT).date(), now.date())
    found = find(cases)
    made = []
    for pattern in found:
        with scope.scope(environment_id=environment_id):
            known = _known(environment_id, hub, pattern, now)
            plans = [] if known else _plans(environment_id, hub_ids, pattern, cases, now)
        if known:
            continue
        tested = back_test(plans, pattern.condition, pattern.constraint)
        with scope.scope(environment_id=environment_id):
            if (row := _propose(environment_id, hub, pattern, tested, now)) is not None:
                made.append(row)
    return made


def decide(pattern: OverridePattern, state: str, *, by: User | None, now: datetime) -> None:
    """Accept, refuse or end a pattern; from then on a plan knows it, or not. `by` is None where a key does it.

    Raises DecidedAlready.
    """
    before = State.ACCEPTED if state == State.ENDED else State.PROPOSED
    rows = OverridePattern.objects.for_environment(pattern.environment_id).filter(pk=pattern.pk, state=before)
    if not rows.update(state=state, decided_by=by, decided_at=now):
        pattern.refresh_from_db()
        raise DecidedAlready(pattern)
    pattern.refresh_from_db()


def _known(environment_id: int, hub: Hub, pattern: Pattern, now: datetime) -> bool:
    """Whether one like it is proposed, in force or was refused lately, here or at a hub above or below."""
    family = [*descendants(environment_id, hub.pk), *ancestors(environment_id, hub.pk)]
    rows = OverridePattern.objects.for_environment(environment_id).filter(hub__in=family)
    open_rows = rows.filter(state__in=(State.PROPOSED, State.ACCEPTED))
    refused = rows.filter(state=State.REFUSED, decided_at__gte=now - REFUSED_FOR)
    kept = [*open_rows.values_list("condition", flat=True), *refused.values_list("condition", flat=True)]
    return any(pattern.condition.resembles(condition_from(one)) for one in kept)


def _plans(
    environment_id: int, hub_ids: Collection[int], pattern: Pattern, cases: Sequence[Case], now: datetime
) -> list[tuple[Brief, list[Case]]]:
    """The kept plans of the last weeks, each with the overrides of its day that the pattern explains."""
    explained = [case for case in cases if case.override in pattern.overrides and _explains(pattern, case)]
    runs = plans_of(environment_id, hub_ids, (now - TESTED).date(), MOST_PLANS)
    return [
        (unpacked(run.problem or b""), [one for one in explained if one.day == run.service_date.toordinal()])
        for run in runs
    ]


def _explains(pattern: Pattern, case: Case) -> bool:
    return pattern.condition.met_by(case.longitude, case.latitude, case.hour, case.vehicle_type, case.driver)


def _propose(
    environment_id: int, hub: Hub, pattern: Pattern, tested: BackTest, now: datetime
) -> OverridePattern | None:
    evidence = asdict(pattern)
    for name in ("condition", "constraint"):
        evidence.pop(name)
    try:
        with transaction.atomic():
            return OverridePattern.objects.create(
                environment_id=environment_id,
                hub=hub,
                fingerprint=pattern.condition.fingerprint,
                condition=as_json(pattern.condition),
                constraint=as_json(pattern.constraint),
                evidence=evidence | {"weeks": LOOKED_AT.days // 7},
                back_test=tested.as_json(),
                created_at=now,
            )
    except IntegrityError:
        return None  # two ticks at once
