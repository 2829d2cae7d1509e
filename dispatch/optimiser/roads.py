"""The verification's own reading of travel tables: metres and arrival of one leg, in plain whole numbers."""

from dispatch.optimiser.travel.tables import WHOLE, Table


class Roads:
    """One profile's table, asked leg by leg."""

    def __init__(self, table: Table) -> None:
        self.table = table

    def metres(self, origin: int, target: int) -> int | None:
        """None where no way is known."""
        metres = int(self.table.distance_m[origin, target])
        return metres if metres >= 0 else None

    def arrives_s(self, origin: int, target: int, leaves_s: int) -> int | None:
        """The first second at the target; the rule is stated in decision 0035. None where no way is known."""
        seconds = [int(matrix[origin, target]) for matrix in self.table.durations_s]
        if self.metres(origin, target) is None or min(seconds) < 0:
            return None
        if len(seconds) == 1:
            return leaves_s + seconds[0]
        ends = [*self.table.starts_s[1:], None]
        done, clock = 0, leaves_s
        for needs, end in zip(seconds, ends, strict=True):
            if end is not None and end <= clock:
                continue
            if needs == 0:
                return clock
            each_second = (WHOLE + needs - 1) // needs
            rest = (WHOLE - done + each_second - 1) // each_second
            if end is None or clock + rest <= end:
                return clock + rest
            done += each_second * (end - clock)
            clock = end
        return None  # pragma: no cover - the last period has no end
