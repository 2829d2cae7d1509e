"""What changed between two versions, in as few words as will do."""

from dispatch.manifests.differences import difference, is_empty


def of(*names, shift_min=0):
    return {
        "stops": [
            {
                "shipment": name, "external_id": None, "address": "", "place": place,
                "planned_arrival": f"2026-05-04T{8 + place:02d}:{shift_min:02d}:00.000000Z",
            }
            for place, name in enumerate(names, 1)
        ]
    }  # fmt: skip


def named(found, kind):
    return [stop["shipment"] for stop in found[kind]]


def test_the_first_version_adds_everything():
    assert named(difference(None, of("a", "b")), "added") == ["a", "b"]


def test_the_same_again_is_no_difference():
    assert is_empty(difference(of("a", "b"), of("a", "b")))


def test_a_stop_put_in_at_the_front_moves_nobody():
    found = difference(of("a", "b", "c"), of("x", "a", "b", "c"))
    assert (named(found, "added"), named(found, "moved")) == (["x"], [])


def test_one_that_goes_to_the_end_is_the_one_that_moved():
    found = difference(of("a", "b", "c", "d"), of("b", "c", "d", "a"))
    assert named(found, "moved") == ["a"]
    assert found["moved"][0]["from_place"] == 1


def test_what_is_gone_is_named_and_small_delays_are_not():
    assert named(difference(of("a", "b"), of("a")), "removed") == ["b"]
    assert named(difference(of("a"), of("a", shift_min=4)), "retimed") == []
    assert named(difference(of("a"), of("a", shift_min=5)), "retimed") == ["a"]
