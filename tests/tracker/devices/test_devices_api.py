"""`/api/v1/devices`: list, filters, pages, one device, and that a rival gets none of it."""

import json
from datetime import UTC, datetime, timedelta
from urllib.parse import quote

import pytest

from tests.tracker.caller import a_device, a_state, problem
from tracker.devices.models import Device
from tracker.devices.status import Status, status_of


@pytest.fixture
def now():
    return datetime.now(UTC).replace(microsecond=0)


def test_an_empty_environment_has_an_empty_list(api):
    assert api.json("devices") == {"data": [], "next_cursor": None}


def test_a_device_is_listed_with_where_it_last_was(api, customer, now):
    device = a_device(customer.test, name="Van", metadata={"plate": "x"}, model="Pixel", os="Android")
    a_state(device, now)
    [listed] = api.json("devices")["data"]
    stamp = now.strftime("%Y-%m-%dT%H:%M:%S.000000Z")
    assert listed == {
        "id": device.public_id,
        "external_id": "van-1",
        "name": "Van",
        "status": "active",
        "risk": "",
        "offline_after_s": 900,
        "metadata": {"plate": "x"},
        "model": "Pixel",
        "os": "Android",
        "app_version": "",
        "wire_format": "",
        "speed_unit": "",
        "registered_at": listed["registered_at"],
        "latest_position": {
            "recorded_at": stamp,
            "received_at": (now + timedelta(seconds=1)).strftime("%Y-%m-%dT%H:%M:%S.000000Z"),
            "longitude": 4.8952,
            "latitude": 52.3702,
            "accuracy_m": 5.5,
            "altitude_m": None,
            "speed_mps": None,
            "heading_deg": None,
            "battery": 0.5,
            "charging": None,
            "activity": None,
            "moved_at": stamp,
        },
    }
    assert api.json(f"devices/{device.public_id}") == listed


def test_a_device_that_never_reported_waits(api, customer):
    a_device(customer.test)
    [listed] = api.json("devices")["data"]
    assert (listed["status"], listed["latest_position"]) == ("waiting", None)


def test_pages_follow_each_other_without_gap_or_repeat(api, customer):
    for number in range(7):
        a_device(customer.test, f"van-{number}")
    seen: list[str] = []
    cursor: str | None = ""
    while cursor is not None:
        page = api.json("devices", limit=3, **({"cursor": cursor} if cursor else {}))
        seen += [d["external_id"] for d in page["data"]]
        cursor = page["next_cursor"]
    assert seen == [f"van-{number}" for number in range(7)]


def test_a_page_that_is_exactly_full_is_the_last(api, customer):
    a_device(customer.test, "a"), a_device(customer.test, "b")
    assert api.json("devices", limit=2)["next_cursor"] is None


def test_a_cursor_survives_the_deletion_of_the_device_it_stands_on(api, customer):
    for name in "abcd":
        a_device(customer.test, name)
    cursor = api.json("devices", limit=2)["next_cursor"]
    assert api.delete("devices/external:b").status_code == 204
    assert [d["external_id"] for d in api.json("devices", cursor=cursor)["data"]] == ["c", "d"]


@pytest.mark.parametrize("cursor", ["x", "!!!", "AAAA", "é", "a" * 401, "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"])
def test_a_cursor_that_is_not_ours_is_refused_by_name(api, cursor):
    problem(api.get("devices", cursor=cursor), 400, "invalid_parameter", "cursor")


def test_a_cursor_of_another_list_or_customer_is_refused(api, rival_api, customer, rival):
    for name in "abc":
        a_device(customer.test, name), a_device(rival.test, name)
    cursor = api.json("devices", limit=1)["next_cursor"]
    problem(rival_api.get("devices", cursor=cursor), 400, "invalid_parameter", "cursor")
    problem(api.get("quarantine", cursor=cursor), 400, "invalid_parameter", "cursor")


def test_what_a_cursor_holds_cannot_be_read(api, customer):
    devices = [a_device(customer.test, name) for name in "ab"]
    cursor = api.json("devices", limit=1)["next_cursor"]
    assert devices[0].uid.hex not in cursor


def test_filters_narrow_the_list(api, customer, now):
    a_device(customer.test, "van-1", name="Blue Van")
    a_device(customer.test, "bike%_1", name="Rød cykel")

    def found(**query):
        return [d["external_id"] for d in api.json("devices", **query)["data"]]

    assert found(q="blue") == ["van-1"]
    assert found(q="RØD") == ["bike%_1"]
    assert found(q="%_") == ["bike%_1"]
    assert found(external_id="van-1") == ["van-1"]
    assert found(external_id="van") == []
    assert found(q="nothing") == []


def test_each_status_as_a_filter_finds_what_the_rule_says_to_the_boundary(api, customer):
    now = datetime.now(UTC)
    for minutes, still in [(0, 0), (0, 7.9), (0, 8.1), (14.9, 14.9), (15.1, 15.1), (15.1, 30)]:
        device = a_device(customer.test, f"{minutes}/{still}")
        a_state(device, now - timedelta(minutes=minutes), moved_at=now - timedelta(minutes=still))
    a_device(customer.test, "never")
    everything = {d["external_id"]: d["status"] for d in api.json("devices")["data"]}
    for status in Status:
        found = {d["external_id"] for d in api.json("devices", status=status.value)["data"]}
        assert found == {name for name, is_in in everything.items() if is_in == status}
    for device in Device.objects.for_environment(customer.test).filter(state__isnull=False):
        state = device.state
        assert everything[device.external_id] == status_of(state.recorded_at, state.moved_at, now=now)


def test_updated_since_finds_what_was_stored_or_registered_since(api, customer, now):
    old, fresh = a_device(customer.test, "old"), a_device(customer.test, "fresh")
    Device.objects.for_environment(customer.test).update(registered_at=now - timedelta(days=3))
    a_state(old, now - timedelta(hours=2)), a_state(fresh, now - timedelta(minutes=1))
    a_device(customer.test, "new")
    since = (now - timedelta(hours=1)).isoformat()
    assert [d["external_id"] for d in api.json("devices", updated_since=since)["data"]] == ["fresh", "new"]


@pytest.mark.parametrize(
    ("query", "code", "param"),
    [
        ("limit=0", "invalid_parameter", "limit"),
        ("limit=1001", "invalid_parameter", "limit"),
        ("limit=-1", "invalid_parameter", "limit"),
        ("limit=1e3", "invalid_parameter", "limit"),
        ("limit=%D9%A3", "invalid_parameter", "limit"),
        ("limit=99999999999999999999", "invalid_parameter", "limit"),
        ("limit=5&limit=6", "repeated_parameter", "limit"),
        ("status=sleeping", "invalid_parameter", "status"),
        ("updated_since=yesterday", "invalid_parameter", "updated_since"),
        ("updated_since=0001-01-01T00:00:00%2B23:59", "invalid_parameter", "updated_since"),
        ("updated_since=99999999999999999999", "invalid_parameter", "updated_since"),
        ("q=%00", "invalid_parameter", "q"),
        ("q=" + "a" * 201, "invalid_parameter", "q"),
        ("stauts=idle", "unknown_parameter", "stauts"),
    ],
)
def test_a_wrong_parameter_is_refused_by_name(api, query, code, param):
    problem(api.send("GET", f"devices?{query}"), 400, code, param)


def test_a_misspelt_parameter_gets_a_hint(api):
    assert "Did you mean status?" in problem(
        api.get("devices", stauts="idle"), 400, "unknown_parameter", "stauts"
    )


def test_too_many_parameters_are_refused(api):
    query = "&".join(f"a{n}=1" for n in range(500))
    assert api.send("GET", f"devices?{query}").status_code == 400


@pytest.mark.parametrize(
    "external_id",
    [
        "van-1",
        "a/b",
        "a/b/positions",
        "/",
        "positions",
        "a b",
        "ünï 👾",
        "a?b#c",
        "100%25",
        "a\nb",
        "..",
        "dev_1",
        "a/",
    ],
)
def test_a_device_is_found_by_the_id_its_owner_gave_it(api, customer, external_id):
    device = a_device(customer.test, external_id)
    answer = api.get(f"devices/external:{quote(external_id, safe='')}")
    if external_id.endswith("/positions"):  # the documented ambiguity: that is an address of positions
        problem(answer, 404, "not_found")
    else:
        assert json.loads(answer.content)["id"] == device.public_id
    [listed] = api.json("devices", external_id=external_id)["data"]
    assert listed["id"] == device.public_id
    positions = api.json(f"devices/external:{quote(external_id, safe='')}/positions")
    assert positions["features"] == []


@pytest.mark.parametrize(
    "reference",
    [
        "dev_" + "0" * 32,
        "dev_",
        "dev_xyz",
        "DEV_" + "0" * 32,
        "dev_" + "0" * 33,
        "dev_-" + "1" * 31,
        "external:",
        "external:nobody",
        "external:%00",
        "external:" + "x" * 201,
        "external:%ff%fe",
        "external:%ED%A0%80",
        "env_" + "0" * 32,
        "1",
        "%2e%2e",
        "a%20b",
    ],
)
def test_what_names_no_device_is_not_found(api, reference):
    problem(api.get(f"devices/{reference}"), 404, "not_found")
    problem(api.get(f"devices/{reference}/positions"), 404, "not_found")
    problem(api.patch(f"devices/{reference}", {"name": "x"}), 404, "not_found")
    problem(api.delete(f"devices/{reference}"), 404, "not_found")


def test_a_rival_finds_none_of_it_and_changes_none_of_it(rival_api, customer, now):
    device = a_device(customer.test, name="ours", metadata={"a": 1})
    a_state(device, now)
    for reference in (device.public_id, "external:van-1"):
        problem(rival_api.get(f"devices/{reference}"), 404, "not_found")
        problem(rival_api.patch(f"devices/{reference}", {"name": "theirs"}), 404, "not_found")
        problem(rival_api.delete(f"devices/{reference}"), 404, "not_found")
        problem(rival_api.get(f"devices/{reference}/positions"), 404, "not_found")
    assert rival_api.json("devices")["data"] == []
    device.refresh_from_db(from_queryset=Device.objects.for_environment(customer.test))
    assert (device.name, device.metadata, device.deleted_at) == ("ours", {"a": 1}, None)


def test_the_other_environment_of_the_same_customer_is_another_box(customer, api):
    a_device(customer.live, "live-only")
    assert api.json("devices")["data"] == []
    problem(api.get("devices/external:live-only"), 404, "not_found")


def test_a_list_costs_the_same_queries_however_long(api, customer, now, django_assert_num_queries):
    api.json("devices")  # notes the key's use, once a minute
    for number in range(30):
        a_state(a_device(customer.test, f"van-{number}"), now)
    with django_assert_num_queries(5):  # savepoint, scope, key, devices with their states, release
        assert len(api.json("devices")["data"]) == 30


def test_methods_that_do_not_exist_are_named(api, customer):
    a_device(customer.test)
    for method in ("POST", "PUT", "DELETE", "PATCH", "OPTIONS", "TRACE"):
        answer = api.send(method, "devices")
        assert method in problem(answer, 405, "method_not_allowed")
        assert "GET" in answer["Allow"]
    problem(api.send("PUT", "devices/external:van-1", body=b"{}"), 405, "method_not_allowed")
    assert api.send("HEAD", "devices").status_code == 200
