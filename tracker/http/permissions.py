"""Who may use the API: whoever came with a secret key in force, as far as its scopes go."""

from typing import TYPE_CHECKING

from rest_framework.permissions import BasePermission
from rest_framework.request import Request

from tracker.http.problems import ApiProblem
from tracker.keys import scopes
from tracker.keys.models import Key

if TYPE_CHECKING:  # the framework's views import this module
    from rest_framework.views import APIView


class HasEnvironment(BasePermission):
    """The request came with a key, so its environment is known, and the key's scopes cover it."""

    def has_permission(self, request: Request, view: "APIView") -> bool:
        """False becomes a 401; a key without the scope is told which one it lacks."""
        if not isinstance(request.auth, Key):
            return False
        area, method = scopes.area_of(request.path), request.method or ""
        if not scopes.lets(request.auth.scopes, method, area):
            wanted = scopes.needed(method, area)
            detail = f"This key may not do that: it lacks the scope {wanted}. It has: {request.auth.scopes}."
            raise ApiProblem(403, "missing_scope", detail, param="Authorization")
        return True
