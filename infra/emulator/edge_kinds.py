"""Kinds that connect something: HTTP API, schedules, alarms, IoT rules."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from infra.emulator.kinds import Kind, Properties


def _api(client: Any, name: str, properties: Properties) -> Mapping[str, Any]:
    made = client.create_api(**properties)
    return {"Ref": made["ApiId"], "ApiId": made["ApiId"], "ApiEndpoint": made["ApiEndpoint"]}


def _integration(client: Any, name: str, properties: Properties) -> Mapping[str, Any]:
    return {"Ref": client.create_integration(**properties)["IntegrationId"]}


def _route(client: Any, name: str, properties: Properties) -> Mapping[str, Any]:
    return {"Ref": client.create_route(**properties)["RouteId"]}


def _stage(client: Any, name: str, properties: Properties) -> Mapping[str, Any]:
    client.create_stage(**properties)
    return {"Ref": properties["StageName"]}


def _schedule_group(client: Any, name: str, properties: Properties) -> Mapping[str, Any]:
    arn = client.create_schedule_group(**properties)["ScheduleGroupArn"]
    return {"Ref": properties["Name"], "Arn": arn}


def _schedule(client: Any, name: str, properties: Properties) -> Mapping[str, Any]:
    return {"Ref": properties["Name"], "Arn": client.create_schedule(**properties)["ScheduleArn"]}


def _reschedule(client: Any, name: str, properties: Properties) -> Mapping[str, Any]:
    return {"Ref": properties["Name"], "Arn": client.update_schedule(**properties)["ScheduleArn"]}


def _alarm(client: Any, name: str, properties: Properties) -> Mapping[str, Any]:
    properties["Threshold"] = float(properties["Threshold"])
    client.put_metric_alarm(**properties)
    alarm = properties["AlarmName"]
    arn = client.describe_alarms(AlarmNames=[alarm])["MetricAlarms"][0]["AlarmArn"]
    return {"Ref": alarm, "Arn": arn}


def _rule(client: Any, name: str, properties: Properties) -> Mapping[str, Any]:
    client.create_topic_rule(
        ruleName=properties["RuleName"], topicRulePayload=lower(properties["TopicRulePayload"])
    )
    rule = client.get_topic_rule(ruleName=properties["RuleName"])
    return {"Ref": properties["RuleName"], "Arn": rule["ruleArn"]}


def lower(value: Any) -> Any:
    """`StreamName` to `streamName` throughout: IoT's API writes its names so, CloudFormation does not."""
    if isinstance(value, dict):
        return {key[:1].lower() + key[1:]: lower(inner) for key, inner in value.items()}
    return [lower(inner) for inner in value] if isinstance(value, list) else value


KINDS = [
    Kind("AWS::ApiGatewayV2::Api", "apigatewayv2", _api, lambda c, made, p: c.delete_api(ApiId=made["Ref"])),
    Kind("AWS::ApiGatewayV2::Integration", "apigatewayv2", _integration,
         lambda c, made, p: c.delete_integration(ApiId=p["ApiId"], IntegrationId=made["Ref"])),
    Kind("AWS::ApiGatewayV2::Route", "apigatewayv2", _route,
         lambda c, made, p: c.delete_route(ApiId=p["ApiId"], RouteId=made["Ref"])),
    Kind("AWS::ApiGatewayV2::Stage", "apigatewayv2", _stage,
         lambda c, made, p: c.delete_stage(ApiId=p["ApiId"], StageName=made["Ref"])),
    Kind("AWS::Scheduler::ScheduleGroup", "scheduler", _schedule_group,
         lambda c, made, p: c.delete_schedule_group(Name=made["Ref"]), "Name"),
    Kind("AWS::Scheduler::Schedule", "scheduler", _schedule,
         lambda c, made, p: c.delete_schedule(Name=made["Ref"], GroupName=p["GroupName"]), "Name", _reschedule),
    Kind("AWS::CloudWatch::Alarm", "cloudwatch", _alarm, lambda c, made, p: c.delete_alarms(AlarmNames=[made["Ref"]]),
         "AlarmName", _alarm),
    Kind("AWS::IoT::TopicRule", "iot", _rule, lambda c, made, p: c.delete_topic_rule(ruleName=made["Ref"]),
         "RuleName"),
]  # fmt: skip
