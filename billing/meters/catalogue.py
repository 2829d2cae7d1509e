"""The catalogue of meters: what each counts, by which rows, in which unit. Pure; all that can be charged."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Meter:
    """One thing that is counted by the hour.

    `folds` says how hours make a longer time: "sum" adds them up; "level" means that an hour holds a level (bytes),
    whose sum over hours is in `billed_unit` (byte-hours).
    """

    code: str
    name: str
    unit: str  # of an hour's quantity
    counts: str  # what is counted as one, and what is not
    source: str  # the rows by which it is counted, and counted again
    retried: str  # why a repeat costs nothing
    feature: str  # the part of the product it belongs to
    folds: str = "sum"
    billed_unit: str = ""

    @property
    def is_level(self) -> bool:
        """Whether an hour's quantity is a level that was held."""
        return self.folds == "level"


_ALL = (
    Meter(
        "fixes_accepted",
        "Fixes accepted",
        "fixes",
        "A report that was kept in the history, in the hour it was received. Duplicates, filtered and quarantined "
        "reports are not counted; one that a late fix proves wrong is taken off its hour again.",
        "KeyUse: accepted reports by key and hour, written in the transaction that stores them.",
        "A report that is sent again ends as a duplicate.",
        "Tracking",
    ),
    Meter(
        "active_devices",
        "Active devices",
        "devices",
        "A device with at least one accepted report in the calendar month (UTC), in the hour its first one was "
        "received. However much it reports, it is one.",
        "ActiveDevice: one row a device and month. It stays when the device is deleted.",
        "A device is counted once a month.",
        "Tracking",
    ),
    Meter(
        "geofence_evaluations",
        "Geofence evaluations",
        "fixes",
        "An accepted fix for whose time the environment had published geofences, whatever their number. Deciding a "
        "way again because a late fix arrived is no further evaluation.",
        "KeyUse: reports compared with geofences by key and hour, written in the transaction that stores them.",
        "A fix is stored once, so it is evaluated once.",
        "Geofences",
    ),
    Meter(
        "dispatch_stops",
        "Dispatch stops planned",
        "stops",
        "A stop in a plan that was made, in the hour the plan was ready, released or not. A stop that is planned "
        "again by a later run is counted again; what could not be planned is not counted.",
        "PlanRun: the stops its end notes, of runs that ended with a plan.",
        "A run that dies and is begun again is one run.",
        "Dispatch",
    ),
    Meter(
        "shipments_tracked",
        "Shipments tracked",
        "shipments",
        "A shipment, in the hour it was first announced. What happens to it afterwards costs nothing more.",
        "Shipment: one row a shipment; no row is ever deleted but with its whole environment.",
        "Announcing the same external id again changes the shipment and makes no new one.",
        "Dispatch",
    ),
    Meter(
        "webhooks_delivered",
        "Webhooks delivered",
        "deliveries",
        "An event that an endpoint took with a 2xx answer, in the hour of the first such answer. Test events are "
        "not counted.",
        "DeliveryCount: deliveries by kind and hour, written in the transaction that marks the message delivered.",
        "Attempts that fail, and replays of what was delivered, are not counted.",
        "Webhooks",
    ),
    Meter(
        "archive_bytes",
        "Archive stored",
        "bytes",
        "The bytes the archive holds at the end of the hour.",
        "ArchivedBytes: by how much it grew or shrank, written in the transaction that archives a day.",
        "Archiving a day again replaces its bytes.",
        "Archive",
        folds="level",
        billed_unit="byte-hours",
    ),
)
METERS: dict[str, Meter] = {meter.code: meter for meter in _ALL}
FEATURES: tuple[str, ...] = tuple(dict.fromkeys(meter.feature for meter in _ALL))
