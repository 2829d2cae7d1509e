"""A rule tried on the last weeks: plans are solved again with it and without it."""

from datetime import UTC, datetime

from dispatch.optimiser.problem import Place, Problem, Stop, Vehicle
from dispatch.optimiser.solution import Route, Solution, Visit
from dispatch.optimiser.solving import solve
from dispatch.optimiser.stop import Iterations
from dispatch.patterns.areas import Box
from dispatch.patterns.back_test import back_test, sentence
from dispatch.patterns.cases import Case
from dispatch.patterns.constraints import Condition, Constraint, VehicleFacts
from dispatch.planning.brief import Brief
from dispatch.planning.ways import Ways

EPOCH = datetime(2026, 5, 4, tzinfo=UTC)
LANES = Box(73.87, 18.51, 73.88, 18.52)
CONDITION = Condition(area=LANES, vehicle_type="four_wheeler")
RULE = Constraint("never", area=LANES, vehicle_type="four_wheeler")


def a_brief(stops: list[tuple[str, float, float]]) -> Brief:
    """The van stands beside the lanes, the scooter across town."""
    places = [Place(longitude=73.875, latitude=18.5155), Place(longitude=73.83, latitude=18.5155)]
    places += [Place(longitude=lon, latitude=lat) for _, lon, lat in stops]
    vehicles = tuple(
        Vehicle(
            id=name,
            start=at,
            end=at,
            shift_start_s=0,
            shift_end_s=36_000,
            profile="x1",
            fixed_price=5_000_000,
        )
        for name, at in (("drv_van", 0), ("drv_scooter", 1))
    )
    return Brief(
        epoch=EPOCH, timezone="UTC", now_s=0, places=tuple(places), depots=(), vehicles=vehicles,
        stops=tuple(Stop(id=name, place=n, service_s=60) for n, (name, _, _) in enumerate(stops, 2)),
        ways=Ways(), kinds={
            "drv_van": VehicleFacts("four_wheeler", "drv_van"),
            "drv_scooter": VehicleFacts("two_wheeler", "drv_scooter"),
        },
    )  # fmt: skip


def moved(shipment: str) -> Case:
    return Case(
        EPOCH.toordinal(), 73.875, 18.515, 9, "four_wheeler", "drv_van", overridden=True,
        to_driver="drv_scooter", to_vehicle_type="two_wheeler", shipment=shipment, override="ovr_1",
    )  # fmt: skip


def counted(problem: Problem, seed: int) -> Solution:
    return solve(problem, Iterations(20), seed)


def test_what_the_rule_keeps_from_happening_again_is_avoided_and_its_way_is_paid_for():
    brief = a_brief([("a", 73.8751, 18.5151), ("b", 73.8755, 18.5159), ("far", 73.83, 18.516)])
    found = back_test([(brief, [moved("a"), moved("b")])], CONDITION, RULE, counted)
    assert (found.plans, found.of, found.avoided) == (1, 2, 2)
    assert found.distance_share is not None
    assert found.distance_share > 0
    assert found.unserved == 0


def test_a_parcel_left_out_instead_is_not_avoided():
    brief = a_brief([("a", 73.8751, 18.5151)])
    nobody = lambda problem, seed: Solution(routes=(), unserved=("a",))  # noqa: E731
    found = back_test([(brief, [moved("a")])], CONDITION, RULE, nobody)
    assert (found.of, found.avoided) == (1, 0)


def test_what_a_new_plan_would_have_avoided_anyway_is_said():
    brief = a_brief([("a", 73.8751, 18.5151)])

    def scooter(problem: Problem, seed: int) -> Solution:
        visit = Visit(stop="a", arrive_s=3600, start_s=3600, end_s=3660)
        return Solution(
            routes=(Route(vehicle="drv_scooter", leave_s=0, end_s=7200, distance_m=9000, visits=(visit,)),)
        )

    found = back_test([(brief, [moved("a")])], CONDITION, RULE, scooter)
    assert (found.avoided, found.anyway) == (1, 1)


def test_a_back_test_reads_as_a_sentence():
    kept = {"plans": 20, "of": 40, "avoided": 31, "anyway": 2, "distance_share": 0.008, "unserved": 0}
    said = sentence(kept)
    assert said.startswith("Would have avoided 31 of 40 overrides")
    assert "+0.8 % distance" in said
    assert sentence({}).startswith("Not tested")
