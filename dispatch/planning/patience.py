"""How long a solving process is waited for: by what it worked, not by the clock of a machine that is busy elsewhere."""

import os
import time
from collections.abc import Callable
from pathlib import Path

CORES = 2  # a search keeps so many busy
HANGS_S = 180.0  # beyond its seconds: tables of 5,000 places, their explanations
LONGEST_S = 3_600.0  # on the clock, whatever it says of itself
A_SIGN_S = 0.05  # of work, by which it shows that it is alive


def worked_s(pid: int) -> float | None:
    """Processor seconds that a process has used; None where the kernel does not tell."""
    try:
        # the name in brackets may hold anything; user and system time are the 14th and 15th field
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")
    except (OSError, ValueError, IndexError):
        return None


class Patience:
    """With one process, that is to work for about `seconds`.

    It ends with one that stands still for `HANGS_S`, and with one that worked for so much longer than it was to. One
    that the machine gives little of its processors takes its time: half a plan late is worth more than none.
    """

    def __init__(
        self,
        seconds: float,
        *,
        worked: Callable[[], float | None],
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._worked, self._clock = worked, clock
        self._begun = self._signed_at = clock()
        self._usual = seconds + HANGS_S
        self._most = CORES * seconds + HANGS_S
        self._known = 0.0

    def is_over(self) -> bool:
        """Whether it hangs. Ask it every now and then."""
        now, worked = self._clock(), self._worked()
        if worked is not None and worked - self._known >= A_SIGN_S:
            self._known, self._signed_at = worked, now
        passed = now - self._begun
        if passed <= self._usual:
            return False
        stands_still = worked is None or now - self._signed_at > HANGS_S
        return stands_still or self._known > self._most or passed > self._usual + LONGEST_S
