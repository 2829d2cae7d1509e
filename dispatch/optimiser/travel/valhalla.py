"""Tables from a Valhalla server (https://valhalla.github.io/valhalla/api/matrix), by hour where it is asked to."""

import json
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from dispatch.optimiser.problem import Place
from dispatch.optimiser.travel.provider import Block, Fetch, TravelUnavailable, fetch, known, whole
from dispatch.optimiser.travel.tables import UNREACHABLE, Matrix

# max_matrix_location_pairs of the server's own configuration for cars
MOST_PAIRS = 2500


class Valhalla:
    """`url` is the server's root.

    Parameters
    ----------
    periods
        (start in seconds since the problem's epoch, local time of leaving as YYYY-MM-DDTHH:MM) for each period whose
        traffic is asked for; none: one period without a time.
    profiles
        Valhalla's costing for each profile of the problem; others are sent as they are named.
    """

    def __init__(
        self,
        url: str,
        *,
        periods: Sequence[tuple[int, str]] = (),
        profiles: Mapping[str, str] | None = None,
        client: Fetch = fetch,
        most: int = MOST_PAIRS,
    ) -> None:
        self.url, self.client = url.rstrip("/"), client
        self.step = max(int(most**0.5), 1)
        self.profiles = {"default": "auto", **(profiles or {})}
        self.starts_s = tuple(start for start, _ in periods) or (0,)
        self.times: tuple[str | None, ...] = tuple(text for _, text in periods) or (None,)

    def block(self, sources: Sequence[Place], targets: Sequence[Place], profile: str) -> Block:
        """Raises TravelUnavailable when the server is away or answers something else than tables."""
        made = [self._period(sources, targets, profile, time) for time in self.times]
        return Block(made[0][0], tuple(duration for _, duration in made))

    def _period(
        self, sources: Sequence[Place], targets: Sequence[Place], profile: str, time: str | None
    ) -> tuple[Matrix, Matrix]:
        distance = np.full((len(sources), len(targets)), UNREACHABLE, np.int64)
        duration = distance.copy()
        from_here = [int(n) for n in np.flatnonzero(known(sources))]
        to_there = [int(n) for n in np.flatnonzero(known(targets))]
        for first in range(0, len(from_here), self.step):
            rows = from_here[first : first + self.step]
            for second in range(0, len(to_there), self.step):
                columns = to_there[second : second + self.step]
                km, seconds = self._ask(
                    [sources[n] for n in rows], [targets[n] for n in columns], profile, time
                )
                metres = [[None if length is None else length * 1000 for length in row] for row in km]
                distance[np.ix_(rows, columns)] = whole(metres)
                duration[np.ix_(rows, columns)] = whole(seconds)
        return distance, duration

    def _ask(
        self, sources: list[Place], targets: list[Place], profile: str, time: str | None
    ) -> tuple[list[list[float | None]], list[list[float | None]]]:
        body: dict[str, Any] = {
            "sources": [{"lon": p.longitude, "lat": p.latitude} for p in sources],
            "targets": [{"lon": p.longitude, "lat": p.latitude} for p in targets],
            "costing": self.profiles.get(profile, profile),
            "units": "kilometers",
        }
        if time is not None:
            body["date_time"] = {"type": 1, "value": time}  # leaving at
        try:
            answer = json.loads(self.client(f"{self.url}/sources_to_targets", json.dumps(body).encode()))
        except ValueError as error:
            raise TravelUnavailable(f"{self.url} does not answer in JSON") from error
        found = answer.get("sources_to_targets") if isinstance(answer, dict) else None
        if found is None:
            says = (
                answer.get("error", "something else than a table") if isinstance(answer, dict) else "no table"
            )
            raise TravelUnavailable(f"{self.url} answers: {str(says)[:200]}")
        return self._read(found, len(sources), len(targets))

    def _read(
        self, found: Any, rows: int, columns: int
    ) -> tuple[list[list[float | None]], list[list[float | None]]]:
        """Both forms of the answer: two tables, or rows of pairs each with a time and a distance."""
        if isinstance(found, dict):
            km, seconds = found.get("distances"), found.get("durations")
        else:
            km = [[pair.get("distance") for pair in row] for row in found]
            seconds = [[pair.get("time") for pair in row] for row in found]
        for table in (km, seconds):
            if not isinstance(table, list) or len(table) != rows or any(len(row) != columns for row in table):
                raise TravelUnavailable(f"{self.url} answers without {rows} times {columns} pairs")
        # a way without a time is no way
        km = [
            [None if s is None else length for length, s in zip(*pair, strict=True)]
            for pair in zip(km or [], seconds or [], strict=True)
        ]
        return km, seconds or []
