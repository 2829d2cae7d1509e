"""What changed since a supervisor looked, and by whom: what they are shown instead of overwriting it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from dispatch.manifests.errors import ManifestRefusal
from dispatch.manifests.issuing import newest_version
from dispatch.manifests.models import Manifest, ManifestOverride
from tracker.http.times import moment_text


@dataclass(frozen=True, slots=True)
class Change:
    """One thing that happened to a manifest since. `by` is empty where no person did it."""

    manifest: str | None
    driver: str
    revision: int
    says: str
    by: str = ""
    at: str | None = None
    override: str | None = None


class ChangedMeanwhile(ManifestRefusal):
    """Somebody was quicker: nothing was written."""

    code = "changed_meanwhile"

    def __init__(self, changes: Sequence[Change]) -> None:
        who = sorted({change.by for change in changes if change.by})
        names = f" by {', '.join(who)}" if who else ""
        super().__init__(f"The plan was changed{names} since you looked. Nothing was moved.")
        self.changes = list(changes)


def require_unchanged(
    environment_id: int,
    manifests: Mapping[str, Manifest],
    drivers: Sequence[str],
    expected: Mapping[str, int],
) -> None:
    """Raise ChangedMeanwhile unless each driver's manifest has the revision that was looked at.

    `expected` names manifests by id; a driver who had none by the driver's id, with 0.
    """
    changes: list[Change] = []
    for driver in drivers:
        manifest = manifests.get(driver)
        if manifest is None:
            if expected.get(driver, 0) != 0 or driver not in expected:
                changes.append(Change(None, driver, 0, "The driver's manifest is over or was thrown away."))
        elif expected.get(manifest.public_id) != manifest.revision:
            changes += _since(environment_id, manifest, expected.get(manifest.public_id, 0), driver)
    if changes:
        raise ChangedMeanwhile(changes)


def _since(environment_id: int, manifest: Manifest, seen: int, driver: str) -> list[Change]:
    rows = ManifestOverride.objects.for_environment(environment_id).filter(
        hub__isnull=False, service_date=manifest.service_date, after__manifests__has_key=manifest.public_id
    )
    found = [
        _override(row, manifest, driver)
        for row in rows.order_by("-id")[:20]
        if row.after["manifests"][manifest.public_id]["revision"] > seen
    ]
    if found:
        return found
    return [_otherwise(manifest, driver)]


def _override(row: ManifestOverride, manifest: Manifest, driver: str) -> Change:
    author: dict[str, Any] = row.author
    name = str(author.get("name") or author.get("id") or "")
    text = f"{name} moved {row.after.get('says', 'stops')}: {row.reason}"
    return Change(
        manifest.public_id, driver, manifest.revision, text, name, moment_text(row.created_at), row.public_id
    )


def _otherwise(manifest: Manifest, driver: str) -> Change:
    """No override explains it: a new version, or the driver's own progress."""
    version = newest_version(manifest)
    name = manifest.driver.name
    if version is not None and version.number != manifest.acknowledged_version:
        by = str(version.released_by) if version.released_by else ""
        why = f" ({version.reason})" if version.reason else ""
        text = f"{name} was given version {version.number}{why}, or went on with it."
        return Change(
            manifest.public_id, driver, manifest.revision, text, by, moment_text(version.released_at)
        )
    return Change(
        manifest.public_id, driver, manifest.revision, f"{name} went on: a stop was begun or is over."
    )
