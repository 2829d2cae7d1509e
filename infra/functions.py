"""The Lambda functions of a stage: what differs from what runs, and Zappa's deploy with what it leaves out."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from botocore.exceptions import ClientError
from box.say import Progress, Refusal, run_logged

from infra.changes import Action, Change
from infra.cloud import Cloud
from infra.packages import Package, zappa
from infra.settings import written
from infra.stacks import ALIAS
from infra.stages import Stage

TYPE = "Lambda function (Zappa)"
Settings = Mapping[str, Mapping[str, Any]]


def running(name: str, cloud: Cloud) -> dict[str, Any] | None:
    """The function as it stands: configuration, tags and reserved capacity; None where there is none."""
    try:
        found = cloud.client("lambda").get_function(FunctionName=name)
    except ClientError as error:
        if error.response["Error"]["Code"] == "ResourceNotFoundException":
            return None
        raise
    return {
        **found["Configuration"],
        "Tags": found.get("Tags", {}),
        "Concurrency": found.get("Concurrency", {}).get("ReservedConcurrentExecutions"),
    }


def function_changes(
    stage: Stage, settings: Settings, packages: Mapping[str, Package], cloud: Cloud
) -> list[Change]:
    """What a deployment would do to the functions. `settings` are filled, packages as built now."""
    found = []
    for function, one in settings.items():
        name = stage.function_name(function)
        now = running(name, cloud)
        if now is None:
            found.append(Change("functions", name, TYPE, Action.ADD))
        elif differing := tuple(_differing(now, one, packages[function].digest)):
            found.append(Change("functions", name, TYPE, Action.CHANGE, differing))
    return found


def _differing(now: Mapping[str, Any], one: Mapping[str, Any], digest: str) -> list[str]:
    vpc = now.get("VpcConfig") or {}
    pairs = {
        "code": (now["Tags"].get("content"), digest),
        "lambda_handler": (now["Handler"], one["lambda_handler"]),
        "runtime": (now["Runtime"], one["runtime"]),
        "memory_size": (now["MemorySize"], one["memory_size"]),
        "timeout_seconds": (now["Timeout"], one["timeout_seconds"]),
        "role_arn": (now["Role"], one["role_arn"]),
        "lambda_concurrency": (now["Concurrency"], one["lambda_concurrency"]),
        "snap_start": ((now.get("SnapStart") or {}).get("ApplyOn", "None"), one["snap_start"]),
        "vpc_config": (sorted(vpc.get("SubnetIds", [])), sorted(one["vpc_config"].get("SubnetIds", []))),
    }
    differing = [name for name, (was, will) in pairs.items() if was != will]
    was, will = _variables(now), one["aws_environment_variables"]
    # by name only: values may be secrets
    return differing + [
        f"variable {name}" for name in sorted({*was, *will}) if was.get(name) != will.get(name)
    ]


def _variables(now: Mapping[str, Any]) -> dict[str, str]:
    return dict((now.get("Environment") or {}).get("Variables", {}))


def deploy(
    stage: Stage,
    settings: Settings,
    packages: Mapping[str, Package],
    cloud: Cloud,
    state: Path,
    progress: Progress,
) -> dict[str, str]:
    """Deploy or update every function that differs and publish a version of it; returns the versions by function.

    The alias that everything invokes is made with the first version and moved by a release only.
    """
    versions = {}
    with written(stage, settings, state, {name: one.digest for name, one in packages.items()}) as path:
        for function, one in settings.items():
            name = stage.function_name(function)
            now = running(name, cloud)
            if now is not None and not _differing(now, one, packages[function].digest):
                continue
            if now is not None:
                _forget_variables(name, now, one, cloud)
            verb = "deploy" if now is None else "update"
            log = state / "log" / f"zappa-{function}-{stage.name}.log"
            with progress.step(name, f"zappa {verb}"):
                _zappa(verb, f"{function}_{stage.name}", path, packages[function].path, cloud, log)
            if running(name, cloud) is None:  # Zappa ends well after some failures
                raise Refusal(
                    f"zappa {verb} made no function {name}", next_step=f"read {log}, mend, make apply"
                )
            versions[function] = _publish(name, packages[function].digest, cloud)
    return versions


def _zappa(verb: str, stage: str, settings: Path, zipped: Path, cloud: Cloud, log: Path) -> None:
    run_logged(
        [*zappa(), verb, stage, "-s", str(settings), "--zip", str(zipped)],
        log,
        failed=f"zappa {verb} {stage} failed",
        next_step="mend what it says, then make apply: what is done already is not done again",
        env=cloud.environment(),
        cwd=zipped.parent,  # it looks through its working folder, and there is nothing here to be found
    )


def _forget_variables(name: str, now: Mapping[str, Any], one: Mapping[str, Any], cloud: Cloud) -> None:
    """Zappa keeps variables that the settings no longer name (it merges), so these go first."""
    wanted = dict(one["aws_environment_variables"])
    if set(_variables(now)) - set(wanted):
        client = cloud.client("lambda")
        client.update_function_configuration(FunctionName=name, Environment={"Variables": wanted})
        client.get_waiter("function_updated_v2").wait(FunctionName=name)


def _publish(name: str, digest: str, cloud: Cloud) -> str:
    """A version of code and configuration as they are now (Zappa publishes before it changes the configuration)."""
    client = cloud.client("lambda")
    client.get_waiter("function_updated_v2").wait(FunctionName=name)
    version = str(client.publish_version(FunctionName=name)["Version"])
    client.get_waiter("published_version_active").wait(FunctionName=name, Qualifier=version)
    arn = client.get_function(FunctionName=name)["Configuration"]["FunctionArn"]
    client.tag_resource(Resource=arn, Tags={"content": digest})
    try:
        client.get_alias(FunctionName=name, Name=ALIAS)
    except ClientError as error:
        if error.response["Error"]["Code"] != "ResourceNotFoundException":
            raise
        client.create_alias(FunctionName=name, Name=ALIAS, FunctionVersion=version, Description="before: ")
    return version
