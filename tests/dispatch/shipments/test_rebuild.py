"""The projection can be dropped and made again, equal to the byte, while commands go on."""

import threading

import pytest
from django.db import connection, connections

from dispatch.shipments import services, store
from dispatch.shipments.commands import ConfirmPickup, LeaveNote, Reschedule
from dispatch.shipments.models import ShipmentState
from dispatch.shipments.projection import project
from dispatch.shipments.rebuild import rebuild
from tests.dispatch.shipments.parcels import AUTHOR, HOUR, MINUTE, NOW, a_driver, a_hub, announced, out
from tracker.tenants import scope

SLOTS = ((NOW + HOUR, NOW + 2 * HOUR),)


def as_bytes(environment) -> list[str]:
    with scope.scope(environment_id=environment.pk), connection.cursor() as cursor:
        cursor.execute("SELECT s::text FROM dispatch_shipmentstate s ORDER BY shipment_id")
        return [row[0] for row in cursor.fetchall()]


def some_parcels(environment, count: int) -> list[int]:
    with scope.scope(environment_id=environment.pk):
        hub = a_hub(environment)
        driver = a_driver(environment, hub)
        facts = {
            "hub": hub.public_id,
            "size": {"kg": 0.1, "litres": 3.0},
            "metadata": {"a": [1.5, None, {"b": "ü"}]},
        }
        on_road = [out(environment, driver, f"road-{n}", **facts).shipment_id for n in range(count // 2)]
        return [
            *on_road,
            *(announced(environment, slots=SLOTS).shipment_id for _ in range(count - len(on_road))),
        ]


def test_a_dropped_projection_comes_back_equal_to_the_byte(customer):
    some_parcels(customer.test, 6)
    before = as_bytes(customer.test)
    assert len(before) == 6
    with scope.scope(environment_id=customer.test.pk):
        ShipmentState.objects.for_environment(customer.test).delete()
    assert as_bytes(customer.test) == []
    done = rebuild(customer.test.pk)
    assert (done.shipments, done.mended) == (6, 6)
    assert as_bytes(customer.test) == before
    assert rebuild(customer.test.pk).mended == 0


def test_a_row_that_somebody_wrote_by_hand_is_put_right(customer):
    some_parcels(customer.test, 2)
    before = as_bytes(customer.test)
    with scope.scope(environment_id=customer.test.pk):
        ShipmentState.objects.for_environment(customer.test).update(state="lost", attempts=7)
    assert rebuild(customer.test.pk).mended == 2
    assert as_bytes(customer.test) == before


@pytest.mark.django_db(transaction=True)
def test_commands_go_on_while_it_is_dropped_and_made_again(customer):
    """Two writers on the same shipments, and a third hand that drops and rebuilds all the while."""
    environment = customer.test
    parcels = some_parcels(environment, 8)
    faults: list[BaseException] = []
    stopped = threading.Event()

    def write(name: str) -> None:
        try:
            for number in range(6):
                for parcel in parcels:
                    with scope.scope(environment_id=environment.pk):
                        command = (
                            LeaveNote(note=f"{name} {number}")
                            if number % 3
                            else Reschedule(slots=((NOW, NOW + (number + 1) * HOUR),))
                        )
                        services.execute(
                            environment.pk, parcel, command, author=AUTHOR, now=NOW + number * MINUTE
                        )
        except BaseException as fault:  # told by the test itself
            faults.append(fault)
        finally:
            connections.close_all()

    def drop_and_rebuild() -> None:
        try:
            while not stopped.is_set():
                with scope.scope(environment_id=environment.pk):
                    ShipmentState.objects.for_environment(environment).order_by("pk").delete()
                rebuild(environment.pk)
        except BaseException as fault:
            faults.append(fault)
        finally:
            connections.close_all()

    writers = [threading.Thread(target=write, args=(name,)) for name in ("a", "b")]
    third = threading.Thread(target=drop_and_rebuild)
    for thread in (*writers, third):
        thread.start()
    for thread in writers:
        thread.join(120)
    stopped.set()
    third.join(60)
    assert faults == []
    live = as_bytes(environment)
    assert len(live) == len(parcels)
    assert rebuild(environment.pk).mended == 0, "what commands and rebuilds left is what the events say"
    assert as_bytes(environment) == live


@pytest.mark.django_db(transaction=True)
def test_a_rebuild_that_read_too_early_cannot_undo_a_command(customer):
    """The race with the guard off: an older state written later; and with it on."""
    environment = customer.test
    [parcel] = some_parcels(environment, 1)
    with scope.scope(environment_id=environment.pk):
        from_before = store.read(environment.pk, [parcel])[parcel]
        services.execute(environment.pk, parcel, ConfirmPickup(), author=AUTHOR, now=NOW + HOUR)
        newest = as_bytes(environment)
        project(environment.pk, {parcel: store.state_of(from_before)})
    assert as_bytes(environment) == newest
    with scope.scope(environment_id=environment.pk):
        ShipmentState.objects.for_environment(environment).delete()  # without the row nothing guards
        project(environment.pk, {parcel: store.state_of(from_before)})
    assert as_bytes(environment) != newest, "so a rebuild drops before it reads, in one transaction"
