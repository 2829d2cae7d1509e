"""What staff may do by hand with a customer's money and plan: read from a form, done by one service each."""

import uuid
from datetime import datetime
from decimal import Decimal
from typing import Any

from django import forms

from billing.invoices import services as invoices
from billing.invoices.errors import InvoiceRefused
from billing.invoices.models import Invoice
from billing.ledger import services as ledger
from billing.ledger.errors import LedgerRefused
from billing.plans import services as plans
from billing.plans.errors import PlanRefused
from billing.plans.rating import DECIMALS, money
from billing.plans.selectors import currency_of, offered_plans
from tracker.tenants.identifiers import BadIdentifier, parse_id
from tracker.tenants.models import Tenant, User

DEEDS = {
    "credit": "Grant credit",
    "refund": "Note a refund",
    "raise": "Adjust: raise what is owed",
    "lower": "Adjust: lower what is owed",
    "give_up": "Give an invoice up",
    "void": "Void an invoice",
    "plan": "Put on a plan from this hour on",
}
OF_MONEY, OF_INVOICES = {"credit", "refund", "raise", "lower"}, {"give_up", "void"}


def _reference() -> str:
    return f"by hand {uuid.uuid4().hex}"


class ByHandForm(forms.Form):
    """One deed; the reference that came with the page makes a second click do nothing."""

    tenant = forms.CharField(max_length=60, label="Organisation", help_text="Its id, ten_…")
    deed = forms.ChoiceField(choices=list(DEEDS.items()), label="What")
    amount = forms.DecimalField(required=False, max_digits=16, decimal_places=3, label="Amount")
    currency = forms.CharField(required=False, max_length=3, label="Currency")
    target = forms.CharField(
        required=False,
        max_length=40,
        label="Invoice or plan",
        help_text="An invoice's number, or a plan's code.",
    )
    reason = forms.CharField(max_length=500, label="Reason", widget=forms.Textarea(attrs={"rows": 3}))
    reference = forms.CharField(max_length=120, initial=_reference, widget=forms.HiddenInput)

    def clean_tenant(self) -> Tenant:
        """The organisation by its public id."""
        try:
            uid = parse_id("ten", self.cleaned_data["tenant"].strip())
        except BadIdentifier as refusal:
            raise forms.ValidationError(str(refusal)) from None
        found = Tenant.objects.filter(uid=uid).first()
        if found is None:
            raise forms.ValidationError("There is no organisation with this id.")
        return found

    def clean(self) -> dict[str, Any]:
        """What the deed needs."""
        data = super().clean() or {}
        deed, amount = data.get("deed"), data.get("amount")
        if deed in OF_MONEY and "amount" not in self.errors:
            if amount is None:
                self.add_error("amount", "Give the amount.")
            elif not data.get("currency"):
                self.add_error("currency", "Give the currency, such as EUR.")
            elif amount != round(amount, _places(data["currency"])):
                self.add_error(
                    "amount", f"{data['currency']} has {_places(data['currency'])} decimals, not more."
                )
        elif deed not in OF_MONEY and not data.get("target"):
            self.add_error("target", "Give the invoice's number or the plan's code.")
        return data

    def do(self, *, by: User, now: datetime) -> str | None:
        """Do it; what was done in a sentence, or None with the refusal among the errors."""
        data = self.cleaned_data
        try:
            if data["deed"] in OF_MONEY:
                return self._move(data["tenant"], by)
            if data["deed"] in OF_INVOICES:
                return self._settle(data["tenant"], by)
            return self._choose(data["tenant"], by, now)
        except (LedgerRefused, InvoiceRefused, PlanRefused) as refusal:
            self.add_error(None, str(refusal))
            return None

    def _move(self, tenant: Tenant, by: User) -> str:
        data = self.cleaned_data
        currency = data["currency"].upper()
        minor = int(data["amount"] * Decimal(10) ** _places(currency))
        how = {"reason": data["reason"], "by": by, "reference": data["reference"]}
        if data["deed"] in {"credit", "refund"}:
            deed = ledger.credit if data["deed"] == "credit" else ledger.refund
            deed(tenant, minor, currency, **how)
        elif minor <= 0:
            raise LedgerRefused(
                "Give an amount above zero; whether it is raised or lowered says the choice above."
            )
        else:
            ledger.adjust(tenant, minor if data["deed"] == "raise" else -minor, currency, **how)
        return f"{DEEDS[data['deed']]}: {money(minor, currency)}, {tenant.name}. {data['reason']}"

    def _settle(self, tenant: Tenant, by: User) -> str:
        data = self.cleaned_data
        invoice = Invoice.objects.for_tenant(tenant).filter(number=data["target"].strip()).first()
        if invoice is None:
            raise InvoiceRefused(f"{tenant.name} has no invoice {data['target']}.")
        deed = invoices.void if data["deed"] == "void" else invoices.mark_uncollectible
        deed(invoice, reason=data["reason"], by=by)
        return f"{DEEDS[data['deed']]}: {invoice.number}, {tenant.name}. {data['reason']}"

    def _choose(self, tenant: Tenant, by: User, now: datetime) -> str:
        data = self.cleaned_data
        offered = offered_plans(currency_of(tenant.pk), now)
        plan = next((one for one in offered if one.code == data["target"].strip()), None)
        if plan is None:
            raise PlanRefused(
                f"No plan {data['target']} is offered: {', '.join(one.code for one in offered)}."
            )
        plans.choose(tenant, plan, by=by, now=now)
        return f"{DEEDS['plan']}: {plan}, {tenant.name}. {data['reason']}"


def _places(currency: str) -> int:
    return DECIMALS.get(currency.upper(), 2)
