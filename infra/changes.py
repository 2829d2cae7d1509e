"""What a deployment would do, resource by resource: a pure comparison of two templates with their parameters."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from functools import cache
from typing import Any

from cfnlint.schema import PROVIDER_SCHEMA_MANAGER

from infra.templates import Template, resolved

# losing one of these loses what customers or devices sent, or what opens it
STATEFUL = frozenset(
    {
        "AWS::RDS::DBInstance",
        "AWS::Kinesis::Stream",
        "AWS::S3::Bucket",
        "AWS::SQS::Queue",
        "AWS::ElastiCache::ReplicationGroup",
        "AWS::SecretsManager::Secret",
        "AWS::EC2::VPC",
        "AWS::EC2::Subnet",
    }
)


class Action(StrEnum):
    """What would become of a resource."""

    ADD = "add"
    CHANGE = "change"
    REPLACE = "replace"
    REMOVE = "remove"


@dataclass(frozen=True)
class Change:
    """One resource that would not stay as it is. `properties` says what of it differs, as dotted paths."""

    stack: str
    resource: str
    type: str
    action: Action
    properties: tuple[str, ...] = ()
    stateful: bool = False

    @property
    def loses_state(self) -> bool:
        """Whether it needs to be asked for by name: a stateful resource removed, replaced, or no longer retained."""
        if not self.stateful:
            return False
        return self.action in {Action.REMOVE, Action.REPLACE} or bool(
            {"DeletionPolicy", "UpdateReplacePolicy", "Properties.DeletionProtection"} & set(self.properties)
        )


def changes(
    stack: str,
    old: Template,
    old_parameters: Mapping[str, str],
    new: Template,
    new_parameters: Mapping[str, str],
) -> list[Change]:
    """Every resource that would be added, changed, replaced or removed. An absent stack is an empty template."""
    before = _resources(old, old_parameters)
    after = _resources(new, new_parameters)
    found = []
    for name in [*after, *(name for name in before if name not in after)]:
        was, will = before.get(name), after.get(name)
        if was == will:
            continue
        kind = str((will or was or {})["Type"])
        stateful = is_stateful(was or will or {})
        if was is None:
            found.append(Change(stack, name, kind, Action.ADD))
        elif will is None:
            found.append(Change(stack, name, kind, Action.REMOVE, stateful=stateful))
        else:
            paths = tuple(sorted(_differing(was, will)))
            action = Action.REPLACE if was["Type"] != kind or _replaces(kind, paths) else Action.CHANGE
            found.append(Change(stack, name, kind, action, paths, stateful))
    return found


def is_stateful(resource: Mapping[str, Any]) -> bool:
    """By its type, or because its template says that it outlives its stack."""
    return resource.get("Type") in STATEFUL or resource.get("DeletionPolicy") == "Retain"


def _resources(template: Template, parameters: Mapping[str, str]) -> dict[str, Any]:
    described: dict[str, Any] = resolved(template.get("Resources", {}), parameters)
    return described


def _differing(was: Any, will: Any, path: str = "") -> Iterable[str]:
    if isinstance(was, dict) and isinstance(will, dict):
        for key in [*will, *(key for key in was if key not in will)]:
            if was.get(key) != will.get(key):
                yield from _differing(was.get(key), will.get(key), f"{path}.{key}" if path else str(key))
    else:
        yield path


def _replaces(kind: str, paths: tuple[str, ...]) -> bool:
    """Whether a changed property is one that only making the resource anew can change."""
    fixed = _only_at_creation(kind)
    changed = [path.removeprefix("Properties.") for path in paths if path.startswith("Properties.")]
    return any(
        path == one or path.startswith(f"{one}.") or one.startswith(f"{path}.")
        for path in changed
        for one in fixed
    )


@cache
def _only_at_creation(kind: str) -> frozenset[str]:
    """CloudFormation's own schema of the type, as cfn-lint carries it."""
    schema = PROVIDER_SCHEMA_MANAGER.get_resource_schema("us-east-1", kind).schema
    paths = schema.get("createOnlyProperties", [])
    return frozenset(path.removeprefix("/properties/").replace("/", ".") for path in paths)
