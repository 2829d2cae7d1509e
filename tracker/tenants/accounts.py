"""How people sign up: allauth's forms with one field more, and the tenant made in the same transaction."""

from typing import Any

from allauth.account.adapter import DefaultAccountAdapter
from allauth.account.forms import SignupForm as AllauthSignupForm
from django import forms
from django.conf import settings
from django.db import transaction
from django.http import HttpRequest
from django.shortcuts import resolve_url

from tracker.keys import reveal
from tracker.tenants.models import User
from tracker.tenants.services import create_tenant

JOINING = "joining"  # session: the invitation that brought the person here


class SignupForm(AllauthSignupForm):  # type: ignore[misc]  # allauth publishes no types
    """E-mail, password, and the name of the organisation, which may be left out."""

    organisation = forms.CharField(
        max_length=200,
        required=False,
        label="Organisation",
        help_text="The company or project whose devices these are. You can change it later.",
        widget=forms.TextInput(attrs={"autocomplete": "organization"}),
    )

    def save(self, request: HttpRequest) -> User:
        """Make the person, and with them a tenant, unless an invitation brought them to an existing one."""
        with transaction.atomic():
            user: User = super().save(request)
            if JOINING not in request.session:
                name = self.cleaned_data["organisation"].strip() or user.email.partition("@")[0]
                made = create_tenant(name, owner=user)
                reveal.keep(request.session, [new.secret for new in (made.test, made.live)])
            return user


class AccountAdapter(DefaultAccountAdapter):  # type: ignore[misc]  # allauth publishes no types
    """Where people go after signing up or in."""

    def get_signup_redirect_url(self, request: HttpRequest) -> str:
        """To the quickstart, or back to the invitation."""
        return request.session.get(JOINING) or resolve_url(settings.CONSOLE_AFTER_SIGNUP)

    def get_login_redirect_url(self, request: HttpRequest) -> Any:
        """To where they were going, an open invitation first."""
        return request.session.get(JOINING) or super().get_login_redirect_url(request)
