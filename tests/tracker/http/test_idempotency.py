"""A POST that is repeated with its Idempotency-Key does nothing again and gets its first answer again."""

import json
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from django.db import connections
from django.utils import timezone

from tests.tracker.caller import Caller, a_device, problem
from tracker.certificates.api import DeviceCertificates
from tracker.certificates.models import DeviceCertificate
from tracker.http import idempotency
from tracker.http.models import IdempotentAnswer
from tracker.tenants import scope


@pytest.fixture
def path(customer) -> str:
    """A POST that makes something each time: the certificate's request, whose answer is a secret."""
    return f"devices/{a_device(customer.test).public_id}/certificates"


@pytest.fixture
def answers_kept(monkeypatch) -> None:
    """As if certificates were no secret: the same address then shows how other answers are kept."""
    monkeypatch.setattr(DeviceCertificates, "answer_is_secret", False)


def _made(customer) -> int:
    with scope.scope(environment_id=customer.test.pk):
        return DeviceCertificate.objects.for_environment(customer.test).count()


def _post(api: Caller, path: str, key: str, body: bytes = b"{}"):
    return api.send("POST", path, body=body, **{"Idempotency-Key": key})


@pytest.mark.usefixtures("answers_kept")
def test_a_repeat_gets_the_first_answer_and_does_nothing(api, customer, path):
    first, again = _post(api, path, "k-1"), _post(api, path, "k-1")
    assert first.status_code == again.status_code == 201
    assert json.loads(first.content) == json.loads(again.content)
    assert not first.has_header("Idempotent-Replayed")
    assert again["Idempotent-Replayed"] == "true"
    assert again["Cache-Control"] == "no-store"
    assert _made(customer) == 1


@pytest.mark.usefixtures("answers_kept")
def test_a_key_in_quotes_is_the_same_key(api, customer, path):
    _post(api, path, "k-1")
    assert _post(api, path, '"k-1"')["Idempotent-Replayed"] == "true"


def test_an_answer_with_a_secret_is_kept_nowhere_and_a_repeat_is_told_so(api, customer, path):
    first = json.loads(_post(api, path, "k-1").content)
    problem(_post(api, path, "k-1"), 409, "idempotency_answer_not_kept", "Idempotency-Key")
    with scope.scope(environment_id=customer.test.pk):
        kept = IdempotentAnswer.objects.for_environment(customer.test).get()
    assert bytes(kept.body) == b""
    assert first
    assert _made(customer) == 1


@pytest.mark.parametrize("body", [b'{"valid_days":5}', b"{} "])
def test_the_same_key_with_another_request_is_refused_and_changes_nothing(api, customer, path, body):
    _post(api, path, "k-1")
    problem(_post(api, path, "k-1", body), 409, "idempotency_key_reused", "Idempotency-Key")
    assert _made(customer) == 1


@pytest.mark.parametrize("key", ["", " ", "a b", "x" * 256, '""', "k\x7f"])
def test_a_key_that_is_none_is_refused_by_name(api, customer, path, key):
    problem(_post(api, path, key), 400, "invalid_idempotency_key", "Idempotency-Key")
    assert _made(customer) == 0


def test_a_refusal_is_not_remembered(api, customer, path):
    assert _post(api, path, "k-1", b"[]").status_code == 400
    assert _post(api, path, "k-1").status_code == 201


def test_another_environments_key_is_another_key(api, customer, rival, path):
    _post(api, path, "k-1")
    theirs = f"devices/{a_device(rival.test).public_id}/certificates"
    assert _post(Caller(rival.secret_key), theirs, "k-1").status_code == 201


def test_after_a_day_a_key_is_new(api, customer, path):
    _post(api, path, "k-1")
    with scope.scope(unscoped="the test lets a day go by"):
        rows = IdempotentAnswer.objects.unscoped("the test lets a day go by")
        rows.update(made_at=timezone.now() - timedelta(hours=25))
    assert _post(api, path, "k-1").status_code == 201
    assert _made(customer) == 2


def test_old_answers_are_forgotten(api, customer, path):
    _post(api, path, "k-1")
    assert idempotency.forget(now=timezone.now()) == 0
    assert idempotency.forget(now=timezone.now() + timedelta(hours=25)) == 1


@pytest.mark.django_db(transaction=True)
@pytest.mark.usefixtures("answers_kept")
def test_of_ten_at_once_one_does_it_and_all_get_its_answer(api, customer, path):
    def post(_: int) -> tuple[int, bytes]:
        try:
            answer = _post(api, path, "k-1")
            return answer.status_code, answer.content
        finally:
            connections.close_all()

    with ThreadPoolExecutor(5) as pool:
        answers = list(pool.map(post, range(10)))
    assert {status for status, _ in answers} == {201}
    assert len({content for _, content in answers}) == 1
    assert _made(customer) == 1
