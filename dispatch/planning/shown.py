"""A run as its page shows it, at first paint and again while it goes on: one set of facts for both."""

from datetime import datetime
from typing import Any

from dispatch.fleet.models import Hub
from dispatch.fleet.tree import ancestors
from dispatch.manifests.models import Manifest, ManifestStop
from dispatch.planning import sketch
from dispatch.planning.models import PlanRun
from dispatch.planning.selectors import LIVE, in_force_note

WORDS = {
    "waiting": "Waiting",
    "running": "Searching",
    "done": "Done",
    "stopped": "Stopped",
    "failed": "Failed",
}


def state_of(run: PlanRun, *, now: datetime) -> dict[str, Any]:
    """Everything of it that changes while one looks."""
    live = run.state in LIVE
    picture = sketch.drawn(run.pk) if run.state == PlanRun.State.RUNNING else None
    facts = run.facts if run.state in (PlanRun.State.DONE, PlanRun.State.STOPPED) else {}
    progress = list(run.progress)
    if picture and (not progress or picture["elapsed_s"] > progress[-1][0]):
        progress.append([picture["elapsed_s"], sum(picture["cost"].values()), picture["unserved"]])
    return {
        "state": run.state,
        "words": WORDS[run.state],
        "live": live,
        "seconds": run.seconds,
        "elapsed_s": round((now - run.started_at).total_seconds(), 1) if run.started_at and live else None,
        "stopping": live and run.stop_asked_at is not None,
        "progress": progress,
        "planned": facts.get("planned"),
        "unserved": len(run.unserved) if facts else None,
        "failure": run.failure,
        "note": in_force_note(run) if run.state == PlanRun.State.FAILED else "",
        "routes": picture["routes"] if picture else (routes_of(run) if not live else []),
        "sketch": picture is not None,
    }


def routes_of(run: PlanRun) -> list[dict[str, Any]]:
    """The routes that came of a run, as they stand now: where each driver goes, in order."""
    rows = Manifest.objects.for_environment(run.environment_id).filter(run=run)
    manifests = {row.pk: row for row in rows.select_related("driver").order_by("driver__name", "pk")}
    stops = ManifestStop.objects.for_environment(run.environment_id).filter(manifest__in=manifests)
    depots = _depots(run.environment_id, {row.hub_id for row in manifests.values()})
    lines: dict[int, list[list[float]]] = {}
    for manifest_id, longitude, latitude in (
        stops.exclude(state=ManifestStop.State.REMOVED)
        .order_by("manifest_id", "place")
        .values_list("manifest_id", "longitude", "latitude")
    ):
        lines.setdefault(manifest_id, []).append([longitude, latitude])
    return [
        {
            "driver": row.driver.public_id,
            "name": row.driver.name,
            "manifest": row.public_id,
            "stops": len(lines.get(key, [])),
            "line": depots.get(row.hub_id, []) + lines.get(key, []),
        }
        for key, row in manifests.items()
        if lines.get(key)
    ]


def _depots(environment_id: int, hub_ids: set[int]) -> dict[int, list[list[float]]]:
    """Where each hub's vehicles load, as the first point of a line; none where no hub above has a place either."""
    found: dict[int, list[list[float]]] = {}
    for hub_id in hub_ids:
        chain = [hub_id, *ancestors(environment_id, hub_id)]
        hubs = Hub.objects.for_environment(environment_id).in_bulk(chain)
        places = [hubs[key] for key in chain if key in hubs and hubs[key].longitude is not None]
        if places and places[0].longitude is not None and places[0].latitude is not None:
            found[hub_id] = [[places[0].longitude, places[0].latitude]]
    return found
