"""A small city for the whole story of a parcel: orders as a file, from a made-up town or from recorded ones."""

import csv
import gzip
import io
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from tests.e2e.product import Customer, call
from tests.morning import morning_zone

RECORDED = Path(__file__).resolve().parents[3] / "shared/data/orders/loggibud_rio_cvrp-0-rj-0.csv.gz"
HUB = (73.8567, 18.5204)
ORDERS = 6


def api(customer: Customer, method: str, path: str, body: Any = None) -> Any:
    """The document of an answer that must be a success."""
    answer = call(method, f"{customer.base_url}/api/v1/{path}", customer.secret_key, body)
    assert answer.status in {200, 201, 202, 204}, f"{method} {path}: {answer.status} {answer.text[:400]}"
    return answer.document if answer.text else None


def made_up_orders() -> list[tuple[float, float]]:
    """Longitudes and latitudes of a few doors around the hub."""
    return [(HUB[0] + 0.004 * n, HUB[1] + 0.003 * (-1) ** n * n) for n in range(1, ORDERS + 1)]


def recorded_orders() -> list[tuple[float, float]]:
    """Doors of a recorded batch of a courier in Rio de Janeiro."""
    with gzip.open(RECORDED, "rt", encoding="utf-8") as file:
        rows = list(csv.DictReader(file))[:ORDERS]
    return [(float(row["lon"]), float(row["lat"])) for row in rows]


def settle(customer: Customer, middle: tuple[float, float]) -> str:
    """A hub with two drivers at work now, and waits of seconds; the hub's public id."""
    api(
        customer,
        "PATCH",
        "dispatch-settings",
        {"first_wait_s": 1, "brand": "Kiran Stores", "notify_channels": []},
    )
    now = datetime.now(UTC)
    zone = morning_zone(now)
    hub = api(customer, "POST", "hubs", {
        "name": "Pune East", "kind": "zone", "timezone": zone, "longitude": middle[0], "latitude": middle[1],
    })["id"]  # fmt: skip
    kind = next(one for one in api(customer, "GET", "vehicle-types")["data"] if one["key"] == "two_wheeler")
    local = now.astimezone(ZoneInfo(zone))
    for name in ("Asha", "Ravi"):
        driver = api(customer, "POST", "drivers", {"name": name, "hub": hub, "external_id": name.lower()})[
            "id"
        ]
        vehicle = api(customer, "POST", "vehicles", {"type": kind["id"], "hub": hub, "plate": f"MH {name}"})[
            "id"
        ]
        api(customer, "POST", f"drivers/{driver}/vehicle", {"vehicle": vehicle})
        hours = {
            "starts": f"{local - timedelta(hours=1):%H:%M}",
            "ends": f"{local + timedelta(hours=10):%H:%M}",
        }
        api(customer, "POST", f"drivers/{driver}/shifts", {"weekdays": [1, 2, 3, 4, 5, 6, 7], **hours})
    return str(hub)


def orders_file(doors: list[tuple[float, float]]) -> bytes:
    """The orders as a shop exports them, and two rows that are wrong."""
    out = io.StringIO()
    rows = csv.writer(out)
    rows.writerow(("Order number", "Recipient", "Address", "Latitude", "Longitude", "Parcels", "Phone"))
    for n, (longitude, latitude) in enumerate(doors, 1):
        rows.writerow(
            (f"ORD-{n:03}", f"Recipient {n}", f"{n} Tilak Road", latitude, longitude, 1, "+91 20 5550 1234")
        )
    rows.writerow(("ORD-900", "Off the globe", "somewhere", "95.5", "73.8", 1, ""))
    rows.writerow(("ORD-901", "No number", "somewhere", HUB[1], HUB[0], "many", ""))
    return out.getvalue().encode()
