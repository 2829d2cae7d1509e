"""The stream engines side by side: how a test gets a writer, a reader, and an engine that is away."""

import socket
import uuid

from ingest_lambda.stream.kinesis import KinesisStreamWriter
from ingest_lambda.stream.kinesis_put import KinesisStream, StreamAddress
from ingest_lambda.stream.kinesis_reader import KinesisReader
from ingest_lambda.stream.redis_reader import open_redis
from ingest_lambda.stream.redis_shards import RedisShards
from ingest_lambda.stream.redis_streams import RedisStreamWriter
from tests.ingest_lambda import kinesis_fake, moto_process

LANES = 4


class RedisEngine:
    def __init__(self, process):
        self.url = process.url

    def writer(self, **changed):
        return RedisStreamWriter(self.url, LANES, **changed)

    def away(self, **changed):
        return RedisStreamWriter("unix:///nowhere.sock", LANES, **changed)

    def source(self):
        return RedisShards(open_redis(self.url), LANES)


class KinesisEngine:
    def __init__(self, url, environ):
        self.address, self.environ = StreamAddress.parse(url), environ

    def writer(self, **changed):
        return KinesisStreamWriter(KinesisStream(self.address, self.environ), **changed)

    def away(self, **changed):
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            port = probe.getsockname()[1]
        nowhere = self.address._replace(endpoint=f"http://127.0.0.1:{port}")
        return KinesisStreamWriter(KinesisStream(nowhere, self.environ), **changed)

    def source(self):
        return KinesisReader(self.address, self.environ)


def moto_engine(process, shards=LANES):
    return KinesisEngine(process.stream(f"s-{uuid.uuid4().hex[:12]}", shards), moto_process.ENVIRON)


def fake_engine(server):
    return KinesisEngine(server.url, kinesis_fake.ENVIRON)


def read_all(source, limit=1000):
    """Every record there is now, shard by shard, read page by page from the beginning."""
    found: dict[str, list] = {}
    for shard in source.shards():
        found[shard.id], after = [], ""
        for _ in range(1000):
            page = source.read(shard.id, after, limit)
            found[shard.id] += page.records
            if page.ended or not page.records:
                break
            after = page.records[-1].sequence
    return found
