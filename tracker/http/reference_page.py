"""The OpenAPI document as the reference page shows it: groups of operations, their fields, examples. Pure."""

import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

Json = dict[str, Any]
DEEPEST = 4
SECRET, PUBLISHABLE = "sk_test_…", "pk_test_…"  # stand-ins for the reader's own
KEYS = {"publishable": PUBLISHABLE, "secret": SECRET, "no": ""}


@dataclass(frozen=True)
class Field:
    """A field of a body, or a parameter: indented by `level`."""

    name: str
    kind: str
    description: str
    required: bool
    level: int = 0
    options: list[str] = field(default_factory=list)


@dataclass(frozen=True)
class Answer:
    """What an operation may answer."""

    status: str
    description: str
    media_type: str = ""
    fields: list[Field] = field(default_factory=list)
    example: str = ""
    code: str = ""

    @property
    def good(self) -> bool:
        """Whether it is a success."""
        return self.status.startswith("2")


@dataclass(frozen=True)
class Operation:
    """One method of one address."""

    anchor: str
    method: str
    path: str
    summary: str
    paragraphs: list[str]
    key: str
    parameters: list[Field]
    body: list[Field]
    body_example: str
    answers: list[Answer]
    curl: str


@dataclass(frozen=True)
class Group:
    """Operations about one thing."""

    name: str
    description: str
    operations: list[Operation]


@dataclass(frozen=True)
class Reference:
    """The whole page."""

    title: str
    groups: list[Group]


def reference_of(document: Json, base_url: str) -> Reference:
    """The page of an OpenAPI document as `tracker.http.schema` makes it."""
    read = Reader(document, base_url)
    operations = [
        (operation["tags"][0], read.operation(path, method, operation))
        for path, methods in document["paths"].items()
        for method, operation in methods.items()
    ]
    groups = [
        Group(tag["name"], tag["description"], [one for name, one in operations if name == tag["name"]])
        for tag in document["tags"]
    ]
    return Reference(document["info"]["title"], groups)


class Reader:
    """Follows a document's references."""

    def __init__(self, document: Json, base_url: str) -> None:
        self.base_url = base_url
        self.schemas: Json = document["components"]["schemas"]
        self.shared: Json = document["components"]["responses"]

    def operation(self, path: str, method: str, operation: Json) -> Operation:
        """One operation."""
        way = operation["security"][0]
        key = ("publishable" if "publishableKey" in way else "secret") if way else "no"
        body = self._media(operation.get("requestBody", {}))[1]
        example = self.example(body) if body else None
        return Operation(
            anchor=operation["operationId"],
            method=method.upper(),
            path=path,
            summary=operation["summary"],
            paragraphs=[" ".join(p.split()) for p in operation["description"].split("\n\n")],
            key=key,
            parameters=[self._parameter(p) for p in operation.get("parameters", [])],
            body=list(self.fields(body)) if body else [],
            body_example=_pretty(example) if body else "",
            answers=[self._answer(s, self._told(a)) for s, a in sorted(operation["responses"].items())],
            curl=_curl(self.base_url + path, method, KEYS[key], example),
        )

    def fields(self, schema: Json, level: int = 0) -> Iterator[Field]:
        """The fields of an object and of those inside it, in order."""
        schema = self._inner(schema)
        for name, part in schema.get("properties", {}).items():
            inner, whole = self._inner(part), self._whole(part)
            yield Field(
                name=name,
                kind=self.kind(part),
                description=part.get("description") or whole.get("description", ""),
                required=name in schema.get("required", []),
                level=level,
                options=[str(option) for option in whole.get("enum", [])],
            )
            if level < DEEPEST and "properties" in inner:
                yield from self.fields(inner, level + 1)

    def kind(self, schema: Json) -> str:
        """What a value is, in a few words."""
        schema = self._whole(schema)
        if "anyOf" in schema:
            return " or ".join(dict.fromkeys(self.kind(one) for one in schema["anyOf"]))
        kind = schema.get("type", "string" if "enum" in schema else "any JSON")
        if isinstance(kind, list):
            return " or ".join(kind) if len(kind) < 4 else "any JSON"
        if kind == "array":
            return f"array of {self.kind(_item(schema))}"
        return "time" if schema.get("format") == "date-time" else str(kind)

    def example(self, schema: Json) -> Any:
        """A value that fits the schema, made of the examples in it."""
        whole = self._whole(schema)
        for source in (schema, whole):
            if source.get("examples"):
                return source["examples"][0]
        if "const" in whole or "enum" in whole:
            return whole.get("const") or whole["enum"][0]
        if "anyOf" in whole:
            return self.example(whole["anyOf"][0])
        if "properties" in whole:
            return {name: self.example(part) for name, part in whole["properties"].items()}
        kind = whole.get("type")
        kind = kind[0] if isinstance(kind, list) else kind
        if kind == "array":
            return [self.example(_item(whole))]
        return {"integer": 0, "number": 0.5, "boolean": True, "object": {}, "null": None}.get(str(kind), "…")

    def _parameter(self, parameter: Json) -> Field:
        schema = self._whole(parameter["schema"])
        kind = self.kind(schema)
        if "minimum" in schema:
            kind += f", {schema['minimum']} to {schema['maximum']}"
        if "default" in schema:
            kind += f", {schema['default']} if left out"
        return Field(
            name=parameter["name"],
            kind=kind,
            description=parameter.get("description", ""),
            required=parameter.get("required", False),
            options=[str(option) for option in schema.get("enum", [])],
        )

    def _answer(self, status: str, answer: Json) -> Answer:
        media_type, schema = self._media(answer)
        if schema is None:
            return Answer(status, answer["description"])
        if status.startswith("2"):
            return Answer(
                status,
                answer["description"],
                media_type,
                list(self.fields(schema)),
                _pretty(self.example(schema)),
            )
        examples = answer["content"][media_type].get("examples", {})
        code = next((e["value"]["code"] for e in examples.values()), "")
        return Answer(status, answer["description"], media_type, code=code)

    def _media(self, holder: Json) -> tuple[str, Json | None]:
        for media_type, content in holder.get("content", {}).items():
            return media_type, content["schema"]
        return "", None

    def _told(self, answer: Json) -> Json:
        """The answer behind a reference."""
        shared: Json = self.shared[answer["$ref"].rpartition("/")[2]] if "$ref" in answer else answer
        return shared

    def _whole(self, schema: Json) -> Json:
        """The schema behind a reference, with what stands beside the reference."""
        if "$ref" in schema:
            beside = {name: value for name, value in schema.items() if name != "$ref"}
            return {**self.schemas[schema["$ref"].rpartition("/")[2]], **beside}
        return schema

    def _inner(self, schema: Json) -> Json:
        """The object inside "this or null" and inside an array."""
        schema = self._whole(schema)
        if "anyOf" in schema:
            return self._inner(schema["anyOf"][0])
        if schema.get("type") == "array":
            return self._inner(_item(schema))
        return schema


def _item(schema: Json) -> Json:
    """What an array holds; of one of fixed length the first, for nothing further is allowed and `items` is false."""
    pair = schema.get("prefixItems")
    found: Json = pair[0] if pair else schema.get("items", {})
    return found


def _curl(url: str, method: str, key: str, example: Any) -> str:
    parts = ["curl"] if method == "get" else ["curl", "-X", method.upper()]
    if key:
        parts += ["-H", f"'Authorization: Bearer {key}'"]
    if example is not None:
        parts += ["-H", "'Content-Type: application/json'", "-d", f"'{json.dumps(example)}'"]
    return " ".join([*parts, url.replace("{device}", "external:van-12")])


def _pretty(value: Any) -> str:
    return json.dumps(value, indent=2, ensure_ascii=False)
