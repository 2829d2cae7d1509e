"""The stacks of a stage: in what order they stand, what each is to hold, and what is deployed now.

Stacks hand each other values by name: an output of an earlier one fills the parameter of that name in a later one.
CloudFormation's own exports would do the same and forbid changing a value that somebody imports.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from botocore.exceptions import ClientError
from box.say import Refusal

from infra.cloud import Cloud
from infra.shifts import with_shifts
from infra.stages import Stage
from infra.templates import INFRA, Template, read_body, read_template

BASE = ("network", "buckets", "stream", "database", "cache", "access")
WIRING = ("consume", "http", "devices", "schedules", "alarms")
ALIAS = "live"  # what everything invokes: a release moves it, and only a release
UNKNOWN = "(known after the apply)"
LONGEST_BODY = 51_200  # bytes that CloudFormation takes without a bucket between


@dataclass(frozen=True)
class Stack:
    """One stack: name, template and the parameters to give it."""

    name: str
    template: Template
    parameters: dict[str, str]
    outputs: dict[str, str] = field(default_factory=dict)


def template_path(part: str) -> Path:
    """Where the template of a part lies."""
    return INFRA / ("base" if part in BASE else "wiring") / f"{part}.yaml"


def stack_name(stage: Stage, part: str) -> str:
    """As CloudFormation knows it."""
    return f"milepost-{stage.name}-{part}"


def wanted(stage: Stage, part: str, facts: Mapping[str, str], *, guess: bool = False) -> Stack:
    """What a part is to be, with every parameter filled from the facts known so far.

    Raises `Refusal` for a parameter that nothing fills; with `guess` it becomes UNKNOWN, as before a first deployment.
    """
    template = with_shifts(read_template(template_path(part)), stage.shifts)
    parameters = {}
    for name, described in template.get("Parameters", {}).items():
        if name in facts:
            parameters[name] = str(facts[name])
        elif "Default" in described:
            parameters[name] = _text(described["Default"])
        elif guess:
            parameters[name] = UNKNOWN
        else:
            raise Refusal(
                f"nothing gives {part}.yaml its parameter {name}",
                next_step="name it in infra/stages.yaml, or give an earlier template an output of that name",
            )
    return Stack(stack_name(stage, part), template, parameters)


def _text(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def body(template: Template) -> str:
    """The template as sent: JSON without spaces, for YAML with its comments may be longer than is taken."""
    text = json.dumps(template, separators=(",", ":"))
    if len(text.encode()) > LONGEST_BODY:
        raise Refusal(
            f"a template has {len(text.encode())} bytes and {LONGEST_BODY} are taken", next_step="split it"
        )
    return text


def facts_of(stage: Stage, cloud: Cloud) -> dict[str, str]:
    """What is known before anything is deployed: the stage's own words, and the functions' addresses to be."""
    facts = {"StageName": stage.name, "Region": stage.region, **stage.parameters}
    for function, settings in stage.settings.items():
        title = function.title()
        arn = (
            f"arn:aws:lambda:{stage.region}:{cloud.account}:function:{stage.function_name(function)}:{ALIAS}"
        )
        facts[f"{title}AliasArn"] = arn
        facts[f"{title}CapacityWarn"] = str(max(1, settings["lambda_concurrency"] * 4 // 5))
    return facts


def deployed(name: str, cloud: Cloud) -> Stack | None:
    """A stack as it stands; None where there is none. One that is in the middle of something is refused."""
    client = cloud.client("cloudformation")
    cloud.account  # noqa: B018  who cannot sign in is told so, and not that nothing is deployed
    try:
        stack = client.describe_stacks(StackName=name)["Stacks"][0]
    except ClientError as error:
        if "does not exist" in str(error):
            return None
        raise
    status = stack["StackStatus"]
    if status in {"DELETE_COMPLETE", "REVIEW_IN_PROGRESS"}:
        return None
    if status.endswith(("_IN_PROGRESS", "_FAILED")) or status == "ROLLBACK_COMPLETE":
        raise Refusal(
            f"the stack {name} is {status}",
            next_step="wait until it is over; after a failure read its events in the console and mend what they say",
        )
    held = client.get_template(StackName=name, TemplateStage="Original")["TemplateBody"]
    return Stack(
        name,
        read_body(held) if isinstance(held, str) else dict(held),
        {entry["ParameterKey"]: entry["ParameterValue"] for entry in stack.get("Parameters", [])},
        {entry["OutputKey"]: entry["OutputValue"] for entry in stack.get("Outputs", [])},
    )


def left_over(stage: Stage, cloud: Cloud) -> Iterator[Stack]:
    """Stacks of this stage that no template describes any more."""
    known = {stack_name(stage, part) for part in (*BASE, *WIRING)}
    pages = cloud.client("cloudformation").get_paginator("describe_stacks").paginate()
    for page in pages:
        for stack in page["Stacks"]:
            tags = {tag["Key"]: tag["Value"] for tag in stack.get("Tags", [])}
            ours = tags.get("product") == "milepost" and tags.get("stage") == stage.name
            if ours and stack["StackName"] not in known and stack["StackStatus"] != "DELETE_COMPLETE":
                held = deployed(stack["StackName"], cloud)
                if held is not None:
                    yield held
