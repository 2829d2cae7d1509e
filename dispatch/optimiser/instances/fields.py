"""A VRPLIB file taken apart: `KEY : value` lines, and sections of lines by node."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from dispatch.optimiser.instances.lines import BadInstance, whole

VALUES = {
    "NAME", "COMMENT", "TYPE", "DIMENSION", "CAPACITY", "VEHICLES", "DISTANCE", "SERVICE_TIME", "EDGE_WEIGHT_TYPE",
    "EDGE_WEIGHT_FORMAT", "NODE_COORD_TYPE", "DISPLAY_DATA_TYPE", "NUM_DEPOTS",
}  # fmt: skip
SECTIONS = {
    "NODE_COORD_SECTION", "EDGE_WEIGHT_SECTION", "DEMAND_SECTION", "SERVICE_TIME_SECTION", "TIME_WINDOW_SECTION",
    "DEPOT_SECTION",
}  # fmt: skip
TYPES = {"CVRP", "ACVRP", "VRPTW", "CVRPTW", "AVRPTW", "DCVRP"}


@dataclass
class Fields:
    """Values with the line they stand in, sections with their numbered lines."""

    name: str
    values: dict[str, tuple[str, int]] = field(default_factory=dict)
    sections: dict[str, list[tuple[int, str]]] = field(default_factory=dict)

    def whole(self, key: str, least: int = 0) -> int:
        """Raises BadInstance where it is missing or no whole number."""
        if key not in self.values:
            raise BadInstance(self.name, 0, f"no {key}")
        word, at = self.values[key]
        return whole(self.name, at, word, key, least)

    def rows(self, section: str, size: int) -> list[tuple[int, int, str]] | None:
        """Line number, node from 0, line; each node once. None where there is no such section."""
        if section not in self.sections:
            return None
        rows, seen = [], set()
        for at, line in self.sections[section]:
            node = whole(self.name, at, line.split()[0], f"the node in {section}", 1)
            if node > size:
                raise BadInstance(self.name, at, f"node {node} in {section}, DIMENSION is {size}")
            if node in seen:
                raise BadInstance(self.name, at, f"node {node} is twice in {section}")
            seen.add(node)
            rows.append((at, node - 1, line))
        if len(rows) != size:
            missing = min(set(range(1, size + 1)) - seen)
            at = self.sections[section][-1][0] if rows else 0
            raise BadInstance(self.name, at, f"{section} ends without node {missing}")
        return rows


def split(name: str, lines: Sequence[str]) -> Fields:
    """Raises BadInstance for what is not read here, since leaving it out would make another problem of the file."""
    fields = Fields(name)
    section: list[tuple[int, str]] | None = None
    for at, raw in enumerate(lines, 1):
        line = raw.strip()
        if not line:
            continue
        if line == "EOF":
            break
        key = line.split(":")[0].split()[0].upper()
        if ":" in line:
            section = None
            _value(fields, at, key, line.split(":", 1)[1].strip())
        elif key[0].isalpha() or key.endswith("_SECTION"):
            if key not in SECTIONS:
                raise BadInstance(name, at, f"{key} is not read here")
            section = fields.sections.setdefault(key, [])
        elif section is None:
            raise BadInstance(name, at, f"{line[:40]!r} stands in no section")
        else:
            section.append((at, line))
    if not fields.values and not fields.sections:
        raise BadInstance(name, 0, "the file is empty")
    return fields


def _value(fields: Fields, at: int, key: str, value: str) -> None:
    if key not in VALUES:
        raise BadInstance(fields.name, at, f"{key} is not read here")
    if key == "TYPE" and value.upper() not in TYPES:
        raise BadInstance(fields.name, at, f"TYPE {value} is not read here, only {', '.join(sorted(TYPES))}")
    fields.values[key] = (value, at)
