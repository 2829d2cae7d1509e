"""Tables from an OSRM server (https://project-osrm.org/docs, service `table`, version 1), in blocks it accepts."""

import json
import re
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from dispatch.optimiser.problem import Place
from dispatch.optimiser.travel.provider import Block, Fetch, TravelUnavailable, fetch, known, whole
from dispatch.optimiser.travel.tables import UNREACHABLE

# osrm-routed accepts 100 places in a table unless it is started with more.
MOST_PLACES = 100
_WHICH = re.compile(r"coordinate (\d+)")


class Osrm:
    """`url` is the server's root. A profile of the problem is sent as it is, or as `profiles` names it."""

    def __init__(
        self,
        url: str,
        *,
        profiles: Mapping[str, str] | None = None,
        client: Fetch = fetch,
        most: int = MOST_PLACES,
    ) -> None:
        self.url, self.client, self.most = url.rstrip("/"), client, max(most, 2)
        self.profiles = {"default": "driving", **(profiles or {})}
        self.starts_s: tuple[int, ...] = (0,)

    def block(self, sources: Sequence[Place], targets: Sequence[Place], profile: str) -> Block:
        """Raises TravelUnavailable when the server is away or answers something else than tables."""
        distance = np.full((len(sources), len(targets)), UNREACHABLE, np.int64)
        duration = distance.copy()
        step = self.most // 2
        from_here = [int(n) for n in np.flatnonzero(known(sources))]
        to_there = [int(n) for n in np.flatnonzero(known(targets))]
        for first in range(0, len(from_here), step):
            rows = from_here[first : first + step]
            for second in range(0, len(to_there), step):
                columns = to_there[second : second + step]
                self._fill(distance, duration, (sources, rows), (targets, columns), profile)
        return Block(distance, (duration,))

    def _fill(
        self,
        distance: "np.ndarray[Any, np.dtype[np.int64]]",
        duration: "np.ndarray[Any, np.dtype[np.int64]]",
        here: tuple[Sequence[Place], list[int]],
        there: tuple[Sequence[Place], list[int]],
        profile: str,
    ) -> None:
        rows, columns = [*here[1]], [*there[1]]
        while rows and columns:
            answer = self._ask([here[0][n] for n in rows], [there[0][n] for n in columns], profile)
            lost = answer.get("lost")
            if lost is None:
                distance[np.ix_(rows, columns)] = whole(_rows(answer, "distances", len(rows), len(columns)))
                duration[np.ix_(rows, columns)] = whole(_rows(answer, "durations", len(rows), len(columns)))
                return
            # a place with no street near it (the sea) is unreachable, and the others are asked again without it
            (rows if lost < len(rows) else columns).pop(lost if lost < len(rows) else lost - len(rows))

    def _ask(self, sources: list[Place], targets: list[Place], profile: str) -> dict[str, Any]:
        places = ";".join(f"{p.longitude:.6f},{p.latitude:.6f}" for p in (*sources, *targets))
        numbers = range(len(sources) + len(targets))
        first = ";".join(str(n) for n in numbers[: len(sources)])
        second = ";".join(str(n) for n in numbers[len(sources) :])
        name = self.profiles.get(profile, profile)
        url = f"{self.url}/table/v1/{name}/{places}?annotations=duration,distance&sources={first}&destinations={second}"
        try:
            answer = json.loads(self.client(url, None))
        except ValueError as error:
            raise TravelUnavailable(f"{self.url} does not answer in JSON") from error
        code = answer.get("code") if isinstance(answer, dict) else None
        which = _WHICH.search(str(answer.get("message", ""))) if code == "NoSegment" else None
        if which is not None and int(which[1]) in numbers:
            return {"lost": int(which[1])}
        if code != "Ok":
            says = answer.get("message", code) if isinstance(answer, dict) else "something else than a table"
            raise TravelUnavailable(f"{self.url} answers: {str(says)[:200]}")
        return dict(answer)


def _rows(answer: dict[str, Any], name: str, rows: int, columns: int) -> list[list[float | None]]:
    found = answer.get(name)
    if not isinstance(found, list) or len(found) != rows or any(len(row) != columns for row in found):
        raise TravelUnavailable(f"OSRM answers without {rows} times {columns} {name}")
    return found
