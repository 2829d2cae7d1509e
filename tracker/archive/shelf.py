"""Where archived days stand: a local folder or an S3 bucket, behind one small interface.

An object appears under its name whole or not at all: a local file is written beside, flushed to disk and renamed; S3
shows an object once its last byte is there.
"""

import hashlib
import os
import shutil
import time
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Protocol
from urllib.parse import parse_qs, urlsplit

from django.conf import settings

READ_AT_ONCE = 1 << 20
UNFINISHED = ".unfinished-"
LEFT_AFTER_S = 86_400  # no run writes a file for that long


class NotThere(Exception):
    """An object that should be in the archive is not."""


class Shelf(Protocol):
    """A place for objects by name. Whatever cannot be reached raises OSError."""

    def put(self, source: Path, location: str) -> None:
        """Take a file in under that name, replacing what is there; `source` may be gone afterwards."""

    def fetch(self, location: str, target: Path) -> None:
        """Copy an object into a local file. Raises NotThere."""

    def remove(self, location: str) -> None:
        """Remove an object; one that is gone already is as well."""

    def listing(self, folder: str) -> list[str]:
        """The names of the objects below a folder, sorted; those still being written are not among them."""

    def workspace(self) -> AbstractContextManager[Path]:
        """A folder on this machine in which a file may be written before it is put."""


class LocalShelf:
    """A folder of this machine."""

    def __init__(self, root: Path) -> None:
        self.root = root

    def put(self, source: Path, location: str) -> None:
        """Rename within one file system: the workspace lies inside the root."""
        target = self.root / location
        target.parent.mkdir(parents=True, exist_ok=True)
        with source.open("rb") as file:
            os.fsync(file.fileno())
        source.replace(target)
        folder = os.open(target.parent, os.O_RDONLY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)

    def fetch(self, location: str, target: Path) -> None:
        """Copy the file."""
        try:
            shutil.copyfile(self.root / location, target)
        except FileNotFoundError:
            raise NotThere(f"{self.root / location} is not there") from None

    def remove(self, location: str) -> None:
        """Unlink the file; the day's folder stays."""
        (self.root / location).unlink(missing_ok=True)

    def listing(self, folder: str) -> list[str]:
        """Files below it, relative to the root."""
        files = (self.root / folder).rglob("*.parquet")
        return sorted(str(file.relative_to(self.root)) for file in files)

    @contextmanager
    def workspace(self) -> Iterator[Path]:
        """A hidden folder in the root, so that a rename is enough; a killed run's leftovers go with the next run."""
        self.root.mkdir(parents=True, exist_ok=True)
        for left in self.root.glob(f"{UNFINISHED}*"):
            if time.time() - left.stat().st_mtime > LEFT_AFTER_S:
                shutil.rmtree(left, ignore_errors=True)
        with TemporaryDirectory(prefix=UNFINISHED, dir=self.root) as folder:
            yield Path(folder)


class S3Shelf:
    """A bucket and a prefix. Credentials, region and endpoint come from where boto3 looks for them."""

    def __init__(self, bucket: str, prefix: str, client: Any) -> None:
        self.bucket, self.prefix, self.client = bucket, prefix, client

    def _key(self, location: str) -> str:
        return f"{self.prefix}/{location}" if self.prefix else location

    def put(self, source: Path, location: str) -> None:
        """Upload, in parts where it is large, and look at what arrived. The parts carry checksums of their own."""
        key, size = self._key(location), source.stat().st_size
        with _as_os_errors():
            self.client.upload_file(str(source), self.bucket, key)
            arrived = self.client.head_object(Bucket=self.bucket, Key=key)["ContentLength"]
        if arrived != size:
            raise OSError(f"s3://{self.bucket}/{key} has {arrived} bytes, {size} were sent")

    def fetch(self, location: str, target: Path) -> None:
        """Download the object."""
        with _as_os_errors():
            self.client.download_file(self.bucket, self._key(location), str(target))

    def remove(self, location: str) -> None:
        """Delete the object; a bucket with versions keeps what its rules say."""
        with _as_os_errors():
            self.client.delete_object(Bucket=self.bucket, Key=self._key(location))

    def listing(self, folder: str) -> list[str]:
        """Keys below it, without the prefix."""
        found: list[str] = []
        with _as_os_errors():
            pages = self.client.get_paginator("list_objects_v2")
            for page in pages.paginate(Bucket=self.bucket, Prefix=self._key(folder) + "/"):
                found += [entry["Key"] for entry in page.get("Contents", [])]
        cut = len(self._key(""))
        return sorted(key[cut:] for key in found if key.endswith(".parquet"))

    @contextmanager
    def workspace(self) -> Iterator[Path]:
        """A temporary folder of this machine."""
        with TemporaryDirectory(prefix="milepost-archive-") as folder:
            yield Path(folder)


@contextmanager
def _as_os_errors() -> Iterator[None]:
    """What boto3 raises, as the errors callers know; the class names are all it promises."""
    try:
        yield
    except OSError:
        raise
    except Exception as error:
        code = getattr(error, "response", {}).get("Error", {}).get("Code", "")
        if code in {"404", "NoSuchKey"}:
            raise NotThere(f"the archive has no such object: {error}") from error
        raise OSError(f"the archive's bucket: {error}") from error


def open_shelf() -> Shelf:
    """The archive's place as the settings name it."""
    if settings.ARCHIVE_URL:
        return _s3(settings.ARCHIVE_URL)
    return LocalShelf(Path(settings.ARCHIVE_DIR))


@cache
def _s3(url: str) -> S3Shelf:
    """`s3://bucket/prefix`, with `?endpoint=` and `?region=` where they are not in the environment."""
    # late: it takes a quarter of a second and forty megabytes, which only a worker with a bucket has to spend
    import boto3  # noqa: PLC0415
    from botocore.config import Config  # noqa: PLC0415

    parts = urlsplit(url)
    options = {name: values[-1] for name, values in parse_qs(parts.query).items()}
    bounded = Config(connect_timeout=5, read_timeout=60, retries={"max_attempts": 4, "mode": "standard"})
    client = boto3.client(
        "s3", endpoint_url=options.get("endpoint"), region_name=options.get("region"), config=bounded
    )
    return S3Shelf(parts.netloc, parts.path.strip("/"), client)


def sha256_of(path: Path) -> bytes:
    """The digest of a file, read in pieces."""
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while piece := file.read(READ_AT_ONCE):
            digest.update(piece)
    return digest.digest()
