"""What a rehearsal reads back from the services themselves, against what was asked for."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from typing import Any
from urllib.parse import unquote

from infra.cloud import Cloud
from infra.operate import outputs
from infra.report import Check
from infra.settings import filled
from infra.shifts import moments
from infra.stacks import BASE, WIRING, facts_of, template_path
from infra.stages import Stage
from infra.templates import read_template

Facts = dict[str, str]


def read_back(stage: Stage, cloud: Cloud) -> Iterator[Check]:
    """Every promise of the templates that a service can be asked about."""
    facts = facts_of(stage, cloud) | outputs(stage, cloud, *BASE, *WIRING)
    readers: list[Callable[[Stage, Cloud, Facts], Iterator[Check]]] = [
        _resources, _streams, _buckets, _notices, _database, _roles, _functions, _mappings, _http, _devices,
        _schedules, _alarms,
    ]  # fmt: skip
    for reader in readers:
        yield from reader(stage, cloud, facts)


def _resources(stage: Stage, cloud: Cloud, facts: Facts) -> Iterator[Check]:
    """Nothing may have been passed over: every resource of every template is in its stack."""
    for part in (*BASE, *WIRING):
        name = f"milepost-{stage.name}-{part}"
        pages = cloud.client("cloudformation").get_paginator("list_stack_resources").paginate(StackName=name)
        there = {one["LogicalResourceId"] for page in pages for one in page["StackResourceSummaries"]}
        missing = sorted(set(read_template(template_path(part))["Resources"]) - there - {"WarmUp"})
        yield Check(f"{part}: resources missing", [], missing)


def _streams(stage: Stage, cloud: Cloud, facts: Facts) -> Iterator[Check]:
    shards = {"positions": facts["PositionShards"], "registrations": facts.get("RegistrationShards", "1")}
    for lane, count in shards.items():
        told = cloud.client("kinesis").describe_stream_summary(StreamName=f"milepost-{stage.name}-{lane}")
        found = told["StreamDescriptionSummary"]
        yield Check(f"{lane}: shards", int(count), found["OpenShardCount"])
        yield Check(f"{lane}: hours kept", 48, found["RetentionPeriodHours"])
        yield Check(f"{lane}: encryption", "KMS", found.get("EncryptionType"))


def _buckets(stage: Stage, cloud: Cloud, facts: Facts) -> Iterator[Check]:
    s3 = cloud.client("s3")
    for title in ("Archive", "Failure", "Feed", "Package"):
        name = facts[f"{title}BucketName"]
        rules = s3.get_bucket_encryption(Bucket=name)["ServerSideEncryptionConfiguration"]["Rules"]
        algorithm = rules[0]["ApplyServerSideEncryptionByDefault"]["SSEAlgorithm"]
        yield Check(f"{title} bucket: encryption", "AES256", algorithm)
        closed = s3.get_public_access_block(Bucket=name)["PublicAccessBlockConfiguration"]
        yield Check(f"{title} bucket: closed to the public", True, all(closed.values()) and len(closed) == 4)
        if title != "Package":
            policy = json.loads(s3.get_bucket_policy(Bucket=name)["Policy"])["Statement"][0]
            yield Check(f"{title} bucket: TLS only", ("Deny", {"Bool": {"aws:SecureTransport": "false"}}),
                        (policy["Effect"], policy["Condition"]))  # fmt: skip
            yield Check(
                f"{title} bucket: versions", "Enabled", s3.get_bucket_versioning(Bucket=name).get("Status")
            )


def _notices(stage: Stage, cloud: Cloud, facts: Facts) -> Iterator[Check]:
    told = cloud.client("s3").get_bucket_notification_configuration(Bucket=facts["FailureBucketName"])
    queues = [(one["QueueArn"], one["Events"]) for one in told.get("QueueConfigurations", [])]
    yield Check("failed batch: notice", [(facts["NoticeQueueArn"], ["s3:ObjectCreated:*"])], queues)
    attributes = cloud.client("sqs").get_queue_attributes(
        QueueUrl=facts["NoticeQueueUrl"], AttributeNames=["All"]
    )
    found = attributes["Attributes"]
    yield Check("notice queue: seconds kept", "1209600", found["MessageRetentionPeriod"])
    statement = json.loads(found["Policy"])["Statement"][0]
    yield Check("notice queue: who may write", ({"Service": "s3.amazonaws.com"}, "sqs:SendMessage"),
                (statement["Principal"], statement["Action"]))  # fmt: skip


def _database(stage: Stage, cloud: Cloud, facts: Facts) -> Iterator[Check]:
    rds = cloud.client("rds")
    found = rds.describe_db_instances(DBInstanceIdentifier=facts["DatabaseIdentifier"])["DBInstances"][0]
    for name, wanted in {
        "Engine": "postgres", "StorageEncrypted": True, "DeletionProtection": True, "PubliclyAccessible": False,
        "MultiAZ": False, "DBInstanceClass": facts["DatabaseClass"], "BackupRetentionPeriod": 7,
    }.items():  # fmt: skip
        yield Check(f"database: {name}", wanted, found.get(name))
    proxy = rds.describe_db_proxies(DBProxyName=f"milepost-{stage.name}")["DBProxies"][0]
    yield Check("database proxy: TLS", True, proxy["RequireTLS"])
    yield Check("database proxy: secret", facts["EdgeSecretArn"], proxy["Auth"][0]["SecretArn"])
    cache = cloud.client("elasticache").describe_replication_groups(
        ReplicationGroupId=facts["CacheIdentifier"]
    )
    group = cache["ReplicationGroups"][0]
    yield Check("cache: encryption under way and at rest", (True, True),
                (group["TransitEncryptionEnabled"], group["AtRestEncryptionEnabled"]))  # fmt: skip


def statements_of(role: str, cloud: Cloud) -> list[dict[str, Any]]:
    """Every statement that a role carries, of its own policies and of those attached to it."""
    iam, found = cloud.client("iam"), []
    for name in iam.list_role_policies(RoleName=role)["PolicyNames"]:
        found += _document(iam.get_role_policy(RoleName=role, PolicyName=name)["PolicyDocument"])
    for attached in iam.list_attached_role_policies(RoleName=role)["AttachedPolicies"]:
        version = iam.get_policy(PolicyArn=attached["PolicyArn"])["Policy"]["DefaultVersionId"]
        held = iam.get_policy_version(PolicyArn=attached["PolicyArn"], VersionId=version)["PolicyVersion"]
        found += _document(held["Document"])
    return found


def _document(held: Any) -> list[dict[str, Any]]:
    document = json.loads(unquote(held)) if isinstance(held, str) else held
    return list(document["Statement"])


def _roles(stage: Stage, cloud: Cloud, facts: Facts) -> Iterator[Check]:
    streams = [facts["PositionsStreamArn"], facts["RegistrationsStreamArn"]]
    statements = statements_of(f"milepost-{stage.name}-ingest-{stage.region}", cloud)
    rights = {one["Sid"]: (one["Action"], one["Resource"]) for one in statements}
    yield Check("ingest role: puts", ("kinesis:PutRecords", streams), rights.pop("PutReports"))
    yield Check("ingest role: reads", ("s3:GetObject", facts["FeedObjectArn"]), rights.pop("ReadTheFeed"))
    yield Check("ingest role: beyond these", ["WriteLogs"], sorted(rights))
    consume = {
        one["Sid"]: one for one in statements_of(f"milepost-{stage.name}-consume-{stage.region}", cloud)
    }
    yield Check("consume role: statements",
                ["FindTheFailureBucket", "NetworkInterfaces", "NotFromWithin", "ParkFailedBatches", "ReadStreams",
                 "WriteLogs"], sorted(consume))  # fmt: skip
    yield Check("consume role: parks", f"{facts['FailureBucketArn']}/aws/lambda/*",
                consume["ParkFailedBatches"]["Resource"])  # fmt: skip


def _functions(stage: Stage, cloud: Cloud, facts: Facts) -> Iterator[Check]:
    client = cloud.client("lambda")
    for function, settings in filled(stage.settings, facts, cloud).items():
        name = stage.function_name(function)
        told = client.get_function(FunctionName=name)
        found = told["Configuration"]
        wanted = {"Handler": "lambda_handler", "Runtime": "runtime", "MemorySize": "memory_size",
                  "Timeout": "timeout_seconds", "Role": "role_arn"}  # fmt: skip
        for theirs, ours in wanted.items():
            yield Check(f"{function}: {ours}", settings[ours], found[theirs])
        variables = found["Environment"]["Variables"]
        yield Check(f"{function}: variables", True, variables == settings["aws_environment_variables"])
        subnets = (found.get("VpcConfig") or {}).get("SubnetIds", [])
        yield Check(f"{function}: subnets", settings["vpc_config"].get("SubnetIds", []), subnets)
        reserved = told.get("Concurrency", {}).get("ReservedConcurrentExecutions")
        yield Check(f"{function}: reserved capacity", settings["lambda_concurrency"], reserved)
        alias = client.get_alias(FunctionName=name, Name="live")
        yield Check(f"{function}: alias", facts[f"{function.title()}AliasArn"], alias["AliasArn"])


def _mappings(stage: Stage, cloud: Cloud, facts: Facts) -> Iterator[Check]:
    for lane, factor in (("Positions", 3), ("Registrations", 1)):
        found = cloud.client("lambda").get_event_source_mapping(UUID=facts[f"{lane}Mapping"])
        for name, wanted in {
            "EventSourceArn": facts[f"{lane}StreamArn"], "StartingPosition": "TRIM_HORIZON", "BatchSize": 200,
            "MaximumBatchingWindowInSeconds": 1, "ParallelizationFactor": factor, "BisectBatchOnFunctionError": True,
            "MaximumRetryAttempts": 10000, "MaximumRecordAgeInSeconds": 86400,
            "FunctionResponseTypes": ["ReportBatchItemFailures"], "State": "Enabled",
            "DestinationConfig": {"OnFailure": {"Destination": facts["FailureBucketArn"]}},
        }.items():  # fmt: skip
            yield Check(f"{lane.lower()} mapping: {name}", wanted, found.get(name))


def _http(stage: Stage, cloud: Cloud, facts: Facts) -> Iterator[Check]:
    client, api = cloud.client("apigatewayv2"), facts["ApiId"]
    routes = {one["RouteKey"] for one in client.get_routes(ApiId=api)["Items"]}
    yield Check("HTTP API: routes", {"ANY /ingest", "ANY /ingest/{proxy+}"}, routes)
    integration = client.get_integrations(ApiId=api)["Items"][0]
    yield Check("HTTP API: goes to", (facts["IngestAliasArn"], "2.0"),
                (integration["IntegrationUri"], integration["PayloadFormatVersion"]))  # fmt: skip
    door = client.get_stage(ApiId=api, StageName="$default")
    settings = door["DefaultRouteSettings"]
    yield Check("HTTP API: throttle a second, burst",
                (float(facts["RequestsPerSecond"]), int(facts["RequestsBurst"])),
                (float(settings["ThrottlingRateLimit"]), int(settings["ThrottlingBurstLimit"])))  # fmt: skip
    line = json.loads(door["AccessLogSettings"]["Format"])
    tells = [name for name, value in line.items() if any(word in value for word in ("path", "query", "uri"))]
    yield Check("HTTP API: log fields that may hold a key", [], tells)
    policy = json.loads(
        cloud.client("lambda").get_policy(FunctionName=stage.function_name("ingest"))["Policy"]
    )
    callers = [one["Principal"]["Service"] for one in policy["Statement"]]
    yield Check("door function: who may call", ["apigateway.amazonaws.com"], callers)


def _devices(stage: Stage, cloud: Cloud, facts: Facts) -> Iterator[Check]:
    iot = cloud.client("iot")
    for rule, topic in (("positions", "devices/+/positions"), ("owntracks", "owntracks/+/#")):
        found = iot.get_topic_rule(ruleName=f"milepost_{stage.name}_{rule}")["rule"]
        yield Check(f"IoT rule {rule}: topic", topic, found["sql"].split("FROM '")[1].rstrip("'"))
        kinesis = found["actions"][0]["kinesis"]
        yield Check(f"IoT rule {rule}: stream and key", (facts["PositionsStreamName"], "${topic(2)}"),
                    (kinesis["streamName"], kinesis["partitionKey"]))  # fmt: skip
        yield Check(f"IoT rule {rule}: failures go to", facts["FailureBucketName"],
                    found["errorAction"]["s3"]["bucketName"])  # fmt: skip
    document = json.loads(iot.get_policy(policyName=facts["DevicePolicyName"])["policyDocument"])
    resources = json.dumps([one["Resource"] for one in document["Statement"]])
    yield Check("device policy: only as itself", 5, resources.count("${iot:Certificate.Subject.CommonName}"))


def _schedules(stage: Stage, cloud: Cloud, facts: Facts) -> Iterator[Check]:
    client, group = cloud.client("scheduler"), facts["ScheduleGroup"]
    found = {}
    for page in client.get_paginator("list_schedules").paginate(GroupName=group):
        for one in page["Schedules"]:
            held = client.get_schedule(GroupName=group, Name=one["Name"])
            found[one["Name"]] = (held["ScheduleExpression"], held.get("ScheduleExpressionTimezone"))
    yield Check("sweep: every minute", "rate(1 minute)", found.pop("sweep")[0])
    for shift in stage.shifts:
        wanted = sorted(
            {(f"cron({minute} {hour} * * ? *)", shift.time_zone) for hour, minute in moments(shift)}
        )
        own = [value for value in found.values() if value[1] == shift.time_zone]
        yield Check(f"warm-ups of {shift.time_zone}", (wanted, len(wanted) * shift.functions),
                    (sorted(set(own)), len(own)))  # fmt: skip


def _alarms(stage: Stage, cloud: Cloud, facts: Facts) -> Iterator[Check]:
    alarms = cloud.client("cloudwatch").describe_alarms(AlarmNamePrefix=f"milepost-{stage.name}-")[
        "MetricAlarms"
    ]
    silent = [
        one["AlarmName"]
        for one in alarms
        if "Runbook: docs/deploy-aws.md#" not in one["AlarmDescription"]
        or one["AlarmActions"] != [facts["AlarmTopicArn"]]
    ]
    wanted = [one for one in read_template(template_path("alarms"))["Resources"].values()
              if one["Type"] == "AWS::CloudWatch::Alarm"]  # fmt: skip
    yield Check("alarms: how many", len(wanted), len(alarms))
    yield Check("alarms: without runbook or recipient", [], silent)
