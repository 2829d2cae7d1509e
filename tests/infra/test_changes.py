"""Plans: what is added, changed, replaced and removed, and what is refused without being asked for."""

import copy

import pytest
from box.say import Refusal

from infra.changes import Action, Change, changes
from infra.deployment import refuse_losses
from infra.report import said_changes
from infra.shifts import moments, with_shifts
from infra.stacks import template_path
from infra.stages import Shift
from infra.templates import read_body, read_template, resolved

STREAM = read_template(template_path("stream"))
PARAMETERS = {"StageName": "dev", "PositionShards": "2", "RegistrationShards": "1", "RetentionHours": "48"}


def changed(new, parameters=PARAMETERS):
    return changes("stream", STREAM, PARAMETERS, new, parameters)


def test_nothing_changes_when_nothing_changed():
    assert changed(copy.deepcopy(STREAM)) == []
    assert list(said_changes([])) == ["nothing changes"]


def test_a_first_deployment_adds_everything():
    found = changes("stream", {}, {}, STREAM, PARAMETERS)
    assert [(one.resource, one.action) for one in found] == [
        ("PositionsStream", Action.ADD),
        ("RegistrationsStream", Action.ADD),
    ]
    refuse_losses(found, allowed=False)


def test_a_parameter_shows_as_the_property_it_changes():
    (one,) = changed(STREAM, {**PARAMETERS, "PositionShards": "4"})
    assert (one.resource, one.action) == ("PositionsStream", Action.CHANGE)
    assert one.properties == ("Properties.ShardCount",)
    assert not one.loses_state


def test_a_new_name_replaces_a_stream_and_is_refused():
    found = changed(STREAM, {**PARAMETERS, "StageName": "other"})
    assert {one.action for one in found} == {Action.REPLACE}
    with pytest.raises(Refusal, match="replace stream/PositionsStream"):
        refuse_losses(found, allowed=False)


def test_a_removed_stream_is_refused_until_it_is_asked_for():
    new = copy.deepcopy(STREAM)
    del new["Resources"]["PositionsStream"]
    found = changed(new)
    assert [(one.resource, one.action) for one in found] == [("PositionsStream", Action.REMOVE)]
    with pytest.raises(Refusal, match="ALLOW_REMOVAL=1"):
        refuse_losses(found, allowed=False)
    refuse_losses(found, allowed=True)


def test_taking_the_retention_away_is_refused_as_well():
    new = copy.deepcopy(STREAM)
    del new["Resources"]["PositionsStream"]["DeletionPolicy"]
    with pytest.raises(Refusal):
        refuse_losses(changed(new), allowed=False)


def test_taking_deletion_protection_from_the_database_is_refused():
    old = read_template(template_path("database"))
    new = copy.deepcopy(old)
    new["Resources"]["Database"]["Properties"]["DeletionProtection"] = False
    found = changes("database", old, {}, new, {})
    with pytest.raises(Refusal, match="database/Database"):
        refuse_losses(found, allowed=False)


def test_what_holds_nothing_may_go():
    gone = Change("alarms", "PositionsLate", "AWS::CloudWatch::Alarm", Action.REMOVE)
    refuse_losses([gone], allowed=False)
    assert "1 to remove" in list(said_changes([gone]))[-1]


def test_a_template_comes_back_from_cloudformation_as_it_went():
    held = (
        "Resources: {A: {Type: 'AWS::SNS::Topic', Properties: {TopicName: !Sub 'x-${S}', B: !GetAtt C.D.E}}}"
    )
    assert read_body(held)["Resources"]["A"]["Properties"] == {
        "TopicName": {"Fn::Sub": "x-${S}"},
        "B": {"Fn::GetAtt": ["C", "D.E"]},
    }


def test_parameters_are_put_in_where_they_are_referred_to_and_resources_stay():
    value = {
        "a": {"Ref": "P"},
        "b": {"Ref": "Other"},
        "c": {"Fn::Sub": "x-${P}"},
        "d": {"Fn::Sub": "${P}-${R.Arn}"},
    }
    assert resolved(value, {"P": "1"}) == {
        "a": "1",
        "b": {"Ref": "Other"},
        "c": "x-1",
        "d": {"Fn::Sub": "1-${R.Arn}"},
    }


def test_doors_are_warmed_twice_before_each_start_in_the_zones_own_time():
    shift = Shift("Asia/Kolkata", ((6, 0), (0, 5)), functions=2)
    assert list(moments(shift)) == [(5, 50), (5, 55), (23, 55), (0, 0)]
    made = with_shifts(read_template(template_path("schedules")), (shift,))["Resources"]
    warming = {name: one["Properties"] for name, one in made.items() if name.startswith("WarmUp")}
    assert len(warming) == 8
    assert warming["WarmUpAsiaKolkata0550N2"]["ScheduleExpression"] == "cron(50 5 * * ? *)"
    assert {one["ScheduleExpressionTimezone"] for one in warming.values()} == {"Asia/Kolkata"}


def test_starts_that_share_a_moment_are_warmed_once():
    assert list(moments(Shift("UTC", ((6, 0), (6, 5)), functions=1))) == [(5, 50), (5, 55), (6, 0)]
