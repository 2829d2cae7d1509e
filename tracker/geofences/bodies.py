"""The body of one geofence, new or changed, as the API and the map's editor send it. Pure."""

from typing import Any

from tracker.geofences.attributes import OURS, external_id_in, rules_in
from tracker.geofences.faults import Faults, Where
from tracker.geofences.models import GeofenceShape
from tracker.geofences.shape_facts import NewShape
from tracker.geofences.tangle import Effort
from tracker.geofences.uploads import read_geometry

FIELDS = tuple(sorted((OURS | {"geometry"}) - {"code"}))
RADII = ("radius_m", "width_m")


def read_body(
    body: dict[str, Any], old: GeofenceShape | None = None, external_id: str | None = None
) -> tuple[NewShape | None, Faults]:
    """The shape a body describes; of a change what is left out stays as it is in `old`.

    Metadata is merged by its keys, null removes one. None with the faults where something makes no sense.
    """
    faults, where = Faults(), Where()
    given = {key: value for key, value in body.items() if key in FIELDS}
    geometry = given.pop("geometry", None if old is None else old.source)
    facts = _facts(old, keep_radius=not given.keys() & set(RADII)) | given
    facts["metadata"] = _merged(old, given.get("metadata"))
    if "name" in given and not (isinstance(given["name"], str) and given["name"].strip()):
        faults.add(where.member("name"), "invalid_value", "name must be a text that is not empty.")
    elif old is None and "name" not in given:
        faults.add(where.member("name"), "invalid_value", "A geofence needs a name.")
    id_ = external_id if "external_id" not in given else external_id_in(given, None, where, faults)
    rules = rules_in(facts, where, faults, otherwise="")
    outline = read_geometry(geometry, facts, where, faults, Effort(), beside="")
    if faults.count or rules is None or outline is None:
        return None, faults
    return NewShape(id_, rules, outline), faults


def _facts(old: GeofenceShape | None, *, keep_radius: bool) -> dict[str, Any]:
    if old is None:
        return {}
    keys = ("name", "margin_m", "dwell_s", "alert_on_enter", "alert_on_exit", "colour")
    return {key: getattr(old, key) for key in keys} | ({"radius_m": old.radius_m} if keep_radius else {})


def _merged(old: GeofenceShape | None, given: Any) -> Any:
    if given is not None and not isinstance(given, dict):
        return given  # refused where it is read
    together = ({} if old is None else dict(old.metadata)) | (given or {})
    return {key: value for key, value in together.items() if value is not None}
