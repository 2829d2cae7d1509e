"""A port that is taken: refused with its number, its holder and the way out."""

import socket

import pytest
from box.ports import free_port, refuse_if_taken
from box.say import Refusal


def test_a_free_port_is_no_matter() -> None:
    refuse_if_taken("127.0.0.1", free_port(), "MILEPOST_PORT", "its web address")


def test_a_taken_port_is_refused_with_holder_and_variable() -> None:
    with socket.socket() as holder:
        holder.bind(("127.0.0.1", 0))
        holder.listen()
        port = holder.getsockname()[1]
        with pytest.raises(Refusal) as refused:
            refuse_if_taken("127.0.0.1", port, "MILEPOST_PORT", "its web address")
    assert f"port {port} on 127.0.0.1" in str(refused.value)
    assert "(process " in str(refused.value)
    assert "MILEPOST_PORT=" in refused.value.next_step


def test_a_number_beyond_all_ports_is_refused() -> None:
    with pytest.raises(Refusal, match="they end at 65535"):
        refuse_if_taken("127.0.0.1", 70_000, "MILEPOST_PORT", "its web address")
