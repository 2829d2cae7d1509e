"""Storms told from growth: faults are recognised within a minute, and nothing that grows is called one."""

from dataclasses import dataclass, field

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ingest_lambda.flood_tallies import Said, Tallies
from ingest_lambda.floods import (
    MOST_MARKS,
    WINDOW_S,
    Facts,
    Followed,
    Kind,
    Look,
    Reason,
    Recent,
    Seen,
    State,
    Tally,
    Watch,
    began,
    fault,
    gather,
    judge,
    mark_of,
    rate_of,
)

APP = Facts(7, "2.4.1", "Pixel 9", "Android 16")
T0 = 1_795_338_000.0
EVERY_S = 5


@dataclass
class World:
    """What a decider sees of one key: a tally a second, a look every five; devices report as `reports` says."""

    kind: Kind = Kind.REGISTRATIONS
    now: float = T0
    watch: Watch = field(default_factory=Watch)
    seen: list[Seen] = field(default_factory=list)
    known: set = field(default_factory=set)
    reported: set = field(default_factory=set)
    states: list = field(default_factory=list)

    def second(self, devices, *, reports=(), scale=1, repeats=None):
        """`devices` register in this second, each standing for `scale` like it."""
        tallies = Tallies()
        for device in devices:
            said = Said(device, APP)
            tallies.registered(1, said, repeat=device in self.known if repeats is None else repeats)
            self.known.add(device)
        self.reported.update(reports)
        for tally in tallies.take():
            self.add(tally)
        self.step()

    def fixes(self, received, repeats, distinct):
        """A device sends `received` fixes, `repeats` of them known, `distinct` of them different."""
        marks = {mark_of(fix): fix for fix in distinct}
        if received:
            self.add(Tally(1, self.kind, "van-1", received, repeats, 0, marks, [(APP, repeats)]))
        self.step()

    def add(self, tally):
        self.seen.append(Seen(f"{len(self.seen)}", self.now, tally))

    def step(self):
        self.now += 1
        if int(self.now - T0) % EVERY_S == 0:
            window = gather(self.seen, self.now - WINDOW_S, self.now)
            old = gather(self.seen, self.now - WINDOW_S, self.now - 18).names
            followed = Followed(len(old), len([name for name in old if name in self.reported]))
            rate = rate_of(self.kind, self.seen, self.now)
            self.watch = judge(self.watch, Look(self.kind, self.now, rate, window, followed))
            self.states.append((self.now - T0, self.watch.state))

    def first(self, state):
        """Seconds until it was first in that state."""
        return next((at for at, found in self.states if found is state), None)


def test_devices_that_register_again_and_again_are_a_storm_within_half_a_minute_and_it_lifts():
    world = World()
    fleet = [f"phone-{n}" for n in range(300)]
    world.reported.update(fleet)  # they work otherwise
    for second in range(60):
        world.second([fleet[(second * 200 + n * 7) % 300] for n in range(200)])
    assert world.first(State.STORM) <= 30
    assert world.watch.reason is Reason.REPEATED
    for _ in range(60):
        world.second([])
    assert world.watch.state is State.QUIET
    assert [state for _, state in world.states].count(State.ENDING) >= 1


def test_ids_minted_at_each_launch_are_a_storm_within_a_minute():
    world = World()
    for second in range(60):
        world.second([f"mint-{second}-{n}" for n in range(400)])
    assert world.first(State.STORM) <= 45
    assert world.watch.reason is Reason.MUTE


@pytest.mark.parametrize("delay", [1, 5, 15])
def test_a_launch_with_ten_times_the_devices_is_no_storm(delay):
    world = World()
    day = 0
    launched = []
    for second in range(240):
        many = 300 if 60 <= second < 180 else 30
        fresh = [f"new-{day + n}" for n in range(many)]
        day += many
        launched.append(fresh)
        reports = launched[second - delay] if second >= delay else []
        # every third phone starts the app twice
        world.second(fresh + fresh[::3], reports=reports)
    assert {state for _, state in world.states} == {State.QUIET}


def test_registrations_doubled_and_trebled_by_a_bad_network_are_no_storm():
    world = World()
    for second in range(120):
        fresh = [f"new-{second}-{n}" for n in range(100)]
        world.second(fresh * (2 + second % 2), reports=fresh)
    assert State.STORM not in {state for _, state in world.states}


def test_one_fix_a_hundred_times_a_second_is_a_storm_within_half_a_minute_and_lifts():
    world = World(kind=Kind.REPEATS)
    for _ in range(60):
        world.fixes(100, 99, ["1795338000000000"])
    assert world.first(State.STORM) <= 30
    assert world.watch.reason is Reason.REPEATED
    for _ in range(60):
        world.fixes(0, 0, [])
    assert world.watch.state is State.QUIET


def test_a_phone_that_flushes_its_queue_even_thrice_is_no_storm():
    world = World(kind=Kind.REPEATS)
    for again in range(3):
        for second in range(30):
            fixes = [str(second * 100 + n) for n in range(100)]
            world.fixes(100, 100 if again else 0, fixes)
    assert {state for _, state in world.states} == {State.QUIET}


def test_retries_of_a_flaky_network_are_no_storm():
    world = World(kind=Kind.REPEATS)
    for second in range(120):
        world.fixes(60, 40, [str(second * 20 + n) for n in range(20)])  # each of twenty thrice
    assert {state for _, state in world.states} == {State.QUIET}


def test_a_fleet_that_has_always_been_busy_is_measured_by_what_it_usually_is():
    busy = Look(Kind.REGISTRATIONS, T0, 120.0, gather([]), Followed(100, 0))
    assert fault(busy, 0.0) is Reason.MUTE
    assert fault(busy, 100.0) is None


def test_the_usual_rate_is_learned_while_quiet_and_not_from_a_storm():
    watch = Watch()
    for look in range(720):
        watch = judge(watch, Look(Kind.REGISTRATIONS, T0 + 10 * look, 20.0, gather([])))
    assert 12 < watch.usual < 17  # two half lives
    storm = watch
    window = gather([Seen("1", T0, Tally(1, Kind.REGISTRATIONS, "7", 9000, 9000, 0, {1: "a"}))])
    for look in range(720, 730):
        storm = judge(storm, Look(Kind.REGISTRATIONS, T0 + 10 * look, 9000.0, window))
    assert storm.state is State.STORM
    assert storm.usual == watch.usual


def test_what_comes_after_hours_of_nothing_is_not_usual():
    watch = judge(Watch(usual=40.0, looked=T0), Look(Kind.REGISTRATIONS, T0 + 5 * 3600, 9000.0, gather([])))
    assert watch.usual < 40


def test_a_short_dip_does_not_end_a_storm():
    window = gather([Seen("1", T0, Tally(1, Kind.REGISTRATIONS, "7", 9000, 9000, 0, {1: "a"}))])
    watch = Watch(State.STORM, T0)
    for step in range(40):
        rate = 0.0 if step % 4 == 0 else 9000.0
        watch = judge(watch, Look(Kind.REGISTRATIONS, T0 + 5 * step, rate, window))
        assert watch.state in {State.STORM, State.ENDING}


def test_a_storm_whose_devices_turn_out_to_be_real_is_lifted():
    names = [f"new-{n}" for n in range(60)]
    window = gather(
        [Seen("1", T0, Tally(1, Kind.REGISTRATIONS, "7", 60, 0, 0, {mark_of(n): n for n in names}))]
    )
    watch = Watch(State.STORM, T0, reason=Reason.MUTE)
    for step in range(8):
        look = Look(Kind.REGISTRATIONS, T0 + 5 * step, 900.0, window, Followed(60, 50))
        watch = judge(watch, look)
    assert watch.state is State.QUIET


def test_it_began_when_the_rate_rose_and_not_when_it_was_seen():
    def at(second, received):
        return Seen(str(second), T0 + second + 0.5, Tally(1, Kind.REGISTRATIONS, "7", received))

    seen = [at(second, 5) for second in range(20)] + [at(second, 400) for second in range(20, 40)]
    assert began(Kind.REGISTRATIONS, seen, 0.0) == T0 + 20


def test_the_memory_of_the_judge_is_bounded():
    recent = Recent()
    recent.learn(
        [Seen(str(n), T0, Tally(1, Kind.REGISTRATIONS, str(n))) for n in range(Recent.MOST_KEPT + 9)], T0
    )
    assert len(recent.by_key()) == Recent.MOST_KEPT
    recent.learn([], T0 + 200)
    assert not recent.by_key()


@given(st.lists(st.lists(st.integers(0, 5000), max_size=300), min_size=1, max_size=6))
@settings(max_examples=40, deadline=None)
def test_what_processes_count_apart_is_what_one_would_have_counted(processes):
    apart = []
    for number, devices in enumerate(processes):
        tallies = Tallies()
        for device in devices:
            tallies.registered(1, Said(f"d-{device}", APP), repeat=False)
        apart += [Seen(str(number), T0, tally) for tally in tallies.take()]
    counted = [devices for devices in processes if len(devices) >= 5]
    window = gather(apart)
    assert window.received == sum(map(len, counted))
    true = {f"d-{device}" for devices in counted for device in devices}
    assert set(window.names) <= true
    if len(true) < MOST_MARKS:
        assert window.distinct == len(true)
    else:
        assert 0.5 * len(true) < window.distinct < 1.7 * len(true)


@given(
    st.integers(2_000, 20_000),
    st.floats(0.3, 1.0),
    st.integers(1, 3),
    st.floats(0, 0.6),
)
@settings(max_examples=60, deadline=None)
def test_no_launch_whose_devices_report_is_ever_a_fault(received, reporting, each, usual):
    window = gather(())._replace(
        received=received, repeats=received - received // each, distinct=received // each
    )
    asked = 64
    look = Look(Kind.REGISTRATIONS, T0, received / 10, window, Followed(asked, round(asked * reporting)))
    assert fault(look, usual) is None


@given(st.lists(st.tuples(st.floats(0, 20_000), st.integers(0, 20), st.integers(0, 64)), max_size=60))
@settings(max_examples=60, deadline=None)
def test_states_follow_one_another_whatever_comes(looks):
    allowed = {
        State.QUIET: {State.QUIET, State.SUSPECTED},
        State.SUSPECTED: {State.SUSPECTED, State.QUIET, State.STORM},
        State.STORM: {State.STORM, State.ENDING},
        State.ENDING: {State.ENDING, State.STORM, State.QUIET},
    }
    watch = Watch()
    for step, (rate, each, reported) in enumerate(looks):
        window = gather(())._replace(received=each * 100, repeats=0, distinct=100)
        look = Look(Kind.REGISTRATIONS, T0 + 5 * step, rate, window, Followed(64, reported))
        after = judge(watch, look)
        assert after.state in allowed[watch.state]
        assert after.usual >= 0
        watch = after
    for step in range(len(looks), len(looks) + 9):  # and it ends by itself
        watch = judge(watch, Look(Kind.REGISTRATIONS, T0 + 5 * step, 0.0, gather(())))
    assert watch.state is State.QUIET
