"""Forgets the people of an organisation that is erased: those who belong nowhere else lose their account."""

from django.db import models

from tracker.privacy.emptying import unname_in_the_log
from tracker.tenants.models import Membership, User

WHY = "whether a person belongs to another organisation too"


def forget_people(tenant_id: int) -> int:
    """Take name and address out of the accounts of members who belong nowhere else and are no staff; how many.

    The row stays, without a name and without a way in: books that must be kept refer to it.
    """
    members = Membership.objects.unscoped(WHY)
    elsewhere = members.exclude(tenant=tenant_id).values("user")
    leaving = members.filter(tenant=tenant_id).exclude(user__in=elsewhere).values_list("user", flat=True)
    people = list(User.objects.filter(pk__in=list(leaving), is_staff=False))
    for person in people:
        _forget(person)
    return len(people)


def _forget(person: User) -> None:
    for relation in User._meta.related_objects:
        model = relation.related_model
        if isinstance(model, str):
            continue
        is_ours = model._meta.app_label in {
            "tracker",
            "dispatch",
            "billing",
            "admin",
        }
        if not is_ours and relation.on_delete is models.CASCADE:  # addresses, second factors, sessions
            model._base_manager.filter(**{relation.field.name: person}).delete()
    person.email, person.name, person.is_active = f"erased-{person.pk}@milepost.invalid", "", False
    person.set_unusable_password()
    person.save(update_fields=["email", "name", "is_active", "password"])
    unname_in_the_log(User, [str(person.pk)])
