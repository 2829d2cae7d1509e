"""Commands on shipments: what they write, refuse and repeat."""

from datetime import timedelta

import pytest

from dispatch.shipments import selectors, services
from dispatch.shipments.checks import BadCommand
from dispatch.shipments.commands import (
    AllowAttempt,
    Assign,
    Cancel,
    ChangeDetails,
    ConfirmDelivery,
    ConfirmPickup,
    FailAttempt,
    Reschedule,
    StartDelivery,
)
from dispatch.shipments.models import ShipmentEvent, ShipmentState
from dispatch.shipments.services import Created, Refused, Repeated
from dispatch.shipments.transitions import IllegalTransition
from tests.dispatch.shipments.parcels import (
    AUTHOR,
    HOUR,
    MANIFEST,
    MINUTE,
    NOW,
    a_driver,
    a_hub,
    announced,
    does,
    new,
    out,
)
from tests.tracker.webhooks.contract import all_as_published
from tracker.tenants import scope


@pytest.fixture
def environment(customer):
    with scope.scope(environment_id=customer.test.pk):
        yield customer.test


def row(shipment_id: int) -> ShipmentState:
    return ShipmentState.objects.unscoped("a test's own").select_related("hub", "driver").get(pk=shipment_id)


def test_a_parcel_lives_from_announcement_to_delivery(environment):
    hub = a_hub(environment)
    driver = a_driver(environment, hub)
    created = announced(environment, "order-1", hub=hub.public_id, size={"kg": 2.5, "parcels": 1.0})
    pk = created.shipment_id
    does(environment, pk, ConfirmPickup())
    does(environment, pk, Assign(manifest=MANIFEST, version=1, driver=driver.public_id), now=NOW + HOUR)
    does(environment, pk, StartDelivery(), now=NOW + 2 * HOUR)
    state = does(environment, pk, ConfirmDelivery(recipient="her son", cash_minor=0), now=NOW + 3 * HOUR)
    assert state.state == "delivered"
    kept = row(pk)
    assert (kept.state, kept.sequence, kept.hub, kept.driver) == ("delivered", 5, hub, driver)
    assert kept.delivered_at == NOW + 3 * HOUR
    assert kept.size == {"kg": 2.5, "parcels": 1}
    told = all_as_published(environment)
    assert told == {
        "shipment.created", "shipment.picked_up", "shipment.assigned", "shipment.out_for_delivery",
        "shipment.delivered",
    }  # fmt: skip


def test_the_same_asked_again_writes_nothing(environment):
    driver = a_driver(environment, a_hub(environment))
    parcel = out(environment, driver)
    before = ShipmentEvent.objects.for_environment(environment).count()
    state = does(environment, parcel.shipment_id, StartDelivery(), now=NOW + HOUR)
    assert (state.state, state.sequence) == ("out_for_delivery", 4)
    assert ShipmentEvent.objects.for_environment(environment).count() == before


def test_what_cannot_follow_is_refused_with_what_can_and_writes_nothing(environment):
    parcel = announced(environment)
    with pytest.raises(IllegalTransition, match="cannot take start_delivery: it is announced") as refused:
        does(environment, parcel.shipment_id, StartDelivery())
    assert "confirm_pickup" in refused.value.legal
    assert row(parcel.shipment_id).sequence == 1


def test_a_writer_who_names_an_old_number_is_told_the_new_one(environment):
    parcel = announced(environment)
    does(environment, parcel.shipment_id, ConfirmPickup())
    with pytest.raises(services.SequenceMoved) as moved:
        does(environment, parcel.shipment_id, Cancel(reason="no"), expected_sequence=1)
    assert (moved.value.expected, moved.value.actual) == (1, 2)


def test_values_without_sense_are_refused_by_field(environment):
    parcel = announced(environment)
    with pytest.raises(BadCommand) as refused:
        does(environment, parcel.shipment_id, Reschedule(slots=((NOW, NOW - HOUR),)))
    assert [fault.field for fault in refused.value.faults] == ["slots"]


def test_many_commands_are_done_with_their_refusals_in_place(environment):
    parcels = [announced(environment) for _ in range(3)]
    does(environment, parcels[1].shipment_id, Cancel(reason="withdrawn"))
    asked = [(parcel.shipment_id, ConfirmPickup()) for parcel in parcels] + [(10**9, ConfirmPickup())]
    found = services.execute_many(environment.pk, asked, author=AUTHOR, now=NOW + HOUR)
    assert [getattr(one, "state", None) for one in found] == ["ready", "cancelled", "ready", None]
    assert isinstance(found[1], IllegalTransition)
    assert isinstance(found[3], services.UnknownShipment)


def test_a_failed_attempt_waits_until_another_is_allowed(environment):
    driver = a_driver(environment, a_hub(environment))
    parcel = out(environment, driver)
    state = does(environment, parcel.shipment_id, FailAttempt(reason="nobody_home"), now=NOW + HOUR)
    assert (state.state, state.attempts, state.failed_reason) == ("failed", 1, "nobody_home")
    state = does(
        environment, parcel.shipment_id, AllowAttempt(not_before=NOW + 3 * HOUR), now=NOW + HOUR + MINUTE
    )
    assert (state.state, state.not_before) == ("ready", NOW + 3 * HOUR)


def test_naming_another_time_after_a_failed_attempt_allows_the_next(environment):
    driver = a_driver(environment, a_hub(environment))
    parcel = out(environment, driver)
    does(environment, parcel.shipment_id, FailAttempt(reason="nobody_home"), now=NOW + HOUR)
    slots = ((NOW + 24 * HOUR, NOW + 26 * HOUR),)
    state = does(environment, parcel.shipment_id, Reschedule(slots=slots), now=NOW + 2 * HOUR)
    assert (state.state, state.slots, state.promised_to) == ("ready", slots, NOW + 26 * HOUR)
    kept = row(parcel.shipment_id)
    assert (kept.due_from, kept.due_to) == slots[0]


def test_what_a_phone_tells_hours_late_takes_its_place_in_time(environment):
    driver = a_driver(environment, a_hub(environment))
    parcel = out(environment, driver)
    slots = ((NOW + 24 * HOUR, NOW + 26 * HOUR),)
    does(environment, parcel.shipment_id, Reschedule(slots=slots), now=NOW + 3 * HOUR)
    state = does(
        environment, parcel.shipment_id, ConfirmDelivery(), now=NOW + 5 * HOUR, occurred_at=NOW + 2 * HOUR
    )
    assert (state.state, state.delivered_at) == ("delivered", NOW + 2 * HOUR)
    assert state.slots == (), "what was wanted of a parcel that had arrived is moot"
    at = NOW + 2 * HOUR + MINUTE
    now_known = selectors.state_at(environment, parcel.shipment_id, at)
    then_known = selectors.state_at(environment, parcel.shipment_id, at, known_at=NOW + 4 * HOUR)
    assert now_known is not None
    assert then_known is not None
    assert (now_known.state, then_known.state) == ("delivered", "out_for_delivery")


def test_a_phone_whose_clock_is_a_little_behind_is_taken_for_just_after(environment):
    driver = a_driver(environment, a_hub(environment))
    parcel = announced(environment)
    assign = Assign(manifest=MANIFEST, version=1, driver=driver.public_id)
    does(environment, parcel.shipment_id, ConfirmPickup())
    does(environment, parcel.shipment_id, assign, now=NOW + HOUR)
    state = does(
        environment,
        parcel.shipment_id,
        StartDelivery(),
        now=NOW + 2 * HOUR,
        occurred_at=NOW + HOUR - timedelta(seconds=2),
    )
    assert (state.state, state.out_at) == ("out_for_delivery", NOW + HOUR)


def test_a_shipment_announced_twice_is_there_once(environment):
    first = announced(environment, "order-1")
    again, other = services.create(
        environment.pk, [new("order-1"), new("order-1", recipient="Somebody")], author=AUTHOR, now=NOW
    )
    assert again == Repeated(first.shipment_id, first.public_id, first.state)
    assert isinstance(other, Refused)
    assert (other.differs, other.public_id) == (["recipient"], first.public_id)
    assert ShipmentEvent.objects.for_environment(environment).count() == 1


def test_one_batch_with_the_same_id_twice_is_one_shipment(environment):
    found = services.create(environment.pk, [new("a"), new("b"), new("a")], author=AUTHOR, now=NOW)
    assert [type(one) for one in found] == [Created, Created, Repeated]
    assert found[0].shipment_id == found[2].shipment_id


def test_a_corrected_file_changes_what_may_still_change(environment):
    hub = a_hub(environment)
    driver = a_driver(environment, hub)
    open_one, on_road = announced(environment, "open"), out(environment, driver, "road")
    wanted = [
        new("open", phone="1", service_s=60),
        new("road", size={"kg": 9.0}),
        new("open", phone="1", service_s=60),
    ]
    changed, refused, _ = services.create(environment.pk, wanted, author=AUTHOR, now=NOW + HOUR, change=True)
    assert isinstance(changed, Repeated)
    assert changed.changed
    assert (changed.state.phone, changed.state.service_s) == ("1", 60)
    assert isinstance(refused, Refused)
    assert "size cannot change while it is on a manifest" in refused.faults[0].reason
    [again] = services.create(environment.pk, wanted[:1], author=AUTHOR, now=NOW + 2 * HOUR)
    assert again == Repeated(open_one.shipment_id, open_one.public_id, changed.state)
    assert row(on_road.shipment_id).size == {}


def test_a_shipment_that_makes_no_sense_is_refused_by_field_and_the_others_are_kept(environment):
    wanted = [
        new("a", longitude=0.0, latitude=0.0),
        new("b", hub="hub_" + "0" * 32),
        new("c", latitude=182.0),
        new("x" * 201),
        new("d"),
    ]
    *refused, kept = services.create(environment.pk, wanted, author=AUTHOR, now=NOW)
    assert [one.faults[0].field for one in refused if isinstance(one, Refused)] == [
        "longitude",
        "hub",
        "latitude",
        "external_id",
    ]
    assert isinstance(kept, Created)


def test_contact_may_change_on_the_road_but_not_the_plan(environment):
    parcel = out(environment, a_driver(environment, a_hub(environment)))
    state = does(environment, parcel.shipment_id, ChangeDetails(phone="2"), now=NOW + HOUR)
    assert state.phone == "2"
    with pytest.raises(IllegalTransition, match="service_s cannot change while it is on a manifest"):
        does(environment, parcel.shipment_id, ChangeDetails(service_s=5), now=NOW + HOUR)
