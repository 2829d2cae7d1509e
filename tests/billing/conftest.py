"""The two customers of every test."""

from tests.tracker.conftest import api, customer, own_counts, rival, rival_api, signed_in

__all__ = ["api", "customer", "own_counts", "rival", "rival_api", "signed_in"]
