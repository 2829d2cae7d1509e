"""The form that limits a member to geofences."""

from typing import Any

from django import forms

from tracker.geofences.models import Geofence
from tracker.geofences.naming import last_name
from tracker.geofences.selectors import geofences_known
from tracker.tenants.models import Environment


class LimitForm(forms.Form):
    """All devices, or those inside the geofences named, one a line, by name or external id."""

    sees = forms.ChoiceField(
        label="Sees",
        choices=[
            ("all", "All devices, in every environment"),
            ("listed", "Only devices inside these geofences"),
        ],
        widget=forms.RadioSelect,
    )
    geofences = forms.CharField(
        label="Geofences",
        required=False,
        max_length=100_000,
        widget=forms.Textarea(attrs={"rows": 6, "spellcheck": "false"}),
        help_text="One a line: its name or external id. None: no device of this environment.",
    )

    def __init__(self, *args: Any, environment: Environment, keep: list[Geofence], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._environment, self._keep = environment, keep

    def clean_geofences(self) -> list[Geofence]:
        """The geofences named; one that is retired may stay where it is listed already."""
        lines = [line.strip() for line in self.cleaned_data["geofences"].splitlines()]
        wanted = list(dict.fromkeys(line for line in lines if line))
        known = list(geofences_known(self._environment.pk).annotate(shown=last_name("pk")))
        found: dict[int, Geofence] = {}
        missing = []
        for text in wanted:
            named = [one for one in [*known, *self._keep] if text in _names(one)]
            found.update((one.pk, one) for one in named)
            if not named:
                missing.append(text)
        if missing:
            shown = ", ".join(text[:60] for text in missing[:5])
            raise forms.ValidationError(f"There is no geofence called {shown}.")
        return list(found.values())


def _names(geofence: Geofence) -> set[str]:
    """What an admin may call it by."""
    names = (geofence.external_id, geofence.public_id, getattr(geofence, "shown", None))
    return {name for name in names if name}
