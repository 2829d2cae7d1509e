"""The whole deployment on an emulator: base, functions, wiring, read back; and a plan that refuses a removal."""

from pathlib import Path

import pytest
from box.say import Progress

from infra.rehearsal import rehearse

PROJECT = Path(__file__).resolve().parents[2]


@pytest.mark.e2e
@pytest.mark.timeout(600)
def test_the_deployment_is_rehearsed_and_nothing_differs(tmp_path, capsys):
    assert rehearse(PROJECT, tmp_path, Progress()) == 0
    told = capsys.readouterr().out
    assert "DIFFERS" not in told
    for what in (
        "positions mapping: BisectBatchOnFunctionError",
        "Failure bucket: encryption",
        "ingest role: puts",
        "notice queue: who may write",
        "warm-ups of Asia/Kolkata",
        "records on the stream again",
        "rolled back",
        "a plan without a stream is refused",
    ):
        assert f"same     {what}" in told, what
