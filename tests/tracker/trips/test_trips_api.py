"""The API of trips: create, list, change, end; every refusal says what is wrong and where."""

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.contrib.gis.geos import MultiPolygon, Point, Polygon

from tests.tracker.caller import Caller, a_device, a_state, problem
from tests.tracker.trips.journeys import again
from tracker.devices.services import delete_device
from tracker.geofences.models import Geofence, GeofenceShape, GeofenceVersion, GeofenceVersionMember
from tracker.outbox.models import OutboxEvent
from tracker.trips.models import Trip, TripShare

pytestmark = pytest.mark.django_db
GOAL = {"longitude": 4.9, "latitude": 52.37}


def post(api: Caller, path: str, body: Any = None, **headers: str) -> Any:
    return api.send("POST", path, body=b"" if body is None else json.dumps(body).encode(), **headers)


def made(api: Caller, **body: Any) -> dict[str, Any]:
    answer = post(api, "trips", {"device": "external:van-1", "destination": GOAL} | body)
    assert answer.status_code == 201, answer.content
    return dict(json.loads(answer.content))


@pytest.fixture
def device(customer):
    return a_device(customer.test, name="Van 1")


def test_a_trip_begins_with_an_estimate_from_where_the_device_is(api, device):
    a_state(device, datetime.now(UTC))
    trip = made(api)
    assert trip["state"] == "active"
    assert trip["device"] == {"id": device.public_id, "external_id": "van-1", "name": "Van 1"}
    assert trip["destination"] == GOAL | {"name": "", "geofence": None}
    assert trip["eta"]["by"] == "pace"
    assert trip["eta"]["earliest_at"] < trip["eta"]["at"] < trip["eta"]["latest_at"]
    assert trip["remaining_m"] == pytest.approx(326, abs=10)
    assert api.json(f"trips/{trip['id']}") == trip
    event = OutboxEvent.objects.for_environment(device.environment_id).get()
    assert (event.kind, event.data) == ("trip.created", {"trip": trip})


def test_a_destination_may_be_a_geojson_point_or_missing(api, device):
    point = {"type": "Point", "coordinates": [4.9, 52.37]}
    assert made(api, destination=point)["destination"]["longitude"] == 4.9
    assert made(api, destination=None)["destination"] is None


def test_an_external_id_belongs_to_one_trip_and_the_refusal_names_it(api, device):
    first = made(api, external_id="order-7")
    answer = post(api, "trips", {"device": "external:van-1", "destination": GOAL, "external_id": "order-7"})
    assert first["id"] in problem(answer, 409, "external_id_taken", "/external_id")
    assert Trip.objects.for_environment(device.environment_id).count() == 1
    assert api.json("trips/external:order-7")["id"] == first["id"]


def test_the_same_key_again_gives_the_same_trip(api, device):
    body = {"device": device.public_id, "destination": GOAL}
    one, two = (post(api, "trips", body, **{"Idempotency-Key": "again"}) for _ in range(2))
    assert one.content == two.content
    assert Trip.objects.for_environment(device.environment_id).count() == 1


@pytest.mark.parametrize(
    ("body", "where"),
    [
        ({"destination": {"longitude": 52.3, "latitude": 104.9}}, "/destination"),
        ({"destination": {"type": "Point", "coordinates": [4.9]}}, "/destination/coordinates"),
        ({"destination": [4.9, 52.3, "x", 1]}, "/destination"),
        ({"destination": {"longitude": True, "latitude": 1}}, "/destination"),
        ({"radius_m": 0}, "/radius_m"),
        ({"radius_m": 1e9}, "/radius_m"),
        ({"scheduled_at": "tomorrow"}, "/scheduled_at"),
        ({"scheduled_at": "1980-01-01T00:00:00Z"}, "/scheduled_at"),
        ({"started_at": "2990-01-01T00:00:00Z"}, "/started_at"),
        ({"corridor": {"type": "LineString", "coordinates": [[1, 2]]}}, "/corridor"),
        ({"corridor": {"type": "LineString", "coordinates": [[1, 2], [1, 200]]}}, "/corridor/coordinates/1"),
        ({"corridor_m": 50}, "/corridor_m"),
        ({"complete_on": "never"}, "/complete_on"),
        ({"external_id": 7}, "/external_id"),
        ({"external_id": "x" * 201}, "/external_id"),
        ({"metadata": []}, "/metadata"),
        ({"geofence": "gf_x", "destination": GOAL}, "/geofence"),
        ({"geofence": "gf_x", "destination": None}, "/geofence"),
        ({"device": 7}, "/device"),
    ],
)
def test_what_is_wrong_is_refused_by_its_place(api, device, body, where):
    answer = post(api, "trips", {"device": "external:van-1", "destination": GOAL} | body)
    problem(answer, 400, "invalid_field", where)
    assert not Trip.objects.for_environment(device.environment_id).exists()


def test_a_device_that_is_not_there_or_a_rivals_is_not_found(api, rival_api, device):
    problem(
        post(api, "trips", {"device": "external:van-9", "destination": GOAL}), 404, "not_found", "/device"
    )
    body = {"device": device.public_id, "destination": GOAL}
    problem(post(rival_api, "trips", body), 404, "not_found", "/device")
    problem(post(api, "trips", {"device": device.public_id, "colour": 1}), 400, "unknown_field", "/colour")


def test_a_geofence_is_a_destination_as_it_is_now(api, customer, device):
    square = Polygon(((4.8, 52.3), (5.0, 52.3), (5.0, 52.5), (4.8, 52.5), (4.8, 52.3)), srid=4326)
    geofence = Geofence.objects.create(environment=customer.test, external_id="depot")
    problem(
        post(api, "trips", {"device": device.public_id, "geofence": "external:depot"}),
        400,
        "invalid_field",
        "/geofence",
    )
    shape = GeofenceShape.objects.create(
        environment=customer.test, geofence=geofence, name="Depot", kind="polygon", source={},
        geometry=MultiPolygon(square, srid=4326), area_m2=1e8,
    )  # fmt: skip
    now = datetime.now(UTC)
    version = GeofenceVersion.objects.create(
        environment=customer.test, number=1, effective_at=now, published_at=now
    )
    GeofenceVersionMember.objects.create(
        environment=customer.test, version=version, geofence=geofence, shape=shape
    )
    trip = made(api, destination=None, geofence="external:depot")
    assert trip["destination"]["name"] == "Depot"
    assert trip["destination"]["geofence"] == geofence.public_id
    assert square.contains(again_point(trip))
    stored = Trip.objects.for_environment(customer.test).get()
    assert stored.area is not None
    assert stored.area.equals(MultiPolygon(square, srid=4326))
    body = {"device": device.public_id, "geofence": "external:depot", "radius_m": 50}
    problem(post(api, "trips", body), 400, "invalid_field", "/radius_m")


def again_point(trip: dict[str, Any]) -> Any:
    return Point(trip["destination"]["longitude"], trip["destination"]["latitude"], srid=4326)


def test_trips_are_listed_newest_first_by_state_and_device_in_pages(api, customer, device):
    other = a_device(customer.test, "van-2")
    trips = [made(api) for _ in range(3)] + [made(api, device=other.public_id)]
    post(api, f"trips/{trips[0]['id']}/cancel")
    ids = [trip["id"] for trip in reversed(trips)]
    assert [t["id"] for t in api.json("trips")["data"]] == ids
    assert [t["id"] for t in api.json("trips", state="cancelled")["data"]] == [trips[0]["id"]]
    assert [t["id"] for t in api.json("trips", device="external:van-2")["data"]] == [trips[3]["id"]]
    first = api.json("trips", limit=3)
    second = api.json("trips", limit=3, cursor=first["next_cursor"])
    assert [t["id"] for t in first["data"] + second["data"]] == ids
    assert second["next_cursor"] is None
    problem(api.get("trips", state="lost"), 400, "invalid_parameter", "state")
    problem(api.get("trips", device="external:nobody"), 404, "not_found")


def test_a_trip_is_changed_and_its_metadata_merged(api, device):
    a_state(device, datetime.now(UTC))
    trip = made(
        api, metadata={"a": 1, "b": 2}, scheduled_at=(datetime.now(UTC) + timedelta(hours=1)).isoformat()
    )
    far = {"longitude": 5.2, "latitude": 52.37}
    answer = api.patch(
        f"trips/{trip['id']}", {"destination": far, "metadata": {"b": None, "c": 3}, "scheduled_at": None}
    )
    changed = json.loads(answer.content)
    assert answer.status_code == 200, answer.content
    assert changed["destination"]["longitude"] == 5.2
    assert changed["metadata"] == {"a": 1, "c": 3}
    assert changed["scheduled_at"] is None
    assert changed["remaining_m"] > 20_000
    assert changed["eta"]["at"] > trip["eta"]["at"]
    problem(api.patch(f"trips/{trip['id']}", {"state": "arrived"}), 400, "unknown_field", "/state")


def test_a_trip_is_completed_once_and_then_stays_so(api, device):
    trip = made(api)
    done = json.loads(post(api, f"trips/{trip['id']}/complete").content)
    assert done["state"] == "completed"
    assert done["summary"]["positions"] == 0
    assert done["summary"]["on_time"] is None
    for verb in ("complete", "cancel"):
        detail = problem(post(api, f"trips/{trip['id']}/{verb}"), 409, "illegal_transition")
        assert "completed stays so for good" in detail
    problem(api.patch(f"trips/{trip['id']}", {"radius_m": 60}), 409, "illegal_transition")
    assert api.patch(f"trips/{trip['id']}", {"metadata": {"a": 1}}).status_code == 200


def test_a_cancelled_trip_says_that_it_cannot_be_completed(api, device):
    trip = made(api)
    assert json.loads(post(api, f"trips/{trip['id']}/cancel").content)["state"] == "cancelled"
    detail = problem(post(api, f"trips/{trip['id']}/complete"), 409, "illegal_transition")
    assert detail.startswith("The trip is cancelled and cannot become completed")
    kinds = (
        OutboxEvent.objects.for_environment(device.environment_id)
        .order_by("pk")
        .values_list("kind", flat=True)
    )
    assert list(kinds) == ["trip.created", "trip.cancelled"]


def test_links_are_made_told_once_listed_and_revoked(api, device):
    trip = made(api)
    answer = post(api, f"trips/{trip['id']}/shares", {"expires_in_s": 3600, "reveal_within_m": 500})
    assert answer.status_code == 201, answer.content
    link = json.loads(answer.content)
    token = link["url"].rpartition("/")[2]
    assert len(token) == 22
    assert link["embed_url"] == link["url"] + "/embed"
    stored = TripShare.objects.for_environment(device.environment_id).get()
    assert token.encode() not in bytes(stored.token_sha256)
    [listed] = api.json(f"trips/{trip['id']}/shares")["data"]
    assert listed == {name: link[name] for name in listed}
    assert "url" not in listed
    assert api.delete(f"trips/{trip['id']}/shares/{link['id']}").status_code == 200
    assert api.json(f"trips/{trip['id']}/shares")["data"][0]["state"] == "revoked"
    assert json.loads(post(api, f"trips/{trip['id']}/shares").content)["state"] == "open"


def test_a_link_that_cannot_be_is_refused(api, device):
    trip, nowhere = made(api), made(api, destination=None)
    for body in (
        {"expires_in_s": 5},
        {"expires_in_s": 1e9},
        {"reveal_within_m": 1},
        {"reveal_within_m": "x"},
    ):
        [field] = body
        problem(post(api, f"trips/{trip['id']}/shares", body), 400, "invalid_field", f"/{field}")
    problem(post(api, f"trips/{nowhere['id']}/shares", {"reveal_within_m": 500}), 409, "cannot_share")
    post(api, f"trips/{trip['id']}/complete")
    problem(post(api, f"trips/{trip['id']}/shares"), 409, "cannot_share")
    problem(api.delete(f"trips/{trip['id']}/shares/shr_x"), 404, "not_found")


def test_with_its_device_go_its_trips(api, customer, device):
    trip = made(api)
    post(api, f"trips/{trip['id']}/shares")
    assert delete_device(device, now=datetime.now(UTC))
    assert not Trip.objects.for_environment(customer.test).exists()
    assert not TripShare.objects.for_environment(customer.test).exists()


def test_another_destination_after_arriving_sends_it_on(api, device):
    trip = made(api)
    row = Trip.objects.for_environment(device.environment_id).get()
    Trip.objects.for_environment(device.environment_id).filter(pk=row.pk).update(
        state="arrived", arrived_at=datetime.now(UTC), told={"arrived": 1}
    )
    answer = api.patch(f"trips/{trip['id']}", {"destination": {"longitude": 5, "latitude": 52}})
    assert json.loads(answer.content)["state"] == "active"
    assert again(row).told == {}
