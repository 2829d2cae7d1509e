"""Events at which a subscriber fails again and again are counted by kind until they are handed on."""

from tracker.outbox.stuck import STUCK_AFTER, Stuck


def test_what_fails_again_and_again_is_named_and_what_passes_is_not():
    seen = Stuck(forget_s=90)
    for number in range(STUCK_AFTER):
        assert seen.kinds(at=30.0 * number) == {}
        seen.failed({7: "shipment.delivered", 8: "shipment.delivered"}, at=30.0 * number)
    seen.failed({9: "manifest.released"}, at=60.0)
    assert seen.kinds(at=60.0) == {"shipment.delivered": 2}
    seen.failed({7: "shipment.delivered"}, at=100.0)
    assert seen.kinds(at=151.0) == {"shipment.delivered": 1}, "8 was handed on: it did not come again"
    assert seen.kinds(at=200.0) == {}
