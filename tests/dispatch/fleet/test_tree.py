"""The tree of hubs: what is below and above, sums over subtrees, and that it stays a tree."""

from datetime import timedelta

import pytest
from django.db import IntegrityError, transaction

from dispatch.fleet.models import Hub
from dispatch.fleet.tree import ancestors, below, descendants, subtree_totals
from tests.dispatch.fleet.ground import NOW, a_driver, a_hub, a_manifest, a_shift, a_shipment, a_stop
from tracker.tenants import scope


@pytest.fixture
def tree(box):
    """A region with two centres, the first with two zones."""
    west = a_hub(box, "West", kind="region")
    pune, mumbai = a_hub(box, "Pune", west, kind="centre"), a_hub(box, "Mumbai", west, kind="centre")
    return {
        "west": west, "pune": pune, "mumbai": mumbai,
        "aundh": a_hub(box, "Aundh", pune), "baner": a_hub(box, "Baner", pune),
    }  # fmt: skip


def names(environment, ids):
    rows = Hub.objects.for_environment(environment).in_bulk(ids)
    return [rows[pk].name for pk in ids]


def test_below_a_hub_lie_its_children_and_theirs_and_itself_first(box, tree):
    assert names(box, descendants(box, tree["west"].pk)) == ["West", "Mumbai", "Pune", "Aundh", "Baner"]
    assert names(box, descendants(box, tree["pune"].pk)) == ["Pune", "Aundh", "Baner"]
    assert names(box, below(box, [tree["aundh"].pk, tree["pune"].pk])) == ["Aundh", "Pune", "Baner"]
    assert below(box, []) == []


def test_above_a_hub_lie_its_parent_and_the_root_last(box, tree):
    assert names(box, ancestors(box, tree["aundh"].pk)) == ["Pune", "West"]
    assert ancestors(box, tree["west"].pk) == []


def test_a_rival_has_no_part_of_the_tree(box, tree, rival):
    with scope.scope(environment_id=rival.test.pk):
        assert descendants(rival.test, tree["west"].pk) == []
        assert ancestors(rival.test, tree["aundh"].pk) == []


def test_totals_sum_whole_subtrees(box, tree):
    asha = a_driver(tree["aundh"])
    a_shift(asha)
    a_driver(tree["mumbai"], "Off duty")
    route = a_manifest(asha)
    for place, state in enumerate(["out_for_delivery", "out_for_delivery", "delivered"], 1):
        late = {"slot_to": NOW + timedelta(minutes=5)} if place == 1 else {}
        a_stop(route, a_shipment(tree["aundh"], state), place, **late)
    a_shipment(tree["pune"])
    a_shipment(tree["mumbai"], "delivered", at=NOW - timedelta(days=3))
    found = subtree_totals(box, now=NOW)
    assert found[tree["west"].pk].shipments == {"out_for_delivery": 2, "delivered": 1, "ready": 1}
    assert found[tree["pune"].pk].shipments_open == 3
    assert found[tree["aundh"].pk].shipments == {"out_for_delivery": 2, "delivered": 1}
    assert found[tree["mumbai"].pk].shipments == {}
    figures = {name: found[hub.pk] for name, hub in tree.items()}
    assert {n: (t.drivers, t.on_shift, t.late_stops) for n, t in figures.items()} == {
        "west": (2, 1, 1), "pune": (1, 1, 1), "aundh": (1, 1, 1), "baner": (0, 0, 0), "mumbai": (1, 0, 0),
    }  # fmt: skip


def test_totals_cost_the_same_queries_however_deep_the_tree(box, tree, django_assert_num_queries):
    a_shift(a_driver(tree["mumbai"]), "20:00", "21:00")
    with django_assert_num_queries(7):
        subtree_totals(box, now=NOW)
    here = tree["baner"]
    for level in range(12):
        here = a_hub(box, f"Level {level}", here)
        a_shift(a_driver(here))
        a_shipment(here)
    with django_assert_num_queries(7):
        found = subtree_totals(box, now=NOW)
    assert (found[tree["west"].pk].on_shift, found[tree["west"].pk].shipments) == (12, {"ready": 12})


def test_the_database_refuses_a_hub_below_itself(box, tree):
    with pytest.raises(IntegrityError, match="below itself"), transaction.atomic():
        Hub.objects.for_environment(box).filter(pk=tree["west"].pk).update(parent=tree["aundh"])
    with pytest.raises(IntegrityError), transaction.atomic():
        Hub.objects.for_environment(box).filter(pk=tree["west"].pk).update(parent=tree["west"])


def test_the_database_refuses_a_parent_of_another_environment(box, tree, customer):
    with (
        scope.scope(unscoped="a test writes where no service would"),
        pytest.raises(IntegrityError, match="same environment"),
        transaction.atomic(),
    ):
        a_hub(customer.live, "Stray", tree["west"])
