"""Two supervisors at once: without the lock both would move, with it the second is told."""

import threading
from contextlib import contextmanager

import pytest
from django.db import connections

from dispatch.manifests import overrides
from dispatch.manifests.conflicts import ChangedMeanwhile
from dispatch.manifests.desk import desk_of
from dispatch.manifests.models import ManifestOverride
from dispatch.manifests.moves import Move
from dispatch.shipments.authors import Author
from tests.dispatch.manifests.boards import DAY, LATER, Board, a_board
from tracker.tenants import scope

FIRST, SECOND = Author("member", "usr_" + "1" * 32, "First"), Author("member", "usr_" + "2" * 32, "Second")
WHY = {"reason_code": "load", "reason": "To share it out"}

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def board(transactional_db, customer) -> Board:
    with scope.scope(tenant_id=customer.tenant.pk, environment_id=customer.test.pk):
        return a_board(customer.test)


@contextmanager
def seen(board: Board):
    with scope.scope(tenant_id=board.environment.tenant_id, environment_id=board.environment.pk):
        yield


def at_once(board: Board, *asked: tuple[Author, list[Move]], expected: dict[str, int]) -> dict[str, object]:
    """Each in a thread and transaction of its own, let go together; what came of it by author."""
    gate = threading.Barrier(len(asked))
    came: dict[str, object] = {}

    def work(author: Author, moves: list[Move]) -> None:
        try:
            gate.wait()
            with seen(board):
                came[author.name] = overrides.apply(
                    board.environment.pk,
                    board.hub,
                    DAY,
                    moves,
                    expected=expected,
                    author=author,
                    now=LATER,
                    **WHY,
                )
        except ChangedMeanwhile as error:
            came[author.name] = error
        finally:
            connections.close_all()

    threads = [threading.Thread(target=work, args=one) for one in asked]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return came


def one_won(board: Board, came: dict[str, object]) -> tuple[ManifestOverride, ChangedMeanwhile]:
    [won] = [one for one in came.values() if isinstance(one, ManifestOverride)]
    [lost] = [one for one in came.values() if isinstance(one, ChangedMeanwhile)]
    assert won.author["name"] in str(lost)
    with seen(board):
        assert ManifestOverride.objects.for_environment(board.environment).count() == 1
    return won, lost


def test_of_two_who_move_different_stops_of_one_driver_the_second_is_told(board):
    with seen(board):
        first, second, _ = board.order(board.asha)
        looked = board.seen(board.asha, board.ravi)
    to = board.ravi.public_id
    came = at_once(board, (FIRST, [Move(first, to)]), (SECOND, [Move(second, to)]), expected=looked)
    won, _ = one_won(board, came)
    with seen(board):
        assert [won.after["moved"][0]["shipment"]] == board.order(board.ravi)[3:]
        assert len(board.order(board.asha)) == 2


def test_of_two_who_give_an_idle_driver_a_first_stop_one_makes_the_manifest(board):
    with seen(board):
        looked = board.seen(board.meera)
    to = board.meera.public_id
    came = at_once(
        board, (FIRST, [Move(board.tray[0], to)]), (SECOND, [Move(board.tray[1], to)]), expected=looked
    )
    one_won(board, came)
    with seen(board):
        assert len(board.order(board.meera)) == 1


def test_without_the_lock_both_would_have_moved(board, monkeypatch):
    """The race that the lock is there for: both read the same revision before either writes."""
    with seen(board):
        first, second, _ = board.order(board.asha)
        looked = board.seen(board.asha, board.ravi)
    both_read = threading.Barrier(2)
    real = desk_of

    def read_together(*args, **facts):
        found = real(*args, **facts)
        both_read.wait(timeout=60)
        return found

    monkeypatch.setattr(overrides, "_lock", lambda *args: None)
    monkeypatch.setattr(overrides, "desk_of", read_together)
    to = board.ravi.public_id
    came = at_once(board, (FIRST, [Move(first, to)]), (SECOND, [Move(second, to)]), expected=looked)
    assert {name: type(one) for name, one in came.items()} == {
        "First": ManifestOverride,
        "Second": ManifestOverride,
    }
