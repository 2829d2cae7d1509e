"""What a supervisor asks for on the board, and the orders of stops it leads to. Pure.

An order holds the parcels of a driver that nobody has begun; what is done or under way stays where it is.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from dispatch.manifests.errors import ManifestRefusal

MOST_MOVES = 200
Orders = Mapping[str, tuple[str, ...]]
Kind = Literal["move", "remove", "add", "order", "driver"]


class BadMove(ManifestRefusal):
    """A move that cannot be made whatever it costs. `number` counts from 0."""

    code = "bad_move"

    def __init__(self, number: int, reason: str) -> None:
        super().__init__(reason)
        self.number = number


@dataclass(frozen=True, slots=True)
class Move:
    """A parcel goes to a driver, ahead of another parcel of theirs or to the end; to nobody with `to` None."""

    shipment: str
    to: str | None
    before: str | None = None


def moved(
    orders: Orders, tray: Sequence[str], moves: Sequence[Move]
) -> tuple[dict[str, tuple[str, ...]], tuple[str, ...]]:
    """The orders and the unserved parcels after these moves, made one after the other.

    Parameters
    ----------
    orders
        For each driver who may be given something, their open parcels in order.
    tray
        Parcels that nobody has.

    Raises
    ------
    BadMove
        A parcel or driver that is not there, has begun, or stands ahead of itself.
    """
    if not moves:
        raise BadMove(0, "Say at least one move.")
    if len(moves) > MOST_MOVES:
        raise BadMove(MOST_MOVES, f"At most {MOST_MOVES} moves go into one override.")
    after = {driver: list(stops) for driver, stops in orders.items()}
    left = list(tray)
    for number, move in enumerate(moves):
        _take(after, left, number, move)
        if move.to is None:
            left.append(move.shipment)
        else:
            _put(after, number, move)
    result = {driver: tuple(stops) for driver, stops in after.items()}
    if result == {driver: tuple(stops) for driver, stops in orders.items()}:
        raise BadMove(0, "Nothing would change: the stop is there already.")
    return result, tuple(left)


def _take(after: dict[str, list[str]], left: list[str], number: int, move: Move) -> None:
    for stops in (*after.values(), left):
        if move.shipment in stops:
            stops.remove(move.shipment)
            return
    raise BadMove(
        number, f"{move.shipment} cannot be moved: it has begun, is over, or is not of this hub's day."
    )


def _put(after: dict[str, list[str]], number: int, move: Move) -> None:
    if move.to not in after:
        raise BadMove(number, f"{move.to} is no driver who works at this hub that day.")
    stops = after[move.to]
    if move.before is None:
        stops.append(move.shipment)
    elif move.before in stops:
        stops.insert(stops.index(move.before), move.shipment)
    else:
        raise BadMove(number, f"{move.before} is not among the open stops of {move.to}.")


def kind_of(before: Orders, after: Orders, tray: Sequence[str], moves: Sequence[Move]) -> Kind:
    """What the moves come to, in one word."""
    names = {move.shipment for move in moves}
    was = {stop: driver for driver, stops in before.items() for stop in stops if stop in names}
    now = {stop: driver for driver, stops in after.items() for stop in stops if stop in names}
    if not was:
        return "add"
    if not now:
        return "remove"
    if was == now:
        return "order"
    taken = {driver for stop, driver in was.items() if now.get(stop) != driver}
    if len(taken) == 1 and len(names) > 1 and not after.get(next(iter(taken))):
        return "driver"  # all a driver had left went elsewhere
    return "move"


def undoing(before: Orders, now: Orders, shipments: Sequence[str]) -> list[Move]:
    """The moves that give these parcels back to whom they were taken from, as near to their places as still can be."""
    was = {stop: driver for driver, stops in before.items() for stop in stops}
    there = {driver: set(stops) for driver, stops in now.items()}
    back = [Move(shipment, None) for shipment in shipments if shipment not in was]
    for driver, stops in before.items():
        mine = [stop for stop in shipments if was.get(stop) == driver]
        for stop in reversed([stop for stop in stops if stop in mine]):
            after = stops[stops.index(stop) + 1 :]
            following = next((one for one in after if one in there.get(driver, set())), None)
            back.append(Move(stop, driver, following))
            there.setdefault(driver, set()).add(stop)
    return back
