"""Dead letters as customers, staff and operators see them, and what asking for a redrive does."""

import io
import threading
from datetime import UTC, datetime, timedelta

import pytest
from django.core.management import CommandError, call_command
from django.db import connection
from django.urls import reverse
from django.utils import timezone

from tests.tracker.caller import problem
from tests.tracker.conftest import PASSWORD
from tests.tracker.letters.letter import a_letter
from tests.tracker.pages import Page, nasty
from tracker.ingestion.models import DeadLetter
from tracker.letters.contents import contents_of, readable_text
from tracker.letters.selectors import Narrowing, State, letters_of, public_letter_id, state_of
from tracker.letters.services import ask
from tracker.tenants import scope
from tracker.tenants.models import Role, User

BROKEN = "store_positions: ValueError"


def again(letter):
    return DeadLetter.objects.unscoped("test").get(pk=letter.pk)


def request_of(letter):
    assert letter.request_id is not None
    return f"req_{letter.request_id.hex}"


def redriven(letter):
    letter.redrive_asked_at = letter.redriven_at = timezone.now()
    letter.save()
    return letter


# --- asking ---


def test_asking_twice_is_asking_once(customer):
    letter, now = a_letter(customer.test), timezone.now()
    assert ask(letters_of(customer.test), now=now) == 1
    assert ask(letters_of(customer.test), now=now + timedelta(seconds=1)) == 0
    assert again(letter).redrive_asked_at == now


def test_a_letter_that_failed_again_can_be_asked_for_anew_and_loses_its_error(customer):
    letter = a_letter(customer.test, redrive_error="ValueError: still")
    assert state_of(letter) is State.FAILED
    assert ask(letters_of(customer.test), now=timezone.now()) == 1
    assert state_of(again(letter)) is State.ASKED
    assert again(letter).redrive_error == ""


def test_a_redriven_letter_stays_as_it_is(customer):
    letter = redriven(a_letter(customer.test))
    assert ask(letters_of(customer.test), now=timezone.now()) == 0
    assert state_of(again(letter)) is State.REDRIVEN


def test_narrowing_asks_for_those_alone(customer, rival):
    old = a_letter(customer.test, lane="loc:1")
    DeadLetter.objects.unscoped("test").filter(pk=old.pk).update(
        created_at=timezone.now() - timedelta(days=2)
    )
    other = a_letter(customer.test, reason="judge_batch: KeyError")
    plain = a_letter(customer.test)
    a_letter(customer.live)
    a_letter(rival.test)
    yesterday = timezone.now() - timedelta(days=1)
    for narrowing, expected in [
        (Narrowing(reason="judge_batch: KeyError"), {other.pk}),
        (Narrowing(lane="loc:1"), {old.pk}),
        (Narrowing(until=yesterday), {old.pk}),
        (Narrowing(since=yesterday), {other.pk, plain.pk}),
        (Narrowing(state="waiting"), {old.pk, other.pk, plain.pk}),
        (Narrowing(state="redriven"), set()),
        (Narrowing(state="nonsense"), set()),
    ]:
        assert set(letters_of(customer.test, narrowing).values_list("pk", flat=True)) == expected, narrowing


# --- what is in it ---


def test_a_record_is_shown_in_the_form_its_sender_knows(customer):
    text = readable_text(contents_of(a_letter(customer.test, refused=True)))
    assert '"device_id": "van-1"' in text
    assert '"latitude": 52.37' in text
    assert '"accuracy_m": 5.0' in text
    assert '"bad_latitude"' in text
    assert "recorded_at_us" not in text


def test_bytes_nobody_can_read_are_shown_escaped():
    found = contents_of(DeadLetter(payload=b"\x00\xff<script>"))
    assert found.document is None
    assert "not a readable envelope" in readable_text(found)
    assert r"\x00\xff<script>" in readable_text(found)


# --- the API ---


def test_the_api_lists_letters_newest_first_and_says_nothing_of_our_insides(api, customer, rival):
    first, second = a_letter(customer.test), a_letter(customer.test, device="van-2")
    a_letter(rival.test)
    a_letter(None)
    page = api.json("dead-letters", limit=1)
    [shown] = page["data"]
    assert shown["id"] == public_letter_id(second)
    assert (shown["state"], shown["reason"], shown["device"], shown["reports"]) == (
        "waiting",
        BROKEN,
        "van-2",
        1,
    )
    assert shown["payload"]["positions"][0]["latitude"] == 52.37
    assert shown["request_id"] == request_of(second)
    assert "4711" not in str(page)
    rest = api.json("dead-letters", cursor=page["next_cursor"])
    assert [one["id"] for one in rest["data"]] == [public_letter_id(first)]
    assert rest["next_cursor"] is None


def test_the_api_narrows_by_state_reason_and_time(api, customer):
    a_letter(customer.test)
    redriven(a_letter(customer.test))
    a_letter(customer.test, reason="judge_batch: KeyError")
    assert len(api.json("dead-letters", state="redriven")["data"]) == 1
    assert len(api.json("dead-letters", reason="judge_batch: KeyError")["data"]) == 1
    assert api.json("dead-letters", to="2020-01-01T00:00:00Z")["data"] == []
    problem(api.get("dead-letters", state="lost"), 400, "invalid_parameter", "state")


def test_the_api_asks_for_one_and_says_where_it_stands(api, customer):
    letter, other = a_letter(customer.test), a_letter(customer.test)
    for _ in range(2):
        answer = api.send("POST", f"dead-letters/{public_letter_id(letter)}/redrive")
        assert answer.status_code == 202
        assert answer.json()["state"] == "asked"
    assert state_of(again(other)) is State.WAITING
    done = redriven(other)
    assert api.send("POST", f"dead-letters/{public_letter_id(done)}/redrive").json()["state"] == "redriven"


@pytest.mark.parametrize(
    "letter", ["dlt_", "dlt_00", "dlt_" + "0" * 48, "dev_" + "0" * 48, "x" * 300, "dlt_é"]
)
def test_an_id_that_is_none_is_not_found(api, letter):
    problem(api.send("POST", f"dead-letters/{letter}/redrive"), 404, "not_found")


def test_another_customers_letter_is_not_found_and_not_touched(api, rival):
    letter = a_letter(rival.test)
    problem(api.send("POST", f"dead-letters/{public_letter_id(letter)}/redrive"), 404, "not_found")
    assert state_of(again(letter)) is State.WAITING


# --- the console ---


def test_the_page_shows_letters_and_their_contents_and_for_viewers_no_buttons(customer, signed_in):
    letter = a_letter(customer.test)
    a_letter(customer.live, device="elsewhere")
    a_letter(None, device="nobodys")
    for role, may in ((Role.VIEWER, False), (Role.ADMIN, True)):
        html = signed_in(customer.member(role)).get(reverse("console_letters")).content.decode()
        page = Page(html)
        assert page.faults == []
        assert "Our processing broke while writing the positions (ValueError)." in page.text
        assert request_of(letter) in page.text
        assert "52.37" in page.text
        for hidden in ("elsewhere", "nobodys", "4711"):
            assert hidden not in html
        assert (reverse("console_letter_redrive", args=[public_letter_id(letter)]) in html) is may


def test_one_button_asks_for_one_another_for_a_reason_a_third_for_all(customer, rival, signed_in):
    letters = [
        a_letter(customer.test),
        a_letter(customer.test, reason="judge_batch: KeyError"),
        a_letter(customer.test),
    ]
    others = [a_letter(customer.live), a_letter(rival.test), a_letter(None)]
    browser = signed_in(customer.owner)
    browser.post(reverse("console_letter_redrive", args=[public_letter_id(letters[0])]))
    assert [state_of(again(one)).value for one in letters] == ["asked", "waiting", "waiting"]
    answer = browser.post(
        reverse("console_letters_redrive_all"), {"reason": "judge_batch: KeyError"}, follow=True
    )
    assert "One dead letter is driven again now." in answer.content.decode()
    assert [state_of(again(one)).value for one in letters] == ["asked", "asked", "waiting"]
    browser.post(reverse("console_letters_redrive_all"))
    assert {state_of(again(one)) for one in letters} == {State.ASKED}
    assert {state_of(again(one)) for one in others} == {State.WAITING}
    answer = browser.post(reverse("console_letters_redrive_all"), follow=True)
    assert "Nothing was waiting" in answer.content.decode()


def test_nasty_contents_and_reasons_are_shown_as_the_text_they_are(customer, signed_in):
    for text in nasty(60):
        a_letter(customer.test, device=text, reason=text[:200])
    browser, address = signed_in(customer.owner), reverse("console_letters")
    seen = 0
    while address:
        page = Page(browser.get(address).content.decode())
        assert page.faults == []
        seen += 1
        links = [v["href"] for v in page.of("a") if v.get("rel") == "next"]
        address = reverse("console_letters") + links[0] if links else ""
    assert seen > 1


# --- the staff's admin ---


@pytest.fixture
def staff(db, signed_in):
    return signed_in(User.objects.create_superuser("staff@example.com", PASSWORD))


def test_staff_ask_for_selected_letters_those_of_nobody_among_them(staff, customer):
    letters = [a_letter(customer.test), a_letter(None), a_letter(customer.live)]
    address = reverse("admin:tracker_deadletter_changelist")
    staff.post(address, {"action": "redrive", "_selected_action": [letters[0].pk, letters[1].pk]})
    scope.enter(unscoped="test")
    assert [state_of(again(one)).value for one in letters] == ["asked", "asked", "waiting"]


def test_staff_ask_for_all_without_selecting_any(staff, customer, rival):
    letters = [a_letter(customer.test), a_letter(None), a_letter(rival.test)]
    answer = staff.post(
        reverse("admin:tracker_deadletter_changelist"), {"action": "redrive_all"}, follow=True
    )
    assert "3 asked for" in answer.content.decode()
    scope.enter(unscoped="test")
    assert {state_of(again(one)) for one in letters} == {State.ASKED}


def test_staff_read_the_record_decoded_and_the_whole_error(staff, customer):
    letter = a_letter(customer.test)
    html = staff.get(reverse("admin:tracker_deadletter_change", args=[letter.pk])).content.decode()
    assert "row 4711 of nobody" in html
    assert "52.37" in html


# --- the command ---


def run(*arguments):
    out = io.StringIO()
    call_command("redrive", *arguments, stdout=out)
    return out.getvalue()


@pytest.fixture
def consumer(transactional_db, monkeypatch):
    """Stands in for the edge: closes asked letters as soon as the command looks, all but those that break again."""

    def sleep(seconds):
        rows = DeadLetter.objects.unscoped("test").filter(redrive_asked_at__isnull=False, redriven_at=None)
        rows.filter(reason="still broken").update(
            redrive_asked_at=None, redrive_error="KeyError: 'x'\nand more"
        )
        rows.update(redriven_at=timezone.now())

    monkeypatch.setattr("tracker.management.commands.redrive.time.sleep", sleep)


@pytest.mark.django_db(transaction=True)
def test_the_command_asks_waits_and_prints_how_each_ended(customer, rival, consumer):
    a_letter(customer.test)
    a_letter(rival.test, fixes=3)
    bad = a_letter(None, reason="still broken")
    told = run("--all")
    assert "3 asked for." in told
    assert f"{bad.pk}  still broken  no environment  {request_of(bad)}; the redrive: KeyError: 'x'" in told
    assert told.endswith("2 redriven (4 reports), 1 not.\n")


@pytest.mark.django_db(transaction=True)
def test_the_command_narrows_and_can_say_beforehand_what_it_would_do(customer, rival, consumer):
    mine, other = a_letter(customer.test), a_letter(rival.test)
    environment = customer.test.public_id
    assert str(mine.pk) in run("--environment", environment, "--dry-run")
    assert state_of(again(mine)) is State.WAITING
    assert "1 redriven" in run("--id", request_of(mine), "--reason", BROKEN)
    assert state_of(again(other)) is State.WAITING
    assert "No dead letter waits" in run("--environment", environment)
    assert "1 redriven" in run("--id", str(other.pk))


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        ([], "Say --all"),
        (["--all", "--reason", "x"], "Say --all"),
        (["--environment", "env_x"], "env_"),
        (["--environment", "env_" + "0" * 32], "There is no environment"),
        (["--id", "dev_1"], "request id"),
        (["--since", "soon"], "is no time"),
    ],
)
def test_the_command_refuses_what_it_cannot_mean(db, arguments, says):
    with pytest.raises(CommandError, match=says):
        run(*arguments)


@pytest.mark.django_db(transaction=True)
def test_without_a_consumer_the_command_says_so(customer):
    a_letter(customer.test)
    with pytest.raises(CommandError, match="1 still wait after 0 s. Does a consumer run"):
        run("--all", "--wait", "0")


# --- two at once ---


@pytest.mark.django_db(transaction=True)
def test_of_many_that_ask_at_once_one_has_asked(customer):
    for _ in range(20):
        a_letter(customer.test)
    counts = []

    def work():
        counts.append(ask(letters_of(customer.test), now=datetime.now(UTC)))
        connection.close()

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sum(counts) == 20
