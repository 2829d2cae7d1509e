"""One event of each kind as an endpoint would get it. Checked against the schemas they illustrate."""

from typing import Any

from tracker.outbox.catalogue import Kind
from tracker.webhooks.shipment_examples import SHIPMENTS

AT = "2026-05-01T08:30:00.000000Z"
DECIDED = "2026-05-01T08:30:10.000000Z"
DEVICE = {"id": "dev_0190f6c2a8d74b1e9c3f5a6b7c8d9e0f", "external_id": "van-12", "name": "Van 12"}
NORTH = {"id": "gf_3f6b1c2d4e5f40718293a4b5c6d7e8f9", "external_id": "north-hub", "name": "North hub"}
OLD_TOWN = {"id": "gf_8a7b6c5d4e3f42108192a3b4c5d6e7f8", "external_id": None, "name": "Old town"}
EVENT_ID = "evt_5f0c4b1e9d3a4f7b8c6d2e1f0a9b8c7d"
ENVIRONMENT = "env_7c1d0e9f8a2b4c3d9e8f7a6b5c4d3e2f"

STORM: dict[str, Any] = {
    "storm": "stm_5f0c4b1e9d3a4f7b8c6d2e1f0a9b8c7d",
    "kind": "registrations",
    "reason": "mute",
    "device": None,
    "began_at": "2026-05-01T08:29:25.000000Z",
    "recognised_at": AT,
    "lines": [
        {
            "key": "key_0190f6c2a8d74b1e9c3f5a6b7c8d9e0f",
            "key_name": "Android app",
            "app_version": "2.4.1",
            "model": "Pixel 9",
            "os": "Android 16",
            "count": 240000,
        }
    ],
    "link": "https://milepost.example.com/console/storms/stm_5f0c4b1e9d3a4f7b8c6d2e1f0a9b8c7d/",
}
CROSSING: dict[str, Any] = {
    "crossing": "crs_5f0c4b1e9d3a4f7b8c6d2e1f0a9b8c7d",
    "device": DEVICE,
    "from": OLD_TOWN,
    "to": NORTH,
    "cause": "moved",
    "occurred_at": AT,
    "decided_at": DECIDED,
    "location": {"type": "Point", "coordinates": [4.8952, 52.3702]},
    "geofence_version": 7,
    "corrects": None,
}
TRIP: dict[str, Any] = {
    "id": "trp_2b1c7d90a4f35e68c0d1b2a3948576fe",
    "external_id": "order-4711",
    "device": DEVICE,
    "state": "active",
    "destination": {
        "longitude": 4.8952,
        "latitude": 52.3702,
        "name": "Damrak 1, Amsterdam",
        "geofence": None,
    },
    "radius_m": 50.0,
    "scheduled_at": "2026-05-01T09:00:00.000000Z",
    "corridor": None,
    "corridor_m": None,
    "complete_on": "manual",
    "metadata": {"customer": "C-12"},
    "created_at": "2026-05-01T08:00:00.000000Z",
    "started_at": "2026-05-01T08:00:00.000000Z",
    "seen_at": AT,
    "eta": {
        "at": "2026-05-01T08:52:00.000000Z",
        "earliest_at": "2026-05-01T08:48:00.000000Z",
        "latest_at": "2026-05-01T08:58:00.000000Z",
        "by": "pace",
        "made_at": DECIDED,
    },
    "remaining_m": 6200.5,
    "delayed_since": None,
    "off_corridor_since": None,
    "arrived_at": None,
    "exited_at": None,
    "ended_at": None,
    "summary": None,
}
LATENESS = {"trip": TRIP, "scheduled_at": TRIP["scheduled_at"], "eta_at": TRIP["eta"]["at"]}
ARRIVED = TRIP | {"state": "arrived", "arrived_at": AT, "eta": None, "remaining_m": 0.0}
TRIPS: dict[Kind, dict[str, Any]] = {
    Kind.TRIP_CREATED: {"trip": TRIP},
    Kind.TRIP_ETA_CHANGED: {
        "trip": TRIP,
        "eta_at": TRIP["eta"]["at"],
        "previous_eta_at": "2026-05-01T08:45:00.000000Z",
    },
    Kind.TRIP_DELAYED: LATENESS,
    Kind.TRIP_BACK_ON_TIME: LATENESS,
    Kind.TRIP_OFF_CORRIDOR: {"trip": TRIP | {"off_corridor_since": AT}, "since": AT},
    Kind.TRIP_BACK_ON_CORRIDOR: {"trip": TRIP, "was_off_since": AT},
    Kind.TRIP_ARRIVED: {"trip": ARRIVED, "arrived_at": AT, "decided_at": DECIDED, "late_by_s": -1800.0},
    Kind.TRIP_EXITED: {"trip": ARRIVED | {"exited_at": AT}, "exited_at": AT, "decided_at": DECIDED},
    Kind.TRIP_COMPLETED: {
        "trip": ARRIVED | {"state": "completed", "ended_at": DECIDED},
        "completed_by": "request",
    },
    Kind.TRIP_CANCELLED: {"trip": TRIP | {"state": "cancelled", "ended_at": AT}},
}

HUB = {"id": "hub_0190f6c2a8d74b1e9c3f5a6b7c8d9e0f", "name": "North"}
RUN = {
    "id": "run_3f6b1c2d4e5f40718293a4b5c6d7e8f9",
    "hub": HUB,
    "cause": "window",
    "service_date": "2026-05-01",
    "due_at": AT,
}
MANIFEST = {
    "id": "mft_8a7b6c5d4e3f42108192a3b4c5d6e7f8",
    "state": "released",
    "version": 2,
    "service_date": "2026-05-01",
    "hub": HUB,
    "driver": {"id": "drv_2b1c7d90a4f35e68c0d1b2a3948576fe", "name": "Asha"},
    "stops": 24,
}
PLANS: dict[Kind, dict[str, Any]] = {
    Kind.MANIFEST_RELEASED: {
        "manifest": MANIFEST,
        "added": ["shp_5f0c4b1e9d3a4f7b8c6d2e1f0a9b8c7d"],
        "removed": [],
        "moved": [],
        "reason": "Window of 09:00",
    },
    Kind.MANIFEST_ACKNOWLEDGED: {
        "manifest": MANIFEST | {"state": "acknowledged"},
        "version": 2,
        "acknowledged_at": AT,
    },
    Kind.MANIFEST_OVERRIDDEN: {
        "id": "ovr_6d5c4b3a29184756a0b1c2d3e4f50617",
        "hub": HUB,
        "service_date": "2026-05-01",
        "kind": "move",
        "reason_code": "knows_the_place",
        "reason": "Ravi has the key to the yard",
        "author": {"kind": "member", "id": "usr_0f1e2d3c4b5a69788796a5b4c3d2e1f0", "name": "Meera"},
        "undoes": None,
        "moved": [
            {
                "shipment": "shp_5f0c4b1e9d3a4f7b8c6d2e1f0a9b8c7d",
                "from_driver": "drv_2b1c7d90a4f35e68c0d1b2a3948576fe",
                "to_driver": "drv_7e6d5c4b3a2918070f1e2d3c4b5a6978",
                "from_arrival": AT,
                "to_arrival": AT,
            }
        ],
        "manifests": [MANIFEST["id"]],
        "cost_before": {"distance": 41.2, "duration": 0.0},
        "cost_after": {"distance": 42.9, "duration": 0.0, "change": 3.0},
        "violations": [],
    },
    Kind.PLAN_FINISHED: {
        "run": RUN,
        "stopped": False,
        "manifests": 8,
        "stops": 190,
        "unserved": 3,
        "released": False,
    },
    Kind.PLAN_FAILED: {"run": RUN, "reason": "No driver of North is on shift today."},
}

DATA: dict[Kind, dict[str, Any]] = {
    **TRIPS,
    **SHIPMENTS,
    **PLANS,
    Kind.DEVICE_SILENT: {
        "device": DEVICE,
        "since": AT,
        "last_recorded_at": AT,
        "silent_after_s": 900.0,
        "battery": 0.42,
    },
    Kind.DEVICE_ONLINE: {
        "device": DEVICE,
        "since": DECIDED,
        "last_recorded_at": DECIDED,
        "silent_since": AT,
        "battery": 0.41,
    },
    Kind.DEVICE_BATTERY_LOW: {"device": DEVICE, "since": AT, "last_recorded_at": AT, "battery": 0.14},
    Kind.GEOFENCE_ENTERED: CROSSING,
    Kind.GEOFENCE_EXITED: CROSSING | {"from": NORTH, "to": None},
    Kind.GEOFENCE_DWELLED: CROSSING
    | {"from": None, "to": NORTH, "cause": "time", "location": None, "entered_at": AT, "dwell_s": 600},
    Kind.CROSSING_CORRECTED: CROSSING
    | {
        "crossing": "crs_9d8c7b6a5f4e43d2a1b0c9d8e7f6a5b4",
        "corrects": CROSSING["crossing"],
        "withdrawn": True,
    },
    Kind.STORM_BEGAN: STORM | {"received": 240000, "rate_per_second": 9980.0},
    Kind.STORM_ENDED: STORM
    | {
        "ended_at": "2026-05-01T08:41:00.000000Z",
        "received": 600000,
        "coalesced": 352000,
        "would_have_cost_minor": 30000,
        "currency": "EUR",
        "billed_minor": 0,
    },
    Kind.QUARANTINE_RATE_HIGH: {
        "since": AT,
        "window_s": 600,
        "received": 1000,
        "quarantined": 320,
        "share": 0.32,
        "reasons": [{"reason": "bad_latitude", "count": 300}, {"reason": "no_time", "count": 20}],
        "links": {
            "console": "https://milepost.example.com/console/quarantine/",
            "api": "https://milepost.example.com/api/v1/quarantine",
        },
    },
    Kind.BUDGET_THRESHOLD_REACHED: {
        "month": "2026-05",
        "share": 80,
        "budget": {"minor": 25000, "currency": "EUR"},
        "spent": {"minor": 20140, "currency": "EUR"},
        "links": {"console": "https://milepost.example.com/console/budget/"},
    },
    Kind.BUDGET_CAP_REACHED: {
        "month": "2026-05",
        "meter": "fixes_accepted",
        "quantity": 5_000_000,
        "used": 5_000_412,
        "action": "stop",
        "keeps_one_in": 1,
        "reached_at": AT,
        "links": {"console": "https://milepost.example.com/console/budget/"},
    },
    Kind.WEBHOOK_TEST: {
        "message": "This is a test. Nothing happened.",
        "endpoint": {"id": "whk_0190f6c2a8d74b1e9c3f5a6b7c8d9e0f", "description": "Our order system"},
    },
}


def example(kind: Kind) -> dict[str, Any]:
    """The whole body."""
    return {
        "id": EVENT_ID,
        "type": kind.value,
        "timestamp": AT,
        "environment": ENVIRONMENT,
        "data": DATA[kind],
    }
