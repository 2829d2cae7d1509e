"""When a search ends."""

import threading

import pytest

from dispatch.optimiser.stop import After, AnyOf, Iterations, WhenSet, begin, remaining_s


def test_no_time_at_all_ends_at_once_and_stays_ended() -> None:
    stop = After(0)
    assert stop(None)
    assert stop(12)


def test_much_time_goes_on_and_says_what_is_left() -> None:
    stop = After(1000)
    begin(stop)
    assert not stop(1)
    assert 0 < remaining_s(stop) <= 1000


def test_a_count_allows_so_many_steps() -> None:
    stop = Iterations(3)
    assert [stop(None) for _ in range(5)] == [False, False, False, True, True]
    assert remaining_s(stop) == float("inf")


def test_a_person_ends_it() -> None:
    event = threading.Event()
    stop = AnyOf(Iterations(100), WhenSet(event))
    assert not stop(5)
    event.set()
    assert stop(5)


def test_the_shortest_clock_of_several_counts() -> None:
    stop = AnyOf(After(50), Iterations(4), After(500))
    begin(stop)
    assert 40 < remaining_s(stop) <= 50


@pytest.mark.parametrize("make", [lambda: After(-1), lambda: After(float("nan")), lambda: Iterations(-1)])
def test_less_than_nothing_is_refused(make) -> None:
    with pytest.raises(ValueError):
        make()
