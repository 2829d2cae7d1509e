"""zappa_settings.json: nothing in it that Zappa does not read, and every stage spelled out."""

import ast
import json
from pathlib import Path

import pytest
import zappa.cli
from zappa.cli import ZappaCLI

from infra.stages import FUNCTIONS, STAGES, read_stage

PROJECT = Path(__file__).resolve().parents[2]
SETTINGS = json.loads((PROJECT / "zappa_settings.json").read_text(encoding="utf-8"))
STAGE_NAMES = ("dev", "staging", "production")
READ_ELSEWHERE = {"tags"}  # read, but not through `.get` with a plain name in every version


def keys_that_zappa_reads() -> set[str]:
    """Every name that its command line takes out of a stage's configuration, and its list of plain attributes."""
    tree = ast.parse(Path(zappa.cli.__file__).read_text(encoding="utf-8"))
    names = set(zappa.cli.CUSTOM_SETTINGS) | {"extends"}
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr == "get":
            owner, first = node.func.value, node.args[0] if node.args else None
        elif isinstance(node, ast.Subscript):
            owner, first = node.value, node.slice
        else:
            continue
        is_stage = isinstance(owner, ast.Attribute) and owner.attr == "stage_config"
        if is_stage and isinstance(first, ast.Constant) and isinstance(first.value, str):
            names.add(first.value)
    return names


def resolved(stage: str) -> dict:
    """A stage with what it extends."""
    own = SETTINGS[stage]
    return {**(resolved(own["extends"]) if "extends" in own else {}), **own}


def unknown_keys(settings: dict) -> dict[str, set[str]]:
    read = keys_that_zappa_reads()
    return {stage: set(own) - read for stage, own in settings.items() if set(own) - read}


def test_zappas_source_names_its_keys_and_not_a_handful():
    read = keys_that_zappa_reads()
    assert 90 <= len(read) <= 130
    assert {"lambda_handler", "exclude_glob", "snap_start", "vpc_config", "touch"} <= read


def test_no_stage_has_a_key_that_zappa_would_ignore():
    assert unknown_keys(SETTINGS) == {}


@pytest.mark.parametrize("slip", ["memroy_size", "apigatway_enabled", "timeout"])
def test_a_slip_of_the_pen_is_found(slip):
    assert unknown_keys({"ingest_dev": {**SETTINGS["ingest_dev"], slip: 1}}) == {"ingest_dev": {slip}}


def test_every_function_has_its_stages_and_none_is_there_only_to_be_extended():
    assert set(SETTINGS) == {f"{function}_{stage}" for function in FUNCTIONS for stage in STAGE_NAMES}


@pytest.mark.parametrize("stage", SETTINGS)
def test_what_zappas_defaults_would_do_wrong_is_spelled_out(stage):
    own = resolved(stage)
    assert own["runtime"] == "python3.13"
    assert own["lambda_handler"].startswith("ingest_lambda.lambda_")
    for name in ("keep_warm", "debug", "touch", "manage_roles", "use_precompiled_packages", "slim_handler"):
        assert own[name] is False, name
    assert own["log_level"] == "INFO"
    assert own["s3_bucket"] == "${PackageBucketName}"
    assert "events" not in own
    assert own["environment_variables"] == {}
    types = {
        "memory_size": int,
        "timeout_seconds": int,
        "lambda_concurrency": int,
        "exclude": list,
        "tags": dict,
    }
    assert {name: type(own[name]) for name in types} == types


@pytest.mark.parametrize("stage", STAGE_NAMES)
def test_the_door_stands_outside_the_vpc_and_the_others_inside(stage):
    assert resolved(f"ingest_{stage}")["vpc_config"] == {}
    for function in ("consume", "sweep"):
        assert resolved(f"{function}_{stage}")["vpc_config"]["SecurityGroupIds"] == ["${FunctionsGroupId}"]
    snapshot = resolved(f"ingest_{stage}")["snap_start"]
    assert snapshot == ("None" if stage == "dev" else "PublishedVersions")


def test_stages_of_one_function_differ_in_what_a_stage_may_differ_in():
    may = {"memory_size", "lambda_concurrency", "snap_start", "tags"}
    for function in FUNCTIONS:
        first, *others = (resolved(f"{function}_{stage}") for stage in STAGE_NAMES)
        for other in others:
            assert {key for key in {*first, *other} if first.get(key) != other.get(key)} <= may


def test_the_file_holds_no_account_and_no_secret():
    text = (PROJECT / "zappa_settings.json").read_text(encoding="utf-8")
    assert "arn:aws" not in text
    for own in SETTINGS.values():
        for name, value in own["aws_environment_variables"].items():
            if "SECRET" in name or "DATABASE" in name:
                assert "${secret:" in value, name


@pytest.mark.parametrize("stage", SETTINGS)
def test_zappa_loads_every_stage_without_credentials(stage, monkeypatch, tmp_path):
    for name in ("AWS_PROFILE", "AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    monkeypatch.chdir(tmp_path)  # it reads every file below the working folder
    command = ZappaCLI()
    command.api_stage, command.load_credentials = stage, False
    command.load_settings(str(PROJECT / "zappa_settings.json"))
    assert command.lambda_name == "milepost-" + stage.replace("_", "-")
    assert command.lambda_handler == SETTINGS[stage]["lambda_handler"]
    assert not command.use_apigateway


def test_every_described_stage_can_be_read():
    described = [line.rstrip(":\n") for line in STAGES.read_text().splitlines() if line and line[0].isalpha()]
    assert described == list(STAGE_NAMES)
    for name in described:
        stage = read_stage(name)
        assert stage.region
        assert stage.shifts
