"""A supervisor's hand on the plan: what a move would cost, the move with its reason, and taking it back.

Every change names the revisions that were looked at. The rows of all manifests it touches are locked, in one order,
before those are compared, so of two supervisors at once the second is told what the first did. An override is kept for
ever; an undo is one more.
"""

from collections.abc import Mapping, Sequence
from datetime import date, datetime

from django.db import IntegrityError, transaction

from dispatch.fleet.models import Hub
from dispatch.manifests import override_record as record
from dispatch.manifests.conflicts import Change, ChangedMeanwhile, require_unchanged
from dispatch.manifests.desk import STANDING, Desk, Order, desk_of, weigh
from dispatch.manifests.desk_memory import recent_desk
from dispatch.manifests.errors import ManifestRefusal
from dispatch.manifests.laying import lay_orders
from dispatch.manifests.models import Manifest, ManifestOverride
from dispatch.manifests.moves import Move, kind_of, moved, undoing
from dispatch.manifests.named import require_all_expected, require_there
from dispatch.manifests.override_record import Weighing
from dispatch.manifests.override_words import REASONS, broken, says
from dispatch.manifests.weighing import Weighed
from dispatch.planning.prices import in_units
from dispatch.shipments.authors import Author
from tracker.tenants.identifiers import BadIdentifier, parse_id

LONGEST_REASON = 500


class NoReason(ManifestRefusal):
    """No reason, no override."""

    code = "reason_required"

    def __init__(self) -> None:
        kinds = ", ".join(REASONS)
        super().__init__(
            f"Say why: a reason_code ({kinds}) and a reason in words. Without one nothing is moved."
        )


class NoSuchOverride(ManifestRefusal):
    code = "not_found"

    def __init__(self) -> None:
        super().__init__("There is no such override in this environment.")


class UndoneAlready(ManifestRefusal):
    code = "undone_already"

    def __init__(self) -> None:
        super().__init__("This override was taken back already.")


def preview(
    environment_id: int, hub: Hub, service_date: date, moves: Sequence[Move], *, now: datetime
) -> Weighing:
    """The cost before and after, term by term, and what would be broken. Nothing is written.

    Raises BadMove, CannotBeDriven, Unplannable.
    """
    desk = recent_desk(environment_id, hub, service_date=service_date, now=now)
    after, _ = moved(desk.orders, desk.tray, moves)
    return _weighing(desk, after, moves)[0]


def apply(
    environment_id: int,
    hub: Hub,
    service_date: date,
    moves: Sequence[Move],
    *,
    expected: Mapping[str, int],
    reason_code: str,
    reason: str,
    author: Author,
    now: datetime,
) -> ManifestOverride:
    """Make the moves, tell the drivers whose manifests are in force, and keep what was before, after and why.

    Raises NoReason, NobodyHasThatName, BadExpectation, ChangedMeanwhile, BadMove, CannotBeDriven, Unplannable.
    """
    code, words = _reason(reason_code, reason)
    require_there(environment_id, moves, expected, service_date)
    with transaction.atomic():
        _lock(environment_id, hub, service_date)
        desk = desk_of(environment_id, hub, service_date=service_date, now=now)
        _require_seen(environment_id, desk, moves, expected)
        return _make(environment_id, desk, moves, (code, words), author, now)


def undo(
    environment_id: int,
    override: ManifestOverride,
    *,
    reason: str,
    author: Author,
    now: datetime,
    reason_code: str = "undo",
) -> ManifestOverride:
    """Give the parcels back to whom they were taken from, where nobody moved them on since.

    Raises NoReason, UndoneAlready, ChangedMeanwhile, and whatever `apply` raises.
    """
    code, words = _reason(reason_code, reason)
    try:
        with transaction.atomic():
            _lock(environment_id, override.hub, override.service_date)
            if undone_by(environment_id, override) is not None:
                raise UndoneAlready
            desk = desk_of(environment_id, override.hub, service_date=override.service_date, now=now)
            _require_still_there(desk, override)
            before = {
                one["driver"]["id"]: tuple(one["stops"]) for one in override.before["manifests"].values()
            }
            shipments = [one["shipment"] for one in override.before["moved"]]
            moves = undoing(before, desk.orders, shipments)
            return _make(environment_id, desk, moves, (code, words), author, now, undoes=override)
    except IntegrityError as error:
        raise UndoneAlready from error  # two took it back at once


def override_of(environment_id: int, public_id: str) -> ManifestOverride:
    """The override with that id. Raises NoSuchOverride."""
    try:
        uid = parse_id("ovr", public_id)
    except BadIdentifier:
        raise NoSuchOverride from None
    rows = ManifestOverride.objects.for_environment(environment_id).select_related("hub")
    found = rows.filter(uid=uid).first()
    if found is None:
        raise NoSuchOverride
    return found


def undone_by(environment_id: int, override: ManifestOverride) -> ManifestOverride | None:
    """The override that took this one back."""
    return ManifestOverride.objects.for_environment(environment_id).filter(undoes=override).first()


def _make(
    environment_id: int,
    desk: Desk,
    moves: Sequence[Move],
    why: tuple[str, str],
    author: Author,
    now: datetime,
    undoes: ManifestOverride | None = None,
) -> ManifestOverride:
    after, _ = moved(desk.orders, desk.tray, moves)
    weighing, weighed = _weighing(desk, after, moves)
    before_side = record.side(desk, desk.orders, weighing.touched, moves, desk.manifests, weighed[0])
    held = lay_orders(desk, after, weighed[1], weighing.touched, author=author, reason=why[1], now=now)
    after_side = record.side(desk, after, weighing.touched, moves, held, weighed[1])
    return record.keep(
        environment_id, desk, moves, why, author, now,
        weighing=weighing, before=before_side, after={**after_side, "says": weighing.says}, undoes=undoes,
    )  # fmt: skip


def _reason(code: str, words: str) -> tuple[str, str]:
    words = words.strip()
    if code not in REASONS or not words:
        raise NoReason
    return code, words[:LONGEST_REASON]


def _lock(environment_id: int, hub: Hub, service_date: date) -> None:
    """Hold what stands on this hub's board, rows first in one order whoever asks, as the planner does.

    The hub's own row is held as well: two who give a first stop to an idle driver must not both make a manifest.
    """
    Hub.objects.for_environment(environment_id).select_for_update(no_key=True).get(pk=hub.pk)
    rows = Manifest.objects.for_environment(environment_id).filter(
        driver__hub__in=record.hubs_below(environment_id, hub), service_date=service_date, state__in=STANDING
    )
    list(rows.order_by("pk").select_for_update(of=("self",), no_key=True).values_list("pk", flat=True))


def _require_seen(
    environment_id: int, desk: Desk, moves: Sequence[Move], expected: Mapping[str, int]
) -> None:
    """What the caller looked at is as it was, and all that the moves touch was looked at."""
    by_key = {name: driver for driver in desk.orders for name in (desk.key(driver), driver)}
    gone = [key for key in expected if key not in by_key and not key.startswith("drv_")]
    if gone:
        raise ChangedMeanwhile(
            [Change(key, "", 0, "A manifest you looked at is over or was thrown away.") for key in gone]
        )
    named = dict.fromkeys(by_key[key] for key in expected if key in by_key)
    require_unchanged(environment_id, desk.manifests, list(named), expected)
    require_all_expected(desk, moves, expected)
    unseen = []
    for move in moves:
        holder = desk.stop_of(move.shipment)
        for driver in (holder[0] if holder else None, move.to):
            if driver in desk.orders and driver not in named:
                name = desk.assembled.hands[driver].driver.name
                unseen.append(Change(None, driver, desk.revision(driver), f"{name} has a part in this now."))
    if unseen:
        raise ChangedMeanwhile(unseen)


def _require_still_there(desk: Desk, override: ManifestOverride) -> None:
    """Each parcel is where the override put it."""
    changes = []
    for one in override.after["moved"]:
        found = desk.stop_of(one["shipment"])
        there = found[0] if found else None
        if there == one["driver"] and (found is not None or one["shipment"] in desk.tray):
            continue
        hand = desk.assembled.hands.get(there or "")
        where = hand.driver.name if hand is not None else "nobody"
        text = f"{one['name']} is with {where} now, or was begun: it cannot be taken back."
        changes.append(Change(None, one["driver"] or "", 0, text))
    if changes:
        raise ChangedMeanwhile(changes)


def _weighing(
    desk: Desk, after: Mapping[str, Order], moves: Sequence[Move]
) -> tuple[Weighing, tuple[Weighed, Weighed]]:
    touched = [driver for driver in desk.orders if desk.orders[driver] != after[driver]]
    weighed = weigh(desk, desk.orders, after, touched)
    weighing = Weighing(
        kind=kind_of(desk.orders, after, desk.tray, moves),
        says=says(desk, moves),
        before=in_units(weighed[0].terms),
        after=in_units(weighed[1].terms),
        violations=broken(desk, weighed[0].violations, weighed[1].violations),
        touched=touched,
        routes={driver: record.route_facts(desk, weighed[1], driver) for driver in touched},
    )
    return weighing, weighed
