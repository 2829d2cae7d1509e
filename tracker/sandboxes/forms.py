"""The form for a further test environment."""

from typing import Any

from django import forms

from tracker.simulation.city import CITIES


class SandboxForm(forms.Form):
    """A name and, where the organisation has that feature, a city."""

    name = forms.CharField(
        max_length=100, label="Name", widget=forms.TextInput(attrs={"autocomplete": "off"})
    )
    city = forms.ChoiceField(label="Simulated city", required=False)

    def __init__(self, *args: Any, with_cities: bool, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if not with_cities:
            del self.fields["city"]
            return
        choices = [("", "None: I send my own reports")]
        choices += [(name, name.replace("-", " ").title()) for name in sorted(CITIES)]
        self.fields["city"] = forms.ChoiceField(
            label="Simulated city", required=False, choices=choices,
            help_text="A dozen made-up vehicles drive there for a day, ten seconds between two reports.",
        )  # fmt: skip
