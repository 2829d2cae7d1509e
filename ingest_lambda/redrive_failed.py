"""Failed batches back onto their stream, without the SDK: `python -m ingest_lambda.redrive_failed [WHERE]`.

WHERE is a folder or s3://BUCKET/PREFIX; unset, MILEPOST_FAILED_BATCHES. Each batch is put again with the partition
keys it had, and only then moved beneath `redriven/`: one that is put twice, because this was stopped in between,
counts once, for the consumer knows every record it took for eight days.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Sequence
from typing import NamedTuple

from ingest_lambda import config
from ingest_lambda.failed_batches import REDRIVEN, BatchFolder, event_in, folder_at
from ingest_lambda.kinesis_event import BadEvent, put_again
from ingest_lambda.stream import StreamUnavailable
from ingest_lambda.stream.kinesis_put import DirectKinesisWriter, KinesisStream, StreamAddress

PATIENCE_S = 60.0


class Redriven(NamedTuple):
    """How many batches and records are on the stream again, and what is no batch: its name and why."""

    batches: int
    records: int
    unreadable: list[tuple[str, str]]


def redrive_failed(
    folder: BatchFolder, prefix: str, put: Callable[[Sequence[tuple[str, bytes]]], None], *, most: int = 1000
) -> Redriven:
    """Put up to `most` batches again, oldest first. Raises StreamUnavailable, and then the rest stays where it is."""
    batches = records = 0
    unreadable: list[tuple[str, str]] = []
    for name in list(folder.keys(prefix)):
        if name.startswith(REDRIVEN) or batches >= most:
            continue
        body = folder.get(name)
        try:
            found = put_again(event_in(body))
        except BadEvent as error:
            unreadable.append((name, str(error)))
            continue
        put(found)
        folder.put(REDRIVEN + name, body)
        folder.remove(name)
        batches, records = batches + 1, records + len(found)
    return Redriven(batches, records, unreadable)


def main(arguments: list[str] | None = None) -> int:
    """Redrive what lies there; 1 where something could not be read or put."""
    parser = argparse.ArgumentParser(prog="python -m ingest_lambda.redrive_failed", description=__doc__)
    parser.add_argument("where", nargs="?", help="a folder, or s3://BUCKET/PREFIX")
    parser.add_argument("--most", type=int, default=1000, help="how many batches at most")
    chosen = parser.parse_args(arguments)
    try:
        settings = config.load()
        address = StreamAddress.parse(settings.stream_url)
        folder, prefix = folder_at(chosen.where or settings.failed_batches)
    except (config.BadSetting, ValueError) as error:
        sys.stderr.write(f"{error}\n")
        return 2
    writer = DirectKinesisWriter(KinesisStream(address), patience_s=PATIENCE_S)
    try:
        done = redrive_failed(folder, prefix, writer.put_records, most=chosen.most)
    except (StreamUnavailable, OSError) as error:
        sys.stderr.write(f"stopped, what is left stays where it is: {error}\n")
        return 1
    for name, why in done.unreadable:
        sys.stderr.write(f"left alone: {name}: {why}\n")
    sys.stdout.write(f"{done.records} records of {done.batches} batches are on the stream again\n")
    return 1 if done.unreadable else 0


if __name__ == "__main__":
    sys.exit(main())
