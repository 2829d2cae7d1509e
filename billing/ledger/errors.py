"""Why a movement of money is refused."""


class LedgerRefused(ValueError):
    """What is wrong with it, in a sentence for people."""
