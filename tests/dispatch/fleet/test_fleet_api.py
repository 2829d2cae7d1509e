"""The fleet over the API, from outside: made, moved, handed over, and refused with a sentence that helps."""

import json

import pytest

from tests.tracker.caller import a_device, problem

ZONE = "Asia/Kolkata"


def made(answer):
    assert answer.status_code == 201, answer.content
    return json.loads(answer.content)


def done(answer, status=200):
    assert answer.status_code == status, answer.content
    return json.loads(answer.content) if answer.content else None


@pytest.fixture
def tree(api):
    """West above Pune above Aundh."""
    west = made(api.post("hubs", {"name": "West", "kind": "region", "timezone": ZONE, "external_id": "west"}))
    pune = made(api.post("hubs", {"name": "Pune", "kind": "centre", "parent": "external:west"}))
    aundh = made(
        api.post("hubs", {"name": "Aundh", "parent": pune["id"], "longitude": 73.8, "latitude": 18.56})
    )
    return {"west": west, "pune": pune, "aundh": aundh}


def test_a_tree_is_made_looked_at_and_moved(api, tree):
    assert (tree["aundh"]["timezone"], tree["aundh"]["parent"]) == (ZONE, tree["pune"]["id"])
    assert [hub["name"] for hub in api.json("hubs", under=tree["pune"]["id"])["data"]] == ["Pune", "Aundh"]
    assert [hub["name"] for hub in api.json("hubs", q="un")["data"]] == ["Pune", "Aundh"]
    east = made(api.post("hubs", {"name": "East", "kind": "region", "timezone": ZONE}))
    moved = done(api.patch(f"hubs/{tree['pune']['id']}", {"parent": east["id"]}))
    assert moved["parent"] == east["id"]
    assert [hub["name"] for hub in api.json("hubs", under=east["id"])["data"]] == ["Pune", "Aundh", "East"]
    sideways = api.patch(f"hubs/{tree['pune']['id']}", {"parent": tree["aundh"]["id"]})
    problem(sideways, 400, "invalid_field", "/parent")  # a centre below a zone


def test_a_hub_below_itself_is_a_409(api, tree):
    inner = made(api.post("hubs", {"name": "Inner", "kind": "region", "parent": tree["west"]["id"]}))
    answer = api.patch("hubs/external:west", {"parent": inner["id"]})
    problem(answer, 409, "hub_below_itself", "/parent")
    assert api.json("hubs/external:west")["parent"] is None


def test_totals_of_subtrees(api, tree):
    driver = made(api.post("drivers", {"name": "Asha", "hub": tree["aundh"]["id"]}))
    made(api.post(f"drivers/{driver['id']}/shifts", {"starts": "00:00", "ends": "23:59", "timezone": "UTC"}))
    totals = {one["hub"]: one for one in api.json("hub-totals")["data"]}
    assert totals[tree["west"]["id"]]["drivers"] == 1
    assert totals[tree["pune"]["id"]]["shipments"] == {}


def test_a_hub_ends_when_nothing_rests_on_it(api, tree):
    problem(api.delete(f"hubs/{tree['pune']['id']}"), 409, "in_use")
    done(api.delete(f"hubs/{tree['aundh']['id']}"), 204)
    assert [hub["name"] for hub in api.json("hubs")["data"]] == ["West", "Pune"]
    assert len(api.json("hubs", retired="true")["data"]) == 3
    problem(api.patch(f"hubs/{tree['aundh']['id']}", {"name": "x"}), 409, "retired")


@pytest.mark.parametrize(
    ("path", "body", "param"),
    [
        ("hubs", {"name": "x"}, "/timezone"),
        ("hubs", {"name": "x", "timezone": "Mars/Base"}, "/timezone"),
        ("hubs", {"name": "x", "timezone": "UTC", "latitude": 95, "longitude": 1}, "/latitude"),
        ("hubs", {"name": "x", "timezone": "UTC", "latitude": 0, "longitude": 0}, "/longitude"),
        ("vehicles", {"type": "rocket"}, "/type"),
        ("vehicles", {"type": "two_wheeler", "capacities": {"kg": 0}}, "/capacities"),
        ("vehicles", {"type": "two_wheeler", "capacities": {"kg": "many"}}, "/capacities"),
        ("vehicles", {"type": "two_wheeler", "capacities": {"kg": 10**24}}, "/capacities"),
        ("vehicles", {"type": "two_wheeler", "capacities": {"kg": 10**400}}, "/capacities"),
        ("drivers", {"name": "x"}, "/hub"),
        ("drivers", {"name": "x", "hub": "external:west", "ends_at": "home"}, "/home_longitude"),
        ("drivers", {"name": "x", "hub": "external:west", "email": "no"}, "/email"),
        ("drivers", {"name": "x", "hub": "external:west", "skills": "heavy"}, "/skills"),
        ("vehicle-types", {"key": "cart", "speed_factor": 0}, "/speed_factor"),
    ],
)
def test_what_is_wrong_is_said_with_its_field(api, tree, path, body, param):
    problem(api.post(path, body), 400, "invalid_field", param)


def test_the_same_external_id_twice_is_a_409(api, tree):
    body = {"name": "x", "timezone": "UTC", "external_id": "west"}
    problem(api.post("hubs", body), 409, "external_id_taken", "/external_id")


@pytest.fixture
def driver(api, tree):
    return made(
        api.post(
            "drivers", {"name": "Asha", "hub": "external:west", "external_id": "d/1", "skills": ["cash"]}
        )
    )


def test_a_driver_a_vehicle_and_a_device_change_hands(api, customer, driver):
    a_device(customer.test, "phone-1")
    bike = made(api.post("vehicles", {"type": "two_wheeler", "plate": "MH 1", "external_id": "v1"}))
    given = done(api.post("drivers/external:d%2F1/vehicle", {"vehicle": "external:v1"}))
    assert given["vehicle"] == bike["id"]
    given = done(api.post(f"drivers/{driver['id']}/device", {"device": "external:phone-1"}))
    assert given["device"].startswith("dev_")
    assert api.json("devices/external:phone-1")["metadata"] == {"hub": "West"}
    other = made(api.post("drivers", {"name": "Ben", "hub": "external:west"}))
    done(api.post(f"drivers/{other['id']}/vehicle", {"vehicle": bike["id"]}))
    assert api.json(f"drivers/{driver['id']}")["vehicle"] is None
    assert api.json("vehicles/external:v1")["driver"] == other["id"]
    history = api.json(f"drivers/{driver['id']}/handovers")["data"]
    assert [(one["kind"], one["until"] is None) for one in history] == [("device", True), ("vehicle", False)]
    problem(api.post(f"drivers/{driver['id']}/vehicle", {}), 400, "invalid_field", "/vehicle")
    problem(api.post(f"drivers/{driver['id']}/vehicle", {"vehicle": "external:none"}), 404, "not_found")


def test_hours_are_told_in_real_time_over_a_clock_change(api, tree, driver):
    shifts = f"drivers/{driver['id']}/shifts"
    body = {"starts": "02:30", "ends": "10:00", "timezone": "Europe/Amsterdam", "weekdays": [7]}
    shift = made(api.post(shifts, body | {"breaks": [{"from": "05:00", "to": "07:00", "duration_s": 1800}]}))
    hours = api.json(f"drivers/{driver['id']}/hours", from_="2026-03-28T12:00:00Z", to="2026-03-30T00:00:00Z")
    (one,) = hours["data"]
    assert (one["start"], one["end"]) == ("2026-03-29T01:00:00.000000Z", "2026-03-29T08:00:00.000000Z")
    assert one["breaks"][0]["latest"] == "2026-03-29T04:30:00.000000Z"
    made(api.post(f"drivers/{driver['id']}/shift-changes", {"date": "2026-03-29", "reason": "ill"}))
    hours = api.json(f"drivers/{driver['id']}/hours", from_="2026-03-28T12:00:00Z", to="2026-03-30T00:00:00Z")
    assert hours == {"data": [], "why_none": "absent on this day"}
    done(api.delete(f"{shifts}/{shift['id']}"), 204)
    problem(api.delete(f"{shifts}/{shift['id']}"), 404, "not_found")


def test_a_shift_of_no_length_is_refused_and_says_so(api, driver):
    answer = api.post(f"drivers/{driver['id']}/shifts", {"starts": "09:00", "ends": "09:00"})
    assert "no length" in problem(answer, 400, "invalid_field", "/ends")
    for body, field in [
        ({"starts": "9:00", "ends": "10:00"}, "/starts"),
        ({"starts": "09:00"}, "/ends"),
        ({"starts": "09:00", "ends": "10:00", "weekdays": [0]}, "/weekdays"),
        ({"starts": "09:00", "ends": "10:00", "weekdays": []}, "/weekdays"),
        ({"starts": "09:00", "ends": "10:00", "breaks": [{"from": "09:00"}]}, "/breaks"),
        (
            {
                "starts": "09:00",
                "ends": "17:00",
                "breaks": [{"from": "09:00", "to": "09:10", "duration_s": 3600}],
            },
            "/breaks",
        ),
        (
            {"starts": "09:00", "ends": "10:00", "valid_from": "2026-02-02", "valid_to": "2026-01-01"},
            "/valid_to",
        ),
    ]:
        problem(api.post(f"drivers/{driver['id']}/shifts", body), 400, "invalid_field", field)


def test_types_of_vehicles_begin_with_two_and_can_be_changed(api):
    assert [one["key"] for one in api.json("vehicle-types")["data"]] == ["two_wheeler", "four_wheeler"]
    made(api.post("vehicle-types", {"key": "cart", "name": "Cart", "capacities": {"kg": 80}}))
    changed = done(api.patch("vehicle-types/cart", {"cost_per_km": 0.1}))
    assert (changed["capacities"], changed["cost_per_km"]) == ({"kg": 80}, 0.1)
    problem(api.patch("vehicle-types/none", {"name": "x"}), 404, "not_found")


def test_lists_go_on_where_a_page_ended(api, tree):
    for number in range(5):
        made(api.post("drivers", {"name": f"D{number}", "hub": tree["aundh"]["id"]}))
    first = api.json("drivers", limit=2, hub=tree["pune"]["id"])
    second = api.json("drivers", limit=2, hub=tree["pune"]["id"], cursor=first["next_cursor"])
    third = api.json("drivers", limit=2, hub=tree["pune"]["id"], cursor=second["next_cursor"])
    names = [one["name"] for part in (first, second, third) for one in part["data"]]
    assert (names, third["next_cursor"]) == ([f"D{n}" for n in range(5)], None)


def test_a_rival_sees_nothing_and_uses_nothing_of_it(api, rival_api, tree, driver):
    for path in (f"hubs/{tree['west']['id']}", "hubs/external:west", f"drivers/{driver['id']}"):
        problem(rival_api.get(path), 404, "not_found")
        problem(rival_api.patch(path, {"name": "theirs"}), 404, "not_found")
        problem(rival_api.delete(path), 404, "not_found")
    body = {"name": "x", "timezone": "UTC", "parent": tree["west"]["id"]}
    problem(rival_api.post("hubs", body), 400, "invalid_field", "/parent")
    problem(rival_api.post("drivers", {"name": "x", "hub": tree["west"]["id"]}), 400, "invalid_field", "/hub")
    assert rival_api.json("hub-totals") == {"data": []}
