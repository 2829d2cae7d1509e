"""Forms about organisations, their environments and their people."""

from typing import Any

from django import forms

from tracker.tenants.models import Environment, Membership, Role

FASTEST_MPS = 1200.0  # the judge's own hard bound; a setting above it would promise what it does not do


class TenantForm(forms.Form):
    """An organisation's name."""

    name = forms.CharField(
        max_length=200, label="Name", widget=forms.TextInput(attrs={"autocomplete": "organization"})
    )


class SecondFactorForm(forms.Form):
    """Whether members need a second factor."""

    required = forms.BooleanField(
        required=False,
        label="Members need a second factor",
        help_text="Those without one are led to set it up before they see anything of this organisation.",
    )


class NewEnvironmentForm(forms.Form):
    """A further test environment."""

    name = forms.CharField(
        max_length=100, label="Name", widget=forms.TextInput(attrs={"autocomplete": "off"})
    )


class EnvironmentForm(forms.Form):
    """An environment's name, bounds and retention."""

    name = forms.CharField(
        max_length=100, label="Name", widget=forms.TextInput(attrs={"autocomplete": "off"})
    )
    accuracy_bound_m = forms.FloatField(
        min_value=1,
        max_value=100_000,
        label="Accuracy bound, metres",
        help_text="Fixes that say they are less accurate are filtered. Exactly this much still passes.",
    )
    speed_bound_mps = forms.FloatField(
        min_value=1,
        max_value=FASTEST_MPS,
        label="Speed bound, metres a second",
        help_text="A jump that implies more is filtered as impossible. 100 m/s is 360 km/h.",
    )
    retention_days = forms.IntegerField(
        min_value=1,
        max_value=90,
        label="Retention, days",
        help_text="How far back a fix may lie to be kept, 1 to 90.",
    )

    @classmethod
    def showing(cls, environment: Environment) -> "EnvironmentForm":
        """The form filled with what is set now."""
        names = ("name", "accuracy_bound_m", "speed_bound_mps", "retention_days")
        values = {name: getattr(environment, name) for name in names}
        whole = {n: int(v) for n, v in values.items() if isinstance(v, float) and v.is_integer()}
        return cls(initial=values | whole)  # 50, not 50.0


class RoleForm(forms.Form):
    """A role, none above the giver's own."""

    role = forms.ChoiceField(label="Role")

    def __init__(self, *args: Any, by: Membership, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field = self.fields["role"]
        assert isinstance(field, forms.ChoiceField)  # noqa: S101  declared above
        field.choices = roles_below(by)


class InviteForm(RoleForm):
    """An address to invite, and as what."""

    email = forms.EmailField(
        max_length=254,
        label="Email address",
        widget=forms.EmailInput(attrs={"autocomplete": "off", "placeholder": "colleague@example.com"}),
    )
    field_order = ["email", "role"]


def roles_below(by: Membership) -> list[tuple[str, str]]:
    """The roles a member may give, the least first."""
    return [(role.value, str(role.label)) for role in reversed(Role) if by.may(role)]
