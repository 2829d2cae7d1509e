"""CloudFormation templates as plain data: read from YAML with short-form functions, and resolved for comparison."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml

Template = dict[str, Any]

INFRA = Path(__file__).resolve().parent
_PLACE = re.compile(r"\$\{([A-Za-z0-9]+)\}")


class _Loader(yaml.SafeLoader):
    """Knows `!Ref` and its kin, and leaves dates alone: "2012-10-17" is a version and no day."""


_Loader.yaml_implicit_resolvers = {
    first: [(tag, pattern) for tag, pattern in resolvers if tag != "tag:yaml.org,2002:timestamp"]
    for first, resolvers in yaml.SafeLoader.yaml_implicit_resolvers.items()
}


def _function(loader: yaml.SafeLoader, suffix: str, node: yaml.Node) -> Any:
    value: Any
    if isinstance(node, yaml.ScalarNode):
        value = loader.construct_scalar(node)
    elif isinstance(node, yaml.SequenceNode):
        value = loader.construct_sequence(node, deep=True)
    elif isinstance(node, yaml.MappingNode):
        value = loader.construct_mapping(node, deep=True)
    else:
        raise TypeError(f"no function can be made of {node!r}")
    if suffix in {"Ref", "Condition"}:
        return {suffix: value}
    if suffix == "GetAtt" and isinstance(value, str):
        value = value.split(".", 1)
    return {f"Fn::{suffix}": value}


_Loader.add_multi_constructor("!", _function)


def read_template(path: Path) -> Template:
    """A template file with every function in its long form, as JSON would hold it."""
    loaded = yaml.load(path.read_text(encoding="utf-8"), Loader=_Loader)
    assert isinstance(loaded, dict), path
    return loaded


def read_body(body: str) -> Template:
    """A template as CloudFormation hands it back: JSON or YAML, of which JSON is a part."""
    loaded = yaml.load(body, Loader=_Loader)
    assert isinstance(loaded, dict)
    return loaded


def resolved(value: Any, parameters: Mapping[str, str]) -> Any:
    """The same with parameters put in, so that a changed parameter shows as the change it makes.

    References to resources stay as they are; numbers become text, as a parameter's value is.
    """
    if isinstance(value, dict):
        if set(value) == {"Ref"} and value["Ref"] in parameters:
            return str(parameters[value["Ref"]])
        if set(value) == {"Fn::Sub"} and isinstance(value["Fn::Sub"], str):
            text = _PLACE.sub(lambda m: str(parameters.get(m[1], m[0])), value["Fn::Sub"])
            return {"Fn::Sub": text} if "${" in text else text
        return {key: resolved(inner, parameters) for key, inner in value.items()}
    if isinstance(value, list):
        return [resolved(inner, parameters) for inner in value]
    return str(value).lower() if isinstance(value, bool) else str(value)
