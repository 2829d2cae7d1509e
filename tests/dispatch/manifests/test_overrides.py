"""A supervisor moves stops: what it costs, what it writes, what it refuses, and how it is taken back."""

from datetime import timedelta
from typing import Any

import pytest

from dispatch.fleet.models import Shift
from dispatch.manifests import overrides
from dispatch.manifests.conflicts import ChangedMeanwhile
from dispatch.manifests.models import Manifest, ManifestOverride, ManifestStop, ManifestVersion
from dispatch.manifests.moves import BadMove, Move
from dispatch.manifests.named import BadExpectation
from dispatch.manifests.orders import stops_on
from dispatch.manifests.services import arrive
from dispatch.shipments.authors import Author
from dispatch.shipments.models import ShipmentEvent, ShipmentState
from tests.dispatch.fleet.ground import NOW
from tests.dispatch.manifests.boards import DAY, LATER, Board, a_board
from tracker.outbox.models import OutboxEvent

MEERA = Author("member", "usr_" + "1" * 32, "Meera Joshi")
WHY = {"reason_code": "knows_the_place", "reason": "Ravi has the key to the yard"}


@pytest.fixture
def board(box) -> Board:
    return a_board(box)


def move(board: Board, *moves: Move, expected=None, **how):
    """Applied by somebody who has just looked at everything."""
    if expected is None:
        expected = board.seen(board.asha, board.ravi, board.meera)
    facts = {"expected": expected, "author": MEERA, "now": LATER, **WHY, **how}
    return overrides.apply(board.environment.pk, board.hub, DAY, moves, **facts)


def test_a_preview_says_the_cost_by_term_and_writes_nothing(board):
    before = ManifestVersion.objects.for_environment(board.environment).count()
    [first, *_] = board.order(board.asha)
    found = overrides.preview(
        board.environment.pk, board.hub, DAY, [Move(first, board.ravi.public_id)], now=LATER
    )
    assert found.kind == "move"
    assert {"distance", "change"} <= found.before.keys()
    assert found.after["change"] > found.before["change"]
    assert [one["shipment"] for one in found.routes[board.ravi.public_id]["stops"]][-1] == first
    assert ManifestVersion.objects.for_environment(board.environment).count() == before
    assert not ManifestOverride.objects.for_environment(board.environment).exists()


def test_a_move_gives_both_drivers_a_new_version_and_the_parcel_its_new_driver(board):
    [first, *rest] = board.order(board.asha)
    there = board.order(board.ravi)
    made = move(board, Move(first, board.ravi.public_id, there[1]))
    assert board.order(board.asha) == rest
    assert board.order(board.ravi) == [there[0], first, *there[1:]]
    assert {board.manifest(one).version for one in (board.asha, board.ravi)} == {2}
    state = ShipmentState.objects.for_environment(board.environment).get(shipment__uid=first[4:])
    assert (state.driver_id, state.state) == (board.ravi.pk, "assigned")
    version = ManifestVersion.objects.for_environment(board.environment).get(
        manifest=board.manifest(board.ravi), number=2
    )
    assert [stop["shipment"] for stop in version.difference["added"]] == [first]
    assert version.reason == WHY["reason"]
    assert made.kind == "move"


def test_an_override_keeps_before_after_author_reason_and_cost_and_is_told(board):
    [first, *_] = board.order(board.asha)
    made = move(board, Move(first, board.ravi.public_id))
    kept = ManifestOverride.objects.for_environment(board.environment).get(pk=made.pk)
    [was], [is_now] = kept.before["moved"], kept.after["moved"]
    assert (was["driver_name"], is_now["driver_name"]) == ("Asha", "Ravi")
    assert (was["hour"], was["vehicle_type"]) == (12, "two_wheeler")
    assert kept.before["manifests"].keys() == kept.after["manifests"].keys()
    assert (kept.author["name"], kept.reason_code, kept.reason) == ("Meera Joshi", *WHY.values())
    assert sum(kept.cost_after.values()) != sum(kept.cost_before.values())
    event = ShipmentEvent.objects.for_environment(board.environment).get(kind="ManifestOverridden")
    assert event.data["override"] == kept.public_id
    told = OutboxEvent.objects.for_environment(board.environment).get(kind="manifest.overridden")
    assert told.data["moved"][0]["to_driver"] == board.ravi.public_id
    assert told.data["author"]["name"] == "Meera Joshi"


@pytest.mark.parametrize(
    "how", [{"reason": "  "}, {"reason_code": ""}, {"reason_code": "because"}, {"reason": ""}]
)
def test_without_a_reason_nothing_is_moved(board, how):
    [first, *_] = before = board.order(board.asha)
    with pytest.raises(overrides.NoReason):
        move(board, Move(first, board.ravi.public_id), **how)
    assert board.order(board.asha) == before


def test_who_looked_before_somebody_else_moved_is_told_what_and_by_whom(board):
    first, second, _ = board.order(board.asha)
    looked = board.seen(board.asha, board.ravi)
    move(board, Move(first, board.ravi.public_id), expected=looked)
    with pytest.raises(ChangedMeanwhile) as refused:
        move(board, Move(second, board.ravi.public_id), expected=looked)
    assert "Meera Joshi" in str(refused.value)
    assert any(WHY["reason"] in change.says for change in refused.value.changes)
    assert second in board.order(board.asha)


def test_a_drivers_own_progress_counts_as_a_change(board):
    first, second, _ = board.order(board.asha)
    looked = board.seen(board.asha, board.ravi)
    [stop, *_] = stops_on(board.manifest(board.asha))
    arrive(board.environment.pk, stop.pk, at=NOW, by=MEERA, now=LATER)
    with pytest.raises(ChangedMeanwhile, match="changed"):
        move(board, Move(second, board.ravi.public_id), expected=looked)
    with pytest.raises(BadMove, match="has begun"):
        move(board, Move(first, board.ravi.public_id))


def test_what_was_not_looked_at_is_not_changed(board):
    [first, *_] = board.order(board.asha)
    with pytest.raises(ChangedMeanwhile):
        move(board, Move(first, board.ravi.public_id), expected=board.seen(board.ravi))
    with pytest.raises(BadExpectation, match=board.ravi.public_id):
        move(board, Move(first, board.ravi.public_id), expected=board.seen(board.asha))


def test_an_idle_driver_gets_a_manifest_at_once_where_the_day_is_released(board):
    made = move(board, Move(board.tray[0], board.meera.public_id))
    manifest = board.manifest(board.meera)
    assert (manifest.state, manifest.version) == (Manifest.State.RELEASED, 1)
    assert board.order(board.meera) == [board.tray[0]]
    assert made.kind == "add"


def test_a_stop_taken_off_the_plan_waits_for_the_next(board):
    [first, *_] = board.order(board.asha)
    move(board, Move(first, None))
    state = ShipmentState.objects.for_environment(board.environment).get(shipment__uid=first[4:])
    assert state.state == "ready"
    removed = ManifestStop.objects.for_environment(board.environment).get(state=ManifestStop.State.REMOVED)
    assert removed.shipment.public_id == first
    assert first in board.desk().tray


def test_a_sick_drivers_stops_can_be_given_away_all_at_once(board):
    Shift.objects.for_environment(board.environment).filter(driver=board.asha).delete()
    stops = board.order(board.asha)
    made = move(board, *[Move(one, board.meera.public_id) for one in stops], reason_code="driver_away")
    assert board.order(board.meera) == stops
    assert board.manifest(board.asha).state == Manifest.State.CANCELLED
    assert made.kind == "driver"


def test_a_rule_may_be_broken_knowingly_and_is_kept_with_the_override(board):
    board.meera.skills = []
    board.meera.save()
    Shift.objects.for_environment(board.environment).filter(driver=board.meera).update(ends="11:45")
    stops = board.order(board.asha)
    made = move(board, *[Move(one, board.meera.public_id) for one in stops])
    assert any(one["rule"] == "shift" and one["new"] for one in made.violations)
    assert board.order(board.meera) == stops


def test_an_undo_leads_back_and_can_be_made_once(board):
    before = {driver.name: board.order(driver) for driver in (board.asha, board.ravi)}
    made = move(board, Move(before["Asha"][1], board.ravi.public_id, before["Ravi"][0]))
    how: dict[str, Any] = {"reason": "Ravi called", "author": MEERA, "now": LATER}
    back = overrides.undo(board.environment.pk, made, **how)
    assert {driver.name: board.order(driver) for driver in (board.asha, board.ravi)} == before
    assert back.undoes_id == made.pk
    with pytest.raises(overrides.UndoneAlready):
        overrides.undo(board.environment.pk, made, **how)


def test_an_undo_does_not_take_back_what_somebody_moved_on(board):
    [first, *_] = board.order(board.asha)
    made = move(board, Move(first, board.ravi.public_id))
    move(board, Move(first, board.meera.public_id))
    with pytest.raises(ChangedMeanwhile) as refused:
        overrides.undo(board.environment.pk, made, reason="No", author=MEERA, now=LATER)
    assert "Meera now" in refused.value.changes[0].says
    assert first in board.order(board.meera)


def test_an_undo_needs_a_reason_too(board):
    [first, *_] = board.order(board.asha)
    made = move(board, Move(first, board.ravi.public_id))
    with pytest.raises(overrides.NoReason):
        overrides.undo(board.environment.pk, made, reason=" ", author=MEERA, now=LATER)


def test_a_draft_is_changed_without_telling_anybody(box):
    board = a_board(box)
    Manifest.objects.for_environment(box).update(state="draft", version=0)
    ManifestVersion.objects.for_environment(box).delete()
    ShipmentState.objects.for_environment(box).update(state="ready", driver=None)
    [first, *_] = board.order(board.asha)
    looked = board.seen(board.asha, board.ravi)
    move(board, Move(first, board.ravi.public_id), expected=looked)
    assert first in board.order(board.ravi)
    assert board.manifest(board.ravi).state == Manifest.State.DRAFT
    assert board.manifest(board.ravi).revision > looked[board.manifest(board.ravi).public_id]
    assert not ManifestVersion.objects.for_environment(box).exists()


def test_times_of_the_stops_are_those_of_the_new_order(board):
    first, second, third = board.order(board.asha)
    move(board, Move(third, board.asha.public_id, first))
    stops = stops_on(board.manifest(board.asha))
    assert [stop.shipment.public_id for stop in stops] == [third, first, second]
    arrivals = [stop.planned_arrival for stop in stops]
    assert arrivals == sorted(arrivals)
    assert arrivals[0] >= LATER - timedelta(minutes=1)
    assert all(stop.distance_m > 0 for stop in stops)
