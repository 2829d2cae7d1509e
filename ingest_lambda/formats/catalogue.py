"""Every wire form the one address takes, in the order in which they are asked, and what a request is found to be."""

from __future__ import annotations

import msgspec

from ingest_lambda.formats import (
    Asked,
    DeviceReports,
    Form,
    background_geolocation,
    gpslogger,
    native,
    opengts,
    osmand,
    overland,
    owntracks,
    traccar,
    unrecognised,
)
from ingest_lambda.problems import Problem, wrong_shape
from ingest_lambda.report import Refusal

# The first that recognises a request has it. Forms with a mark of their own come first; those told by names that
# others use too come after them, from the most particular to the least.
FORMS: tuple[Form, ...] = (
    native,
    owntracks,
    overland,
    opengts,
    osmand,
    traccar,
    background_geolocation,
    gpslogger,
    unrecognised,
)


class Understood(msgspec.Struct):
    """What a request is: its form, its reports, how many fixes they are, good and refused.

    One that is nobody's, or of which nothing can be read, has the `problem` with which it is answered.
    """

    form: Form
    reports: list[DeviceReports]
    fixes: int
    problem: Problem | None = None


def understand(asked: Asked) -> Understood:
    """What the request is. Never raises: what is wrong with it is in what it returns."""
    form = next(form for form in FORMS if form.recognises(asked))
    if form is not native and unrecognised.placeholder_in(asked) is not None:
        form = unrecognised
    try:
        reports = form.read(asked)
    except Problem as unreadable:
        return not_understood(unreadable, asked.body, form)
    if reports and not any(each.device for each in reports):
        refused = next((each for each in reports[0].refused if each.reason in _NOBODYS), None)
        if refused is not None:
            problem = wrong_shape(refused.reason, _NOBODYS[refused.reason] + refused.detail)
            return Understood(form, reports, _count(reports), problem)
    return Understood(form, reports, _count(reports))


def not_understood(problem: Problem, body: bytes, form: Form = unrecognised) -> Understood:
    """A request of which nothing can be read, set aside as such and answered with `problem`."""
    detail = f"{problem.code}: {problem.detail}"
    reports = [unrecognised.nobodys(detail, body[:2000].decode("utf-8", "replace"))]
    return Understood(form, reports, 1, problem)


def _count(reports: list[DeviceReports]) -> int:
    return sum(len(each.positions) + len(each.refused) for each in reports)


# A request with nothing in it but these is answered 400. Whoever set up the app must mend it, and then nothing that
# waits in the app is lost; a fix that is wrong in itself would be wrong for ever.
_NOBODYS = {
    Refusal.MISSING_DEVICE_ID.value: "The app does not say which device it is: set an identifier in it, or end its "
    "URL with /NAME. ",
    Refusal.BAD_DEVICE_ID.value: "The app's identifier cannot be used. ",
    Refusal.UNRECOGNISED.value: "",
}
