"""The staff's admin: everything of everybody for staff, nothing for others, and facts stay facts."""

import pytest
from django.urls import reverse

from tests.tracker.conftest import PASSWORD
from tests.tracker.pages import a_device, a_report_set_aside
from tracker.ingestion.models import DeadLetter
from tracker.keys.models import Key
from tracker.tenants import scope
from tracker.tenants.models import Environment, User

MODELS = [
    "tenant", "environment", "user", "membership", "key", "device", "setasidereport", "deadletter",
]  # fmt: skip
LIMITS = {"key_reports_per_second": 10, "reports_per_second": 20, "registrations_per_second": 3}
FACTS = ["membership", "key", "device", "setasidereport", "deadletter"]


@pytest.fixture
def staff(db, signed_in):
    return signed_in(User.objects.create_superuser("staff@example.com", PASSWORD))


@pytest.fixture
def rows(customer, rival):
    for who in (customer, rival):
        a_device(who.test, f"van-of-{who.tenant.name}")
        a_report_set_aside(who.test, external_id=f"van-of-{who.tenant.name}")
    scope.enter(unscoped="test")
    DeadLetter.objects.create(
        environment=customer.test, lane="loc:0", entry_id="1-1", entry_index=0, reason="broke", error="trace",
        payload=b"\x00\xff<script>",
    )  # fmt: skip


def _first(model: str):
    scope.enter(unscoped="test")
    classes = {m._meta.model_name: m for m in (Environment, Key)}
    return classes[model].objects.unscoped("test").order_by("pk").first()


@pytest.mark.parametrize("model", MODELS)
def test_staff_list_search_and_open_rows_of_every_tenant(staff, rows, model):
    listed = staff.get(reverse(f"admin:tracker_{model}_changelist"), {"q": ""})
    assert listed.status_code == 200
    assert listed.context["cl"].result_count >= 1
    assert staff.get(reverse(f"admin:tracker_{model}_changelist"), {"q": "van 1"}).status_code in {200, 302}
    row = listed.context["cl"].result_list[0]
    opened = staff.get(reverse(f"admin:tracker_{model}_change", args=[row.pk]))
    assert opened.status_code == 200
    assert "//cdn" not in opened.content.decode()


@pytest.mark.parametrize("model", FACTS)
def test_facts_can_be_neither_added_changed_nor_deleted(staff, rows, model):
    row = staff.get(reverse(f"admin:tracker_{model}_changelist")).context["cl"].result_list[0]
    assert staff.get(reverse(f"admin:tracker_{model}_add")).status_code == 403
    assert staff.post(reverse(f"admin:tracker_{model}_change", args=[row.pk]), {}).status_code == 403
    assert (
        staff.post(reverse(f"admin:tracker_{model}_delete", args=[row.pk]), {"post": "yes"}).status_code
        == 403
    )


def test_the_hash_of_a_key_is_on_no_page(staff, customer):
    key = _first("key")
    for address in (
        reverse("admin:tracker_key_changelist"),
        reverse("admin:tracker_key_change", args=[key.pk]),
    ):
        text = staff.get(address).content.decode()
        assert "sha256" not in text
        assert bytes(key.sha256).hex() not in text


def test_staff_revoke_a_key_and_it_is_on_record(staff, customer):
    key = _first("key")
    staff.post(reverse("admin:tracker_key_changelist"), {"action": "revoke", "_selected_action": [key.pk]})
    assert _first("key").revoked_at is not None
    assert "Revoked" in staff.get(reverse("admin:tracker_key_history", args=[key.pk])).content.decode()


def test_staff_set_the_bounds_of_an_environment_and_wrong_ones_are_refused(staff, customer):
    environment = _first("environment")
    address = reverse("admin:tracker_environment_change", args=[environment.pk])
    values = {"retention_days": 20, "accuracy_bound_m": 60, "speed_bound_mps": 50, **LIMITS}
    assert staff.post(address, values).status_code == 302
    assert _first("environment").retention_days == 20
    assert staff.post(address, values | {"retention_days": 91}).status_code == 200
    assert staff.post(address, values | {"speed_bound_mps": -1}).status_code == 200
    assert _first("environment").speed_bound_mps == 50


@pytest.mark.parametrize("model", MODELS)
def test_nobody_but_staff_sees_any_of_it(customer, signed_in, model):
    browser = signed_in(customer.owner)
    answer = browser.get(reverse(f"admin:tracker_{model}_changelist"))
    assert answer.status_code == 302
    assert "/admin/login/" in answer["Location"]


def test_lists_take_the_same_queries_however_many_rows_they_show(
    staff, customer, django_assert_max_num_queries
):
    for number in range(30):
        a_device(customer.test, f"unit-{number}")
        a_report_set_aside(customer.test)
    for model in ("device", "setasidereport", "key", "membership", "environment"):
        with django_assert_max_num_queries(12):
            staff.get(reverse(f"admin:tracker_{model}_changelist"))
