"""Find a request: its story for the customer whose report it is, and for nobody else."""

from django.http import HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_safe

from tracker.follow import telling
from tracker.follow.ids import NotAnId, resolve
from tracker.follow.story import MOST_ENDINGS, Story, request_text, tell
from tracker.http.console import ConsoleRequest, environment_required
from tracker.live.sight import require_whole

LONGEST_ID = 200


@require_safe
@environment_required()
def find(request: ConsoleRequest) -> HttpResponse:
    """The story of the request in `id`, looked for in this environment alone."""
    require_whole(request.membership)
    text = request.GET.get("id", "").strip()[:LONGEST_ID]
    facts: dict[str, object] = {"text": text, "stories": [], "wrong": ""}
    if text:
        try:
            wanted = resolve(text, request.environment)
        except NotAnId as error:
            facts["wrong"] = str(error)
        else:
            found = (tell(one, request.environment, now=timezone.now()) for one in wanted.requests)
            facts |= {"stories": [_shown(story) for story in found if story.known], "more": wanted.more}
    return render(request, "tracker/follow/request.html", facts)


def _shown(story: Story) -> dict[str, object]:
    return {
        "request_id": request_text(story),
        "trace_id": story.trace_id,
        "chapters": [
            {
                "at": chapter.at,
                "gap": gap,
                "title": chapter.title,
                "inferred": chapter.source == "inferred",
                "facts": [
                    (name, telling.fact_text(value))
                    for name, value in chapter.facts.items()
                    if name not in {"letter", "channel"}  # row numbers never leave the house
                ],
            }
            for chapter, gap in telling.with_gaps(story.chapters)
        ],
        "totals": telling.fact_text(story.totals),
        "endings": story.endings[:MOST_ENDINGS],
        "remarks": story.remarks,
    }
