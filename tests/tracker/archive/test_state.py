"""How the archive stands, told where people look: the settings page, the staff's page, /healthz, the command."""

import json
import re
from io import StringIO

import pytest
from django.core.management import CommandError, call_command
from django.test import Client
from django.urls import reverse

from tests.tracker.archive.conftest import archived, day_before, later, store
from tests.tracker.pages import Page
from tracker.archive import trouble
from tracker.archive.nightly import archive_due
from tracker.positions.models import Position
from tracker.tenants.models import Role, User

DAY = day_before(4)
NOW = later(day_before(1))


@pytest.fixture
def bucket_away(monkeypatch):
    """The archive's place refuses."""

    def refuse(*given):
        raise OSError("the bucket is away")

    monkeypatch.setattr("tracker.archive.shelf.LocalShelf.put", refuse)
    return monkeypatch


def health():
    return json.loads(Client().get("/healthz").content)["components"]["archive"]


def command(**options):
    told = StringIO()
    words = [
        f"--{name.replace('_', '-')}" + ("" if value is True else f"={value}")
        for name, value in options.items()
    ]
    call_command("archive", *words, stdout=told)
    return told.getvalue()


def settings_page(client, environment):
    """The settings page's facts by name, and its text."""
    client.post(reverse("console_environment"), {"environment": environment.public_id})
    html = client.get(reverse("console_settings")).content.decode()
    page = Page(html)
    assert page.faults == []
    return dict(re.findall(r"<dt>(.*?)</dt><dd>(.*?)</dd>", html)), page.text


def test_the_settings_page_says_how_the_archive_stands(folder, vans, customer, signed_in, bucket_away):
    client = signed_in(customer.owner)
    facts, _ = settings_page(client, customer.test)
    assert (facts["Last archived day"], facts["Days waiting"]) == ("none yet", "none")
    store(vans[0], DAY)
    archive_due(now=NOW)
    facts, text = settings_page(client, customer.test)
    assert facts["Days waiting"] == f"1, since {DAY}"
    assert f"{DAY} could not be archived" in text
    assert "the bucket is away" not in text  # that is the operator's to know
    bucket_away.undo()
    archive_due(now=NOW)
    facts, text = settings_page(client, customer.test)
    assert (facts["Last archived day"], facts["Days"], facts["Positions"]) == (str(DAY), "1", "8")
    assert facts["Days waiting"] == "none"
    assert "could not be archived" not in text
    assert settings_page(client, customer.live)[0]["Last archived day"] == "none yet"


def test_the_settings_page_says_when_archiving_is_off(folder, vans, customer, signed_in, settings):
    settings.ARCHIVE = False
    assert "Archiving is switched off" in settings_page(signed_in(customer.owner), customer.test)[1]


def test_the_staffs_page_lists_days_of_all_tenants_and_what_failed(
    folder, vans, customer, bucket_away, signed_in
):
    store(vans[0], DAY)
    archive_due(now=NOW)
    staff = User.objects.create_superuser("staff@example.com", "correct-horse-battery-9")
    page = signed_in(staff).get(reverse("admin:archive")).content.decode()
    assert "OSError: the bucket is away" in page
    bucket_away.undo()
    archive_due(now=NOW)
    page = signed_in(staff).get(reverse("admin:archive")).content.decode()
    assert archived(customer.test, DAY).location in page
    assert "the bucket is away" not in page
    assert reverse("admin:archive") in signed_in(staff).get(reverse("admin:index")).content.decode()
    for wanted in (customer.live.public_id, customer.test.public_id, "env_nonsense"):
        answer = signed_in(staff).get(reverse("admin:archive"), {"environment": wanted})
        assert (archived(customer.test, DAY).location in answer.content.decode()) == (
            wanted != customer.live.public_id
        )
    assert signed_in(customer.member(Role.ADMIN)).get(reverse("admin:archive")).status_code == 302


def test_an_archive_that_falls_behind_is_told_by_healthz_and_is_no_outage(
    folder, vans, customer, bucket_away
):
    assert health() == {"status": "ok"}
    store(vans[0], DAY)
    archive_due(now=later(DAY))
    assert health()["status"] == "ok"  # one night may fail
    run = archive_due(now=later(DAY, 24 * 3 + 30))
    assert (run.failed, run.waiting_since) == (1, DAY)
    assert health() == {
        "status": "behind",
        "at": later(DAY, 24 * 3 + 30).timestamp(),
        "failed": 1,
        "waiting_since": str(DAY),
    }
    bucket_away.undo()
    archive_due(now=later(DAY, 24 * 3 + 31))
    assert health()["status"] == "ok"


def test_a_failure_is_told_until_the_day_is_well_whichever_way_it_gets_there(folder, vans, customer):
    """Only counting finds a day that lost rows, and that is done once a night."""
    store(vans[0], DAY, 150)
    archive_due(now=NOW)
    lost = list(Position.objects.for_environment(customer.test))
    Position.objects.for_environment(customer.test).delete()
    for exact in (True, False, False):
        assert archive_due(now=NOW, exact=exact).waiting_since == DAY
    assert trouble.trouble_of(customer.test.pk) is not None
    Position.objects.unscoped("a test puts them back").bulk_create(lost)
    assert archive_due(now=NOW, exact=False).failed == 0
    assert trouble.trouble_of(customer.test.pk) is None
    assert health()["status"] == "ok"


def test_the_command_does_what_the_tick_does_and_says_so(folder, vans, customer):
    store(vans[0], DAY)
    store(vans[0], day_before(3))
    assert command() == "2 days archived, 0 unchanged, 0 failed\n"
    assert command() == "0 days archived, 0 unchanged, 0 failed\n"


def test_the_command_does_one_day_of_one_environment(folder, vans, customer):
    store(vans[0], DAY)
    store(vans[0], day_before(3))
    name = customer.test.public_id
    assert command(environment=name, day=str(DAY)) == f"{name} {DAY}: archived\n"
    assert command(environment=name, day=str(DAY)) == f"{name} {DAY}: unchanged\n"
    assert command(environment=name, day=str(DAY), again=True) == f"{name} {DAY}: archived\n"
    assert command(since=str(day_before(2))) == ""
    assert command(since=str(DAY)) == f"{name} {day_before(3)}: archived\n"


@pytest.mark.parametrize(
    ("options", "told"),
    [
        ({"environment": "env_x"}, "no such id"),
        ({"environment": "env_" + "0" * 32}, "no such environment"),
        ({"day": str(day_before(-1))}, "not complete yet"),
        ({"again": True}, "need a --day"),
    ],
)
def test_the_command_refuses_what_makes_no_sense(folder, vans, options, told):
    with pytest.raises(CommandError, match=told):
        command(**options)


def test_the_command_fails_where_a_day_fails(folder, vans, customer, bucket_away):
    store(vans[0], DAY)
    with pytest.raises(CommandError, match=f"days wait since {DAY}"):
        command()
    with pytest.raises(CommandError, match="the bucket is away"):
        command(day=str(DAY))
