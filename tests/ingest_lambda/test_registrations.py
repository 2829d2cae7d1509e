"""Registrations at the door: what is new goes on its way once, what is repeated costs nothing, all of it is counted."""

import json
from typing import Any

import pytest

from ingest_lambda.accept import Porch, accept
from ingest_lambda.credential import Gatekeeper
from ingest_lambda.exchange import Request
from ingest_lambda.feed import Feed
from ingest_lambda.quotas import Quotas
from ingest_lambda.registrations import WINDOW_S, Registrar, Remembered
from ingest_lambda.report import DeviceInfo, decode_registration, encode
from tests.ingest_lambda.door import (
    BEARER,
    ENVIRONMENT_ID,
    KEY_ID,
    NOW_US,
    PUBLISHABLE,
    SECRET,
    RememberingStream,
    problem,
)
from tests.ingest_lambda.feeds import a_feed

SECOND = 1_000_000
VAN = {"device_id": "van-1", "name": "Van 1", "model": "Pixel 9", "os": "Android 16", "app_version": "2.1"}


class RegistrationDoor:
    """A porch with a registrar; time moves only when a test says so."""

    def __init__(self, *, remembered=None, **facts):
        self.stream: Any = RememberingStream()  # its list holds registrations here
        self.positions = RememberingStream()
        feed = Feed()
        feed.learn(a_feed(**facts)[1])
        self.now_us = NOW_US
        self.revoked: set[int] = set()
        limits = Quotas(feed)
        self.registrar = Registrar(self.stream, limits, remembered)
        gatekeeper = Gatekeeper([SECRET], self.revoked)
        self.porch = Porch(
            gatekeeper, self.positions, now_us=lambda: self.now_us, limits=limits, registrar=self.registrar
        )

    async def post(self, body, *, headers=BEARER, path="/ingest/v1/devices", method="POST"):
        data = body if isinstance(body, bytes) else json.dumps(body).encode()
        reply = await accept(Request(method, path, headers, "", data), self.porch)
        self.check_counts()
        return reply

    def check_counts(self):
        counts = self.registrar.counts
        assert counts.received == counts.accepted + counts.coalesced + counts.limited + counts.away

    @property
    def sent(self):
        return [one.device for one in self.stream.envelopes]


def answer(reply):
    document = json.loads(reply.body)
    assert document["request_id"] == dict(reply.headers)["x-request-id"]
    return reply.status, document["received"], document["accepted"], document["coalesced"]


async def test_a_new_device_goes_on_its_own_lane_and_not_among_positions():
    door = RegistrationDoor()
    assert answer(await door.post(VAN | {"metadata": {"plate": "AB-1", "axles": 2}})) == (202, 1, 1, False)
    [one] = door.stream.envelopes
    assert (one.environment_id, one.key_id, one.device) == (ENVIRONMENT_ID, KEY_ID, "van-1")
    assert one.info == DeviceInfo("Van 1", "Pixel 9", "Android 16", "2.1")
    assert json.loads(one.metadata) == {"plate": "AB-1", "axles": 2}
    assert one.received_at_us == NOW_US
    assert decode_registration(encode(one)) == one
    assert not door.positions.envelopes


async def test_a_repeat_within_the_window_is_answered_and_goes_nowhere():
    door = RegistrationDoor()
    await door.post(VAN)
    for _ in range(3):
        assert answer(await door.post(VAN)) == (200, 1, 0, True)
    shuffled = dict(reversed(VAN.items()))
    assert answer(await door.post(shuffled)) == (200, 1, 0, True)
    assert answer(await door.post({"devices": [VAN]})) == (200, 1, 0, True)
    assert door.sent == ["van-1"]
    assert door.registrar.counts.coalesced == 5


async def test_changed_content_goes_on_its_way_and_so_does_going_back_to_the_old():
    door = RegistrationDoor()
    newer = VAN | {"app_version": "2.2"}
    for body in (VAN, newer, VAN, VAN, newer):
        await door.post(body)
    assert [one.info.app_version for one in door.stream.envelopes] == ["2.1", "2.2", "2.1", "2.2"]


async def test_the_window_ends_though_the_device_repeats_itself_all_along():
    door = RegistrationDoor()
    for _ in range(WINDOW_S // 100 + 1):
        await door.post(VAN)
        door.now_us += 100 * SECOND
    assert door.sent == ["van-1", "van-1"]


async def test_another_environment_with_the_same_device_is_another_device():
    remembered = Remembered()
    remembered.learn(hash((ENVIRONMENT_ID + 1, "van-1")), 1, NOW_US)
    door = RegistrationDoor(remembered=remembered)
    assert answer(await door.post(VAN)) == (202, 1, 1, False)


async def test_of_many_devices_only_the_new_ones_travel():
    door = RegistrationDoor()
    await door.post(VAN)
    fleet = {"devices": [VAN, {"device_id": "van-2"}, {"device_id": 3}]}
    assert answer(await door.post(fleet)) == (202, 3, 2, False)
    assert door.sent == ["van-1", "van-2", "3"]
    assert answer(await door.post(fleet)) == (200, 3, 0, True)


async def test_of_a_device_that_is_twice_in_one_body_the_last_word_counts():
    door = RegistrationDoor()
    twice = {"devices": [VAN, VAN | {"model": "Pixel 10"}]}
    assert answer(await door.post(twice)) == (202, 2, 1, False)
    assert [one.info.model for one in door.stream.envelopes] == ["Pixel 10"]
    assert answer(await door.post(VAN | {"model": "Pixel 10"})) == (200, 1, 0, True)
    assert answer(await door.post(VAN)) == (202, 1, 1, False)


async def test_what_the_stream_did_not_take_is_not_remembered():
    door = RegistrationDoor()
    door.stream.away = True
    assert problem(await door.post(VAN))["code"] == "stream_unavailable"
    door.stream.away = False
    assert answer(await door.post(VAN)) == (202, 1, 1, False)


async def test_new_registrations_have_their_own_limit_and_repeats_pass_over_it():
    door = RegistrationDoor(registrations_per_second=1)  # twenty may be owed before the pool was asked
    for number in range(20):
        assert (await door.post({"device_id": f"van-{number}"})).status == 202
    refused = await door.post({"device_id": "one too many"})
    assert problem(refused)["code"] == "over_quota"
    headers = dict(refused.headers)
    assert int(headers["retry-after"]) >= 1
    assert headers["ratelimit"].startswith('"registrations";r=0;t=')
    assert answer(await door.post({"device_id": "van-0"})) == (200, 1, 0, True)
    assert "ratelimit-policy" in dict((await door.post({"device_id": "van-0"})).headers)
    assert door.registrar.counts.limited == 1


async def test_a_revoked_key_registers_nothing_even_what_is_known():
    door = RegistrationDoor()
    await door.post(VAN)
    door.revoked.add(KEY_ID)
    assert problem(await door.post(VAN))["code"] == "key_revoked"
    assert problem(await door.post(VAN, headers={}))["code"] == "missing_key"


@pytest.mark.parametrize(
    ("body", "code", "param"),
    [
        (b"{", "invalid_json", None),
        (b"[]", "invalid_body", None),
        ({}, "missing_field", "/device_id"),
        ({"device_id": ""}, "invalid_field", "/device_id"),
        ({"device_id": "a\x00b"}, "invalid_field", "/device_id"),
        ({"device_id": "v" * 201}, "invalid_field", "/device_id"),
        ({"devices": {}}, "invalid_field", "/devices"),
        ({"devices": []}, "no_devices", "/devices"),
        ({"devices": [VAN] * 101}, "too_many_devices", "/devices"),
        ({"devices": [VAN, 7]}, "invalid_field", "/devices/1"),
        ({"devices": [VAN, {"name": "nameless"}]}, "missing_field", "/devices/1/device_id"),
        (VAN | {"metadata": []}, "invalid_field", "/metadata"),
        (VAN | {"metadata": {"": 1}}, "invalid_field", "/metadata"),
        (VAN | {"metadata": {"k" * 101: 1}}, "invalid_field", "/metadata"),
        (VAN | {"metadata": {f"k{n}": 1 for n in range(51)}}, "invalid_field", "/metadata"),
        (VAN | {"metadata": {"k": "v" * 16_400}}, "invalid_field", "/metadata"),
        (VAN | {"metadata": {"k": [[[[[[[[[[[[[[[[[[[[[]]]]]]]]]]]]]]]]]]]]]}}, "invalid_field", "/metadata"),
        (b'{"device_id": "v", "metadata": {"k": 1e999}}', "", None),
        (b"[" * 100_000, "invalid_json", None),
    ],
)
async def test_a_body_that_is_wrong_anywhere_is_refused_whole_with_the_place(body, code, param):
    door = RegistrationDoor()
    reply = await door.post(body)
    if not code:
        assert reply.status in {202, 400}
        return
    document = problem(reply)
    assert (document["status"], document["code"], document.get("param")) == (400, code, param)
    assert not door.stream.envelopes
    assert door.registrar.counts.received == 0


async def test_what_a_device_says_of_itself_is_cut_and_cleaned_rather_than_refused():
    door = RegistrationDoor()
    odd = {"device_id": "v", "name": "n" * 300, "model": 7, "os": "An\x07droid", "app_version": None}
    await door.post(odd | {"colour": "blue", "metadata": None})
    [one] = door.stream.envelopes
    assert one.info == DeviceInfo("n" * 200, None, "Android", None)
    assert one.metadata is None


async def test_another_method_is_refused_and_a_door_without_a_registrar_takes_none():
    door = RegistrationDoor()
    assert (await door.post(VAN, method="GET")).status == 405
    plain = Porch(Gatekeeper([SECRET], set()), RememberingStream())
    reply = await accept(Request("POST", "/ingest/v1/devices", BEARER, "", b"{}"), plain)
    assert reply.status == 404
    assert PUBLISHABLE not in reply.body.decode()


def test_memory_is_bounded_and_the_oldest_go_first():
    remembered = Remembered(most=1_000)
    for number in range(5_000):
        remembered.learn(number, number * 7, NOW_US + number)
    assert len(remembered) == 1_000
    assert not remembered.knows(3_999, 3_999 * 7, NOW_US)
    assert remembered.knows(4_000, 4_000 * 7, NOW_US)
    assert not remembered.knows(4_000, 4_001 * 7, NOW_US)
    remembered.learn(4_000, -5, NOW_US)  # fingerprints may be negative
    assert remembered.knows(4_000, -5, NOW_US)
