"""What a secret key may do, when keys end, and how one follows another."""

from datetime import UTC, datetime, timedelta

import pytest
from django.urls import get_resolver, reverse

from ingest_lambda.steps import statements
from tests.tracker.caller import Caller, a_device, problem
from tests.tracker.pages import Page
from tracker.audit.models import AuditEntry
from tracker.ingestion.models import KeyUse
from tracker.keys import scopes
from tracker.keys.models import Key
from tracker.keys.rolling import NotInForce, end_expired, roll_key, set_expiry
from tracker.keys.selectors import a_publishable_text, key_in_force
from tracker.keys.services import create_key, revoke_key
from tracker.limits import feed
from tracker.tenants import scope

NOW = datetime.now(UTC)
HOUR = timedelta(hours=1)


def a_key(customer, kind="sk", **facts):
    with scope.scope(tenant_id=customer.tenant.pk, environment_id=customer.test.pk):
        return create_key(customer.test, kind, by=customer.owner, **facts)


def test_every_address_of_the_api_has_an_area_that_the_form_offers():
    areas = {
        scopes.area_of(str(entry.pattern))
        for entry in _flat(get_resolver().url_patterns)
        if str(entry.pattern).startswith("api/v1/")
    }
    assert areas == {"", *scopes.AREAS}


def _flat(patterns):
    for entry in patterns:
        yield from _flat(entry.url_patterns) if hasattr(entry, "url_patterns") else [entry]


@pytest.mark.parametrize(
    ("text", "method", "area", "let"),
    [
        ("write", "DELETE", "devices", True),
        ("read", "GET", "dispatch", True),
        ("read", "HEAD", "trips", True),
        ("read", "POST", "dispatch", False),
        ("devices:read", "GET", "devices", True),
        ("devices:read", "PATCH", "devices", False),
        ("devices:read", "GET", "trips", False),
        ("devices:write", "GET", "devices", True),
        ("devices:write trips:read", "GET", "trips", True),
        ("devices:write trips:read", "POST", "trips", False),
        ("devices:read", "GET", "", True),
    ],
)
def test_a_scope_lets_through_what_it_names_and_nothing_else(text, method, area, let):
    assert scopes.lets(text, method, area) is let


@pytest.mark.parametrize("words", [[], ["admin"], ["devices"], ["read", "everything:write"]])
def test_scopes_there_are_none_are_refused_with_the_reason(words):
    with pytest.raises(ValueError, match="scope"):
        scopes.text_of(words)
    assert scopes.text_of(["trips:read", "devices:write"]) == "devices:write trips:read"


def test_a_key_that_may_only_read_is_told_what_it_lacks(customer):
    _, text = a_key(customer, scopes="read")
    api = Caller(text)
    with scope.scope(environment_id=customer.test.pk):
        device = a_device(customer.test)
    assert api.json("environment")["key"]["scopes"] == ["read"]
    assert api.get("devices").status_code == 200
    refused = api.patch(f"devices/{device.public_id}", {"name": "x"})
    assert "devices:write" in problem(refused, 403, "missing_scope", "Authorization")
    refused = api.post("shipments", {})
    assert "dispatch:write" in problem(refused, 403, "missing_scope", "Authorization")


def test_a_key_of_one_area_opens_no_other(customer):
    _, text = a_key(customer, scopes="devices:write")
    assert Caller(text).get("devices").status_code == 200
    assert Caller(text).get("geofences").status_code == 403
    assert Caller(text).get("hubs").status_code == 403


def test_an_expired_key_says_so_before_and_after_the_tick_has_ended_it(customer):
    key, text = a_key(customer, expires_at=NOW - HOUR)
    assert key_in_force(text) is None
    assert "expired" in problem(Caller(text).get("devices"), 401, "key_expired")
    assert end_expired(now=NOW) == 1
    assert end_expired(now=NOW) == 0
    problem(Caller(text).get("devices"), 401, "key_expired")
    scope.enter(tenant_id=customer.tenant.pk)
    assert Key.objects.for_environment(customer.test).get(pk=key.pk).revoked_at == NOW - HOUR


def test_a_key_revoked_before_its_end_is_revoked_and_not_expired(customer):
    key, text = a_key(customer, expires_at=NOW - HOUR)
    scope.enter(tenant_id=customer.tenant.pk, environment_id=customer.test.pk)
    assert revoke_key(key, now=NOW - 2 * HOUR)
    problem(Caller(text).get("devices"), 401, "invalid_key")


def test_a_key_with_an_end_to_come_works_until_then(customer):
    _, text = a_key(customer, expires_at=NOW + HOUR)
    assert Caller(text).json("environment")["key"]["expires_at"] is not None
    assert end_expired(now=NOW) == 0


def test_the_doors_and_the_consumer_refuse_an_expired_publishable_key(customer, db):
    key, _ = a_key(customer, "pk", expires_at=NOW - HOUR)
    scope.enter(unscoped="the consumer's own policy lets it read all")
    from django.db import connection  # noqa: PLC0415

    with connection.cursor() as cursor:
        cursor.execute(statements.KEYS, ([key.pk, customer.new.test.environment.pk],))
        assert key.pk not in dict(cursor.fetchall())
        cursor.execute(statements.KEYS_AT, {"ids": [key.pk], "now": NOW - 2 * HOUR})
        assert key.pk in dict(cursor.fetchall())  # what it had let in before is not lost
    assert f",{key.pk}," not in f",{_told()},"
    end_expired(now=NOW)
    assert f",{key.pk}," in f",{_told()},"


def _told():
    import json  # noqa: PLC0415

    with scope.scope(unscoped="test"):
        return ",".join(str(one) for one in json.loads(feed.compose(1.0)[1])["revoked_keys"])


def test_pages_that_show_how_to_connect_show_no_expired_key(customer):
    scope.enter(tenant_id=customer.tenant.pk, environment_id=customer.test.pk)
    (default,) = Key.objects.for_environment(customer.test).filter(kind="pk")
    set_expiry(default, NOW - HOUR)
    assert a_publishable_text(customer.test) is None


def test_a_roll_makes_a_key_that_may_the_same_while_the_old_one_goes_on(customer):
    key, old = a_key(customer, scopes="devices:read", name="export")
    with scope.scope(tenant_id=customer.tenant.pk, environment_id=customer.test.pk):
        new, text = roll_key(key, by=customer.owner, overlap=HOUR, now=NOW)
        rows = Key.objects.for_environment(customer.test)
        assert rows.get(pk=key.pk).expires_at == NOW + HOUR
        assert (new.scopes, new.name, new.rolled_from_id) == ("devices:read", "export", key.pk)
    assert {Caller(one).get("devices").status_code for one in (old, text)} == {200}
    assert key_in_force(old, now=NOW + HOUR) is None
    assert key_in_force(text, now=NOW + HOUR) is not None


def test_an_earlier_end_stays_and_what_is_over_cannot_be_rolled(customer):
    key, old = a_key(customer, expires_at=NOW + HOUR)
    with scope.scope(tenant_id=customer.tenant.pk, environment_id=customer.test.pk):
        roll_key(key, by=None, overlap=7 * 24 * HOUR, now=NOW)
        assert Key.objects.for_environment(customer.test).get(pk=key.pk).expires_at == NOW + HOUR
        roll_key(key, by=None, overlap=timedelta(), now=NOW)
        with pytest.raises(NotInForce):
            roll_key(key, by=None, overlap=HOUR, now=NOW)
        assert not set_expiry(key, None)
    assert key_in_force(old) is None


def test_the_page_rolls_a_key_and_shows_the_next_once(customer, signed_in):
    key, _ = a_key(customer)
    browser = signed_in(customer.owner)
    answer = browser.post(reverse("console_key_roll", args=[key.public_id]), {"overlap": "24"})
    shown = answer.context["shown"][0]
    assert key_in_force(shown.text) is not None
    assert answer["Cache-Control"] == "no-store"
    page = browser.get(reverse("console_key", args=[shown.key.public_id])).content.decode()
    assert Page(page).faults == []
    assert shown.text not in page
    assert key.hint in page
    scope.enter(tenant_id=customer.tenant.pk)
    (entry,) = AuditEntry.objects.for_tenant(customer.tenant).filter(action="key.roll")
    assert shown.text not in str(entry.after)
    refused = browser.post(reverse("console_key_roll", args=[key.public_id]), {"overlap": "9999"})
    assert refused.status_code == 302


def test_a_key_is_made_with_scopes_and_an_end_by_the_form(customer, signed_in):
    browser = signed_in(customer.owner)
    values = {"kind": "sk", "access": "chosen", "areas": ["devices:read", "trips:write"], "expires": "30"}
    made = browser.post(reverse("console_key_create"), values).context["shown"][0].key
    assert made.scopes == "devices:read trips:write"
    assert timedelta(days=29) < made.expires_at - NOW < timedelta(days=31)
    refused = browser.post(reverse("console_key_create"), values | {"areas": []})
    assert "Choose at least one area" in refused.content.decode()
    assert (
        browser.post(reverse("console_key_create"), values | {"areas": ["all:read"]}).context["form"].errors
    )


def test_the_end_of_a_key_is_set_and_taken_back_on_its_page(customer, signed_in):
    key, _ = a_key(customer)
    browser = signed_in(customer.owner)
    for days, set_ in (("1", True), ("", False)):
        browser.post(reverse("console_key_expire", args=[key.public_id]), {"expires": days})
        scope.enter(tenant_id=customer.tenant.pk)
        assert bool(Key.objects.for_environment(customer.test).get(pk=key.pk).expires_at) is set_


def test_use_of_a_publishable_key_is_shown_by_day(customer, signed_in):
    key, _ = a_key(customer, "pk")
    midnight = NOW.replace(hour=0, minute=0, second=0, microsecond=0)
    with scope.scope(environment_id=customer.test.pk):
        for hour, count in ((midnight, 1200), (midnight - HOUR, 30)):
            KeyUse.objects.create(
                environment=customer.test, hour=hour, what="accepted", key_id=key.pk, lane=0, count=count
            )
    page = signed_in(customer.owner).get(reverse("console_key", args=[key.public_id]))
    assert [use["accepted"] for _, use in page.context["days"]] == [1200, 30]
    assert "1,200" in page.content.decode()
