"""A fleet that reports: steadily, over few connections, past a door that is away, and gone when told."""

import signal
import subprocess
import sys
import threading
import time

from tests.e2e.waiting import until
from tracker.replay.posting import Address, Refused, Tally
from tracker.simulation.city import CITIES, build
from tracker.simulation.phone import phones
from tracker.simulation.reporting import Fleet
from tracker.simulation.vehicles import fleet


def running(door, count=12, interval_s=0.05, **given):
    made = phones(fleet(count, city="pune", seed=1), build(CITIES["pune"], seed=1), seed=1)
    stop = threading.Event()
    refusals: list[Refused] = []
    address = Address(given.get("url") or door.url, "pk_test_x")
    reporting = Fleet(made, address, interval_s, Tally(), stop, refusals.append)
    thread = threading.Thread(target=reporting.run, daemon=True)
    thread.start()
    return reporting, thread, refusals


def end(reporting, thread):
    reporting.stop.set()
    thread.join(2)
    assert not thread.is_alive()


def test_every_vehicle_reports_with_its_name_over_one_connection(door):
    reporting, thread, _ = running(door)
    until(lambda: len(door.taken) == 12 and door.count > 60)
    end(reporting, thread)
    assert door.connections == 1
    vehicle = reporting.phones[0].vehicle
    assert door.info[vehicle.device_id] == vehicle.info()
    times = [fix["recorded_at"] for fix in door.taken[vehicle.device_id]]
    assert times == sorted(set(times))


def test_what_a_phone_could_not_deliver_comes_later_and_in_order(door):
    door.next_answers.extend([503] * 4)
    reporting, thread, _ = running(door, count=3)
    until(lambda: door.count > 40)
    end(reporting, thread)
    assert reporting.tally.retries == 4
    largest = max(door.taken.values(), key=len)
    times = [fix["recorded_at"] for fix in largest]
    assert times == sorted(set(times))


def test_a_refused_key_ends_it_with_the_reason(door):
    door.next_answers.append(401)
    reporting, thread, refusals = running(door, count=1)
    until(lambda: refusals)
    assert "said 401" in str(refusals[0])
    end(reporting, thread)


def test_the_command_ends_at_once_when_told_though_the_door_is_away(door, tmp_path):
    program = subprocess.Popen(
        [
            sys.executable,
            "manage.py",
            "simulate",
            "--devices",
            "5",
            "--key",
            "pk_test_x",
            "--base-url",
            door.url,
        ],
        stdout=subprocess.PIPE,
        text=True,
    )
    until(lambda: door.count > 0, timeout_s=30)
    door.next_answers.extend([503] * 1000)
    begun = time.monotonic()
    program.send_signal(signal.SIGTERM)
    assert program.wait(5) == 0
    assert time.monotonic() - begun < 2
    assert "5 vehicles in pune report to" in program.communicate()[0]
