"""Parts of wishes about the fleet: what PostgreSQL cannot keep is refused by its name."""

import pytest

from dispatch.fleet import reading
from dispatch.fleet.refusals import FleetRefusal


@pytest.mark.parametrize("body", [{"name": "a\x00b"}, {"name": "\x00"}])
def test_a_text_with_nought_is_refused(body):
    with pytest.raises(FleetRefusal, match="name must hold no U.0000") as refused:
        reading.text(body, "name")
    assert refused.value.field == "name"


@pytest.mark.parametrize("value", [{"a": "\x00"}, {"\x00": 1}, {"a": [{"b": ["x\x00"]}]}])
def test_metadata_with_nought_anywhere_is_refused(value):
    with pytest.raises(FleetRefusal, match="metadata must hold no U.0000"):
        reading.metadata({"metadata": value})


def test_ordinary_metadata_is_taken_as_it_is():
    assert reading.metadata({"metadata": {"a": [1, {"b": "ü"}]}}) == {"a": [1, {"b": "ü"}]}
