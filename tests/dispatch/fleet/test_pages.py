"""The fleet's pages and the day's page as people use them: owner, supervisor, viewer, and who sees only some hubs."""

from datetime import timedelta

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.template.loader import render_to_string
from django.test import RequestFactory
from django.urls import reverse
from django.utils import timezone

from dispatch.fleet.models import Driver, Hub, Shift, ShiftChange, Vehicle, VehicleHolding
from dispatch.fleet.services import give_device, give_vehicle
from tests.architecture.sources import PROJECT
from tests.dispatch.fleet.ground import a_driver, a_hub, a_manifest, a_shift, a_shipment, a_stop, a_vehicle
from tests.tracker.pages import Page, a_device, naughty
from tracker.geofences.models import Geofence, MembershipGeofence
from tracker.tenants import scope
from tracker.tenants.models import Membership, Role

NAVIGATION = ("console_dispatch", "console_drivers", "console_vehicles", "console_hubs")


@pytest.fixture
def owner(customer, signed_in):
    return signed_in(customer.owner)


@pytest.fixture
def fleet(customer, box):
    """West above Pune; Asha with a bike and a phone, out on a manifest."""
    west = a_hub(box, "West", kind="region")
    pune = a_hub(box, "Pune", west, kind="centre")
    asha, bike, phone = (
        a_driver(pune),
        a_vehicle(box, hub=pune),
        a_device(box, "phone-1", age=timedelta(minutes=1)),
    )
    now = timezone.now()
    a_shift(asha, "00:00", "23:59")
    give_vehicle(asha, bike, now)
    give_device(asha, phone, now)
    manifest = a_manifest(asha, service_date=now.date(), distance_m=12_345, duration_s=7200)
    for place, state in enumerate(["delivered", "planned"], 1):
        facts = {"finished_at": now} if state == "delivered" else {}
        a_stop(manifest, a_shipment(pune), place, state=state, **facts)
    return {"west": west, "pune": pune, "asha": asha, "bike": bike, "phone": phone}


def page_of(client, path, status=200):
    answer = client.get(path)
    assert answer.status_code == status, answer.content[:400]
    page = Page(answer.content.decode())
    assert page.faults == []
    return page


def addresses(fleet):
    return [
        *(reverse(name) for name in NAVIGATION),
        reverse("console_hub_new"), reverse("console_driver_new"), reverse("console_vehicle_new"),
        reverse("console_fleet_import"), reverse("console_hub", args=[fleet["pune"].public_id]),
        reverse("console_driver", args=[fleet["asha"].public_id]),
        reverse("console_vehicle", args=[fleet["bike"].public_id]),
    ]  # fmt: skip


def test_every_page_is_sound_for_everybody_who_may_see_it(owner, customer, fleet, signed_in):
    for path in addresses(fleet):
        page_of(owner, path)
    for role in (Role.SUPERVISOR, Role.VIEWER):
        client = signed_in(customer.member(role))
        for path in addresses(fleet):
            status = 403 if "new" in path or "import" in path else 200
            assert client.get(path).status_code == status, (role, path)


def test_pages_without_anything_lead_to_the_first_hub(owner):
    for name in NAVIGATION:
        assert "No " in page_of(owner, reverse(name)).text


def test_the_day_shows_figures_at_once(owner, fleet):
    page = page_of(owner, reverse("console_dispatch") + f"?date={timezone.now().date()}")
    assert "1 of 2" in page.text
    assert "12.3\xa0km" in page.text
    below = page_of(owner, reverse("console_dispatch") + f"?hub={fleet['pune'].public_id}&date=nonsense")
    assert "Pune" in below.text


def test_the_tree_shows_what_subtrees_hold(owner, fleet):
    text = page_of(owner, reverse("console_hubs")).text
    assert "West" in text
    assert "1 of 1" in text


def test_a_hub_is_made_changed_moved_and_ended(owner, customer, box):
    made = owner.post(
        reverse("console_hub_new"), {"name": "West", "kind": "region", "timezone": "Asia/Kolkata"}
    )
    west = Hub.objects.for_environment(box).get()
    assert made["Location"] == reverse("console_hub", args=[west.public_id])
    body = {
        "name": "Pune",
        "kind": "centre",
        "parent": west.public_id,
        "latitude": "18.52",
        "longitude": "73.85",
    }
    owner.post(reverse("console_hub_new"), body)
    pune = Hub.objects.for_environment(box).get(name="Pune")
    assert (pune.parent_id, pune.timezone, pune.latitude) == (west.pk, "Asia/Kolkata", 18.52)
    changed = owner.post(
        reverse("console_hub", args=[pune.public_id]),
        body | {"name": "Pune 2", "parent": "", "timezone": "Asia/Kolkata"},
    )
    assert changed.status_code == 302
    wrong = owner.post(reverse("console_hub", args=[pune.public_id]), body | {"longitude": "east"})
    assert "must be a number" in wrong.content.decode()
    owner.post(reverse("console_hub_retire", args=[pune.public_id]))
    pune.refresh_from_db(from_queryset=Hub.objects.for_environment(box))
    assert pune.retired_at is not None
    assert pune.name == "Pune 2"


def test_shifts_days_off_and_handovers_are_set_on_the_drivers_page(owner, box, fleet):
    asha = fleet["asha"].public_id
    here = reverse("console_driver", args=[asha])
    hours = {
        "weekdays": ["1", "2"],
        "starts": "22:00",
        "ends": "06:00",
        "break_from": "01:00",
        "break_to": "03:00",
    }
    assert (
        owner.post(reverse("console_driver_shift", args=[asha]), hours | {"break_minutes": "30"})["Location"]
        == here
    )
    shift = Shift.objects.for_environment(box).get(starts="22:00")
    assert (shift.weekdays, shift.breaks[0]["duration_s"]) == ([1, 2], 1800)
    assert "22:00 to 06:00 (+1)" in page_of(owner, here).text
    refused = owner.post(reverse("console_driver_shift", args=[asha]), hours | {"ends": "22:00"})
    assert "no length" in refused.content.decode()
    owner.post(reverse("console_driver_shift_end", args=[asha, shift.public_id]))
    assert not Shift.objects.for_environment(box).filter(pk=shift.pk).exists()
    today = str(timezone.now().date() + timedelta(days=1))
    owner.post(reverse("console_driver_change", args=[asha]), {"date": today, "reason": "ill"})
    change = ShiftChange.objects.for_environment(box).get()
    assert "absent" in page_of(owner, here).text
    owner.post(reverse("console_driver_change_end", args=[asha, change.public_id]))
    assert ShiftChange.objects.for_environment(box).count() == 0
    owner.post(reverse("console_driver_handover", args=[asha]), {"vehicle": ""})
    owner.post(reverse("console_driver_handover", args=[asha]), {"device": "nobody"})
    assert VehicleHolding.objects.for_environment(box).filter(until=None).count() == 0
    assert "phone-1" in page_of(owner, here).text


def test_who_is_limited_meets_only_hubs_in_sight_and_what_is_theirs(customer, box, fleet, signed_in):
    area = Geofence.objects.create(environment=box, external_id="mumbai")
    mumbai = a_hub(box, "Mumbai", fleet["west"], kind="centre", geofence=area)
    ben = a_driver(a_hub(box, "Bandra", mumbai), "Ben")
    user = customer.member(Role.SUPERVISOR)
    with scope.scope(tenant_id=customer.tenant.pk):
        member = Membership.objects.for_tenant(customer.tenant).get(user=user)
        MembershipGeofence.objects.create(tenant=customer.tenant, membership=member, geofence=area)
    client = signed_in(user)
    assert client.get(reverse("console_driver", args=[ben.public_id])).status_code == 200
    for name in NAVIGATION:
        text = client.get(reverse(name)).content.decode()
        assert not [word for word in ("West", "Pune", "Asha", "MH 12") if word in text], name
    for name, row in (("console_hub", "pune"), ("console_driver", "asha"), ("console_vehicle", "bike")):
        assert client.get(reverse(name, args=[fleet[row].public_id])).status_code == 404
    asha = fleet["asha"].public_id
    assert client.post(reverse("console_driver_handover", args=[asha]), {"vehicle": ""}).status_code == 404
    theirs = client.post(
        reverse("console_driver_handover", args=[ben.public_id]), {"vehicle": fleet["bike"].public_id}
    )
    assert theirs.status_code == 404


def test_a_viewer_changes_nothing(customer, box, fleet, signed_in):
    client = signed_in(customer.member(Role.VIEWER))
    asha, pune = fleet["asha"].public_id, fleet["pune"].public_id
    for name, args in [
        ("console_driver_handover", [asha]), ("console_driver_change", [asha]), ("console_driver_shift", [asha]),
        ("console_driver_retire", [asha]), ("console_hub_retire", [pune]),
    ]:  # fmt: skip
        assert client.post(reverse(name, args=args), {"vehicle": ""}).status_code == 403, name
    client.post(reverse("console_driver", args=[asha]), {"name": "taken"})
    client.post(reverse("console_hub", args=[pune]), {"name": "taken"})
    assert Driver.objects.for_environment(box).get().name == "Asha"
    assert not Hub.objects.for_environment(box).filter(name="taken").exists()


def test_names_that_look_like_markup_are_shown_as_they_are(owner, box):
    hub = a_hub(box, "Pune")
    for number, name in enumerate(naughty()[:40]):
        a_driver(hub, name[:200], external_id=f"d{number}")
    page_of(owner, reverse("console_drivers"))


def upload(client, what, text, name="fleet.csv"):
    return client.post(
        reverse("console_fleet_import"), {"what": what, "file": SimpleUploadedFile(name, text.encode())}
    ).content.decode()


def test_a_fleet_comes_from_files_and_the_same_file_twice_changes_nothing(owner, box):
    a_hub(box, "Pune", external_id="pune-1")
    a_device(box, "phone-1")
    vehicles = (
        "id;plate;type;hub;kg\nv1;MH 1;two_wheeler;pune-1;30\nv2;MH 2;rocket;Pune;\nv3;MH 3;two_wheeler;;0\n"
    )
    said = upload(owner, "vehicles", vehicles)
    assert "1 made, 0 brought into line, 2 refused" in said
    assert "C3" in said
    assert "E4" in said
    drivers = (
        "Driver ID,Name,Hub,Skills,Shift,Days,Vehicle,Device\n"
        "d1,Asha,pune-1,cash;heavy,9:00-18:00,Mon-Sat,v1,phone-1\nd2,Ben,nowhere,,,,,\nd3,Chi,Pune,,9-6,,,\n"
    )
    assert "1 made, 0 brought into line, 2 refused" in upload(owner, "drivers", drivers)
    assert "0 made, 1 brought into line, 2 refused" in upload(owner, "drivers", drivers)
    asha = Driver.objects.for_environment(box).get()
    assert (asha.name, asha.skills) == ("Asha", ["cash", "heavy"])
    assert [row.weekdays for row in Shift.objects.for_environment(box)] == [[1, 2, 3, 4, 5, 6]]
    assert VehicleHolding.objects.for_environment(box).filter(until=None, driver=asha).count() == 1
    assert Vehicle.objects.for_environment(box).get().capacities == {"kg": 30}
    upload(owner, "drivers", "id,phone\nd1,12345\n")
    asha.refresh_from_db(from_queryset=Driver.objects.for_environment(box))
    assert (asha.phone, asha.skills) == ("12345", ["cash", "heavy"])


@pytest.mark.parametrize("text", ["", "just words", "name,hub\nAsha,Pune\n", "%PDF-1.4"])
def test_a_file_that_is_no_table_is_refused_with_a_reason(owner, box, text):
    said = upload(owner, "drivers", text)
    assert 'class="error"' in said


def test_the_templates_can_be_read_back(owner, box):
    a_hub(box, "Pune", external_id="pune-1")
    text = owner.get(reverse("console_fleet_template", args=["vehicles"])).content.decode()
    assert "1 made" in upload(owner, "vehicles", text)
    assert owner.get(reverse("console_fleet_template", args=["nothing"])).status_code == 404


def test_every_entry_of_the_second_navigation_leads_somewhere(customer):
    request = RequestFactory().get("/console/dispatch/")
    text = render_to_string("dispatch/parts/nav.html", {"request": request})
    source = (PROJECT / "templates/dispatch/parts/nav.html").read_text()
    assert text.count("<a href=") == source.count("{% dispatch_item ") >= 10
    assert text.count('aria-current="page"') == 1
