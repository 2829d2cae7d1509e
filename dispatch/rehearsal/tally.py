"""What a rehearsal counts, and how long answers took."""

from collections import Counter, defaultdict
from dataclasses import dataclass, field

KEPT = 200_000


@dataclass
class Tally:
    """Counts by name, and seconds by what was asked."""

    counts: Counter[str] = field(default_factory=Counter)
    seconds: dict[str, list[float]] = field(default_factory=lambda: defaultdict(list))
    problems: list[str] = field(default_factory=list)

    def took(self, what: str, seconds: float) -> None:
        """An answer of that kind took so long."""
        self.counts[what] += 1
        if len(self.seconds[what]) < KEPT:
            self.seconds[what].append(seconds)

    def problem(self, text: str) -> None:
        """Something that should not be; the first hundred are kept."""
        self.counts["problems"] += 1
        if len(self.problems) < 100:
            self.problems.append(text)

    def at(self, what: str, share: float) -> float:
        """The time within which that share of the answers came, in milliseconds; 0 where there were none."""
        found = sorted(self.seconds[what])
        return 1000 * found[min(len(found) - 1, int(share * len(found)))] if found else 0.0
