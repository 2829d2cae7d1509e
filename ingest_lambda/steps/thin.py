"""What a spending cap leaves of a device's fixes: one in some, or of MQTT nothing. Each of the rest has its ending.

Which fixes stay is a function of device and instant, so a report sent twice is judged the same twice, in whatever
order and by whichever worker, and the history stays a function of the reports.
"""

from __future__ import annotations

from zlib import crc32

from ingest_lambda.batch import Arrival, Batch, Trail
from ingest_lambda.outcomes import Filter, Verdict, filtered
from ingest_lambda.report import Channel
from ingest_lambda.steps.payload import payload_text


def thin(batch: Batch, trail: Trail) -> None:
    """Take out of `trail.arrivals` what the cap of its environment does not let in, and end each of these.

    What came by HTTP while the cap says stop was answered before its door knew, so it is kept: what we said we have
    is never dropped by us. A broker cannot ask a device to wait; what comes by MQTT then is filtered and counted.
    """
    environment = trail.environment
    kept: list[Arrival] = []
    for arrival in trail.arrivals:
        recorded_us, _, fix, envelope = arrival
        if environment.stopped:
            verdict = None if envelope.channel != Channel.MQTT.value else _CAPPED
        else:
            verdict = None if stays(trail.device_id, recorded_us, environment.keeps_one_in) else _SAMPLED
        if verdict is None:
            kept.append(arrival)
        else:
            batch.put_aside(envelope, trail.device_id, verdict, payload_text(fix), recorded_us)
    trail.arrivals = kept


def stays(device_id: int, recorded_us: int, keeps_one_in: int) -> bool:
    """Whether the fix of that instant is the one in some that stays. Devices are thinned apart from one another."""
    mixed = crc32(b"%d:%d" % (device_id, recorded_us))
    return mixed % keeps_one_in == 0


_SAMPLED: Verdict = filtered(Filter.SAMPLED, "a spending cap is reached, and only one fix in some is kept")
_CAPPED: Verdict = filtered(Filter.CAP_REACHED, "a spending cap is reached, and it says to stop")
