"""A stateful stand-in for Stripe, written from its documentation: what the real library is driven against.

Use it as a fixture (`with FakeStripe() as fake`) or by itself: `python -m tests.fake_stripe --port 12111`.
"""

from tests.fake_stripe.server import FakeStripe

__all__ = ["FakeStripe"]
