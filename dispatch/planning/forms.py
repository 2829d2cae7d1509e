"""The forms of planning's pages."""

from typing import Any

from django import forms

from dispatch.fleet.models import Hub
from dispatch.fleet.selectors import hubs_of
from dispatch.fleet.sight import SightOfHubs, narrowed
from dispatch.planning.services import DEFAULT_SECONDS, SECONDS, WindowWish
from tracker.tenants.models import Environment

DAYS = [(1, "Mon"), (2, "Tue"), (3, "Wed"), (4, "Thu"), (5, "Fri"), (6, "Sat"), (7, "Sun")]


class HubField(forms.ModelChoiceField):  # type: ignore[type-arg]  # generic only to the checker
    """One of the hubs in sight."""

    def label_from_instance(self, hub: Any) -> str:
        """Its name, and what kind it is where that says more."""
        return hub.name if hub.kind == Hub.Kind.ZONE else f"{hub.name} ({hub.get_kind_display().lower()})"


class RunForm(forms.Form):
    """Plan a hub now."""

    hub = HubField(queryset=None, label="Hub", empty_label=None)
    seconds = forms.IntegerField(
        label="Seconds", min_value=SECONDS[0], max_value=SECONDS[1], initial=DEFAULT_SECONDS
    )

    def __init__(self, environment: Environment, sight: SightOfHubs, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["hub"].queryset = narrowed(hubs_of(environment), sight).order_by("name")  # type: ignore[attr-defined]


class WindowForm(forms.Form):
    """A time of day at which a hub is planned."""

    at = forms.TimeField(label="Time", widget=forms.TimeInput(attrs={"type": "time"}, format="%H:%M"))
    weekdays = forms.TypedMultipleChoiceField(
        label="On",
        choices=DAYS,
        coerce=int,
        widget=forms.CheckboxSelectMultiple,
        initial=[n for n, _ in DAYS],
    )
    seconds = forms.IntegerField(
        label="Seconds of search", min_value=SECONDS[0], max_value=SECONDS[1], initial=DEFAULT_SECONDS
    )
    releases = forms.BooleanField(label="Give its plan to drivers at once", required=False)

    def wish(self, *, enabled: bool = True) -> WindowWish:
        """What the form asks for."""
        data = self.cleaned_data
        return WindowWish(data["at"], data["weekdays"], data["seconds"], data["releases"], enabled)
