"""The first fence: a manager that refuses every query that does not say whose rows it wants.

`Device.objects.all()` raises. The two ways in are named for what they are:
`Device.objects.for_environment(environment)` and `Device.objects.unscoped("why this reads all tenants")`.
"""

from typing import TYPE_CHECKING, Any, TypeVar

from django.db import models

if TYPE_CHECKING:
    from tracker.tenants.models import Environment, Tenant

M = TypeVar("M", bound=models.Model)


class UnscopedQuery(Exception):
    """A query on customers' rows that names no customer."""


class ScopedManager(models.Manager[M]):
    """Refuses to begin a query before its owner is named; see the module's first lines."""

    owner: str = ""  # the column that says whose row it is

    def get_queryset(self) -> models.QuerySet[M]:
        raise UnscopedQuery(
            f"{self.model.__name__} rows belong to customers: begin with .for_{self.owner}(...), "
            f'or with .unscoped("the reason") where all customers are meant'
        )

    def unscoped(self, reason: str) -> models.QuerySet[M]:
        """Rows of every customer. `reason` is for the reader and must not be empty."""
        if not reason.strip():
            raise UnscopedQuery("say why the query needs the rows of every customer")
        return super().get_queryset()

    def create(self, **values: Any) -> M:
        """Create one row; its owner must be among the values."""
        if not {self.owner, f"{self.owner}_id"} & values.keys():
            raise UnscopedQuery(f"{self.model.__name__} cannot be created without its {self.owner}")
        row = self.model(**values)
        row.save(force_insert=True, using=self.db)
        return row


class EnvironmentManager(ScopedManager[M]):
    """For rows inside an environment."""

    owner = "environment"

    def for_environment(self, environment: "Environment | int") -> models.QuerySet[M]:
        """Rows of one environment, given as the row or its id."""
        key = environment if isinstance(environment, int) else environment.pk
        return self.unscoped("narrowed on the next line").filter(environment_id=key)


class TenantManager(ScopedManager[M]):
    """For rows that belong to a tenant as a whole."""

    owner = "tenant"

    def for_tenant(self, tenant: "Tenant | int") -> models.QuerySet[M]:
        """Rows of one tenant, given as the row or its id."""
        key = tenant if isinstance(tenant, int) else tenant.pk
        return self.unscoped("narrowed on the next line").filter(tenant_id=key)
