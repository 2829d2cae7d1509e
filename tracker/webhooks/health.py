"""Whether endpoints answer: since when one fails, and when that is enough to disable it."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.models import Q

from tracker.tenants import scope
from tracker.webhooks import lifecycle
from tracker.webhooks.models import WebhookEndpoint, WebhookMessage

WHY = "deliverers note how endpoints of every customer answer"
DISABLE_AFTER = timedelta(days=3)  # of failures, without one success between
MOST_GIVEN_UP = 20  # messages in a row, each tried to its last attempt


@dataclass(frozen=True, slots=True)
class Seen:
    """How an endpoint answered once. `given_up`: that was the message's last attempt."""

    endpoint_id: int
    ok: bool
    gone: bool
    given_up: bool
    summary: str


def note(seen: Sequence[Seen], *, now: datetime) -> None:
    """Note answers, in the order they came, on their endpoints; disable those that fail for good."""
    last = {one.endpoint_id: one for one in seen}
    with scope.scope(unscoped=WHY):
        rows = WebhookEndpoint.objects.unscoped(WHY)
        well = sorted(number for number, one in last.items() if one.ok)
        ill = sorted(number for number, one in last.items() if not one.ok)
        failing = rows.filter(pk__in=well, failing_since__isnull=False)
        held = list(failing.order_by("pk").select_for_update().values_list("pk", flat=True))
        rows.filter(pk__in=held).update(failing_since=None, told_failing_at=None)
        begun = rows.filter(pk__in=ill, failing_since=None).order_by("pk").select_for_update()
        rows.filter(pk__in=list(begun.values_list("pk", flat=True))).update(failing_since=now)
    gone = {one.endpoint_id for one in seen if one.gone}
    given_up = {one.endpoint_id for one in seen if one.given_up}
    for number in _suspects({*ill, *gone}, gone | given_up, now=now):
        _judge(last[number], gone=number in gone, now=now)


def _suspects(ill: set[int], at_once: set[int], *, now: datetime) -> list[int]:
    """Endpoints that may have to be disabled: one question for all, for usually there is none."""
    with scope.scope(unscoped=WHY):
        rows = WebhookEndpoint.objects.unscoped(WHY).filter(pk__in=ill, state=WebhookEndpoint.State.ENABLED)
        suspects = rows.filter(Q(failing_since__lte=now - DISABLE_AFTER) | Q(pk__in=at_once))
        return list(suspects.order_by("pk").values_list("pk", flat=True))


def _judge(one: Seen, *, gone: bool, now: datetime) -> None:
    """Disable the endpoint where it asked for that, or has failed for long enough."""
    with scope.scope(unscoped=WHY):
        rows = WebhookEndpoint.objects.unscoped(WHY).select_for_update()
        endpoint = rows.filter(pk=one.endpoint_id, deleted_at=None).first()
        if endpoint is None:
            return
        if reason := _reason(endpoint, one, gone=gone, now=now):
            lifecycle.disable(endpoint, reason, now=now, by_hand=False)


def _reason(endpoint: WebhookEndpoint, one: Seen, *, gone: bool, now: datetime) -> str:
    if gone:
        return "It answered 410 Gone, which asks to be told nothing more."
    since = endpoint.failing_since
    if since is None:
        return ""  # it answered well meanwhile
    if since <= now - DISABLE_AFTER:
        return f"Every delivery failed for {DISABLE_AFTER.days} days. Last: {one.summary}"
    rows = WebhookMessage.objects.for_environment(endpoint.environment_id)
    given_up = rows.filter(endpoint=endpoint, state=WebhookMessage.State.FAILED, ended_at__gte=since)
    if given_up.count() >= MOST_GIVEN_UP:
        return f"{MOST_GIVEN_UP} messages were given up, with no success between. Last: {one.summary}"
    return ""
