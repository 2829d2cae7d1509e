"""`/api/v1/override-patterns`: what overrides seem to teach, and whether it is made a rule."""

from typing import Annotated, Any, Literal

from django.utils import timezone
from drf_spectacular.utils import OpenApiParameter, extend_schema
from msgspec import Meta, Struct
from rest_framework.response import Response

from dispatch.fleet.answering import hub_or_404
from dispatch.fleet.models import Driver, VehicleType
from dispatch.manifests.models import OverridePattern
from dispatch.patterns.selectors import pattern_of, patterns_of
from dispatch.patterns.services import DecidedAlready, decide
from dispatch.patterns.words import shown
from tracker.http.endpoint import ApiRequest, Endpoint
from tracker.http.paging import newest_first
from tracker.http.problems import ApiProblem, not_found
from tracker.http.query import Query
from tracker.http.schema import CURSOR, LIMIT, problems
from tracker.http.times import Moment, moment_text

PATTERN = OpenApiParameter("pattern", str, "path", description="`pat_…`")
State = OverridePattern.State


class PatternDocument(Struct):
    """A rule that overrides seem to follow; plans know it only while it is accepted."""

    id: Annotated[str, Meta(examples=["pat_0190f6c2a8d74b1e9c3f5a6b7c8d9e0f"])]
    hub: str
    state: Literal["proposed", "accepted", "refused", "ended"]
    rule: Annotated[str, Meta(description="What the planner would be told, in a sentence.")]
    constraint: Annotated[dict[str, Any], Meta(description="The same for programs.")]
    grounds: Annotated[str, Meta(description="Why it is thought to be more than chance.")]
    evidence: dict[str, Any]
    back_test: Annotated[
        dict[str, Any], Meta(description="What it would have changed of the plans of the last weeks.")
    ]
    decided_at: Moment | None
    created_at: Moment


class PatternPage(Struct):
    """Patterns, the newest first."""

    data: list[PatternDocument]
    next_cursor: str | None


class Patterns(Endpoint):
    """What overrides teach."""

    @extend_schema(
        operation_id="list_override_patterns", summary="List patterns of overrides", tags=["Overrides"],
        parameters=[
            OpenApiParameter("state", str, enum=State.values, description="Only those in it."),
            OpenApiParameter("hub", str, description="Only those of this hub: `hub_…` or `external:…`."),
            LIMIT,
            CURSOR,
        ],
        responses=problems(PatternPage, 404),
    )  # fmt: skip
    def get(self, request: ApiRequest) -> Response:
        """Patterns, the newest first."""
        query = Query(request, "state", "hub", "limit", "cursor")
        rows = patterns_of(request.environment.pk, None)
        if state := query.choice("state", State.values):
            rows = rows.filter(state=state)
        if hub := query.text("hub"):
            rows = rows.filter(hub=hub_or_404(request, hub))
        found, cursor = newest_first(f"patterns:{request.environment.pk}", query, rows)
        return Response(PatternPage(_documents(request, found), cursor))


class OnePattern(Endpoint):
    """A pattern."""

    @extend_schema(
        operation_id="get_override_pattern", summary="Look at a pattern", tags=["Overrides"], parameters=[PATTERN],
        responses=problems(PatternDocument, 404),
    )  # fmt: skip
    def get(self, request: ApiRequest, pattern: str) -> Response:
        """The rule, its grounds and its back-test."""
        Query(request)
        return Response(_documents(request, [_pattern(request, pattern)])[0])


class AcceptPattern(Endpoint):
    """A pattern becomes a rule."""

    @extend_schema(
        operation_id="accept_override_pattern", summary="Accept a pattern", tags=["Overrides"], parameters=[PATTERN],
        request=None, responses=problems(PatternDocument, 404, 409),
    )  # fmt: skip
    def post(self, request: ApiRequest, pattern: str) -> Response:
        """It is a rule from the next plan on. A 409, code `decided_already`, where it is not proposed any more."""
        return _decided(request, pattern, State.ACCEPTED)


class RefusePattern(Endpoint):
    """A pattern does not become a rule."""

    @extend_schema(
        operation_id="refuse_override_pattern", summary="Refuse a pattern", tags=["Overrides"], parameters=[PATTERN],
        request=None, responses=problems(PatternDocument, 404, 409),
    )  # fmt: skip
    def post(self, request: ApiRequest, pattern: str) -> Response:
        """It is not proposed again for twelve weeks."""
        return _decided(request, pattern, State.REFUSED)


class EndPattern(Endpoint):
    """A rule ends."""

    @extend_schema(
        operation_id="end_override_pattern", summary="End an accepted pattern", tags=["Overrides"],
        parameters=[PATTERN], request=None, responses=problems(PatternDocument, 404, 409),
    )  # fmt: skip
    def post(self, request: ApiRequest, pattern: str) -> Response:
        """The next plan does not know it any more."""
        return _decided(request, pattern, State.ENDED)


def _decided(request: ApiRequest, public_id: str, state: str) -> Response:
    Query(request)
    found = _pattern(request, public_id)
    try:
        decide(found, state, by=None, now=timezone.now())
    except DecidedAlready as error:
        raise ApiProblem(409, "decided_already", str(error)) from None
    return Response(_documents(request, [found])[0])


def _pattern(request: ApiRequest, public_id: str) -> OverridePattern:
    """A key sees all hubs of its environment."""
    found = pattern_of(request.environment.pk, public_id, None)
    if found is None:
        raise not_found("pattern")
    return found


def _documents(request: ApiRequest, rows: list[OverridePattern]) -> list[PatternDocument]:
    drivers = {one.public_id: one.name for one in Driver.objects.for_environment(request.environment)}
    kinds = {one.key: one.name for one in VehicleType.objects.for_environment(request.environment)}
    return [_document(row, shown(row, drivers, kinds)) for row in rows]


def _document(row: OverridePattern, words: dict[str, Any]) -> PatternDocument:
    return PatternDocument(
        id=row.public_id,
        hub=row.hub.public_id,
        state=row.state,  # type: ignore[arg-type]  # one of these, by the column's choices
        rule=words["rule"],
        constraint=row.constraint,
        grounds=words["grounds"],
        evidence=row.evidence,
        back_test=row.back_test,
        decided_at=moment_text(row.decided_at) if row.decided_at else None,
        created_at=moment_text(row.created_at),
    )
