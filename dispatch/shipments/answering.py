"""What the API endpoints of shipments share: a refusal becomes its problem document, a name its shipment or 404."""

from collections.abc import Iterator
from contextlib import contextmanager

from drf_spectacular.utils import OpenApiParameter

from dispatch.shipments import services
from dispatch.shipments.bodies import WrongField, faults_as_problem, problem_of
from dispatch.shipments.checks import BadCommand
from dispatch.shipments.models import Shipment
from dispatch.shipments.selectors import identity
from dispatch.shipments.transitions import IllegalTransition
from tracker.http.endpoint import ApiRequest
from tracker.http.problems import ApiProblem, not_found

SHIPMENT = OpenApiParameter(
    "shipment",
    str,
    "path",
    description="`shp_…`, or `external:` and the `external_id` you gave it, percent-encoded. For one that ends in the "
    "name of a command, or in `/events` or `/evidence`, use the `shp_…` id.",
)


def shipment_or_404(request: ApiRequest, reference: str) -> Shipment:
    """The shipment of the request's environment with that reference; raises the 404."""
    found = identity(request.environment, reference)
    if found is None:
        raise not_found("shipment")
    return found


@contextmanager
def refusals() -> Iterator[None]:
    """Inside, what cannot be done to a shipment is answered as a problem document."""
    try:
        yield
    except IllegalTransition as illegal:
        raise ApiProblem(409, "illegal_transition", str(illegal), legal=illegal.legal) from None
    except services.SequenceMoved as moved:
        raise ApiProblem(409, "sequence_moved", str(moved), param="/expected_sequence") from None
    except BadCommand as bad:
        raise faults_as_problem(bad.faults) from None
    except WrongField as wrong:
        raise problem_of(wrong) from None
    except services.UnknownShipment:
        raise not_found("shipment") from None
    except services.Busy as busy:
        raise ApiProblem(503, "busy", str(busy), headers={"Retry-After": "1"}) from None
