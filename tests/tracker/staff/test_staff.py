"""The staff's own pages: acting as a member, search, features, maps, and lists that do not ask row by row."""

import uuid
from datetime import timedelta
from typing import Any

import pytest
from django.contrib.admin.models import LogEntry
from django.db import connection, models
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from tests.architecture.victim import MARK, make_victim
from tests.tracker.pages import a_device
from tracker.acting.models import ActingSession
from tracker.audit.models import AuditEntry
from tracker.devices.models import Device
from tracker.staff.search import search
from tracker.tenants import scope
from tracker.tenants.admin_site import site
from tracker.tenants.fences import ScopedManager
from tracker.tenants.models import Membership, Role, User

WHY = "a test looks"


@pytest.fixture
def staff(db):
    return User.objects.create_superuser("staff@milepost.example", "correct-horse-battery-9")


@pytest.fixture
def desk(staff) -> Client:
    browser = Client()
    browser.force_login(staff)
    return browser


def act(desk, customer, user=None, reason="They asked why a van is missing"):
    with scope.scope(unscoped=WHY):
        member = Membership.objects.for_tenant(customer.tenant).get(user=user or customer.owner)
    return desk.post(reverse("admin:act_as", args=[member.pk]), {"reason": reason})


def session(customer) -> ActingSession:
    with scope.scope(unscoped=WHY):
        return ActingSession.objects.for_tenant(customer.tenant).latest("pk")


def deeds(customer) -> list[str]:
    with scope.scope(unscoped=WHY):
        return list(
            AuditEntry.objects.for_tenant(customer.tenant).order_by("pk").values_list("action", flat=True)
        )


def test_staff_see_what_the_member_sees_under_a_banner_and_it_is_on_record(desk, staff, customer):
    a_device(customer.test, "van-7")
    assert act(desk, customer)["Location"] == reverse("console")
    for name in ("console", "console_devices", "console_settings"):
        page = desk.get(reverse(name)).content.decode()
        assert "You act as" in page
        assert customer.owner.email in page
    assert "van-7" in desk.get(reverse("console_devices")).content.decode()
    assert "You act as" in desk.get(reverse("admin:index")).content.decode()
    assert "acting.begin" in deeds(customer)
    assert LogEntry.objects.filter(user=staff, change_message__contains="They asked why").exists()


def test_without_a_reason_nobody_acts(desk, customer):
    act(desk, customer, reason="  ")
    assert "You act as" not in desk.get(reverse("admin:index")).content.decode()
    assert "acting.begin" not in deeds(customer)


def test_acting_only_looks_until_changes_are_allowed_with_a_reason_of_their_own(desk, staff, customer):
    device = a_device(customer.test, "van-7")
    act(desk, customer)
    rename = reverse("console_device_edit", args=[device.public_id])
    assert desk.post(rename, {"name": "New", "metadata": "{}"}).status_code == 403
    desk.post(reverse("console_acting_write"), {"reason": ""})
    assert desk.post(rename, {"name": "New", "metadata": "{}"}).status_code == 403
    desk.post(reverse("console_acting_write"), {"reason": "They asked us to rename it"})
    assert desk.post(rename, {"name": "New", "metadata": "{}"}).status_code == 302
    assert Device.objects.for_environment(customer.test).get().name == "New"
    with scope.scope(unscoped=WHY):
        newest = AuditEntry.objects.for_tenant(customer.tenant).latest("pk")
    assert staff.email in newest.actor
    assert "acting.writes" in deeds(customer)


def test_every_entry_written_while_acting_names_both(desk, staff, customer):
    device = a_device(customer.test, "van-7")
    act(desk, customer)
    with scope.scope(unscoped=WHY):
        begun = AuditEntry.objects.for_tenant(customer.tenant).latest("pk").pk
    desk.post(reverse("console_acting_write"), {"reason": "They asked us to tidy up"})
    desk.post(reverse("console_device_edit", args=[device.public_id]), {"name": "New", "metadata": "{}"})
    desk.post(reverse("console_key_create"), {"name": "by hand", "kind": "pk"})
    desk.post(reverse("console_invite"), {"email": "new@example.com", "role": "viewer"})
    desk.post(reverse("console_acting_end"))
    with scope.scope(unscoped=WHY):
        rows = list(AuditEntry.objects.for_tenant(customer.tenant).filter(pk__gt=begun).order_by("pk"))
    assert {row.actor for row in rows} == {f"staff {staff.email} acting as {customer.owner}"}
    assert {row.user_id for row in rows} == {staff.pk}
    deeds_done = [row.action for row in rows]
    assert deeds_done[0] == "acting.writes"
    assert deeds_done[-1] == "acting.end"
    assert {"device.edit", "key.create", "member.invite"} <= set(deeds_done)


def test_it_ends_by_the_button_and_after_an_hour(desk, customer):
    act(desk, customer)
    desk.post(reverse("console_acting_end"))
    assert desk.get(reverse("console")).status_code == 302
    assert deeds(customer)[-1] == "acting.end"
    act(desk, customer)
    with scope.scope(unscoped=WHY):
        rows = ActingSession.objects.for_tenant(customer.tenant).filter(pk=session(customer).pk)
        past = timezone.now() - timedelta(hours=2)
        rows.update(began_at=past, ends_at=past + timedelta(hours=1))
    assert "You act as" not in desk.get(reverse("console"), follow=True).content.decode()


def test_the_scope_stays_the_members_own(desk, customer, rival):
    viewer = customer.member(Role.VIEWER)
    a_device(rival.test, "not-theirs")
    act(desk, customer, user=viewer)
    assert desk.get(reverse("console_data")).status_code == 403, (
        "a viewer may not, so neither may who acts as one"
    )
    assert desk.post(reverse("console_environment"), {"environment": rival.test.public_id}).status_code == 404
    assert "not-theirs" not in desk.get(reverse("console_devices")).content.decode()


def test_staff_who_are_staff_no_more_act_no_more(desk, staff, customer):
    act(desk, customer)
    User.objects.filter(pk=staff.pk).update(is_staff=False, is_superuser=False)
    assert "You act as" not in desk.get(reverse("console"), follow=True).content.decode()


def test_customers_cannot_act_and_a_forged_session_number_opens_nothing(customer, rival, signed_in, desk):
    act(desk, rival)
    number = session(rival).pk
    browser = signed_in(customer.owner)
    stored = browser.session
    stored["acting"] = number
    stored.save()
    text = browser.get(reverse("console")).content.decode()
    assert "You act as" not in text
    assert rival.tenant.name not in text
    other = User.objects.create_superuser("other@milepost.example", "correct-horse-battery-9")
    second = signed_in(other)
    stored = second.session
    stored["acting"] = number
    stored.save()
    assert "You act as" not in second.get(reverse("admin:index")).content.decode()


def test_one_box_finds_whatever_a_customer_quotes(db):
    victim = make_victim()
    quoted = {
        "Organisation": [MARK, victim.new.tenant.public_id],
        "Member": [f"owner@{MARK}", victim.member.public_id],
        "Environment": [victim.new.live.environment.public_id],
        "Key": [victim.key.public_id, victim.key.hint, victim.new.test.secret_key],
        "Device": [victim.device.external_id, victim.device.public_id],
        "Dead letter": [str(victim.letter.request_id)],
    }
    with scope.scope(unscoped=WHY):
        for kind, words in quoted.items():
            for word in words:
                assert kind in {hit.kind for hit in search(word)}, (kind, word)
        assert search("x") == []
        assert search("'; DROP TABLE tracker_device; --\x00") == []


def test_what_is_found_is_linked_and_shown_as_text(desk, customer):
    a_device(customer.test, "<script>alert(1)</script>")
    page = desk.get(reverse("admin:search"), {"q": "<script>alert(1)</script>"}).content.decode()
    assert "<script>alert(1)" not in page
    assert "&lt;script&gt;alert(1)" in page


def test_features_are_switched_with_a_line_in_the_log(desk, customer):
    address = reverse("admin:features")
    desk.post(address, {"code": "simulated_cities", "state": "listed", "listed": "ten_nobody"})
    assert LogEntry.objects.count() == 0
    desk.post(address, {"code": "simulated_cities", "state": "listed", "listed": customer.tenant.public_id})
    assert customer.tenant.public_id in desk.get(address).content.decode()
    assert LogEntry.objects.filter(change_message__contains=customer.tenant.public_id).exists()


def _copies(row: models.Model, count: int) -> None:
    """The same row again, with what must be unique made anew."""
    fields = row._meta.concrete_fields
    for number in range(count):
        values = {field.attname: getattr(row, field.attname) for field in fields if not field.primary_key}
        for field in fields:
            if isinstance(field, models.UUIDField):
                values[field.attname] = uuid.uuid4()
            elif (
                isinstance(field, models.CharField)
                and field.attname in UNIQUE_TEXTS
                and values[field.attname]
            ):
                values[field.attname] = f"{count}-{number}-{values[field.attname]}"[: field.max_length]
            elif field.attname in UNIQUE_TIMES:
                values[field.attname] += timedelta(seconds=number + count)
            elif field.attname in UNIQUE_NUMBERS:
                values[field.attname] = 1000 * count + number
            elif field.attname in UNIQUE_BYTES:
                values[field.attname] = uuid.uuid4().bytes * 2
        if isinstance(row, Membership):
            values["user_id"] = User.objects.create_user(f"{uuid.uuid4()}@example.com").pk
        type(row)._base_manager.bulk_create([type(row)(**values)])


UNIQUE_TEXTS = {"external_id", "name", "email", "serial", "entry_id", "plate", "url", "code"}
UNIQUE_NUMBERS = {"number"}
UNIQUE_TIMES = {"effective_at"}
UNIQUE_BYTES = {"sha256", "token_sha256"}
SHOWN: list[Any] = sorted(site._registry, key=lambda model: model._meta.label)


def _rows(model: Any) -> Any:
    manager = model._default_manager
    return manager.unscoped(WHY) if isinstance(manager, ScopedManager) else manager.all()


@pytest.mark.parametrize("app", ["tracker", "dispatch"])
def test_no_list_asks_the_database_row_by_row(desk, app, customer):
    make_victim()
    act(desk, customer)  # so that there is a row of acting, too
    desk.post(reverse("console_acting_end"))
    asked, empty = {}, []
    for model in [model for model in SHOWN if model._meta.app_label == app]:
        with scope.scope(unscoped=WHY):
            row = _rows(model).order_by("-pk").first()
            if row is None:
                empty.append(model._meta.label)
                continue
        counts: list[int] = []
        address = reverse(f"admin:{app}_{model._meta.model_name}_changelist")
        for more in (2, 27):
            with scope.scope(unscoped=WHY):
                _copies(row, more)
            desk.get(address)
            with CaptureQueriesContext(
                connection,
            ) as queries:
                assert desk.get(address).status_code == 200
            counts.append(len(queries))
        asked[model._meta.label] = counts
    assert {label: counts for label, counts in asked.items() if counts[0] != counts[1]} == {}
    assert len(asked) >= 3
    assert set(empty) <= {"tracker.DataExport", "tracker.ErasureRequest"}


def test_a_geometry_is_shown_on_our_own_map_and_no_page_of_the_admin_names_another_host(desk, db):
    victim = make_victim()
    with scope.scope(unscoped=WHY):
        found = [(model, _rows(model).order_by("-pk").first()) for model in SHOWN]
    pages = [reverse("admin:index"), reverse("admin:search"), reverse("admin:features")]
    for model, row in found:
        name = f"admin:{model._meta.app_label}_{model._meta.model_name}"
        pages.append(reverse(f"{name}_changelist"))
        if row is not None:
            pages.append(reverse(f"{name}_change", args=[row.pk]))
    for address in pages:
        answer = desk.get(address)
        assert answer.status_code == 200, address
        text = answer.content.decode()
        for attribute in ("src=", "href=", "action="):
            for piece in text.split(attribute)[1:]:
                assert not piece[1:].startswith(("http://", "https://", "//")), (address, piece[:80])
        policy = answer["Content-Security-Policy"]
        assert "script-src 'self'" in policy
        assert "<style" not in text
    shape = victim.geofence.draft_id
    with scope.scope(unscoped=WHY):
        shape = (
            shape
            or _rows(site._registry and next(m for m in SHOWN if m.__name__ == "GeofenceShape")).first().pk
        )
    text = desk.get(reverse("admin:tracker_geofenceshape_change", args=[shape])).content.decode()
    assert 'class="admin-map"' in text
    assert "MultiPolygon" in text
    assert "js/admin_map.js" in text
    assert "OLMapWidget" not in text
