"""The second fence: every table names its owner, and the owner's column leads what is unique and indexed."""

import pytest
from django.apps import apps
from django.db import models

from tracker.tenants.fences import ScopedManager

OWNERLESS = {
    "User": "a person may belong to several tenants",
    "Tenant": "is the owner",
    "FeatureFlag": "a feature of the product; whom it is on for is FlagTenant",
    "StreamProgress": "the stream's book-keeping, of no customer",
    "ProviderEvent": "names the provider's customer, and a tenant only once it is acted on",
    "ConsumedRecord": "the stream's book-keeping, of no customer",
    "Plan": "what is offered, to every customer alike",
    "PlanPrice": "the same",
    "InvoiceNumbers": "numbers follow on each other over all customers",
    "PullMark": "how far usage was pulled, of all customers",
}
GLOBAL_UNIQUE = {
    "Environment": {"uid"},  # a public id is looked up before its tenant is known
    "DeviceState": {"device"},  # one row a device, and a device has one environment
    "UnitFinding": {"device"},  # the same
    "DeviceCondition": {"device"},  # the same
    "QuarantineRate": {"environment"},  # one row an environment
    "SimulatedCity": {"environment"},  # one row an environment
    "TripShare": {"token_sha256"},  # a stranger who has the token names no environment
    "Membership": set(),
    "ShipmentState": {"shipment"},  # one row a shipment, and a shipment has one environment
    "DispatchSettings": {"environment"},  # one row an environment
    "ErasureOrder": {"environment"},  # one row an environment
    "DriverLink": {"token_sha256"},  # who has the token names no environment
    "DriverSession": {"token_sha256"},  # the same
    "PaymentAccount": {"customer"},  # the provider's news names no tenant
    "Invoice": {"number"},  # numbers follow on each other over all customers
    "ManifestOverride": {"undoes"},  # an override is undone once, and has one environment
}
INDEX_ACROSS_CUSTOMERS = {
    "set_aside_by_age": "forgetting runs over all customers at once",
    "key_to_expire": "the tick ends what is over of every customer",
    "traced_by_age": "forgetting runs over all customers at once",
    "erasure_due": "the tick takes what is due of every customer",
    "simulated_city_drives": "the tick drives the cities of every customer",
    "letters_asked_for": "consumers take every customer's letters",
    "visit_dwell_due": "the tick takes what is due of every customer",
    "trip_under_way": "the tick takes what is under way of every customer",
    "trip_due": "the tick takes what is due of every customer",
    "expected_presence_due": "the tick takes what is due of every customer",
    "idempotent_answer_by_age": "forgetting runs over all customers at once",
    "outbox_not_relayed": "the relay takes every customer's events",
    "webhook_message_due": "deliverers take what is due of every customer",
    "webhook_verify_due": "the relay verifies endpoints of every customer",
    "upload_to_read": "the planner reads every customer's uploads",
    "shipment_to_locate": "the planner finds the places of every customer's addresses",
    "window_due": "the planner takes what is due of every customer",
    "plan_run_to_do": "the planner takes what is due of every customer",
    "manifest_to_push": "the pusher takes every customer's manifests",
    "saga_due": "the tick takes what is due of every customer",
    "notification_due": "the tick sends what is due of every customer",
    "plan_choice_to_begin": "the tick begins what is due of every customer",
    "storm_in_force": "the tick judges every customer's storms",
    "storm_to_tell": "the tick tells every customer's owners",
    "hub_day_stale": "the tick computes every customer's days",
    "key_use_by_hour": "usage of the hour at hand is pulled for all customers at once",
    "request_by_age": "forgetting runs over all customers at once",
    "request_count_by_hour": "forgetting runs over all customers at once",
    "key_use_changed_late": "hours that changed late are found for all customers at once",
    "active_device_by_hour": "usage of the hour at hand is pulled for all customers at once",
    "delivery_count_by_hour": "usage of the hour at hand is pulled for all customers at once",
    "archived_bytes_by_age": "whether any customer's archive changed is asked at once",
    "plan_run_by_end": "usage of the hour at hand is pulled for all customers at once",
    "shipment_by_age": "usage of the hour at hand is pulled for all customers at once",
    "usage_by_hour": "a pull sets to nothing what no customer used any more",
}

OURS = [m for m in apps.get_models() if m._meta.app_label in {"tracker", "dispatch", "billing"}]
OWNED = [m for m in OURS if m.__name__ not in OWNERLESS]


def _owner(model: type[models.Model]) -> str:
    manager = model._default_manager
    return manager.owner if isinstance(manager, ScopedManager) else ""


@pytest.mark.parametrize("model", OWNED, ids=lambda m: m.__name__)
def test_every_table_names_its_owner_or_is_listed_with_a_reason(model):
    assert _owner(model) in {"tenant", "environment"}
    field = model._meta.get_field(_owner(model))
    assert isinstance(field, models.ForeignKey)


@pytest.mark.parametrize("model", OWNED, ids=lambda m: m.__name__)
def test_the_owner_comes_first_in_what_is_unique(model):
    exempt = GLOBAL_UNIQUE.get(model.__name__, set())
    for constraint in model._meta.constraints:
        if isinstance(constraint, models.UniqueConstraint):
            first = (
                constraint.fields[0] if constraint.fields else getattr(constraint.expressions[0], "name", "")
            )
            assert first == _owner(model), constraint.name
    alone = {f.name for f in model._meta.local_fields if f.unique and f.name not in {"id", "pk"}}
    assert alone <= exempt


@pytest.mark.parametrize("model", OWNED, ids=lambda m: m.__name__)
def test_the_owner_comes_first_in_every_index(model):
    for index in model._meta.indexes:
        if index.name not in INDEX_ACROSS_CUSTOMERS:
            assert index.fields[0] == _owner(model), index.name


def test_nothing_is_listed_that_is_not_there():
    names = {m.__name__ for m in OURS}
    assert set(OWNERLESS) <= names
