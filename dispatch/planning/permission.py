"""Whether an environment may be planned: not while a cap on planned stops is reached and says to stop."""

from dispatch.planning.errors import PlanningRefusal
from tracker.tenants.models import Environment

STOPPED = (
    "The cap on planned stops is reached for this month, and it says to stop, so nothing is planned. The last plan "
    "stays in force. An admin can raise the cap on the budget page; the next run is planned then."
)


class PlanningStopped(PlanningRefusal):
    """A cap that the customer set is reached."""

    code = "cap_reached"


def refuse_where_stopped(environment_id: int) -> None:
    """Raises PlanningStopped, with what to do about it."""
    if (
        Environment.objects.unscoped("one row by its id")
        .filter(pk=environment_id, planning_stopped=True)
        .exists()
    ):
        raise PlanningStopped(STOPPED)
