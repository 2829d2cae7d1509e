"""Forms about keys: a new one, its end, its successor."""

from datetime import datetime, timedelta

from django import forms

from tracker.keys.models import Key
from tracker.keys.scopes import AREAS, FULL, text_of

LIVES = [
    ("", "It does not expire"),
    ("1", "In a day"),
    ("30", "In 30 days"),
    ("90", "In 90 days"),
    ("365", "In a year"),
]
OVERLAPS = [("0", "At once"), ("1", "After an hour"), ("24", "After a day"), ("168", "After a week")]
CHOSEN = "chosen"


class ExpiryForm(forms.Form):
    """When a key ends."""

    expires = forms.ChoiceField(choices=LIVES, required=False, label="Expires")

    def ends_at(self, now: datetime) -> datetime | None:
        """The time, None for never."""
        days = self.cleaned_data["expires"]
        return now + timedelta(days=int(days)) if days else None


class KeyForm(ExpiryForm):
    """What a new key is for."""

    kind = forms.ChoiceField(
        choices=[
            (Key.Kind.PUBLISHABLE.value, "Publishable: devices report positions with it"),
            (Key.Kind.SECRET.value, "Secret: your servers read and manage data with it"),
        ],
        label="Kind",
    )
    name = forms.CharField(
        max_length=100,
        required=False,
        label="Name",
        widget=forms.TextInput(
            attrs={"placeholder": "Android app, nightly export, …", "autocomplete": "off"}
        ),
    )
    access = forms.ChoiceField(
        choices=[
            (FULL, "Read and write everything"),
            ("read", "Read everything"),
            (CHOSEN, "Only what is chosen below"),
        ],
        required=False,
        label="A secret key may",
    )
    areas = forms.MultipleChoiceField(
        choices=[
            (f"{area}:{deed}", f"{label}: {deed}")
            for area, label in AREAS.items()
            for deed in ("read", "write")
        ],
        required=False,
        label="Areas",
        widget=forms.SelectMultiple(attrs={"size": 6}),
    )
    field_order = ["kind", "name", "expires", "access", "areas"]

    def clean(self) -> None:
        """Chosen areas must be some."""
        super().clean()
        values = self.cleaned_data
        if values.get("access") == CHOSEN and not values.get("areas") and "areas" not in self.errors:
            self.add_error("areas", "Choose at least one area, or let the key do everything.")

    def scopes(self) -> str:
        """The words of the key; a publishable one's are never asked."""
        access = self.cleaned_data["access"] or FULL
        if self.cleaned_data["kind"] == Key.Kind.PUBLISHABLE:
            return FULL
        return text_of(self.cleaned_data["areas"] if access == CHOSEN else [access])


class RollForm(forms.Form):
    """When the old key ends once there is a new one."""

    overlap = forms.ChoiceField(choices=OVERLAPS, initial="24", label="The old key ends")

    def span(self) -> timedelta:
        """For how long both are in force."""
        return timedelta(hours=int(self.cleaned_data["overlap"]))
