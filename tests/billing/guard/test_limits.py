"""Limits from a plan to a door: at once, above it what staff set, and refused where they are none."""

import asyncio

import pytest
from django.conf import settings as django_settings

from billing.guard.errors import GuardRefused
from billing.guard.limits import apply_plan, lift, override
from billing.guard.models import LimitOverride
from billing.plans.models import Plan
from ingest_lambda.feed_redis import RedisFeed
from tests.billing.guard.world import cap, plan, use
from tests.ingest_lambda.feeds import facts_of, tenant_limit
from tests.tracker.conftest import PASSWORD
from tracker.http.connections import redis_client
from tracker.limits import feed
from tracker.tenants import scope
from tracker.tenants.models import Environment, Tenant, User
from tracker.tenants.services import add_test_environment, create_tenant


def columns(environment):
    row = Environment.objects.unscoped("test").get(pk=environment.pk)
    tenant = Tenant.objects.get(pk=environment.tenant_id)
    return (
        tenant.reports_per_second,
        row.key_reports_per_second,
        row.reports_per_second,
        row.registrations_per_second,
    )


@pytest.fixture
def door():
    """What a door knows, and its look at the feed, which it takes every two seconds."""
    client = redis_client(django_settings.REDIS_URL)
    client.delete(feed.DOCUMENT, feed.VERSION)
    told, loop = RedisFeed(django_settings.REDIS_URL), asyncio.new_event_loop()
    yield told, lambda: loop.run_until_complete(told.look())
    told.close()
    loop.close()
    client.delete(feed.DOCUMENT, feed.VERSION)


@pytest.mark.django_db(transaction=True)
def test_what_a_plan_gives_is_at_a_door_at_its_next_look(customer, door):
    told, look = door
    apply_plan(customer.tenant, plan("starter"))
    assert look()
    assert tenant_limit(told, customer.tenant.pk) == 2_000
    facts = facts_of(told, customer.live.pk)
    assert (facts.key_reports_per_second, facts.registrations_per_second) == (1_000, 100)
    assert apply_plan(customer.tenant, plan("starter")) == 0  # nothing is another: nothing is told
    assert not look()


@pytest.mark.django_db(transaction=True)
def test_a_cap_that_is_reached_and_raised_is_at_a_door_at_its_next_look(customer, door):
    told, look = door
    use(customer.live, 50)
    cap(customer, quantity=50)
    assert look()
    assert facts_of(told, customer.live.pk).intake == "stopped"
    assert facts_of(told, customer.test.pk).intake == "open"
    cap(customer, quantity=60)
    assert look()
    assert facts_of(told, customer.live.pk).intake == "open"


def test_new_customers_and_environments_begin_with_what_their_plan_gives(customer, settings):
    plan("starter")
    settings.DEFAULT_PLAN = "starter"
    made = create_tenant("new", owner=customer.owner)
    assert columns(made.live.environment) == (2_000, 1_000, 2_000, 100)
    box = add_test_environment(made.tenant, "box", by=customer.owner).environment
    assert columns(box) == (2_000, 1_000, 2_000, 100)
    settings.DEFAULT_PLAN = "none"
    made = create_tenant("unlimited", owner=customer.owner)
    assert columns(made.live.environment) == (20_000, 10_000, 20_000, 1_000)


def test_what_staff_set_stands_above_the_plan_until_it_is_lifted(customer):
    apply_plan(customer.tenant, plan("starter"))
    whole = override(customer.tenant, None, "reports_per_second", 7, reason="A trial", by=None)
    override(customer.tenant, customer.live, "key_reports_per_second", 9, reason="A trial", by=None)
    assert columns(customer.live)[:2] == (7, 9)
    apply_plan(customer.tenant, plan("growth"))
    assert columns(customer.live) == (7, 9, 20_000, 1_000)
    assert columns(customer.test) == (7, 10_000, 20_000, 1_000)
    lift(whole)
    apply_plan(customer.tenant, plan("growth"))
    assert columns(customer.live) == (20_000, 9, 20_000, 1_000)


@pytest.mark.parametrize(
    ("where", "column", "value", "reason", "says"),
    [
        ("tenant", "reports_per_second", 0, "why", "from 1 to"),
        ("tenant", "reports_per_second", 5, "  ", "Say why"),
        ("tenant", "key_reports_per_second", 5, "why", "choose which"),
        ("live", "retention_days", 5, "why", "is no limit"),
        ("rival", "reports_per_second", 5, "why", "not an environment of"),
    ],
)
def test_an_override_that_makes_no_sense_is_refused(customer, rival, where, column, value, reason, says):
    environment = {"tenant": None, "live": customer.live, "rival": rival.live}[where]
    with pytest.raises(GuardRefused, match=says):
        override(customer.tenant, environment, column, value, reason=reason, by=None)


@pytest.mark.parametrize("value", [0, -1, True, "many", 1.5, None])
def test_a_plan_whose_limits_are_none_changes_nothing(customer, value):
    before = columns(customer.live)
    with pytest.raises(GuardRefused, match="whole number"):
        apply_plan(customer.tenant, Plan(code="odd", limits={"reports_per_second": value}))
    assert columns(customer.live) == before


def test_a_limit_typed_into_the_admin_outlives_a_change_of_plan(customer, signed_in):
    staff = signed_in(User.objects.create_superuser("staff@example.com", PASSWORD))
    page = f"/admin/tracker/tenant/{customer.tenant.pk}/change/"
    assert staff.post(page, {"name": "ours", "reports_per_second": "123"}).status_code == 302
    apply_plan(customer.tenant, plan("growth"))
    assert columns(customer.live)[0] == 123
    with scope.scope(tenant_id=customer.tenant.pk):
        row = LimitOverride.objects.for_tenant(customer.tenant).get()
    assert (row.column, row.value, str(row.set_by)) == ("reports_per_second", 123, "staff@example.com")


def test_staff_set_and_lift_limits_with_a_reason(customer, signed_in):
    staff = signed_in(User.objects.create_superuser("staff@example.com", PASSWORD))
    page, before = "/admin/billing/limitoverride/add/", columns(customer.live)[0]
    wish = {
        "organisation": customer.tenant.public_id,
        "box": "",
        "column": "reports_per_second",
        "value": "55",
    }
    assert b"This field is required" in staff.post(page, wish | {"reason": ""}).content
    nobody = staff.post(
        page, wish | {"organisation": "ten_" + "0" * 32, "reason": "x", "box": "env_1"}
    ).content
    assert b"There is no such tenant" in nobody
    assert b"is not an id that begins with env_" in nobody
    assert staff.post(page, wish | {"reason": "A pilot"}).status_code == 302
    assert staff.post(page, wish | {"value": "66", "reason": "A larger pilot"}).status_code == 302
    assert columns(customer.live)[0] == 66
    with scope.scope(tenant_id=customer.tenant.pk):
        row = LimitOverride.objects.for_tenant(customer.tenant).get()
    assert b"A larger pilot" in staff.get("/admin/billing/limitoverride/").content
    assert staff.post(f"/admin/billing/limitoverride/{row.pk}/delete/", {"post": "yes"}).status_code == 302
    assert columns(customer.live)[0] == before


@pytest.mark.parametrize("page", ["budget", "budgetalert", "cap", "limitoverride"])
def test_the_staffs_lists_open(customer, signed_in, page):
    cap(customer, quantity=5)
    staff = signed_in(User.objects.create_superuser("staff@example.com", PASSWORD))
    assert staff.get(f"/admin/billing/{page}/").status_code == 200


def test_the_settings_page_names_the_plan(customer, signed_in, settings):
    plan("growth")
    settings.DEFAULT_PLAN = "growth"
    page = signed_in(customer.owner).get("/console/settings/").content.decode()
    assert "Your plan, <strong>Growth</strong>, sets these." in page
