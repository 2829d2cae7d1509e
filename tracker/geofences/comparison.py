"""What differs between two sets of geofences: added, removed, changed and in what. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

# what of a shape a person would call a change, and the word for it
FACETS = {
    "name": "name",
    "kind": "kind",
    "source": "border",
    "radius_m": "radius",
    "margin_m": "margin",
    "dwell_s": "dwell time",
    "alert_on_enter": "alert on entering",
    "alert_on_exit": "alert on leaving",
    "colour": "colour",
    "metadata": "metadata",
}


@dataclass(frozen=True)
class Change:
    """A geofence that is in both sets with different shapes, and the words for what differs."""

    geofence_id: int
    before: Any
    after: Any
    what: tuple[str, ...]


@dataclass(frozen=True)
class Difference:
    """Shapes by what became of their geofences; unchanged ones are only counted."""

    added: list[Any] = field(default_factory=list)
    removed: list[Any] = field(default_factory=list)
    changed: list[Change] = field(default_factory=list)
    unchanged: int = 0

    @property
    def is_empty(self) -> bool:
        """Whether the two sets say the same."""
        return not (self.added or self.removed or self.changed)


def compare(before: Mapping[int, Any], after: Mapping[int, Any]) -> Difference:
    """From one set to another; each maps the geofence to its shape, in the order to tell."""
    result: dict[str, list[Any]] = {"added": [], "changed": []}
    unchanged = 0
    for geofence_id, shape in after.items():
        old = before.get(geofence_id)
        if old is None:
            result["added"].append(shape)
        elif old.pk == shape.pk or not (what := differences(old, shape)):
            unchanged += 1
        else:
            result["changed"].append(Change(geofence_id, old, shape, what))
    removed = [shape for geofence_id, shape in before.items() if geofence_id not in after]
    return Difference(removed=removed, unchanged=unchanged, **result)


def differences(before: Any, after: Any) -> tuple[str, ...]:
    """The words for what two shapes of one geofence differ in."""
    return tuple(word for facet, word in FACETS.items() if getattr(before, facet) != getattr(after, facet))
