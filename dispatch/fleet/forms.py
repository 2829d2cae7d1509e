"""Forms of the fleet's pages. They gather a body such as the API takes; what it may hold is judged in one place."""

from collections.abc import Callable, Mapping
from typing import Any, TypeVar, cast

from django import forms

from dispatch.fleet.models import Driver, Hub, Vehicle, VehicleType
from dispatch.fleet.refusals import FleetRefusal
from dispatch.fleet.sight import SightOfHubs, narrowed
from tracker.geofences.selectors import geofences_known, published_of, with_published
from tracker.tenants.models import Environment

T = TypeVar("T")
PLAIN = {"autocomplete": "off"}
DAYS = [(1, "Mon"), (2, "Tue"), (3, "Wed"), (4, "Thu"), (5, "Fri"), (6, "Sat"), (7, "Sun")]
MOST_CHOICES = 2000
DECIMAL = forms.TextInput(attrs={"inputmode": "decimal", "autocomplete": "off"})


class BodyForm(forms.Form):
    """A form whose fields are those of a body; what a reader refuses stands beside the field it names."""

    use_required_attribute = False  # the reader's sentence says more than a browser's
    needed: tuple[str, ...] = ()  # fields that the reader asks for, and the page must not call optional

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for name in self.needed:
            self.fields[name].needed = True  # type: ignore[attr-defined]  # read by the template of a field
            self.fields[name].widget.attrs["aria-required"] = "true"

    def body(self) -> dict[str, Any]:
        """The body as the API would get it; an empty field is null."""
        return {name: value if value != "" else None for name, value in self.cleaned_data.items()}

    def read(self, reader: Callable[[Mapping[str, Any]], T]) -> T | None:
        """What the reader makes of the body; None with its refusal shown where it refuses."""
        if not self.is_valid():
            return None
        try:
            return reader(self.body())
        except FleetRefusal as refusal:
            self.refuse(refusal)
            return None

    def refuse(self, refusal: FleetRefusal) -> None:
        """Show a refusal beside its field, or above all."""
        self.add_error(refusal.field if refusal.field in self.fields else None, refusal.detail)


class HubForm(BodyForm):
    """A hub."""

    needed = ("name",)

    name = forms.CharField(max_length=200, required=False, widget=forms.TextInput(attrs=PLAIN))
    kind = forms.ChoiceField(choices=Hub.Kind.choices, initial=Hub.Kind.ZONE)
    parent = forms.ChoiceField(required=False, label="Stands below")
    timezone = forms.CharField(
        max_length=64,
        required=False,
        label="Time zone",
        widget=forms.TextInput(attrs={"autocomplete": "off", "placeholder": "Asia/Kolkata"}),
        help_text="Shifts and windows are in its local time. Empty: that of the hub above.",
    )
    latitude = forms.CharField(max_length=30, required=False, widget=DECIMAL)
    longitude = forms.CharField(
        max_length=30,
        required=False,
        widget=DECIMAL,
        help_text="Where vehicles load. Empty: where the hub above is.",
    )
    geofence = forms.ChoiceField(
        required=False, label="Area", help_text="A published geofence: shipments inside belong to this hub."
    )
    external_id = forms.CharField(
        max_length=200, required=False, label="Your own id", widget=forms.TextInput(attrs=PLAIN)
    )

    def __init__(
        self, environment: Environment, *args: Any, sight: SightOfHubs = None, **kwargs: Any
    ) -> None:
        super().__init__(*args, **kwargs)
        choice(self, "parent").choices = [("", "Nothing: at the top"), *hub_choices(environment, sight)]
        known = with_published(environment.pk, geofences_known(environment.pk)[:MOST_CHOICES])
        named = [(one.public_id, getattr(published_of(one) or one.draft, "name", str(one))) for one in known]
        choice(self, "geofence").choices = [("", "None"), *sorted(named, key=lambda pair: pair[1])]


class DriverForm(BodyForm):
    """A driver."""

    needed = ("name", "hub")

    name = forms.CharField(max_length=200, required=False, widget=forms.TextInput(attrs=PLAIN))
    hub = forms.ChoiceField(required=False)
    phone = forms.CharField(max_length=40, required=False, widget=forms.TextInput(attrs=PLAIN))
    email = forms.CharField(
        max_length=254, required=False, label="E-mail", widget=forms.TextInput(attrs=PLAIN)
    )
    skills = forms.CharField(
        max_length=2000,
        required=False,
        widget=forms.TextInput(attrs=PLAIN),
        help_text="Between commas, as shipments ask for them: <code>cash, heavy</code>.",
    )
    ends_at = forms.ChoiceField(choices=Driver.EndsAt.choices, label="The day ends")
    home_latitude = forms.CharField(max_length=30, required=False, widget=DECIMAL)
    home_longitude = forms.CharField(max_length=30, required=False, widget=DECIMAL)
    external_id = forms.CharField(
        max_length=200, required=False, label="Your own id", widget=forms.TextInput(attrs=PLAIN)
    )

    def __init__(
        self, environment: Environment, *args: Any, sight: SightOfHubs = None, **kwargs: Any
    ) -> None:
        super().__init__(*args, **kwargs)
        choice(self, "hub").choices = hub_choices(environment, sight)

    def body(self) -> dict[str, Any]:
        """With the skills as a list."""
        skills = [word.strip() for word in self.cleaned_data["skills"].split(",") if word.strip()]
        return super().body() | {"skills": skills}


class VehicleForm(BodyForm):
    """A vehicle."""

    plate = forms.CharField(max_length=50, required=False, widget=forms.TextInput(attrs=PLAIN))
    type = forms.ChoiceField()
    hub = forms.ChoiceField(required=False)
    parcels = forms.CharField(max_length=20, required=False, widget=DECIMAL)
    kg = forms.CharField(max_length=20, required=False, label="Kilograms", widget=DECIMAL)
    litres = forms.CharField(
        max_length=20, required=False, widget=DECIMAL, help_text="All three empty: as its type says."
    )
    external_id = forms.CharField(
        max_length=200, required=False, label="Your own id", widget=forms.TextInput(attrs=PLAIN)
    )

    def __init__(
        self, environment: Environment, *args: Any, sight: SightOfHubs = None, **kwargs: Any
    ) -> None:
        super().__init__(*args, **kwargs)
        types = VehicleType.objects.for_environment(environment).order_by("pk")
        choice(self, "type").choices = list(types.values_list("key", "name"))
        choice(self, "hub").choices = [("", "None"), *hub_choices(environment, sight)]

    def body(self) -> dict[str, Any]:
        """With the capacities as one object; units that the form does not show stay."""
        body = super().body()
        amounts = {unit: _amount(body.pop(unit)) for unit in ("parcels", "kg", "litres")}
        given = {unit: amount for unit, amount in amounts.items() if amount is not None}
        kept = dict(self.initial.get("other_units", {}))
        return body | {"capacities": (kept | given) or None}

    def refuse(self, refusal: FleetRefusal) -> None:
        """What is wrong with a capacity stands beside the first of them."""
        if refusal.field == "capacities":
            refusal = type(refusal)(refusal.detail, "parcels")
        super().refuse(refusal)


class ShiftForm(BodyForm):
    """Weekly hours."""

    needed = ("starts", "ends")

    weekdays = forms.TypedMultipleChoiceField(
        choices=DAYS, coerce=int, required=False, widget=forms.CheckboxSelectMultiple, label="Begins on"
    )
    starts = forms.CharField(max_length=5, required=False, widget=forms.TimeInput(attrs={"type": "time"}))
    ends = forms.CharField(
        max_length=5,
        required=False,
        widget=forms.TimeInput(attrs={"type": "time"}),
        help_text="Before the start: on the next day.",
    )
    break_from = forms.CharField(
        max_length=5, required=False, label="Break from", widget=forms.TimeInput(attrs={"type": "time"})
    )
    break_to = forms.CharField(
        max_length=5, required=False, label="to", widget=forms.TimeInput(attrs={"type": "time"})
    )
    break_minutes = forms.IntegerField(required=False, min_value=1, max_value=720, label="Minutes of it")

    def body(self) -> dict[str, Any]:
        """With the break as a list."""
        given = self.cleaned_data
        breaks = []
        if given["break_from"] or given["break_to"] or given["break_minutes"]:
            seconds = (given["break_minutes"] or 0) * 60
            breaks = [{"from": given["break_from"], "to": given["break_to"], "duration_s": seconds}]
        body = {name: given[name] for name in ("weekdays", "starts", "ends")}
        return body | {"breaks": breaks}

    def refuse(self, refusal: FleetRefusal) -> None:
        """What is wrong with a break stands beside its begin."""
        if refusal.field == "breaks":
            refusal = type(refusal)(refusal.detail, "break_from")
        super().refuse(refusal)


class ChangeForm(BodyForm):
    """Hours of one date."""

    needed = ("date",)

    date = forms.CharField(max_length=10, required=False, widget=forms.DateInput(attrs={"type": "date"}))
    starts = forms.CharField(max_length=5, required=False, widget=forms.TimeInput(attrs={"type": "time"}))
    ends = forms.CharField(
        max_length=5,
        required=False,
        widget=forms.TimeInput(attrs={"type": "time"}),
        help_text="Both times empty: absent.",
    )
    reason = forms.CharField(max_length=200, required=False, widget=forms.TextInput(attrs=PLAIN))


class HandoverForm(forms.Form):
    """Which vehicle, or which device by its own id."""

    vehicle = forms.CharField(max_length=40, required=False)
    device = forms.CharField(max_length=220, required=False)


def choice(form: forms.Form, name: str) -> forms.ChoiceField:
    """A field of a form that is a choice."""
    return cast(forms.ChoiceField, form.fields[name])


def hub_choices(environment: Environment, sight: SightOfHubs) -> list[tuple[str, str]]:
    """Hubs in service and in sight, each with the one above it named where names alone do not tell them apart."""
    rows = narrowed(Hub.objects.for_environment(environment).filter(retired_at=None), sight)
    found = list(rows.select_related("parent").order_by("name", "pk")[:MOST_CHOICES])
    names = [hub.name for hub in found]
    return [
        (hub.public_id, f"{hub} ({hub.parent})" if hub.parent and names.count(hub.name) > 1 else str(hub))
        for hub in found
    ]


def vehicle_initial(vehicle: Vehicle) -> dict[str, Any]:
    """The fields as the row has them."""
    own = vehicle.capacities or {}
    usual = {unit: own.get(unit) for unit in ("parcels", "kg", "litres")}
    return usual | {
        "plate": vehicle.plate,
        "type": vehicle.type.key,
        "hub": vehicle.hub.public_id if vehicle.hub else "",
        "external_id": vehicle.external_id or "",
        "other_units": {unit: value for unit, value in own.items() if unit not in usual},
    }


def _amount(value: Any) -> Any:
    """A number where it is one; else as it is, for the reader to refuse."""
    try:
        return None if value is None else float(value)
    except ValueError:
        return value
