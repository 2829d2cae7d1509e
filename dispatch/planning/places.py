"""The places of a problem by number: each point once, however many parcels go there. Pure."""

from dispatch.optimiser.problem import Place

DIGITS = 6  # a tenth of a metre


class Places:
    """Numbers points as they come."""

    def __init__(self) -> None:
        self._numbers: dict[tuple[float, float], int] = {}

    def number(self, longitude: float, latitude: float) -> int:
        """The number of that point; a new one where it is new."""
        point = (round(longitude, DIGITS), round(latitude, DIGITS))
        return self._numbers.setdefault(point, len(self._numbers))

    def all(self) -> tuple[Place, ...]:
        """The points in the order of their numbers."""
        return tuple(Place(longitude=longitude, latitude=latitude) for longitude, latitude in self._numbers)
