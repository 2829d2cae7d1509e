"""The board's page, what its script asks for, its form without a script; who may see and who may move."""

import pytest
from django.utils import timezone

from dispatch.manifests.models import ManifestOverride
from dispatch.shipments.models import ShipmentState
from tests.dispatch.manifests.boards import LATER, Board, a_board
from tests.tracker.caller import problem
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


def test_an_override_that_does_not_say_what_was_looked_at_is_refused_by_name(board, api):
    moves = {"shipment": board.tray[0], "to": board.ravi.public_id}
    without = api.post("/api/v1/overrides", asked(board, moves) | WHY)
    problem(without, 400, "invalid_body", "/expected")
    ravi = board.manifest(board.ravi)
    forgot = problem(
        api.post("/api/v1/overrides", asked(board, moves, expected={}) | WHY), 400, "bad_expected"
    )
    assert board.ravi.public_id in forgot
    idle = {"shipment": board.tray[0], "to": board.meera.public_id}
    forgot = problem(
        api.post("/api/v1/overrides", asked(board, idle, expected={}) | WHY), 400, "bad_expected"
    )
    assert f"{board.meera.public_id} with 0" in forgot
    old = asked(board, moves, expected={ravi.public_id: ravi.revision - 1}) | WHY
    problem(api.post("/api/v1/overrides", old), 409, "changed_meanwhile")


def test_names_that_nobody_has_and_another_day_are_no_change_that_somebody_made(board, api):
    seen, ravi = board.seen(board.ravi), board.ravi.public_id
    [manifest] = seen
    nobody = "0" * 32

    def said(status, code, moves, expected=seen, **more):
        answer = api.post("/api/v1/overrides", asked(board, moves, expected=expected) | WHY | more)
        return problem(answer, status, code)

    assert "shp_" + nobody in said(404, "not_found", {"shipment": "shp_" + nobody, "to": ravi})
    assert "drv_x" in said(404, "not_found", {"shipment": board.tray[0], "to": "drv_x"})
    before = {"shipment": board.tray[0], "to": ravi, "before": "shp_" + nobody}
    assert "shp_" + nobody in said(404, "not_found", before)
    fine = {"shipment": board.tray[0], "to": ravi}
    assert "drv_" + nobody in said(404, "not_found", fine, seen | {"drv_" + nobody: 0})
    assert "mft_" + nobody in said(404, "not_found", fine, seen | {"mft_" + nobody: 1})
    assert manifest in said(400, "bad_expected", fine, date="2026-05-05")
    assert not ManifestOverride.objects.for_environment(board.environment).exists()


def test_what_nobody_has_says_whether_its_place_is_doubtful(board, browser):
    rows = ShipmentState.objects.for_environment(board.environment).filter(shipment__uid=board.tray[0][4:])
    rows.update(place_doubtful=True)
    facts = browser.get(f"/console/dispatch/board/document/{query(board)}").json()
    assert {one["shipment"]: one["doubtful"] for one in facts["tray"]} == {
        board.tray[0]: True,
        board.tray[1]: False,
    }
