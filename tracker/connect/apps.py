"""The apps people already have: address, set-up link and steps of each, for one key and one device. Pure."""

import base64
import json
from collections.abc import Callable
from dataclasses import dataclass
from urllib.parse import quote, urlencode, urlsplit


@dataclass(frozen=True)
class Place:
    """Where a device is to report: the site's address, the publishable key, the id the device shall have."""

    base_url: str
    key: str
    device: str

    @property
    def ingest(self) -> str:
        """The one URL for any app, which carries the key."""
        return f"{self.base_url}/ingest/{self.key}"

    @property
    def ingest_as(self) -> str:
        """The same for an app that sends no id of its own: the device is in the path."""
        return f"{self.ingest}/{quote(self.device, safe='')}"


@dataclass(frozen=True)
class Entry:
    """A value to copy, and the name of the field it goes into."""

    field: str
    value: str


@dataclass(frozen=True)
class SetUp:
    """All a person needs to point one app here. `link` opens the app, `code` is what its scanner reads; or neither."""

    entries: list[Entry]
    steps: list[str]
    link: str = ""
    code: str = ""
    code_says: str = ""


@dataclass(frozen=True)
class App:
    """An app by its name in addresses, its own name, where it runs, and how it is set up."""

    id: str
    name: str
    runs_on: str
    units: str
    set_up: Callable[[Place], SetUp]


def _traccar(place: Place) -> SetUp:
    # its scanner takes origin and path as the server's address, and settings from the query
    code = f"{place.ingest}?{urlencode({'id': place.device, 'interval': 30, 'buffer': 'true'})}"
    return SetUp(
        [Entry("Device identifier", place.device), Entry("Server URL", place.ingest)],
        ["In its settings open the QR code scanner and scan, or enter both values by hand.", "Switch tracking on."],
        code=code,
        code_says="Scan it with the scanner inside Traccar Client.",
    )  # fmt: skip


def _owntracks(place: Place) -> SetUp:
    configuration = {
        "_type": "configuration",
        "mode": 3,
        "url": place.ingest_as,
        "deviceId": place.device,
        "tid": place.device[-2:],
        "auth": False,
        "monitoring": 1,
    }
    packed = base64.b64encode(json.dumps(configuration).encode()).decode()
    link = f"owntracks:///config?inline={quote(packed, safe='')}"
    return SetUp(
        [Entry("Mode", "HTTP"), Entry("URL", place.ingest_as)],
        [
            "Open the link on the phone, or scan the code with its camera, and let OwnTracks import it.",
            "By hand: Preferences, Connection, mode HTTP, then the URL; authentication stays off.",
            "Send a first position with the upload button on the map.",
        ],
        link=link,
        code=link,
        code_says="Scan it with the phone's camera; it opens OwnTracks.",
    )


def _overland(place: Place) -> SetUp:
    link = (
        f"overland://setup?{urlencode({'url': place.ingest, 'device_id': place.device, 'unique_id': 'yes'})}"
    )
    return SetUp(
        [Entry("Receiver endpoint", place.ingest), Entry("Device ID", place.device)],
        [
            "Open the link on the phone, or scan the code with its camera.",
            "By hand: Settings, Receiver Endpoint, then both values; the access token stays empty.",
            "Switch tracking on and tap Send Now.",
        ],
        link=link,
        code=link,
        code_says="Scan it with the phone's camera; it opens Overland.",
    )


GPSLOGGER_QUERY = (
    "lat=%LAT&lon=%LON&timestamp=%TIMESTAMP&acc=%ACC&alt=%ALT"
    "&spd=%SPD&dir=%DIR&batt=%BATT&charging=%ISCHARGING"
)


def gpslogger_profile(place: Place) -> str:
    """The settings file that GPSLogger loads from a link: one property a line, `:` and `=` escaped in values."""
    url = f"{place.ingest_as}?{GPSLOGGER_QUERY}"
    values = {
        "current_profile_name": f"Milepost {place.device}",
        "log_customurl_enabled": "true",
        "log_customurl_method": "GET",
        "log_customurl_url": url,
        "log_customurl_discard_offline_locations_enabled": "false",
        "autocustomurl_enabled": "true",
        "log_plain_text": "true",
    }
    return "".join(f"{name}={_property(value)}\n" for name, value in values.items())


def _property(value: str) -> str:
    plain = value.replace("\\", "\\\\").replace(":", "\\:").replace("=", "\\=")
    return "".join(c if " " <= c <= "~" else "".join(f"\\u{u:04x}" for u in _utf16(c)) for c in plain)


def _utf16(char: str) -> list[int]:
    packed = char.encode("utf-16-be", "surrogatepass")
    return [int.from_bytes(packed[n : n + 2], "big") for n in range(0, len(packed), 2)]


def _gpslogger(place: Place) -> SetUp:
    profile = f"{place.base_url}/connect/gpslogger/{place.key}/{quote(place.device, safe='')}.properties"
    link = f"gpslogger://properties/{profile}"
    return SetUp(
        [Entry("URL", f"{place.ingest_as}?{GPSLOGGER_QUERY}"), Entry("Method", "GET")],
        [
            "Open the link on the phone: GPSLogger loads a profile with these settings.",
            "By hand: Logging details, Log to custom URL, then URL and method.",
            "Start logging.",
        ],
        link=link,
        code=link,
        code_says="Scan it with the phone's camera; it opens GPSLogger.",
    )


def _osmand(place: Place) -> SetUp:
    query = "lat={0}&lon={1}&timestamp={2}&hdop={3}&altitude={4}&speed={5}&bearing={6}&batt={11}"
    return SetUp(
        [Entry("Web address", f"{place.ingest_as}?{query}")],
        [
            "Plugins: switch Trip recording on. Its settings: Online tracking, Web address.",
            "Enter the address as it is, braces included, and start online tracking from the map.",
        ],
    )


def _background_geolocation(place: Place) -> SetUp:
    code = (
        "BackgroundGeolocation.ready({\n"
        f'  url: "{place.ingest_as}",\n'
        "  autoSync: true,\n"
        "  batchSync: true,\n"
        "  maxDaysToPersist: 14,\n"
        "});"
    )
    return SetUp(
        [Entry("In your app", code)],
        ["Single locations, batches and a root of your own choosing are all understood."],
    )  # fmt: skip


def _opengts(place: Place) -> SetUp:
    return SetUp(
        [Entry("Server URL", place.ingest), Entry("Device id", place.device)],
        ["For trackers and apps that send id= and gprmc= by GET, as OpenGTS takes it."],
    )


def _native(place: Place) -> SetUp:
    body = {
        "device_id": place.device,
        "positions": [{"recorded_at": "…", "latitude": 52.5163, "longitude": 13.3777}],
    }
    return SetUp(
        [
            Entry("URL", f"{place.base_url}/ingest/v1/positions"),
            Entry("Header", f"Authorization: Bearer {place.key}"),
            Entry("Body", json.dumps(body, ensure_ascii=False)),
        ],
        ["1 to 1,000 positions a request, SI units and degrees; the API reference has every field."],
    )


APPS = (
    App(
        "traccar", "Traccar Client", "Android, iOS", "knots in its own forms, m/s in its 2025 JSON", _traccar
    ),
    App("owntracks", "OwnTracks", "Android, iOS", "km/h", _owntracks),
    App("overland", "Overland", "iOS, Android", "m/s", _overland),
    App("gpslogger", "GPSLogger", "Android", "m/s", _gpslogger),
    App("osmand", "OsmAnd", "Android, iOS", "m/s", _osmand),
    App(
        "background-geolocation", "Background Geolocation", "in your own app", "m/s", _background_geolocation
    ),
    App("opengts", "OpenGTS / GPRMC", "trackers", "knots", _opengts),
    App("native", "Your own code", "anything with HTTP", "m/s", _native),
)


def app_named(name: str) -> App:
    """The app with that id; the first for a name that is none."""
    return next((app for app in APPS if app.id == name), APPS[0])


def is_private_host(base_url: str) -> bool:
    """Whether a phone elsewhere cannot reach this address: the page says so before anybody wonders."""
    host = urlsplit(base_url).hostname or ""
    return host in {"localhost", "::1"} or host.startswith("127.")
