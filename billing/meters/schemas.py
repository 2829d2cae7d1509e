"""Usage as the API shows it. The OpenAPI document is made from these structs."""

from typing import Annotated

from msgspec import Meta, Struct

Day = Annotated[str, Meta(description="A day in UTC.", examples=["2026-11-23"])]


class UsageDay(Struct):
    """One meter on one day."""

    day: Day
    meter: Annotated[str, Meta(description="The meter's code.", examples=["fixes_accepted"])]
    quantity: Annotated[int, Meta(ge=0, description="How much, in the meter's unit.")]


class UsageTotal(Struct):
    """One meter over all the days asked for."""

    meter: Annotated[str, Meta(description="The meter's code.", examples=["fixes_accepted"])]
    name: Annotated[str, Meta(description="Its name.", examples=["Fixes accepted"])]
    unit: Annotated[str, Meta(description="What one of it is.", examples=["fixes", "byte-hours"])]
    quantity: Annotated[int, Meta(ge=0, description="How much in all.")]


class UsageReport(Struct, rename={"since": "from", "until": "to"}):
    """What the key's environment used from `from` up to the day before `to`."""

    since: Day
    until: Day
    billed: Annotated[bool, Meta(description="False for a test environment: it is metered and never billed.")]
    totals: list[UsageTotal]
    days: Annotated[list[UsageDay], Meta(description="By meter, then day; days without any are left out.")]
