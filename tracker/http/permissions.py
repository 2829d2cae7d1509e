"""Who may use the API: whoever came with a secret key in force."""

from typing import TYPE_CHECKING

from rest_framework.permissions import BasePermission
from rest_framework.request import Request

from tracker.keys.models import Key

if TYPE_CHECKING:  # the framework's views import this module
    from rest_framework.views import APIView


class HasEnvironment(BasePermission):
    """The request came with a key, so its environment is known."""

    def has_permission(self, request: Request, view: "APIView") -> bool:
        """False becomes a 401."""
        return isinstance(request.auth, Key)
