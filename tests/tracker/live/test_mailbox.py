"""What waits for one socket: the latest of each device, and no name or removal lost on the way."""

import json

import msgspec
import pytest

from tracker.live.frames import changes_body, frame, parse_message, snapshot_frames
from tracker.live.mailbox import Mailbox


def changes(*items: dict) -> list:
    return parse_message(json.dumps(items).encode()).changes


def taken(mailbox: Mailbox) -> tuple[list[dict], list[str]]:
    parcel = mailbox.take()
    return [json.loads(text) for text in parcel.devices], list(parcel.removed)


def fill(*items: dict) -> Mailbox:
    mailbox = Mailbox()
    for change in changes(*items):
        mailbox.put(change)
    return mailbox


def test_only_the_latest_fix_of_a_device_waits():
    mailbox = fill(*[{"id": "a", "recorded_at": n} for n in range(1000)], {"id": "b", "recorded_at": 1})
    assert len(mailbox) == 2
    assert mailbox.conflated == 999
    assert taken(mailbox) == ([{"id": "a", "recorded_at": 999}, {"id": "b", "recorded_at": 1}], [])
    assert not mailbox


def test_a_rename_does_not_take_a_fix_away_nor_a_fix_a_rename():
    mailbox = fill({"id": "a", "recorded_at": 1}, {"id": "a", "name": "Anna"}, {"id": "a", "recorded_at": 2})
    assert taken(mailbox)[0] == [{"id": "a", "recorded_at": 2, "name": "Anna"}]


def test_the_name_a_device_registered_with_outlives_its_first_fix():
    mailbox = fill({"id": "a", "recorded_at": 1, "name": "Anna"}, {"id": "a", "recorded_at": 2})
    assert taken(mailbox)[0] == [{"id": "a", "recorded_at": 2, "name": "Anna"}]


def test_what_overtakes_a_correction_is_one_itself():
    """The reader still shows a newer place that was proved wrong."""
    mailbox = fill({"id": "a", "recorded_at": 5, "corrected": True}, {"id": "a", "recorded_at": 7})
    assert taken(mailbox)[0] == [{"id": "a", "recorded_at": 7, "corrected": True}]
    mailbox.put(changes({"id": "a", "recorded_at": 8})[0])
    assert taken(mailbox)[0] == [{"id": "a", "recorded_at": 8}]


def test_a_removal_takes_all_else_of_the_device_with_it():
    mailbox = fill({"id": "a", "recorded_at": 1}, {"id": "a", "name": "x"}, {"id": "a", "removed": True})
    assert taken(mailbox) == ([], ["a"])


def test_frames_are_json_whatever_a_device_is_called():
    name = 'Ünï "quoted" </script> \u2028 \U0001f69a'
    [change] = changes({"id": "a", "recorded_at": 1, "name": name})
    told = json.loads(frame("changes", 3, changes_body([change.text], ['b"']), server_time_ms=5))
    assert told["devices"][0]["name"] == name
    assert (told["type"], told["seq"], told["removed"]) == ("changes", 3, ['b"'])


@pytest.mark.parametrize(("devices", "sizes"), [(0, [0]), (1, [1]), (2000, [2000]), (4001, [2000, 2000, 1])])
def test_a_snapshot_comes_in_chunks_of_which_the_last_is_complete(devices, sizes):
    frames = [json.loads(text) for text in snapshot_frames(["{}"] * devices, server_time_ms=1)]
    assert [len(frame["devices"]) for frame in frames] == sizes
    assert [frame["complete"] for frame in frames] == [False] * (len(sizes) - 1) + [True]


@pytest.mark.parametrize("payload", [b"", b"{}", b"[1]", b'[{"recorded_at": 1}]', b"\xff", b'[{"id": 5}]'])
def test_a_message_that_is_no_list_of_devices_is_refused_by_name(payload):
    with pytest.raises((msgspec.MsgspecError, UnicodeDecodeError)):
        parse_message(payload)
