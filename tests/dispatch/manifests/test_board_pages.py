"""The board's page, what its script asks for, its form without a script; who may see and who may move."""

import pytest
from django.utils import timezone

from dispatch.manifests.models import ManifestOverride
from tests.dispatch.manifests.boards import LATER, Board, a_board
from tests.tracker.pages import Page
from tracker.tenants.models import Role

WHY = {"reason_code": "knows_the_place", "reason": "Ravi has the key"}


@pytest.fixture
def board(box, monkeypatch) -> Board:
    found = a_board(box)
    monkeypatch.setattr(timezone, "now", lambda: LATER)
    return found


@pytest.fixture
def browser(customer, signed_in):
    return signed_in(customer.owner)


def query(board: Board) -> str:
    return f"?hub={board.hub.public_id}&date=2026-05-04"


def asked(board: Board, *moves: dict, **more) -> dict:
    return {"hub": board.hub.public_id, "date": "2026-05-04", "moves": list(moves), **more}


def test_the_page_has_no_faults_and_the_script_its_values(board, browser):
    page = Page(browser.get(f"/console/dispatch/board/{query(board)}").content.decode())
    assert page.faults == []
    assert "Pune East" in page.text
    assert board.asha.public_id in page.html, "without a script each driver opens into stops"


def test_the_document_holds_drivers_stops_tray_and_times(board, browser):
    facts = browser.get(f"/console/dispatch/board/document/{query(board)}").json()
    asha = next(one for one in facts["drivers"] if one["name"] == "Asha")
    assert [stop["shipment"] for stop in asha["stops"]] == board.order(board.asha)
    assert asha["shift"][0] < asha["shift"][1]
    assert {one["shipment"] for one in facts["tray"]} == set(board.tray)
    assert facts["range"][0] <= asha["stops"][0]["at"] <= facts["range"][1]


def test_a_move_is_weighed_made_and_taken_back(board, browser):
    [first, *_] = board.order(board.asha)
    moves = {"shipment": first, "to": board.ravi.public_id, "before": None}
    content = {"content_type": "application/json"}
    weighed = browser.post("/console/dispatch/board/preview/", asked(board, moves), **content).json()
    assert weighed["after"]["total"] > weighed["before"]["total"]
    looked = board.seen(board.asha, board.ravi)
    body = asked(board, moves, expected=looked)
    refused = browser.post("/console/dispatch/board/apply/", body, **content)
    assert (refused.status_code, refused.json()["code"]) == (400, "reason_required")
    made = browser.post("/console/dispatch/board/apply/", body | WHY, **content)
    assert made.status_code == 200, made.content
    assert first in board.order(board.ravi)
    late = browser.post("/console/dispatch/board/apply/", body | WHY, **content)
    assert (late.status_code, late.json()["code"]) == (409, "changed_meanwhile")
    assert "Ravi has the key" in late.json()["changes"][0]["says"]
    address = f"/console/dispatch/board/undo/{made.json()['id']}/"
    assert browser.post(address, {"reason": "He is full"}, **content).status_code == 200
    assert first in board.order(board.asha)


def test_a_viewer_looks_and_moves_nothing(board, customer, signed_in):
    viewer = signed_in(customer.member(Role.VIEWER))
    assert viewer.get(f"/console/dispatch/board/{query(board)}").status_code == 200
    for address in ("preview/", "apply/", f"move/{board.tray[0]}/"):
        answer = viewer.post(
            f"/console/dispatch/board/{address}", asked(board), content_type="application/json"
        )
        assert answer.status_code == 403
    assert not ManifestOverride.objects.for_environment(board.environment).exists()


def test_without_a_script_a_form_weighs_and_moves(board, browser):
    address = f"/console/dispatch/board/move/{board.tray[0]}/"
    page = Page(browser.get(address + query(board)).content.decode())
    assert page.faults == []
    weighed = Page(browser.get(f"{address}{query(board)}&to={board.meera.public_id}").content.decode())
    assert "It breaks no rule" in weighed.text
    sent = {
        values["name"]: values.get("value", "")
        for values in weighed.of("input")
        if values.get("type") == "hidden" and values["name"] != "csrfmiddlewaretoken"
    }
    assert browser.post(address, sent | {"apply": "1"}).status_code == 200
    assert board.order(board.meera) == []
    assert browser.post(address, sent | {"apply": "1"} | WHY).status_code == 302
    assert board.order(board.meera) == [board.tray[0]]
    again = browser.post(f"/console/dispatch/board/move/{board.tray[1]}/", sent | {"apply": "1"} | WHY)
    assert again.status_code == 409
    assert "changed by" in again.content.decode()


def test_a_hub_or_day_that_is_not_there_is_a_404(board, browser):
    assert browser.get("/console/dispatch/board/?hub=hub_" + "0" * 32).status_code == 404
    assert browser.get(f"/console/dispatch/board/{query(board)[:-4]}ever").status_code == 404


def test_without_a_hub_the_page_says_what_to_do(box, browser):
    assert "No hub yet" in browser.get("/console/dispatch/board/").content.decode()


def test_the_api_moves_with_a_key_and_lists_what_was_moved(board, api):
    moves = {"shipment": board.tray[0], "to": board.meera.public_id}
    body = asked(board, moves, expected=board.seen(board.meera)) | WHY
    weighed = api.post("/api/v1/overrides/preview", asked(board, moves))
    assert weighed.status_code == 200, weighed.content
    made = api.post("/api/v1/overrides", body)
    assert made.status_code == 201, made.content
    assert api.get("/api/v1/overrides").json()["data"][0]["id"] == made.json()["id"]
    one = api.get(f"/api/v1/overrides/{made.json()['id']}").json()
    assert (one["author"]["kind"], one["kind"]) == ("key", "add")
    assert api.post("/api/v1/overrides", body).status_code == 409
    undone = api.post(f"/api/v1/overrides/{one['id']}/undo", {"reason": "No"})
    assert (undone.status_code, undone.json()["undoes"]) == (201, one["id"])
    wrong = api.post("/api/v1/overrides", asked(board, {"shipment": 3, "to": None}))
    assert (wrong.status_code, wrong.json()["param"]) == (400, "/moves/0/shipment")
