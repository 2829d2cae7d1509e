"""The front's master dies: its workers must not stay behind and hold the port, nor pass for a product that runs."""

import signal
import urllib.request
from functools import partial

import pytest
from box.ports import holder_of
from box.throwaway import Throwaway

from tests.e2e.waiting import until

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(400)]


def test_a_killed_front_comes_back_and_leaves_nothing_behind():
    stack = Throwaway(with_fleet=False)
    port = stack.settings.number("MILEPOST_PORT")
    try:
        stack.up()
        for _ in range(2):
            before = stack.kill("nginx", signal.SIGKILL)
            until(partial(_is_back, stack, before), timeout_s=30)
            stack.wait_healthy(30)
            assert stack.absent() == []
            with urllib.request.urlopen(f"{stack.base_url}/", timeout=10) as answer:
                assert answer.status == 200
        stack.kill("nginx", signal.SIGKILL)  # and down comes in between
    finally:
        stack.down()
    assert holder_of(port) == ""


def _is_back(stack: Throwaway, killed: int) -> bool:
    return stack.pid("nginx") not in {0, killed}
