"""`/api/v1/dispatch-settings`: how dispatch works in the key's environment."""

from datetime import time
from typing import Annotated, Any

from drf_spectacular.utils import extend_schema
from msgspec import UNSET, Meta, Struct, UnsetType
from rest_framework.response import Response

from dispatch.planning.models import DispatchSettings
from dispatch.planning.services import settings_of
from dispatch.rules.fields import RULES
from dispatch.rules.services import RulesRefused, change_rules
from tracker.http.endpoint import ApiRequest, Endpoint
from tracker.http.parsing import object_of, pointer
from tracker.http.problems import ApiProblem
from tracker.http.query import Query
from tracker.http.schema import problems

Seconds = Annotated[int, Meta(ge=0, description="Seconds.")]
Clock = Annotated[
    str, Meta(pattern="^[0-2][0-9]:[0-5][0-9]$", description="Local time of the hub.", examples=["22:00"])
]


class DispatchRules(Struct):
    """How dispatch works."""

    brand: Annotated[str, Meta(max_length=100, description="What customers know you as.")]
    language: Annotated[str, Meta(description="Of customers who did not say: en, hi or mr.")]
    reveal_stops_away: Annotated[
        int, Meta(ge=0, le=50, description="The driver is shown from so many stops on.")
    ]
    customers_reschedule: bool
    customers_note: bool
    slots_offered: Annotated[
        list[list[str]],
        Meta(description="Pairs of local times of day.", examples=[[["09:00", "12:00"], ["12:00", "15:00"]]]),
    ]
    ends_after_s: Annotated[
        int, Meta(ge=0, description="So long after its end a shipment's page still says it.")
    ]
    proofs: Annotated[list[str], Meta(description="photo, signature, code: what a delivery is proven by.")]
    notify_channels: Annotated[list[str], Meta(description="mail, sms, push: by which customers are told.")]
    first_wait_s: Seconds
    second_wait_s: Seconds
    most_attempts: Annotated[int, Meta(ge=1, le=10)]
    unconfirmed_after_s: Seconds
    silent_after_s: Seconds
    quiet_from: Annotated[
        Clock | None, Meta(description="No text message from here on; mails are sent. Null: no quiet hours.")
    ]
    quiet_to: Clock | None
    day_ends_at: Annotated[Clock, Meta(description="When what is left of a hub's day is carried over.")]
    weights: Annotated[
        dict[str, Any],
        Meta(
            description="Prices by which plans are weighed, in what a kilometre of an ordinary vehicle costs; those "
            "left out have their defaults. `foot_parcels` and `foot_kg` say what a driver without a vehicle carries.",
            examples=[{"change_driver": 3.0, "fair_hours": 1.0, "speed_kmh": 25.0}],
        ),
    ]


class DispatchRulesChange(Struct):
    """What is to change; what is left out stays."""

    brand: str | UnsetType = UNSET
    language: str | UnsetType = UNSET
    reveal_stops_away: int | UnsetType = UNSET
    customers_reschedule: bool | UnsetType = UNSET
    customers_note: bool | UnsetType = UNSET
    slots_offered: list[list[str]] | UnsetType = UNSET
    ends_after_s: int | UnsetType = UNSET
    proofs: list[str] | UnsetType = UNSET
    notify_channels: list[str] | UnsetType = UNSET
    first_wait_s: int | UnsetType = UNSET
    second_wait_s: int | UnsetType = UNSET
    most_attempts: int | UnsetType = UNSET
    unconfirmed_after_s: int | UnsetType = UNSET
    silent_after_s: int | UnsetType = UNSET
    quiet_from: Clock | UnsetType | None = UNSET
    quiet_to: Clock | UnsetType | None = UNSET
    day_ends_at: Clock | UnsetType = UNSET
    weights: dict[str, Any] | UnsetType = UNSET


class OwnDispatchRules(Endpoint):
    """The rules of the key's environment."""

    @extend_schema(
        operation_id="get_dispatch_settings", summary="Look at the settings of dispatch", tags=["Dispatch"],
        responses=problems(DispatchRules),
    )  # fmt: skip
    def get(self, request: ApiRequest) -> Response:
        """Waits, proofs, what customers see and may do."""
        Query(request)
        return Response(_document(settings_of(request.environment.pk)))

    @extend_schema(
        operation_id="change_dispatch_settings", summary="Change the settings of dispatch", tags=["Dispatch"],
        request=DispatchRulesChange, responses=problems(DispatchRules, 413, 415),
    )  # fmt: skip
    def patch(self, request: ApiRequest) -> Response:
        """Change some; all of them or, where one cannot be, none. In force from the next thing that happens."""
        Query(request)
        try:
            row = change_rules(request.environment.pk, object_of(request, *RULES))
        except RulesRefused as refused:
            name, why = next(iter(refused.wrong.items()))
            raise ApiProblem(422, "invalid_value", f"{name} {why}", param=pointer(name)) from None
        return Response(_document(row))


def _document(row: DispatchSettings) -> DispatchRules:
    return DispatchRules(**{name: _shown(getattr(row, name)) for name in DispatchRules.__struct_fields__})


def _shown(value: Any) -> Any:
    return f"{value:%H:%M}" if isinstance(value, time) else value
