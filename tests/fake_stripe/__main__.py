"""The fake as a process of its own; it delivers webhooks by itself until it is stopped."""

import argparse
import sys
import threading

from tests.fake_stripe.server import FakeStripe


def main() -> None:
    """Serve until interrupted."""
    parser = argparse.ArgumentParser(prog="python -m tests.fake_stripe", description=__doc__)
    parser.add_argument("--port", type=int, default=12111)
    parser.add_argument("--key", default="sk_test_fake", help="the secret key callers must show")
    parser.add_argument("--webhook", default="", help="an address that gets every snapshot event")
    parser.add_argument("--events", default="", help="an address that gets every thin event")
    parser.add_argument("--webhook-secret", default="whsec_fake")
    parser.add_argument("--events-secret", default="whsec_fake_events")
    options = parser.parse_args()
    fake = FakeStripe(port=options.port, key=options.key, delivers_by_itself=True)
    if options.webhook:
        fake.add_endpoint(options.webhook, secret=options.webhook_secret)
    if options.events:
        fake.add_endpoint(options.events, secret=options.events_secret, thin=True)
    with fake:
        sys.stdout.write(f"A fake Stripe at {fake.url}; key {options.key}\n")
        sys.stdout.flush()
        try:
            threading.Event().wait()
        except KeyboardInterrupt:
            return


if __name__ == "__main__":
    main()
