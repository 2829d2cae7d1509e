"""`manage.py listen`: what it takes for ours, what it prints, and that it leaves nothing behind."""

import json
import socket
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from threading import Thread
from typing import Any

import pytest
from django.core.management.base import CommandError
from django.utils import timezone

from tests.e2e.waiting import until
from tracker.management.commands import listen
from tracker.tenants import scope
from tracker.webhooks.listening import Heard, Receiver, lines_of
from tracker.webhooks.polling import Away, Events, Refused
from tracker.webhooks.selectors import endpoints_of
from tracker.webhooks.services import create_endpoint
from tracker.webhooks.signing import headers, new_secret

SECRET = new_secret()


@pytest.fixture
def heard() -> list[Heard]:
    return []


@pytest.fixture
def receiver(heard) -> Iterator[Receiver]:
    made = Receiver(0, heard.append)
    made.secrets = [SECRET]
    thread = Thread(target=made.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    yield made
    made.shutdown()
    made.server_close()


def send(
    receiver: Receiver, event: dict[str, Any], secret: bytes = SECRET, *, age_s: float = 0
) -> tuple[int, str]:
    body = json.dumps(event).encode()
    signed = headers([secret], "evt_1", int(time.time() - age_s), body)
    request = urllib.request.Request(receiver.url, body, signed, method="POST")
    try:
        with urllib.request.urlopen(request, timeout=10) as answer:
            return answer.status, answer.read().decode()
    except urllib.error.HTTPError as error:
        return error.code, error.read().decode()


def test_a_challenge_is_repeated_and_an_event_taken(receiver, heard):
    assert send(receiver, {"type": "webhook.verification", "challenge": "so"}) == (200, "so")
    assert send(receiver, {"type": "device.silent"}) == (204, "")
    until(lambda: len(heard) == 2)  # it is answered first and heard of then
    assert {one.is_challenge for one in heard} == {True, False}


def test_what_is_not_signed_with_our_secret_or_is_old_is_refused(receiver, heard):
    assert send(receiver, {"type": "device.silent"}, new_secret())[0] == 401
    assert send(receiver, {"type": "device.silent"}, age_s=600)[0] == 401
    until(lambda: len(heard) == 2)
    assert [one.event for one in heard] == [None, None]
    assert all(one.refused for one in heard)


def test_an_event_is_printed_for_reading():
    event = {"type": "device.silent", "timestamp": "t", "id": "evt_1", "data": {"name": "Grüße"}}
    head, *data = lines_of(event, at="12:00:00", note="req_1")
    assert head == "12:00:00  device.silent  happened t  evt_1  req_1"
    assert json.loads("\n".join(data)) == {"name": "Grüße"}


@pytest.mark.django_db
def test_its_endpoint_lives_as_long_as_it_listens(customer, settings, receiver):
    settings.WEBHOOKS_ALLOW_PRIVATE = True
    with listen._endpoint(customer.test, receiver, ["device.*"]) as endpoint:
        assert (endpoint.url, endpoint.kinds) == (receiver.url, ["device.*"])
        assert receiver.secrets != [SECRET]
    with scope.scope(environment_id=customer.test.pk):
        assert not endpoints_of(customer.test).exists()


@pytest.mark.django_db
def test_a_killed_listeners_endpoint_goes_with_the_next_and_a_running_ones_stays(
    customer, settings, receiver
):
    settings.WEBHOOKS_ALLOW_PRIVATE = True
    host = socket.gethostname()
    with scope.scope(environment_id=customer.test.pk, tenant_id=customer.tenant.pk):
        for whose in (f"{listen.WHOSE} 99999999 on {host}", f"{listen.WHOSE} 1 on {host}", "somebody's own"):
            create_endpoint(customer.test, url=receiver.url, description=whose, by=None, now=timezone.now())
    with listen._endpoint(customer.test, receiver, []), scope.scope(environment_id=customer.test.pk):
        left = {row.description for row in endpoints_of(customer.test)}
    assert {f"{listen.WHOSE} 1 on {host}", "somebody's own"} < left
    assert f"{listen.WHOSE} 99999999 on {host}" not in left


@pytest.mark.django_db
def test_it_says_which_setting_lets_webhooks_come_here(customer, settings, receiver):
    settings.WEBHOOKS_ALLOW_PRIVATE = False
    with (
        pytest.raises(CommandError, match="MILEPOST_WEBHOOKS_ALLOW_PRIVATE"),
        listen._endpoint(customer.test, receiver, []),
    ):
        pass


def test_a_server_far_away_is_told_apart_from_a_wrong_address_or_key(live_server):
    with pytest.raises(Refused, match="no address"):
        Events("ftp://example.com", "sk")
    with pytest.raises(Refused, match="key"):
        list(Events(live_server.url, "sk_test_wrong").read())
    with pytest.raises(Away):
        list(Events("http://127.0.0.1:9", "sk").read())
