"""Writes on endpoints: what is refused, secrets that overlap, URLs that change, replays."""

from datetime import timedelta

import pytest

from tests.tracker.webhooks.rows import NOW, WHY, an_endpoint, an_event, fresh, messages, secret_of
from tracker.outbox.catalogue import Kind
from tracker.outbox.models import OutboxEvent
from tracker.outbox.relay import relay_batch
from tracker.tenants import scope
from tracker.webhooks import claims, services, signing
from tracker.webhooks.errors import WebhookProblem
from tracker.webhooks.models import WebhookEndpoint, WebhookMessage

LATER = NOW + timedelta(days=36500)
State = WebhookEndpoint.State


@pytest.fixture
def inside(customer, settings):
    """The customer's test environment, in whose scope the test runs."""
    settings.WEBHOOKS_ALLOW_PRIVATE = True
    scope.enter(tenant_id=customer.tenant.pk, environment_id=customer.test.pk)
    return customer.test


def refused(code, do, param=""):
    with pytest.raises(WebhookProblem) as caught:
        do()
    assert (caught.value.code, caught.value.param) == (code, param)
    assert caught.value.detail.endswith(".")


def make(environment, url="https://example.com/hook", **values):
    return services.create_endpoint(environment, url=url, by=None, now=NOW, **values)


def test_a_new_endpoint_is_unverified_and_asked_at_once(inside):
    endpoint, secret = make(inside, kinds=["trip.*", "device.silent", "trip.*"], description="ours")
    row = fresh(endpoint)
    assert (row.state, row.verify_at, row.verified_at) == (State.UNVERIFIED, NOW, None)
    assert row.kinds == ["device.silent", "trip.*"]
    assert signing.secret_bytes(secret) == secret_of(endpoint)
    assert len(secret_of(endpoint)) == 32


def test_what_makes_no_sense_is_refused_with_its_parameter(inside, settings):
    settings.WEBHOOKS_ALLOW_PRIVATE = False
    refused("bad_url", lambda: make(inside, "https://127.0.0.1/"), "url")
    refused("unknown_kind", lambda: make(inside, kinds=["trip.unheard_of"]), "kinds")
    refused("unknown_kind", lambda: make(inside, kinds=["webhook.test"]), "kinds")
    refused("bad_content_type", lambda: make(inside, content_type="text/html"), "content_type")
    refused("too_long", lambda: make(inside, description="x" * 201), "description")
    endpoint, _ = make(inside)
    change = services.update_endpoint
    refused("bad_url", lambda: change(endpoint, url="https://10.0.0.1/", now=NOW), "url")


def test_an_environment_has_so_many_endpoints_and_no_more(inside, monkeypatch):
    monkeypatch.setattr(services, "MOST_ENDPOINTS", 2)
    first, _ = make(inside)
    make(inside)
    refused("too_many_endpoints", lambda: make(inside))
    services.delete_endpoint(first, now=NOW)
    make(inside)


def test_another_url_must_be_verified_before_anything_goes_to_it(inside):
    endpoint = an_endpoint(inside)
    an_event(inside)
    relay_batch(now=NOW)
    services.update_endpoint(endpoint, url="https://example.com/new", now=LATER)
    row = fresh(endpoint)
    assert (row.state, row.verify_at) == (State.UNVERIFIED, LATER)
    assert [m.state for m in messages()] == ["withheld"]
    an_event(inside)
    relay_batch(now=NOW)
    assert claims.claim(now=LATER, limit=9, busy={}) == []
    assert [m.state for m in messages()] == ["withheld"] * 2


def test_while_secrets_overlap_requests_carry_both_signatures(inside):
    endpoint = an_endpoint(inside)
    old = secret_of(endpoint)
    new = signing.secret_bytes(services.rotate_secret(endpoint, overlap=timedelta(hours=1), now=LATER))
    an_event(inside)
    relay_batch(now=NOW)
    [held] = claims.claim(now=LATER, limit=9, busy={})
    assert held.secrets == (new, old)
    [held] = claims.claim(now=LATER + timedelta(hours=1), limit=9, busy={})
    assert held.secrets == (new,)
    assert services.secrets_in_force(endpoint, now=LATER + timedelta(hours=1)) == [new]


def test_a_leaked_secret_ends_at_once_and_overlaps_have_bounds(inside):
    endpoint = an_endpoint(inside)
    new = signing.secret_bytes(services.rotate_secret(endpoint, overlap=timedelta(), now=NOW))
    assert services.secrets_in_force(endpoint, now=NOW) == [new]
    for overlap in (timedelta(seconds=-1), timedelta(days=31)):
        refused(
            "bad_overlap", lambda o=overlap: services.rotate_secret(endpoint, overlap=o, now=NOW), "overlap"
        )
    for _ in range(services.MOST_SECRETS - 1):
        services.rotate_secret(endpoint, now=NOW)
    refused("too_many_secrets", lambda: services.rotate_secret(endpoint, now=NOW), "overlap")


def test_a_test_goes_to_its_endpoint_alone_whatever_it_asks_for(inside):
    endpoint, other = an_endpoint(inside, kinds=["trip.*"]), an_endpoint(inside)
    message = services.send_test(endpoint, now=NOW)
    relay_batch(now=NOW)
    assert [(m.pk, m.endpoint_id) for m in messages()] == [(message.pk, endpoint.pk)]
    services.disable_endpoint(other, reason="enough", now=NOW)
    refused("endpoint_not_enabled", lambda: services.send_test(other, now=NOW))


def test_a_disabled_endpoint_is_owed_withheld_messages_that_can_be_replayed(inside):
    endpoint = an_endpoint(inside)
    an_event(inside)
    relay_batch(now=NOW)
    assert services.disable_endpoint(endpoint, reason="a rest", now=NOW)
    assert not services.disable_endpoint(endpoint, reason="again", now=NOW)
    assert fresh(endpoint).told_disabled_at == NOW, "who did it by hand needs no mail"
    an_event(inside)
    relay_batch(now=NOW)
    assert [m.state for m in messages()] == ["withheld"] * 2
    refused("endpoint_not_enabled", lambda: services.replay_missing(endpoint, now=LATER))
    services.enable_endpoint(endpoint, now=NOW)
    refused("endpoint_not_disabled", lambda: services.enable_endpoint(endpoint, now=NOW))
    assert services.replay_missing(endpoint, now=LATER) == 2
    assert services.replay_missing(endpoint, now=LATER) == 0, "they are on their way"
    assert len(claims.claim(now=LATER, limit=9, busy={})) == 2


def test_replays_take_one_a_range_and_what_is_missing(inside):
    endpoint = an_endpoint(inside, kinds=["device.*"])
    had, lost, before = an_event(inside), an_event(inside), an_event(inside)
    an_event(inside, Kind.TRIP_ARRIVED)
    relay_batch(now=NOW)
    with scope.scope(unscoped=WHY):
        rows = WebhookMessage.objects.unscoped(WHY)
        rows.filter(event=had).update(state="delivered")
        rows.filter(event=lost).update(state="failed")
        rows.filter(event=before).delete()
    since, until = OutboxEvent.objects.for_environment(inside).get(pk=had.pk).created_at, LATER

    def again(**options):
        return services.replay_range(endpoint, since=since, until=until, now=LATER, **options)

    assert again(only_failed=True) == 1
    assert services.replay_missing(endpoint, now=LATER) == 1
    assert again(only_failed=False, kinds=["trip.*"]) == 1
    assert again(only_failed=False) == 1, "the one that was delivered; the others are waiting"
    assert [(m.event_id, m.number) for m in messages(event=had)] == [(had.pk, 0), (had.pk, 1)]
    [_, message] = messages(event=lost)
    refused("already_waiting", lambda: services.replay_message(message, now=LATER))
    with scope.scope(unscoped=WHY):
        WebhookMessage.objects.unscoped(WHY).update(state="delivered")
    assert services.replay_message(message, now=LATER).number == 2
    refused(
        "bad_range", lambda: services.replay_range(endpoint, since=until, until=since, now=LATER), "until"
    )


def test_a_deleted_endpoint_is_sent_nothing_and_keeps_no_secret(inside):
    endpoint = an_endpoint(inside)
    an_event(inside)
    relay_batch(now=NOW)
    assert services.delete_endpoint(endpoint, now=NOW)
    assert not services.delete_endpoint(endpoint, now=NOW)
    assert claims.claim(now=LATER, limit=9, busy={}) == []
    assert services.secrets_in_force(endpoint, now=NOW) == []
    refused("endpoint_deleted", lambda: services.rotate_secret(endpoint, now=NOW))
