"""Two customers for every test: ours, with an owner and a viewer, and a rival who must see nothing of it."""

import uuid
from collections.abc import Callable
from dataclasses import dataclass

import pytest
from django.test import Client

from tests.tracker.caller import Caller
from tracker.tenants import scope
from tracker.tenants.models import Environment, Membership, Role, Tenant, User
from tracker.tenants.services import NewTenant, create_tenant

PASSWORD = "correct-horse-battery-9"


@dataclass(frozen=True)
class Customer:
    """A tenant with its people and the keys of its two environments."""

    new: NewTenant
    owner: User

    @property
    def tenant(self) -> Tenant:
        return self.new.tenant

    @property
    def test(self) -> Environment:
        return self.new.test.environment

    @property
    def live(self) -> Environment:
        return self.new.live.environment

    @property
    def secret_key(self) -> str:
        return self.new.test.secret_key

    @property
    def publishable_key(self) -> str:
        return self.new.test.publishable_key

    def member(self, role: Role, email: str = "") -> User:
        """One more person of this customer."""
        user = User.objects.create_user(email or f"{role}-{self.tenant.pk}@example.com", PASSWORD)
        with scope.scope(tenant_id=self.tenant.pk):
            Membership.objects.create(tenant=self.tenant, user=user, role=role)
        return user


def _customer(name: str) -> Customer:
    owner = User.objects.create_user(f"owner@{name}.example.com", PASSWORD)
    return Customer(create_tenant(name, owner=owner), owner)


@pytest.fixture(autouse=True)
def own_counts(settings) -> None:
    """Sign-ups and mails are counted in the cache, for each address and each IP: every test begins at nought."""
    backend = "django.core.cache.backends.locmem.LocMemCache"
    settings.CACHES = {"default": {"BACKEND": backend, "LOCATION": uuid.uuid4().hex}}
    # Argon2 is slow on purpose, and every test makes people
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]


@pytest.fixture(autouse=True)
def no_plan_is_sold(settings) -> None:
    """Limits are what their columns begin with; what plans do to them is tested with billing."""
    settings.DEFAULT_PLAN = "none"


@pytest.fixture
def customer(db: None) -> Customer:
    """The customer whose data it is."""
    return _customer("ours")


@pytest.fixture
def rival(db: None) -> Customer:
    """Another customer, equal in everything, who must never see or change a row of the first."""
    return _customer("rival")


@pytest.fixture
def signed_in() -> Callable[[User], Client]:
    """A browser session of that person."""

    def sign_in(user: User) -> Client:
        client = Client()
        client.force_login(user)
        return client

    return sign_in


@pytest.fixture
def api(customer: Customer) -> Caller:
    """The API as the customer's own server calls it, in the test environment."""
    return Caller(customer.secret_key)


@pytest.fixture
def rival_api(rival: Customer) -> Caller:
    """The API as the rival's server calls it."""
    return Caller(rival.secret_key)
