"""The relay's promise: each event handed on at least once, none left out."""

import pytest
from django.db import OperationalError, connection, transaction
from psycopg import connect

from tests.tracker.webhooks.rows import NOW, WHY, an_endpoint, an_event, messages
from tracker.outbox.catalogue import Kind
from tracker.outbox.models import OutboxEvent
from tracker.outbox.relay import relay_batch
from tracker.outbox.services import OutsideTransaction, record
from tracker.tenants import scope


@pytest.fixture(autouse=True)
def development(settings):
    settings.WEBHOOKS_ALLOW_PRIVATE = True


def not_relayed():
    return OutboxEvent.objects.unscoped(WHY).filter(relayed_at=None).count()


class Heard:
    """A subscriber that remembers."""

    def __init__(self):
        self.events: list[int] = []

    def __call__(self, events):
        self.events += [event.pk for event in events]


@pytest.fixture
def another():
    """A second connection to the test's database, as another process has it."""
    values = connection.get_connection_params()
    wanted = {name: values[name] for name in ("dbname", "user", "password", "host", "port") if name in values}
    with connect(**wanted, autocommit=False) as made:
        yield made


INSERT = """INSERT INTO tracker_outboxevent (environment_id, kind, data, occurred_at)
            VALUES (%s, 'device.silent', '{}', now()) RETURNING id"""


@pytest.mark.django_db(transaction=True)
def test_who_commits_late_is_missed_by_a_high_water_mark_and_not_by_the_relay(customer, another):
    [late] = another.execute(INSERT, [customer.test.pk]).fetchone()
    early = an_event(customer.test).pk
    assert late < early, "numbers are drawn before the commit"

    # the race: a reader that remembers how far it got
    def newer_than(mark):
        return list(OutboxEvent.objects.unscoped(WHY).filter(pk__gt=mark).values_list("pk", flat=True))

    mark = max(newer_than(0))
    heard = Heard()
    assert relay_batch(now=NOW, subscribers=[heard]).count == 1
    another.commit()
    assert late not in newer_than(mark), "lost for ever"
    assert relay_batch(now=NOW, subscribers=[heard]).count == 1
    assert heard.events == [early, late]
    assert not_relayed() == 0


@pytest.mark.django_db(transaction=True)
def test_what_another_relay_holds_is_passed_over_and_taken_when_that_one_dies(customer, another):
    first, second = an_event(customer.test).pk, an_event(customer.test).pk
    another.execute("SELECT 1 FROM tracker_outboxevent WHERE id = %s FOR UPDATE", [first])
    heard = Heard()
    assert relay_batch(now=NOW, subscribers=[heard]).count == 1
    assert heard.events == [second]
    another.rollback()  # what PostgreSQL does when a connection ends
    relay_batch(now=NOW, subscribers=[heard])
    assert heard.events == [second, first]


def test_an_event_that_a_subscriber_fails_at_holds_up_no_other(customer):
    bad = [an_event(customer.test).pk for _ in range(3)][1]

    def picky(events):
        if any(event.pk == bad for event in events):
            raise ValueError("not this one")
        taken.extend(event.pk for event in events)

    taken: list[int] = []
    heard = Heard()
    batch = relay_batch(now=NOW, subscribers=[picky, heard])
    assert (batch.count, batch.failed) == (2, frozenset({bad}))
    assert len(taken) == 2
    assert bad in heard.events, "the other subscriber hears of it"
    assert relay_batch(now=NOW, parked={bad}, subscribers=[heard]).count == 0
    assert relay_batch(now=NOW, subscribers=[heard]).count == 1


def test_what_a_failing_subscriber_wrote_is_undone(customer):
    an_event(customer.test)

    def writes_and_fails(events):
        with transaction.atomic():
            record(customer.test.pk, Kind.DEVICE_ONLINE, {}, occurred_at=NOW)
        raise ValueError

    relay_batch(now=NOW, subscribers=[writes_and_fails])
    assert OutboxEvent.objects.unscoped(WHY).count() == 1


def test_the_databases_trouble_is_not_the_events(customer):
    an_event(customer.test)

    def without_database(events):
        raise OperationalError("server closed the connection unexpectedly")

    with pytest.raises(OperationalError):
        relay_batch(now=NOW, subscribers=[without_database])
    assert not_relayed() == 1


def test_an_event_is_kept_with_what_it_tells_of_or_not_at_all(customer):
    def happens():
        with transaction.atomic():
            record(customer.test.pk, Kind.DEVICE_SILENT, {}, occurred_at=NOW)
            raise ValueError("and then it did not happen after all")

    with pytest.raises(ValueError, match="did not happen"):
        happens()
    assert not_relayed() == 0


@pytest.mark.django_db(transaction=True)
def test_an_event_cannot_be_recorded_outside_a_transaction(customer):
    with pytest.raises(OutsideTransaction):
        record(customer.test.pk, Kind.DEVICE_SILENT, {}, occurred_at=NOW)


def test_each_endpoint_that_asks_is_owed_the_event_once_however_often_it_is_handed_on(customer, rival):
    everything = an_endpoint(customer.test)
    family = an_endpoint(customer.test, kinds=["trip.*"])
    exact = an_endpoint(customer.test, kinds=["device.silent", "trip.arrived"])
    an_endpoint(customer.test, kinds=["geofence.entered"])
    an_endpoint(customer.test, state="unverified")
    disabled = an_endpoint(customer.test, state="disabled")
    an_endpoint(customer.live)
    an_endpoint(rival.test)
    silent, arrived = an_event(customer.test), an_event(customer.test, Kind.TRIP_ARRIVED)
    relay_batch(now=NOW)
    with scope.scope(unscoped=WHY):
        OutboxEvent.objects.unscoped(WHY).update(relayed_at=None)
    relay_batch(now=NOW)
    owed = {(m.event_id, m.endpoint_id, m.state) for m in messages()}
    assert owed == {
        (silent.pk, everything.pk, "pending"),
        (silent.pk, exact.pk, "pending"),
        (silent.pk, disabled.pk, "withheld"),
        (arrived.pk, everything.pk, "pending"),
        (arrived.pk, exact.pk, "pending"),
        (arrived.pk, family.pk, "pending"),
        (arrived.pk, disabled.pk, "withheld"),
    }
    assert len(messages()) == len(owed)
    assert all(m.environment_id == customer.test.pk for m in messages())
