"""The edge's settings: read once, wrong ones named, secrets not shown."""

import pytest

from ingest_lambda import config
from ingest_lambda.config import BadSetting


def load(tmp_path, **environ):
    return config.load(
        {"MILEPOST_STATE_DIR": str(tmp_path), "MILEPOST_KEY_SIGNING_SECRETS": "one, two"} | environ
    )


def test_defaults_serve_one_machine(tmp_path):
    settings = load(tmp_path)
    assert settings.key_signing_secrets == (b"one", b"two")
    assert (settings.lanes, settings.consumers) == (4, 2)
    assert settings.max_body_bytes == 1024 * 1024


def test_the_env_file_fills_what_the_environment_leaves_open(tmp_path):
    (tmp_path / "milepost.env").write_text(
        "# made at first run\nMILEPOST_STREAM_LANES=8\nMILEPOST_CONSUMERS=3\n"
    )
    settings = load(tmp_path, MILEPOST_CONSUMERS="5")
    assert (settings.lanes, settings.consumers) == (8, 5)


def test_another_env_file_can_be_named(tmp_path):
    (tmp_path / "other").write_text("MILEPOST_MQTT_PORT=1999\n")
    assert load(tmp_path, MILEPOST_ENV_FILE=str(tmp_path / "other")).mqtt_port == 1999


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("MILEPOST_STREAM_LANES", "0"),
        ("MILEPOST_STREAM_LANES", "many"),
        ("MILEPOST_LOG_LEVEL", "loud"),
        ("MILEPOST_KEY_SIGNING_SECRETS", " , "),
    ],
)
def test_a_setting_that_makes_no_sense_is_named(tmp_path, name, value):
    with pytest.raises(BadSetting, match=name):
        load(tmp_path, **{name: value})


def test_secrets_and_addresses_are_not_shown(tmp_path):
    shown = repr(load(tmp_path, MILEPOST_REDIS_URL="redis://:password@host/0"))
    assert "one" not in shown
    assert "password" not in shown
