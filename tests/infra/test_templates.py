"""The CloudFormation templates: they lint, keep what holds data, let each role do what it must and no more."""

import re
from pathlib import Path
from typing import Any

import pytest

from infra.changes import STATEFUL
from infra.rehearsal import lint
from infra.stacks import BASE, LONGEST_BODY, WIRING, body, template_path
from infra.templates import read_template

PROJECT = Path(__file__).resolve().parents[2]
PARTS = (*BASE, *WIRING)
TEMPLATES = {part: read_template(template_path(part)) for part in PARTS}
# AWS offers no resource to name for these; an explicit denial keeps the functions' own code from using them
EVERYWHERE = {
    "ec2:CreateNetworkInterface",
    "ec2:DeleteNetworkInterface",
    "ec2:DescribeNetworkInterfaces",
    "ec2:DescribeSubnets",
    "ec2:AssignPrivateIpAddresses",
    "ec2:UnassignPrivateIpAddresses",
}


def resources(kind: str = "") -> list[tuple[str, dict[str, Any]]]:
    return [
        (f"{part}/{name}", resource)
        for part, template in TEMPLATES.items()
        for name, resource in template["Resources"].items()
        if not kind or resource["Type"] == kind
    ]


def statements() -> list[tuple[str, dict[str, Any]]]:
    """Every statement of every role and managed policy."""
    found = []
    for name, role in resources("AWS::IAM::Role"):
        for policy in role["Properties"].get("Policies", []):
            found += [(name, one) for one in policy["PolicyDocument"]["Statement"]]
    for name, policy in resources("AWS::IAM::ManagedPolicy"):
        found += [(name, one) for one in policy["Properties"]["PolicyDocument"]["Statement"]]
    return found


def listed(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


def test_every_template_lints_offline():
    assert lint() == []


def test_every_file_is_a_stack_and_fits_into_one_call():
    files = {
        path.stem for folder in ("base", "wiring") for path in (PROJECT / "infra" / folder).glob("*.yaml")
    }
    assert files == set(PARTS)
    assert all(len(body(template)) < LONGEST_BODY for template in TEMPLATES.values())


def test_what_holds_data_outlives_its_stack():
    for name, resource in resources():
        if resource["Type"] in STATEFUL and name != "buckets/PackageBucket":  # packages are made anew
            assert resource.get("DeletionPolicy") == "Retain", name
            assert resource.get("UpdateReplacePolicy") == "Retain", name
    ((_, database),) = resources("AWS::RDS::DBInstance")
    assert database["Properties"]["DeletionProtection"] is True


def test_no_statement_allows_every_action_or_every_resource_but_the_documented_ones():
    for name, one in statements():
        if one["Effect"] != "Allow":
            continue
        actions, targets = listed(one["Action"]), listed(one["Resource"])
        assert not [action for action in actions if "*" in action], name
        if "*" in targets:
            assert set(actions) <= EVERYWHERE, name


def test_what_is_allowed_everywhere_is_denied_to_the_functions_own_code():
    denied = [one for _, one in statements() if one["Effect"] == "Deny"]
    assert [set(one["Action"]) for one in denied] == [EVERYWHERE]
    assert "lambda:SourceFunctionArn" in denied[0]["Condition"]["ArnEquals"]


def test_the_door_may_put_records_read_one_object_and_write_its_log():
    actions = {
        action
        for name, one in statements()
        if name == "access/IngestRole"
        for action in listed(one["Action"])
    }
    assert actions == {"kinesis:PutRecords", "s3:GetObject", "logs:CreateLogStream", "logs:PutLogEvents"}


def test_every_role_is_for_one_service():
    for name, role in resources("AWS::IAM::Role"):
        (trust,) = role["Properties"]["AssumeRolePolicyDocument"]["Statement"]
        assert list(trust["Principal"]) == ["Service"], name
        assert isinstance(trust["Principal"]["Service"], str), name


def test_buckets_are_closed_encrypted_and_owned():
    for name, bucket in resources("AWS::S3::Bucket"):
        properties = bucket["Properties"]
        assert all(properties["PublicAccessBlockConfiguration"].values()), name
        assert len(properties["PublicAccessBlockConfiguration"]) == 4, name
        assert properties["BucketEncryption"], name
        assert properties["OwnershipControls"]["Rules"] == [{"ObjectOwnership": "BucketOwnerEnforced"}], name


def test_nothing_of_the_vpc_is_open_to_the_world():
    for name, group in resources("AWS::EC2::SecurityGroup"):
        rules = group["Properties"].get("SecurityGroupIngress", []) + group["Properties"].get(
            "SecurityGroupEgress", []
        )
        assert not [rule for rule in rules if rule.get("CidrIp") == "0.0.0.0/0"], name


@pytest.mark.parametrize("lane", ["Positions", "Registrations"])
def test_the_mapping_costs_one_poisoned_record_one_record(lane):
    mapping = TEMPLATES["consume"]["Resources"][lane]["Properties"]
    assert mapping["StartingPosition"] == "TRIM_HORIZON"
    assert mapping["BisectBatchOnFunctionError"] is True
    assert mapping["FunctionResponseTypes"] == ["ReportBatchItemFailures"]
    assert mapping["BatchSize"] == 200
    # parked while the stream still holds the rest
    kept = TEMPLATES["stream"]["Parameters"]["RetentionHours"]["MinValue"] * 3600
    assert mapping["MaximumRecordAgeInSeconds"] < kept


def test_the_access_log_holds_no_key():
    form = TEMPLATES["http"]["Resources"]["Stage"]["Properties"]["AccessLogSettings"]["Format"]
    assert not re.search(r"\$context\.(path|domain|.*[qQ]uery|authorizer|http\.path)", form)


def test_a_device_can_only_be_itself():
    policy = TEMPLATES["devices"]["Resources"]["DevicePolicy"]["Properties"]["PolicyDocument"]
    for one in policy["Statement"]:
        for resource in listed(one["Resource"]):
            assert "${!iot:Certificate.Subject.CommonName}" in resource["Fn::Sub"]


def test_every_alarm_names_a_runbook_that_is_there():
    text = (PROJECT / "docs" / "deploy-aws.md").read_text(encoding="utf-8")
    headings = {
        line.lstrip("# ").lower().replace(" ", "-") for line in text.splitlines() if line.startswith("### ")
    }
    named = set()
    for name, alarm in resources("AWS::CloudWatch::Alarm"):
        (anchor,) = re.findall(
            r"Runbook: \$\{Runbooks\}#([a-z0-9-]+)$", alarm["Properties"]["AlarmDescription"]["Fn::Sub"]
        )
        assert anchor in headings, name
        named.add(anchor)
    assert len(named) >= 10
