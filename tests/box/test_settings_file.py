"""The generated settings: secrets once, ports that stay chosen, the operator's word over the defaults."""

import stat
from pathlib import Path

import pytest
from box.place import Place, open_place
from box.say import Refusal
from box.settings_file import (
    SECRETS,
    merged_settings,
    process_environment,
    read_env_file,
    write_settings,
)


@pytest.fixture
def place(tmp_path: Path) -> Place:
    return open_place(tmp_path)


def test_secrets_are_made_once_and_kept(place: Place) -> None:
    first = merged_settings(place, {}, fixed={})
    write_settings(place, first)
    second = merged_settings(place, {}, fixed={})
    assert all(first[name] == second[name] and len(first[name]) >= 50 for name in SECRETS)


def test_secrets_differ_between_stacks(tmp_path: Path) -> None:
    (tmp_path / "a").mkdir()
    (tmp_path / "b").mkdir()
    one, other = (merged_settings(open_place(tmp_path / name), {}, fixed={}) for name in "ab")
    assert all(one[name] != other[name] for name in SECRETS)


def test_only_the_owner_may_read_the_file(place: Place) -> None:
    write_settings(place, merged_settings(place, {}, fixed={}))
    assert stat.S_IMODE(place.env_file.stat().st_mode) == 0o600


def test_only_the_owner_may_read_the_mails_for_they_hold_links_that_let_in(tmp_path: Path) -> None:
    mails = tmp_path / "mail"
    mails.mkdir(mode=0o755)  # as an earlier version left it
    open_place(tmp_path)
    assert stat.S_IMODE(mails.stat().st_mode) == 0o700


def test_a_port_chosen_once_stays_chosen_and_the_address_follows(place: Place) -> None:
    write_settings(place, merged_settings(place, {"MILEPOST_PORT": "8123"}, fixed={}))
    later = merged_settings(place, {}, fixed={})
    assert later["MILEPOST_BASE_URL"] == "http://127.0.0.1:8123"


def test_the_operators_word_wins_over_a_default(place: Place) -> None:
    asked = merged_settings(place, {"MILEPOST_CONSUMERS": "1", "MILEPOST_STATE_DIR": "/elsewhere"}, fixed={})
    assert asked["MILEPOST_CONSUMERS"] == "1"
    assert asked["MILEPOST_STATE_DIR"] == str(place.state)


def test_a_number_that_is_none_is_refused_by_its_name(place: Place) -> None:
    with pytest.raises(Refusal, match="MILEPOST_PORT must be a whole number, not 'http'"):
        merged_settings(place, {"MILEPOST_PORT": "http"}, fixed={}).number("MILEPOST_PORT")


def test_processes_do_not_inherit_the_callers_milepost_settings(
    place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MILEPOST_DATABASE_URL", "postgresql:///another")
    env = process_environment(place)
    assert "MILEPOST_DATABASE_URL" not in env
    assert env["MILEPOST_ENV_FILE"] == str(place.env_file)


def test_comments_and_blank_lines_of_an_env_file_are_skipped(tmp_path: Path) -> None:
    path = tmp_path / ".env"
    path.write_text("# MILEPOST_A=1\n\nMILEPOST_B = two words \nnonsense\n", encoding="utf-8")
    assert read_env_file(path) == {"MILEPOST_B": "two words"}


def test_every_variable_of_the_example_is_one_that_the_code_reads() -> None:
    project = Path(__file__).resolve().parents[2]
    example = (project / ".env.example").read_text(encoding="utf-8")
    named = {
        line.lstrip("#").split("=")[0] for line in example.splitlines() if "MILEPOST_" in line and "=" in line
    }
    code = "".join(
        path.read_text(encoding="utf-8")
        for folder in ("bin/box", "config", "ingest_lambda", "tracker")
        for path in (project / folder).rglob("*.py")
    )
    assert {name for name in named if name.startswith("MILEPOST_") and name not in code} == set()
