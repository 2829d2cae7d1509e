"""The stages (dev, staging, production): their parameters, shifts and functions, as the two settings files say."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import yaml
from box.say import Refusal

from infra.templates import INFRA

PROJECT = INFRA.parent
STAGES = INFRA / "stages.yaml"
SETTINGS = "zappa_settings.json"
FUNCTIONS = ("ingest", "consume", "sweep")


@dataclass(frozen=True)
class Shift:
    """When shifts of one zone begin, in its local time as (hour, minute), and how many functions to warm for them."""

    time_zone: str
    starts: tuple[tuple[int, int], ...]
    functions: int


@dataclass(frozen=True)
class Stage:
    """One deployment. `settings` are Zappa's for each function, still with their placeholders."""

    name: str
    region: str
    parameters: dict[str, str]
    shifts: tuple[Shift, ...]
    settings: dict[str, dict[str, Any]]

    def function_name(self, function: str) -> str:
        """As Zappa makes it of project and stage: `milepost-ingest-dev`."""
        return f"milepost-{function}-{self.name}"


def read_stage(name: str, project: Path = PROJECT) -> Stage:
    """The stage of this name. Raises `Refusal` for one that is not described or describes itself wrongly."""
    described = yaml.safe_load(STAGES.read_text(encoding="utf-8"))
    if name not in described:
        raise Refusal(
            f"there is no stage {name!r}, only {', '.join(described)}",
            next_step="say which: STAGE=dev make plan",
        )
    settings = json.loads((project / SETTINGS).read_text(encoding="utf-8"))
    own = {function: settings[f"{function}_{name}"] for function in FUNCTIONS}
    regions = {one["aws_region"] for one in own.values()}
    if len(regions) > 1:
        raise Refusal(
            f"the functions of {name} are in several regions: {', '.join(sorted(regions))}",
            next_step=f"mend aws_region in {SETTINGS}: the stream, its doors and its consumer stand together",
        )
    return Stage(
        name=name,
        region=regions.pop(),
        parameters={key: str(value) for key, value in described[name]["parameters"].items()},
        shifts=tuple(_shift(name, entry) for entry in described[name]["shifts"]),
        settings=own,
    )


def _shift(stage: str, entry: dict[str, Any]) -> Shift:
    zone = entry["time_zone"]
    try:
        ZoneInfo(zone)
        starts = tuple(_clock(start) for start in entry["starts"])
    except (ZoneInfoNotFoundError, ValueError) as error:
        raise Refusal(
            f"a shift of {stage} makes no sense: {error}",
            next_step="mend infra/stages.yaml: a zone such as Asia/Kolkata, starts such as 06:00",
        ) from error
    return Shift(zone, starts, int(entry["functions"]))


def _clock(text: str) -> tuple[int, int]:
    hour, _, minute = text.partition(":")
    if not (hour.isdigit() and minute.isdigit() and int(hour) < 24 and int(minute) < 60):
        raise ValueError(f"{text!r} is no time of day")
    return int(hour), int(minute)
