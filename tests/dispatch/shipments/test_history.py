"""The pure rules, over random lives of shipments: what is decided is applied, and the order of knowing is no matter."""

from contextlib import suppress
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from dispatch.shipments import commands as c
from dispatch.shipments import kinds
from dispatch.shipments.apply import apply
from dispatch.shipments.decide import decide, legal
from dispatch.shipments.history import FINAL, Known, as_of, fold, moot, settle
from dispatch.shipments.state import ENDED, NOTHING, State
from dispatch.shipments.transitions import FOLLOWS, IllegalTransition

BEGIN = datetime(2026, 5, 1, 6, 0, tzinfo=UTC)
MINUTE = timedelta(minutes=1)
DRIVER, OTHER = "drv_" + "1" * 32, "drv_" + "2" * 32
SLOTS = ((BEGIN + 60 * MINUTE, BEGIN + 180 * MINUTE),)

COMMANDS: list[c.Command] = [
    c.ConfirmPickup(),
    c.Assign(manifest="mft_" + "1" * 32, version=1, driver=DRIVER),
    c.Assign(manifest="mft_" + "2" * 32, version=1, driver=OTHER, promised_to=SLOTS[0][1]),
    c.Unassign(reason="moved"),
    c.StartDelivery(),
    c.FailAttempt(reason="nobody_home", note="rang twice", longitude=73.1, latitude=18.0),
    c.AllowAttempt(not_before=BEGIN + 120 * MINUTE),
    c.ConfirmDelivery(recipient="neighbour", cash_minor=500),
    c.Reschedule(slots=SLOTS),
    c.LeaveNote(note="second floor", whose="customer"),
    c.LeaveNote(note="ask for the key"),
    c.Cancel(reason="withdrawn"),
    c.StartReturn(reason="refused"),
    c.ConfirmReturn(),
    c.ReportDamage(reason="wet"),
    c.ReportLoss(reason="not_in_van"),
    c.ChangeHub(hub="hub_" + "3" * 32),
    c.ChangeDetails(phone="5", service_s=60),
    c.CorrectAddress(place_by="person", longitude=73.2, latitude=18.1),
    c.NoteOverride(override="ovr_" + "4" * 32, reason_code="traffic"),
    c.ForgetPersonalData(reason="asked"),
]
QUIET = settings(deadline=None, max_examples=60, suppress_health_check=[HealthCheck.too_slow])
# a command, how many minutes after the one before it becomes known, and how many before that it happened
STEPS = st.lists(
    st.tuples(st.integers(0, len(COMMANDS) - 1), st.integers(0, 40), st.integers(0, 200)),
    min_size=0,
    max_size=16,
)


def known(history: list[Known], command: c.Command, at: datetime, now: datetime) -> list[Known]:
    settled = settle(history, command, at)
    new = [
        Known(event, len(history) + n, settled.occurred_at, now) for n, event in enumerate(settled.events, 1)
    ]
    assert fold([*history, *new]) == settled.state, "what was told is what a replay makes of it"
    return [*history, *new]


def life(steps: list[tuple[int, int, int]]) -> list[Known]:
    """A history: whatever of the steps was legal."""
    history = known([], c.Create(recipient="Asha", slots=SLOTS), BEGIN, BEGIN)
    now = BEGIN
    for number, later, late in steps:
        now += later * MINUTE
        with suppress(IllegalTransition):
            history = known(history, COMMANDS[number], now - late * MINUTE, now)
    return history


@QUIET
@given(STEPS)
def test_a_replay_twice_equals_once_and_reads_no_clock(steps):
    history = life(steps)
    assert fold(history) == fold(list(reversed(history))) == fold(history)
    assert fold(history).sequence == len(history)


@QUIET
@given(STEPS)
def test_no_late_fact_takes_an_ending_back(steps):
    history = life(steps)
    for count in range(1, len(history)):
        before, after = history[:count], history[: count + 1]
        standing = {k.sequence for k in before if isinstance(k.event, FINAL)} - moot(before)
        assert not standing & moot(after)


@QUIET
@given(STEPS)
def test_a_command_is_legal_exactly_when_it_is_listed(steps):
    state = fold(life(steps))
    for command in COMMANDS:
        name = c.NAMES[type(command)]
        try:
            events, listed = decide(state, command, BEGIN), None
        except IllegalTransition as refused:
            events, listed = [], refused.legal
        if listed is None:
            assert name in legal(state) or events == []
        else:
            assert listed == legal(state)
            assert name not in listed or isinstance(command, c.ChangeDetails), (
                "its plan is fixed on a manifest"
            )


@QUIET
@given(STEPS, st.integers(0, 600), st.integers(0, 600))
def test_what_was_known_then_does_not_change_with_what_becomes_known(steps, at, known_at):
    history = life(steps)
    moment, then = BEGIN + at * MINUTE, BEGIN + known_at * MINUTE
    recorded = [k for k in history if k.recorded_at <= then]
    assert fold(as_of(history, moment, then)) == fold(as_of(recorded, moment))
    latest = BEGIN + 10_000 * MINUTE
    assert fold(as_of(history, latest)) == fold(history)


@QUIET
@given(STEPS)
def test_a_shipment_that_ended_says_when_and_one_that_did_not_says_nothing(steps):
    state = fold(life(steps))
    assert (state.ended_at is not None) == (state.state in ENDED)
    assert (state.delivered_at is not None) == (state.state == "delivered")
    assert state.attempts >= 0


@QUIET
@given(st.sampled_from(sorted(FOLLOWS, key=lambda kind: kind.__name__)), STEPS)
def test_an_event_that_cannot_follow_is_passed_over(kind, steps):
    state = fold(life(steps))
    samples = [event for command in COMMANDS for event in _events_of(command) if type(event) is kind]
    for event in samples:
        after = apply(state, event, BEGIN)
        if state.state not in FOLLOWS[kind] and state.state != "cancelled":
            assert after == _but_for_time(after, state)


def _events_of(command: c.Command) -> list[kinds.Event]:
    """What the command makes happen from wherever it is legal."""
    for state in ("created", "ready", "assigned", "out_for_delivery", "failed", "returning", "delivered"):
        try:
            return decide(State(state=state, sequence=1, driver=DRIVER), command, BEGIN)
        except IllegalTransition:
            continue
    return []


def _but_for_time(after: State, before: State) -> State:
    return type(before)(
        **{f: getattr(before, f) for f in State.__struct_fields__} | {"changed_at": after.changed_at}
    )


def test_a_driver_without_a_network_tells_the_whole_morning_at_noon():
    history = known([], c.Create(), BEGIN, BEGIN)
    for command in (COMMANDS[0], COMMANDS[1]):
        history = known(history, command, BEGIN + MINUTE, BEGIN + MINUTE)
    slots = ((BEGIN + 600 * MINUTE, BEGIN + 660 * MINUTE),)
    history = known(history, c.Reschedule(slots=slots), BEGIN + 200 * MINUTE, BEGIN + 200 * MINUTE)
    noon = BEGIN + 360 * MINUTE
    for command, minute in (
        (c.StartDelivery(), 30),
        (c.FailAttempt(reason="nobody_home"), 60),
        (c.ConfirmDelivery(), 90),
    ):
        history = known(history, command, BEGIN + minute * MINUTE, noon)
    state = fold(history)
    assert (state.state, state.attempts, state.delivered_at) == ("delivered", 1, BEGIN + 90 * MINUTE)
    assert moot(history) == {4}, "the other day was asked for after it had arrived"
    assert fold(as_of(history, BEGIN + 70 * MINUTE)).state == "failed"
    assert fold(as_of(history, BEGIN + 70 * MINUTE, known_at=noon - MINUTE)).state == "assigned"


def test_two_endings_cannot_both_be():
    history = known([], c.Create(), BEGIN, BEGIN)
    steps = (COMMANDS[0], COMMANDS[1], c.StartDelivery(), c.StartReturn(reason="refused"), c.ConfirmReturn())
    for number, command in enumerate(steps):
        history = known(history, command, BEGIN + 10 * number * MINUTE, BEGIN + 10 * number * MINUTE)
    with pytest.raises(IllegalTransition, match="it is returned"):
        settle(history, c.ConfirmDelivery(), BEGIN + 25 * MINUTE)


def test_what_is_cancelled_on_the_road_may_still_be_handed_over_or_come_back():
    history = known([], c.Create(), BEGIN, BEGIN)
    for number, command in enumerate(
        (COMMANDS[0], COMMANDS[1], c.StartDelivery(), c.Cancel(reason="withdrawn"))
    ):
        history = known(history, command, BEGIN + number * MINUTE, BEGIN + number * MINUTE)
    assert {"confirm_delivery", "start_return"} <= set(legal(fold(history)))
    before = known([], c.Create(), BEGIN, BEGIN)
    before = known(before, c.Cancel(reason="withdrawn"), BEGIN, BEGIN)
    assert not {"confirm_delivery", "start_return"} & set(legal(fold(before)))


def test_nothing_happens_to_what_was_never_announced():
    assert legal(NOTHING) == []
    with pytest.raises(IllegalTransition, match="it is not announced"):
        settle([], c.ConfirmPickup(), BEGIN)
