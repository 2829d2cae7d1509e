"""Watching and holding a deployed edge: what stands, how far behind the consumers are, off and on again."""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

from box.say import Refusal

from infra.cloud import Cloud
from infra.redrive import redrive
from infra.release import standing
from infra.stacks import deployed, stack_name
from infra.stages import Stage

MAPPINGS = ("PositionsMapping", "RegistrationsMapping")


def outputs(stage: Stage, cloud: Cloud, *parts: str) -> dict[str, str]:
    """Outputs of some of the stage's stacks. Raises `Refusal` where one is not deployed."""
    found: dict[str, str] = {}
    for part in parts:
        stack = deployed(stack_name(stage, part), cloud)
        if stack is None:
            raise Refusal(
                f"{stack_name(stage, part)} is not deployed", next_step=f"STAGE={stage.name} make apply"
            )
        found |= stack.outputs
    return found


def status(stage: Stage, cloud: Cloud, *, now: datetime) -> list[tuple[str, str]]:
    """(what, how it is), for people."""
    known = outputs(stage, cloud, "buckets", "consume", "http")
    lines = [("doors", known["IngestUrl"]), *standing(stage, cloud)]
    for name in MAPPINGS:
        mapping = cloud.client("lambda").get_event_source_mapping(UUID=known[name])
        lines.append((name.removesuffix("Mapping").lower(), f"consumer {mapping['State']}"))
    age = iterator_age_ms(stage, cloud, now=now)
    lines.append(
        ("oldest waiting", "no figure in the last five minutes" if age is None else f"{age / 1000:.1f} s")
    )
    return [*lines, ("failed batches", str(waiting(cloud, known["NoticeQueueUrl"])))]


def waiting(cloud: Cloud, queue_url: str) -> int:
    """Notices of parked batches, those being redriven included."""
    names = ["ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible"]
    told = cloud.client("sqs").get_queue_attributes(QueueUrl=queue_url, AttributeNames=names)["Attributes"]
    return sum(int(told[name]) for name in names)


def iterator_age_ms(stage: Stage, cloud: Cloud, *, now: datetime) -> float | None:
    """How old the consumer's latest record was when it was read, worst of the last five minutes."""
    points = cloud.client("cloudwatch").get_metric_statistics(
        Namespace="AWS/Lambda",
        MetricName="IteratorAge",
        Dimensions=[{"Name": "FunctionName", "Value": stage.function_name("consume")}],
        StartTime=now - timedelta(minutes=5),
        EndTime=now,
        Period=60,
        Statistics=["Maximum"],
    )["Datapoints"]
    latest = sorted(points, key=lambda point: point["Timestamp"])[-1:]
    return latest[0]["Maximum"] if latest else None


def hold(stage: Stage, cloud: Cloud) -> list[str]:
    """Stop reading the streams; the doors go on and reports wait, for as long as the stream keeps them."""
    return _switch(stage, cloud, enabled=False)


def resume(stage: Stage, cloud: Cloud) -> list[str]:
    """Read on from where it stopped."""
    return _switch(stage, cloud, enabled=True)


def _switch(stage: Stage, cloud: Cloud, *, enabled: bool) -> list[str]:
    known = outputs(stage, cloud, "consume")
    for name in MAPPINGS:
        cloud.client("lambda").update_event_source_mapping(UUID=known[name], Enabled=enabled)
    return [
        f"the consumers of {stage.name} {'read on' if enabled else 'are held: reports wait on the stream'}"
    ]


def drain(
    stage: Stage,
    cloud: Cloud,
    *,
    within_s: float,
    clock: Callable[[], float] = time.monotonic,
    wait: Callable[[float], None] = time.sleep,
) -> list[str]:
    """Wait until the consumers are under a second behind. Raises `Refusal` when they are not within that time."""
    until = clock() + within_s
    while True:
        age = iterator_age_ms(stage, cloud, now=datetime.now(UTC))
        if age is not None and age < 1000:
            return [f"the streams of {stage.name} are read to the end ({age:.0f} ms)"]
        if clock() >= until:
            behind = "no figure" if age is None else f"{age / 1000:.0f} s behind"
            raise Refusal(
                f"the consumers of {stage.name} are not through yet: {behind}",
                next_step="see docs/deploy-aws.md, reports are late; or wait longer: --within 3600",
            )
        wait(15)


def redrive_all(stage: Stage, cloud: Cloud, *, most: int) -> list[str]:
    """Put failed batches back on their streams. Says what became of them."""
    known = outputs(stage, cloud, "buckets", "stream")
    objects, records, failed = redrive(cloud, known["NoticeQueueUrl"], known["PositionsStreamArn"], most=most)
    said = [f"{records} records of {objects} failed batches are on the stream again"]
    return said + [f"left in the bucket: {one}" for one in failed]
