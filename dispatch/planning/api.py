"""`/api/v1/dispatch-windows` and `/api/v1/plan-runs`: when hubs are planned, and what came of it."""

from collections.abc import Iterator
from contextlib import contextmanager

from django.utils import timezone
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.response import Response

from dispatch.fleet.answering import hub_or_404, in_service
from dispatch.fleet.models import Hub
from dispatch.planning.errors import PlanningRefusal
from dispatch.planning.models import DispatchWindow, PlanRun
from dispatch.planning.schemas import (
    NewRun,
    NewWindow,
    RunDocument,
    RunPage,
    WindowChange,
    WindowDocument,
    WindowPage,
    run_document,
    window_document,
)
from dispatch.planning.selectors import run_of, runs_of, window_of, windows_of
from dispatch.planning.services import add_window, ask_run, change_window, remove_window, stop_run
from dispatch.planning.wishes import BadWish, flag_in, seconds_in, window_wish
from tracker.http.endpoint import ApiRequest, Endpoint
from tracker.http.paging import newest_first
from tracker.http.parsing import object_of, pointer
from tracker.http.problems import ApiProblem, bad_request, not_found
from tracker.http.query import Query
from tracker.http.schema import CURSOR, LIMIT, problems

FIELDS = ("at", "weekdays", "seconds", "releases", "enabled")
OF_HUB = OpenApiParameter("hub", str, description="Only those of this hub: `hub_…` or `external:…`.")
IN_STATE = OpenApiParameter("state", str, enum=PlanRun.State.values, description="Only those in it.")
WINDOW = OpenApiParameter("window", str, "path", description="`win_…`.")
RUN = OpenApiParameter("run", str, "path", description="`run_…`.")


@contextmanager
def refusals() -> Iterator[None]:
    """Inside, what planning refuses is answered as a problem document."""
    try:
        yield
    except BadWish as wish:
        raise bad_request("invalid_field", wish.detail, pointer(wish.field)) from None
    except PlanningRefusal as refusal:
        raise ApiProblem(409, refusal.code, str(refusal)) from None


class Windows(Endpoint):
    """When hubs are planned."""

    @extend_schema(
        operation_id="list_dispatch_windows", summary="List windows", tags=["Planning"], parameters=[OF_HUB],
        responses=problems(WindowPage, 404),
    )  # fmt: skip
    def get(self, request: ApiRequest) -> Response:
        """Every window, hub by hub through the day, with the next time it is due."""
        query = Query(request, "hub")
        hub = _hub(request, query.text("hub"))
        rows = windows_of(request.environment, hub_id=hub.pk if hub else None)
        return Response(WindowPage([window_document(window) for window in rows]))

    @extend_schema(
        operation_id="create_dispatch_window", summary="Add a window", tags=["Planning"], request=NewWindow,
        responses=problems({201: WindowDocument}, 404, 409, 413, 415),
    )  # fmt: skip
    def post(self, request: ApiRequest) -> Response:
        """Plan a hub at a time of its local day, from the next one on. 409 `window_taken` where it has one then."""
        Query(request)
        body = object_of(request, "hub", *FIELDS)
        hub = _needed_hub(request, body.get("hub"))
        with refusals():
            made = add_window(hub, window_wish(body), now=timezone.now())
        return Response(window_document(made), status=201)


class OneWindow(Endpoint):
    """A window."""

    @extend_schema(
        operation_id="get_dispatch_window", summary="Look at a window", tags=["Planning"], parameters=[WINDOW],
        responses=problems(WindowDocument, 404),
    )  # fmt: skip
    def get(self, request: ApiRequest, window: str) -> Response:
        """A window with the next time it is due."""
        Query(request)
        return Response(window_document(_window(request, window)))

    @extend_schema(
        operation_id="update_dispatch_window", summary="Change a window", tags=["Planning"], parameters=[WINDOW],
        request=WindowChange, responses=problems(WindowDocument, 404, 409, 413, 415),
    )  # fmt: skip
    def patch(self, request: ApiRequest, window: str) -> Response:
        """Change a window. What it would have been due for before now is forgotten."""
        Query(request)
        found = _window(request, window)
        with refusals():
            wish = window_wish(object_of(request, *FIELDS), found)
            return Response(window_document(change_window(found, wish, now=timezone.now())))

    @extend_schema(
        operation_id="delete_dispatch_window", summary="Remove a window", tags=["Planning"], parameters=[WINDOW],
        responses=problems(None, 404),
    )  # fmt: skip
    def delete(self, request: ApiRequest, window: str) -> Response:
        """Plan the hub at that time no more; runs that were made stay."""
        Query(request)
        remove_window(_window(request, window))
        return Response(status=204)


class Runs(Endpoint):
    """Runs of the planner."""

    @extend_schema(
        operation_id="list_plan_runs", summary="List runs", tags=["Planning"],
        parameters=[OF_HUB, IN_STATE, LIMIT, CURSOR],
        responses=problems(RunPage, 404),
    )  # fmt: skip
    def get(self, request: ApiRequest) -> Response:
        """Runs, the newest first; one by one they say more."""
        query = Query(request, "hub", "state", "limit", "cursor")
        hub = _hub(request, query.text("hub"))
        rows = runs_of(
            request.environment,
            hub_id=hub.pk if hub else None,
            state=query.choice("state", PlanRun.State.values) or "",
        )
        found, cursor = newest_first(f"runs:{request.environment.pk}", query, rows)
        return Response(RunPage([run_document(run, whole=False) for run in found], cursor))

    @extend_schema(
        operation_id="create_plan_run", summary="Plan a hub now", tags=["Planning"], request=NewRun,
        responses=problems({201: RunDocument}, 404, 409, 413, 415),
    )  # fmt: skip
    def post(self, request: ApiRequest) -> Response:
        """Ask for a plan of a hub and all below it, for what is left of its day.

        It begins within a second or so, once a plan that is being made of the hub is done; look at the run again, or
        hear of `plan.finished`. A run that waits already is the one that is answered.
        """
        Query(request)
        body = object_of(request, "hub", "seconds", "release")
        hub = _needed_hub(request, body.get("hub"))
        with refusals():
            run = ask_run(
                hub,
                cause=PlanRun.Cause.PERSON,
                seconds=seconds_in(body.get("seconds")),
                releases=flag_in(body, "release", default=False),
                now=timezone.now(),
            )
        return Response(run_document(run), status=201)


class OneRun(Endpoint):
    """A run."""

    @extend_schema(
        operation_id="get_plan_run", summary="Look at a run", tags=["Planning"], parameters=[RUN],
        responses=problems(RunDocument, 404),
    )  # fmt: skip
    def get(self, request: ApiRequest, run: str) -> Response:
        """How far it is, what it came to, and why each shipment that it leaves out is left out."""
        Query(request)
        return Response(run_document(_run(request, run)))


class StopRun(Endpoint):
    """The end of a search."""

    @extend_schema(
        operation_id="stop_plan_run", summary="Stop a run", tags=["Planning"], parameters=[RUN], request=None,
        responses=problems(RunDocument, 404, 409),
    )  # fmt: skip
    def post(self, request: ApiRequest, run: str) -> Response:
        """End the search within a second or so; the best plan found is kept. 409 `run_is_over` where it ended."""
        Query(request)
        with refusals():
            return Response(run_document(stop_run(_run(request, run), now=timezone.now())))


def _hub(request: ApiRequest, reference: str | None) -> Hub | None:
    return hub_or_404(request, reference) if reference else None


def _needed_hub(request: ApiRequest, reference: object) -> Hub:
    if not isinstance(reference, str) or not reference:
        raise bad_request("invalid_field", "hub must name a hub: hub_… or external:….", "/hub")
    hub = hub_or_404(request, reference)
    in_service(hub, "hub")
    return hub


def _window(request: ApiRequest, public_id: str) -> DispatchWindow:
    found = window_of(request.environment, public_id)
    if found is None:
        raise not_found("window")
    return found


def _run(request: ApiRequest, public_id: str) -> PlanRun:
    found = run_of(request.environment, public_id)
    if found is None:
        raise not_found("run")
    return found
