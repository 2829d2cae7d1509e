"""GPX tracks into a recording: every track point that has a time, each track a device unless one is named."""

from dataclasses import dataclass, field
from typing import Any
from xml.parsers import expat

from tracker.replay.moments import NoTime, clock_for
from tracker.replay.recording import Fault, Fix, Recording, Unreadable
from tracker.replay.table import Reading

NUMBERS = {"ele": "altitude_m", "speed": "speed_mps", "course": "heading_deg"}


def read_gpx(data: bytes, reading: Reading, *, device: str) -> Recording:
    """The recording in a GPX file. Raises Unreadable for anything that is no GPX with track points.

    A file with several tracks is several devices, named by `device` and the track's name or number.
    """
    handler = _Handler(reading)
    parser = expat.ParserCreate(namespace_separator=" ")
    parser.buffer_text = True
    parser.StartElementHandler = handler.start
    parser.EndElementHandler = handler.end
    parser.CharacterDataHandler = handler.text
    parser.EntityDeclHandler = _refuse_entities
    handler.parser = parser
    try:
        parser.Parse(data, True)
    except expat.ExpatError as error:
        raise Unreadable(f"the file is no readable GPX: {error}.") from None
    return handler.recording_of(reading.device or device, one=reading.device is not None, limit=reading.limit)


def _refuse_entities(*_: Any) -> None:
    raise Unreadable("the file declares XML entities, which no GPX needs.")


@dataclass
class _Handler:
    """Collects track points as expat meets them."""

    reading: Reading
    parser: Any = None
    points: list[tuple[int, str, dict[str, str]]] = field(default_factory=list)
    _track: int = 0
    _track_names: dict[int, str] = field(default_factory=dict)
    _point: dict[str, str] | None = None
    _line: int = 0
    _path: list[str] = field(default_factory=list)
    _text: list[str] = field(default_factory=list)

    def start(self, tag: str, attributes: dict[str, str]) -> None:
        name = tag.rpartition(" ")[2]
        self._path.append(name)
        self._text.clear()
        if name == "trk":
            self._track += 1
        elif name == "trkpt":
            self._point, self._line = dict(attributes), self.parser.CurrentLineNumber

    def text(self, text: str) -> None:
        self._text.append(text)

    def end(self, tag: str) -> None:
        name = self._path.pop()
        if self._point is not None:
            if name == "trkpt":
                self.points.append((self._line, str(self._track), self._point))
                self._point = None
            else:
                self._point.setdefault(name, "".join(self._text).strip())
        elif name == "name" and self._path and self._path[-1] == "trk":
            self._track_names[self._track] = "".join(self._text).strip()
        self._text.clear()

    def recording_of(self, device: str, *, one: bool, limit: int | None) -> Recording:
        if not self.points:
            raise Unreadable("the file holds no track points (<trkpt>).")
        times = [point.get("time", "") for _, _, point in self.points]
        if not any(times):
            raise Unreadable("the track points carry no <time>, so there is nothing to replay in time.")
        clock = clock_for(times, column="time", zone=self.reading.zone, relative=False)
        recording = Recording(notes=[f"{self._track} track(s), {len(self.points)} points"])
        for line, track, point in self.points[:limit]:
            name = device if one or self._track == 1 else self._device(device, int(track))
            try:
                at_us = clock.read(point.get("time", ""))
                place = _degrees(point, "lat", 90), _degrees(point, "lon", 180)
            except (NoTime, ValueError) as bad:
                recording.leave_out(Fault(line, "time" if isinstance(bad, NoTime) else "lat/lon", str(bad)))
                continue
            recording.fixes.append(Fix(name, at_us, *place, _facts(point)))
        return recording

    def _device(self, device: str, track: int) -> str:
        return f"{device}-{self._track_names.get(track) or track}"[:200]


def _degrees(point: dict[str, str], name: str, bound: int) -> float:
    value = float(point.get(name, ""))
    if not -bound <= value <= bound:
        raise ValueError(f"{name} {value} lies outside ±{bound}")
    return value


def _facts(point: dict[str, str]) -> dict[str, Any]:
    facts: dict[str, Any] = {}
    for name, field_name in NUMBERS.items():
        try:
            value = float(point[name])
        except (KeyError, ValueError):
            continue
        if value >= 0 or name == "ele":
            facts[field_name] = value
    return facts
