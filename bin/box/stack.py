"""A whole running product in one state folder: what `make run` starts, and what tests start for themselves."""

import json
import signal
from collections.abc import Iterable, Mapping
from pathlib import Path
from types import TracebackType
from typing import Self

from box.front_workers import end_orphaned_workers
from box.frontend import collect_static
from box.health import ask, wait_healthy
from box.mosquitto import Mosquitto
from box.nginx import Nginx
from box.orphans import end_orphans
from box.place import PROJECT, open_place
from box.ports import refuse_if_taken
from box.postgres import Postgres
from box.processes import FLEET, local_url, product_programs
from box.programs import Program
from box.redis import Redis
from box.say import Progress, Refusal, last_lines
from box.schema import make_demo, migrate, read_demo
from box.settings_file import Settings, merged_settings, process_environment, write_settings
from box.supervisor import RUNNING, ProgramState, Supervisor, wait_until

SERVICES = ("postgres", "redis", "mosquitto")
READY_S = 60.0
HEALTHY_S = 240.0  # on a machine that is busy with ten other things a dozen Pythons take that long to import


class Stack:
    """The product with its own services, ports and data below `state`.

    `settings` are MILEPOST_ variables; ports that are not given are 8000, 18883 and 8883 (use `throwaway` for free
    ones). `services_only` starts PostgreSQL, Redis and those named in it, nothing of the product.
    `durable=False` is for tests: the databases do not wait for the disk. `assets` is the folder with `static/`,
    the stack's own when None.
    """

    def __init__(
        self,
        state: Path,
        *,
        settings: Mapping[str, str] | None = None,
        project: Path = PROJECT,
        services_only: Iterable[str] | None = None,
        durable: bool = True,
        with_fleet: bool = True,
        assets: Path | None = None,
        progress: Progress | None = None,
    ) -> None:
        self.place = open_place(state, project)
        self._given = dict(settings or {})
        self._only = None if services_only is None else tuple(services_only)
        self._durable = durable
        self._with_fleet = with_fleet
        self._assets = assets or self.place.state
        self._progress = progress or Progress(quiet=True)
        self._supervisor = Supervisor(self.place)
        self._started = self.place.state / "started.json"
        self.settings: Settings = merged_settings(self.place, self._given, fixed={})
        self._postgres = Postgres(self.place, durable=durable)
        self._redis = Redis(self.place, durable=durable)
        self._mosquitto = Mosquitto(self.place, self.settings)
        self._nginx = Nginx(self.place, self._assets)

    # --- what it is ------------------------------------------------------------------------------------------
    @property
    def base_url(self) -> str:
        """The one origin, without a trailing slash."""
        return self.settings["MILEPOST_BASE_URL"]

    @property
    def demo(self) -> dict[str, str]:
        """base_url, email, password, tenant_id, environment_id, publishable_key, secret_key of the demo tenant."""
        found: dict[str, str] = json.loads((self.place.state / "demo.json").read_text(encoding="utf-8"))
        return found

    def database_url(self, role: str = "app") -> str:
        """The libpq URI of a role: app, owner or edge."""
        name = {"app": "", "owner": "OWNER_", "edge": "EDGE_"}[role]
        return self.settings[f"MILEPOST_{name}DATABASE_URL"]

    def environment(self, **more: str) -> dict[str, str]:
        """The environment in which `manage.py` and the product's modules work on this stack."""
        return process_environment(self.place, **more)

    # --- all of it -------------------------------------------------------------------------------------------
    def up(self) -> None:
        """Start what does not run, restart what changed, wait until healthy. Refuses cleanly, nothing half-started."""
        was_up = self._supervisor.pid() is not None
        if not was_up and (ended := end_orphans(self.place)):
            self._progress.line(f"left over from a killed supervisor, ended: {', '.join(ended)}")
        elif was_up:
            end_orphaned_workers(self.place.front_pid_file)
        self._refuse_taken_ports()
        try:
            self._bring_up()
        except BaseException:
            if not was_up:
                self.down()
            raise

    def down(self) -> None:
        """Stop everything and leave no process."""
        self._supervisor.shut_down(last=SERVICES)
        end_orphans(self.place)
        self._started.unlink(missing_ok=True)

    def _bring_up(self) -> None:
        write_settings(self.place, self.settings)
        (self.place.run / "app").mkdir(mode=0o700, exist_ok=True)
        self._postgres.prepare(self._progress)
        self._redis.prepare()
        self._mosquitto.prepare()
        self._nginx.prepare(self.settings)
        programs = self._take_up_programs()
        services = [name for name in SERVICES if name in programs]
        self._run([programs[name] for name in services], "services")
        self._postgres.make_roles(self.settings)
        if self._only is not None:
            return
        code = programs["web"].fingerprint(self.place.logs, self.place.project)
        migrate(self.place, self.settings, self._progress, code)
        if self._assets == self.place.state:
            collect_static(self.place, self._progress, self.environment())
        make_demo(self.place, self.settings, self._progress, code, with_fleet=self._with_fleet)
        programs = self._take_up_programs()  # now with the fleet, which drives in the demo's live environment
        rest = [program for name, program in programs.items() if name not in (*services, FLEET)]
        self._run(rest, "processes")
        self.wait_healthy()
        self._run([program for program in programs.values() if program.name == FLEET], "demo fleet")

    def _take_up_programs(self) -> dict[str, Program]:
        programs = self._programs()
        self._supervisor.configure(list(programs.values()))
        self._supervisor.bring_up()
        return programs

    def _programs(self) -> dict[str, Program]:
        services = [self._postgres.program(), self._redis.program(), self._mosquitto.program()]
        if self._only is not None:
            chosen = [program for program in services if program.name in ("postgres", "redis", *self._only)]
        else:
            live = read_demo(self.place.state / "demo.json").get("live_environment_id")
            product = product_programs(self.place, self.settings, live if self._with_fleet else None)
            chosen = sorted(
                [*services, *product, self._nginx.program()], key=lambda program: program.priority
            )
        return {program.name: program for program in chosen}

    def _run(self, programs: list[Program], what: str) -> None:
        """Start those that do not run and restart those whose code or configuration changed since they started."""
        started: dict[str, str] = json.loads(self._started.read_text()) if self._started.is_file() else {}
        running = {state.name for state in self._supervisor.states() if state.code == RUNNING}
        fingerprints = {p.name: p.fingerprint(self.place.logs, self.place.project) for p in programs}
        stale = [
            name for name, mark in fingerprints.items() if name not in running or started.get(name) != mark
        ]
        if not stale:
            return
        self._progress.line(f"{what}: starting {', '.join(stale)}")
        self._supervisor.stop_all(running & set(stale))
        for name in stale:
            self._supervisor.start(name)
        for name in stale:
            self._wait_running(name)
        self._started.write_text(json.dumps(started | fingerprints), encoding="utf-8")

    def _refuse_taken_ports(self) -> None:
        states = {state.name: state.code for state in self._supervisor.states()}
        needed = [
            ("mosquitto", "127.0.0.1", "MILEPOST_MQTT_PORT", "its MQTT broker"),
            ("mosquitto", self.settings["MILEPOST_LISTEN"], "MILEPOST_MQTT_TLS_PORT", "MQTT over TLS"),
        ]
        if self._only is None:
            needed.append(("nginx", self.settings["MILEPOST_LISTEN"], "MILEPOST_PORT", "its web address"))
        elif "mosquitto" not in self._only:
            needed = []
        before = _ports_before(self.place.conf)
        for name, host, variable, what in needed:
            port = self.settings.number(variable)
            if states.get(name) != RUNNING or port not in before.get(name, ()):
                refuse_if_taken(host, port, variable, what)

    # --- one of it -------------------------------------------------------------------------------------------
    def states(self) -> list[ProgramState]:
        """Every process with its state; empty when nothing runs."""
        return self._supervisor.states()

    def pid(self, name: str) -> int:
        """The process id of a running process."""
        return self._supervisor.state(name).pid

    def start(self, name: str) -> None:
        """Start one process and wait until it is ready."""
        self._supervisor.watch_anew()
        self._supervisor.start(name)
        self._wait_running(name)

    def stop(self, name: str) -> None:
        """Stop one process in its own good manner; it stays stopped."""
        self._supervisor.stop(name)

    def restart(self, name: str) -> None:
        """Stop and start."""
        self.stop(name)
        self.start(name)

    def kill(self, name: str, number: int = signal.SIGKILL) -> int:
        """Signal the process (kill -9 by default) and return the id it had; the supervisor starts it again."""
        pid = self.pid(name)
        self._supervisor.kill(name, number)
        return pid

    def tail(self, name: str, lines: int = 30) -> list[str]:
        """The last lines of a process's log."""
        return last_lines(self.place.logs / f"{name}.log", lines)

    def wait_healthy(self, timeout_s: float = HEALTHY_S) -> None:
        """Wait until `/healthz` says ok; raises `Refusal` when a process dies or the time is over."""
        self._supervisor.watch_anew()
        names = [state.name for state in self.states()]
        # the demo fleet starts when the rest is healthy
        watched = [name for name in names if name != FLEET]
        wait_healthy(
            local_url(self.settings),
            self._progress,
            timeout_s=timeout_s,
            absent=lambda: [name for name in self.absent() if name in watched],
            meanwhile=lambda: self._supervisor.refuse_if_dead(watched),
        )

    def healthy(self) -> bool:
        """Whether `/healthz` says ok right now and every process runs."""
        return ask(local_url(self.settings)).ok and not self.absent()

    def absent(self) -> list[str]:
        """Processes that do not run; nginx runs when it holds its port, for it tries a while before it gives up."""
        return [
            state.name
            for state in self.states()
            if state.code != RUNNING or (state.name == "nginx" and not self._nginx.serves(state.pid))
        ]

    def _wait_running(self, name: str) -> None:
        ready = {
            "postgres": self._postgres.ready,
            "redis": self._redis.ready,
            "mosquitto": self._mosquitto.ready,
        }

        def arrived() -> bool:
            self._supervisor.refuse_if_dead([name])
            if name in ready:
                return ready[name]()
            return name not in self.absent()

        wait_until(arrived, READY_S, f"{name} does not come up")

    def __enter__(self) -> Self:
        self.up()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.down()


def _ports_before(conf: Path) -> dict[str, list[int]]:
    """The ports in the configurations of the last run: what its nginx and mosquitto hold now."""
    found: dict[str, list[int]] = {}
    for name, word in (("nginx", "listen "), ("mosquitto", "listener ")):
        path = conf / f"{name}.conf"
        lines = path.read_text(encoding="utf-8").splitlines() if path.is_file() else []
        for line in lines:
            if line.strip().startswith(word):
                text = line.split()[1].rsplit(":", 1)[-1].rstrip(";")
                found.setdefault(name, []).append(int(text) if text.isdecimal() else 0)
    return found


__all__ = ["Refusal", "Stack"]
