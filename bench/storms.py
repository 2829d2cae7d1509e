"""Storms replayed against a whole product, and a launch that must not be taken for one.

Four parts after a quiet one, in which positions alone are timed: a launch (ten times the devices, all of which report),
a fleet that registers again and again, ids made up at each start, and beside these one device that repeats one fix a
hundred times a second. Positions go on beside each. Told are the seconds until recognition, what was metered of the
storms, and the answer times of positions.
"""

import json
import threading
import time
from datetime import datetime
from typing import Any

from bench.load import Answers, Flood, Flooded, steady
from bench.stage import Stage, wait_for

REGISTRATIONS_A_SECOND = 10_000
REPEATS_A_SECOND = 100
POSITIONS_A_SECOND = 200
FLEET = 20_000
USUAL, LAUNCH = 8, 80  # devices a second that are new: ten times
LINE = '"model":"Pixel 9","os":"Android 16","app_version":"2.4.1"'
# 7919 is a prime: neighbours in time are no neighbours by name
AGAIN = f"""
  return string.format('{{"device_id":"reg-%d",{LINE}}}', (n * 7919) % {FLEET})"""
MINTED = f"""
  return string.format('{{"device_id":"mint-%d-%d",{LINE}}}', n, (n * 2654435761) % 4294967296)"""
STORM = """
    SELECT row_to_json(s)::text FROM (
        SELECT kind, reason, extract(epoch FROM recognised_at) AS recognised,
            extract(epoch FROM ended_at) AS ended, received, repeats, coalesced, peak_per_second
        FROM billing_storm WHERE environment_id = %s AND kind = %s AND recognised_at > to_timestamp(%s)
        ORDER BY id DESC LIMIT 1) s
"""
METERED = """
    SELECT coalesce(sum(quantity), 0) FROM billing_usagerecord WHERE environment_id = %s AND meter = %s
"""


def measure(stage: Stage, seconds: int) -> dict[str, Any]:
    """The figures, as a part of `make bench`; each load lasts `seconds`, 30 at least."""
    return Replay(stage, max(30, seconds)).run()


class Replay:
    """One replay on a product of its own."""

    def __init__(self, stage: Stage, seconds: float) -> None:
        self.stage, self.seconds = stage, seconds
        self.key, self.environment = stage.stack.demo["publishable_key"], stage.environment_id()
        self.url = stage.stack.base_url
        self.number = 0

    def run(self) -> dict[str, Any]:
        """Everything, one after the other."""
        steady(self.url, "/ingest/v1/positions", self.key, POSITIONS_A_SECOND, 3, self._position)
        quiet = self._positions()
        began = time.time()
        self._launch()
        launch = self._storms_since(began)
        again, beside_again = self._flood(AGAIN)
        storm_again = self._storm("registrations", again[0])
        self._wait_over()
        stuck_from = time.time()
        stuck = threading.Thread(target=self._repeat)
        stuck.start()
        minted, beside_minted = self._flood(MINTED)
        stuck.join()
        storm_minted = self._storm("registrations", minted[0])
        storm_stuck = self._storm("repeats", stuck_from)
        over_s = self._wait_over()
        return {
            "positions alone, p50 / p99 ms": _times(quiet),
            f"launch, {LAUNCH} new devices a second after {USUAL}: storms": launch,
            **self._told("a fleet that registers again and again", again, storm_again, beside_again),
            **self._told("ids made up at each start", minted, storm_minted, beside_minted),
            "one fix 100 times a second: recognised after s": _after(storm_stuck, stuck_from),
            "one fix 100 times a second: repeats counted": storm_stuck["repeats"],
            "lifted, s after the last post at most": round(over_s, 1),
            **self._metered(),
        }

    def _positions(self) -> Answers:
        return steady(
            self.url, "/ingest/v1/positions", self.key, POSITIONS_A_SECOND, self.seconds, self._position
        )

    def _launch(self) -> None:
        """New devices register, the usual number and then ten times that, and report two seconds later."""
        for rate, first in ((USUAL, 0), (LAUNCH, 1_000_000)):

            def registration(n: int, first: int = first) -> bytes:
                return f'{{"device_id":"new-{first + n}",{LINE}}}'.encode()

            def report(n: int, first: int = first) -> bytes:
                return _fix(f"new-{first + n}", n)

            registering = threading.Thread(
                target=steady,
                args=(self.url, "/ingest/v1/devices", self.key, rate, self.seconds, registration),
            )
            registering.start()
            time.sleep(2)
            steady(self.url, "/ingest/v1/positions", self.key, rate, self.seconds, report)
            registering.join()

    def _flood(self, body: str) -> tuple[tuple[float, Flooded], Answers]:
        began = time.time()
        with Flood(
            self.url,
            "/ingest/v1/devices",
            self.key,
            body,
            seconds=self.seconds + 5,
            per_second=REGISTRATIONS_A_SECOND,
            connections=400,
        ) as flood:
            beside = self._positions()
            flooded = flood.end()
        return (began, flooded), beside

    def _repeat(self) -> None:
        body = _fix("stuck", 0)
        steady(self.url, "/ingest/v1/positions", self.key, REPEATS_A_SECOND, self.seconds, lambda _: body)

    def _storm(self, kind: str, since: float) -> dict[str, Any]:
        def found() -> bool:
            return self.stage.sql(STORM, self.environment, kind, since) is not None

        wait_for(f"a storm of {kind} is recognised", found, seconds=60)
        storm: dict[str, Any] = json.loads(self.stage.sql(STORM, self.environment, kind, since))
        return storm

    def _storms_since(self, since: float) -> int:
        statement = "SELECT count(*) FROM billing_storm WHERE recognised_at > to_timestamp(%s)"
        return int(self.stage.sql(statement, since))

    def _wait_over(self) -> float:
        statement = "SELECT count(*) FROM billing_storm WHERE ended_at IS NULL"
        return wait_for("every storm is lifted", lambda: self.stage.sql(statement) == 0, every=0.5)

    def _told(
        self, name: str, load: tuple[float, Flooded], storm: dict[str, Any], beside: Answers
    ) -> dict[str, Any]:
        began, flooded = load
        return {
            f"{name}: posts a second answered": round(flooded.per_second),
            f"{name}: recognised after s": _after(storm, began),
            f"{name}: by": storm["reason"],
            f"{name}: received / coalesced": f"{storm['received']} / {storm['coalesced']}",
            f"{name}: 429, broken": f"{flooded.over_quota}, {flooded.broken}",
            f"{name}: positions beside, p50 / p99 ms": _times(beside),
        }

    def _metered(self) -> dict[str, Any]:
        """Everything that is billed stands in the usage records: devices that were made up must not, nor repeats."""
        statement = (
            "SELECT count(*) FROM tracker_device WHERE environment_id = %s AND external_id LIKE 'mint-%%'"
        )
        stored = "SELECT count(*) FROM tracker_position WHERE environment_id = %s"
        reporting = "SELECT count(*) FROM tracker_devicestate WHERE environment_id = %s"
        positions = int(self.stage.sql(stored, self.environment))
        devices = int(self.stage.sql(reporting, self.environment))

        def metered(meter: str) -> int:
            return int(self.stage.sql(METERED, self.environment, meter))

        wait_for("usage is pulled", lambda: metered("fixes_accepted") >= positions, seconds=60, every=1)
        return {
            "units of the storms metered": metered("fixes_accepted")
            - positions
            + metered("active_devices")
            - devices,
            "fixes metered, positions stored": f"{metered('fixes_accepted')}, {positions}",
            "devices metered, devices that report": f"{metered('active_devices')}, {devices}",
            "devices made up that got a row before": int(self.stage.sql(statement, self.environment)),
        }

    def _position(self, number: int) -> bytes:
        return _fix(f"pos-{number % 200}", number)


def _fix(device: str, number: int) -> bytes:
    fix = {
        "recorded_at": datetime.now().astimezone().isoformat() if device != "stuck" else _STUCK_AT,
        "latitude": 18.5 + number % 200 / 5000,
        "longitude": 73.8 + number % 50_000 / 1_000_000,
        "accuracy_m": 8,
    }
    return json.dumps({"device_id": device, "positions": [fix]}).encode()


_STUCK_AT = datetime.now().astimezone().isoformat()


def _after(storm: dict[str, Any], load_began: float) -> float:
    """From the first post of the load; the row begins where the key's rate rose, which is in the launch."""
    return round(float(storm["recognised"]) - load_began, 1)


def _times(answers: Answers) -> str:
    return f"{answers.p50_ms} / {answers.p99_ms}"
