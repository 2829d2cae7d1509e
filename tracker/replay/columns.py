"""Which column of a table holds what: guessed from its name unless an option says so. Pure."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from tracker.replay.recording import Unreadable

# In order of preference; compared without case, and with every other sign taken as an underscore.
NAMES: dict[str, tuple[str, ...]] = {
    "device": (
        "device_id", "device", "vehicle_id", "vehicle", "imei", "unit", "unit_id", "tracker_id", "asset", "asset_id",
        "driver_id", "driver", "phone", "user_id", "user", "uid", "bus", "track_id", "track", "trace", "session",
        "trip_id", "name", "id",
    ),
    "time": (
        "recorded_at", "timestamp", "ts", "time", "datetime", "date_time", "gps_time", "gpstime", "fix_time", "fixtime",
        "utc", "time_utc", "device_time", "ts_local", "local_time", "t_s", "t", "epoch", "date",
    ),
    "latitude": ("latitude", "lat", "y", "lat_deg", "gps_lat", "position_lat"),
    "longitude": ("longitude", "lon", "lng", "long", "x", "lon_deg", "gps_lon", "gps_lng", "position_long"),
    "accuracy": ("accuracy_m", "accuracy", "horizontal_accuracy", "hacc", "h_acc", "acc", "precision"),
    "altitude": ("altitude_m", "altitude", "alt", "elevation", "ele", "elevation_m"),
    "speed": ("speed_mps", "speed", "speed_kmh", "speed_mph", "velocity", "gps_speed", "vel"),
    "heading": ("heading_deg", "heading", "bearing", "course", "azimuth", "direction"),
    "battery": ("battery", "battery_level", "battery_pct", "batt"),
    "activity": ("activity", "mode", "motion", "label"),
}  # fmt: skip
REQUIRED = ("time", "latitude", "longitude")
UNIT_IN_NAME = {"speed_kmh": "kmh", "speed_mph": "mph", "speed_mps": "mps"}


@dataclass(frozen=True)
class Columns:
    """The names of the columns as the file spells them; None where it has none for that fact."""

    time: str
    latitude: str
    longitude: str
    device: str | None = None
    accuracy: str | None = None
    altitude: str | None = None
    speed: str | None = None
    heading: str | None = None
    battery: str | None = None
    activity: str | None = None

    def told(self) -> str:
        """How the columns were understood, in one line."""
        pairs = ((fact, getattr(self, fact)) for fact in NAMES)
        return ", ".join(f"{fact} from {name}" for fact, name in pairs if name)


def choose(header: Sequence[str], named: Mapping[str, str | None]) -> Columns:
    """The columns to read. `named` are the options; an empty text there says that the file has none for it.

    Raises Unreadable, with the option to give, where a named column is absent or a needed one is not found.
    """
    chosen = {fact: _choose_one(fact, header, named.get(fact)) for fact in NAMES}
    missing = [fact for fact in REQUIRED if chosen[fact] is None]
    if missing:
        options = " ".join(f"--{fact}-column NAME" for fact in missing)
        raise Unreadable(
            f"no column looks like the {' or the '.join(missing)}. The file has: {', '.join(header)}. Say {options}."
        )
    return Columns(**chosen)  # type: ignore[arg-type]  # the required ones were looked at above


def _choose_one(fact: str, header: Sequence[str], named: str | None) -> str | None:
    if named == "":
        return None
    if named is not None:
        for name in header:
            if name.strip() == named or _plain(name) == _plain(named):
                return name
        raise Unreadable(f"--{fact}-column {named}: the file has no such column, only {', '.join(header)}.")
    plain = {_plain(name): name for name in reversed(header)}
    return next((plain[known] for known in NAMES[fact] if known in plain), None)


def _plain(name: str) -> str:
    return re.sub(r"[^a-z0-9]+", "_", name.strip().lower()).strip("_")
