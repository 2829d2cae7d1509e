"""The keys page: a secret is shown once, in one answer, and nowhere else."""

import re

import pytest
from django.urls import reverse

from tests.tracker.pages import Page, naughty
from tracker.keys.models import Key
from tracker.keys.selectors import key_in_force
from tracker.tenants import scope
from tracker.tenants.models import Role

SECRET = re.compile(r"sk_(?:test|live)_\w{60,}")


def _keys(environment):
    scope.enter(tenant_id=environment.tenant_id)
    return Key.objects.for_environment(environment)


def _make(browser, kind="sk", name="Server"):
    return browser.post(reverse("console_key_create"), {"kind": kind, "name": name})


def test_a_new_secret_key_is_in_the_answer_once_and_works(customer, signed_in):
    answer = _make(signed_in(customer.owner))
    assert answer.status_code == 200
    (text,) = SECRET.findall(answer.content.decode())
    key = key_in_force(text)
    assert key is not None
    assert key.name == "Server"
    assert answer["Cache-Control"] == "no-store"
    assert Page(answer.content.decode()).faults == []


def test_the_text_of_a_secret_key_is_left_in_no_session_message_cookie_log_or_later_page(
    customer, signed_in, caplog, capsys
):
    browser = signed_in(customer.owner)
    answer = _make(browser)
    (text,) = SECRET.findall(answer.content.decode())
    for name in ("console_keys", "console", "console_quickstart"):
        assert text not in browser.get(reverse(name)).content.decode()
    assert text not in str(dict(browser.session))
    assert all(text not in morsel.value for morsel in browser.cookies.values())
    assert text not in caplog.text + "".join(capsys.readouterr())
    assert text not in str(answer.headers)


def test_a_publishable_key_can_be_seen_again(customer, signed_in):
    text = signed_in(customer.member(Role.VIEWER)).get(reverse("console_keys")).content.decode()
    assert customer.publishable_key in text
    assert not SECRET.search(text)


def test_the_list_shows_the_keys_of_the_environment_in_hand_alone(customer, rival, signed_in):
    text = signed_in(customer.owner).get(reverse("console_keys")).content.decode()
    assert customer.publishable_key[-4:] in text
    for other in (customer.new.live.publishable_key, rival.publishable_key):
        assert other not in text


def test_revoking_asks_first_and_ends_the_key(customer, signed_in):
    key = _keys(customer.test).get(kind="sk")
    browser = signed_in(customer.owner)
    address = reverse("console_key_revoke", args=[key.public_id])
    assert key.hint in browser.get(address).content.decode()
    assert _keys(customer.test).get(pk=key.pk).revoked_at is None
    answer = browser.post(address, follow=True)
    assert "is revoked" in answer.content.decode()
    assert _keys(customer.test).get(pk=key.pk).revoked_at is not None
    assert "was revoked before" in browser.post(address, follow=True).content.decode()


@pytest.mark.parametrize(
    "values", [{"kind": "xx"}, {"kind": "sk", "name": "x" * 101}, {"kind": "sk", "name": "a\x00b"}]
)
def test_a_key_that_cannot_be_made_is_refused_beside_its_field(customer, signed_in, values):
    answer = signed_in(customer.owner).post(reverse("console_key_create"), values)
    assert 'aria-invalid="true"' in answer.content.decode()
    assert _keys(customer.test).count() == 2


def test_without_a_publishable_key_the_quickstart_offers_to_make_one(customer, signed_in):
    _keys(customer.test).filter(kind="pk").delete()
    assert (
        "Make a publishable key"
        in signed_in(customer.owner).get(reverse("console_quickstart")).content.decode()
    )
    text = signed_in(customer.member(Role.VIEWER)).get(reverse("console_quickstart")).content.decode()
    assert "Ask an admin" in text
    assert "Make a publishable key" not in text


def test_names_are_shown_as_the_text_they_are(customer, signed_in):
    browser = signed_in(customer.owner)
    for name in naughty()[:40]:
        if len(name) <= 100:
            assert _make(browser, "pk", name).status_code == 200
    page = Page(browser.get(reverse("console_keys")).content.decode())
    assert page.faults == []
    assert "<script>alert('ours')</script>" in page.text
    assert all(v.get("src") != "x" for v in page.of("img"))
