"""Form for a new key."""

from django import forms

from tracker.keys.models import Key


class KeyForm(forms.Form):
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
