"""The box's own small rules: templates, documents, what an operator reads."""

import subprocess
from pathlib import Path

import pytest
from box import templates
from box.documents import broken_links
from box.place import LONGEST_RUN_FOLDER, open_place
from box.processes import edge_sockets
from box.say import Refusal, run_logged
from box.settings_file import merged_settings

from ingest_lambda.server import worker_socket


def test_a_template_wants_all_its_values_and_no_others() -> None:
    with pytest.raises(KeyError, match="socket"):
        templates.render("redis.conf", folder="/x", durable="yes")
    with pytest.raises(KeyError, match="has no place for colour"):
        templates.render("pg_hba.conf", colour="red")


def test_a_link_that_leads_nowhere_is_found(tmp_path: Path) -> None:
    subprocess.run(["git", "init", "-q", str(tmp_path)], check=True)
    (tmp_path / "a.md").write_text(
        "[b](b.md) [c](#c) [d](https://example.com/x) [e](#e)\n# C\n", encoding="utf-8"
    )
    assert broken_links(tmp_path) == [
        "a.md: the link b.md leads nowhere",
        "a.md: #e names a heading that is not there",
    ]


def test_a_failing_program_is_refused_with_the_end_of_its_log(tmp_path: Path) -> None:
    with pytest.raises(Refusal) as refused:
        run_logged(
            ["sh", "-c", "echo it is broken; exit 3"],
            tmp_path / "x.log",
            failed="it failed",
            next_step="mend it",
        )
    assert str(refused.value).splitlines() == [
        f"it failed (exit 3); the end of {tmp_path / 'x.log'}:",
        "    | it is broken",
        "Next: mend it",
    ]


def test_sockets_fit_however_deep_the_state_folder_lies(tmp_path: Path) -> None:
    deep = tmp_path / ("deep-" * 20) / "var"
    deep.mkdir(parents=True)
    run = open_place(deep).run
    assert len(str(run)) <= LONGEST_RUN_FOLDER
    assert open_place(deep).run == run  # and the next command finds the same one
    run.rmdir()


def test_box_and_edge_name_the_workers_sockets_alike(tmp_path: Path) -> None:
    settings = merged_settings(open_place(tmp_path), {"MILEPOST_EDGE_WORKERS": "3"}, fixed={})
    names = [worker_socket(settings["MILEPOST_EDGE_SOCKET"], index) for index in range(3)]
    assert edge_sockets(settings) == names
