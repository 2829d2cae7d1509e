"""What drivers did counts once, in order, at the time at which it was done; what cannot be is refused in words."""

import uuid
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

import pytest
from django.db import connection

from dispatch.driving.actions import UNFORESEEN, Clock, take
from dispatch.driving.bodies import Done, Place
from dispatch.driving.codes import code_for
from dispatch.driving.deeds import DEEDS
from dispatch.driving.models import DeliveryProof, DriverAction
from dispatch.driving.proofs import content_of
from dispatch.driving.selectors import refused_actions
from dispatch.manifests.closing import close
from dispatch.manifests.models import Manifest, ManifestStop
from dispatch.manifests.orders import stops_on
from dispatch.manifests.services import take_off
from dispatch.shipments.authors import system
from dispatch.shipments.commands import ReportLoss
from dispatch.shipments.models import ShipmentEvent, ShipmentState
from dispatch.shipments.services import execute
from tests.dispatch.fleet.ground import a_driver
from tests.dispatch.rounds import Round, a_round, released
from tracker.tenants import scope

pytestmark = pytest.mark.django_db
NOW = datetime(2026, 5, 4, 6, 0, tzinfo=UTC)
LATER = NOW + timedelta(hours=3)


def ms(moment: datetime) -> int:
    return round(moment.timestamp() * 1000)


class Phone:
    """A phone that counts what is done on it."""

    def __init__(self, route: Round, *, off: timedelta = timedelta(0)) -> None:
        self.route, self.off, self.number = route, off, 0
        self.session, _ = route.phone(now=NOW)

    def did(self, kind: str, at: datetime, **facts) -> Done:
        self.number += 1
        return Done(id=uuid.uuid4(), number=self.number, kind=kind, at_ms=ms(at + self.off), **facts)

    def tell(self, *done: Done, now: datetime = LATER) -> list[str]:
        return [one.outcome for one in self.answers(*done, now=now)]

    def answers(self, *done: Done, now: datetime = LATER):
        return take(self.session, list(done), clock_ms=ms(now + self.off), now=now)

    def whole_round(self) -> list[Done]:
        """Acknowledge, set out, and deliver everything, ten minutes each."""
        mine = self.route.manifest
        done = [
            self.did("acknowledge", NOW, manifest=mine.public_id, version=mine.version),
            self.did("begin", NOW + timedelta(minutes=1), manifest=mine.public_id),
        ]
        for place, stop in enumerate(self.route.stops, 1):
            at = NOW + timedelta(minutes=10 * place)
            done += [
                self.did("arrive", at, stop=stop.public_id),
                self.did("deliver", at + timedelta(minutes=2), stop=stop.public_id, recipient="Neighbour"),
            ]
        return done


@pytest.fixture
def route(box) -> Round:
    return a_round(box, now=NOW)


def kinds(route: Round, place: int) -> list[str]:
    rows = ShipmentEvent.objects.for_environment(route.environment)
    found = rows.filter(shipment_id=route.stops[place - 1].shipment_id).order_by("sequence")
    return list(found.values_list("kind", flat=True))


def test_a_day_without_a_network_is_told_at_its_end_and_counts(route):
    phone = Phone(route)
    assert set(phone.tell(*phone.whole_round())) == {"done"}
    assert [stop.state for stop in route.stops] == ["delivered"] * 3
    route.manifest.refresh_from_db()
    assert route.manifest.state == Manifest.State.DONE
    state = route.state(2)
    assert (state.state, state.delivered_at) == ("delivered", NOW + timedelta(minutes=22))
    assert kinds(route, 1)[-2:] == ["OutForDelivery", "DeliveryConfirmed"]


def test_the_same_told_again_changes_nothing(route):
    phone = Phone(route)
    done = phone.whole_round()
    phone.tell(*done)
    before = [kinds(route, place) for place in (1, 2, 3)]
    assert set(phone.tell(*done)) == {"repeated"}
    assert [kinds(route, place) for place in (1, 2, 3)] == before
    assert DriverAction.objects.for_environment(route.environment).count() == len(done)


def test_what_comes_shuffled_is_taken_in_the_order_in_which_it_was_done(route):
    phone = Phone(route)
    done = phone.whole_round()
    assert set(phone.tell(*reversed(done))) == {"done"}
    assert [stop.state for stop in route.stops] == ["delivered"] * 3


@pytest.mark.parametrize("off", [timedelta(hours=-5), timedelta(days=400), timedelta(seconds=3)])
def test_a_phone_whose_clock_is_off_tells_the_right_times(route, off):
    phone = Phone(route, off=off)
    phone.tell(*phone.whole_round())
    assert route.state(1).delivered_at == NOW + timedelta(minutes=12)


def test_a_time_is_never_later_than_now_nor_older_than_two_weeks():
    clock = Clock(timedelta(0))
    assert clock.corrected(ms(LATER + timedelta(days=1)), now=LATER) == LATER
    assert clock.corrected(0, now=LATER) == LATER - timedelta(days=14)
    assert clock.corrected(2**62, now=LATER) == LATER


def test_a_failed_attempt_says_why_and_where(route):
    phone = Phone(route)
    stop = route.stops[0].public_id
    place = Place(longitude=73.86, latitude=18.52, accuracy_m=8)
    done = phone.did("fail", NOW + timedelta(minutes=9), stop=stop, reason="nobody_home", place=place)
    assert phone.tell(done) == ["done"]
    assert route.stops[0].state == ManifestStop.State.FAILED
    assert (route.state(1).state, route.state(1).failed_reason, route.state(1).attempts) == (
        "failed",
        "nobody_home",
        1,
    )


@pytest.mark.parametrize(
    ("facts", "why"),
    [
        ({"kind": "fail", "reason": "weather"}, "The reason is one of"),
        ({"kind": "fail", "reason": "other", "note": " "}, "Say in a few words"),
        ({"kind": "teleport"}, "Nobody here knows what 'teleport' is"),
        ({"kind": "deliver", "stop": "stp_" + "0" * 32}, "no stop of yours"),
        ({"kind": "deliver", "stop": "nonsense"}, "no stop of yours"),
        ({"kind": "begin", "manifest": "mft_" + "0" * 32}, "no manifest of yours"),
        ({"kind": "acknowledge", "version": 99}, "has no version 99"),
    ],
)
def test_what_cannot_be_is_refused_in_words_and_holds_up_nothing(route, facts, why):
    phone = Phone(route)
    usual = {"stop": route.stops[0].public_id, "manifest": route.manifest.public_id}
    bad = phone.did(at=NOW, **(usual | facts))
    good = phone.did("arrive", NOW, stop=route.stops[1].public_id)
    refused, taken = phone.answers(bad, good)
    assert (refused.outcome, taken.outcome) == ("refused", "done")
    assert why in refused.refusal
    assert kinds(route, 1)[-1] in {"Assigned", "OutForDelivery"}


def test_a_stop_of_another_driver_is_not_theirs(route, box):
    other = Phone(a_round(box, now=NOW, prefix="X-"))
    answer = other.answers(other.did("deliver", NOW, stop=route.stops[0].public_id))[0]
    assert answer.outcome == "refused"
    assert route.state(1).state == "assigned"


def test_a_parcel_delivered_twice_is_refused_the_second_time(route):
    phone = Phone(route)
    stop = route.stops[0].public_id
    first, second = (phone.did("deliver", NOW + timedelta(minutes=n), stop=stop) for n in (5, 6))
    answers = phone.answers(first, second)
    assert [one.outcome for one in answers] == ["done", "refused"]
    assert kinds(route, 1).count("DeliveryConfirmed") == 1


def test_a_stop_taken_off_meanwhile_is_told_of_in_words(route):
    """The office took the parcel away while the phone had no network: the shipment's rules decide, nothing breaks."""
    phone = Phone(route)
    gone = route.stops[0]
    phone.tell(phone.did("begin", NOW, manifest=route.manifest.public_id))
    take_off(route.environment.pk, gone.shipment_id, reason="cancelled", now=NOW + timedelta(minutes=5))
    answer = phone.answers(phone.did("deliver", NOW + timedelta(minutes=9), stop=gone.public_id))[0]
    rows = ShipmentEvent.objects.for_environment(route.environment).filter(shipment_id=gone.shipment_id)
    delivered = rows.filter(kind="DeliveryConfirmed").count()
    assert (answer.outcome, delivered) in {("done", 1), ("refused", 0)}
    assert answer.outcome == "done" or "cannot take" in answer.refusal


def after_the_day_was_closed(route: Round, phone: Phone) -> ManifestStop:
    """The first stop, taken off with the others at six minutes past while the phone had no network."""
    phone.tell(phone.did("begin", NOW, manifest=route.manifest.public_id))
    first = route.stops[0]
    over_at, by = NOW + timedelta(minutes=6), system("end_of_day")
    close(route.environment.pk, route.manifest.public_id, reason="end of the day", by=by, now=over_at)
    first.refresh_from_db()
    assert first.state == ManifestStop.State.REMOVED
    return first


def state_of(route: Round, stop: ManifestStop) -> ShipmentState:
    return ShipmentState.objects.for_environment(route.environment).get(shipment_id=stop.shipment_id)


@pytest.mark.parametrize("minute", [5, 9], ids=["before it was closed", "after it was closed"])
def test_a_delivery_told_after_the_day_was_closed_counts(route, minute):
    phone = Phone(route)
    gone = after_the_day_was_closed(route, phone)
    at = NOW + timedelta(minutes=minute)
    arrived = phone.did("arrive", at, stop=gone.public_id)
    delivered = phone.did("deliver", at, stop=gone.public_id, cash_minor=50_00)
    assert phone.tell(arrived, delivered) == ["done", "done"]
    state = state_of(route, gone)
    assert (state.state, state.delivered_at, state.cash_collected_minor) == ("delivered", at, 50_00)
    assert state.driver == route.driver
    gone.refresh_from_db()
    assert gone.state == ManifestStop.State.REMOVED, "the route that was closed stays as it was closed"


def test_an_attempt_told_after_the_day_was_closed_counts_once(route):
    phone = Phone(route)
    gone = after_the_day_was_closed(route, phone)
    tries = [
        phone.did("fail", NOW + timedelta(minutes=m), stop=gone.public_id, reason="no_access")
        for m in (9, 10)
    ]
    assert phone.tell(*tries) == ["done", "refused"]
    assert (state_of(route, gone).state, state_of(route, gone).attempts) == ("failed", 1)


def test_a_parcel_that_was_planned_anew_meanwhile_is_delivered_by_whom_it_was(route):
    phone = Phone(route)
    gone = after_the_day_was_closed(route, phone)
    tomorrow = NOW + timedelta(hours=2)
    again = released(a_driver(route.hub, "Ravi Joshi"), [gone.shipment_id], now=tomorrow)
    done = phone.did("deliver", NOW + timedelta(minutes=9), stop=gone.public_id)
    assert phone.tell(done) == ["done"]
    state = state_of(route, gone)
    assert (state.state, state.driver) == ("delivered", route.driver)
    assert [stop.state for stop in stops_on(again)] == ["planned"], "its stop follows once the event is heard"


def test_what_ended_otherwise_meanwhile_is_refused_and_kept_for_a_person(route):
    phone = Phone(route)
    gone = after_the_day_was_closed(route, phone)
    lost = ReportLoss(reason="not_in_van")
    execute(
        route.environment.pk, gone.shipment_id, lost, author=system("office"), now=NOW + timedelta(hours=1)
    )
    done = phone.did("deliver", NOW + timedelta(hours=2), stop=gone.public_id)
    assert phone.tell(done) == ["refused"]
    kept = DriverAction.objects.for_environment(route.environment).get(action=done.id)
    assert "it is lost" in kept.refusal
    assert kept.data["stop"] == gone.public_id


@pytest.mark.parametrize(("wrong", "said"), [(False, ""), (True, "did not match")])
def test_a_code_is_kept_with_whether_it_matched_and_never_undoes_a_delivery(route, wrong, said):
    phone = Phone(route)
    right = code_for(route.shipment(1).uid)
    code = f"{(int(right) + 1) % 10_000:04}" if wrong else right
    done = phone.did("deliver", NOW + timedelta(minutes=5), stop=route.stops[0].public_id, code=code)
    assert phone.tell(done) == ["done"]
    kept = DeliveryProof.objects.for_environment(route.environment).get(kind="code")
    assert (b'"matched":false' in content_of(kept)) is wrong
    event = ShipmentEvent.objects.for_environment(route.environment).get(kind="DeliveryConfirmed")
    assert event.data["proofs"][0]["sha256"] == bytes(kept.sha256).hex()


def test_cash_is_noted(route):
    phone = Phone(route)
    phone.tell(phone.did("deliver", NOW, stop=route.stops[0].public_id, cash_minor=125_00))
    assert route.state(1).cash_collected_minor == 125_00


def test_scanning_twice_takes_over_once(route):
    phone = Phone(route)
    stop = route.stops[0].public_id
    before = kinds(route, 1)
    outcomes = phone.tell(*(phone.did("scan", NOW, stop=stop, code="MP-1001") for _ in range(2)))
    assert outcomes == ["done", "done"]
    assert kinds(route, 1).count("PickupConfirmed") == before.count("PickupConfirmed")


@pytest.mark.django_db(transaction=True)
def test_two_requests_of_one_phone_at_once_do_nothing_twice(customer):
    with scope.scope(tenant_id=customer.tenant.pk, environment_id=customer.test.pk):
        route = a_round(customer.test, now=NOW)
        phone = Phone(route)
        done = phone.whole_round()

    def tell(_: int) -> list[str]:
        try:
            with scope.scope(environment_id=customer.test.pk):
                return phone.tell(*done)
        finally:
            connection.close()

    with ThreadPoolExecutor(3) as pool:
        outcomes = list(pool.map(tell, range(3)))
    assert sorted({one for each in outcomes for one in each}) == ["done", "repeated"]
    with scope.scope(environment_id=customer.test.pk):
        for place in (1, 2, 3):
            assert kinds(route, place).count("DeliveryConfirmed") == 1
        assert DriverAction.objects.for_environment(customer.test).count() == len(done)


def test_a_fault_of_ours_is_refused_logged_and_holds_up_nothing(route, monkeypatch, caplog):
    def broken(*_: object) -> None:
        raise ZeroDivisionError("nobody thought of that")

    monkeypatch.setitem(DEEDS, "arrive", broken)
    phone = Phone(route)
    stop = route.stops[0].public_id
    bad, good = phone.did("arrive", NOW, stop=stop), phone.did("deliver", NOW, stop=stop)
    refused, taken = phone.answers(bad, good)
    assert (refused.outcome, refused.refusal, taken.outcome) == ("refused", UNFORESEEN, "done")
    assert "nobody thought of that" in caplog.text
    assert phone.tell(bad) == ["refused"]


def test_what_cannot_be_reached_just_now_is_told_again_later(route, monkeypatch):
    def unreachable(*_: object) -> None:
        raise ConnectionRefusedError("the archive is away")

    phone = Phone(route)
    bad = phone.did("arrive", NOW, stop=route.stops[0].public_id)
    with monkeypatch.context() as broken:
        broken.setitem(DEEDS, "arrive", unreachable)
        with pytest.raises(ConnectionRefusedError):
            phone.tell(bad)
    assert phone.tell(bad) == ["done"]


def test_values_that_no_shipment_takes_are_refused_and_found_by_their_stop(route):
    phone = Phone(route)
    stop = route.stops[0]
    done = phone.did("deliver", NOW, stop=stop.public_id, recipient="n" * 201)
    good = phone.did("deliver", NOW, stop=route.stops[1].public_id)
    refused, taken = phone.answers(done, good)
    assert (refused.outcome, taken.outcome) == ("refused", "done")
    assert "recipient is 201 characters long" in refused.refusal
    kept = refused_actions(route.driver, since=NOW)[0]
    assert kept.stop == stop, "whoever forgets the recipient finds what was typed by the stop"


def test_a_clock_that_no_clock_shows_counts_as_none():
    assert Clock.of(10**30, now=NOW).ahead == timedelta(0)
