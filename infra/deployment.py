"""Plan and apply: what a deployment of a stage would do, shown and judged; then base, functions and wiring in order."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from box.say import Progress, Refusal

from infra.changes import Action, Change, changes
from infra.cloud import Cloud
from infra.functions import deploy, function_changes
from infra.packages import Package, package
from infra.release import release
from infra.settings import filled, placeholders
from infra.stacks import BASE, UNKNOWN, WIRING, Stack, body, deployed, facts_of, left_over, stack_name, wanted
from infra.stages import Stage

CAPABILITIES = ["CAPABILITY_NAMED_IAM"]


@dataclass(frozen=True)
class Site:
    """Where a deployment comes from and where it goes."""

    stage: Stage
    cloud: Cloud
    project: Path
    state: Path
    progress: Progress
    _packages: dict[str, Package] = field(default_factory=dict)

    def packages(self) -> dict[str, Package]:
        """The package of each function, built once: what was looked into and planned is what is deployed."""
        if not self._packages:
            for function in self.stage.settings:
                self._packages[function] = package(
                    f"{function}_{self.stage.name}", self.project, self.state, self.progress
                )
        return self._packages


def plan(site: Site) -> list[Change]:
    """Everything that `apply` would add, change, replace or remove now; nothing is touched."""
    stage, cloud = site.stage, site.cloud
    facts, found = facts_of(stage, cloud), []
    for part in BASE:
        now = deployed(stack_name(stage, part), cloud)
        found += _stack_changes(now, wanted(stage, part, facts, guess=True))
        facts |= now.outputs if now else {}
    found += _plan_functions(site, facts)
    for part in WIRING:
        now = deployed(stack_name(stage, part), cloud)
        found += _stack_changes(now, wanted(stage, part, facts, guess=True))
        facts |= now.outputs if now else {}
    for stack in left_over(stage, cloud):
        found += changes(stack.name, stack.template, stack.parameters, {}, {})
    return found


def _stack_changes(now: Stack | None, then: Stack) -> list[Change]:
    if now is None:
        return changes(then.name, {}, {}, then.template, then.parameters)
    # what an output gives after the apply is not known before; as long as it stays it is what it is now
    parameters = {
        name: now.parameters.get(name, value) if value == UNKNOWN else value
        for name, value in then.parameters.items()
    }
    return changes(then.name, now.template, now.parameters, then.template, parameters)


def _plan_functions(site: Site, facts: dict[str, str]) -> list[Change]:
    known = placeholders(site.stage.settings) <= set(facts)
    settings = filled(site.stage.settings, facts, site.cloud) if known else site.stage.settings
    return function_changes(site.stage, settings, site.packages(), site.cloud)


def refuse_losses(found: list[Change], *, allowed: bool) -> None:
    """Raises `Refusal` when something that keeps state would go, and nobody said that it may."""
    lost = [change for change in found if change.loses_state]
    if lost and not allowed:
        raise Refusal(
            "this would take away what holds data: "
            + ", ".join(f"{change.action} {change.stack}/{change.resource}" for change in lost),
            next_step="put it back into the template, or say that it may go: ALLOW_REMOVAL=1 make apply "
            "(what is retained stays in the account; CloudFormation only forgets it)",
        )


def apply(site: Site, *, allow_removal: bool, release_now: bool) -> list[str]:
    """Bring the stage to what the files say. Returns what an operator should read afterwards."""
    stage, cloud, progress = site.stage, site.cloud, site.progress
    refuse_losses(plan(site), allowed=allow_removal)
    facts = facts_of(stage, cloud)
    for part in BASE:
        facts |= _bring(site, wanted(stage, part, facts), allow_removal, protect=True)
    settings = filled(stage.settings, facts, cloud)
    if function_changes(stage, settings, site.packages(), cloud):
        versions = deploy(stage, settings, site.packages(), cloud, site.state, progress)
        progress.line("versions: " + ", ".join(f"{name} {version}" for name, version in versions.items()))
    else:
        progress.line("functions: nothing changes")
    for part in WIRING:
        facts |= _bring(site, wanted(stage, part, facts), allow_removal, protect=False)
    for stack in list(left_over(stage, cloud)):
        with progress.step(stack.name, "no template describes it: deleting"):
            cloud.client("cloudformation").delete_stack(StackName=stack.name)
    if release_now:
        return release(stage, cloud)
    return [f"not released yet: bin/milepost cloud release {stage.name} --percent 10"]


def _bring(site: Site, then: Stack, allow_removal: bool, *, protect: bool) -> dict[str, str]:
    """Create or update one stack and wait for it; returns its outputs."""
    client = site.cloud.client("cloudformation")
    now = deployed(then.name, site.cloud)
    asked: dict[str, Any] = {
        "StackName": then.name,
        "TemplateBody": body(then.template),
        "Parameters": [{"ParameterKey": k, "ParameterValue": v} for k, v in then.parameters.items()],
        "Capabilities": CAPABILITIES,
        "Tags": [{"Key": "product", "Value": "milepost"}, {"Key": "stage", "Value": site.stage.name}],
    }
    if now is None:
        with site.progress.step(then.name, "creating"):
            client.create_stack(**asked, EnableTerminationProtection=protect, OnFailure="ROLLBACK")
            client.get_waiter("stack_create_complete").wait(StackName=then.name)
    elif _stack_changes(now, then) or now.template.get("Outputs") != then.template.get("Outputs"):
        with site.progress.step(then.name, "updating"):
            _change_set(client, asked, site, allow_removal)
    after = deployed(then.name, site.cloud)
    assert after is not None, then.name
    return after.outputs


def _change_set(client: Any, asked: dict[str, Any], site: Site, allow_removal: bool) -> None:
    """AWS's own word on what changes comes last: our comparison knows the schemas, not the account."""
    name = "milepost-apply"
    client.create_change_set(**asked, ChangeSetName=name, ChangeSetType="UPDATE")
    client.get_waiter("change_set_create_complete").wait(ChangeSetName=name, StackName=asked["StackName"])
    told = client.describe_change_set(ChangeSetName=name, StackName=asked["StackName"])
    try:
        refuse_losses([_told(asked["StackName"], one["ResourceChange"]) for one in told["Changes"]],
                      allowed=allow_removal)  # fmt: skip
    except Refusal:
        client.delete_change_set(ChangeSetName=name, StackName=asked["StackName"])
        raise
    client.execute_change_set(ChangeSetName=name, StackName=asked["StackName"])
    client.get_waiter("stack_update_complete").wait(StackName=asked["StackName"])


def _told(stack: str, change: dict[str, Any]) -> Change:
    action = {"Add": Action.ADD, "Remove": Action.REMOVE}.get(change["Action"], Action.CHANGE)
    if change.get("Replacement") == "True":
        action = Action.REPLACE
    from_type = changes(stack, {"Resources": {"x": {"Type": change["ResourceType"]}}}, {}, {}, {})[0]
    return Change(stack, change["LogicalResourceId"], change["ResourceType"], action, (), from_type.stateful)
