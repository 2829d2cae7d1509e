"""The database's schema and the demo tenant: `manage.py` run as the owner role, only when something changed."""

import json
from pathlib import Path

from box.place import Place
from box.say import Progress, run_logged
from box.settings_file import Settings, process_environment


def migrate(place: Place, settings: Settings, progress: Progress, code: str) -> None:
    """Apply the migrations, unless this code's have been applied already."""
    stamp = place.state / "migrated-stamp"
    if stamp.is_file() and stamp.read_text(encoding="utf-8") == code:
        return
    with progress.step("database", "applying migrations"):
        _manage(place, settings, ["migrate", "--noinput", "--verbosity", "1"], "migrate", as_owner=True)
    stamp.write_text(code, encoding="utf-8")


def make_demo(
    place: Place, settings: Settings, progress: Progress, code: str, *, with_fleet: bool = True
) -> None:
    """The demo tenant and `demo.json`: made once, looked at again when code or address is new; what is good stays.

    With the fleet that is simulated come hubs, drivers and vehicles over its phones.
    """
    path = place.state / "demo.json"
    stamp = place.state / "demo-stamp"
    wanted = f"{code} {settings['MILEPOST_BASE_URL']}"
    if path.is_file() and stamp.is_file() and stamp.read_text(encoding="utf-8") == wanted:
        return
    with progress.step("demo tenant", "looking after it and its keys"):
        _manage(place, settings, ["demo", "--write", str(path)], "demo", as_owner=False)
        if with_fleet and settings.number("MILEPOST_FLEET_DEVICES"):
            live = read_demo(path)["live_environment_id"]
            _manage(place, settings, ["demo_fleet", "--environment", live], "demo-fleet", as_owner=False)
    stamp.write_text(wanted, encoding="utf-8")


def read_demo(path: Path) -> dict[str, str]:
    """What `manage.py demo` wrote, empty where it has not."""
    if not path.is_file():
        return {}
    found = json.loads(path.read_text(encoding="utf-8"))
    return {str(name): str(value) for name, value in found.items()}


def _manage(place: Place, settings: Settings, words: list[str], log: str, *, as_owner: bool) -> None:
    url = {"MILEPOST_DATABASE_URL": settings["MILEPOST_OWNER_DATABASE_URL"]} if as_owner else {}
    run_logged(
        [str(place.venv_python), "manage.py", *words],
        place.logs / f"setup-{log}.log",
        failed=f"manage.py {words[0]} failed",
        next_step="mend what it says, then make run",
        env=process_environment(place, **url),
        cwd=place.project,
    )
