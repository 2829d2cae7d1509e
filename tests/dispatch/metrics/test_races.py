"""A change while a day is computed: its mark waits for the commit and has the day computed again."""

import threading
from datetime import timedelta

import pytest
from django.db import connection

from dispatch.metrics import services
from dispatch.metrics.computing import Day, compute
from dispatch.metrics.models import HubDay
from tests.dispatch.fleet.ground import NOW, a_driver, a_hub, a_manifest, a_shipment, a_stop
from tests.tracker.geofences.test_races import at_once
from tracker.tenants import scope

pytestmark = pytest.mark.django_db(transaction=True)


def a_day(environment):
    with scope.scope(environment_id=environment.pk):
        hub = a_hub(environment, "Pune")
        stop = a_stop(a_manifest(a_driver(hub)), a_shipment(hub), 1)
        services.mark_stale(environment.pk, hub.pk, NOW.date(), NOW)
    return hub, stop


def test_a_change_after_the_count_and_before_the_commit_is_not_lost(customer, monkeypatch):
    hub, stop = a_day(customer.test)
    counted, marking = threading.Event(), threading.Event()

    def slow(day, *, now):
        figures = compute(day, now=now)
        counted.set()
        marking.wait(20)
        with connection.cursor() as cursor:
            for _ in range(400):  # until the mark stands at our row
                cursor.execute("SELECT pg_sleep(0.05), count(*) FROM pg_locks WHERE NOT granted")
                if cursor.fetchone()[1]:
                    break
        return figures

    def tick():
        return services.refresh_stale(now=NOW + timedelta(minutes=1))

    def change():
        counted.wait(20)
        with scope.scope(environment_id=customer.test.pk):
            rows = type(stop).objects.for_environment(customer.test)
            rows.filter(pk=stop.pk).update(state="delivered", finished_at=NOW)
        marking.set()
        with scope.scope(environment_id=customer.test.pk):
            services.mark_stale(customer.test.pk, hub.pk, NOW.date(), NOW + timedelta(minutes=1))

    monkeypatch.setattr(services, "compute", slow)
    outcomes = at_once(tick, change)
    assert outcomes == [services.Refreshed(1, 0), None]
    monkeypatch.setattr(services, "compute", compute)
    with scope.scope(environment_id=customer.test.pk):
        row = HubDay.objects.for_environment(customer.test).get()
        assert (row.figures["delivered"], row.stale_since) == (0, NOW + timedelta(minutes=1))
    assert services.refresh_stale(now=NOW + timedelta(minutes=3)) == services.Refreshed(1, 0)
    with scope.scope(environment_id=customer.test.pk):
        assert HubDay.objects.for_environment(customer.test).get().figures["delivered"] == 1


def test_of_two_ticks_one_computes_a_day_and_the_other_leaves_it(customer, monkeypatch):
    hub, _ = a_day(customer.test)
    met = threading.Barrier(2)
    first = threading.Event()

    def slow(day: Day, *, now):
        first.set()
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
        met.wait(20)
        return compute(day, now=now)

    def one():
        return services.refresh_stale(now=NOW + timedelta(minutes=1))

    def other():
        first.wait(20)
        done = services.refresh_stale(now=NOW + timedelta(minutes=1))
        met.wait(20)
        return done

    monkeypatch.setattr(services, "compute", slow)
    assert at_once(one, other) == [services.Refreshed(1, 0), services.Refreshed(0, 0)]
