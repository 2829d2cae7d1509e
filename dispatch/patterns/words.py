"""Patterns in sentences for whoever decides on them."""

from collections.abc import Mapping
from typing import Any

from dispatch.manifests.models import OverridePattern
from dispatch.patterns.back_test import sentence
from dispatch.patterns.constraints import Constraint, constraint_from


def rule_text(rule: Constraint, drivers: Mapping[str, str], kinds: Mapping[str, str]) -> str:
    """What the optimiser would be told."""
    who = "anybody"
    if rule.driver is not None:
        who = drivers.get(rule.driver, "a driver who is gone")
    elif rule.vehicle_type is not None:
        who = f"a {kinds.get(rule.vehicle_type, rule.vehicle_type)}".lower()
    where = "stops in this square" if rule.area is not None else "stops"
    when = f" from {rule.hours[0]:02d}:00 to {rule.hours[1]:02d}:00" if rule.hours is not None else ""
    if rule.kind == "not_at":
        return f"{where.capitalize()} are not visited{when}."
    if rule.kind == "only":
        return f"{where.capitalize()}{when} are given to {who} only."
    return f"{where.capitalize()}{when} are never given to {who}."


def grounds(evidence: Mapping[str, Any]) -> str:
    """Why it is thought to be more than chance."""
    if not evidence:
        return ""
    return (
        f"{evidence['overridden']} of {evidence['stops']} such stops were moved by hand in {evidence['weeks']} weeks, "
        f"on {evidence['hit_days']} days where chance would do it on {evidence['expected_days']:.1f}. "
        f"{evidence['paid']:,} combinations were tried; this much by chance: {evidence['chance']:.0e}."
    )


def shown(row: OverridePattern, drivers: Mapping[str, str], kinds: Mapping[str, str]) -> dict[str, Any]:
    """A pattern as the page has it."""
    rule = constraint_from(row.constraint) if row.constraint else None
    middle = None
    if rule is not None and rule.area is not None:
        middle = (
            round((rule.area.south + rule.area.north) / 2, 5),
            round((rule.area.west + rule.area.east) / 2, 5),
        )
    return {
        "row": row,
        "rule": "" if rule is None else rule_text(rule, drivers, kinds),
        "grounds": grounds(row.evidence),
        "tested": sentence(row.back_test),
        "place": middle,
    }
