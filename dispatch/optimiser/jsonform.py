"""Problems and plans from our JSON form. What cannot be read is a BadProblem with the path of the field.

The fields are in `jsonfields.py`, an example in docs/flows/optimiser.md; `jsonwriter.py` is the other way.
"""

import re
from collections.abc import Sequence
from datetime import datetime, timedelta

import msgspec
import numpy as np

from dispatch.optimiser.jsonfields import (
    BegunForm,
    BreakForm,
    ProblemForm,
    SlotForm,
    StopForm,
    TableForm,
    Time,
    VehicleForm,
    Where,
)
from dispatch.optimiser.problem import (
    BadProblem,
    Begun,
    Break,
    Depot,
    Place,
    Problem,
    Slot,
    Stop,
    Vehicle,
    Weights,
)
from dispatch.optimiser.solution import Solution
from dispatch.optimiser.travel.layers import ByHour
from dispatch.optimiser.travel.osrm import Osrm
from dispatch.optimiser.travel.provider import Fetch, Provider, fetch, travel_of
from dispatch.optimiser.travel.straight import StraightLine
from dispatch.optimiser.travel.tables import UNREACHABLE, Matrix, Table, Travel
from dispatch.optimiser.travel.valhalla import Valhalla

_AT = re.compile(r"^(?P<reason>.*?)(?: - at `\$\.?(?P<path>.*)`)?$", re.DOTALL)
_CLOCK = re.compile(r"^(\d{1,2}):(\d\d)(?::(\d\d))?$")
DAY = 86_400


def read_problem(data: bytes | str, client: Fetch = fetch) -> Problem:
    """A problem from its JSON form.

    Raises
    ------
    BadProblem
        With the path of the first field that is wrong ("stops[3].slots[0].latest"), and why.
    TravelUnavailable
        When the form names a server for travel times that does not answer.
    """
    try:
        form = msgspec.json.decode(data, type=ProblemForm)
    except msgspec.ValidationError as error:
        found = _AT.match(str(error))
        path, reason = (found["path"], found["reason"]) if found else (None, str(error))
        raise BadProblem(path or "(the whole)", reason) from error
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise BadProblem("(the whole)", f"is no JSON: {error}") from error
    if form.milepost != 1:
        raise BadProblem("milepost", f"form {form.milepost} is not known, 1 is")
    return _Reader(form, client).problem()


class _Reader:
    def __init__(self, form: ProblemForm, client: Fetch) -> None:
        self.form, self.client = form, client
        self.epoch = None if form.epoch is None else _moment("epoch", form.epoch)
        self.places = [Place(longitude=p.longitude, latitude=p.latitude, name=p.id) for p in form.places]
        self.numbers: dict[object, int] = {}
        for number, place in enumerate(form.places):
            if place.id in self.numbers:
                raise BadProblem(f"places[{number}].id", f"{place.id!r} is there twice")
            self.numbers[place.id] = number

    def problem(self) -> Problem:
        form = self.form
        depots = tuple(
            Depot(
                id=d.id, place=self.place(f"depots[{n}].place", d.place), loading_s=d.loading_s,
                opens_s=self.maybe(f"depots[{n}].opens", d.opens), closes_s=self.maybe(f"depots[{n}].closes", d.closes),
            )
            for n, d in enumerate(form.depots)
        )  # fmt: skip
        vehicles = tuple(self.vehicle(f"vehicles[{n}]", one) for n, one in enumerate(form.vehicles))
        stops = tuple(self.stop(f"stops[{n}]", one) for n, one in enumerate(form.stops))
        return Problem(
            places=tuple(self.places), travel=self.travel(), vehicles=vehicles, stops=stops, depots=depots,
            together=tuple(tuple(group) for group in form.together), apart=tuple(tuple(group) for group in form.apart),
            weights=Weights(**msgspec.structs.asdict(form.weights)), now_s=self.maybe("now", form.now),
            must_serve=form.must_serve,
        )  # fmt: skip

    def vehicle(self, path: str, one: VehicleForm) -> Vehicle:
        plain = {
            name: getattr(one, name)
            for name in (
                "id", "load_at", "loaded_at", "capacity", "profile", "kind", "max_duration_s", "max_distance_m",
                "overtime_after_s", "overtime_price", "fixed_price", "metre_price", "second_price",
            )
        }  # fmt: skip
        return Vehicle(
            **plain,
            start=self.place(f"{path}.start", one.start),
            end=None if one.end is None else self.place(f"{path}.end", one.end),
            shift_start_s=self.time(f"{path}.shift_start", one.shift_start),
            shift_end_s=self.time(f"{path}.shift_end", one.shift_end),
            breaks=tuple(self.rest(f"{path}.breaks[{n}]", rest) for n, rest in enumerate(one.breaks)),
            skills=frozenset(one.skills),
            begun=tuple(self.begun(f"{path}.begun[{n}]", visit) for n, visit in enumerate(one.begun)),
            left_s=self.maybe(f"{path}.left", one.left),
            previous=tuple(one.previous),
        )

    def rest(self, path: str, one: BreakForm) -> Break:
        earliest, latest = (
            self.time(f"{path}.earliest", one.earliest),
            self.time(f"{path}.latest", one.latest),
        )
        return Break(earliest_s=earliest, latest_s=latest, duration_s=one.duration_s)

    def begun(self, path: str, one: BegunForm) -> Begun:
        times = {
            f"{name}_s": self.time(f"{path}.{name}", getattr(one, name))
            for name in ("arrive", "start", "end")
        }
        return Begun(stop=one.stop, **times)

    def stop(self, path: str, one: StopForm) -> Stop:
        plain = {
            name: getattr(one, name)
            for name in ("id", "service_s", "deliver", "collect", "priority", "unserved_price", "depot")
        }
        return Stop(
            **plain,
            place=self.place(f"{path}.place", one.place),
            slots=tuple(self.slot(f"{path}.slots[{n}]", slot) for n, slot in enumerate(one.slots)),
            skills=frozenset(one.skills),
            only=None if one.only is None else frozenset(one.only),
            never=frozenset(one.never),
        )

    def slot(self, path: str, one: SlotForm | str) -> Slot:
        """An object, or an ISO interval; an interval of clock times that ends first goes over midnight."""
        if isinstance(one, str):
            first, cut, second = one.partition("/")
            if not cut:
                raise BadProblem(path, f"{one!r} is no interval, 'begin/end' is")
            earliest, latest = self.time(path, first.strip()), self.time(path, second.strip())
            if latest < earliest and _CLOCK.match(second.strip()):
                latest += DAY
            return Slot(earliest_s=earliest, latest_s=latest)
        return Slot(
            earliest_s=self.time(f"{path}.earliest", one.earliest), latest_s=self.time(f"{path}.latest", one.latest),
            late_price=one.late_price, early_price=one.early_price,
            late_limit_s=self.maybe(f"{path}.late_limit", one.late_limit),
        )  # fmt: skip

    def maybe(self, path: str, time: Time | None) -> int | None:
        return None if time is None else self.time(path, time)

    def time(self, path: str, time: Time) -> int:
        if isinstance(time, int):
            return time
        clock = _CLOCK.match(time)
        if clock is not None:
            return int(clock[1]) * 3600 + int(clock[2]) * 60 + int(clock[3] or 0)
        moment = _moment(path, time)
        if self.epoch is None:
            raise BadProblem(path, "is a date, and the form has no epoch to count from")
        return int((moment - self.epoch) / timedelta(seconds=1))

    def place(self, path: str, where: Where) -> int:
        if isinstance(where, str):
            if where not in self.numbers:
                raise BadProblem(path, f"no place {where!r}")
            return self.numbers[where]
        if len(where) != 2:
            raise BadProblem(path, "is neither the id of a place nor [longitude, latitude]")
        key = (where[0], where[1])
        if key not in self.numbers:
            if self.form.travel.tables is not None:
                raise BadProblem(path, "names coordinates, and the tables of travel know only `places`")
            self.numbers[key] = len(self.places)
            self.places.append(Place(longitude=where[0], latitude=where[1]))
        return self.numbers[key]

    def travel(self) -> Travel:
        form = self.form.travel
        if form.tables is not None:
            if not form.tables:
                raise BadProblem("travel.tables", "is empty")
            return Travel(
                {name: self.table(f"travel.tables.{name}", table) for name, table in form.tables.items()}
            )
        try:
            return travel_of(self.provider(), self.places, self._profiles())
        except ValueError as error:
            raise BadProblem("travel", str(error)) from error

    def _profiles(self) -> list[str]:
        return list(dict.fromkeys(one.profile for one in self.form.vehicles)) or ["default"]

    def provider(self) -> Provider:
        """What the form asks for; ValueError where a speed or a pace is nothing."""
        form = self.form.travel
        provider: Provider = StraightLine(form.factor, form.speeds_mps, form.speed_mps)
        if form.osrm is not None:
            provider = Osrm(form.osrm, client=self.client)
        elif form.valhalla is not None:
            provider = Valhalla(form.valhalla, client=self.client)
        if form.paces:
            starts = [self.time(f"travel.paces[{n}].start", pace.start) for n, pace in enumerate(form.paces)]
            provider = ByHour(provider, list(zip(starts, (pace.pace for pace in form.paces), strict=True)))
        return provider

    def table(self, path: str, one: TableForm) -> Table:
        count = len(self.places)
        starts = tuple(self.time(f"{path}.starts[{n}]", start) for n, start in enumerate(one.starts))
        durations = tuple(
            _matrix(f"{path}.durations_s[{n}]", matrix, count) for n, matrix in enumerate(one.durations_s)
        )
        distance = _matrix(f"{path}.distance_m", one.distance_m, count)
        try:
            return Table(distance, durations, starts)
        except ValueError as error:
            raise BadProblem(path, str(error)) from error


def _moment(path: str, text: str) -> datetime:
    try:
        moment = datetime.fromisoformat(text)
    except ValueError as error:
        raise BadProblem(path, f"{text!r} is no time: seconds, HH:MM or ISO 8601 with a zone are") from error
    if moment.tzinfo is None:
        raise BadProblem(path, f"{text!r} has no zone")
    return moment


def _matrix(path: str, rows: Sequence[Sequence[int | None]], count: int) -> Matrix:
    if len(rows) != count:
        raise BadProblem(path, f"has {len(rows)} rows for {count} places")
    for number, row in enumerate(rows):
        if len(row) != count:
            raise BadProblem(f"{path}[{number}]", f"has {len(row)} columns for {count} places")
    return np.array([[UNREACHABLE if value is None else value for value in row] for row in rows], np.int64)


def read_solution(data: bytes | str) -> Solution:
    """Raises BadProblem with the path of the field that is wrong."""
    try:
        return msgspec.json.decode(data, type=Solution)
    except msgspec.DecodeError as error:  # ValidationError is one
        found = _AT.match(str(error))
        raise BadProblem(
            (found and found["path"]) or "(the whole)", found["reason"] if found else str(error)
        ) from error
