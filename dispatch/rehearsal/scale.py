"""A day in scale: at 1 to N every length and every duration is an Nth, so speeds stay what they are. Pure.

The product is not told of it: it plans seconds and metres, waits as long as its settings say, and judges positions by
the same rules. Only whole seconds and whole minutes, which some fields have, become coarser.
"""

from dataclasses import dataclass

DAY_S = 9 * 3600
REDISPATCH_S = 3 * 3600  # after the first window
SLOT_S = 3 * 3600
SERVICE_S = 180
RADIUS_M = 9_000
WAITS_S = {
    "first_wait_s": 7_200,
    "second_wait_s": 14_400,
    "unconfirmed_after_s": 21_600,
    "silent_after_s": 900,
}
SHORTEST_S = {"unconfirmed_after_s": 300, "silent_after_s": 60}  # the settings take no less


@dataclass(frozen=True, slots=True)
class Scale:
    """1 to `n`."""

    n: float

    def seconds(self, real: float) -> float:
        """A duration of a day in scale."""
        return real / self.n

    def metres(self, real: float) -> float:
        """A length of a city in scale."""
        return real / self.n

    @property
    def service_s(self) -> int:
        """Whole seconds at a door, one at least."""
        return max(1, round(self.seconds(SERVICE_S)))

    @property
    def report_every_s(self) -> float:
        """Between two positions of a phone: fifteen seconds in scale, but never more than one a second."""
        return max(1.0, self.seconds(15) * 4)

    def waits(self) -> dict[str, int]:
        """The settings' waits."""
        return {
            name: max(SHORTEST_S.get(name, 1), round(self.seconds(real))) for name, real in WAITS_S.items()
        }
