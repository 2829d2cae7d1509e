"""What events of storms hold: a fault of an integration that is recognised, coalesced and billed nothing."""

from typing import Annotated, Literal

from msgspec import Meta, Struct

from tracker.http.times import Moment


class AppLine(Struct):
    """A line of an app that it comes from. What the app does not say is empty."""

    key: Annotated[str, Meta(description="The key's id.", examples=["key_0190f6c2a8d74b1e9c3f5a6b7c8d9e0f"])]
    key_name: Annotated[str, Meta(examples=["Android app"])]
    app_version: Annotated[str, Meta(examples=["2.4.1"])]
    model: Annotated[str, Meta(examples=["Pixel 9"])]
    os: Annotated[str, Meta(examples=["Android 16"])]
    count: Annotated[
        int, Meta(ge=0, description="How much came from it in the last minute.", examples=[598000])
    ]


class StormTold(Struct, kw_only=True):
    """A storm: registrations or repeats that are a fault and no growth."""

    storm: Annotated[str, Meta(examples=["stm_5f0c4b1e9d3a4f7b8c6d2e1f0a9b8c7d"])]
    kind: Annotated[
        Literal["registrations", "repeats"],
        Meta(description="`registrations` of devices with one key, or `repeats` of one fix by one device."),
    ]
    reason: Annotated[
        Literal["repeated", "mute"],
        Meta(
            description="`repeated`: the same again and again. `mute`: devices that never report a position."
        ),
    ]
    device: Annotated[
        str | None, Meta(description="Your id of the device that repeats itself.", examples=["van-12"])
    ]
    began_at: Moment
    recognised_at: Moment
    lines: Annotated[list[AppLine], Meta(description="Where it comes from, the most first.")]
    link: Annotated[
        str,
        Meta(examples=["https://milepost.example.com/console/storms/stm_5f0c4b1e9d3a4f7b8c6d2e1f0a9b8c7d/"]),
    ]


class StormBegan(StormTold, kw_only=True):
    """It is coalesced from now on."""

    received: Annotated[int, Meta(ge=0, description="What came so far.", examples=[240000])]
    rate_per_second: Annotated[float, Meta(ge=0, examples=[9980.0])]


class StormEnded(StormTold, kw_only=True):
    """It is over."""

    ended_at: Moment
    received: Annotated[int, Meta(ge=0, description="All that came.", examples=[600000])]
    coalesced: Annotated[
        int, Meta(ge=0, description="Of these, answered and not processed.", examples=[520000])
    ]
    would_have_cost_minor: Annotated[
        int | None,
        Meta(
            description="What it would have cost as ordinary reports, in cents; null: no price.",
            examples=[30000],
        ),
    ]
    currency: Annotated[str | None, Meta(examples=["EUR"])]
    billed_minor: Annotated[int, Meta(ge=0, le=0, description="What you pay: nothing.", examples=[0])]
