"""A box that consumes Kinesis: which worker reads which shard, signs of life, and batches given up and redriven."""

import asyncio
import json
import os
import signal
import subprocess
import sys
import threading
from datetime import UTC, datetime

import pytest

from ingest_lambda.failed_batches import LocalFolder, event_in, invocation_record, name_of
from ingest_lambda.keys import Kind, Mode, mint
from ingest_lambda.kinesis_event import make_event, put_again
from ingest_lambda.redrive_failed import main, redrive_failed
from ingest_lambda.report import encode
from ingest_lambda.stream import StreamUnavailable
from ingest_lambda.stream.kinesis_put import DirectKinesisWriter, KinesisStream, StreamAddress
from ingest_lambda.stream.shards import ShardRecord
from ingest_lambda.worker_kinesis import DatabaseCheckpoints, KinesisWorker
from tests.ingest_lambda.consumer.ground import HOUR, SECOND, fix
from tests.ingest_lambda.consumer.test_worker import settings_of, until
from tests.ingest_lambda.door import SECRET
from tests.ingest_lambda.kinesis_fake import ENVIRON, FakeServer, KinesisFake
from tests.ingest_lambda.test_server import ServerProcess

__all__ = ["settings_of"]  # the fixture
pytestmark = pytest.mark.django_db


@pytest.fixture
def server(monkeypatch):
    for name, value in ENVIRON.items():
        monkeypatch.setenv(name, value)
    server = FakeServer(KinesisFake(shards=4))
    yield server
    server.close()


@pytest.fixture
def run(settings_of, server, tmp_path):
    running = []

    def start(index=0, workers=1, **changed):
        settings = settings_of(stream_url=server.url, failed_batches=str(tmp_path / "failed"), **changed)
        worker = KinesisWorker(settings, index, workers, poll_s=0.02)
        thread = threading.Thread(target=worker.run, daemon=True)
        thread.start()
        running.append((worker, thread))
        return worker

    yield start
    for worker, thread in running:
        worker.stop()
        thread.join(30)
        assert not thread.is_alive()


def put(server, envelopes):
    writer = DirectKinesisWriter(KinesisStream(StreamAddress.parse(server.url), ENVIRON), patience_s=30)
    asyncio.run(writer.put(envelopes))


def fleet(ground, devices=20, fixes=5):
    first = ground.now_us - HOUR
    return [
        ground.envelope(f"v{device}", [fix(first + n * SECOND, 4.9 + n * 1e-4)])
        for n in range(fixes)
        for device in range(devices)
    ]


def sign(client, index):
    found = client.get(f"health:consumer:{index}")
    return json.loads(found) if found else {}


def test_two_workers_share_the_shards_and_say_so(ground, client, server, run):
    put(server, fleet(ground))
    run(0, 2)
    run(1, 2)
    until(lambda: sum(ground.outcomes().values()) >= 100)
    assert ground.outcomes() == {"accepted": 100}
    until(lambda: len(sign(client, 0).get("lanes", "").split(",")) == 2)
    until(lambda: len(sign(client, 1).get("lanes", "").split(",")) == 2)
    assert sign(client, 0)["lanes"] == "fake:000000000000,fake:000000000002"
    assert {"lag_entries", "lag_s", "held", "trouble"} <= set(sign(client, 0))


def test_checkpoints_outlive_the_worker_and_a_session_that_broke(ground, edge_url, client):
    checkpoints = DatabaseCheckpoints(edge_url)
    assert checkpoints.load("fake:000000000009") == ""
    checkpoints.save("fake:000000000009", "49" + "0" * 54)
    assert checkpoints._store is not None
    checkpoints._store.connection.close()
    assert checkpoints.load("fake:000000000009") == "49" + "0" * 54
    checkpoints.close()
    assert DatabaseCheckpoints(edge_url).load("fake:000000000009") == "49" + "0" * 54


def test_the_worker_of_a_box_reads_kinesis_when_it_is_told_to(
    ground, client, server, edge_url, redis_url, tmp_path
):
    put(server, fleet(ground, 4, 5))
    environment = os.environ | {
        "MILEPOST_REDIS_URL": redis_url,
        "MILEPOST_EDGE_DATABASE_URL": edge_url,
        "MILEPOST_KEY_SIGNING_SECRETS": "test",
        "MILEPOST_STREAM_URL": server.url,
        "MILEPOST_FAILED_BATCHES": str(tmp_path),
        "MILEPOST_ENV_FILE": "/nonexistent",
    }
    process = subprocess.Popen(
        [sys.executable, "-m", "ingest_lambda.worker"], env=environment, stdout=subprocess.PIPE
    )
    try:
        until(lambda: ground.outcomes() == {"accepted": 20})
        process.send_signal(signal.SIGTERM)
        assert process.wait(30) == 0
    finally:
        process.kill()
        process.communicate()
    assert sign(client, 0) == {}


def test_a_door_of_a_box_puts_what_its_worker_stores(ground, server, run, redis_process, monkeypatch):
    """The server as a process, with Kinesis for its stream; the answer comes when Kinesis has the report."""
    monkeypatch.setenv("MILEPOST_STREAM_URL", server.url)
    door = ServerProcess(redis_process)
    key = mint(Kind.PUBLISHABLE, Mode.TEST, ground.key_id, ground.environment_id, SECRET)
    headers = {"authorization": f"Bearer {key}"}
    first = ground.now_us // 1000 - 3_600_000
    for number in range(10):
        position = {
            "recorded_at": first + number * 60_000,
            "latitude": 52.37,
            "longitude": 4.9 + number / 1000,
        }
        body = json.dumps({"device_id": f"van-{number % 2}", "positions": [position]})
        assert door.call("POST", body=body, headers=headers)[0] == 202
    assert len(server.fake.data()) == 10
    assert door.call("POST", "/ingest/v1/devices", json.dumps({"device_id": "new"}), headers)[0] == 202
    run()
    until(lambda: ground.outcomes() == {"accepted": 10})
    assert [at for at, *_ in ground.positions("van-1")] == [
        (first + n * 60_000) * 1000 for n in range(1, 10, 2)
    ]
    registered = "SELECT 1 FROM tracker_device WHERE external_id = 'new' AND environment_id = %s"
    until(lambda: ground.rows(registered, ground.environment_id))
    assert door.stop() == 0


def test_records_too_old_are_kept_and_redriven_and_count_once(ground, client, server, run, tmp_path):
    """Given up while the database was away too long; back on the stream, they end as if nothing had been."""
    envelopes = fleet(ground, 3, 4)
    put(server, envelopes)
    for shard in server.fake.shards:
        for record in shard.records:
            record["at"] -= 7200
    worker = run(record_age_s=3600)
    folder = LocalFolder(str(tmp_path / "failed"))
    until(lambda: len(records_in(folder)) == 12)
    assert ground.outcomes() == {}
    writer = DirectKinesisWriter(KinesisStream(StreamAddress.parse(server.url), ENVIRON), patience_s=30)
    done = redrive_failed(folder, "", writer.put_records)
    assert (done.records, done.unreadable) == (12, [])
    assert redrive_failed(folder, "", writer.put_records).batches == 0
    writer.put_records(records_in(folder, "redriven/"))  # as if it had been stopped before it could move them
    until(lambda: sum(ground.outcomes().values()) >= 12)
    until(lambda: all(run.waiting == 0 for run in worker._mappings[0].shards.values()))
    assert ground.outcomes() == {"accepted": 12}


def records_in(folder, prefix=""):
    return [record for name in folder.keys(prefix) for record in put_again(event_in(folder.get(name)))]


def test_a_redrive_that_cannot_put_leaves_the_rest_where_it_is(ground, tmp_path):
    folder = LocalFolder(str(tmp_path))
    for number in range(3):
        batch = [ShardRecord(str(number), "k", encode(ground.envelope("v", [])), 1e9)]
        at = datetime(2026, 11, 22, 9, number, tzinfo=UTC)
        body = invocation_record(
            make_event("s", batch, "a"), "s", batch, condition="c", invocations=1, stream_arn="a", at=at
        )
        folder.put(name_of("m", "s", at), body)
    folder.put("aws/other", b"no batch")
    taken: list = []

    def put(records):
        if taken:
            raise StreamUnavailable("full")
        taken.extend(records)

    with pytest.raises(StreamUnavailable):
        redrive_failed(folder, "", put)
    left = list(folder.keys("aws/lambda/"))
    assert len(left) == 2
    done = redrive_failed(folder, "", lambda records: None)
    assert done.batches == 2
    assert [name for name, _ in done.unreadable] == ["aws/other"]


def test_the_command_says_what_it_did_and_what_is_wrong(ground, server, tmp_path, monkeypatch, capsys):
    monkeypatch.setenv("MILEPOST_KEY_SIGNING_SECRETS", "test")
    monkeypatch.setenv("MILEPOST_ENV_FILE", "/nonexistent")
    monkeypatch.setenv("MILEPOST_STREAM_URL", server.url)
    assert main([str(tmp_path)]) == 0
    assert "0 records of 0 batches" in capsys.readouterr().out
    monkeypatch.setenv("MILEPOST_STREAM_URL", "")
    assert main([str(tmp_path)]) == 2
    assert "kinesis://REGION/NAME" in capsys.readouterr().err
