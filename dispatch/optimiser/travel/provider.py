"""The port that travel tables come through: what a provider answers, and how a problem's Travel is asked of one."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Protocol
from urllib.error import URLError
from urllib.request import Request, urlopen

import numpy as np
import numpy.typing as npt

from dispatch.optimiser.problem import Place
from dispatch.optimiser.travel.tables import UNREACHABLE, Matrix, Table, Travel

# From a URL and a body (None: GET) to the bytes of the answer. The product hands in its guarded client.
Fetch = Callable[[str, bytes | None], bytes]
MOST_BYTES = 256 * 1024 * 1024


class TravelUnavailable(Exception):
    """A provider did not answer, or not with tables; the text says which and what."""


@dataclass(frozen=True, slots=True)
class Block:
    """Metres from each source to each target, and seconds for each period; UNREACHABLE where no way is known."""

    distance_m: Matrix
    durations_s: tuple[Matrix, ...]


class Provider(Protocol):
    """Knows the ways between places. `starts_s`: when its periods of the day begin, the first from ever."""

    starts_s: tuple[int, ...]

    def block(self, sources: Sequence[Place], targets: Sequence[Place], profile: str) -> Block:
        """Raises TravelUnavailable; a place it does not know is unreachable and no error."""
        ...


def travel_of(provider: Provider, places: Sequence[Place], profiles: Iterable[str] = ("default",)) -> Travel:
    """The tables of a problem: every place to every other, nothing to itself."""
    tables = {}
    for profile in profiles:
        block = provider.block(places, places, profile)
        for matrix in (block.distance_m, *block.durations_s):
            diagonal = np.einsum("ii->i", matrix)
            diagonal[diagonal >= 0] = 0
        tables[profile] = Table(block.distance_m, block.durations_s, provider.starts_s)
    return Travel(tables)


def known(places: Sequence[Place]) -> npt.NDArray[np.bool_]:
    """True where a place has coordinates that are on the earth."""
    return np.array(
        [
            p.longitude is not None
            and p.latitude is not None
            and -180 <= p.longitude <= 180
            and -90 <= p.latitude <= 90
            for p in places
        ],
        np.bool_,
    )


def whole(values: Sequence[Sequence[float | None]] | npt.NDArray[np.float64]) -> Matrix:
    """Rows of numbers as whole ones rounded up; null, negative and what is no number are UNREACHABLE."""
    numbers = np.array(values, np.float64)
    good = np.isfinite(numbers) & (numbers >= 0)
    return np.where(good, np.ceil(np.where(good, numbers, 0)), UNREACHABLE).astype(np.int64)


def fetch(url: str, body: bytes | None = None, timeout_s: float = 20.0) -> bytes:
    """A plain client for the command line: http and https only, bounded in time and size."""
    if not url.startswith(("http://", "https://")):
        raise TravelUnavailable(f"{url!r} is neither http nor https")
    headers = {"Accept": "application/json"} | (
        {"Content-Type": "application/json"} if body is not None else {}
    )
    request = Request(url, data=body, headers=headers)  # noqa: S310 - the scheme was looked at
    try:
        with urlopen(request, timeout=timeout_s) as answer:  # noqa: S310 - as above
            data: bytes = answer.read(MOST_BYTES + 1)
    except URLError as error:
        status = getattr(error, "read", None)
        if status is not None:  # an error page is an answer: the providers say in it what is wrong
            return bytes(status())
        raise TravelUnavailable(f"{url[:80]}: {error.reason}") from error
    except OSError as error:
        raise TravelUnavailable(f"{url[:80]}: {error}") from error
    if len(data) > MOST_BYTES:
        raise TravelUnavailable(f"{url[:80]}: answers more than {MOST_BYTES} bytes")
    return data
