"""The staff's admin site: the one place where a request sees every tenant, and says so to the database."""

from collections.abc import Callable
from functools import wraps
from typing import Any

from allauth.account.decorators import secure_admin_login
from django.contrib.admin import AdminSite
from django.http import HttpRequest, HttpResponseBase
from django.urls import URLPattern

from tracker.tenants import scope


class StaffSite(AdminSite):
    """Django's admin, its views in the unscoped scope once the person is known to be staff."""

    site_header = "Milepost administration"
    site_title = "Milepost"
    index_title = "Everything, of every tenant"

    def __init__(self, name: str) -> None:
        super().__init__(name)
        self.pages: list[Callable[[], list[URLPattern]]] = []  # a capability's own pages append themselves

    def login(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> Any:
        """The one sign-in of the house, with its limits and its second factor."""
        return secure_admin_login(super().login)(request, extra_context)

    def get_urls(self) -> list[Any]:
        """The capabilities' pages before Django's own, whose last one takes everything."""
        return [address for page in self.pages for address in page()] + super().get_urls()

    def admin_view(self, view: Any, cacheable: bool = False) -> Any:
        """The permission check runs first; only behind it the fences open."""

        @wraps(view)
        def across_tenants(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
            scope.enter(unscoped="admin", user_id=request.user.pk)
            response: HttpResponseBase = view(request, *args, **kwargs)
            if hasattr(response, "render") and callable(response.render):
                response.render()  # templates query too: let them, while the fences are open
            return response

        return super().admin_view(across_tenants, cacheable)


site = StaffSite(name="admin")
