"""Recorded tracks as fixes, where they are on this machine: read once, nothing of them is in the repository."""

import csv
import gzip
from collections import defaultdict
from datetime import datetime
from functools import cache
from pathlib import Path

from ingest_lambda.report import PositionReport
from tests.ingest_lambda.consumer.ground import SECOND

TRACES = Path(__file__).resolve().parents[4] / "shared" / "data" / "traces"

# file, column of the track, column of the time, columns of accuracy and speed where there are some
RECORDED = {
    "ssi": ("ssi_nl_phones.csv.gz", "device", "ts", "", ""),
    "emission": ("emission_phones.csv.gz", "session", "ts", "accuracy_m", "speed_mps"),
    "buses": ("capmetro_fleet_2017-03-21.csv.gz", "vehicle", "ts", "", "speed"),
    "delivery": ("goal_delivery_agents.csv.gz", "trace", "t_s", "", ""),
    "rides": ("gotrack_aracaju.csv.gz", "track", "ts_local", "", ""),
    "world": ("osm_world_1hz.csv.gz", "track", "t_s", "", ""),
}


@cache
def recorded(name: str) -> dict[str, list[PositionReport]]:
    """Tracks by their name, in the order of the file; {} where the file is not on this machine."""
    file, key, time, accuracy, speed = RECORDED[name]
    tracks = defaultdict(list)
    if not (TRACES / file).is_file():
        return {}
    with gzip.open(TRACES / file, "rt") as lines:
        for row in csv.DictReader(lines):
            accuracy_m = float(row[accuracy]) if accuracy and float(row[accuracy] or -1) >= 0 else None
            speed_mps = float(row[speed]) if speed and float(row[speed] or -1) >= 0 else None
            tracks[row[key]].append(
                PositionReport(
                    _instant_us(row[time]),
                    float(row["lon"]),
                    float(row["lat"]),
                    accuracy_m=accuracy_m,
                    speed_mps=speed_mps,
                )
            )
    return dict(tracks)


def _instant_us(text: str) -> int:
    try:
        return int(float(text) * SECOND)
    except ValueError:
        read = datetime.fromisoformat(text)
        return int((read if read.tzinfo else read.replace(tzinfo=_UTC)).timestamp() * SECOND)


_UTC = datetime.fromisoformat("2000-01-01T00:00:00+00:00").tzinfo
