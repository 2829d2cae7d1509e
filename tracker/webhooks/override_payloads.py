"""What the `data` of an override holds; its published schema is made from these structs."""

from typing import Annotated

from msgspec import Meta, Struct

from tracker.webhooks.plan_payloads import AboutHub, Day, ManifestId

ShipmentRef = Annotated[str, Meta(examples=["shp_5f0c4b1e9d3a4f7b8c6d2e1f0a9b8c7d"])]
DriverRef = Annotated[
    str | None, Meta(description="Null: nobody.", examples=["drv_2b1c7d90a4f35e68c0d1b2a3948576fe"])
]
Arrival = Annotated[str | None, Meta(description="As planned; null where nobody has it.")]
Costs = Annotated[
    dict[str, float], Meta(description="By term, in the environment's cost units; their sum is the cost.")
]


class OverrideAuthor(Struct):
    """Who did it."""

    kind: Annotated[str, Meta(description="`member` or `key`.", examples=["member"])]
    id: str
    name: Annotated[str, Meta(examples=["Meera"])]


class MovedStop(Struct):
    """A shipment that was moved: from whom and when, to whom and when."""

    shipment: ShipmentRef
    from_driver: DriverRef
    to_driver: DriverRef
    from_arrival: Arrival
    to_arrival: Arrival


class OverrideTold(Struct):
    """A person changed what the plan said."""

    id: Annotated[str, Meta(examples=["ovr_0190f6c2a8d74b1e9c3f5a6b7c8d9e0f"])]
    hub: AboutHub
    service_date: Day
    kind: Annotated[str, Meta(description="`move`, `remove`, `add`, `order` or `driver`.", examples=["move"])]
    reason_code: Annotated[str, Meta(examples=["knows_the_place"])]
    reason: Annotated[str, Meta(examples=["Ravi has the key to the yard"])]
    author: OverrideAuthor
    undoes: Annotated[str | None, Meta(description="The override that this one takes back.")]
    moved: list[MovedStop]
    manifests: Annotated[list[ManifestId], Meta(description="The manifests that it touched.")]
    cost_before: Costs
    cost_after: Costs
    violations: Annotated[
        list[str], Meta(description="Rules that are broken afterwards, accepted knowingly.")
    ]
