"""A plan as a picture: routes in colours, stops as dots, depots as squares; nothing else to load."""

from collections.abc import Iterator
from html import escape

from dispatch.optimiser.problem import Problem
from dispatch.optimiser.solution import Solution

SIDE, MARGIN = 1000.0, 30.0
GOLDEN = 137.508  # degrees: successive routes get colours far apart


class NoCoordinates(ValueError):
    """The problem came with tables of distances and no places on a map."""


def drawing(problem: Problem, solution: Solution) -> str:
    """An SVG document. Raises nothing: without coordinates it says so in the picture."""
    try:
        places = _scaled(problem)
    except NoCoordinates as error:
        return _document([f'<text x="40" y="60" class="note">{escape(str(error))}</text>'])
    return _document(
        [*_routes(problem, solution, places), *_stops(problem, solution, places), *_depots(problem, places)]
    )


def _scaled(problem: Problem) -> list[tuple[float, float]]:
    """Places in the picture, north up."""
    points = [(place.longitude, place.latitude) for place in problem.places]
    known = [(x, y) for x, y in points if x is not None and y is not None]
    if len(known) < len(points):
        raise NoCoordinates("The file brings distances and no coordinates: there is nothing to draw")
    west, south = min(x for x, _ in known), min(y for _, y in known)
    span = max(max(x for x, _ in known) - west, max(y for _, y in known) - south) or 1.0
    scale = (SIDE - 2 * MARGIN) / span
    return [(MARGIN + (x - west) * scale, SIDE - MARGIN - (y - south) * scale) for x, y in known]


def _routes(problem: Problem, solution: Solution, places: list[tuple[float, float]]) -> Iterator[str]:
    place_of = {stop.id: stop.place for stop in problem.stops}
    vehicles = {vehicle.id: vehicle for vehicle in problem.vehicles}
    for number, route in enumerate(solution.routes):
        vehicle = vehicles[route.vehicle]
        way = [vehicle.start, *(place_of[stop] for stop in route.stops)]
        way += [] if vehicle.end is None else [vehicle.end]
        points = " ".join(f"{places[at][0]:.1f},{places[at][1]:.1f}" for at in way)
        colour = f"hsl({number * GOLDEN % 360:.0f} 70% 42%)"
        title = f"{route.vehicle}: {len(route.stops)} stops, {route.distance_m} m"
        yield f'<polyline points="{points}" stroke="{colour}"><title>{escape(title)}</title></polyline>'


def _stops(problem: Problem, solution: Solution, places: list[tuple[float, float]]) -> Iterator[str]:
    unserved = set(solution.unserved)
    for stop in problem.stops:
        x, y = places[stop.place]
        left = ' class="left"' if stop.id in unserved else ""
        yield f'<circle cx="{x:.1f}" cy="{y:.1f}" r="3"{left}><title>{escape(stop.id)}</title></circle>'


def _depots(problem: Problem, places: list[tuple[float, float]]) -> Iterator[str]:
    for at in sorted(
        {vehicle.start for vehicle in problem.vehicles} | {depot.place for depot in problem.depots}
    ):
        x, y = places[at]
        yield f'<rect x="{x - 6:.1f}" y="{y - 6:.1f}" width="12" height="12"/>'


def _document(parts: list[str]) -> str:
    style = (
        "polyline{fill:none;stroke-width:2;stroke-linejoin:round}circle{fill:#223}.left{fill:#c00}"
        "rect{fill:#fff;stroke:#223;stroke-width:3}.note{font:24px sans-serif}"
    )
    head = (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {SIDE:.0f} {SIDE:.0f}"><style>{style}</style>'
    )
    return "\n".join([head, '<rect width="100%" height="100%" style="stroke:none"/>', *parts, "</svg>\n"])
