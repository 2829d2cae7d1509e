"""A driver of a rehearsal tells everything in the end, whatever the network does, and hands no parcel over twice."""

import asyncio
from typing import Any

import pytest

from dispatch.rehearsal.client import Refused
from dispatch.rehearsal.driver import Driver
from dispatch.rehearsal.phone import Phone
from dispatch.rehearsal.tally import Tally
from tests.dispatch.rehearsal.test_world import a_world

HERE = {"longitude": 74.5, "latitude": 18.2}


class Product:
    """Answers as the product does; away for as many requests as `away` says."""

    def __init__(self, stops: int) -> None:
        self.tally = Tally()
        self.headers: dict[str, str] = {}
        self.told: dict[str, dict[str, Any]] = {}
        self.away = 0
        self.stops = [
            {"stop": f"stp_{n}", "shipment": f"shp_{n}", "attempt": 1, "state": "planned", **HERE}
            for n in range(stops)
        ]

    async def ask(self, what: str, method: str, path: str, *, json: Any = None, **_: Any) -> Any:
        if self.away:
            self.away -= 1
            raise Refused(503, "restarting", path)
        for one in json["actions"] if json else ():
            self.told.setdefault(one["id"], one)
        for stop in self.stops:
            if any(one.get("stop") == stop["stop"] and one["kind"] != "arrive" for one in self.told.values()):
                stop["state"] = "delivered"
        manifest = {"manifest": "mft_1", "version": 1, "state": "released", "hub": HERE, "stops": self.stops}
        answers = [{"id": one["id"], "outcome": "done"} for one in json["actions"]] if json else []
        day = {"manifest": manifest}
        return {"answers": answers, "day": day} if json else day

    def visits(self) -> int:
        return sum(one["kind"] in {"deliver", "fail"} for one in self.told.values())


def work(driver: Driver, product: Product, *, until: int) -> None:
    """The driver's day at this product, over once so many visits were told or nothing more comes."""

    async def play() -> None:
        over = asyncio.Event()
        driver.phone = Phone(product, driver.dice)  # type: ignore[arg-type]
        task = asyncio.create_task(driver.day(over))
        for _ in range(600):
            if product.visits() >= until or task.done():
                break
            await asyncio.sleep(0.05)
        over.set()
        await task

    asyncio.run(play())


@pytest.fixture
def driver(monkeypatch) -> Driver:
    monkeypatch.setattr("dispatch.rehearsal.driver.LOOKS_EVERY_S", 0.05)
    return Driver(a_world(speed=200), "link", "http://nowhere", Tally(), "seed", set())


def test_a_phone_that_loses_its_network_at_the_last_stop_tells_of_it_at_the_hub(driver, monkeypatch):
    monkeypatch.setattr("dispatch.rehearsal.driver.LOSES_NETWORK", 1.0)
    product = Product(3)
    work(driver, product, until=3)
    assert product.visits() == 3
    assert sum(driver.book.delivered.values()) + sum(driver.book.failed.values()) == 3
    assert driver.phone.waiting == []


def test_a_product_that_is_away_for_a_while_is_asked_again_and_misses_nothing(driver):
    product = Product(2)
    product.away = 4
    work(driver, product, until=2)
    assert product.visits() == 2
    assert driver.tally.counts["put_off"] >= 1
    assert driver.tally.problems == []


def test_what_somebody_else_took_to_its_door_is_not_in_this_van(driver):
    driver.visited.add(("shp_0", 1))
    product = Product(2)
    work(driver, product, until=1)
    assert {one["stop"] for one in product.told.values() if one["kind"] == "arrive"} == {"stp_1"}


def test_an_answer_about_the_matter_is_no_reason_for_patience(driver):
    with pytest.raises(Refused), driver.patience():
        raise Refused(403, "no", "/d/api/day")
