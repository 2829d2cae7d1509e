"""How much processor time this machine spent, and how much of it was ours."""

import os
import time
from pathlib import Path
from typing import NamedTuple


class Spent(NamedTuple):
    """Seconds of processor time: of the whole machine, and of this process."""

    machine_s: float
    own_s: float

    def since(self, before: "Spent") -> "Spent":
        """What came on top."""
        return Spent(self.machine_s - before.machine_s, self.own_s - before.own_s)


def spent() -> Spent:
    """So far; 0 for the machine where the kernel does not tell."""
    try:
        fields = Path("/proc/stat").read_text().splitlines()[0].split()[1:]
    except OSError:
        return Spent(0.0, time.process_time())
    user, nice, system, _, _, irq, softirq, *_ = (int(field) for field in fields)
    return Spent((user + nice + system + irq + softirq) / os.sysconf("SC_CLK_TCK"), time.process_time())
