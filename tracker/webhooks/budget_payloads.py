"""What the `data` of events about budgets and caps holds."""

from typing import Annotated

from msgspec import Meta, Struct

from tracker.http.times import Moment

Month = Annotated[
    str, Meta(pattern="^[0-9]{4}-[0-9]{2}$", description="A month in UTC.", examples=["2026-05"])
]


class Amount(Struct):
    """Money."""

    minor: Annotated[int, Meta(description="In the smallest unit of the currency: cents.", examples=[25000])]
    currency: Annotated[str, Meta(pattern="^[A-Z]{3}$", examples=["EUR"])]


class Links(Struct):
    """Where to look further."""

    console: Annotated[str, Meta(description="The budget page.")]


class ThresholdReached(Struct):
    """A share of the month's budget is spent. Told once a month for each share and amount."""

    month: Month
    share: Annotated[int, Meta(ge=1, description="Per cent of the budget.", examples=[80])]
    budget: Amount
    spent: Annotated[Amount, Meta(description="The month's invoice as it would be written at that moment.")]
    links: Links


class CapReached(Struct):
    """A cap is reached, and what it does has begun. Told once a month for each quantity."""

    month: Month
    meter: Annotated[str, Meta(examples=["fixes_accepted"])]
    quantity: Annotated[int, Meta(ge=0, description="What was capped, in the meter's billed unit.")]
    used: Annotated[int, Meta(ge=0, description="What was used when it was noticed.")]
    action: Annotated[
        str,
        Meta(
            pattern="^(stop|sample|tell)$",
            examples=["stop"],
            description="`stop`: no more comes in. `sample`: one in some is kept. `tell`: all goes on.",
        ),
    ]
    keeps_one_in: Annotated[int, Meta(ge=1, description="Where it samples: one in so many is kept.")]
    reached_at: Moment
    links: Links
