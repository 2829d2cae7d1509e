"""The audit log: every change is in it, with who and what; nothing else is, and no secret ever."""

import json

import pytest
from django.db import connection
from django.test import RequestFactory
from django.urls import URLPattern, URLResolver, get_resolver, reverse

from tests.tracker.pages import Page, a_device
from tracker.audit import net
from tracker.audit.cleaning import HIDDEN, clean
from tracker.audit.models import AuditEntry
from tracker.audit.services import Actor, actor_of, note
from tracker.http.endpoint import Endpoint
from tracker.tenants import scope
from tracker.tenants.models import Role
from tracker.tenants.selectors import members_of

# pages whose change the net does not see
ELSEWHERE = {
    "console_environment": "chooses what one looks at; nothing of the organisation changes",
    "console_acting_end": "noted as acting.end in its service",
    "console_acting_write": "noted as acting.writes in its service",
    "console_new_tenant": "noted in create_tenant, which sign-up calls too",
    "console_join": "noted in the scope of the tenant that is joined",
}


def entries(customer, action=""):
    scope.enter(tenant_id=customer.tenant.pk)
    rows = AuditEntry.objects.for_tenant(customer.tenant).order_by("pk")
    return list(rows.filter(action=action) if action else rows)


def _views(patterns=None, prefix=""):
    for entry in get_resolver().url_patterns if patterns is None else patterns:
        if isinstance(entry, URLResolver):
            if entry.app_name != "admin":
                yield from _views(entry.url_patterns, prefix + str(entry.pattern))
        elif isinstance(entry, URLPattern):
            yield prefix + str(entry.pattern), entry


def test_every_page_of_the_console_has_the_net_below_it_or_a_reason():
    pages = [entry for path, entry in _views() if path.startswith(("console/", "map/"))]
    assert len(pages) > 100
    bare = {e.name for e in pages if not getattr(e.callback, "audited", False)}
    data = {"map_basemap"}  # a file, the same for everybody
    assert bare - data == set(ELSEWHERE)


def test_every_write_of_the_api_passes_the_net():
    classes = [getattr(e.callback, "cls", None) for path, e in _views() if path.startswith("api/v1/")]
    writing = [
        c for c in classes if c and any(hasattr(c, verb) for verb in ("post", "patch", "put", "delete"))
    ]
    assert len(writing) > 50
    assert [c.__name__ for c in writing if not issubclass(c, Endpoint)] == []


def test_what_is_let_through_is_there():
    names = {entry.name for _, entry in _views()}
    listed = {name for name in (*net.ASK_ONLY, *net.TRAFFIC) if not name.endswith("_")}
    assert listed <= names
    for prefix in (name for name in net.TRAFFIC if name.endswith("_")):
        assert any(str(name).startswith(prefix) for name in names)


def test_sign_up_begins_the_log(customer):
    (first,) = entries(customer)
    assert (first.action, first.actor, first.user_id) == (
        "tenant.create",
        customer.owner.email,
        customer.owner.pk,
    )


def test_a_change_says_who_what_before_and_after(customer, signed_in):
    browser = signed_in(customer.owner)
    answer = browser.post(
        reverse("console_tenant_rename"),
        {"tenant-name": "New name"},
        headers={"x-forwarded-for": "203.0.113.9"},
    )
    (entry,) = entries(customer, "tenant.rename")
    assert (entry.before, entry.after) == ({"name": "ours"}, {"name": "New name"})
    assert (entry.actor, entry.address) == (customer.owner.email, "203.0.113.9")
    assert entry.target == customer.tenant.public_id
    assert entry.request_id == answer["X-Request-Id"]


def test_what_was_refused_or_only_looked_at_is_not_in_the_log(customer, signed_in):
    browser = signed_in(customer.owner)
    scope.enter(tenant_id=customer.tenant.pk)
    own = members_of(customer.tenant.pk).get(user=customer.owner)
    before = len(entries(customer))
    browser.get(reverse("console_settings"))
    browser.post(reverse("console_tenant_rename"), {"tenant-name": ""})
    browser.post(reverse("console_member_role", args=[own.public_id]), {"role": "viewer"})  # the last owner
    browser.post(reverse("console_letters_redrive_all"))  # there are none
    viewer = signed_in(customer.member(Role.VIEWER))
    assert viewer.post(reverse("console_key_create"), {"kind": "sk"}).status_code == 403
    assert len(entries(customer)) == before


def test_the_net_notes_what_a_page_did_not_and_only_once(customer, signed_in):
    scope.enter(tenant_id=customer.tenant.pk, environment_id=customer.test.pk)
    device = a_device(customer.test)
    browser = signed_in(customer.owner)
    browser.post(reverse("console_device_speed_unit", args=[device.public_id]), {"unit": "kmh"})
    browser.post(reverse("console_device_edit", args=[device.public_id]), {"name": "Van", "metadata": ""})
    browser.post(reverse("console_device_delete", args=[device.public_id]))
    said = [(e.action, e.target) for e in entries(customer)][1:]
    assert ("device.edit", device.public_id) in said
    assert ("device.delete", device.public_id) in said
    assert len(said) == len(set(said))


def test_keys_are_in_the_log_by_their_hint_alone(customer, signed_in):
    page = signed_in(customer.owner).post(reverse("console_key_create"), {"kind": "sk", "name": "export"})
    text = page.context["shown"][0].text
    (entry,) = entries(customer, "key.create")
    assert entry.after["name"] == "export"
    assert text not in json.dumps([entry.before, entry.after, entry.target, entry.actor])


def test_a_write_of_the_api_is_noted_with_its_key_and_a_read_is_not(customer, api):
    scope.enter(tenant_id=customer.tenant.pk, environment_id=customer.test.pk)
    device = a_device(customer.test)
    assert api.get(f"devices/{device.public_id}").status_code == 200
    assert api.patch(f"devices/{device.public_id}", {"name": "Truck"}).status_code == 200
    assert api.patch(f"devices/{device.public_id}", {"nme": "Truck"}).status_code == 400
    (entry,) = entries(customer, "device.change")
    assert entry.actor.startswith("key sk_test_…")
    assert (entry.after, entry.target, entry.environment_id) == (
        {"name": "Truck"}, device.public_id, customer.test.pk,
    )  # fmt: skip


def test_a_repeat_of_a_request_is_noted_once(customer, api):
    body = {"url": "https://hooks.example.com/in", "kinds": ["device.silent"]}
    for _ in range(2):
        answer = api.post("webhook-endpoints", body, **{"idempotency-key": "once"})
    assert answer.status_code in {201, 409}
    assert len(entries(customer, "webhook.endpoints")) == 1


@pytest.mark.parametrize(
    "name", ["secret", "api_token", "new_password1", "csrfmiddlewaretoken", "private_key"]
)
def test_values_named_like_secrets_never_reach_the_database(name):
    assert clean({"a": {name: "hunter2"}}) == {"a": {name: HIDDEN}}


def test_keys_inside_texts_and_what_the_database_cannot_hold_are_taken_out():
    kept = clean({"note": "sk_live_abcdefghijklmnop", "nul": "a\x00b", "half": "\ud800", "much": "x" * 9999})
    assert kept is not None
    assert "abcdefghijklmnop" not in kept["note"]
    assert "\x00" not in kept["nul"]
    assert len(kept["much"]) == 300
    assert json.dumps(kept).isascii()
    assert clean({"list": list(range(500)), "nan": float("nan")}) == {"list": "500 items", "nan": "nan"}


def test_staff_who_act_as_a_member_are_named(customer):
    request = RequestFactory().post("/")
    request.user = customer.owner
    staff = customer.member(Role.VIEWER, "staff@example.com")
    request.acting_staff = staff  # type: ignore[attr-defined]
    actor = actor_of(request)
    assert (actor.text, actor.user) == (f"staff staff@example.com acting as {customer.owner}", staff)


def test_a_note_without_an_owner_is_refused(db):
    with pytest.raises(ValueError, match="whose log"):
        note(Actor("system"), "nothing.happened")


def test_the_page_shows_changes_as_text_and_narrows_them(customer, signed_in):
    browser = signed_in(customer.owner)
    browser.post(reverse("console_tenant_rename"), {"tenant-name": "<script>alert(1)</script>"})
    page = browser.get(reverse("console_audit"))
    text = page.content.decode()
    assert Page(text).faults == []
    assert "&lt;script&gt;alert(1)" in text
    found = browser.get(reverse("console_audit"), {"action": "key.", "first": "2020-01-01"})
    assert "tenant.rename" not in found.content.decode()
    found = browser.get(reverse("console_audit"), {"actor": customer.owner.email, "action": "tenant"})
    assert "tenant.rename" in found.content.decode()
    assert browser.get(reverse("console_audit"), {"first": "yesterday"}).status_code == 200
    assert browser.get(reverse("console_audit"), {"last": "9999-12-31"}).status_code == 200


def test_a_rival_sees_nothing_of_it(customer, rival, signed_in):
    signed_in(customer.owner).post(reverse("console_tenant_rename"), {"tenant-name": "Only ours"})
    assert b"Only ours" not in signed_in(rival.owner).get(reverse("console_audit")).content
    scope.enter(tenant_id=rival.tenant.pk)
    assert (
        not AuditEntry.objects.unscoped("row security alone must hide them")
        .filter(tenant=customer.tenant)
        .exists()
    )


def test_pages_of_the_log_are_read_with_few_queries(customer, signed_in, django_assert_max_num_queries):
    scope.enter(tenant_id=customer.tenant.pk)
    for number in range(60):
        note(Actor("system"), "thing.change", str(number), tenant=customer.tenant, environment=customer.test)
    browser = signed_in(customer.owner)
    with django_assert_max_num_queries(12):
        page = browser.get(reverse("console_audit"))
    assert page.context["page"].next


def test_the_log_goes_with_its_tenant_and_stays_without_its_person(customer):
    scope.enter(unscoped="the end of a person")
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        cursor.execute("UPDATE tracker_key SET created_by_id = NULL")
        cursor.execute("DELETE FROM tracker_membership")
        cursor.execute("DELETE FROM tracker_user WHERE id = %s", [customer.owner.pk])
        cursor.execute("SELECT actor, user_id FROM tracker_auditentry")
        assert cursor.fetchall() == [(customer.owner.email, None)]
        cursor.execute("DELETE FROM tracker_key")
        cursor.execute("DELETE FROM tracker_environment")
        cursor.execute("DELETE FROM tracker_tenant")
        cursor.execute("SELECT count(*) FROM tracker_auditentry")
        assert cursor.fetchone() == (0,)
