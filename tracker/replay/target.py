"""Where a recording or a simulated fleet goes: an origin, a publishable key, and a secret one to read back with."""

import json
from dataclasses import dataclass

from django.conf import settings

from tracker.keys.selectors import a_publishable_text
from tracker.replay.posting import Address
from tracker.tenants import scope
from tracker.tenants.identifiers import BadIdentifier, parse_id
from tracker.tenants.models import Environment


class NoTarget(Exception):
    """It was not said where to post; the message says which option to give."""


@dataclass(frozen=True)
class Target:
    """The address to post to. `told` is how to speak of it."""

    address: Address
    secret_key: str | None
    told: str


def target(
    *, base_url: str | None, environment: str | None, key: str | None, secret_key: str | None
) -> Target:
    """The key given, or one of the environment's own, or the demo's. Raises NoTarget where none is known."""
    origin = (base_url or settings.BASE_URL).rstrip("/")
    demo = demo_facts()
    if key:
        told = "the key given"
    elif environment:
        key, told = publishable_key_of(environment), environment
    elif demo:
        key, told = demo["publishable_key"], f"the demo's test environment {demo['environment_id']}"
    else:
        raise NoTarget("where to? Say --environment env_… or --key pk_… (there is no demo tenant yet).")
    if not secret_key and demo and (key == demo["publishable_key"] or environment == demo["environment_id"]):
        secret_key = demo["secret_key"]
    return Target(Address(origin, key), secret_key, told)


def publishable_key_of(environment_id: str) -> str:
    """The text of a publishable key in force of an environment given by public id. Raises NoTarget."""
    try:
        uid = parse_id("env", environment_id)
    except BadIdentifier as error:
        raise NoTarget(f"--environment: {error}.") from None
    environment = (
        Environment.objects.unscoped("an operator at the command line names it").filter(uid=uid).first()
    )
    if environment is None:
        raise NoTarget(f"--environment {environment_id}: there is no such environment.")
    with scope.scope(environment_id=environment.pk):
        text = a_publishable_text(environment)
    if text is None:
        raise NoTarget(f"--environment {environment_id}: none of its publishable keys is in force.")
    return text


def demo_facts() -> dict[str, str]:
    """What `manage.py demo` wrote, or nothing where it has not run."""
    try:
        return dict(json.loads((settings.STATE_DIR / "demo.json").read_text(encoding="utf-8")))
    except (OSError, ValueError):
        return {}
