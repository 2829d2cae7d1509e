"""Kinds that let somebody do something: roles, managed policies, device policies."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from infra.emulator.data_kinds import as_text
from infra.emulator.kinds import Kind, Properties


def _document(document: Any) -> str:
    # IAM wants the text "false" where a converted truth value stands
    return json.dumps(as_text(document))


def _role(iam: Any, name: str, properties: Properties) -> Mapping[str, Any]:
    made = iam.create_role(
        RoleName=properties["RoleName"],
        AssumeRolePolicyDocument=_document(properties["AssumeRolePolicyDocument"]),
    )["Role"]
    _rights(iam, properties["RoleName"], properties)
    return {"Ref": made["RoleName"], "Arn": made["Arn"], "RoleId": made["RoleId"]}


def _rights(iam: Any, name: str, properties: Properties) -> Mapping[str, Any]:
    """The role's policies as the template has them now, and no others."""
    wanted = {one["PolicyName"]: _document(one["PolicyDocument"]) for one in properties.get("Policies", [])}
    for old in iam.list_role_policies(RoleName=name)["PolicyNames"]:
        if old not in wanted:
            iam.delete_role_policy(RoleName=name, PolicyName=old)
    for policy, document in wanted.items():
        iam.put_role_policy(RoleName=name, PolicyName=policy, PolicyDocument=document)
    for arn in properties.get("ManagedPolicyArns", []):
        iam.attach_role_policy(RoleName=name, PolicyArn=arn)
    role = iam.get_role(RoleName=name)["Role"]
    return {"Ref": name, "Arn": role["Arn"], "RoleId": role["RoleId"]}


def _without_role(iam: Any, made: Mapping[str, Any], properties: Properties) -> None:
    name = made["Ref"]
    _rights(iam, name, {})
    for arn in properties.get("ManagedPolicyArns", []):
        iam.detach_role_policy(RoleName=name, PolicyArn=arn)
    iam.delete_role(RoleName=name)


def _managed_policy(iam: Any, name: str, properties: Properties) -> Mapping[str, Any]:
    made = iam.create_policy(
        PolicyName=properties["ManagedPolicyName"],
        Description=properties["Description"],
        PolicyDocument=_document(properties["PolicyDocument"]),
    )
    return {"Ref": made["Policy"]["Arn"]}


def _device_policy(iot: Any, name: str, properties: Properties) -> Mapping[str, Any]:
    made = iot.create_policy(
        policyName=properties["PolicyName"], policyDocument=_document(properties["PolicyDocument"])
    )
    return {"Ref": made["policyName"], "Arn": made["policyArn"]}


KINDS = [
    Kind("AWS::IAM::Role", "iam", _role, _without_role, "RoleName", _rights),
    Kind("AWS::IAM::ManagedPolicy", "iam", _managed_policy,
         lambda c, made, p: c.delete_policy(PolicyArn=made["Ref"]), "ManagedPolicyName"),
    Kind("AWS::IoT::Policy", "iot", _device_policy, lambda c, made, p: c.delete_policy(policyName=made["Ref"]),
         "PolicyName"),
]  # fmt: skip
