"""Signing up, in and out, and the mails that go with it."""

import re
from pathlib import Path

import pytest
from allauth.account.models import EmailAddress
from django.test import Client
from django.urls import reverse

from tests.tracker.conftest import PASSWORD
from tests.tracker.pages import link_in
from tracker.keys.models import Key
from tracker.keys.selectors import key_in_force
from tracker.tenants import scope
from tracker.tenants.models import Environment, Role, User
from tracker.tenants.selectors import memberships_of

ADDRESS = "ada@example.com"


@pytest.fixture
def sign_up(db, django_capture_on_commit_callbacks):
    def send(browser, **changes):
        values = {"email": ADDRESS, "password1": PASSWORD, "organisation": "Ada & Söhne"} | changes
        with django_capture_on_commit_callbacks(execute=True):
            return browser.post(reverse("account_signup"), values)

    return send


def test_signing_up_makes_a_tenant_with_two_environments_and_four_keys(sign_up):
    browser = Client()
    answer = sign_up(browser)
    assert answer["Location"] == reverse("console_quickstart")
    user = User.objects.get(email=ADDRESS)
    scope.enter(user_id=user.pk)
    membership = memberships_of(user).get()
    assert (membership.role, membership.tenant.name) == (Role.OWNER, "Ada & Söhne")
    scope.enter(tenant_id=membership.tenant_id)
    for environment in Environment.objects.for_tenant(membership.tenant_id):
        kinds = Key.objects.for_environment(environment).values_list("kind", flat=True)
        assert sorted(kinds) == ["pk", "sk"]
    assert {e.kind for e in Environment.objects.for_tenant(membership.tenant_id)} == {"test", "live"}


def test_the_page_after_signing_up_holds_the_new_key(sign_up):
    browser = Client()
    sign_up(browser)
    text = browser.get(reverse("console_quickstart")).content.decode()
    assert re.search(r"Bearer pk_test_\w{66}", text)


def test_the_secret_keys_of_a_sign_up_are_shown_once_and_never_stored(sign_up):
    browser = Client()
    sign_up(browser)
    waiting = str(dict(browser.session))
    page = browser.get(reverse("console_quickstart"))
    shown = re.findall(r"sk_(?:test|live)_\w{66}", page.content.decode())
    assert [key[:8] for key in shown] == ["sk_test_", "sk_live_"]
    assert page["Cache-Control"] == "no-store"
    assert all(key not in waiting for key in shown)
    scope.enter(unscoped="test")
    assert all(key_in_force(key) for key in shown)
    again = browser.get(reverse("console_quickstart")).content.decode()
    assert not re.search(r"sk_(?:test|live)_\w{66}", again)


def test_asking_for_the_headers_alone_does_not_use_the_one_showing_up(sign_up):
    browser = Client()
    sign_up(browser)
    browser.head(reverse("console_quickstart"))
    assert "sk_live_" in browser.get(reverse("console_quickstart")).content.decode()


def test_an_organisation_without_a_name_gets_the_addresses(sign_up):
    sign_up(Client(), organisation="")
    user = User.objects.get(email=ADDRESS)
    scope.enter(user_id=user.pk)
    assert memberships_of(user).get().tenant.name == "ada"


@pytest.mark.parametrize(
    "change", [{"email": "no address"}, {"password1": "123"}, {"organisation": "x" * 201}]
)
def test_a_form_with_a_mistake_says_so_beside_the_field_and_makes_nothing(sign_up, change):
    answer = sign_up(Client(), **change)
    assert answer.status_code == 200
    assert 'aria-invalid="true"' in answer.content.decode()
    assert not User.objects.exists()


def test_the_mail_that_confirms_an_address_is_a_file_and_its_link_works(sign_up, settings, tmp_path):
    settings.EMAIL_BACKEND = "django.core.mail.backends.filebased.EmailBackend"
    settings.EMAIL_FILE_PATH = str(tmp_path)
    browser = Client()
    sign_up(browser)
    (file,) = Path(tmp_path).iterdir()
    mail = file.read_text()
    link = link_in(mail, "/accounts/confirm-email/")
    assert "example.com" not in mail.replace(ADDRESS, "")
    page = browser.get(link)
    assert ADDRESS in page.content.decode()
    browser.post(link)
    assert EmailAddress.objects.get(email=ADDRESS).verified


def test_a_forgotten_password_is_set_anew_through_the_mail(customer, mailoutbox):
    browser = Client()
    browser.post(reverse("account_reset_password"), {"email": customer.owner.email})
    link = link_in(mailoutbox[0].body, "/accounts/password/reset/key/")
    form = browser.get(link, follow=True)
    new = "another-long-pass-77"
    browser.post(form.redirect_chain[-1][0], {"password1": new, "password2": new})
    assert Client().login(email=customer.owner.email, password=new)


def test_signing_in_leads_to_the_page_that_was_wanted(customer):
    browser = Client()
    wanted = reverse("console_devices")
    login = browser.get(wanted)["Location"]
    answer = browser.post(login, {"login": customer.owner.email, "password": PASSWORD, "next": wanted})
    assert answer["Location"] == wanted


def test_signing_out_takes_a_click_and_ends_the_session(customer, signed_in):
    browser = signed_in(customer.owner)
    assert "Sign out?" in browser.get(reverse("account_logout")).content.decode()
    assert browser.get(reverse("console")).status_code == 200
    browser.post(reverse("account_logout"))
    assert browser.get(reverse("console")).status_code == 302


def test_the_start_page_is_for_those_who_are_signed_out(customer, signed_in):
    assert Client().get("/").status_code == 200
    assert signed_in(customer.owner).get("/")["Location"] == reverse("console")


def test_somebody_without_an_organisation_is_led_to_make_one(db, signed_in):
    browser = signed_in(User.objects.create_user("alone@example.com", PASSWORD))
    assert browser.get(reverse("console"))["Location"] == reverse("console_new_tenant")
    answer = browser.post(reverse("console_new_tenant"), {"name": "Alone at last"}, follow=True)
    assert "Alone at last" in answer.content.decode()
