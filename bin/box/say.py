"""What the operator reads: one line a step with the time that has passed, and refusals that name the next step."""

import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

STILL_EVERY_S = 10.0


class Refusal(Exception):
    """Something an operator can mend: what is wrong, what to do next, and the log's last lines when there are any."""

    def __init__(self, what: str, *, next_step: str, tail: Sequence[str] = ()) -> None:
        super().__init__(what)
        self.what = what
        self.next_step = next_step
        self.tail = list(tail)

    def __str__(self) -> str:
        lines = [self.what]
        lines += [f"    | {line}" for line in self.tail]
        lines.append(f"Next: {self.next_step}")
        return "\n".join(lines)


class Progress:
    """Writes a line per step to a terminal, a file or a pipe alike; silent when `quiet`."""

    def __init__(self, *, quiet: bool = False) -> None:
        self._began = time.monotonic()
        self._quiet = quiet

    def line(self, text: str) -> None:
        """One line, stamped with minutes and seconds since the command began."""
        if not self._quiet:
            passed = int(time.monotonic() - self._began)
            print(f"[{passed // 60}:{passed % 60:02d}] {text}", file=sys.stdout, flush=True)

    @contextmanager
    def step(self, name: str, doing: str, log: Path | None = None) -> Iterator[None]:
        """A long step: what begins, every ten seconds that it goes on (and the log's last word), how long it took."""
        self.line(f"{name}: {doing}")
        began = time.monotonic()
        over = threading.Event()

        def still() -> None:
            while not over.wait(STILL_EVERY_S):
                said = (last_lines(log, 1) if log else []) or [""]
                self.line(
                    f"{name}: still at it, {time.monotonic() - began:.0f} s  {said[0].strip()[:70]}".rstrip()
                )

        clock = threading.Thread(target=still, daemon=True)
        clock.start()
        try:
            yield
        finally:
            over.set()
            clock.join()
        self.line(f"{name}: done in {time.monotonic() - began:.1f} s")


def last_lines(log: Path, count: int = 15) -> list[str]:
    """The last lines of a log file, empty where there is none."""
    try:
        with log.open("rb") as file:
            file.seek(0, 2)
            file.seek(max(0, file.tell() - 16_384))
            return file.read().decode("utf-8", "replace").splitlines()[-count:]
    except FileNotFoundError:
        return []


def run_logged(
    argv: Sequence[str],
    log: Path,
    *,
    failed: str,
    next_step: str,
    env: Mapping[str, str] | None = None,
    cwd: Path | None = None,
) -> None:
    """Run a program with its output in `log`; raises `Refusal` with the log's end when it fails."""
    log.parent.mkdir(parents=True, exist_ok=True)
    with log.open("wb") as out:
        try:
            done = subprocess.run(
                argv,
                stdin=subprocess.DEVNULL,
                stdout=out,
                stderr=subprocess.STDOUT,
                env=env,
                cwd=cwd,
                check=False,
            )
        except FileNotFoundError:
            raise Refusal(f"{failed}: there is no program {argv[0]}", next_step=next_step) from None
    if done.returncode:
        raise Refusal(
            f"{failed} (exit {done.returncode}); the end of {log}:", next_step=next_step, tail=last_lines(log)
        )
