"""The page's form of the rules: the same rules as the API's, in units that people think in."""

from collections.abc import Mapping
from typing import Any

from django import forms

from dispatch.planning.models import DispatchSettings
from dispatch.planning.prices import DEFAULTS as PRICES
from dispatch.rules.fields import CHANNELS, PROOFS, RULES
from dispatch.tracking.languages import LANGUAGES

CHANNEL_NAMES = {"mail": "E-mail", "sms": "Text message", "push": "Push"}
SPANS = {
    "first_wait_s": 60,
    "second_wait_s": 60,
    "unconfirmed_after_s": 60,
    "silent_after_s": 60,
    "ends_after_s": 3600,
}
PRICE_NAMES = {
    "speed_kmh": "Speed on the straight line where no router is set, km/h",
    "detour": "Way over straight line",
    "change_driver": "A known stop goes to another driver",
    "change_order": "A known stop moves in its driver's order",
    "fair_hours": "An hour above the fair share",
    "fair_km": "A kilometre above the fair share",
    "late_per_minute": "A minute after a slot; 0: never late",
    "overtime_per_hour": "An hour of overtime; 0: none",
    "foot_parcels": "What a driver without a vehicle carries, parcels",
    "foot_kg": "What a driver without a vehicle carries, kg",
}
CLOCKS = ("quiet_from", "quiet_to", "day_ends_at")
UNITS = {60: "minutes", 3600: "hours"}


class RulesForm(forms.Form):
    """Every rule; `changes()` gives them as the service takes them."""

    brand = forms.CharField(required=False, max_length=100)
    language = forms.ChoiceField(choices=list(LANGUAGES.items()))
    reveal_stops_away = forms.IntegerField()
    customers_reschedule = forms.BooleanField(required=False)
    customers_note = forms.BooleanField(required=False)
    slots_offered = forms.CharField(required=False)
    ends_after_s = forms.FloatField()
    proofs = forms.MultipleChoiceField(
        required=False,
        choices=[(name, name.capitalize()) for name in PROOFS],
        widget=forms.CheckboxSelectMultiple,
    )
    notify_channels = forms.MultipleChoiceField(
        required=False,
        choices=[(name, CHANNEL_NAMES[name]) for name in CHANNELS],
        widget=forms.CheckboxSelectMultiple,
    )
    first_wait_s = forms.FloatField()
    second_wait_s = forms.FloatField()
    most_attempts = forms.IntegerField()
    unconfirmed_after_s = forms.FloatField()
    silent_after_s = forms.FloatField()
    quiet_from = forms.CharField(required=False, max_length=5)
    quiet_to = forms.CharField(required=False, max_length=5)
    day_ends_at = forms.CharField(max_length=5)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for name, field in list(self.fields.items()):
            unit = UNITS[SPANS[name]] if name in SPANS else ""
            field.label = f"{RULES[name].label}, {unit}" if unit else RULES[name].label
            field.help_text = RULES[name].help
        for name, label in PRICE_NAMES.items():
            self.fields[f"price_{name}"] = forms.FloatField(label=label)
        self.fields["slots_offered"].help_text += " Such as 09:00-12:00, 15:00-18:00."

    @classmethod
    def of(cls, row: DispatchSettings) -> "RulesForm":
        """The form, filled with what is."""
        values = {name: getattr(row, name) for name in RULES}
        for name, unit in SPANS.items():
            values[name] = f"{values[name] / unit:g}"
        for name in CLOCKS:
            values[name] = f"{values[name]:%H:%M}" if values[name] else ""
        values["slots_offered"] = ", ".join(f"{begin}-{end}" for begin, end in row.slots_offered)
        values |= {f"price_{name}": row.weights.get(name, PRICES[name]) for name in PRICE_NAMES}
        return cls(initial=values)

    def changes(self, kept: Mapping[str, Any]) -> dict[str, Any]:
        """What was filled in, as the service takes it; `kept` are the prices set now."""
        values = dict(self.cleaned_data)
        for name, unit in SPANS.items():
            values[name] = round(values[name] * unit)
        pairs = [part.strip() for part in values["slots_offered"].split(",") if part.strip()]
        values["slots_offered"] = [
            [at.strip() for at in pair.replace("\u2013", "-").split("-")] for pair in pairs
        ]
        given = {name: values.pop(f"price_{name}") for name in PRICE_NAMES}
        # one that is as it usually is stays unset, and follows the default; those the page does not show stay
        values["weights"] = {
            name: value for name, value in {**kept, **given}.items() if value != PRICES.get(name)
        }
        return values

    def refuse(self, wrong: Mapping[str, str]) -> None:
        """Say at each field what the service would not take."""
        for name, why in wrong.items():
            self.add_error(name if name in self.fields else None, f"{RULES[name].label}: it {why}")
