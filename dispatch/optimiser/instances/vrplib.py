"""VRPLIB files: capacities, time windows, coordinates or a full or triangular matrix (which may be asymmetric).

Straight lines are rounded to the nearest whole number, as the sets of Uchoa et al. and Arnold et al. are. What a file
says that is not read here is refused by name, since leaving it out would make another problem of it.
"""

from collections.abc import Callable, Sequence

import numpy as np
import numpy.typing as npt

from dispatch.optimiser.instances.fields import Fields, split
from dispatch.optimiser.instances.fleet import euclidean, problem_of
from dispatch.optimiser.instances.lines import BadInstance, number, whole, words
from dispatch.optimiser.problem import Problem

Matrix = npt.NDArray[np.int64]


def read_vrplib(name: str, lines: Sequence[str]) -> Problem:
    """Raises BadInstance."""
    fields = split(name, lines)
    size = fields.whole("DIMENSION", 2)
    coordinates = _coordinates(fields, size)
    distances = _distances(fields, size, coordinates)
    depot = _depot(fields, size)
    windows = _windows(fields, size)
    services = _column(fields, "SERVICE_TIME_SECTION", size, "a service time")
    if services is None and "SERVICE_TIME" in fields.values:
        services = [fields.whole("SERVICE_TIME")] * size
        services[depot] = 0
    demands = _column(fields, "DEMAND_SECTION", size, "a demand")
    if demands is None:
        raise BadInstance(name, 0, "no DEMAND_SECTION")
    vehicles = fields.whole("VEHICLES", 1) if "VEHICLES" in fields.values else None
    return problem_of(
        coordinates, distances, demands, fields.whole("CAPACITY"), vehicles, services=services, windows=windows,
        depot=depot, max_distance=fields.whole("DISTANCE") if "DISTANCE" in fields.values else None,
    )  # fmt: skip


def _coordinates(fields: Fields, size: int) -> npt.NDArray[np.float64] | None:
    rows = fields.rows("NODE_COORD_SECTION", size)
    if rows is None:
        return None
    places = np.empty((size, 2))
    for at, node, line in rows:
        _, x, y = words(fields.name, at, line, 3, "a node and its coordinates")
        places[node] = number(fields.name, at, x, "x"), number(fields.name, at, y, "y")
    return places


def _distances(fields: Fields, size: int, coordinates: npt.NDArray[np.float64] | None) -> Matrix:
    kind, at = fields.values.get("EDGE_WEIGHT_TYPE", ("EUC_2D", 0))
    if kind == "EUC_2D":
        if coordinates is None:
            raise BadInstance(fields.name, at, "EUC_2D distances need a NODE_COORD_SECTION")
        return np.floor(euclidean(coordinates) + 0.5).astype(np.int64)
    if kind != "EXPLICIT":
        raise BadInstance(
            fields.name, at, f"EDGE_WEIGHT_TYPE {kind} is not read here, only EUC_2D and EXPLICIT"
        )
    form, at = fields.values.get("EDGE_WEIGHT_FORMAT", ("", 0))
    if form not in _FORMS:
        raise BadInstance(
            fields.name, at, f"EDGE_WEIGHT_FORMAT {form or 'missing'}, expected {' or '.join(_FORMS)}"
        )
    return _FORMS[form](_weights(fields, size, form), size)


def _weights(fields: Fields, size: int, form: str) -> Matrix:
    """All numbers of the section in a row."""
    expected = {
        "FULL_MATRIX": size * size,
        "LOWER_ROW": size * (size - 1) // 2,
        "UPPER_ROW": size * (size - 1) // 2,
    }
    wanted = expected.get(form, size * (size + 1) // 2)
    lines = fields.sections.get("EDGE_WEIGHT_SECTION")
    if lines is None:
        raise BadInstance(fields.name, 0, "EXPLICIT distances need an EDGE_WEIGHT_SECTION")
    try:
        weights = np.array(" ".join(line for _, line in lines).split(), np.float64)
    except ValueError:
        weights = np.array(
            [number(fields.name, at, w, "a distance") for at, line in lines for w in line.split()]
        )
    if len(weights) != wanted:
        at = lines[-1][0] if lines else 0
        raise BadInstance(fields.name, at, f"{len(weights)} distances, {form} of {size} needs {wanted}")
    if not (np.abs(weights) < 1 << 40).all() or (weights < 0).any():
        at = next(at for at, line in lines if any(not 0 <= float(word) < 1 << 40 for word in line.split()))
        raise BadInstance(fields.name, at, "a distance is negative or beyond all measure")
    return np.floor(weights + 0.5).astype(np.int64)


def _full(weights: Matrix, size: int) -> Matrix:
    matrix = weights.reshape(size, size).copy()
    np.fill_diagonal(matrix, 0)
    return matrix


def _lower(weights: Matrix, size: int, offset: int = -1) -> Matrix:
    matrix = np.zeros((size, size), np.int64)
    matrix[np.tril_indices(size, offset)] = weights
    matrix = np.maximum(matrix, matrix.T)
    np.fill_diagonal(matrix, 0)
    return matrix


def _upper(weights: Matrix, size: int) -> Matrix:
    matrix = np.zeros((size, size), np.int64)
    matrix[np.triu_indices(size, 1)] = weights
    return np.maximum(matrix, matrix.T)


_FORMS: dict[str, Callable[[Matrix, int], Matrix]] = {
    "FULL_MATRIX": _full,
    "LOWER_ROW": _lower,
    "UPPER_ROW": _upper,
    "LOWER_DIAG_ROW": lambda weights, size: _lower(weights, size, 0),
}


def _column(fields: Fields, section: str, size: int, what: str) -> list[int] | None:
    rows = fields.rows(section, size)
    if rows is None:
        return None
    values = [0] * size
    for at, node, line in rows:
        _, value = words(fields.name, at, line, 2, f"a node and {what}")
        values[node] = whole(fields.name, at, value, what)
    return values


def _windows(fields: Fields, size: int) -> list[tuple[int, int]] | None:
    rows = fields.rows("TIME_WINDOW_SECTION", size)
    if rows is None:
        return None
    windows = [(0, 0)] * size
    for at, node, line in rows:
        _, opens, closes = words(fields.name, at, line, 3, "a node and its window")
        windows[node] = (
            whole(fields.name, at, opens, "the opening"),
            whole(fields.name, at, closes, "the closing"),
        )
        if windows[node][0] > windows[node][1]:
            raise BadInstance(fields.name, at, f"the window opens at {opens}, after it closes at {closes}")
    return windows


def _depot(fields: Fields, size: int) -> int:
    named = [
        (at, word)
        for at, line in fields.sections.get("DEPOT_SECTION", [])
        for word in line.split()
        if word != "-1"
    ]
    if not named:
        raise BadInstance(fields.name, 0, "no DEPOT_SECTION")
    if len(named) > 1:
        raise BadInstance(fields.name, named[1][0], "a second depot; files with several are not read here")
    at, word = named[0]
    node = whole(fields.name, at, word, "the depot", 1)
    if node > size:
        raise BadInstance(fields.name, at, f"depot {node} among {size} nodes")
    return node - 1
