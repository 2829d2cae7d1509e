"""The form that makes a link to a trip."""

from datetime import timedelta
from typing import Any

from django import forms

from tracker.trips.shares import REVEAL_M

LASTS = {"1": "An hour", "4": "Four hours", "24": "A day", "168": "A week", "720": "Thirty days"}
NEAR = {
    "": "Always",
    "5000": "Within 5 km",
    "2000": "Within 2 km",
    "1000": "Within 1 km",
    "500": "Within 500 m",
}


class ShareForm(forms.Form):
    """How long a link works, and from where on it shows the exact place."""

    lasts = forms.ChoiceField(choices=list(LASTS.items()), initial="24", label="Works for")
    near = forms.ChoiceField(choices=list(NEAR.items()), required=False, label="Shows the exact place")

    def wanted(self) -> dict[str, Any]:
        """The facts of the link, of a valid form."""
        near = self.cleaned_data["near"]
        return {
            "lasts": timedelta(hours=int(self.cleaned_data["lasts"])),
            "reveal_within_m": max(float(near), REVEAL_M[0]) if near else None,
        }
