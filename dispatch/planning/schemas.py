"""Windows and runs as the API shows and takes them."""

from typing import Annotated, Any, Literal

from msgspec import UNSET, Meta, Struct, UnsetType

from dispatch.planning.models import DispatchWindow, PlanRun
from tracker.http.times import Moment, moment_text

WindowId = Annotated[str, Meta(examples=["win_5f0c4b1e9d3a4f7b8c6d2e1f0a9b8c7d"])]
RunId = Annotated[str, Meta(examples=["run_5f0c4b1e9d3a4f7b8c6d2e1f0a9b8c7d"])]
HubRef = Annotated[str, Meta(description="`hub_…`, or `external:` and your own id.")]
Clock = Annotated[str, Meta(description="Local time of the hub.", examples=["06:00"])]
Weekdays = Annotated[list[int], Meta(description="1 is Monday, 7 Sunday.", examples=[[1, 2, 3, 4, 5]])]
Seconds = Annotated[int, Meta(ge=1, le=600, description="How long the search may take.")]
Cursor = Annotated[str | None, Meta(description="Pass as `cursor` for the next page; null on the last.")]


class WindowDocument(Struct):
    """A time of day at which a hub is planned."""

    id: WindowId
    hub: str
    at: Clock
    weekdays: Weekdays
    seconds: Seconds
    releases: Annotated[bool, Meta(description="Whether its plan goes to drivers without a person.")]
    enabled: bool
    next_due_at: Moment | None


class WindowPage(Struct):
    """All windows, hub by hub."""

    data: list[WindowDocument]


class NewWindow(Struct):
    """A window to be made."""

    hub: HubRef
    at: Clock
    weekdays: Weekdays | UnsetType = UNSET
    seconds: Seconds | UnsetType = UNSET
    releases: bool | UnsetType = UNSET
    enabled: bool | UnsetType = UNSET


class WindowChange(Struct):
    """What is to be changed."""

    at: Clock | UnsetType = UNSET
    weekdays: Weekdays | UnsetType = UNSET
    seconds: Seconds | UnsetType = UNSET
    releases: bool | UnsetType = UNSET
    enabled: bool | UnsetType = UNSET


class NewRun(Struct):
    """A plan that is wanted now."""

    hub: HubRef
    seconds: Seconds | UnsetType = UNSET
    release: Annotated[bool, Meta(description="Give it to drivers at once.")] | UnsetType = UNSET


class RunDocument(Struct):
    """A run of the planner."""

    id: RunId
    hub: str
    cause: Literal["window", "person", "change"]
    window: str | None
    service_date: Annotated[str, Meta(description="The hub's local day.", examples=["2026-05-01"])]
    state: Literal["waiting", "running", "done", "stopped", "failed"]
    due_at: Moment
    started_at: Moment | None
    finished_at: Moment | None
    seconds: int
    releases: bool
    failure: Annotated[str, Meta(description="Why there is no plan; the last one stays in force.")]
    progress: Annotated[
        list[list[float]],
        Meta(
            description="[seconds, cost, unserved] each time a better plan was found; cost without the unserved."
        ),
    ]
    facts: Annotated[
        dict[str, Any], Meta(description="What the plan came to: planned, unserved, cost by term …")
    ]
    unserved: Annotated[
        list[dict[str, Any]],
        Meta(
            description="Each shipment on nobody's route: `reasons` (by driver, the first rule in the way) and "
            "`changes` (the smallest that would serve it, each found by solving again)."
        ),
    ]


class RunPage(Struct):
    """Some runs, the newest first."""

    data: list[RunDocument]
    next_cursor: Cursor


def window_document(window: DispatchWindow) -> WindowDocument:
    """As the API shows it."""
    return WindowDocument(
        window.public_id,
        window.hub.public_id,
        f"{window.at:%H:%M}",
        list(window.weekdays),
        window.seconds,
        window.releases,
        window.enabled,
        moment_text(window.next_due_at) if window.next_due_at and window.enabled else None,
    )


def run_document(run: PlanRun, *, whole: bool = True) -> RunDocument:
    """As the API shows it; in lists without what is long."""
    return RunDocument(
        id=run.public_id,
        hub=run.hub.public_id,
        cause=run.cause,  # type: ignore[arg-type]  # of these three, by the column's choices
        window=run.window.public_id if run.window else None,
        service_date=run.service_date.isoformat(),
        state=run.state,  # type: ignore[arg-type]  # the same
        due_at=moment_text(run.due_at),
        started_at=moment_text(run.started_at) if run.started_at else None,
        finished_at=moment_text(run.finished_at) if run.finished_at else None,
        seconds=run.seconds,
        releases=run.releases,
        failure=run.failure,
        progress=run.progress if whole else [],
        facts=run.facts,
        unserved=run.unserved if whole else [],
    )
