"""Zappa's settings with their placeholders filled from the stacks: a file of its own that ends with the deployment.

`${ProxyHost}` is an output of a base stack; `${secret:EdgeSecretArn}` is the secret that output names, and
`${secret:EdgeSecretArn:password}` one field of it. The root file holds neither account numbers nor secrets.
"""

from __future__ import annotations

import json
import os
import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import quote

from box.say import Refusal

from infra.cloud import Cloud
from infra.stages import SETTINGS, Stage

_PLACE = re.compile(r"\$\{(?:(secret):)?([A-Za-z]+)(?::([a-z]+))?\}")


def placeholders(value: Any) -> set[str]:
    """Names of the outputs that some settings ask for."""
    return {match[2] for match in _PLACE.finditer(json.dumps(value))}


def filled(value: Any, facts: Mapping[str, str], cloud: Cloud) -> Any:
    """The settings with every placeholder filled. Raises `Refusal` for one that nothing fills."""
    if isinstance(value, dict):
        return {key: filled(inner, facts, cloud) for key, inner in value.items()}
    if isinstance(value, list):
        return [filled(inner, facts, cloud) for inner in value]
    return _PLACE.sub(lambda match: _fill(match, facts, cloud), value) if isinstance(value, str) else value


def _fill(match: re.Match[str], facts: Mapping[str, str], cloud: Cloud) -> str:
    is_secret, name, part = match.groups()
    if name not in facts:
        raise Refusal(
            f"{SETTINGS} asks for {match[0]}, and no base stack has an output {name}",
            next_step="mend the name, or give a template under infra/base that output",
        )
    if not is_secret:
        return facts[name]
    text = str(cloud.client("secretsmanager").get_secret_value(SecretId=facts[name])["SecretString"])
    if not part:
        return text
    # a field of a secret goes into a URL here, where a sign of its own would break it
    return quote(str(json.loads(text)[part]), safe="")


@contextmanager
def written(
    stage: Stage, settings: Mapping[str, Mapping[str, Any]], state: Path, digests: Mapping[str, str]
) -> Iterator[Path]:
    """A settings file for Zappa with everything filled in, readable by its owner only, gone afterwards."""
    path = state / "edge" / f"settings-{stage.name}.json"
    path.parent.mkdir(parents=True, exist_ok=True)
    whole = {
        f"{function}_{stage.name}": {**one, "tags": {**one["tags"], "content": digests[function]}}
        for function, one in settings.items()
    }
    path.unlink(missing_ok=True)
    handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(handle, "w", encoding="utf-8") as file:
        json.dump(whole, file, indent=2)
    try:
        yield path
    finally:
        path.unlink(missing_ok=True)
