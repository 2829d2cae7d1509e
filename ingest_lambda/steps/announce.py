"""After the commit: tell the live hubs which devices moved. One Redis message an environment."""

from __future__ import annotations

import logging

import msgspec
import redis

from ingest_lambda.batch import Batch, Trail
from ingest_lambda.log import traced
from ingest_lambda.report import request_id_text

logger = logging.getLogger(__name__)


class Moved(msgspec.Struct, omit_defaults=True):
    """One device as `live:{environment}` carries it; times are epoch milliseconds."""

    id: str
    external_id: str
    recorded_at: int
    received_at: int
    longitude: float
    latitude: float
    accuracy_m: float | None
    speed_mps: float | None
    heading_deg: float | None
    battery: float | None
    charging: bool | None
    activity: str | None
    moved_at: int
    request_id: str
    name: str | None = None  # only when this batch registered the device
    corrected: bool = False  # a late fix changed where it stands: it may go back
    zones: tuple[str, ...] = ()  # public ids of the geofences it is inside


_encode = msgspec.json.Encoder().encode


def announcements(batch: Batch) -> dict[str, bytes]:
    """Channel -> JSON array of the devices whose marker moved in this batch."""
    moved: dict[int, list[Moved]] = {}
    for trail in batch.trails.values():
        if trail.newest is None:
            continue
        try:
            moved.setdefault(trail.environment.id, []).append(_moved(trail))
        except Exception:
            # it is stored: one device that cannot be told of must not hide the others' moves
            logger.exception("a move could not be announced", extra=traced(trail.newest[1]))
    return {f"live:{environment_id}": _encode(devices) for environment_id, devices in moved.items()}


def announce(batch: Batch, client: redis.Redis) -> None:
    """Publish. The batch is stored already, so a Redis that is away costs a log line and nothing else:
    an open map catches up with the next fix or its next snapshot."""
    messages = announcements(batch)
    if not messages:
        return
    try:
        pipe = client.pipeline(transaction=False)
        for channel, payload in messages.items():
            pipe.publish(channel, payload)
        pipe.execute()
    except redis.RedisError as error:
        logger.warning(
            "moves not announced", extra={"lane": batch.lane, "channels": len(messages), "reason": str(error)}
        )


def _moved(trail: Trail) -> Moved:
    if trail.newest is None:
        raise ValueError(f"device {trail.device_id} did not move")
    (fix, envelope), state = trail.newest, trail.state
    return Moved(
        "dev_" + trail.uid,
        trail.external_id,
        fix.recorded_at_us // 1000,
        envelope.received_at_us // 1000,
        fix.longitude,
        fix.latitude,
        fix.accuracy_m,
        fix.speed_mps,
        fix.heading_deg,
        fix.battery,
        fix.charging,
        fix.activity,
        (state.anchor.at_us if state is not None else fix.recorded_at_us) // 1000,
        request_id_text(envelope.request_id),
        trail.registered_name,
        trail.corrected,
        trail.zones,
    )
