"""Two at once: publishes, uploads, an edit beside a publish. The race is shown first, then the lock that ends it."""

import threading
from collections.abc import Callable
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any

import pytest
from django.db import IntegrityError, connection, transaction

from tests.tracker.geofences.drawing import a_square
from tracker.geofences import publishing, selectors, uploading
from tracker.geofences.models import GeofenceVersion, GeofenceVersionMember
from tracker.geofences.publishing import NothingToPublish, publish
from tracker.geofences.selectors import drafts_of, shapes_of
from tracker.geofences.services import change_geofence, create_geofence
from tracker.geofences.uploading import apply_upload

pytestmark = pytest.mark.django_db(transaction=True)
NOW = datetime(2026, 5, 1, 8, tzinfo=UTC)


def at_once(*calls: Callable[[], Any]) -> list[Any]:
    """The outcome of each call, made on a connection of its own; an exception is an outcome."""
    outcomes: list[Any] = [None] * len(calls)
    gate = threading.Barrier(len(calls))

    def run(number: int) -> None:
        try:
            gate.wait(20)
            outcomes[number] = calls[number]()
        except Exception as error:
            outcomes[number] = error
        finally:
            connection.close()

    threads = [threading.Thread(target=run, args=(number,)) for number in range(len(calls))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    return outcomes


@contextmanager
def _no_lock(environment_id):
    with transaction.atomic():
        yield


def test_without_the_lock_two_publishes_fight_over_one_number(customer, monkeypatch):
    """Both read the same newest version before either writes its own."""
    met = threading.Barrier(2)
    read = selectors.latest_version

    def latest_version(environment_id):
        found = read(environment_id)
        met.wait(20)
        return found

    monkeypatch.setattr(publishing, "the_set", _no_lock)
    monkeypatch.setattr(publishing, "hold_set", lambda environment_id: None)
    monkeypatch.setattr(publishing, "latest_version", latest_version)
    create_geofence(customer.test.pk, a_square("Depot"), by=None)
    outcomes = at_once(*[lambda: publish(customer.test.pk, now=NOW)] * 2)
    assert any(isinstance(one, IntegrityError) for one in outcomes)


def test_of_two_publishes_one_makes_the_version_and_the_other_is_told_so(customer):
    create_geofence(customer.test.pk, a_square("Depot"), by=None)
    outcomes = at_once(*[lambda: publish(customer.test.pk, now=NOW)] * 2)
    assert {type(one) for one in outcomes} == {GeofenceVersion, NothingToPublish}
    assert GeofenceVersion.objects.for_environment(customer.test).count() == 1


def test_publishes_of_different_geofences_lose_neither(customer):
    made = [create_geofence(customer.test.pk, a_square(f"Z{n}", east=n), by=None) for n in range(4)]
    calls = [partial(publish, customer.test.pk, now=NOW, only=[one]) for one in made]
    versions = at_once(*calls)
    assert sorted(one.number for one in versions) == [1, 2, 3, 4]
    newest = max(versions, key=lambda one: one.number)
    assert len(shapes_of(newest)) == 4
    times = [one.effective_at for one in sorted(versions, key=lambda one: one.number)]
    assert times == sorted(set(times))


def test_an_edit_beside_a_publish_is_in_the_version_or_in_the_drafts_and_never_lost(customer):
    for round_ in range(3):
        depot = create_geofence(customer.test.pk, a_square(f"Depot {round_}", east=round_), by=None)
        now = NOW + timedelta(minutes=round_)
        edited = a_square(f"Edited {round_}", east=round_)
        outcomes = at_once(
            partial(publish, customer.test.pk, now=now), partial(change_geofence, depot, edited, by=None)
        )
        assert not [one for one in outcomes if isinstance(one, Exception)], outcomes
        version = outcomes[0]
        assert isinstance(version, GeofenceVersion)
        members = GeofenceVersionMember.objects.for_environment(customer.test).filter(version=version)
        assert members.count() == round_ + 1
        published = shapes_of(version)[depot.pk].name
        assert published in {f"Depot {round_}", f"Edited {round_}"}
        assert drafts_of(customer.test.pk)[depot.pk].name == f"Edited {round_}"


def test_without_the_lock_two_uploads_of_one_file_collide(customer, monkeypatch):
    met = threading.Barrier(2)
    make = uploading._make

    def slow(*args):
        met.wait(20)
        return make(*args)

    monkeypatch.setattr(uploading, "the_set", _no_lock)
    monkeypatch.setattr(uploading, "_make", slow)
    shapes = [a_square("Depot", external_id="d")]
    outcomes = at_once(*[lambda: apply_upload(customer.test.pk, shapes, by=None)] * 2)
    assert any(isinstance(one, IntegrityError) for one in outcomes)


def test_two_uploads_of_one_file_make_everything_once(customer):
    shapes = [a_square(f"Z{n}", east=n, external_id=f"z{n}") for n in range(20)]
    outcomes = at_once(*[lambda: apply_upload(customer.test.pk, shapes, by=None)] * 2)
    assert sorted((one.created, one.unchanged) for one in outcomes) == [(0, 20), (20, 0)]
    assert len(drafts_of(customer.test.pk)) == 20
