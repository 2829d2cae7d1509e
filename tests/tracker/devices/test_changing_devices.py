"""PATCH and DELETE of a device: what is merged, what is refused, what is gone, and who is told."""

import json
import threading
from datetime import UTC, datetime, timedelta

import pytest
from django.db import connection

from tests.tracker.caller import a_device, a_position, a_set_aside, a_state, problem, yesterday
from tracker.devices.changes import change_in
from tracker.devices.models import Device, DeviceState
from tracker.devices.services import change_device, sweep_deleted
from tracker.ingestion.models import SetAsideReport
from tracker.live import announce
from tracker.positions.models import Position

VAN = "devices/external:van-1"


@pytest.fixture
def van(customer):
    return a_device(customer.test, name="Van", metadata={"plate": "x", "seats": 2})


@pytest.fixture
def told(monkeypatch, settings):
    """What open maps were told."""
    messages = []
    monkeypatch.setattr(announce, "_publish", lambda environment, changes: messages.extend(changes))
    return messages


def stored(device):
    return Device.objects.for_environment(device.environment_id).get(pk=device.pk)


def test_a_new_name_is_stored_shown_and_announced(api, van, told, django_capture_on_commit_callbacks):
    with django_capture_on_commit_callbacks(execute=True):
        answer = api.patch(VAN, {"name": "Blue van"})
    assert json.loads(answer.content)["name"] == "Blue van"
    assert stored(van).name == "Blue van"
    assert stored(van).metadata == {"plate": "x", "seats": 2}
    assert told == [{"id": van.public_id, "name": "Blue van"}]


def test_the_answer_to_a_patch_holds_the_latest_position(api, van):
    now = datetime.now(UTC)
    a_state(van, now)
    assert json.loads(api.patch(VAN, {"name": "n"}).content)["latest_position"]["longitude"] == 4.8952


def test_metadata_is_merged_by_key_and_null_removes_one(api, van, told):
    answer = api.patch(VAN, {"metadata": {"seats": None, "colour": {"r": 1}, "plate": "y"}})
    assert json.loads(answer.content)["metadata"] == {"plate": "y", "colour": {"r": 1}}
    answer = api.patch(VAN, {"metadata": {"colour": {"g": 2}}})
    assert json.loads(answer.content)["metadata"] == {"plate": "y", "colour": {"g": 2}}
    assert stored(van).name == "Van"
    assert told == []


def test_null_takes_the_name_and_all_metadata_away(api, van):
    answer = json.loads(api.patch(VAN, {"name": None, "metadata": None}).content)
    assert (answer["name"], answer["metadata"]) == ("", {})


def test_an_empty_change_changes_nothing(api, van, told):
    answer = json.loads(api.patch(VAN, {}).content)
    assert (answer["name"], answer["metadata"]) == ("Van", {"plate": "x", "seats": 2})


@pytest.mark.parametrize(
    ("body", "code", "param"),
    [
        ({"nam": "x"}, "unknown_field", "/nam"),
        ({"a/b~c": 1}, "unknown_field", "/a~1b~0c"),
        ({"id": "dev_1"}, "unknown_field", "/id"),
        ({"name": 5}, "invalid_field", "/name"),
        ({"name": ["x"]}, "invalid_field", "/name"),
        ({"name": "x" * 201}, "invalid_field", "/name"),
        ({"metadata": "x"}, "invalid_field", "/metadata"),
        ({"metadata": [1]}, "invalid_field", "/metadata"),
        ({"metadata": {"": 1}}, "invalid_field", "/metadata/"),
        ({"metadata": {"k" * 101: 1}}, "invalid_field", "/metadata/" + "k" * 101),
        ({"metadata": {"big": "x" * 17_000}}, "invalid_field", "/metadata"),
        ({"metadata": {str(n): n for n in range(51)}}, "invalid_field", "/metadata"),
        ([], "invalid_body", None),
        ("x", "invalid_body", None),
        (None, "invalid_body", None),
        (1, "invalid_body", None),
    ],
)
def test_a_wrong_change_is_refused_by_field_and_changes_nothing(api, van, body, code, param):
    problem(api.patch(VAN, body), 400, code, param)
    assert (stored(van).name, stored(van).metadata) == ("Van", {"plate": "x", "seats": 2})


def test_a_good_name_beside_bad_metadata_is_not_stored_either(api, van):
    problem(api.patch(VAN, {"name": "new", "metadata": 5}), 400, "invalid_field", "/metadata")
    assert stored(van).name == "Van"


def test_metadata_may_not_grow_past_its_bound_by_small_steps(api, van):
    assert api.patch(VAN, {"metadata": {"a": "x" * 9000}}).status_code == 200
    problem(api.patch(VAN, {"metadata": {"b": "x" * 9000}}), 400, "invalid_field", "/metadata")
    assert set(stored(van).metadata) == {"plate", "seats", "a"}


def test_metadata_nested_too_deeply_is_refused(api, van):
    deep = b'{"metadata":{"a":' + b"[" * 30 + b"]" * 30 + b"}}"
    problem(api.patch(VAN, deep), 400, "invalid_field", "/metadata")


def test_the_last_of_a_repeated_name_counts(api, van):
    assert json.loads(api.patch(VAN, b'{"name":"a","name":"b"}').content)["name"] == "b"


def test_large_numbers_come_back_as_they_were_sent(api, van):
    sent = b'{"metadata":{"whole":123456789012345678901234567890,"small":1e-300}}'
    answer = api.patch(VAN, sent)
    assert b"123456789012345678901234567890" in answer.content
    assert b"123456789012345678901234567890" in api.get("devices").content


def test_u0000_is_left_out_of_texts(api, van):
    body = {"name": "a\x00b", "metadata": {"k\x00": "v\x00w", "gone\x00": None}}
    answer = json.loads(api.patch(VAN, body).content)
    assert answer["name"] == "ab"
    assert answer["metadata"]["k"] == "vw"


@pytest.mark.parametrize(
    "kind", ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data", "", "x"]
)
def test_a_body_that_is_not_sent_as_json_is_refused_with_the_header_to_send(api, van, kind):
    answer = api.send("PATCH", VAN, body=b"name=x", content_type=kind)
    assert "Content-Type: application/json" in problem(answer, 415, "unsupported_media_type", "Content-Type")


def test_json_with_a_charset_is_json(api, van):
    answer = api.send("PATCH", VAN, body=b'{"name":"x"}', content_type="application/json; charset=utf-8")
    assert answer.status_code == 200


def test_a_body_over_the_limit_is_refused(api, van):
    problem(api.patch(VAN, b" " * 1_100_000), 413, "body_too_large")


def test_deleting_takes_the_device_its_state_its_history_and_its_reports(
    api, van, customer, told, django_capture_on_commit_callbacks
):
    other = a_device(customer.test, "van-2")
    for device in (van, other):
        a_state(device, yesterday(8)), a_position(device, yesterday(8))
        a_set_aside(customer.test, yesterday(8), device=device, external_id=device.external_id)
    with django_capture_on_commit_callbacks(execute=True):
        answer = api.delete(VAN)
    assert (answer.status_code, answer.content) == (204, b"")
    assert told == [{"id": van.public_id, "removed": True}]
    for model in (DeviceState, Position, SetAsideReport):
        left = model.objects.for_environment(customer.test).values_list("device__external_id", flat=True)
        assert list(left) == ["van-2"]
    assert [d["external_id"] for d in api.json("devices")["data"]] == ["van-2"]
    for again in (api.get(VAN), api.delete(VAN), api.patch(VAN, {"name": "x"}), api.get(f"{VAN}/positions")):
        problem(again, 404, "not_found")


def test_a_deleted_device_leaves_a_tombstone_without_its_facts(api, van):
    api.delete(VAN)
    tombstone = stored(van)
    assert tombstone.deleted_at is not None
    assert (tombstone.external_id, tombstone.name, tombstone.metadata) == ("van-1", "", {})


def test_what_arrived_while_a_device_was_deleted_is_swept(api, van, customer):
    api.delete(VAN)
    a_position(van, yesterday(8)), a_state(van, yesterday(8))
    now = datetime.now(UTC)
    assert sweep_deleted(now=now) == 1
    assert not Position.objects.for_environment(customer.test).exists()
    assert not DeviceState.objects.for_environment(customer.test).exists()
    assert sweep_deleted(now=now + timedelta(days=3)) == 0


@pytest.mark.django_db(transaction=True)
def test_two_callers_who_each_add_a_key_both_keep_theirs(customer):
    van = a_device(customer.test, metadata={})
    barrier = threading.Barrier(2)

    def add(key):
        try:
            device = stored(van)
            barrier.wait(timeout=20)
            change_device(device, change_in({"metadata": {key: 1}}), now=datetime.now(UTC))
        finally:
            connection.close()

    threads = [threading.Thread(target=add, args=[key]) for key in ("a", "b")]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=30)
    assert stored(van).metadata == {"a": 1, "b": 1}


def test_a_change_of_a_device_deleted_meanwhile_finds_nothing(api, van):
    loaded = stored(van)
    api.delete(VAN)
    assert change_device(loaded, change_in({"name": "x"}), now=datetime.now(UTC)) is None
    assert stored(van).name == ""
