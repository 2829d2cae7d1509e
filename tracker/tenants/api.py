"""`/api/v1/environment`: whose data a key opens."""

from typing import Annotated, Literal

from drf_spectacular.utils import extend_schema
from msgspec import Meta, Struct
from rest_framework.response import Response

from tracker.http.endpoint import ApiRequest, Endpoint
from tracker.http.query import Query
from tracker.http.schema import problems
from tracker.http.times import Moment, moment_text
from tracker.tenants.models import Environment


class TenantDocument(Struct):
    """A customer."""

    id: Annotated[str, Meta(examples=["ten_7d1f0c4b9e3a4f7b8c6d2e1f0a9b8c5e"])]
    name: str


class KeyDocument(Struct):
    """The key the request came with."""

    id: Annotated[str, Meta(examples=["key_0c4b9e3a7d1f4f7b8c6d2e1f0a9b8c5e"])]
    name: str
    hint: Annotated[str, Meta(description="Enough of it to recognise it.", examples=["sk_test_…x7Qd"])]
    created_at: Moment
    scopes: Annotated[list[str], Meta(description="What it may do.", examples=[["write"], ["devices:read"]])]
    expires_at: Moment | None


class EnvironmentDocument(Struct):
    """An environment: the box of data that a key opens, and the bounds it judges reports by."""

    id: Annotated[str, Meta(examples=["env_3a7d1f0c4b9e4f7b8c6d2e1f0a9b8c5e"])]
    name: str
    kind: Literal["test", "live"]
    tenant: TenantDocument
    key: KeyDocument
    retention_days: Annotated[int, Meta(description="How long positions are kept.")]
    accuracy_bound_m: Annotated[float, Meta(description="Fixes less accurate than this are filtered.")]
    speed_bound_mps: Annotated[float, Meta(description="Faster jumps are filtered.")]
    created_at: Moment


class OwnEnvironment(Endpoint):
    """The environment of the key."""

    @extend_schema(
        operation_id="get_environment",
        summary="Whose data this key opens",
        tags=["Environment"],
        responses=problems(EnvironmentDocument),
    )
    def get(self, request: ApiRequest) -> Response:
        """The environment that the key belongs to: a way to check a key, and that it is the one you meant."""
        Query(request)
        key, environment = request.auth, request.environment
        return Response(
            EnvironmentDocument(
                id=environment.public_id,
                name=environment.name,
                kind="live" if environment.kind == Environment.Kind.LIVE else "test",
                tenant=TenantDocument(environment.tenant.public_id, environment.tenant.name),
                key=KeyDocument(
                    id=key.public_id,
                    name=key.name,
                    hint=key.hint,
                    created_at=moment_text(key.created_at),
                    scopes=key.scopes.split(),
                    expires_at=moment_text(key.expires_at) if key.expires_at else None,
                ),
                retention_days=environment.retention_days,
                accuracy_bound_m=environment.accuracy_bound_m,
                speed_bound_mps=environment.speed_bound_mps,
                created_at=moment_text(environment.created_at),
            )
        )
