"""What geocoders are asked and what they answer: the port, and what every provider must keep to. Pure."""

from collections.abc import Sequence
from typing import Protocol

from msgspec import Struct

PERSON, GIVEN = "person", "given"


class Wanted(Struct, frozen=True):
    """An address to be found. City and postcode where the file had them in columns of their own."""

    address: str
    city: str = ""
    postcode: str = ""
    near: tuple[float, float] | None = (
        None  # (longitude, latitude) of the hub: of two equal places the nearer
    )


class Answer(Struct, frozen=True):
    """A place, and how sure its finder is of it: 1 is a person who pointed at it."""

    longitude: float
    latitude: float
    confidence: float  # 0 to 1
    matched: str  # what it was taken for
    provider: str


class NotNow(Exception):
    """The provider cannot be asked at the moment; the text says why. The address is asked again later."""


class Geocoder(Protocol):
    """A provider that is asked one address at a time, over a network."""

    name: str
    pause_s: float  # between two questions, all processes together

    async def find(self, wanted: Wanted) -> Answer | None:
        """The best place; None where it knows none. Raises NotNow."""
        ...


class Offline(Protocol):
    """A list that is at hand: asked for many addresses at once."""

    def find_all(self, wanted: Sequence[Wanted]) -> list[Answer | None]:
        """The best place of each."""
        ...
