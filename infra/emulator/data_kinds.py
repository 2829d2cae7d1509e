"""Kinds that keep something: buckets, queues' policies, database, proxy, cache, secrets."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from infra.emulator.kinds import Kind, Properties


def _bucket(s3: Any, name: str, properties: Properties) -> Mapping[str, Any]:
    region = s3.meta.region_name
    where = {} if region == "us-east-1" else {"CreateBucketConfiguration": {"LocationConstraint": region}}
    s3.create_bucket(Bucket=name, **where)
    return _bucket_settings(s3, name, properties)


def _bucket_settings(s3: Any, name: str, properties: Properties) -> Mapping[str, Any]:
    if encryption := properties.get("BucketEncryption"):
        rules = [
            {"ApplyServerSideEncryptionByDefault": rule["ServerSideEncryptionByDefault"]}
            for rule in encryption["ServerSideEncryptionConfiguration"]
        ]
        s3.put_bucket_encryption(Bucket=name, ServerSideEncryptionConfiguration={"Rules": rules})
    if closed := properties.get("PublicAccessBlockConfiguration"):
        s3.put_public_access_block(Bucket=name, PublicAccessBlockConfiguration=closed)
    if owned := properties.get("OwnershipControls"):
        s3.put_bucket_ownership_controls(Bucket=name, OwnershipControls=owned)
    if versions := properties.get("VersioningConfiguration"):
        s3.put_bucket_versioning(Bucket=name, VersioningConfiguration=versions)
    if lifecycle := properties.get("LifecycleConfiguration"):
        rules = [_lifecycle_rule(rule) for rule in lifecycle["Rules"]]
        s3.put_bucket_lifecycle_configuration(Bucket=name, LifecycleConfiguration={"Rules": rules})
    if notices := properties.get("NotificationConfiguration"):
        queues = [
            {"QueueArn": to["Queue"], "Events": [to["Event"]]}
            for to in notices.get("QueueConfigurations", [])
        ]
        s3.put_bucket_notification_configuration(
            Bucket=name, NotificationConfiguration={"QueueConfigurations": queues}
        )
    return {"Ref": name, "Arn": f"arn:aws:s3:::{name}"}


def _lifecycle_rule(rule: Properties) -> Properties:
    asked: Properties = {"ID": rule["Id"], "Status": rule["Status"], "Filter": {"Prefix": ""}}
    if "ExpirationInDays" in rule:
        asked["Expiration"] = {"Days": int(rule["ExpirationInDays"])}
    if "NoncurrentVersionExpiration" in rule:
        asked["NoncurrentVersionExpiration"] = rule["NoncurrentVersionExpiration"]
    return asked


def _bucket_policy(s3: Any, name: str, properties: Properties) -> Mapping[str, Any]:
    # the document is no place for converted truth values: IAM wants the text "false"
    policy = json.dumps(as_text(properties["PolicyDocument"]))
    s3.put_bucket_policy(Bucket=properties["Bucket"], Policy=policy)
    return {"Ref": f"{properties['Bucket']}-policy"}


def as_text(value: Any) -> Any:
    """A policy document with its truth values as text again."""
    if isinstance(value, dict):
        return {key: as_text(inner) for key, inner in value.items()}
    if isinstance(value, list):
        return [as_text(inner) for inner in value]
    return {True: "true", False: "false"}[value] if isinstance(value, bool) else value


def _queue_policy(sqs: Any, name: str, properties: Properties) -> Mapping[str, Any]:
    for url in properties["Queues"]:
        sqs.set_queue_attributes(
            QueueUrl=url, Attributes={"Policy": json.dumps(as_text(properties["PolicyDocument"]))}
        )
    return {"Ref": name}


def _without_queue_policy(sqs: Any, made: Mapping[str, Any], properties: Properties) -> None:
    for url in properties["Queues"]:
        sqs.set_queue_attributes(QueueUrl=url, Attributes={"Policy": ""})


def _stream(kinesis: Any, name: str, properties: Properties) -> Mapping[str, Any]:
    kinesis.create_stream(
        StreamName=properties["Name"],
        ShardCount=int(properties["ShardCount"]),
        StreamModeDetails=properties["StreamModeDetails"],
    )
    return _stream_settings(kinesis, properties["Name"], properties)


def _stream_settings(kinesis: Any, name: str, properties: Properties) -> Mapping[str, Any]:
    """Shards as asked for, retention only ever longer (a shorter one is a step nobody takes by a template)."""
    now = kinesis.describe_stream_summary(StreamName=name)["StreamDescriptionSummary"]
    if now["OpenShardCount"] != int(properties["ShardCount"]):
        kinesis.update_shard_count(
            StreamName=name, TargetShardCount=int(properties["ShardCount"]), ScalingType="UNIFORM_SCALING"
        )
    if int(properties["RetentionPeriodHours"]) > now["RetentionPeriodHours"]:
        kinesis.increase_stream_retention_period(
            StreamName=name, RetentionPeriodHours=int(properties["RetentionPeriodHours"])
        )
    if encryption := properties.get("StreamEncryption"):
        kinesis.start_stream_encryption(StreamName=name, **encryption)
    return {"Ref": name, "Arn": now["StreamARN"]}


def _secret(client: Any, name: str, properties: Properties) -> Mapping[str, Any]:
    how = properties.get("GenerateSecretString", {})
    generated = client.get_random_password(
        PasswordLength=int(how.get("PasswordLength", 32)),
        ExcludePunctuation=bool(how.get("ExcludePunctuation")),
    )["RandomPassword"]
    text = generated
    if template := how.get("SecretStringTemplate"):
        text = json.dumps(json.loads(template) | {how["GenerateStringKey"]: generated})
    made = client.create_secret(Name=name, Description=properties.get("Description", ""), SecretString=text)
    return {"Ref": made["ARN"], "Id": made["ARN"]}


def _keep_secret(client: Any, arn: str, properties: Properties) -> Mapping[str, Any]:
    """A change of the description; what is in it stays."""
    return {"Ref": arn, "Id": arn}


def _subnet_group(rds: Any, name: str, properties: Properties) -> Mapping[str, Any]:
    rds.create_db_subnet_group(**properties)
    return {"Ref": properties["DBSubnetGroupName"]}


def _parameter_group(rds: Any, name: str, properties: Properties) -> Mapping[str, Any]:
    group = properties["DBParameterGroupName"]
    rds.create_db_parameter_group(
        DBParameterGroupName=group,
        DBParameterGroupFamily=properties["Family"],
        Description=properties["Description"],
    )
    return {"Ref": group}


def _database(rds: Any, name: str, properties: Properties) -> Mapping[str, Any]:
    properties["VpcSecurityGroupIds"] = properties.pop("VPCSecurityGroups", [])
    for number in ("AllocatedStorage", "MaxAllocatedStorage", "BackupRetentionPeriod"):
        properties[number] = int(properties[number])
    made = rds.create_db_instance(**properties)["DBInstance"]
    identifier = made["DBInstanceIdentifier"]
    return {
        "Ref": identifier,
        "Endpoint.Address": made["Endpoint"]["Address"],
        "Endpoint.Port": str(made["Endpoint"]["Port"]),
    }


def _drop_database(rds: Any, made: Mapping[str, Any], properties: Properties) -> None:
    rds.delete_db_instance(DBInstanceIdentifier=made["Ref"], SkipFinalSnapshot=True)


def _proxy(rds: Any, name: str, properties: Properties) -> Mapping[str, Any]:
    made = rds.create_db_proxy(**properties)["DBProxy"]
    return {"Ref": made["DBProxyName"], "DBProxyArn": made["DBProxyArn"], "Endpoint": made["Endpoint"]}


def _proxy_targets(rds: Any, name: str, properties: Properties) -> Mapping[str, Any]:
    proxy, pool = properties["DBProxyName"], properties.get("ConnectionPoolConfigurationInfo", {})
    group = properties["TargetGroupName"]
    rds.modify_db_proxy_target_group(TargetGroupName=group, DBProxyName=proxy, ConnectionPoolConfig=pool)
    rds.register_db_proxy_targets(
        DBProxyName=proxy, TargetGroupName=group, DBInstanceIdentifiers=properties["DBInstanceIdentifiers"]
    )
    return {"Ref": f"{proxy}/{group}"}


def _cache_subnets(cache: Any, name: str, properties: Properties) -> Mapping[str, Any]:
    cache.create_cache_subnet_group(
        CacheSubnetGroupName=properties["CacheSubnetGroupName"],
        CacheSubnetGroupDescription=properties["Description"],
        SubnetIds=properties["SubnetIds"],
    )
    return {"Ref": properties["CacheSubnetGroupName"]}


def _cache(cache: Any, name: str, properties: Properties) -> Mapping[str, Any]:
    cache.create_replication_group(**properties)
    identifier = properties["ReplicationGroupId"]
    return {
        "Ref": identifier,
        "PrimaryEndPoint.Address": f"{identifier}.cache.example",
        "PrimaryEndPoint.Port": "6379",
    }


KINDS = [
    Kind("AWS::S3::Bucket", "s3", _bucket, lambda c, made, p: c.delete_bucket(Bucket=made["Ref"]), "BucketName",
         _bucket_settings),
    Kind("AWS::S3::BucketPolicy", "s3", _bucket_policy, lambda c, made, p: c.delete_bucket_policy(Bucket=p["Bucket"])),
    Kind("AWS::SQS::QueuePolicy", "sqs", _queue_policy, _without_queue_policy),
    Kind("AWS::Kinesis::Stream", "kinesis", _stream, lambda c, made, p: c.delete_stream(StreamName=made["Ref"]), "Name",
         _stream_settings),
    Kind("AWS::SecretsManager::Secret", "secretsmanager", _secret,
         lambda c, made, p: c.delete_secret(SecretId=made["Ref"], ForceDeleteWithoutRecovery=True), "Name",
         _keep_secret),
    Kind("AWS::RDS::DBSubnetGroup", "rds", _subnet_group,
         lambda c, made, p: c.delete_db_subnet_group(DBSubnetGroupName=made["Ref"]), "DBSubnetGroupName"),
    Kind("AWS::RDS::DBParameterGroup", "rds", _parameter_group,
         lambda c, made, p: c.delete_db_parameter_group(DBParameterGroupName=made["Ref"]), "DBParameterGroupName"),
    Kind("AWS::RDS::DBInstance", "rds", _database, _drop_database, "DBInstanceIdentifier"),
    Kind("AWS::RDS::DBProxy", "rds", _proxy, lambda c, made, p: c.delete_db_proxy(DBProxyName=made["Ref"]),
         "DBProxyName"),
    Kind("AWS::RDS::DBProxyTargetGroup", "rds", _proxy_targets, lambda c, made, p: None),
    Kind("AWS::ElastiCache::SubnetGroup", "elasticache", _cache_subnets, lambda c, made, p: None,
         "CacheSubnetGroupName"),
    Kind("AWS::ElastiCache::ReplicationGroup", "elasticache", _cache,
         lambda c, made, p: c.delete_replication_group(ReplicationGroupId=made["Ref"]), "ReplicationGroupId"),
]  # fmt: skip
