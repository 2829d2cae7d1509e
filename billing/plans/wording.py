"""How lines of invoices name what each meter counts."""

METER_WORDS = {
    "fixes_accepted": "fixes",
    "active_devices": "active devices",
    "geofence_evaluations": "geofence evaluations",
    "dispatch_stops": "stops planned",
    "shipments_tracked": "shipments tracked",
    "webhooks_delivered": "webhooks delivered",
    "archive_bytes": "GB-months archived",
}
