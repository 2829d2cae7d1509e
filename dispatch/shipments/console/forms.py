"""Forms of the shipments pages: a new one, and what can be done to one."""

from datetime import date, datetime, time
from typing import Any
from zoneinfo import ZoneInfo

from django import forms

from dispatch.driving.deeds import REASONS
from dispatch.fleet.models import Hub
from dispatch.intake.delivering import hub_choices
from dispatch.intake.moments import in_zone
from dispatch.intake.rows import LONGEST, MOST_PARCELS
from dispatch.shipments import commands
from dispatch.shipments.commands import Command

LONGEST_REASON = 40
TEXT = {"autocomplete": "off"}


class NewShipmentForm(forms.Form):
    """A shipment by hand. The fields are read as the cells of an upload are, by the same rules."""

    recipient = forms.CharField(max_length=LONGEST["recipient"], widget=forms.TextInput(attrs=TEXT))
    phone = forms.CharField(
        max_length=40, required=False, widget=forms.TextInput(attrs=TEXT | {"inputmode": "tel"})
    )
    email = forms.CharField(
        max_length=254, required=False, label="E-mail", widget=forms.TextInput(attrs=TEXT)
    )
    address = forms.CharField(
        max_length=LONGEST["address"], required=False,
        help_text="As it would stand on the parcel, with the postcode.", widget=forms.TextInput(attrs=TEXT),
    )  # fmt: skip
    coordinates = forms.CharField(
        max_length=100, required=False, label="Latitude, longitude",
        help_text="Where you know them; else the address is looked up.",
        widget=forms.TextInput(attrs=TEXT | {"placeholder": "18.5204, 73.8567"}),
    )  # fmt: skip
    hub = forms.ChoiceField(required=False)
    slot_date = forms.DateField(required=False, label="Day", widget=forms.DateInput(attrs={"type": "date"}))
    slot_from = forms.TimeField(required=False, label="From", widget=forms.TimeInput(attrs={"type": "time"}))
    slot_to = forms.TimeField(
        required=False, label="To", help_text="On the clock of the hub; before “From”: the next morning.",
        widget=forms.TimeInput(attrs={"type": "time"}),
    )  # fmt: skip
    parcels = forms.IntegerField(min_value=1, max_value=MOST_PARCELS, initial=1)
    kg = forms.CharField(
        max_length=20, required=False, label="Weight, kg", widget=forms.TextInput(attrs=TEXT)
    )
    litres = forms.CharField(
        max_length=20, required=False, label="Volume, litres", widget=forms.TextInput(attrs=TEXT)
    )
    service_min = forms.CharField(
        max_length=10,
        required=False,
        label="Minutes at the door",
        widget=forms.TextInput(attrs=TEXT | {"placeholder": "3"}),
    )
    priority = forms.IntegerField(
        min_value=-10, max_value=10, initial=0, help_text="-10 to 10; the higher is left out last."
    )
    skills = forms.CharField(
        max_length=200, required=False, help_text="With commas.", widget=forms.TextInput(attrs=TEXT)
    )
    cash = forms.CharField(
        max_length=30, required=False, label="Cash to collect", widget=forms.TextInput(attrs=TEXT)
    )
    currency = forms.CharField(
        max_length=10, required=False, widget=forms.TextInput(attrs=TEXT | {"placeholder": "INR"})
    )
    note = forms.CharField(
        max_length=500,
        required=False,
        label="Note to the driver",
        help_text="The customer does not see it.",
        widget=forms.TextInput(attrs=TEXT),
    )
    language = forms.CharField(
        max_length=20,
        required=False,
        label="Language of the recipient",
        widget=forms.TextInput(attrs=TEXT | {"placeholder": "en"}),
    )
    external_id = forms.CharField(
        max_length=LONGEST["external_id"], required=False, label="Your id", widget=forms.TextInput(attrs=TEXT)
    )

    def __init__(self, *args: Any, hubs: list[Hub], limited: bool, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field = self.fields["hub"]
        assert isinstance(field, forms.ChoiceField)  # noqa: S101  for the type checker
        field.choices = ([] if limited else [("", "by its delivery zone")]) + hub_choices(hubs)
        field.required = limited

    def texts(self) -> dict[str, str]:
        """The fields as cells."""
        return {name: "" if value is None else str(value) for name, value in self.cleaned_data.items()}


class ReasonForm(forms.Form):
    """Why."""

    reason = forms.CharField(max_length=LONGEST_REASON, widget=forms.TextInput(attrs=TEXT))


class FailureForm(forms.Form):
    """Why it could not be handed over, as drivers' phones say it."""

    reason = forms.ChoiceField(choices=[(one, one.replace("_", " ")) for one in REASONS])


class NoteForm(forms.Form):
    """What the driver should know."""

    note = forms.CharField(max_length=500, widget=forms.TextInput(attrs=TEXT))


class RecipientForm(forms.Form):
    """Who took it."""

    recipient = forms.CharField(
        max_length=200, required=False, label="Who took it", widget=forms.TextInput(attrs=TEXT)
    )


class SlotForm(forms.Form):
    """Another time."""

    day = forms.DateField(widget=forms.DateInput(attrs={"type": "date"}))
    begin = forms.TimeField(label="From", widget=forms.TimeInput(attrs={"type": "time"}))
    end = forms.TimeField(label="To", widget=forms.TimeInput(attrs={"type": "time"}))

    def clean(self) -> dict[str, Any]:
        """The end comes after the begin: a slot over midnight is two days' work, and is typed as an upload."""
        found: dict[str, Any] = super().clean() or {}
        if found.get("begin") and found.get("end") and found["end"] <= found["begin"]:
            self.add_error("end", "The slot must end after it begins.")
        return found


class HubForm(forms.Form):
    """Who shall deliver it."""

    hub = forms.ChoiceField()

    def __init__(self, *args: Any, hubs: list[Hub], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field = self.fields["hub"]
        assert isinstance(field, forms.ChoiceField)  # noqa: S101  for the type checker
        field.choices = hub_choices(hubs)


class NothingForm(forms.Form):
    """The deed says it all."""


class Deed:
    """Something a person may do to a shipment: its words, its form, and the command it becomes."""

    def __init__(
        self, label: str, form: type[forms.Form], command: Any, *, grave: bool = False, help_: str = ""
    ) -> None:
        self.label, self.form, self.grave, self.help = label, form, grave, help_
        self._command = command

    def command(self, values: dict[str, Any], zone: ZoneInfo) -> Command:
        """The command, of the cleaned form."""
        made: Command = self._command(values, zone)
        return made


def _slot(values: dict[str, Any], zone: ZoneInfo) -> Command:
    day, begin, end = values["day"], values["begin"], values["end"]
    slot = (_moment(day, begin, zone, ends=False), _moment(day, end, zone, ends=True))
    return commands.Reschedule(slots=(slot,), reason="supervisor")


def _moment(day: date, at: time, zone: ZoneInfo, *, ends: bool) -> datetime:
    return in_zone(day, at, zone, ends=ends)


def _deliver(values: dict[str, Any], zone: ZoneInfo) -> Command:
    return commands.ConfirmDelivery(recipient=values["recipient"])


def _fail(values: dict[str, Any], zone: ZoneInfo) -> Command:
    return commands.FailAttempt(reason=values["reason"])


PHONE = "For a driver whose phone cannot say so."
# what a person does in the console, by the name of the command; manifests, drivers and sagas do the rest
DEEDS: dict[str, Deed] = {
    "confirm_pickup": Deed(
        "It is here", NothingForm, lambda v, z: commands.ConfirmPickup(), help_="It is in our hands now."
    ),
    "confirm_delivery": Deed("Delivered", RecipientForm, _deliver, help_=PHONE),
    "fail_attempt": Deed("Attempt failed", FailureForm, _fail, help_=PHONE),
    "allow_attempt": Deed(
        "Try again", NothingForm, lambda v, z: commands.AllowAttempt(), help_="It may be planned again at once."
    ),
    "reschedule": Deed("Another time", SlotForm, _slot, help_="On the clock of its hub."),
    "change_hub": Deed("Another hub", HubForm, lambda v, z: commands.ChangeHub(hub=v["hub"])),
    "leave_note": Deed(
        "Note to the driver", NoteForm, lambda v, z: commands.LeaveNote(note=v["note"]),
        help_="The customer does not see it.",
    ),
    "start_return": Deed("Send it back", ReasonForm, lambda v, z: commands.StartReturn(reason=v["reason"])),
    "confirm_return": Deed("It was returned", NothingForm, lambda v, z: commands.ConfirmReturn()),
    "report_damage": Deed(
        "Damaged", ReasonForm, lambda v, z: commands.ReportDamage(reason=v["reason"]), grave=True
    ),
    "report_loss": Deed("Lost", ReasonForm, lambda v, z: commands.ReportLoss(reason=v["reason"]), grave=True),
    "cancel": Deed(
        "Cancel", ReasonForm, lambda v, z: commands.Cancel(reason=v["reason"]), grave=True,
        help_="It is not to be delivered any more.",
    ),
}  # fmt: skip
