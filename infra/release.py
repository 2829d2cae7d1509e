"""Releases: which version the alias sends work to, a canary by weight, and the way back."""

from __future__ import annotations

from typing import Any

from botocore.exceptions import ClientError
from box.say import Refusal

from infra.cloud import Cloud
from infra.stacks import ALIAS
from infra.stages import FUNCTIONS, Stage


def release(
    stage: Stage, cloud: Cloud, functions: tuple[str, ...] = FUNCTIONS, percent: int = 100
) -> list[str]:
    """Send this share of the work to each function's newest version; 100 makes it the version. Says what it did."""
    if not 1 <= percent <= 100:
        raise Refusal(
            f"a share of {percent} % is none", next_step="say --percent 10, then 100 when it goes well"
        )
    said = []
    for function in functions:
        name = stage.function_name(function)
        alias, newest = _alias(name, cloud), _newest(name, cloud)
        serving = alias["FunctionVersion"]
        if serving == newest:
            _point(name, serving, alias.get("Description", ""), {}, cloud)
            said.append(f"{name}: version {newest} serves already")
        elif percent == 100:
            _point(name, newest, f"before: {serving}", {}, cloud)
            said.append(f"{name}: version {newest} serves; {serving} is the way back")
        else:
            _point(name, serving, alias.get("Description", ""), {newest: percent / 100}, cloud)
            said.append(f"{name}: version {newest} gets {percent} % of the work, {serving} the rest")
    return said


def roll_back(stage: Stage, cloud: Cloud, functions: tuple[str, ...] = FUNCTIONS) -> list[str]:
    """End a canary, or go back to the version that served before. Says what it did."""
    said = []
    for function in functions:
        name = stage.function_name(function)
        alias = _alias(name, cloud)
        serving, before = alias["FunctionVersion"], alias.get("Description", "").removeprefix("before: ")
        if _weights(alias):
            _point(name, serving, alias.get("Description", ""), {}, cloud)
            said.append(f"{name}: the canary is over, version {serving} serves alone")
        elif before:
            # forward again is one `release` away, so the version left now is no way back
            _point(name, before, "before: ", {}, cloud)
            said.append(f"{name}: version {before} serves again, {serving} does not")
        else:
            said.append(f"{name}: version {serving} serves and none did before")
    return said


def standing(stage: Stage, cloud: Cloud) -> list[tuple[str, str]]:
    """(function, which versions serve it) for people."""
    found = []
    for function in FUNCTIONS:
        name = stage.function_name(function)
        try:
            alias = _alias(name, cloud)
        except Refusal:
            found.append((name, "not deployed"))
            continue
        shares = "".join(f", {share:.0%} to {version}" for version, share in _weights(alias).items())
        found.append((name, f"version {alias['FunctionVersion']}{shares}"))
    return found


def _weights(alias: dict[str, Any]) -> dict[str, float]:
    return dict((alias.get("RoutingConfig") or {}).get("AdditionalVersionWeights") or {})


def _alias(name: str, cloud: Cloud) -> dict[str, Any]:
    try:
        return dict(cloud.client("lambda").get_alias(FunctionName=name, Name=ALIAS))
    except ClientError as error:
        if error.response["Error"]["Code"] != "ResourceNotFoundException":
            raise
        raise Refusal(f"{name} has no alias {ALIAS}", next_step="deploy it first: make apply") from None


def _newest(name: str, cloud: Cloud) -> str:
    pages = cloud.client("lambda").get_paginator("list_versions_by_function").paginate(FunctionName=name)
    numbers = [int(v["Version"]) for page in pages for v in page["Versions"] if v["Version"] != "$LATEST"]
    return str(max(numbers))


def _point(name: str, version: str, description: str, weights: dict[str, float], cloud: Cloud) -> None:
    cloud.client("lambda").update_alias(
        FunctionName=name,
        Name=ALIAS,
        FunctionVersion=version,
        Description=description,
        RoutingConfig={"AdditionalVersionWeights": weights},
    )
