"""Writes on the rules of an environment's dispatch."""

from collections.abc import Mapping
from typing import Any

from dispatch.planning.models import DispatchSettings
from dispatch.planning.services import settings_of
from dispatch.rules.fields import read


class RulesRefused(Exception):
    """Some of the values cannot be; `wrong` says why, by the name of the rule. Nothing was changed."""

    def __init__(self, wrong: dict[str, str]) -> None:
        super().__init__("; ".join(f"{name} {why}" for name, why in wrong.items()))
        self.wrong = wrong


def change_rules(environment_id: int, changes: Mapping[str, Any]) -> DispatchSettings:
    """Set these rules; those not named stay. In force from the next thing that happens. Raises RulesRefused."""
    kept, wrong = read(changes)
    if wrong:
        raise RulesRefused(wrong)
    row = settings_of(environment_id)
    for name, value in kept.items():
        setattr(row, name, value)
    if kept:
        row.save(update_fields=list(kept))
    return row
