"""The second factor of a sign-in: who must have one, who has, and how the library keeps its secrets."""

from typing import Any

from allauth.mfa.adapter import DefaultMFAAdapter
from allauth.mfa.models import Authenticator
from django.db.models import Exists, OuterRef, Q, QuerySet

from tracker.http.seals import seal, unseal
from tracker.tenants.models import Membership, Tenant, User

PURPOSE = "second factor"


class SecondFactorAdapter(DefaultMFAAdapter):  # type: ignore[misc]  # allauth publishes no types
    """The secrets of authenticator apps and the seeds of recovery codes are sealed in the database."""

    def encrypt(self, text: str) -> str:
        """As it is stored."""
        return seal(PURPOSE, text.encode()).hex()

    def decrypt(self, encrypted_text: str) -> str:
        """As it was. Raises BrokenSeal for what another secret key sealed."""
        return unseal(PURPOSE, bytes.fromhex(encrypted_text)).decode()

    def get_totp_issuer(self) -> Any:
        """What an authenticator app shows above the code."""
        return "Milepost"


def has_one(user: User) -> bool:
    """Whether this person's sign-ins ask for a code."""
    return bool(Authenticator.objects.filter(user_id=user.pk, type=Authenticator.Type.TOTP).exists())


def is_missing(user: User, tenant: Tenant) -> bool:
    """Whether the tenant asks its members for a second factor, and this one has none."""
    return tenant.second_factor_required and not has_one(user)


def admitted(memberships: QuerySet[Membership]) -> QuerySet[Membership]:
    """Those of the memberships whose tenant asks for no second factor, or whose person has one."""
    apps = Authenticator.objects.filter(user_id=OuterRef("user_id"), type=Authenticator.Type.TOTP)
    return memberships.filter(Q(tenant__second_factor_required=False) | Exists(apps))
