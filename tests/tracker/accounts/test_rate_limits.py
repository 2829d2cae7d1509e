"""How often one may try: through real requests, each limit as it is served."""

import pytest
from django.core import mail
from django.test import Client
from django.urls import reverse

from tests.tracker.conftest import PASSWORD
from tracker.tenants import scope
from tracker.tenants.models import Invitation, User

pytestmark = pytest.mark.django_db


def post(name, values, address="203.0.113.7"):
    return Client().post(reverse(name), values, headers={"x-forwarded-for": address})


def until_refused(name, values, most, address="203.0.113.7"):
    """How many requests went through before the first 429."""
    for count in range(most):
        if post(name, values(count), address).status_code == 429:
            return count
    return most


def test_passwords_of_one_account_can_be_guessed_five_times_in_five_minutes(customer):
    wrong = {"login": customer.owner.email, "password": "wrong-horse-battery-9"}
    for number in range(5):
        post("account_login", wrong, f"203.0.113.{number}")  # from another address each
    answer = post("account_login", wrong | {"password": PASSWORD}, "203.0.113.99")
    assert answer.status_code == 200  # the form again, with the right password too
    assert "Too many failed" in answer.content.decode()


def test_one_address_can_sign_in_sixty_times_a_minute_whatever_the_account(db):
    def values(n):
        return {"login": f"nobody-{n}@example.com", "password": "wrong-horse-battery-9"}

    assert until_refused("account_login", values, 70) == 60
    assert post("account_login", values(0), "203.0.113.8").status_code == 200


def test_one_address_can_sign_up_only_so_often(settings):
    settings.ACCOUNT_RATE_LIMITS = settings.ACCOUNT_RATE_LIMITS | {"signup": "3/m/ip"}

    def values(n):
        return {"email": f"p{n}@example.com", "password1": PASSWORD, "organisation": ""}

    assert until_refused("account_signup", values, 5) == 3
    assert User.objects.count() == 3


def test_resets_of_one_account_are_mailed_five_times_a_minute(customer):
    def values(_):
        return {"email": customer.owner.email}

    assert until_refused("account_reset_password", values, 8) == 5
    assert len(mail.outbox) == 5


def test_an_organisation_sends_only_so_many_invitations(customer, signed_in, settings):
    settings.ACCOUNT_RATE_LIMITS = settings.ACCOUNT_RATE_LIMITS | {"invite": "2/h/key"}
    browser = signed_in(customer.owner)
    for number in range(4):
        page = browser.post(reverse("console_invite"), {"email": f"n{number}@example.com", "role": "viewer"})
    assert "Too many invitations" in page.content.decode()
    scope.enter(tenant_id=customer.tenant.pk)
    assert Invitation.objects.for_tenant(customer.tenant).count() == 2


def test_a_callers_own_header_does_not_make_it_another_address(customer):
    """The front door overwrites the header; what stands before the last address was said by the caller."""

    def answer(n):
        values = {"login": f"nobody-{n}@example.com", "password": "wrong-horse-battery-9"}
        forged = f"198.51.100.{n}, 203.0.113.50"
        return Client().post(reverse("account_login"), values, headers={"x-forwarded-for": forged})

    assert [answer(n).status_code for n in range(62)].count(429) == 2
