"""What callers are told of overrides: weighed moves, kept overrides, refusals as problem documents."""

from collections.abc import Callable
from functools import wraps
from typing import Any, ParamSpec, TypeVar

import msgspec

from dispatch.manifests.conflicts import ChangedMeanwhile
from dispatch.manifests.errors import ManifestRefusal
from dispatch.manifests.models import ManifestOverride
from dispatch.manifests.override_record import Weighing
from dispatch.planning.errors import PlanningRefusal
from tracker.http.problems import ApiProblem
from tracker.http.times import moment_text

P = ParamSpec("P")
R = TypeVar("R")
STATUS = {
    "reason_required": 400, "bad_move": 400, "bad_expected": 400, "cannot_be_driven": 400,
    "unplannable": 409, "undone_already": 409, "changed_meanwhile": 409, "not_found": 404,
}  # fmt: skip


def refusals_as_problems(view: Callable[P, R]) -> Callable[P, R]:
    """Whatever the services refuse, as the problem it is."""

    @wraps(view)
    def guarded(*args: P.args, **kwargs: P.kwargs) -> R:
        try:
            return view(*args, **kwargs)
        except ChangedMeanwhile as error:
            changes = [msgspec.to_builtins(change) for change in error.changes]
            raise ApiProblem(409, error.code, str(error), changes=changes) from error
        except (ManifestRefusal, PlanningRefusal) as error:
            raise ApiProblem(STATUS.get(error.code, 409), error.code, str(error)) from error

    return guarded


def weighing_document(weighing: Weighing) -> dict[str, Any]:
    """Moves weighed."""
    return {
        "kind": weighing.kind,
        "says": weighing.says,
        "before": _costs(weighing.before),
        "after": _costs(weighing.after),
        "violations": weighing.violations,
        "routes": weighing.routes,
    }


def override_document(row: ManifestOverride) -> dict[str, Any]:
    """An override as it is kept."""
    return {
        "id": row.public_id,
        "hub": row.hub.public_id,
        "service_date": row.service_date.isoformat(),
        "kind": row.kind,
        "says": row.after.get("says", ""),
        "reason_code": row.reason_code,
        "reason": row.reason,
        "author": row.author,
        "before": row.before,
        "after": row.after,
        "cost_before": _costs(row.cost_before),
        "cost_after": _costs(row.cost_after),
        "violations": row.violations,
        "undoes": row.undoes.public_id if row.undoes else None,
        "created_at": moment_text(row.created_at),
    }


def _costs(terms: Any) -> dict[str, Any]:
    return {"terms": dict(terms), "total": round(sum(terms.values()), 2)}
