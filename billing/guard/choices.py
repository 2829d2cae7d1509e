"""What can happen when a cap is reached, by meter: offered only where it holds. Pure."""

from dataclasses import dataclass

STOP, SAMPLE, TELL = "stop", "sample", "tell"
GB_MONTH = 730 * 1_000_000_000  # byte-hours


@dataclass(frozen=True)
class Cappable:
    """A meter as the form of caps shows it; `unit_size` is how many counted units one unit of the form is."""

    meter: str
    name: str
    unit: str
    actions: tuple[tuple[str, str], ...]  # the action, and what it does to this meter
    why_only: str = ""  # why nothing but telling is offered
    unit_size: int = 1


_TOLD = "Nothing changes: everything goes on and is billed. You are told once."
_FIXES_STOP = (
    "Reports are answered 429 until the month ends or the cap is raised. Phones keep what they hold and send it then. "
    "What comes by MQTT cannot be asked to wait: it is counted, not billed, and not kept."
)
_FIXES_SAMPLE = (
    "One fix in so many of each device is kept and billed; the others are listed as left out. The spend goes on, that "
    "much slower. Crossings and trips become coarser."
)
_STOPS_STOP = "Planning runs are refused with a sentence that says why; the plans there are stay in force."
CAPPABLE = {
    one.meter: one
    for one in (
        Cappable(
            "fixes_accepted",
            "Fixes accepted",
            "fixes",
            (
                (STOP, _FIXES_STOP),
                (SAMPLE, _FIXES_SAMPLE),
                (TELL, _TOLD),
            ),
        ),
        Cappable(
            "dispatch_stops",
            "Dispatch stops planned",
            "stops",
            (
                (STOP, _STOPS_STOP),
                (TELL, _TOLD),
            ),
        ),
        Cappable(
            "active_devices",
            "Active devices",
            "devices",
            ((TELL, _TOLD),),
            "A door cannot tell a device that was counted this month from one that was not, so stopping would stop "
            "those you have paid for. Cap the fixes instead.",
        ),
        Cappable(
            "geofence_evaluations",
            "Geofence evaluations",
            "fixes",
            ((TELL, _TOLD),),
            "Entries and exits that were not looked for could not be told of later. Cap the fixes instead: what does "
            "not come in is not evaluated.",
        ),
        Cappable(
            "shipments_tracked",
            "Shipments tracked",
            "shipments",
            ((TELL, _TOLD),),
            "A parcel that cannot be announced is still on your dock.",
        ),
        Cappable(
            "webhooks_delivered",
            "Webhooks delivered",
            "deliveries",
            ((TELL, _TOLD),),
            "Events held back for days arrive in the wrong world. Disable an endpoint to stop its deliveries.",
        ),
        Cappable(
            "archive_bytes",
            "Archive stored",
            "GB-months",
            ((TELL, _TOLD),),
            "Your history is not thrown away to save money. Shorten the retention in the settings instead.",
            GB_MONTH,
        ),
    )
}
