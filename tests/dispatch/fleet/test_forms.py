"""The fleet's forms: what the reader asks for is not called optional."""

import pytest
from django.template.loader import render_to_string

from dispatch.fleet.forms import ChangeForm, DriverForm, HubForm, ShiftForm


def optional(form) -> set[str]:
    """The names of the fields that the page calls optional."""
    shown = {field.name: render_to_string("parts/field.html", {"field": field}) for field in form}
    return {name for name, html in shown.items() if "optional" in html}


def test_a_hub_needs_a_name_and_a_driver_a_name_and_a_hub(box):
    assert "name" not in optional(HubForm(box))
    assert "external_id" in optional(HubForm(box))
    assert not {"name", "hub"} & optional(DriverForm(box))


@pytest.mark.parametrize(("form", "needed"), [(ShiftForm, {"starts", "ends"}), (ChangeForm, {"date"})])
def test_hours_need_their_times_and_a_change_its_day(form, needed):
    assert not needed & optional(form())
