"""What a door keeps of its requests: whose each was, how it ended, a few whole and all counted, none that waits."""

from typing import Any

import msgspec
import pytest
import redis

from ingest_lambda.exchange import Request
from ingest_lambda.request_log import (
    MOST_COUNTED,
    MOST_KEPT,
    MOST_OF_ONE,
    MOST_WAITING,
    REQUESTS,
    Ending,
    Entry,
    RequestLog,
    decode,
    encode,
    ending_of,
)
from ingest_lambda.request_post import RequestPost
from tests.ingest_lambda.door import (
    BEARER,
    ENVIRONMENT_ID,
    FIX,
    KEY_ID,
    NOW_US,
    PUBLISHABLE,
    SECRET_KEY,
    Door,
)

BODY = {"device_id": "van-1", "positions": [FIX]}
BAD = FIX | {"latitude": 99}
HOUR = NOW_US // 3_600_000_000


async def entry_of(door, body=BODY, *, headers=None, method="POST", path="/ingest/v1/positions"):
    """What is kept of one request, None where it is nobody's."""
    reply = await door.post(body, headers=headers, method=method, path=path)
    post = RequestPost("redis://127.0.0.1:1")
    post.note(Request(method, path, {}, "", b""), reply, NOW_US, 1500)
    post.log.close_second()
    told = post.log.first_waiting()
    if told is None:
        return None
    [entry] = told.entries
    assert entry.request_id == dict(reply.headers)["x-request-id"]
    assert (entry.environment_id, entry.duration_us, entry.at_us) == (ENVIRONMENT_ID, 1500, NOW_US)
    assert told.counts == [(ENVIRONMENT_ID, HOUR, "ingest", entry.key_id, entry.outcome, 1)]
    return entry


@pytest.mark.parametrize(
    ("positions", "status", "outcome", "counts", "reason"),
    [
        ([FIX], 202, "accepted", (1, 0), ""),
        ([FIX, BAD, BAD], 202, "partly", (1, 2), "bad_latitude"),
        ([BAD], 202, "refused", (0, 1), "bad_latitude"),
    ],
)
async def test_reports_are_told_as_the_door_answered_them(positions, status, outcome, counts, reason):
    entry = await entry_of(Door(), {"device_id": "van-1", "positions": positions})
    assert (entry.status, entry.outcome, entry.reason) == (status, outcome, reason)
    assert (entry.accepted, entry.refused) == counts
    assert (entry.device, entry.key_id, entry.method) == ("van-1", KEY_ID, "POST")
    assert entry.route == "/ingest/v1/positions"


async def test_a_refusal_is_told_to_whoever_sent_a_genuine_key():
    door = Door()
    entry = await entry_of(door, b"{", path="/ingest/v1/positions")
    assert (entry.status, entry.outcome, entry.accepted) == (400, "refused", -1)
    entry = await entry_of(door, path="/ingest/v1/nothing-here")
    assert (entry.status, entry.reason) == (404, "not_found")
    entry = await entry_of(door, method="GET")
    assert (entry.status, entry.reason) == (405, "method_not_allowed")
    door.revoked.add(KEY_ID)
    entry = await entry_of(door)
    assert (entry.status, entry.reason) == (401, "key_revoked")
    entry = await entry_of(door, headers={"authorization": f"Bearer {SECRET_KEY}"})
    assert (entry.status, entry.reason, entry.key_id) == (401, "wrong_key_kind", 8)
    door.revoked.clear()
    door.stream.away = True
    entry = await entry_of(door)
    assert (entry.status, entry.outcome, entry.reason) == (503, "error", "stream_unavailable")


async def test_what_came_with_no_key_of_ours_is_nobodys():
    door = Door()
    assert await entry_of(door, headers={}) is None
    assert await entry_of(door, headers={"authorization": f"Bearer {PUBLISHABLE[:-1]}x"}) is None
    assert await entry_of(door, path="/ingest/v1/nothing-here", headers={}) is None


async def test_no_key_stands_in_what_is_kept():
    entry = await entry_of(Door(), path=f"/ingest/{PUBLISHABLE}/van-1", headers={})
    assert entry.route == "/ingest/.../van-1"
    assert PUBLISHABLE.encode() not in msgspec.msgpack.encode(entry)
    assert BEARER["authorization"].split()[1].encode() not in msgspec.msgpack.encode(entry)


def note(log: RequestLog, environment: int = 1, ending: str = Ending.ACCEPTED, key: int = 1) -> bool:
    if log.admits(environment, key, NOW_US, "ingest", ending):
        log.keep(Entry(environment, key, NOW_US, "req_0", "ingest", "POST", "/", 202, ending, "", 1))
        return True
    return False


def test_of_many_a_few_are_kept_whole_and_all_are_counted():
    log = RequestLog()
    assert sum(note(log) for _ in range(1000)) == MOST_OF_ONE
    assert sum(note(log, ending=Ending.LIMITED) for _ in range(1000)) == MOST_OF_ONE, (
        "a flood that goes well hides no refusal"
    )
    for environment in range(2, 1000):
        note(log, environment)
    log.close_second()
    told = log.first_waiting()
    assert told is not None
    assert len(told.entries) == MOST_KEPT
    assert sum(how_many for *_, how_many in told.counts) == 2998
    assert decode(encode(told)) == told
    assert note(log), "the next second begins anew"


def test_what_has_no_room_is_counted_as_lost():
    log = RequestLog()
    for key in range(MOST_COUNTED + 7):
        note(log, key=key)
    assert log.lost == 7
    log.close_second()
    for _ in range(MOST_WAITING + 2):
        note(log)
        log.close_second()
    assert log.lost == 7 + MOST_COUNTED + 2, "of what waits too long the oldest goes"


@pytest.mark.parametrize(
    ("status", "counts", "ending"),
    [
        (200, (-1, -1), "accepted"),
        (304, (-1, -1), "accepted"),
        (404, (-1, -1), "refused"),
        (400, (1, 1), "refused"),
        (429, (-1, -1), "limited"),
        (503, (-1, -1), "error"),
    ],
)
def test_what_an_answer_says_became_of_a_request(status, counts, ending):
    assert ending_of(status, *counts) == ending


async def test_while_redis_is_away_it_waits_and_then_arrives(redis_process):
    post = RequestPost(redis_process.url)
    redis_process.stop()
    note(post.log)
    with pytest.raises(OSError):
        await post.hand_on()
    post.close()
    note(post.log)
    redis_process.start()
    await post.hand_on()
    client = redis.Redis.from_url(redis_process.url)
    entries: Any = client.xrange(REQUESTS)
    found = [decode(fields[b"t"]) for _, fields in entries]
    assert [len(told.entries) for told in found] == [1, 1]
    post.close()
    client.close()
