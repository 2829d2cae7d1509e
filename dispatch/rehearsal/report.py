"""The report of a rehearsal, for people; the same as JSON for programs."""

from typing import Any

from dispatch.rehearsal.day import Played
from dispatch.rehearsal.judging import Verdict
from dispatch.rehearsal.processor import Spent

TIMED = ("customer_page", "driver_tell", "driver_day", "position", "supervisor", "upload")
SECOND_TIMES = ("p50", 0.5), ("p99", 0.99)


def report_of(played: Played, verdict: Verdict, *, grown_bytes: int, processor: Spent) -> dict[str, Any]:
    """Everything worth knowing, as plain values."""
    world, tally = played.world, played.tally
    thousands = max(1, world.shipments) / 1000
    return {
        "shipments": world.shipments,
        "drivers": world.drivers,
        "cities": len(world.cities),
        "speed": world.scale.n,
        "seconds": {name: round(value, 1) for name, value in played.seconds.items()},
        "requests": {name: tally.counts[name] for name in TIMED},
        "milliseconds": {
            name: {label: round(tally.at(name, share), 1) for label, share in SECOND_TIMES} for name in TIMED
        },
        "sent_twice": tally.counts["sent_twice"],
        "networks_lost": tally.counts["networks_lost"],
        "moves": tally.counts["moves"],
        "moves_refused": tally.counts["moves_refused"],
        "releases": tally.counts["releases"],
        "rescheduled": tally.counts["rescheduled"],
        "put_off": tally.counts["put_off"],
        "found": verdict.facts,
        "database_growth_bytes": grown_bytes,
        "per_1000_shipments": {
            "database_mb": round(grown_bytes / 1e6 / thousands, 2),
            "processor_s": round((processor.machine_s - processor.own_s) / thousands, 1),
        },
        "faults": verdict.faults,
    }


def lines_of(report: dict[str, Any]) -> list[str]:
    """The report as lines of text."""
    found, per = report["found"], report["per_1000_shipments"]
    lines = [
        (
            f"{report['shipments']:,} shipments, {report['drivers']:,} drivers, {report['cities']} cities, "
            f"at 1 to {report['speed']:g}"
        ),
        f"took {', '.join(f'{name} {value:.0f} s' for name, value in report['seconds'].items())}",
        (
            f"shipments: {_counts(found['shipments'])}; {found['in_a_saga']:,} in a saga, "
            f"{found['for_another_day']:,} for another day, {found['named_unserved']:,} named as unserved with reasons"
        ),
        (
            f"events {found['events']:,}; failed attempts {found['attempts_failed']:,}; manifests "
            f"{found['manifests']:,} in {found['versions']:,} versions"
            f"; overrides {found['overrides']:,}; runs: {_counts(found['runs'])}"
        ),
        f"sagas: {_counts(found['sagas'])}",
        (
            f"sent twice {report['sent_twice']:,}; networks lost {report['networks_lost']:,}; "
            f"rescheduled by customers {report['rescheduled']:,}; released by hand {report['releases']:,}; "
            f"put off by phones, the product being too slow {report['put_off']:,}"
        ),
    ]
    for name, times in report["milliseconds"].items():
        lines.append(
            f"{name}: {report['requests'][name]:,} requests, p50 {times['p50']} ms, p99 {times['p99']} ms"
        )
    lines.append(
        f"for 1,000 shipments: {per['database_mb']} MB of database, {per['processor_s']} s of processor without this "
        f"program's own, {found['km_per_1000_shipments']} km and {found['plan_cost_per_1000_shipments']} cost units "
        f"at full scale"
    )
    lines.append(f"figures of {found['days_recounted']} hubs compared with a slow recount")
    return lines + _verdict(report["faults"])


def _verdict(faults: list[str]) -> list[str]:
    if not faults:
        return ["nothing lost, nothing twice, figures equal the recount"]
    return [f"{len(faults)} FAULTS:", *(f"  {fault}" for fault in faults[:20])]


def _counts(counts: dict[str, int]) -> str:
    return ", ".join(f"{name} {count:,}" for name, count in counts.items()) or "none"
