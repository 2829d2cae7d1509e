"""The account a command works on: AWS by the caller's credentials, or an emulator on this machine."""

from __future__ import annotations

import os
from collections.abc import Mapping
from functools import cached_property
from typing import Any

import boto3
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError
from box.say import Refusal

# the address of an emulator; set, nothing of this reaches AWS
REHEARSAL = "MILEPOST_REHEARSAL"


class Cloud:
    """Clients of one region. With `endpoint` all of them talk to that address with credentials that are none."""

    def __init__(self, region: str, endpoint: str = "") -> None:
        self.region = region
        self.endpoint = endpoint
        self._clients: dict[str, Any] = {}
        credentials = {"aws_access_key_id": "testing", "aws_secret_access_key": "testing"} if endpoint else {}
        self._session = boto3.Session(region_name=region, **credentials)

    @classmethod
    def of_environment(cls, region: str, environ: Mapping[str, str] | None = None) -> Cloud:
        """Where MILEPOST_REHEARSAL points, or AWS."""
        return cls(region, (os.environ if environ is None else environ).get(REHEARSAL, ""))

    def client(self, service: str) -> Any:
        """A kept client of the service."""
        if service not in self._clients:
            self._clients[service] = self._session.client(  # type: ignore[call-overload, unused-ignore]
                service,
                endpoint_url=self.endpoint or None,
                config=Config(
                    connect_timeout=5, read_timeout=60, retries={"total_max_attempts": 4, "mode": "standard"}
                ),
            )
        return self._clients[service]

    @cached_property
    def account(self) -> str:
        """The account's number. Raises `Refusal` where there are no credentials or nobody answers."""
        try:
            return str(self.client("sts").get_caller_identity()["Account"])
        except (BotoCoreError, ClientError) as error:
            raise Refusal(
                f"{self.endpoint or 'AWS'} does not let us in: {error}",
                next_step="sign in to AWS in this shell (AWS_PROFILE, aws sso login), or try without an account: "
                f"make rehearse, or {REHEARSAL}=http://127.0.0.1:PORT of a running emulator",
            ) from error

    def environment(self) -> dict[str, str]:
        """The environment of a child (Zappa) that is to work on the same account."""
        environ = {name: value for name, value in os.environ.items() if not name.startswith("MILEPOST_")}
        environ["AWS_DEFAULT_REGION"] = environ["AWS_REGION"] = self.region
        if self.endpoint:
            for name in ("AWS_PROFILE", "AWS_SESSION_TOKEN"):
                environ.pop(name, None)
            environ |= {
                "AWS_ENDPOINT_URL": self.endpoint,
                "AWS_ACCESS_KEY_ID": "testing",
                "AWS_SECRET_ACCESS_KEY": "testing",
                "AWS_EC2_METADATA_DISABLED": "true",
            }
        return environ
