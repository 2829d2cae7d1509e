"""What doors and consumers counted, out of Redis; what the judge remembers, and what doors must coalesce, into it."""

from collections.abc import Iterable, Mapping
from typing import Any

import msgspec
import redis

from ingest_lambda.floods import IN_FORCE, TALLIES, Recent, Seen, Tally, Watch

WATCHES = "floods:watches"  # a hash: what is kept of each busy key and device from one look to the next
KEPT_S = 7 * 86_400
IN_FORCE_S = 30  # doors lift everything when nobody judges any more
MOST_AT_ONCE = 1_000

_decode = msgspec.json.Decoder(list[Tally]).decode
_decode_watch = msgspec.json.Decoder(Watch).decode


def read(client: "redis.Redis", recent: Recent, now: float) -> None:
    """Everything that came since the last reading; at first, that of the last minutes."""
    while True:
        first = f"({recent.last}" if recent.last else str(int((now - recent.KEPT_S) * 1000))
        entries: Any = client.xrange(TALLIES, first, "+", count=MOST_AT_ONCE)
        recent.learn((one for entry in entries for one in _opened(*entry)), now)
        if entries:
            recent.last = entries[-1][0].decode()
        if len(entries) < MOST_AT_ONCE:
            return


def _opened(entry: bytes, fields: Mapping[bytes, bytes]) -> Iterable[Seen]:
    text = entry.decode()
    at = int(text.partition("-")[0]) / 1000
    try:
        tallies = _decode(fields.get(b"t", b"[]"))
    except msgspec.MsgspecError:  # of another release: the next one is read again
        return
    for tally in tallies:
        yield Seen(text, at, tally)


def watches(client: "redis.Redis") -> dict[str, Watch]:
    """What was kept, by `field`."""
    found: Any = client.hgetall(WATCHES)
    kept = {}
    for name, value in found.items():
        try:
            kept[name.decode()] = _decode_watch(value)
        except msgspec.MsgspecError:  # of another release: begun anew
            continue
    return kept


def keep(client: "redis.Redis", kept: Mapping[str, Watch], gone: Iterable[str]) -> None:
    """Keep these for the next look and forget those."""
    pipe = client.pipeline(transaction=False)
    for name in gone:
        pipe.hdel(WATCHES, name)
    for name, watch in kept.items():
        pipe.hset(WATCHES, name, msgspec.json.encode(watch))
    pipe.expire(WATCHES, KEPT_S)
    pipe.execute()


def put_in_force(client: "redis.Redis", keys: Mapping[int, list[int]]) -> None:
    """Tell the doors of which keys registrations are coalesced: environment -> keys. They ask every second."""
    if keys:
        client.set(IN_FORCE, msgspec.json.encode({str(env): ids for env, ids in keys.items()}), ex=IN_FORCE_S)
    else:
        client.delete(IN_FORCE)
