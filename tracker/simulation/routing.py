"""The quickest way through a network, as a driver would take it: A* over travel times. Pure."""

import heapq
import math

from tracker.simulation.city import Network, Street


def route(network: Network, start: int, goal: int) -> list[int]:
    """The junctions from `start` to `goal`, both included. Raises ValueError where no street leads there."""
    fastest = Street.RING.speed_mps
    goal_place = network.places[goal]
    came_from: dict[int, int] = {}
    best = {start: 0.0}
    waiting = [(0.0, start)]
    while waiting:
        _, node = heapq.heappop(waiting)
        if node == goal:
            return _walk_back(came_from, goal)
        for edge in network.edges[node]:
            took = best[node] + edge.length_m / edge.street.speed_mps
            if took < best.get(edge.to, math.inf):
                best[edge.to], came_from[edge.to] = took, node
                left = math.dist(network.places[edge.to], goal_place) / fastest
                heapq.heappush(waiting, (took + left, edge.to))
    raise ValueError(f"no street leads from junction {start} to {goal}")


def _walk_back(came_from: dict[int, int], goal: int) -> list[int]:
    way = [goal]
    while way[-1] in came_from:
        way.append(came_from[way[-1]])
    return way[::-1]
