"""The product's processes, in the order they start: what `docs/` calls the process table."""

from pathlib import Path

from box.place import Place
from box.programs import Program
from box.settings_file import Settings

EDGE_CODE = ("ingest_lambda",)
MONOLITH_CODE = ("config", "tracker", "dispatch", "billing", "templates", "ingest_lambda", "manage.py")
FLEET = "fleet"


def product_programs(place: Place, settings: Settings, fleet_environment: str | None) -> list[Program]:
    """Edge, consumers, bridge, web, live, worker, beat, relay, planner; a fleet where an environment is given."""
    programs = [*_edge(place, settings), *_monolith(place, settings)]
    if fleet_environment and settings.number("MILEPOST_FLEET_DEVICES"):
        programs.append(_fleet(place, settings, fleet_environment))
    return programs


def _edge(place: Place, settings: Settings) -> list[Program]:
    python, code = str(place.venv_python), _watched(place, EDGE_CODE)
    count = settings.number("MILEPOST_CONSUMERS")
    worker = (python, "-m", "ingest_lambda.worker", "--of", str(count), "--index")
    door = (python, "-m", "ingest_lambda.server", "--index")
    return [
        *(Program(f"consumer-{n}", (*worker, str(n)), priority=20, watched=code) for n in range(count)),
        # one process and one socket each: nginx then shares its connections among them evenly
        *(
            Program(f"edge-{n}", (*door, str(n)), priority=21, watched=code, listens_on=socket)
            for n, socket in enumerate(edge_sockets(settings))
        ),
        # registrations have a process of their own that the kernel serves last: a flood of them leaves positions be
        Program(
            "registrations",
            (*door[:-1], "--registrations"),
            priority=21,
            watched=code,
            listens_on=registrations_socket(settings),
        ),
        Program("bridge", (python, "-m", "ingest_lambda.mqtt"), priority=22, watched=code),
    ]


def _monolith(place: Place, settings: Settings) -> list[Program]:
    python, code = str(place.venv_python), _watched(place, MONOLITH_CODE)
    web, live = settings["MILEPOST_WEB_SOCKET"], settings["MILEPOST_LIVE_SOCKET"]
    return [
        Program("web", (python, *_web(settings)), priority=30, watched=code, listens_on=web),
        Program("live", (python, *_live(settings)), priority=30, watched=code, listens_on=live),
        Program("worker", (python, *_celery(place)), priority=31, watched=code, stop_wait_s=20),
        Program("beat", (python, *_beat(place)), priority=31, watched=code),
        # it lets what is under way come home: a delivery may take fifteen seconds
        Program("relay", (python, "manage.py", "relay"), priority=31, watched=code, stop_wait_s=25),
        # a plan under way is handed back, not finished: whoever starts next makes it
        Program("planner", (python, "manage.py", "planner"), priority=31, watched=code, stop_wait_s=15),
    ]


def _fleet(place: Place, settings: Settings, environment: str) -> Program:
    command = (
        str(place.venv_python), "manage.py", "simulate", "--devices", settings["MILEPOST_FLEET_DEVICES"],
        "--environment", environment, "--base-url", local_url(settings),
    )  # fmt: skip
    return Program(FLEET, command, priority=50, watched=_watched(place, MONOLITH_CODE))


def edge_sockets(settings: Settings) -> list[str]:
    """The sockets of the edge's processes, named as the edge does: `edge-0.sock`, `edge-1.sock`, …"""
    first = Path(settings["MILEPOST_EDGE_SOCKET"])
    count = settings.number("MILEPOST_EDGE_WORKERS")
    return [str(first.with_name(f"{first.stem}-{index}{first.suffix}")) for index in range(count)]


def registrations_socket(settings: Settings) -> str:
    """Where the edge's process for registrations listens."""
    first = Path(settings["MILEPOST_EDGE_SOCKET"])
    return str(first.with_name(f"{first.stem}-registrations{first.suffix}"))


def _watched(place: Place, names: tuple[str, ...]) -> tuple[Path, ...]:
    lock = place.project / ".venv" / "milepost-lock"
    present = (place.project / name for name in names)
    return (*(path for path in present if path.exists()), lock, place.env_file)


def _web(settings: Settings) -> tuple[str, ...]:
    # nginx's workers have an account of their own; the folder lets in their group alone. The 0 in front says octal
    return (
        "-m", "granian", "--interface", "wsgi", "--uds", settings["MILEPOST_WEB_SOCKET"],
        "--uds-permissions", "0666", "--workers", settings["MILEPOST_WEB_WORKERS"], "--blocking-threads", "4",
        "--respawn-failed-workers", "--workers-kill-timeout", "10", "--backlog", "1024", "--no-ws",
        "--log-level", "warning", "config.wsgi:application",
    )  # fmt: skip


def _live(settings: Settings) -> tuple[str, ...]:
    return (
        "-m", "uvicorn", "--uds", settings["MILEPOST_LIVE_SOCKET"], "--loop", "uvloop", "--ws", "websockets-sansio",
        "--lifespan", "auto", "--log-level", "warning", "--timeout-graceful-shutdown", "3",
        "--ws-max-size", "65536",
        # a frame's text is made once for all maps that see the same; deflating it for each map cost more than all else
        "--ws-per-message-deflate", "false", "config.asgi:application",
    )  # fmt: skip


def _celery(place: Place) -> tuple[str, ...]:
    return ("-m", "celery", "-A", "config", "worker", "--concurrency", "2", "--loglevel", "info",
            "--hostname", f"milepost-{place.state.name}@%h", "--without-gossip", "--without-mingle")  # fmt: skip


def _beat(place: Place) -> tuple[str, ...]:
    return ("-m", "celery", "-A", "config", "beat", "--loglevel", "warning",
            "--schedule", str(place.state / "beat-schedule"), "--pidfile=")  # fmt: skip


def local_url(settings: Settings) -> str:
    """The front's address on this machine, whatever name the world has for it."""
    listen = settings["MILEPOST_LISTEN"]
    host = "127.0.0.1" if listen in {"0.0.0.0", "::"} else listen
    return f"http://{host}:{settings['MILEPOST_PORT']}"
