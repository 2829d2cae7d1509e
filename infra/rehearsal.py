"""`make rehearse`: lint, then base, functions and wiring on an emulator, read back, and the ways out tried."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

from box.ports import free_port
from box.say import Progress, Refusal, last_lines

from infra.changes import changes
from infra.cloud import REHEARSAL, Cloud
from infra.deployment import Site, apply, plan, refuse_losses
from infra.operate import outputs
from infra.readback import read_back
from infra.release import release, roll_back
from infra.report import Check, said_checks
from infra.stacks import BASE, WIRING, body, deployed, facts_of, template_path, wanted
from infra.stages import Stage, read_stage
from infra.templates import INFRA, read_template
from infra.trials import failed_batch_comes_back

STAGE = "dev"
START_S = 60.0

__all__ = ["REHEARSAL", "emulator", "lint", "rehearse", "until_interrupted"]


def lint() -> list[str]:
    """What cfn-lint says of every template, with the schemas it carries: no network. Empty when all is well."""
    paths = [str(template_path(part)) for part in (*BASE, *WIRING)]
    done = subprocess.run(
        [str(Path(sys.executable).parent / "cfn-lint"), "--format", "parseable", *paths],
        capture_output=True,
        text=True,
        check=False,
    )
    said = (done.stdout + done.stderr).splitlines()
    for part in (*BASE, *WIRING):
        body(read_template(template_path(part)))  # refuses one that is too long to send
    return said or ([f"cfn-lint ended with {done.returncode}"] if done.returncode else [])


@contextmanager
def emulator(state: Path) -> Iterator[str]:
    """The emulator on a free port of the loopback, ended by its process id; yields its address."""
    port, log = free_port(), state / "log" / "emulator.log"
    log.parent.mkdir(parents=True, exist_ok=True)
    environ = {
        name: value for name, value in os.environ.items() if not name.startswith(("AWS_", "MILEPOST_"))
    }
    paths = [str(INFRA.parent), str(INFRA.parent / "bin")]
    with log.open("wb") as out:
        server = subprocess.Popen(
            [sys.executable, "-m", "infra.emulator", str(port), "tethered"],
            stdin=subprocess.PIPE,
            stdout=out,
            stderr=subprocess.STDOUT,
            env=environ | {"PYTHONPATH": os.pathsep.join(paths)},
            cwd=INFRA.parent,
        )
    try:
        _wait(server, f"http://127.0.0.1:{port}", log)
        yield f"http://127.0.0.1:{port}"
    finally:
        server.terminate()
        try:
            server.wait(10)
        except subprocess.TimeoutExpired:
            server.kill()
            server.wait()
        if server.stdin is not None:
            server.stdin.close()


def _wait(server: subprocess.Popen[bytes], endpoint: str, log: Path) -> None:
    """Until it answers: connecting is tried again and again, each try ends at once while nobody listens."""
    for _ in range(int(START_S * 10)):
        if server.poll() is not None:
            break
        try:
            urllib.request.urlopen(f"{endpoint}/moto-api/", timeout=5).close()
            return
        except urllib.error.HTTPError:
            return
        except OSError:
            try:
                server.wait(0.1)
            except subprocess.TimeoutExpired:
                continue
    raise Refusal(
        "the emulator does not start; the end of its log:",
        next_step="mend what it says (the Python environment: make test)",
        tail=last_lines(log),
    )


def until_interrupted() -> None:
    """Sleep until Ctrl-C."""
    signal.pause()


def rehearse(project: Path, state: Path, progress: Progress) -> int:
    """The whole rehearsal; prints its table and returns 0 only when nothing differs."""
    with progress.step("lint", "every template, offline"):
        complaints = lint()
    if complaints:
        raise Refusal("the templates do not lint", next_step="mend what it says", tail=complaints)
    progress.line("emulator: starting")
    with emulator(state) as endpoint:
        checks = _rehearse(read_stage(STAGE, project), endpoint, project, state, progress)
    print("\n".join(said_checks(checks)))
    differing = [check for check in checks if not check.fine]
    progress.line(f"rehearsal: {len(checks)} things read back, {len(differing)} differ")
    return 1 if differing else 0


def _rehearse(stage: Stage, endpoint: str, project: Path, state: Path, progress: Progress) -> list[Check]:
    site = Site(stage, Cloud(stage.region, endpoint), project, state, progress)
    apply(site, allow_removal=False, release_now=True)
    with progress.step("read back", "what stands now"):
        checks = list(read_back(stage, site.cloud))
    with progress.step("plan", "nothing may be left to do"):
        checks.append(Check("plan after the apply", [], [change.resource for change in plan(site)]))
    known = outputs(stage, site.cloud, "buckets", "stream")
    with progress.step("redrive", "a failed batch goes back onto its stream"):
        checks += failed_batch_comes_back(site.cloud, known)
    return [*checks, *_second_version(site), _removal(site)]


def _removal(site: Site) -> Check:
    """A template that forgets the stream that stands: shown in the plan and refused."""
    then = wanted(site.stage, "stream", facts_of(site.stage, site.cloud))
    now = deployed(then.name, site.cloud)
    assert now is not None
    without = {**then.template, "Resources": {}}
    found = changes(then.name, now.template, now.parameters, without, then.parameters)
    try:
        refuse_losses(found, allowed=False)
    except Refusal:
        return Check("a plan without a stream is refused", 2, sum(change.loses_state for change in found))
    return Check("a plan without a stream is refused", "refused", "let through")


def _second_version(site: Site) -> list[Check]:
    """A changed function: planned, updated by Zappa, a canary, all of it, and back in one command."""
    settings = {**site.stage.settings, "ingest": {**site.stage.settings["ingest"], "memory_size": 320}}
    changed = replace(site, stage=replace(site.stage, settings=settings))
    cloud, stage, one = site.cloud, changed.stage, ("ingest",)
    others = [_versions(stage, cloud, function) for function in ("consume", "sweep")]
    planned = [(change.resource, change.properties) for change in plan(changed)]
    apply(changed, allow_removal=False, release_now=False)
    newest = str(_versions(stage, cloud, "ingest"))
    steps = [
        Check(
            "functions that do not differ are left alone",
            others,
            [_versions(stage, cloud, function) for function in ("consume", "sweep")],
        ),
        Check("plan of a changed function", [("milepost-ingest-dev", ("memory_size",))], planned),
        _serving("an apply moves no work by itself", stage, cloud, "1", {}),
    ]
    release(stage, cloud, one, percent=10)
    steps.append(_serving("a canary of 10 %", stage, cloud, "1", {newest: 0.1}))
    release(stage, cloud, one)
    steps.append(_serving("released", stage, cloud, newest, {}))
    roll_back(stage, cloud, one)
    return [*steps, _serving("rolled back", stage, cloud, "1", {})]


def _versions(stage: Stage, cloud: Cloud, function: str) -> int:
    """The highest version there is."""
    told = cloud.client("lambda").list_versions_by_function(FunctionName=stage.function_name(function))
    return max(int(one["Version"]) for one in told["Versions"] if one["Version"] != "$LATEST")


def _serving(what: str, stage: Stage, cloud: Cloud, version: str, weights: dict[str, float]) -> Check:
    alias = cloud.client("lambda").get_alias(FunctionName=stage.function_name("ingest"), Name="live")
    routing = (alias.get("RoutingConfig") or {}).get("AdditionalVersionWeights") or {}
    return Check(what, (version, weights), (alias["FunctionVersion"], routing))
