"""Resource types of our own for moto's CloudFormation: each is made by the service's API, as AWS would.

Going through the API has a point of its own: botocore checks every property name and type on the way.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import boto3
from moto.cloudformation import parsing
from moto.core.common_models import CloudFormationModel

Properties = dict[str, Any]
# (client of the service, physical name, properties) -> attributes; "Ref" is what !Ref gives
Make = Callable[[Any, str, Properties], Mapping[str, Any]]
# (client, attributes as made, properties)
Unmake = Callable[[Any, Mapping[str, Any], Properties], object]


@dataclass(frozen=True)
class Kind:
    """One resource type. `name` is the property that names it, empty where none does.

    A change makes the resource anew by `change`, or by unmaking and making it where none is given: the emulator's
    resources hold nothing that could be lost.
    """

    type: str
    service: str
    make: Make
    unmake: Unmake
    name: str = ""
    change: Make | None = None


class MadeByApi:
    """What all our kinds share; moto sees subclasses of its own model only, so `register` mixes the two."""

    kind: Kind
    attributes: Mapping[str, Any]
    properties: Properties
    region: str
    cf_resource_type = ""
    logical_resource_id = ""

    @property
    def physical_resource_id(self) -> str:
        """What !Ref gives."""
        return str(self.attributes["Ref"])

    def get_cfn_attribute(self, attribute: str) -> Any:
        """What !GetAtt gives. Raises KeyError naming what there is."""
        if attribute not in self.attributes:
            raise KeyError(f"{self.kind.type} has no attribute {attribute}, only {sorted(self.attributes)}")
        return self.attributes[attribute]

    def is_created(self) -> bool:
        """At once."""
        return True

    def delete(self, account_id: str, region_name: str) -> None:
        """As moto calls it when the resource leaves its stack."""
        self.kind.unmake(_client(self.kind, region_name), self.attributes, self.properties)


def _client(kind: Kind, region: str) -> Any:
    return boto3.client(kind.service, region_name=region)  # type: ignore[call-overload, unused-ignore]


def register(kinds: Iterable[Kind]) -> None:
    """Tell moto of our kinds. Where it knows a type too, ours wins: the last class of a type is taken.

    That holds because this module imports moto's CloudFormation, and with it all of its classes, before ours are made.
    """
    parsing.get_model_map.cache_clear()
    for kind in kinds:
        _model(kind)


def _model(kind: Kind) -> type:
    def create(
        cls: Any, /, resource_name: str, cloudformation_json: Any, account_id: str, region_name: str, **_: Any
    ) -> Any:
        made = cls()
        made.properties = typed(cloudformation_json.get("Properties", {}))
        made.region = region_name
        made.attributes = kind.make(_client(kind, region_name), resource_name, dict(made.properties))
        return made

    def update(
        cls: Any,
        /,
        original_resource: Any,
        new_resource_name: str,
        cloudformation_json: Any,
        account_id: str,
        region_name: str,
    ) -> Any:
        if kind.change is None:
            original_resource.delete(account_id, region_name)
            return create(cls, new_resource_name, cloudformation_json, account_id, region_name)
        properties = typed(cloudformation_json.get("Properties", {}))
        client = _client(kind, region_name)
        name = original_resource.physical_resource_id
        original_resource.attributes = kind.change(client, name, dict(properties))
        original_resource.properties = properties
        return original_resource

    shared = {name: value for name, value in vars(MadeByApi).items() if not name.startswith("__")}
    body: dict[str, Any] = shared | {
        "kind": kind,
        "cloudformation_name_type": staticmethod(lambda: kind.name),
        "cloudformation_type": staticmethod(lambda: kind.type),
        "has_cfn_attr": classmethod(lambda cls, attr: True),
        "create_from_cloudformation_json": classmethod(create),
        "update_from_cloudformation_json": classmethod(update),
    }
    # moto looks at direct subclasses only
    return type(kind.type.replace("::", ""), (CloudFormationModel,), body)


def typed(value: Any) -> Any:
    """Parameters arrive as text; the APIs want numbers and truth values, as CloudFormation would convert them."""
    if isinstance(value, dict):
        return {key: typed(inner) for key, inner in value.items()}
    if isinstance(value, list):
        return [typed(inner) for inner in value]
    return {"true": True, "false": False}.get(value, value) if isinstance(value, str) else value
