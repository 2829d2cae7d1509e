"""What the solver found, in words for people: names instead of ids, minutes instead of seconds."""

from typing import Any

import msgspec

from dispatch.planning.assembling import Assembled
from dispatch.planning.candidates import UNIT
from dispatch.planning.frames import Choice, Done, LeftOut, Remedy, Why
from dispatch.planning.prices import units
from dispatch.planning.reasons import Change, Reason, Unserved

RULES = {
    "skill": "{who} lacks what it needs",
    "vehicle": "{who} may not serve it",
    "depot": "{who} does not load where it waits",
    "begun": "it is on a route that was begun",
    "no_way": "no way is known for {who}",
    "capacity": "{who} has too little room: {by} are missing",
    "apart": "{who} carries {other}, from which it must be kept apart",
    "together": "{other} is with another driver, and they go together",
    "slot": "{who} would come {by} late to {other}",
    "loading": "{who} would be at the depot {by} after it closes",
    "shift": "{who} would be back {by} after the shift",
    "break": "{who} could not take the break in time",
    "duration": "{who} would be out {by} longer than allowed",
    "distance": "{who} would drive {by} more than allowed",
    "now": "it would have had to begin before now",
    "price": "{who} could, and it costs more than leaving it out",
}
CHANGES = {
    "slot_later": "let its slot end {by} later",
    "slot_earlier": "let its slot begin {by} earlier",
    "shift_later": "let {who} work {by} longer",
    "shift_earlier": "let {who} begin {by} earlier",
    "longer_hours": "let {who} be out {by} longer",
    "longer_way": "let {who} drive {by} further",
    "room": "give {who} room for {by} more",
    "skill": "give it to {who}, who would need what it asks for",
    "one_more": "send one more vehicle like {who}'s",
    "instead_of": "leave out {other} instead",
    "price": "raise its priority",
}
MOST_VEHICLES = 60  # reasons kept with one parcel


def unserved_of(assembled: Assembled, done: Done) -> list[Any]:
    """Every parcel that is on nobody's route, with reasons and changes: first those the solver left out."""
    names = Names(assembled)
    found = [_left_out(names, one) for one in done.left_out if one.stop in assembled.parcels]
    found += [Unserved(one.public_id, one.external_id, one.reasons) for one in assembled.left]
    return [msgspec.to_builtins(one) for one in found]


def why_driver(assembled: Assembled, choice: Choice) -> dict[str, Any]:
    """Why a route has its driver, as it is kept with the manifest."""
    names = Names(assembled)
    facts: dict[str, Any] = {"cost": units(choice.cost), "cannot": choice.cannot, "next_best": None}
    if choice.next_best is not None:
        more = units(choice.more)
        facts["next_best"] = {
            "driver": choice.next_best,
            "name": names.driver(choice.next_best),
            "more": more,
            "swaps": choice.swaps,
        }
        how = "if the two changed routes" if choice.swaps else "if they took it over"
        said = f"{names.driver(choice.next_best)} would be next: {more:g} cost units dearer {how}."
    elif choice.cannot:
        said = "Nobody else can drive it: " + "; ".join(
            f"{count} {'driver' if count == 1 else 'drivers'} {in_the_way(rule)}"
            for rule, count in sorted(choice.cannot.items())
        )
        said += "."
    else:
        said = "There is no other driver."
    return {**facts, "says": said}


IN_THE_WAY = {
    "skill": "without a skill that a stop asks for",
    "vehicle": "whose vehicle is not one that a stop allows",
    "depot": "who cannot load it",
    "apart": "who would have two parcels together that must stay apart",
    "together": "who would have only a part of what belongs together",
    "capacity": "whose vehicle is too small",
    "no_way": "from whom no way leads there",
    "slot": "who would come after a slot",
    "shift": "whose hours are too short",
    "loading": "who could not load it in time",
    "break": "who would have no time for a break",
    "duration": "who would be out for too long",
    "distance": "who would drive too far",
    "begun": "who have begun something else",
}


def in_the_way(rule: str) -> str:
    """Why a driver cannot take a route over, as it follows `3 drivers`."""
    return IN_THE_WAY.get(rule, f"kept from it by the rule “{rule.replace('_', ' ')}”")


class Names:
    """What ids of a problem are called by people."""

    def __init__(self, assembled: Assembled) -> None:
        self._assembled = assembled

    def driver(self, vehicle: str | None) -> str:
        """The driver's name."""
        hand = self._assembled.hands.get(vehicle or "")
        return hand.driver.name if hand else (vehicle or "nobody")

    def parcel(self, stop: str | None) -> str:
        """The customer's own id of a parcel, else ours; of a visit that has begun, the parcel's."""
        one = self._assembled.parcels.get(stop or "")
        if one is not None:
            return str(one.row.shipment)
        begun = self._assembled.begun.get(stop or "")
        return str(begun.shipment) if begun is not None else "it"

    def external_id(self, stop: str) -> str | None:
        """The customer's own id."""
        return self._assembled.parcels[stop].row.shipment.external_id


def _left_out(names: Names, one: LeftOut) -> Unserved:
    if not one.explained:
        text = "Not looked at: so many are left out that the time for reasons was over. There are too few drivers."
        return Unserved(one.stop, names.external_id(one.stop), [Reason("too_many_unserved", text)])
    reasons = [_reason(names, why) for why in one.vehicles[:MOST_VEHICLES]]
    if one.of > len(reasons):
        text = f"The nearest of {one.of} drivers by each rule; of so many left out, the others are not named."
        reasons.append(Reason("in_short", text))
    if one.fits_at_cost is not None:
        text = f"It fits, for {units(one.fits_at_cost):g} more, which is above its price."
        reasons.insert(0, Reason("price", text))
    if not reasons:
        reasons = [Reason("no_driver", "There is no driver.")]
    changes = [_change(names, remedy) for remedy in one.remedies]
    return Unserved(one.stop, names.external_id(one.stop), reasons, changes)


def _reason(names: Names, why: Why) -> Reason:
    text = RULES.get(why.rule, why.rule).format(
        who=names.driver(why.vehicle), by=amount(why.by, why.unit), other=names.parcel(why.other)
    )
    return Reason(why.rule, text[:1].upper() + text[1:] + ".", why.vehicle)


def _change(names: Names, remedy: Remedy) -> Change:
    text = CHANGES.get(remedy.change, remedy.change).format(
        who=names.driver(remedy.vehicle), by=amount(remedy.by, remedy.unit), other=names.parcel(remedy.other)
    )
    dearer = f", for {units(remedy.cost):g} more" if remedy.cost > 0 else ""
    return Change(remedy.change, f"{text[:1].upper()}{text[1:]}{dearer}.", remedy.vehicle)


def amount(by: int, unit: str) -> str:
    """So much of a unit, as one would say it: seconds as minutes rounded up, loads in their own unit."""
    if unit == "s":
        minutes = -(-by // 60)
        return f"{minutes} min" if minutes < 120 else f"{minutes // 60} h {minutes % 60} min"
    if unit == "m":
        return f"{by / 1000:.1f} km"
    if not unit:
        return str(by)
    return f"{by / UNIT:g} {unit}"
