"""Which engine the settings name: the writers of a server, on Redis or on Kinesis."""

from __future__ import annotations

from ingest_lambda.config import Config
from ingest_lambda.stream import lane_name, registration_lane_name
from ingest_lambda.stream.kinesis import KinesisStreamWriter
from ingest_lambda.stream.kinesis_put import KinesisStream, StreamAddress
from ingest_lambda.stream.redis_streams import RedisStreamWriter

Writer = RedisStreamWriter | KinesisStreamWriter


def positions_writer(settings: Config) -> Writer:
    """Where reports go. Make it inside a running event loop."""
    if settings.stream_url:
        return _kinesis(settings.stream_url)
    return RedisStreamWriter(settings.redis_url, settings.lanes, name=lane_name)


def registrations_writer(settings: Config) -> Writer:
    """Where registrations go: lanes or a stream of their own, so that they never hold a report up."""
    if settings.stream_url:
        return _kinesis(settings.registration_stream_url or settings.stream_url)
    return RedisStreamWriter(settings.redis_url, settings.lanes, name=registration_lane_name)


def _kinesis(url: str) -> KinesisStreamWriter:
    return KinesisStreamWriter(KinesisStream(StreamAddress.parse(url)))
