"""A message is owed once a shipment, template, channel and turn, whatever is retried; and only where it can be told."""

from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest

from dispatch.notifications.addresses import masked, usable
from dispatch.notifications.models import Notification
from dispatch.notifications.quiet import earliest
from dispatch.notifications.services import Wish, forget_addresses, owe, owe_team, withdraw
from dispatch.planning.services import settings_of
from tests.dispatch.fleet.ground import a_hub
from tests.dispatch.rounds import shipments_of
from tracker.tenants.models import Role

NOW = datetime(2026, 5, 4, 17, 0, tzinfo=UTC)  # half past ten in the evening in Pune


@pytest.fixture
def parcel(box):
    """One shipment, whose recipient can be told in every way."""
    hub = a_hub(box, "Pune East")
    facts = {"email": "asha@example.com", "phone": "+91 20 5550-1234", "language": "mr-IN"}
    return shipments_of(hub, 1, now=NOW, metadata={"push_token": "abc"}, **facts)[0]


def by_channel(box, *names: str) -> None:
    rules = settings_of(box.pk)
    rules.notify_channels = list(names)
    rules.save()


def rows(box) -> list[Notification]:
    return list(Notification.objects.for_environment(box).order_by("pk"))


def test_the_same_is_owed_once_and_another_turn_of_it_once_more(box, parcel):
    first, second = Wish(parcel, "failed_attempt", "attempt 1"), Wish(parcel, "failed_attempt", "attempt 2")
    assert owe(box.pk, [first], now=NOW) == 1
    assert owe(box.pk, [first, first], now=NOW) == 0
    assert owe(box.pk, [second], now=NOW) == 1
    assert [row.about for row in rows(box)] == ["attempt 1", "attempt 2"]


def test_mail_alone_until_the_customer_says_otherwise(box, parcel):
    owe(box.pk, [Wish(parcel, "delivered")], now=NOW)
    assert [(row.channel, row.address, row.language) for row in rows(box)] == [
        ("mail", "asha@example.com", "mr")
    ]
    by_channel(box, "mail", "sms", "push")
    owe(box.pk, [Wish(parcel, "delivered")], now=NOW)
    assert [(row.channel, row.address) for row in rows(box)[1:]] == [
        ("sms", "+912055501234"),
        ("push", "abc"),
    ]
    by_channel(box)
    assert owe(box.pk, [Wish(parcel, "escalated")], now=NOW) == 0


def test_without_an_address_the_row_says_so_and_nothing_is_due(box):
    hub = a_hub(box, "Pune East")
    [number] = shipments_of(hub, 1, now=NOW, phone="call my neighbour")
    by_channel(box, "mail", "sms")
    owe(box.pk, [Wish(number, "delivered")], now=NOW)
    assert [(row.state, row.due_at) for row in rows(box)] == [("unwanted", None)] * 2
    assert "e-mail address" in rows(box)[0].problem


def test_text_messages_wait_for_the_morning_and_mails_do_not(box, parcel):
    rules = settings_of(box.pk)
    rules.notify_channels, rules.quiet_from, rules.quiet_to = ["mail", "sms"], time(21), time(8)
    rules.save()
    owe(box.pk, [Wish(parcel, "rescheduled"), Wish(parcel, "arriving_soon")], now=NOW)
    due = {(row.template, row.channel): row.due_at for row in rows(box)}
    assert due["rescheduled", "mail"] == NOW
    assert due["rescheduled", "sms"] == datetime(2026, 5, 5, 2, 30, tzinfo=UTC)  # eight in Pune
    assert due["arriving_soon", "sms"] == NOW, "who comes in ten minutes cannot be told tomorrow"


@pytest.mark.parametrize(
    ("local", "expected"),
    [
        ("2026-05-04 20:59", "2026-05-04 20:59"),
        ("2026-05-04 21:00", "2026-05-05 08:00"),
        ("2026-05-05 07:59", "2026-05-05 08:00"),
        ("2026-05-05 08:00", "2026-05-05 08:00"),
        # the night on which the clock of Amsterdam jumps from two to three
        ("2026-03-28 23:00", "2026-03-29 08:00"),
    ],
)
def test_quiet_hours_span_midnight_and_clock_changes(local, expected):
    zone = ZoneInfo("Europe/Amsterdam")
    now = datetime.fromisoformat(local).replace(tzinfo=zone)
    found = earliest(now, time(21), time(8), zone).astimezone(zone)
    assert f"{found:%Y-%m-%d %H:%M}" == expected


def test_quiet_hours_within_a_day_and_none_at_all():
    zone, noon = ZoneInfo("UTC"), datetime(2026, 5, 4, 12, 0, tzinfo=UTC)
    assert earliest(noon, time(11), time(14), zone) == noon + timedelta(hours=2)
    assert earliest(noon, None, time(14), zone) == noon
    assert earliest(noon, time(9), time(9), zone) == noon


def test_what_was_not_sent_can_be_taken_back_and_what_was_cannot(box, parcel):
    owe(box.pk, [Wish(parcel, "failed_attempt", "attempt 1")], now=NOW)
    assert withdraw(box.pk, parcel, "failed_attempt", "attempt 1") == 1
    assert withdraw(box.pk, parcel, "failed_attempt", "attempt 1") == 0
    owe(box.pk, [Wish(parcel, "escalated", "attempt 1")], now=NOW)
    Notification.objects.for_environment(box).filter(template="escalated").update(state="sent")
    assert withdraw(box.pk, parcel, "escalated", "attempt 1") == 0


def test_members_with_the_role_are_told_or_else_the_next_ones_above(customer, box):
    assert owe_team(customer.test, None, "team_undelivered", "sga_1 x", Role.SUPERVISOR, {}, now=NOW) == 1
    assert [row.address for row in rows(box)] == ["owner@ours.example.com"], "only an owner is there"
    for name in ("one", "two"):
        customer.member(Role.SUPERVISOR, f"{name}@example.com")
    assert owe_team(customer.test, None, "team_undelivered", "sga_2 x", Role.SUPERVISOR, {}, now=NOW) == 2
    assert owe_team(customer.test, None, "team_undelivered", "sga_2 x", Role.SUPERVISOR, {}, now=NOW) == 0


def test_forgotten_recipients_leave_no_address_behind(box, parcel):
    owe(box.pk, [Wish(parcel, "delivered"), Wish(parcel, "escalated")], now=NOW)
    Notification.objects.for_environment(box).filter(template="delivered").update(state="sent")
    forget_addresses(box.pk, [parcel])
    assert [(row.address, row.state) for row in rows(box)] == [("", "sent"), ("", "withdrawn")]


@pytest.mark.parametrize(
    ("channel", "text", "found"),
    [
        ("mail", " asha@example.com ", "asha@example.com"),
        ("mail", "asha@example.com\nBcc: all@example.com", ""),
        ("mail", "nobody", ""),
        ("sms", "+91 (20) 5550-1234", "+912055501234"),
        ("sms", "1234", ""),
        ("sms", "+91 20 5550 1234; rm -rf", ""),
        ("push", "token-1", "token-1"),
        ("push", "to\nken", ""),
    ],
)
def test_an_address_is_taken_or_it_is_none(channel, text, found):
    assert usable(channel, text) == found


def test_a_log_line_shows_too_little_of_an_address_to_use_it():
    assert masked("asha@example.com") == "a…@example.com"
    assert masked("+912055501234") == "…234"
