"""What holds for every page: who may open it, and what no page may contain."""

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from tests.tracker.letters.letter import a_letter
from tests.tracker.pages import Page, a_device, a_report_set_aside
from tracker.devices.models import Device
from tracker.keys.models import Key
from tracker.letters.selectors import public_letter_id
from tracker.tenants import scope
from tracker.tenants.models import Invitation, Role
from tracker.tenants.selectors import members_of
from tracker.tenants.services import invite
from tracker.trips.services import NewTrip, create_trip

EVERYBODY = dict.fromkeys(Role, 200)
ADMINS = {Role.OWNER: 200, Role.ADMIN: 200, Role.SUPERVISOR: 403, Role.VIEWER: 403}
SUPERVISORS = ADMINS | {Role.SUPERVISOR: 200}
# name, what in the path, what each role gets
PAGES = [
    ("console", "", EVERYBODY),
    ("console_quickstart", "", EVERYBODY),
    ("console_keys", "", EVERYBODY),
    ("console_key_revoke", "key", ADMINS),
    ("console_key", "key", EVERYBODY),
    ("console_devices", "", EVERYBODY),
    ("console_device", "device", EVERYBODY),
    ("console_device_delete", "device", ADMINS),
    ("console_alerts", "", EVERYBODY),
    ("console_trips", "", EVERYBODY),
    ("console_trip", "trip", EVERYBODY),
    ("console_geofences", "", EVERYBODY),
    ("console_geofence_editor", "", EVERYBODY),
    ("console_geofence_versions", "", EVERYBODY),
    ("console_geofence_upload", "", SUPERVISORS),
    ("console_geofence_publish", "", SUPERVISORS),
    ("console_quarantine", "", EVERYBODY),
    ("console_letters", "", EVERYBODY),
    ("console_request", "", EVERYBODY),
    ("console_members", "", EVERYBODY),
    ("console_member_remove", "member", EVERYBODY),
    ("console_settings", "", EVERYBODY),
    ("console_audit", "", ADMINS),
    ("console_new_tenant", "", EVERYBODY),
]
# what only changes things: name, what in the path, the least role that may
CHANGES = [
    ("console_key_create", "", Role.ADMIN),
    ("console_key_expire", "key", Role.ADMIN),
    ("console_key_roll", "key", Role.ADMIN),
    ("console_key_revoke", "key", Role.ADMIN),
    ("console_letters_redrive_all", "", Role.ADMIN),
    ("console_letter_redrive", "letter", Role.ADMIN),
    ("console_trip_share", "trip", Role.SUPERVISOR),
    ("console_trip_complete", "trip", Role.SUPERVISOR),
    ("console_trip_cancel", "trip", Role.SUPERVISOR),
    ("console_device_edit", "device", Role.SUPERVISOR),
    ("console_device_delete", "device", Role.ADMIN),
    ("console_invite", "", Role.ADMIN),
    ("console_invitation_cancel", "invitation", Role.ADMIN),
    ("console_member_role", "member", Role.ADMIN),
    ("console_tenant_rename", "", Role.ADMIN),
    ("console_environment_change", "", Role.ADMIN),
    ("console_second_factor", "", Role.ADMIN),
    ("console_environment_create", "", Role.ADMIN),
]
ACCOUNT_PAGES = [
    "account_login", "account_signup", "account_reset_password", "account_reset_password_done",
    "account_reset_password_from_key_done", "account_email_verification_sent", "account_inactive",
]  # fmt: skip
MEMBER_ACCOUNT_PAGES = [
    "account_email",
    "account_change_password",
    "account_logout",
    "account_reauthenticate",
    "mfa_index",
    "usersessions_list",
]


def _ids(customer) -> dict[str, str]:
    """A public id of each kind that belongs to the customer."""
    scope.enter(tenant_id=customer.tenant.pk)
    owner = members_of(customer.tenant.pk).get(user=customer.owner)
    invitation = Invitation.objects.for_tenant(customer.tenant).first()
    invitation = invitation or invite(
        customer.tenant, "new@example.com", Role.VIEWER, by=owner, now=timezone.now()
    )
    device = a_device(customer.test, f"van-{owner.pk}")
    trip = create_trip(NewTrip(device=device, metadata={"a": "note"}), now=timezone.now())
    return {
        "device": device.public_id,
        "trip": trip.public_id,
        "member": owner.public_id,
        "invitation": invitation.public_id,
        "letter": public_letter_id(a_letter(customer.test)),
        "key": Key.objects.for_environment(customer.test).filter(kind="sk").get().public_id,
    }


def _address(name: str, kind: str, ids: dict[str, str]) -> str:
    return reverse(name, args=[ids[kind]] if kind else [])


@pytest.mark.parametrize("role", list(Role))
def test_each_role_opens_what_it_may(customer, signed_in, role):
    ids = _ids(customer)
    browser = signed_in(customer.member(role))
    for name, kind, expected in PAGES:
        answer = browser.get(_address(name, kind, ids))
        assert answer.status_code == expected[role], name
        assert Page(answer.content.decode()).faults == [], name


@pytest.mark.parametrize("role", list(Role))
def test_each_role_changes_what_it_may(customer, signed_in, role):
    ids = _ids(customer)
    browser = signed_in(customer.member(role))
    for name, kind, least in CHANGES:
        answer = browser.post(_address(name, kind, ids), {})
        assert (answer.status_code == 403) == (role.rank < least.rank), name
        assert answer.status_code in {200, 302, 403}, name
    assert role.rank >= Role.ADMIN.rank or _nothing_changed(customer)


def test_an_id_of_another_customer_leads_nowhere(customer, rival, signed_in):
    ids = _ids(customer)
    browser = signed_in(rival.owner)
    for name, kind, _ in PAGES + CHANGES:
        if not kind:
            continue
        seen = browser.get(_address(name, kind, ids), follow=True)
        assert seen.status_code in {200, 404, 405}, name
        assert ids[kind] not in seen.content.decode(), name
        sent = browser.post(_address(name, kind, ids), {"role": "viewer", "name": "mine"})
        assert sent.status_code in {404, 405}, name
        assert ids[kind] not in sent.content.decode(), name
    assert _nothing_changed(customer)


def _nothing_changed(customer) -> bool:
    scope.enter(tenant_id=customer.tenant.pk)
    return (
        Device.objects.for_environment(customer.test).filter(deleted_at=None, name="").exists()
        and not Key.objects.for_environment(customer.test).exclude(revoked_at=None).exists()
        and members_of(customer.tenant.pk).filter(role=Role.OWNER).exists()
        and Invitation.objects.for_tenant(customer.tenant).exists()
    )


def test_without_signing_in_every_page_leads_to_the_sign_in(customer):
    ids = _ids(customer)
    for name, kind, _ in PAGES + CHANGES:
        for answer in (Client().get(_address(name, kind, ids)), Client().post(_address(name, kind, ids))):
            assert answer.status_code in {302, 405}, name
            assert answer.status_code == 405 or answer["Location"].startswith(reverse("account_login"))


def test_nothing_changes_without_a_token_of_our_own_page(customer):
    browser = Client(enforce_csrf_checks=True)
    browser.force_login(customer.owner)
    ids = _ids(customer)
    for name, kind, _ in CHANGES:
        answer = browser.post(_address(name, kind, ids), {})
        assert answer.status_code == 403, name
        assert "open too long" in answer.content.decode()
    assert _nothing_changed(customer)


def test_account_pages_for_strangers_have_our_design(db):
    for name in ACCOUNT_PAGES:
        answer = Client().get(reverse(name))
        assert answer.status_code == 200, name
        page = Page(answer.content.decode())
        assert page.faults == [], name
        assert "css/site.css" in page.html


def test_account_pages_for_members_have_our_design(customer, signed_in):
    browser = signed_in(customer.owner)
    for name in MEMBER_ACCOUNT_PAGES:
        answer = browser.get(reverse(name), follow=True)
        assert answer.status_code == 200, name
        assert Page(answer.content.decode()).faults == [], name


def test_pages_full_of_rows_are_as_sound_as_empty_ones(customer, signed_in):
    _ids(customer)
    for number in range(60):
        a_device(customer.test, f"unit-{number}", name=f"Van {number}")
        a_report_set_aside(customer.test, "teleport", outcome="filtered")
    browser = signed_in(customer.owner)
    for name in ("console", "console_devices", "console_quarantine", "console_keys", "console_members"):
        assert Page(browser.get(reverse(name)).content.decode()).faults == []


@pytest.mark.parametrize(("status", "path"), [(404, "/nothing/here/"), (404, "/console/devices/dev_x/")])
def test_an_error_page_names_the_request(customer, signed_in, status, path):
    answer = signed_in(customer.owner).get(path)
    assert answer.status_code == status
    assert answer["X-Request-Id"] in answer.content.decode()
    assert Page(answer.content.decode()).faults == []


def test_an_error_of_ours_is_a_page_that_touches_no_database(customer, signed_in, monkeypatch):
    def broken(*args, **kwargs):
        raise RuntimeError("the demonstration fails")

    monkeypatch.setattr("tracker.console.selectors.devices_by_status", broken)
    browser = signed_in(customer.owner)
    browser.raise_request_exception = False
    answer = browser.get(reverse("console"))
    assert answer.status_code == 500
    assert answer["X-Request-Id"] in answer.content.decode()
    assert "the demonstration fails" not in answer.content.decode()
