"""Moves of stops on the board, and the moves that take them back."""

import pytest

from dispatch.manifests.moves import MOST_MOVES, BadMove, Move, kind_of, moved, undoing

ORDERS = {"asha": ("a", "b", "c"), "ravi": ("x", "y"), "idle": ()}


def test_a_stop_goes_to_another_driver_ahead_of_a_stop_of_theirs():
    after, tray = moved(ORDERS, ("t",), [Move("b", "ravi", "y")])
    assert after == {"asha": ("a", "c"), "ravi": ("x", "b", "y"), "idle": ()}
    assert tray == ("t",)


def test_a_stop_can_be_taken_off_and_one_that_nobody_has_be_given():
    after, tray = moved(ORDERS, ("t",), [Move("x", None), Move("t", "idle")])
    assert (after["ravi"], after["idle"], tray) == (("y",), ("t",), ("x",))


def test_moves_are_made_one_after_the_other():
    after, _ = moved(ORDERS, (), [Move("c", "asha", "a"), Move("b", "asha", "c")])
    assert after["asha"] == ("b", "c", "a")


@pytest.mark.parametrize(
    ("move", "says"),
    [
        (Move("gone", "asha"), "has begun"),
        (Move("a", "nobody"), "no driver"),
        (Move("a", "ravi", "c"), "not among the open stops"),
        (Move("a", "asha", "a"), "not among the open stops"),
        (Move("a", "asha", "b"), "there already"),
    ],
)
def test_what_cannot_be_moved_says_why(move, says):
    with pytest.raises(BadMove, match=says):
        moved(ORDERS, (), [move])


def test_neither_nothing_nor_too_much_is_an_override():
    with pytest.raises(BadMove, match="at least one"):
        moved(ORDERS, (), [])
    with pytest.raises(BadMove, match=str(MOST_MOVES)):
        moved(ORDERS, (), [Move("a", "ravi")] * (MOST_MOVES + 1))


@pytest.mark.parametrize(
    ("moves", "tray", "kind"),
    [
        ([Move("a", "ravi")], (), "move"),
        ([Move("c", "asha", "a")], (), "order"),
        ([Move("a", None)], (), "remove"),
        ([Move("t", "ravi")], ("t",), "add"),
        ([Move("x", "asha"), Move("y", "idle")], (), "driver"),
    ],
)
def test_an_override_has_one_word_for_what_it_did(moves, tray, kind):
    after, _ = moved(ORDERS, tray, moves)
    assert kind_of(ORDERS, after, tray, moves) == kind


@pytest.mark.parametrize(
    "moves",
    [
        [Move("b", "ravi", "y")],
        [Move("a", "ravi"), Move("b", "ravi", "x"), Move("c", "idle")],
        [Move("c", "asha", "a")],
        [Move("x", None), Move("t", "asha", "b")],
    ],
)
def test_undoing_leads_back_to_where_everything_was(moves):
    after, tray = moved(ORDERS, ("t",), moves)
    back, tray_again = moved(after, tray, undoing(ORDERS, after, [move.shipment for move in moves]))
    assert back == ORDERS
    assert tray_again == ("t",)


def test_undoing_puts_a_stop_as_near_to_its_place_as_the_day_still_allows():
    after, _ = moved(ORDERS, (), [Move("a", "ravi")])
    after = {**after, "asha": ("c",)}  # b was delivered meanwhile
    assert undoing(ORDERS, after, ["a"]) == [Move("a", "asha", "c")]
