"""Who may call the API: a secret key in force, in one of two forms, and nobody else."""

import base64
import threading
from datetime import UTC, datetime, timedelta

import pytest
from django.db import connection

from tests.tracker.caller import Caller, problem
from tracker.keys.models import Key
from tracker.keys.selectors import key_in_force
from tracker.keys.services import create_key, note_use, revoke_key
from tracker.tenants import scope

NOW = datetime(2026, 5, 1, tzinfo=UTC)
MINUTE = timedelta(minutes=1)


def basic(text: str) -> str:
    return "Basic " + base64.b64encode(text.encode()).decode()


def test_a_secret_key_opens_its_own_environment(api, customer):
    document = api.json("environment")
    assert document["id"] == customer.test.public_id
    assert document["kind"] == "test"
    assert document["tenant"] == {"id": customer.tenant.public_id, "name": "ours"}
    assert document["key"]["hint"].endswith(customer.secret_key[-4:])
    assert Caller(customer.new.live.secret_key).json("environment")["kind"] == "live"


def a_key(customer):
    key = key_in_force(customer.secret_key)
    assert key is not None
    return key


@pytest.mark.parametrize("password", ["", "ignored", "with:colon"])
def test_basic_takes_the_key_as_user_name(api, customer, password):
    answer = api.send("GET", "environment", authorization=basic(f"{customer.secret_key}:{password}"))
    assert answer.status_code == 200


@pytest.mark.parametrize("scheme", ["bearer", "BEARER", "Bearer  "])
def test_the_scheme_is_read_in_any_case(api, customer, scheme):
    answer = api.send("GET", "environment", authorization=f"{scheme} {customer.secret_key}")
    assert answer.status_code == 200


def test_without_a_key_the_answer_says_what_to_send(api):
    answer = api.send("GET", "devices", authorization="")
    assert "Authorization: Bearer sk_" in problem(answer, 401, "missing_key")
    assert answer["WWW-Authenticate"] == 'Bearer realm="Milepost API"'


@pytest.mark.parametrize(
    "header",
    [
        "Bearer",
        "Bearer nonsense",
        "Bearer sk_test_" + "0" * 66,
        "Bearer sk_test_" + "z" * 66,
        "Basic",
        "Basic !!!",
        "Basic /w==",
        basic("somebody:something"),
        basic(""),
        "Digest username=x",
        "Token abc",
        "Bearer \x00",
        "Bearer \u00ff\u00fe",
        "Bearer " + "x" * 5000,
    ],
)
def test_a_header_that_holds_no_key_of_ours_is_refused(api, header):
    problem(api.send("GET", "devices", authorization=header), 401, "invalid_key")


def test_a_publishable_key_is_refused_with_the_reason(api, customer):
    answer = api.send("GET", "devices", authorization=f"Bearer {customer.publishable_key}")
    assert "needs the secret key" in problem(answer, 401, "wrong_key_kind")
    answer = api.send("GET", "devices", authorization=basic(f"{customer.publishable_key}:"))
    problem(answer, 401, "wrong_key_kind")


def test_a_revoked_key_opens_nothing(api, customer):
    key = a_key(customer)
    assert revoke_key(key, now=NOW)
    problem(api.get("devices"), 401, "invalid_key")


def test_a_genuine_signature_on_a_text_that_was_never_given_out_opens_nothing(api, customer, settings):
    """A leaked signing secret alone makes no key: the database must know the text's hash."""
    key = a_key(customer)
    scope.enter(environment_id=customer.test.pk)
    Key.objects.for_environment(customer.test).filter(pk=key.pk).update(sha256=b"\x01" * 32)
    problem(api.get("devices"), 401, "invalid_key")


def test_the_use_of_a_key_is_noted_once_a_minute(customer):
    key = a_key(customer)
    assert note_use(key, now=NOW, every=MINUTE) is True
    assert note_use(key, now=NOW + timedelta(seconds=59), every=MINUTE) is False
    assert note_use(key, now=NOW + MINUTE, every=MINUTE) is True
    key.refresh_from_db(fields=["last_used_at"], from_queryset=Key.objects.for_environment(customer.test))
    assert key.last_used_at == NOW + MINUTE


def test_a_request_notes_the_use_and_the_next_one_does_not_write(api, customer, django_assert_num_queries):
    api.json("environment")
    key = a_key(customer)
    assert key.last_used_at is not None
    with django_assert_num_queries(4):  # savepoint, scope, key with its environment and tenant, release
        api.json("environment")


@pytest.mark.django_db(transaction=True)
def test_of_many_requests_at_once_one_notes_the_use_and_none_waits(customer):
    with scope.scope(environment_id=customer.test.pk):
        key = a_key(customer)
    noted: list[bool] = []

    def use() -> None:
        try:
            with scope.scope(environment_id=customer.test.pk):
                noted.append(note_use(key, now=NOW, every=MINUTE))
        finally:
            connection.close()

    with scope.scope(environment_id=customer.test.pk):
        assert note_use(key, now=NOW, every=MINUTE)
        others = [threading.Thread(target=use) for _ in range(4)]
        for other in others:
            other.start()
        for other in others:
            other.join(timeout=20)
        assert noted == [False] * 4  # they are done although our transaction still holds the row


@pytest.mark.django_db(transaction=True)
def test_the_scope_of_a_request_ends_with_it(api):
    """The pool hands the connection on: nothing of this customer may remain on it."""
    api.json("environment")
    assert scope.current() == ["", "", "", ""]


def test_a_key_made_by_hand_for_the_same_environment_works_too(customer):
    with scope.scope(tenant_id=customer.tenant.pk):
        _, text = create_key(customer.test, Key.Kind.SECRET, by=None, name="second")
    assert Caller(text).json("environment")["key"]["name"] == "second"
