"""What is due is told, tried again when it fails, given up in the end, and written down once."""

import logging
import threading
from datetime import UTC, datetime, timedelta

import pytest
from django.core import mail
from django.core.mail.backends.locmem import EmailBackend
from django.db import connection

from dispatch.notifications import sending
from dispatch.notifications.channels.port import Result
from dispatch.notifications.models import Notification
from dispatch.notifications.retries import LEASE, MOST_TRIES, WAITS, next_try
from dispatch.notifications.services import Wish, owe, owe_team, send_again
from dispatch.notifications.wording import customers_text
from dispatch.planning.services import settings_of
from dispatch.shipments.authors import system
from dispatch.shipments.commands import Cancel, ConfirmDelivery
from dispatch.shipments.services import execute
from tests.dispatch.notifications.gateway import a_gateway
from tests.dispatch.rounds import a_round
from tests.dispatch.sagas.killing import killed_at
from tracker.tenants import scope
from tracker.tenants.models import Role

NOW = datetime(2026, 5, 4, 4, 0, tzinfo=UTC)
WHY = "a test looks at everything"
FACTS = {"email": "asha@example.com", "phone": "+91 20 5550 1234", "language": "en"}


class World:
    """One delivery of a customer's environment, and its messages."""

    def __init__(self, customer, environment):
        self.customer, self.environment = customer, environment
        with self.open():
            self.round = a_round(environment, 1, now=NOW - timedelta(hours=1), **FACTS)
            self.number = self.round.stops[0].shipment_id

    def open(self):
        return scope.scope(tenant_id=self.environment.tenant_id, environment_id=self.environment.pk)

    def owes(self, template: str = "failed_attempt", about: str = "", **facts) -> None:
        with self.open():
            owe(self.environment.pk, [Wish(self.number, template, about, facts)], now=NOW)

    def channels(self, *names: str) -> None:
        with self.open():
            rules = settings_of(self.environment.pk)
            rules.notify_channels = list(names)
            rules.save()

    def rows(self) -> list[Notification]:
        with scope.scope(unscoped=WHY):
            found = Notification.objects.unscoped(WHY).filter(environment=self.environment)
            return list(found.order_by("pk"))


@pytest.fixture
def world(customer) -> World:
    return World(customer, customer.test)


@pytest.fixture
def no_server(settings) -> None:
    settings.EMAIL_BACKEND = "tests.tracker.webhooks.no_mail.EmailBackend"


def test_a_mail_goes_out_under_an_id_that_never_changes(world, settings):
    settings.BASE_URL = "https://milepost.example.com"
    world.owes(attempt=1, reason="nobody_home", again=True)
    told = sending.send_due(["mail"], now=NOW, elapsed=lambda: 0.0)
    assert (told.sent, told.failed, told.dropped) == (1, 0, 0)
    [message] = mail.outbox
    [row] = world.rows()
    assert message.to == ["asha@example.com"]
    assert message.extra_headers["Message-ID"] == f"<{row.public_id}@milepost.example.com>"
    assert "Nobody was there." in message.body
    assert "https://milepost.example.com/s/" in message.body
    assert (row.state, row.sent_at, row.tries, row.due_at) == ("sent", NOW, 1, None)
    assert sending.send_due(["mail"], now=NOW + timedelta(days=1)).sent == 0


def test_while_the_server_is_away_it_is_tried_ever_later_and_then_given_up(world, no_server):
    world.owes("rescheduled")
    now, tries = NOW, 0
    while (row := world.rows()[0]).state == "pending":
        assert row.due_at is not None
        now = max(now, row.due_at)
        assert sending.send_due(["mail"], now=now).failed == 1
        tries += 1
    assert tries == len(WAITS) + 1
    assert (row.state, row.tries) == ("given_up", tries)
    assert "mail server is away" in row.problem


def test_one_that_was_given_up_can_be_sent_again_by_hand(world, no_server, settings):
    world.owes("rescheduled")
    with world.open():
        rows = Notification.objects.for_environment(world.environment)
        rows.update(state="given_up", tries=7, due_at=None)
        assert send_again(world.environment.pk, rows.get(), now=NOW)
        assert not send_again(world.environment.pk, rows.get(), now=NOW)
    settings.EMAIL_BACKEND = "django.core.mail.backends.locmem.EmailBackend"
    assert sending.send_due(["mail"], now=NOW).sent == 1


def test_what_is_overtaken_or_too_old_is_not_told_any_more(world):
    world.owes("out_for_delivery", "attempt 1")  # it is not out
    world.owes("arriving_soon")
    sending.send_due(["mail"], now=NOW)
    assert [row.state for row in world.rows()] == ["withdrawn", "withdrawn"]
    world.owes("rescheduled")
    sending.send_due(["mail"], now=NOW + timedelta(days=3))
    assert "of use" in world.rows()[-1].problem
    assert mail.outbox == []


def test_a_failed_attempt_is_not_told_of_what_was_delivered_since(world):
    world.owes()
    with world.open():
        execute(world.environment.pk, world.number, ConfirmDelivery(), author=system("t"), now=NOW)
    sending.send_due(["mail"], now=NOW)
    assert [row.state for row in world.rows()] == ["withdrawn"]


def test_a_text_message_goes_to_the_gateway_with_a_key_by_which_it_knows_repeats(customer, settings, caplog):
    world = World(customer, customer.live)
    world.channels("sms")
    with a_gateway() as gateway:
        settings.SMS_URL, settings.SMS_TOKEN = gateway.url, "very-secret-token"
        settings.GATEWAYS_ALLOW_PRIVATE = True
        gateway.status = 500
        world.owes("rescheduled")
        caplog.set_level(logging.DEBUG)
        assert sending.send_due(["sms", "push"], now=NOW).failed == 1
        [row] = world.rows()
        assert (row.state, row.problem) == ("pending", "the gateway: it answered 500")
        gateway.status = 202
        assert sending.send_due(["sms", "push"], now=NOW + timedelta(minutes=1)).sent == 1
    keys = [headers["idempotency-key"] for headers, _ in gateway.came]
    assert keys == [row.public_id, row.public_id]
    headers, body = gateway.came[1]
    assert headers["authorization"] == "Bearer very-secret-token"
    assert (body["to"], body["id"]) == ("+912055501234", row.public_id)
    assert "/s/" in body["text"]
    assert "very-secret-token" not in caplog.text
    assert "/s/" not in caplog.text
    assert "+912055501234" not in caplog.text


@pytest.mark.parametrize(("status", "state"), [(422, "given_up"), (401, "pending"), (429, "pending")])
def test_what_a_gateway_refuses_for_good_is_given_up_at_once(customer, settings, status, state):
    world = World(customer, customer.live)
    world.channels("sms")
    with a_gateway() as gateway:
        settings.SMS_URL, settings.GATEWAYS_ALLOW_PRIVATE, gateway.status = gateway.url, True, status
        world.owes("rescheduled")
        sending.send_due(["sms"], now=NOW)
    assert world.rows()[0].state == state


def test_a_gateway_in_a_private_network_is_not_called_unless_the_operator_says_so(customer, settings):
    world = World(customer, customer.live)
    world.channels("sms")
    with a_gateway() as gateway:
        settings.SMS_URL, settings.GATEWAYS_ALLOW_PRIVATE = gateway.url, False
        world.owes("rescheduled")
        sending.send_due(["sms"], now=NOW)
    assert gateway.came == []
    assert "https" in world.rows()[0].problem


def test_a_test_environment_writes_text_messages_into_files_whatever_gateway_is_set(
    world, settings, tmp_path
):
    settings.MESSAGES_DIR, settings.SMS_URL = tmp_path / "messages", "https://gateway.example.com"
    world.channels("sms")
    world.owes("rescheduled")
    assert sending.send_due(["sms"], now=NOW).sent == 1
    [row] = world.rows()
    [path] = (tmp_path / "messages").iterdir()
    assert path.name == f"{row.public_id}.json"
    assert path.stat().st_mode & 0o077 == 0


def test_what_concerns_a_member_comes_in_one_mail(customer, world):
    customer.member(Role.SUPERVISOR, "sup@example.com")
    with world.open():
        for number in range(3):
            owe_team(
                customer.test, None, "team_undelivered", f"sga_{number:032x} attempt 2", Role.SUPERVISOR,
                {"name": f"MP-{number}", "attempts": 2, "reason": "refused"}, now=NOW,
            )  # fmt: skip
    assert sending.send_due(["mail"], now=NOW).sent == 0, "it waits a moment for more"
    assert sending.send_due(["mail"], now=NOW + timedelta(minutes=1)).sent == 1
    [message] = mail.outbox
    assert message.to == ["sup@example.com"]
    assert "3 things need somebody" in message.subject
    assert [f"MP-{n}" in message.body for n in range(3)] == [True] * 3
    assert [row.state for row in world.rows()] == ["sent"] * 3


def test_a_message_that_cannot_be_put_into_words_holds_up_no_other(world, monkeypatch):
    world.owes("rescheduled")
    world.owes("escalated")
    plain = customers_text

    def breaks(row, *given, **named):
        if row.template == "rescheduled":
            raise KeyError("a mistake of ours")
        return plain(row, *given, **named)

    monkeypatch.setattr(sending, "customers_text", breaks)
    assert sending.send_due(["mail"], now=NOW).sent == 1
    assert [row.state for row in world.rows()] == ["withdrawn", "sent"]


def test_one_that_takes_every_program_down_is_not_tried_for_ever(world):
    world.owes("rescheduled")
    with world.open():
        Notification.objects.for_environment(world.environment).update(tries=MOST_TRIES)
    sending.send_due(["mail"], now=NOW)
    assert world.rows()[0].state == "withdrawn"


def test_the_tries_end():
    assert next_try(len(WAITS) + 1, now=NOW, random=0.0) is None
    assert next_try(1, now=NOW, random=0.0) == NOW + WAITS[0]


@pytest.mark.django_db(transaction=True)
def test_wherever_a_sender_dies_the_message_is_told_at_least_once_and_noted_once(customer):
    """It may be told twice, under the same id, where the death came between telling and noting; never not at all."""
    world, number, repeats = World(customer, customer.test), 0, []
    while True:
        mail.outbox.clear()
        world.owes("rescheduled", f"event {number}")
        with killed_at(number) as counter:
            sending.send_due(["mail"], now=NOW)
        sending.send_due(["mail"], now=NOW + LEASE)
        sending.send_due(["mail"], now=NOW + 2 * LEASE)
        row = world.rows()[-1]
        assert (row.about, row.state) == (f"event {number}", "sent")
        assert {one.extra_headers["Message-ID"] for one in mail.outbox} == {f"<{row.public_id}@127.0.0.1>"}
        repeats.append(len(mail.outbox))
        if not counter.struck:
            break
        number += 1
    assert number > 10, "there were statements and commits to die at"
    assert repeats[-1] == 1, "without a death it is told once"
    assert set(repeats) == {1, 2}


class Died(BaseException):
    """The process was killed."""


class DyingServer(EmailBackend):
    """Takes some mails, each after a while, and then the program that sends them dies."""

    takes, takes_s, after_each = 3, 0.0, staticmethod(lambda: None)
    clock = 0.0

    def send_messages(self, messages):
        cls = type(self)
        if cls.takes == len(mail.outbox):
            raise Died
        count = super().send_messages(messages)
        cls.clock += cls.takes_s
        cls.after_each()
        return count


@pytest.fixture
def server(settings, monkeypatch) -> type[DyingServer]:
    settings.EMAIL_BACKEND = f"{__name__}.DyingServer"
    for name in ("takes", "takes_s", "after_each", "clock"):
        monkeypatch.setattr(DyingServer, name, DyingServer.__dict__[name])
    return DyingServer


def test_a_sender_that_dies_in_the_middle_repeats_nothing_that_was_sent(world, server):
    for number in range(8):
        world.owes("rescheduled", f"event {number}")
    with pytest.raises(Died):
        sending.send_due(["mail"], now=NOW)
    assert [row.state for row in world.rows()] == ["sent"] * 3 + ["pending"] * 5
    server.takes = 100
    assert sending.send_due(["mail"], now=NOW + LEASE + timedelta(minutes=1)).sent == 5
    ids = [one.extra_headers["Message-ID"] for one in mail.outbox]
    assert len(ids) == len(set(ids)) == 8


def test_a_server_that_takes_minutes_over_each_mail_leaves_none_to_another_sender(world, server):
    for number in range(8):
        world.owes("rescheduled", f"event {number}")
    others: list[int] = []

    def another_sender() -> None:
        found = sending._claim(["mail"], NOW + timedelta(seconds=server.clock))
        others.append(len(found))

    server.takes, server.takes_s, server.after_each = 100, 200.0, staticmethod(another_sender)
    told = sending.send_due(["mail"], now=NOW, elapsed=lambda: server.clock)
    assert (told.sent, others) == (8, [0] * 8)
    assert world.rows()[-1].sent_at == NOW + timedelta(seconds=8 * 200)


@pytest.mark.django_db(transaction=True)
def test_two_senders_take_different_messages(customer, monkeypatch):
    world = World(customer, customer.test)
    for number in range(5):
        world.owes("rescheduled", f"event {number}")
    inside, go_on = threading.Event(), threading.Event()
    sent: list[str] = []

    class Slow:
        def send(self, messages):
            inside.set()
            assert go_on.wait(30)
            sent.extend(message.id for message in messages)
            return [Result(True)] * len(messages)

    monkeypatch.setattr(sending, "channel_for", lambda name, environment: Slow())

    def send():
        sending.send_due(["mail"], now=NOW)
        connection.close()

    thread = threading.Thread(target=send)
    thread.start()
    assert inside.wait(30)
    assert sending.send_due(["mail"], now=NOW).sent == 0, "they are another's until the lease ends"
    go_on.set()
    thread.join(30)
    assert len(sent) == len(set(sent)) == 5


def test_sent_is_sent_although_it_was_withdrawn_meanwhile(world, monkeypatch):
    world.owes("rescheduled")

    class Meanwhile:
        def send(self, messages):
            with world.open():
                execute(world.environment.pk, world.number, Cancel(reason="x"), author=system("t"), now=NOW)
                Notification.objects.for_environment(world.environment).update(state="withdrawn")
            return [Result(True)] * len(messages)

    monkeypatch.setattr(sending, "channel_for", lambda name, environment: Meanwhile())
    sending.send_due(["mail"], now=NOW)
    assert world.rows()[0].state == "sent"
