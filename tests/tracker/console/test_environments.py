"""The switch between environments, and that what is shown is of one alone."""

import pytest
from django.urls import reverse

from tests.tracker.pages import a_device
from tracker.http.console import SESSION_KEY
from tracker.tenants.models import Role
from tracker.tenants.services import create_tenant


def _switch(browser, environment_id, **more):
    return browser.post(reverse("console_environment"), {"environment": environment_id} | more)


def test_the_console_begins_in_test_and_says_so(customer, signed_in):
    text = signed_in(customer.owner).get(reverse("console")).content.decode()
    assert "env-test" in text
    assert "Test data" in text


def test_switching_shows_the_other_box_and_no_row_of_the_first(customer, signed_in):
    a_device(customer.test, "only-in-test")
    a_device(customer.live, "only-in-live")
    browser = signed_in(customer.owner)
    assert "only-in-test" in browser.get(reverse("console_devices")).content.decode()
    answer = _switch(browser, customer.live.public_id, next=reverse("console_devices"))
    assert answer["Location"] == reverse("console_devices")
    text = browser.get(reverse("console_devices")).content.decode()
    assert "only-in-live" in text
    assert "only-in-test" not in text
    assert "env-test" not in text


def test_the_environment_of_a_rival_cannot_be_switched_to(customer, rival, signed_in):
    browser = signed_in(customer.owner)
    answer = _switch(browser, rival.test.public_id)
    assert answer.status_code == 404
    assert SESSION_KEY not in browser.session
    assert rival.tenant.name not in browser.get(reverse("console")).content.decode()


@pytest.mark.parametrize(
    "text", ["", "env_", "env_" + "0" * 32, "dev_" + "a" * 32, "\x00", "env_" + "z" * 32]
)
def test_a_text_that_is_no_environment_is_not_found(customer, signed_in, text):
    assert _switch(signed_in(customer.owner), text).status_code == 404


@pytest.mark.parametrize(
    "elsewhere", ["https://rival.example/", "//rival.example/", "javascript:alert(1)", ""]
)
def test_the_switch_leads_nowhere_but_to_our_own_pages(customer, signed_in, elsewhere):
    answer = _switch(signed_in(customer.owner), customer.live.public_id, next=elsewhere)
    assert answer["Location"] == reverse("console")


def test_a_session_that_names_a_box_it_lost_falls_back_to_its_own(customer, rival, signed_in):
    browser = signed_in(customer.owner)
    session = browser.session
    session[SESSION_KEY] = rival.test.public_id
    session.save()
    text = browser.get(reverse("console")).content.decode()
    assert rival.tenant.name not in text
    assert customer.tenant.name in text


def test_a_member_of_two_organisations_finds_all_their_boxes_in_the_switch(customer, signed_in):
    person = customer.member(Role.VIEWER, "both@example.com")
    other = create_tenant("Second home", owner=person)
    text = signed_in(person).get(reverse("console")).content.decode()
    for environment in (customer.test, customer.live, other.test.environment, other.live.environment):
        assert f'value="{environment.public_id}"' in text
