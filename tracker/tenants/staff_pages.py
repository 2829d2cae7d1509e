"""How the admin's pages get past the first fence: every tenant's rows, for staff, and nowhere else."""

from collections.abc import Collection
from typing import Any, TypeVar

from django.contrib import admin
from django.core.exceptions import ValidationError
from django.core.paginator import Paginator
from django.db import models
from django.forms import ModelForm
from django.http import HttpRequest
from django.utils.functional import cached_property

from tracker.tenants.fences import ScopedManager

M = TypeVar("M", bound=models.Model)
COUNTED = 10_000  # counting a long table costs more than anybody pages through


class AcrossTenantsForm(ModelForm):  # type: ignore[type-arg]  # generic in the stubs only
    """Checks what can be checked without a query on the model.

    Django looks for duplicates through the default manager, which refuses; no page here changes a field that
    takes part in a unique constraint, so nothing is lost.
    """

    def _post_clean(self) -> None:
        self.instance.validate_constraints = self._checks_only
        super()._post_clean()  # type: ignore[misc]  # not in the stubs, as it is Django's own business

    def _checks_only(self, exclude: Collection[str] | None = None) -> None:
        errors = []
        for constraint in self.instance._meta.constraints:
            if isinstance(constraint, models.CheckConstraint):
                try:
                    constraint.validate(  # type: ignore[attr-defined]  # public, and missing in the stubs
                        type(self.instance), self.instance, exclude=exclude
                    )
                except ValidationError as error:
                    errors.append(error)
        if errors:
            raise ValidationError(errors)


class ShortCount(Paginator):  # type: ignore[type-arg]  # generic in the stubs only
    """Counts no further than a reader would page."""

    @cached_property
    def count(self) -> int:
        """How many there are, `COUNTED` at most."""
        rows = self.object_list
        return rows.order_by()[:COUNTED].count() if isinstance(rows, models.QuerySet) else len(rows)


class AcrossTenants(admin.ModelAdmin):  # type: ignore[type-arg]  # generic in the stubs only
    """A model of the admin. Rows come about and go through the product, so nothing is added or removed here."""

    form = AcrossTenantsForm
    paginator = ShortCount
    show_full_result_count = False
    list_per_page = 50

    def get_queryset(self, request: HttpRequest) -> models.QuerySet[Any]:
        """Rows of all tenants; the site opened row-level security for this request."""
        manager = self.model._default_manager
        rows = manager.unscoped("admin") if isinstance(manager, ScopedManager) else manager.get_queryset()
        return rows.order_by("-pk")

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Nothing is made here."""
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Nothing is removed here."""
        return False


class Facts(AcrossTenants):
    """Rows that happened, or that only services may change: they can be looked at and not touched."""

    def get_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        """All that a row holds: Django would build a form to find out, and ask fenced managers for its choices."""
        every = [
            field.name for field in self.opts.concrete_fields if field.editable and not field.primary_key
        ]
        return self.fields or every

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Facts are not altered."""
        return False
