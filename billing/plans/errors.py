"""Why a plan or a choice is refused."""


class PlanRefused(ValueError):
    """What is wrong with a plan or with choosing it, in a sentence for people."""
