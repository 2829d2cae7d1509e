"""Holds events against their published schemas, more strictly than a receiver does: what is not published fails."""

import copy
from functools import cache
from typing import Any

from jsonschema import Draft202012Validator  # type: ignore[import-untyped]  # publishes no types

from tracker.outbox.catalogue import Kind
from tracker.outbox.models import OutboxEvent
from tracker.outbox.schemas import event_document
from tracker.tenants.models import Environment
from tracker.webhooks.examples import example
from tracker.webhooks.published import schema_of


@cache
def _strict(kind: Kind) -> Draft202012Validator:
    schema = copy.deepcopy(schema_of(kind))
    for one in (schema, *schema["$defs"].values()):
        if one.get("type") == "object" and "properties" in one:
            one["additionalProperties"] = False
    return Draft202012Validator(schema, format_checker=Draft202012Validator.FORMAT_CHECKER)


def faults_of(body: dict[str, Any]) -> list[str]:
    """What of the whole body is not as published; nothing where all is well."""
    found = _strict(Kind(body["type"])).iter_errors(body)
    return [f"{body['type']} {error.json_path}: {error.message}" for error in found]


def as_published(kind: str, data: dict[str, Any]) -> dict[str, Any]:
    """The same data, once it was found to be as its kind's schema says."""
    assert faults_of(example(Kind(kind)) | {"data": data}) == []
    return data


def all_as_published(environment: Environment) -> set[str]:
    """The kinds of the environment's events, each of which was found to be as published."""
    rows = OutboxEvent.objects.for_environment(environment)
    for event in rows:
        document = event_document(event, environment.public_id)
        assert faults_of({name: getattr(document, name) for name in document.__struct_fields__}) == []
    return set(rows.values_list("kind", flat=True))
