"""The day's figures and the judgement of predictions as the API shows them."""

from typing import Annotated

from msgspec import Meta, Struct

from dispatch.metrics.figures import DriverDay, Figures, Spread, distance_spread, hours_spread
from dispatch.metrics.predictions import Calibration
from dispatch.metrics.selectors import HubFigures
from tracker.http.times import Moment, moment_text

Share = Annotated[float | None, Meta(description="0 to 1; null where there is nothing to share.")]


class SpreadDocument(Struct):
    """How evenly something is shared between the drivers who are out."""

    drivers: int
    mean: float
    deviation: Annotated[float, Meta(description="Standard deviation.")]
    least: float
    most: float


class DriverFigures(Struct):
    """One driver's part of the day."""

    driver: Annotated[str, Meta(examples=["drv_5f0c4b1e9d3a4f7b8c6d2e1f0a9b8c7d"])]
    name: str
    stops: int
    finished: int
    planned_m: float
    driven_m: Annotated[float, Meta(description="By road to the last stop that is finished.")]
    planned_s: float
    worked_s: Annotated[float, Meta(description="From setting out to the last stop, or to the end.")]
    shift_s: float


class HubDayDocument(Struct):
    """A hub's day, with everything below the hub."""

    hub: Annotated[str, Meta(examples=["hub_5f0c4b1e9d3a4f7b8c6d2e1f0a9b8c7d"])]
    name: str
    parent: str | None
    computed_at: Annotated[
        Moment | None, Meta(description="When the oldest part was computed; null: nothing was planned there.")
    ]
    manifests: int
    manifests_done: int
    stops: int
    delivered: int
    failed: int
    completion: Annotated[Share, Meta(description="Stops made, whatever came of them, of all stops.")]
    slots_decided: int
    slots_kept: int
    on_time: Annotated[
        Share,
        Meta(
            description="Slots kept of slots decided: delivered with the driver at the door by the slot's end, of the "
            "stops with a slot that were finished or whose slot ended with nobody at the door. Never above 1."
        ),
    ]
    slots_open: int
    slots_predicted: Annotated[int, Meta(description="Open slots whose chance is reckoned by now.")]
    predicted_missed: Annotated[
        float, Meta(description="How many of these will be missed, as chances add up.")
    ]
    at_risk: Annotated[int, Meta(description="Open slots more likely missed than kept.")]
    planned_m: float
    driven_m: float
    planned_s: float
    worked_s: float
    shift_s: float
    drivers_on_shift: int
    drivers_out: int
    utilisation: Annotated[
        Share, Meta(description="Planned time of the time drivers are there for; overtime makes it pass 1.")
    ]
    load: Annotated[
        Share,
        Meta(
            description="Parcels of the room for parcels, in vehicles that are out and have a limit. Null: none has."
        ),
    ]
    distance: Annotated[SpreadDocument | None, Meta(description="Planned metres a driver.")]
    hours: Annotated[SpreadDocument | None, Meta(description="Planned seconds a driver.")]
    drivers: Annotated[list[DriverFigures], Meta(description="Only with `drivers=true`; else empty.")]


class HubDayList(Struct):
    """The figures of a date, a hub before those below it."""

    date: Annotated[str, Meta(extra_json_schema={"format": "date"}, examples=["2026-05-04"])]
    data: list[HubDayDocument]


class CalibrationBin(Struct):
    """Predictions of about the same chance, and what came of them."""

    low: float
    high: float
    count: int
    predicted: Annotated[float, Meta(description="Mean chance.")]
    missed: Annotated[float, Meta(description="Share that was missed.")]


class CalibrationDocument(Struct):
    """How predictions made so long before a slot's end turned out."""

    horizon_s: int
    count: int
    predicted: float
    missed: float
    score: Annotated[float, Meta(description="Brier score: the mean squared error, 0 is best.")]
    score_of_none: Annotated[float, Meta(description="That of always saying the share that was missed.")]
    bins: list[CalibrationBin]


class CalibrationList(Struct):
    """The judgement for each horizon that has any."""

    since: Moment
    data: list[CalibrationDocument]


def day_document(one: HubFigures, *, drivers: bool) -> HubDayDocument:
    """A hub with everything below it."""
    total = one.total
    plain = {name: getattr(total, name) for name in Figures.__struct_fields__ if name in PLAIN}
    return HubDayDocument(
        hub=one.hub.public_id,
        name=one.hub.name,
        parent=one.hub.parent.public_id if one.hub.parent else None,
        computed_at=moment_text(one.computed_at) if one.computed_at else None,
        completion=total.completion,
        on_time=total.on_time,
        utilisation=total.utilisation,
        load=total.load,
        distance=_spread(distance_spread(total)),
        hours=_spread(hours_spread(total)),
        drivers=[_driver(driver) for driver in total.drivers] if drivers else [],
        **plain,
    )


def calibration_document(horizon_s: int, judged: Calibration) -> CalibrationDocument:
    """One horizon."""
    bins = [CalibrationBin(b.low, b.high, b.count, b.predicted, b.missed) for b in judged.bins]
    return CalibrationDocument(
        horizon_s, judged.count, judged.predicted, judged.missed, judged.score, judged.score_of_none, bins
    )


def _spread(found: Spread | None) -> SpreadDocument | None:
    if found is None:
        return None
    return SpreadDocument(found.drivers, found.mean, found.deviation, found.least, found.most)


def _driver(one: DriverDay) -> DriverFigures:
    return DriverFigures(
        one.driver, one.name, one.stops, one.finished, one.planned_m, one.driven_m, one.planned_s, one.worked_s,
        one.shift_s,
    )  # fmt: skip


PLAIN = set(Figures.__struct_fields__) & set(HubDayDocument.__struct_fields__) - {"drivers"}
