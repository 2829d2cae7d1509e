"""The commands behind `bin/milepost cloud`: package, rehearse, plan, apply, and what an operator of the edge needs."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

from botocore.exceptions import BotoCoreError, ClientError, WaiterError
from box.say import Progress, Refusal

from infra import operate, rehearsal
from infra.cloud import Cloud
from infra.deployment import Site, apply, plan, refuse_losses
from infra.packages import package
from infra.release import release, roll_back
from infra.report import said_changes, said_package
from infra.stages import FUNCTIONS, PROJECT, Stage, read_stage

Command = Callable[[argparse.Namespace], int]


def main(argv: list[str]) -> int:
    """Run one command; returns the exit code."""
    options = _parser().parse_args(argv)
    command: Command = options.command
    try:
        return command(options)
    except Refusal as refusal:
        print(f"\nmilepost: {refusal}", file=sys.stderr)
    except (BotoCoreError, ClientError, WaiterError) as error:
        print(
            f"\nmilepost: AWS refuses: {error}\nNext: mend what it says; what is done stays", file=sys.stderr
        )
    return 1


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="milepost cloud", description="The cloud side of the edge.")
    commands = parser.add_subparsers(required=True, metavar="COMMAND")

    def add(name: str, command: Command, text: str, *, stage: bool = True) -> argparse.ArgumentParser:
        sub = commands.add_parser(name, help=text, description=text)
        sub.set_defaults(command=command)
        if stage:
            sub.add_argument("stage", nargs="?", default=os.environ.get("STAGE") or "dev")
        return sub

    add("package", _package, "build the functions' zips and look into them")
    add("rehearse", _rehearse, "lint, deploy to an emulator, read everything back", stage=False)
    add("emulator", _emulator, "run the emulator until interrupted; MILEPOST_REHEARSAL leads the others to it",
        stage=False)  # fmt: skip
    add("plan", _plan, "what apply would add, change and remove")
    applying = add("apply", _apply, "bring a stage to what the files say")
    applying.add_argument("--release", action="store_true", help="send all work to the new versions at once")
    releasing = add("release", _release, "send a share of the work to the newest versions")
    releasing.add_argument("--percent", type=int, default=100)
    back = add("rollback", _rollback, "end a canary, or go back to the version before")
    for sub in (releasing, back):
        sub.add_argument("--function", choices=FUNCTIONS, action="append")
    add("status", _status, "which versions serve, how far behind the consumers are, what failed")
    add("hold", _hold, "stop the consumers; reports wait on the stream")
    add("resume", _resume, "let the consumers read on")
    draining = add("drain", _drain, "wait until the streams are read to the end")
    draining.add_argument("--within", type=float, default=900, help="seconds")
    driving = add("redrive", _redrive, "put failed batches back on the stream")
    driving.add_argument("--most", type=int, default=1000)
    return parser


def _state() -> Path:
    state = Path(os.environ.get("MILEPOST_STATE_DIR") or PROJECT / "var").resolve()
    (state / "log").mkdir(parents=True, exist_ok=True)
    return state


def _where(options: argparse.Namespace) -> tuple[Stage, Cloud]:
    stage = read_stage(options.stage)
    return stage, Cloud.of_environment(stage.region)


def _site(options: argparse.Namespace) -> Site:
    stage, cloud = _where(options)
    cloud.account  # noqa: B018  better told before the packing than after it
    return Site(stage, cloud, PROJECT, _state(), Progress())


def _package(options: argparse.Namespace) -> int:
    stage = read_stage(options.stage)
    for function in stage.settings:
        made = package(f"{function}_{stage.name}", PROJECT, _state(), Progress())
        print("\n".join(said_package(made)))
    return 0


def _rehearse(_: argparse.Namespace) -> int:
    return rehearsal.rehearse(PROJECT, _state(), Progress())


def _emulator(_: argparse.Namespace) -> int:
    with rehearsal.emulator(_state()) as endpoint:
        print(f"{rehearsal.REHEARSAL}={endpoint} make plan    Ctrl-C ends it", flush=True)
        try:
            rehearsal.until_interrupted()
        except KeyboardInterrupt:
            print("ended")
    return 0


def _allowed() -> bool:
    return os.environ.get("ALLOW_REMOVAL") == "1"


def _plan(options: argparse.Namespace) -> int:
    found = plan(_site(options))
    print("\n".join(said_changes(found)))
    refuse_losses(found, allowed=_allowed())
    return 0


def _apply(options: argparse.Namespace) -> int:
    site = _site(options)
    # nobody watches a canary in dev
    at_once = options.release or site.stage.name == "dev"
    print("\n".join(apply(site, allow_removal=_allowed(), release_now=at_once)))
    return 0


def _release(options: argparse.Namespace) -> int:
    functions = tuple(options.function or FUNCTIONS)
    print("\n".join(release(*_where(options), functions, options.percent)))
    return 0


def _rollback(options: argparse.Namespace) -> int:
    print("\n".join(roll_back(*_where(options), tuple(options.function or FUNCTIONS))))
    return 0


def _status(options: argparse.Namespace) -> int:
    for what, how in operate.status(*_where(options), now=datetime.now(UTC)):
        print(f"  {what:<26} {how}")
    return 0


def _hold(options: argparse.Namespace) -> int:
    print("\n".join(operate.hold(*_where(options))))
    return 0


def _resume(options: argparse.Namespace) -> int:
    print("\n".join(operate.resume(*_where(options))))
    return 0


def _drain(options: argparse.Namespace) -> int:
    print("\n".join(operate.drain(*_where(options), within_s=options.within)))
    return 0


def _redrive(options: argparse.Namespace) -> int:
    print("\n".join(operate.redrive_all(*_where(options), most=options.most)))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
