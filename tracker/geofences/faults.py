"""What is wrong with an upload, and exactly where: feature, ring, vertex, and the place on the map. Pure."""

from dataclasses import dataclass, field, replace

MOST_KEPT = 100  # faults listed; the others are counted
LONGEST_NAME = 80


@dataclass(frozen=True)
class Where:
    """A place in the document. `part` is the polygon of a MultiPolygon, ring 0 the outer one."""

    path: str = ""  # JSON pointer, RFC 6901
    feature: int | None = None
    name: str = ""  # of the feature, as far as it is known
    part: int | None = None
    ring: int | None = None
    vertex: int | None = None

    def member(self, *names: str | int) -> "Where":
        """Deeper into the document, by member names and indexes."""
        text = "".join("/" + str(name).replace("~", "~0").replace("/", "~1")[:100] for name in names)
        return replace(self, path=self.path + text)

    def in_feature(self, number: int) -> "Where":
        """The feature of a collection."""
        return replace(self.member("features", number), feature=number)

    def in_part(self, number: int) -> "Where":
        """The polygon of a MultiPolygon."""
        return replace(self.member(number), part=number)

    def in_ring(self, number: int) -> "Where":
        """The ring of a polygon."""
        return replace(self.member(number), ring=number)

    def at_vertex(self, number: int) -> "Where":
        """The position of a ring or line."""
        return replace(self.member(number), vertex=number)


@dataclass(frozen=True)
class Fault:
    """One reason why something cannot be a geofence. Longitude and latitude show where, if that can be shown."""

    code: str
    sentence: str
    where: Where
    longitude: float | None = None
    latitude: float | None = None


@dataclass
class Faults:
    """What was found so far."""

    kept: list[Fault] = field(default_factory=list)
    count: int = 0

    def add(
        self,
        where: Where,
        code: str,
        sentence: str,
        place: tuple[float, float] | None = None,
    ) -> None:
        """Note a fault; `place` is (longitude, latitude) where it can be seen on a map."""
        self.count += 1
        if len(self.kept) < MOST_KEPT:
            longitude, latitude = _on_the_map(place)
            self.kept.append(Fault(code, sentence, where, longitude, latitude))


def _on_the_map(place: tuple[float, float] | None) -> tuple[float | None, float | None]:
    """The place with its longitude within -180 and 180; none where there is no such latitude."""
    if place is None or not -90 <= place[1] <= 90:
        return None, None
    longitude = place[0] if -180 <= place[0] <= 180 else (place[0] + 180) % 360 - 180
    return float(longitude), float(place[1])
