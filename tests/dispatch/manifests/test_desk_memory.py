"""Previews remember a hub's day for some seconds, and never longer than it stays as it was."""

from datetime import timedelta

from dispatch.manifests import desk_memory
from dispatch.manifests.desk import desk_of
from dispatch.manifests.desk_memory import recent_desk
from dispatch.manifests.issuing import touch
from tests.dispatch.manifests.boards import DAY, LATER, a_board


def test_a_day_is_read_once_for_many_previews_and_again_when_a_manifest_or_the_clock_moves(box, monkeypatch):
    board, reads = a_board(box), []

    def counted(*args, **facts):
        reads.append(1)
        return desk_of(*args, **facts)

    monkeypatch.setattr(desk_memory, "desk_of", counted)

    def look(at=LATER):
        return recent_desk(box.pk, board.hub, service_date=DAY, now=at)

    first = look()
    assert look(LATER + timedelta(seconds=10)) is first
    touch(board.manifest(board.asha))
    changed = look()
    assert changed is not first
    assert changed.revision(board.asha.public_id) == first.revision(board.asha.public_id) + 1
    look(LATER + timedelta(seconds=16))
    assert len(reads) == 3
