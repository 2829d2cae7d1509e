"""The page about paying: how it stands, and the ways to the provider's own pages."""

from django.conf import settings
from django.contrib import messages
from django.http import HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_safe

from billing.payments import client, services
from billing.payments.accounts import refresh
from billing.payments.port import PaymentsError, Retriable
from billing.payments.selectors import standing_of
from tracker.audit.services import note
from tracker.http.console import ConsoleRequest, environment_required
from tracker.tenants.models import Role


@require_safe
@environment_required(Role.ADMIN)
def payment(request: ConsoleRequest) -> HttpResponse:
    """How the organisation pays, and what is open."""
    facts = {"standing": standing_of(request.environment.tenant_id), "configured": client.is_configured()}
    return render(request, "billing/payments/payment.html", facts)


@require_http_methods(["GET", "POST"])
@environment_required(Role.ADMIN)
def checkout(request: ConsoleRequest) -> HttpResponseBase:
    """On to the provider's page where one subscribes."""
    if request.method == "GET" or not client.is_configured():
        return redirect("console_payment")
    tenant = request.environment.tenant
    done = settings.BASE_URL + reverse("console_payment_done")
    try:
        url = services.checkout_url(
            tenant,
            email=request.user.email,
            success=done + "?session={CHECKOUT_SESSION_ID}",
            cancel=settings.BASE_URL + reverse("console_payment"),
            now=timezone.now(),
        )
    except PaymentsError as error:
        return _back(request, error)
    note(request, "payment.checkout_opened", tenant.public_id)
    return redirect(url)


@require_http_methods(["GET", "POST"])
@environment_required(Role.ADMIN)
def portal(request: ConsoleRequest) -> HttpResponseBase:
    """On to the provider's page of cards, open invoices and receipts."""
    if request.method == "GET" or not client.is_configured():
        return redirect("console_payment")
    tenant = request.environment.tenant
    try:
        url = services.portal_url(tenant, back=settings.BASE_URL + reverse("console_payment"))
    except PaymentsError as error:
        return _back(request, error)
    note(request, "payment.portal_opened", tenant.public_id)
    return redirect(url)


@require_safe
@environment_required(Role.ADMIN)
def done(request: ConsoleRequest) -> HttpResponseBase:
    """Back from checkout: what the provider says now is taken over, its webhook or not."""
    tenant_id = request.environment.tenant_id
    standing = standing_of(tenant_id)
    if client.is_configured() and standing.account is not None and not standing.subscribed:
        try:
            refresh(tenant_id, client.payments(), now=timezone.now())
        except PaymentsError as error:
            messages.warning(request, f"{error} What you did is not lost: look again in a minute.")
    return render(request, "billing/payments/done.html", {"standing": standing_of(tenant_id)})


def _back(request: ConsoleRequest, error: PaymentsError) -> HttpResponse:
    more = " Nothing was charged; try again in a minute." if isinstance(error, Retriable) else ""
    messages.error(request, f"{error}{more}")
    return redirect("console_payment")
