"""Forms of the budget page."""

import re
from typing import Any

from django import forms

from billing.guard.amounts import major_of, minor_of
from billing.guard.choices import CAPPABLE, SAMPLE
from billing.guard.errors import GuardRefused
from billing.guard.models import Budget
from tracker.tenants.models import Environment

WORDS = {"stop": "stop", "sample": "keep one in some", "tell": "go on and tell"}


class BudgetForm(forms.Form):
    """What is meant to be spent in a month, and who is told."""

    amount = forms.CharField(max_length=20, widget=forms.TextInput(attrs={"inputmode": "decimal"}))
    shares = forms.CharField(
        max_length=60,
        label="Tell at, per cent",
        initial="50, 80, 100",
        help_text="Each once a month. More than 100 is possible.",
    )
    mails = forms.CharField(
        required=False,
        max_length=2000,
        label="Mail to",
        help_text="One address a line. Empty: the owners.",
        widget=forms.Textarea(attrs={"rows": 2}),
    )
    tells_webhooks = forms.BooleanField(
        required=False, initial=True, label="Tell webhooks of live environments too"
    )

    def __init__(self, currency: str, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.currency = currency
        self.fields["amount"].label = f"A month, {currency}"

    @classmethod
    def showing(cls, currency: str, budget: Budget | None) -> "BudgetForm":
        """The form as it is filled in now."""
        if budget is None:
            return cls(currency)
        initial = {
            "amount": major_of(budget.amount_minor, budget.currency),
            "shares": ", ".join(map(str, budget.shares)),
            "mails": "\n".join(budget.mails),
            "tells_webhooks": budget.tells_webhooks,
        }
        return cls(currency, initial=initial)

    def clean_amount(self) -> int:
        """In minor units."""
        try:
            return minor_of(self.cleaned_data["amount"], self.currency)
        except GuardRefused as refusal:
            raise forms.ValidationError(str(refusal)) from None

    def clean_shares(self) -> list[int]:
        """Whole numbers, however they are set apart."""
        parts = [part for part in re.split(r"[\s,;%]+", self.cleaned_data["shares"]) if part]
        if not all(re.fullmatch(r"[0-9]{1,5}", part) for part in parts):
            raise forms.ValidationError("Write whole numbers with commas between them: 50, 80, 100.")
        return [int(part) for part in parts]

    def clean_mails(self) -> list[str]:
        """One a line, or with commas."""
        return [part for part in re.split(r"[\s,;]+", self.cleaned_data["mails"]) if part]


class CapForm(forms.Form):
    """A cap on a meter. Only what holds for a meter can be chosen for it."""

    where = forms.ChoiceField(label="Where")
    choice = forms.ChoiceField(label="What, and what happens then")
    quantity = forms.DecimalField(
        label="How much a month", min_value=0, max_value=10**15, max_digits=20, decimal_places=3
    )
    keeps_one_in = forms.IntegerField(
        label="Keep one fix in",
        required=False,
        min_value=2,
        max_value=10_000,
        help_text="Only where one in some is kept: 10 keeps a tenth.",
    )

    def __init__(self, environments: list[Environment], *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.environments = {one.public_id: one for one in environments}
        where: Any = self.fields["where"]
        where.choices = [("", "All live environments together")]
        where.choices += [(key, f"{one.name} ({one.kind})") for key, one in self.environments.items()]
        where.required = False
        choice: Any = self.fields["choice"]
        choice.choices = [
            (f"{s.name}, {s.unit}", [(f"{s.meter}:{action}", WORDS[action]) for action, _ in s.actions])
            for s in CAPPABLE.values()
        ]

    def clean(self) -> dict[str, Any]:
        """With the meter's own unit, and one in how many where that is asked."""
        data = super().clean() or self.cleaned_data
        if "choice" not in data or data.get("quantity") is None:
            return data
        meter, _, action = data["choice"].partition(":")
        exact = data["quantity"] * CAPPABLE[meter].unit_size
        if exact != int(exact):
            self.add_error("quantity", f"{CAPPABLE[meter].name} are counted in whole {CAPPABLE[meter].unit}.")
        if action == SAMPLE and not data.get("keeps_one_in") and "keeps_one_in" not in self.errors:
            self.add_error("keeps_one_in", "Say one fix in how many is kept, such as 10.")
        return data | {"meter": meter, "action": action, "quantity": int(exact)}
