"""What the `data` of each kind of event holds. The published schemas are made from these structs."""

from typing import Annotated, Literal

from msgspec import UNSET, Meta, Struct, UnsetType, field

from tracker.devices.schemas import Battery, DeviceId, ExternalId
from tracker.http.times import Moment
from tracker.trips.schemas import TripDocument

Seconds = Annotated[float, Meta(ge=0, description="Seconds.", examples=[900.0])]
CrossingId = Annotated[str, Meta(examples=["crs_5f0c4b1e9d3a4f7b8c6d2e1f0a9b8c7d"])]
GeofenceId = Annotated[str, Meta(examples=["gf_0190f6c2a8d74b1e9c3f5a6b7c8d9e0f"])]
Name = Annotated[str, Meta(description="What it is called; may be empty.", examples=["Van 12"])]
Cause = Annotated[
    Literal["moved", "passed", "first_fix", "published", "time"],
    Meta(
        description="`moved`: across the border. `passed`: through it between two fixes. `first_fix`: was there when "
        "first heard of. `published`: the border moved. `time`: time went by."
    ),
]


class AboutDevice(Struct, omit_defaults=True):
    """The device it happened to."""

    id: DeviceId
    external_id: ExternalId
    name: Name | UnsetType = UNSET


class DeviceSilent(Struct):
    """A device was not heard of for longer than it may be quiet."""

    device: AboutDevice
    since: Annotated[Moment, Meta(description="Since when nothing was heard of it.")]
    last_recorded_at: Annotated[Moment, Meta(description="When its newest position was recorded.")]
    silent_after_s: Annotated[
        float,
        Meta(
            description="How long it may be quiet: 15 minutes, or three times its usual gap between positions where "
            "that is longer, up to a day.",
            examples=[900.0],
        ),
    ]
    battery: Battery | None


class DeviceOnline(Struct):
    """A device reports: for the first time, or again after it was silent."""

    device: AboutDevice
    since: Annotated[Moment, Meta(description="When its newest position was recorded.")]
    last_recorded_at: Annotated[Moment, Meta(description="The same, under the name it has everywhere.")]
    silent_since: Annotated[
        Moment,
        Meta(
            description="Since when it had not been heard of, never later than `since`; of a new device, when it was "
            "registered."
        ),
    ]
    battery: Battery | None


class BatteryLow(Struct):
    """A device's battery fell under 15 % and it is not charging. Told once, until it was over 20 % again."""

    device: AboutDevice
    since: Annotated[Moment, Meta(description="When the position that said so was recorded.")]
    last_recorded_at: Moment
    battery: Battery


class AboutGeofence(Struct):
    """A geofence, named as the version that decided named it."""

    id: GeofenceId
    external_id: Annotated[str | None, Meta(description="Your own id for it.", examples=["north-hub"])]
    name: Annotated[str, Meta(examples=["North hub"])]


class Place(Struct):
    """A GeoJSON Point."""

    type: Literal["Point"]
    coordinates: Annotated[
        list[float],
        Meta(
            min_length=2,
            max_length=2,
            description="Longitude, latitude, WGS 84.",
            examples=[[4.8952, 52.3702]],
        ),
    ]


class Crossing(Struct, kw_only=True):
    """A device went from one geofence to another; outside of all is null."""

    crossing: CrossingId
    device: AboutDevice
    from_: AboutGeofence | None = field(name="from")
    to: AboutGeofence | None
    cause: Cause
    occurred_at: Annotated[
        Moment, Meta(description="When the border was crossed, reckoned between two fixes.")
    ]
    decided_at: Annotated[Moment, Meta(description="When the fix that decided was recorded.")]
    location: Annotated[Place | None, Meta(description="Where the border was crossed; null: not known.")]
    geofence_version: Annotated[int, Meta(ge=0, description="The published version that decided.")]
    corrects: Annotated[
        CrossingId | None, Meta(description="The crossing that this one takes the place of, told before.")
    ]


class Dwelled(Crossing, kw_only=True):
    """A device stayed in a geofence for as long as its dwell time."""

    entered_at: Moment
    dwell_s: Annotated[float, Meta(ge=0, description="The geofence's dwell time, seconds.", examples=[600])]


class Corrected(Crossing, kw_only=True):
    """Late positions showed that something told before was not so. `corrects` names it."""

    withdrawn: Annotated[
        bool,
        Meta(
            description="True: what `corrects` names did not happen. False: it happened as said here instead."
        ),
    ]
    entered_at: Annotated[Moment | UnsetType, Meta(description="There where it is a stay.")] = UNSET
    dwell_s: Annotated[float | UnsetType, Meta(description="There where it is a stay.")] = UNSET


class ReasonCount(Struct):
    """How often one reason was met."""

    reason: Annotated[str, Meta(examples=["bad_latitude"])]
    count: Annotated[int, Meta(ge=1, examples=[180])]


class QuarantineLinks(Struct):
    """Where to look at the reports."""

    console: Annotated[str, Meta(examples=["https://milepost.example.com/console/quarantine/"])]
    api: Annotated[str, Meta(examples=["https://milepost.example.com/api/v1/quarantine"])]


class QuarantineHigh(Struct):
    """An unusual share of what the environment's devices send cannot be taken."""

    since: Annotated[Moment, Meta(description="When it was noticed.")]
    window_s: Annotated[int, Meta(ge=1, description="Over how many seconds it was counted.", examples=[600])]
    received: Annotated[int, Meta(ge=1, description="Reports received in them.", examples=[1000])]
    quarantined: Annotated[int, Meta(ge=1, description="Of these, quarantined.", examples=[320])]
    share: Annotated[float, Meta(ge=0, le=1, description="quarantined / received.", examples=[0.32])]
    reasons: Annotated[list[ReasonCount], Meta(description="The most frequent ones first, five at most.")]
    links: QuarantineLinks


class AboutEndpoint(Struct):
    """The endpoint a test was asked for."""

    id: Annotated[str, Meta(examples=["whk_0190f6c2a8d74b1e9c3f5a6b7c8d9e0f"])]
    description: Annotated[str, Meta(examples=["Our order system"])]


class Test(Struct):
    """Sent to one endpoint by the button in the console or by the API. Nothing happened."""

    message: Annotated[str, Meta(examples=["This is a test. Nothing happened."])]
    endpoint: AboutEndpoint


Corrects = Annotated[
    str | UnsetType | None,
    Meta(
        description="There where late positions correct what was told: the id of the event before; null: it is so old "
        "that it was forgotten.",
        examples=["evt_5f0c4b1e9d3a4f7b8c6d2e1f0a9b8c7d"],
    ),
]
Withdrawn = Annotated[
    bool | UnsetType, Meta(description="There in corrections. True: it did not happen after all.")
]


class TripEvent(Struct, kw_only=True):
    """A trip, as it was when this happened."""

    trip: TripDocument


class TripEtaChanged(TripEvent, kw_only=True):
    """When it is expected, and when it was expected as told before."""

    eta_at: Moment | None
    previous_eta_at: Moment | None


class TripLateness(TripEvent, kw_only=True):
    """What is expected against what was scheduled."""

    scheduled_at: Moment | None
    eta_at: Annotated[Moment | None, Meta(description="null: nothing was heard of it.")]


class TripOffCorridor(TripEvent, kw_only=True):
    """Off the corridor."""

    since: Moment


class TripBackOnCorridor(TripEvent, kw_only=True):
    """On the corridor again."""

    was_off_since: Moment


class TripArrived(TripEvent, kw_only=True, omit_defaults=True):
    """At the destination."""

    arrived_at: Annotated[Moment | None, Meta(description="null: it did not arrive after all.")]
    decided_at: Annotated[Moment | None, Meta(description="When the position that decided was recorded.")]
    late_by_s: Annotated[
        float | UnsetType, Meta(description="Of a scheduled trip; negative: early.", examples=[120.0])
    ] = UNSET
    previous_arrived_at: Annotated[Moment | UnsetType, Meta(description="As it was told before.")] = UNSET
    withdrawn: Withdrawn = UNSET
    corrects: Corrects = UNSET


class TripExited(TripEvent, kw_only=True, omit_defaults=True):
    """Away from the destination again."""

    exited_at: Annotated[Moment | None, Meta(description="null: it did not leave after all.")]
    decided_at: Annotated[Moment | None, Meta(description="When the position that decided was recorded.")]
    previous_exited_at: Annotated[Moment | UnsetType, Meta(description="As it was told before.")] = UNSET
    withdrawn: Withdrawn = UNSET
    corrects: Corrects = UNSET


class TripCompleted(TripEvent, kw_only=True, omit_defaults=True):
    """Completed, with its summary; told again where late positions changed that."""

    completed_by: Annotated[
        Literal["request", "arrival", "exit", "correction"],
        Meta(description="`correction`: it was completed before, and its summary is another now."),
    ]
    corrects: Corrects = UNSET
