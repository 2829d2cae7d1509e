"""The API's description in lines that people review: an operation a line, then every schema field by field.

Words are left out, they may be bettered freely; what a caller's program depends on is all here.
"""

from collections.abc import Iterator
from typing import Any

Json = dict[str, Any]
BOUNDS = (
    "format",
    "minimum",
    "exclusiveMinimum",
    "maximum",
    "minLength",
    "maxLength",
    "minItems",
    "maxItems",
    "pattern",
)


def outline_of(document: Json) -> str:
    """Operations as `METHOD path (parameters) body -> answers`, schemas as `Name` with `field? type` below it."""
    return "".join(
        f"{line}\n" for line in [*_operations(document["paths"]), *_schemas(document["components"])]
    )


def _operations(paths: Json) -> Iterator[str]:
    for path, operations in sorted(paths.items()):
        for method, operation in sorted(operations.items()):
            yield f"{method.upper()} {path}  {operation['operationId']}"
            for parameter in operation.get("parameters", []):
                if parameter["in"] != "path":
                    mark = "" if parameter.get("required") else "?"
                    yield f"  {parameter['in']} {parameter['name']}{mark} {_type(parameter['schema'])}"
            if "requestBody" in operation:
                yield f"  takes {_content(operation['requestBody'])}"
            for status, answer in sorted(operation["responses"].items()):
                if status < "300":
                    yield f"  {status} {_content(answer)}"
            yield f"  {' '.join(s for s in sorted(operation['responses']) if s >= '300')}"


def _content(part: Json) -> str:
    return ", ".join(
        f"{kind} {_type(what.get('schema', {}))}" for kind, what in part.get("content", {}).items()
    )


def _schemas(components: Json) -> Iterator[str]:
    for name, schema in sorted(components["schemas"].items()):
        fields = schema.get("properties")
        yield f"{name}" if fields else f"{name} {_type(schema)}"
        needed = set(schema.get("required", []))
        for field, form in (fields or {}).items():
            yield f"  {field}{'' if field in needed else '?'} {_type(form)}"


def _type(schema: Json) -> str:
    """The type with its bounds, in one line."""
    if "$ref" in schema:
        return str(schema["$ref"]).rpartition("/")[2]
    for several in ("anyOf", "oneOf", "allOf"):
        if several in schema:
            return " | ".join(_type(one) for one in schema[several])
    if "enum" in schema:
        return " | ".join(map(repr, schema["enum"]))
    kind = str(schema.get("type", "any"))
    if "items" in schema:
        kind = f"[{_type(schema['items'])}]"
    elif isinstance(schema.get("additionalProperties"), dict):
        kind = f"{{{_type(schema['additionalProperties'])}}}"
    elif "properties" in schema:
        kind = f"{{{', '.join(f'{name} {_type(one)}' for name, one in schema['properties'].items())}}}"
    return " ".join([kind, *(f"{bound}={schema[bound]}" for bound in BOUNDS if bound in schema)])
