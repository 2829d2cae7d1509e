"""The fields of our JSON form of a problem; `jsonform.py` reads them into a Problem. Unknown fields are refused.

`Time`: seconds since the epoch, or ISO 8601 with a zone (then the form needs an `epoch`).
`Where`: the id of a place, or [longitude, latitude].
"""

import msgspec

Time = int | str
Where = str | list[float]


class Form(msgspec.Struct, forbid_unknown_fields=True):
    """What every part of the form is: a typing mistake in a field's name is told, not passed over."""


class PlaceForm(Form):
    id: str
    longitude: float | None = None
    latitude: float | None = None


class SlotForm(Form):
    earliest: Time
    latest: Time
    late_price: int | None = None
    early_price: int | None = None
    late_limit: Time | None = None


class StopForm(Form):
    id: str
    place: Where
    slots: list[SlotForm | str] = []
    service_s: int = 0
    deliver: dict[str, int] = {}
    collect: dict[str, int] = {}
    skills: list[str] = []
    priority: int = 1
    unserved_price: int | None = None
    depot: str | None = None
    only: list[str] | None = None
    never: list[str] = []


class BreakForm(Form):
    earliest: Time
    latest: Time
    duration_s: int


class BegunForm(Form):
    stop: str
    arrive: Time
    start: Time
    end: Time


class VehicleForm(Form):
    id: str
    start: Where
    shift_start: Time
    shift_end: Time
    end: Where | None = None
    load_at: str | None = None
    loaded_at: str | None = None
    breaks: list[BreakForm] = []
    capacity: dict[str, int] = {}
    skills: list[str] = []
    profile: str = "default"
    kind: str = ""
    max_duration_s: int | None = None
    max_distance_m: int | None = None
    overtime_after_s: int | None = None
    overtime_price: int = 0
    fixed_price: int = 0
    metre_price: int = 1
    second_price: int = 0
    begun: list[BegunForm] = []
    left: Time | None = None
    previous: list[str] = []


class DepotForm(Form):
    id: str
    place: Where
    opens: Time | None = None
    closes: Time | None = None
    loading_s: int = 0


class WeightsForm(Form):
    unserved_price: int | None = None
    change_driver_price: int = 0
    change_order_price: int = 0
    fair_hours_price: int = 0
    fair_metres_price: int = 0
    fair_among_used: bool = False


class PaceForm(Form):
    start: Time
    pace: float


class TableForm(Form):
    """Rows and columns in the order of `places`; null where no way is known."""

    distance_m: list[list[int | None]]
    durations_s: list[list[list[int | None]]]
    starts: list[Time] = msgspec.field(default_factory=lambda: [0])


class TravelForm(Form):
    """`tables` by profile; or one of `osrm`, `valhalla` (URLs); or nothing of these: straight lines."""

    tables: dict[str, TableForm] | None = None
    osrm: str | None = None
    valhalla: str | None = None
    factor: float = 1.3
    speed_mps: float = 6.5
    speeds_mps: dict[str, float] = {}
    paces: list[PaceForm] = []


class ProblemForm(Form):
    vehicles: list[VehicleForm]
    stops: list[StopForm]
    milepost: int = 1
    epoch: str | None = None
    places: list[PlaceForm] = []
    travel: TravelForm = msgspec.field(default_factory=TravelForm)
    depots: list[DepotForm] = []
    together: list[list[str]] = []
    apart: list[list[str]] = []
    weights: WeightsForm = msgspec.field(default_factory=WeightsForm)
    now: Time | None = None
    must_serve: bool = False
