"""Dead letters in the staff's admin: those of all environments and those of none, with buttons to redrive them."""

from typing import Any

from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils import timezone

from tracker.ingestion.models import DeadLetter
from tracker.letters.contents import contents_of, readable_text
from tracker.letters.selectors import OPEN, state_of
from tracker.letters.services import ask
from tracker.tenants.admin_site import site
from tracker.tenants.identifiers import public_id
from tracker.tenants.staff_pages import Facts


@admin.register(DeadLetter, site=site)
class DeadLetterAdmin(Facts):
    """Records that broke a step of the pipeline."""

    list_display = ("created_at", "reason", "environment", "fixes", "lane", "state", "request", "redriven_at")
    list_filter = (
        ("redriven_at", admin.EmptyFieldListFilter),
        ("environment", admin.EmptyFieldListFilter),
        "reason",
        "lane",
        "created_at",
    )
    list_select_related = ("environment",)
    search_fields = ("entry_id__exact", "request_id__exact", "reason")
    fields = (
        "environment",
        "lane",
        "entry_id",
        "entry_index",
        "reason",
        "error",
        "contents",
        "fixes",
        "request",
        "received_at",
        "created_at",
        "state",
        "redrive_asked_at",
        "redrive_error",
        "redriven_at",
    )
    actions = ("redrive", "redrive_all")

    @admin.display(description="State")
    def state(self, letter: DeadLetter) -> str:
        """Waiting, asked, failed again or redriven."""
        return state_of(letter).value

    @admin.display(description="Contents")
    def contents(self, letter: DeadLetter) -> str:
        """The record decoded; of bytes nobody can read their beginning, escaped."""
        return readable_text(contents_of(letter))

    @admin.display(description="Request")
    def request(self, letter: DeadLetter) -> str:
        """The request id as the sender saw it."""
        return public_id("req", letter.request_id) if letter.request_id else "—"

    def has_redrive_permission(self, request: HttpRequest) -> bool:
        """Staff who might change letters may have them driven again."""
        return request.user.has_perm("tracker.change_deadletter")

    def changelist_view(self, request: HttpRequest, extra_context: Any = None) -> Any:
        """ "All" needs no selection: Django asks for one, so the first row stands for it."""
        if request.method == "POST" and request.POST.get("action") == "redrive_all":
            first = self.get_queryset(request).values_list("pk", flat=True).first()
            if first is not None:
                values = request.POST.copy()
                values.setlist("_selected_action", [str(first)])
                request.POST = values  # type: ignore[assignment]  # as Django's own middleware does
        return super().changelist_view(request, extra_context)

    @admin.action(description="Redrive the selected letters", permissions=["redrive"])
    def redrive(self, request: HttpRequest, letters: QuerySet[DeadLetter]) -> None:
        """Ask for these; each is on record in the admin's log."""
        wanted = list(letters.filter(OPEN))
        asked = ask(
            letters.model.objects.unscoped("admin").filter(pk__in=[one.pk for one in wanted]),
            now=timezone.now(),
        )
        for letter in wanted:
            self.log_change(request, letter, "Redrive asked for.")
        self._say(request, asked)

    @admin.action(description="Redrive ALL letters that wait, selected or not", permissions=["redrive"])
    def redrive_all(self, request: HttpRequest, letters: QuerySet[DeadLetter]) -> None:
        """Ask for every letter of every customer; one line in the admin's log says so."""
        waiting = DeadLetter.objects.unscoped("staff have every customer's letters driven again")
        first = waiting.filter(OPEN).order_by("pk").first()
        asked = ask(waiting, now=timezone.now())
        if first is not None:
            self.log_change(request, first, f"Redrive of all asked for: {asked} letters.")
        self._say(request, asked)

    def _say(self, request: HttpRequest, asked: int) -> None:
        self.message_user(
            request, f"{asked} asked for; consumers take them within seconds.", messages.SUCCESS
        )
