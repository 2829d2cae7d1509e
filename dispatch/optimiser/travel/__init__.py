"""Travel times and distances between places: the tables the problem carries, and the providers that fill them."""

from dispatch.optimiser.travel.tables import UNREACHABLE, Table, Travel

__all__ = ["UNREACHABLE", "Table", "Travel"]
