"""The second factor and sessions, through the pages people use."""

import time
from urllib.parse import parse_qs, urlsplit

import pytest
from allauth.account.models import EmailAddress
from allauth.mfa.models import Authenticator
from allauth.mfa.totp.internal.auth import format_hotp_value, hotp_value, yield_hotp_counters_from_time
from django.test import Client
from django.urls import reverse

from tests.tracker.conftest import PASSWORD
from tests.tracker.pages import Page
from tracker.audit.models import AuditEntry
from tracker.live.rights import Admitted, Ask, Close, verdicts
from tracker.tenants import scope
from tracker.tenants.models import Role, Tenant


@pytest.fixture
def member(customer):
    EmailAddress.objects.create(user=customer.owner, email=customer.owner.email, verified=True, primary=True)
    return customer.owner


def sign_in(user, password=PASSWORD, browser=None):
    browser = browser or Client()
    answer = browser.post(reverse("account_login"), {"login": user.email, "password": password})
    return browser, answer


def code_of(secret):
    return format_hotp_value(hotp_value(secret, next(yield_hotp_counters_from_time())))


def confirm(browser):
    """Give the password once more, as setting up asks."""
    answer = browser.post(reverse("account_reauthenticate"), {"password": PASSWORD})
    assert answer.status_code == 302


def set_up(browser):
    """Through the pages: the secret it was set up with."""
    confirm(browser)
    page = browser.get(reverse("mfa_activate_totp"), follow=True)
    assert Page(page.content.decode()).faults == []
    assert b'src="data:image/svg+xml' in page.content
    secret = page.context["form"].secret
    answer = browser.post(reverse("mfa_activate_totp"), {"code": code_of(secret)})
    assert answer.status_code == 302, answer.context["form"].errors
    return secret


def next_code(secret, monkeypatch):
    """Of the next half minute: a code is taken once."""
    later = time.time() + 31
    monkeypatch.setattr("allauth.mfa.totp.internal.auth.time.time", lambda: later)
    return code_of(secret)


def test_a_second_factor_is_asked_for_at_the_next_sign_in(member, monkeypatch):
    browser, _ = sign_in(member)
    secret = set_up(browser)
    other, answer = sign_in(member)
    assert answer["Location"] == reverse("mfa_authenticate")
    assert other.get(reverse("console_keys")).status_code == 302  # not in yet
    wrong = other.post(reverse("mfa_authenticate"), {"code": "000000"})
    assert wrong.status_code == 200
    assert Page(wrong.content.decode()).faults == []
    assert other.get(reverse("console_keys")).status_code == 302
    assert (
        other.post(reverse("mfa_authenticate"), {"code": next_code(secret, monkeypatch)}).status_code == 302
    )
    assert other.get(reverse("console_keys")).status_code == 200


def test_a_recovery_code_lets_in_once(member):
    browser, _ = sign_in(member)
    set_up(browser)
    page = browser.get(reverse("mfa_view_recovery_codes"))
    assert Page(page.content.decode()).faults == []
    code = page.context["unused_codes"][0]
    for expected in (302, 200):
        other, _ = sign_in(member)
        assert other.post(reverse("mfa_authenticate"), {"code": code}).status_code == expected


def test_guesses_at_the_code_come_to_an_end(member):
    browser, _ = sign_in(member)
    secret = set_up(browser)
    other, _ = sign_in(member)
    for _ in range(6):
        last = other.post(reverse("mfa_authenticate"), {"code": "000000"})
    refused = other.post(reverse("mfa_authenticate"), {"code": code_of(secret)})
    assert refused.status_code in {200, 429}
    assert last.status_code in {200, 429}
    assert other.get(reverse("console_keys")).status_code == 302


def test_secrets_of_authenticator_apps_are_sealed_in_the_database(member):
    browser, _ = sign_in(member)
    secret = set_up(browser)
    stored = Authenticator.objects.get(user=member, type="totp").data["secret"]
    assert secret not in stored
    assert stored != secret
    assert Authenticator.objects.get(user=member, type="totp").wrap().validate_code("000000") is False


def test_an_unconfirmed_address_is_told_to_be_confirmed_first(customer):
    EmailAddress.objects.create(user=customer.owner, email=customer.owner.email, verified=False, primary=True)
    browser, _ = sign_in(customer.owner)
    confirm(browser)
    page = browser.get(reverse("mfa_activate_totp"), follow=True)
    assert "until you have verified your email address" in page.content.decode()
    assert not Authenticator.objects.exists()


def test_setting_up_asks_for_the_password_again(member):
    browser, _ = sign_in(member)
    answer = browser.get(reverse("mfa_activate_totp"))
    assert urlsplit(answer["Location"]).path == reverse("account_reauthenticate")
    assert parse_qs(urlsplit(answer["Location"]).query)["next"] == [reverse("mfa_activate_totp")]
    assert Page(browser.get(answer["Location"]).content.decode()).faults == []


def test_an_organisation_may_ask_it_of_its_members(customer, member):
    browser, _ = sign_in(member)
    rule = reverse("console_second_factor")
    browser.post(rule, {"factor-required": "on"})
    assert not Tenant.objects.get(pk=customer.tenant.pk).second_factor_required  # has none herself
    set_up(browser)
    browser.post(rule, {"factor-required": "on"})
    assert Tenant.objects.get(pk=customer.tenant.pk).second_factor_required
    scope.enter(tenant_id=customer.tenant.pk)
    (entry,) = AuditEntry.objects.for_tenant(customer.tenant).filter(action="tenant.second_factor")
    assert (entry.before, entry.after) == ({"required": False}, {"required": True})
    assert browser.get(reverse("console_keys")).status_code == 200
    viewer = customer.member(Role.ADMIN)
    EmailAddress.objects.create(user=viewer, email=viewer.email, verified=True, primary=True)
    theirs, _ = sign_in(viewer)
    for name in ("console", "console_keys", "map", "console_dispatch"):
        assert theirs.get(reverse(name))["Location"] == reverse("mfa_index"), name
    live = Ask(theirs.session.session_key, customer.test.public_id)
    assert verdicts([live])[live] == Close.NOT_YOURS
    assert theirs.post(reverse("console_key_create"), {"kind": "sk"})["Location"] == reverse("mfa_index")
    assert "asks its members for a second factor" in theirs.get(reverse("mfa_index")).content.decode()
    set_up(theirs)
    assert theirs.get(reverse("console_keys")).status_code == 200
    assert isinstance(verdicts([live])[live], Admitted)


def test_other_sessions_are_seen_and_signed_out(member):
    here, _ = sign_in(member)
    there, _ = sign_in(member)
    page = here.get(reverse("usersessions_list"))
    assert len(page.context["sessions"]) == 2
    assert Page(page.content.decode()).faults == []
    assert here.post(reverse("usersessions_list")).status_code == 302
    assert here.get(reverse("console_keys")).status_code == 200
    assert there.get(reverse("console_keys")).status_code == 302


def test_nobody_sees_or_ends_sessions_of_others(member, rival):
    here, _ = sign_in(member)
    theirs, _ = sign_in(rival.owner)
    assert len(theirs.get(reverse("usersessions_list")).context["sessions"]) == 1
    theirs.post(reverse("usersessions_list"))
    assert here.get(reverse("console_keys")).status_code == 200


def test_the_admin_has_no_sign_in_of_its_own_that_would_skip_the_code(member):
    member.is_staff = True
    member.save()
    answer = Client().post("/admin/login/", {"username": member.email, "password": PASSWORD})
    assert urlsplit(answer["Location"]).path == reverse("account_login")
