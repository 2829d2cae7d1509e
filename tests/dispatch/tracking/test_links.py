"""The customer's link: nobody makes one but us, and it opens one shipment of one environment."""

import uuid

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dispatch.shipments.models import Shipment
from dispatch.tracking.links import TOKEN_CHARACTERS, Opened, opened, token_for, url_for


def a_shipment(environment: int = 7, uid: uuid.UUID | None = None) -> Shipment:
    return Shipment(environment_id=environment, uid=uid or uuid.uuid4())


@given(environment=st.integers(1, 2**32 - 1), uid=st.uuids())
def test_a_token_opens_what_it_was_made_for(environment, uid):
    token = token_for(a_shipment(environment, uid))
    assert len(token) == TOKEN_CHARACTERS
    assert opened(token) == Opened(environment, uid)


@given(place=st.integers(0, TOKEN_CHARACTERS - 1), letter=st.sampled_from("AZaz09-_"))
def test_a_token_with_one_letter_changed_opens_nothing(place, letter):
    shipment = a_shipment(uid=uuid.UUID(int=5))
    token = token_for(shipment)
    changed = token[:place] + letter + token[place + 1 :]
    # the last letter holds two bits that are not the token's: a change of them alone is the same token
    assert changed == token or opened(changed) in {None} | (
        {opened(token)} if place == TOKEN_CHARACTERS - 1 else set()
    )


@pytest.mark.parametrize(
    "text", ["", "x", "x" * 43, "x" * 44, "ß" * 43, "=" * 43, "A" * 42 + "\n", "../../../etc"]
)
def test_any_other_text_opens_nothing(text):
    assert opened(text) is None


def test_a_link_goes_on_working_while_secrets_are_rotated(settings):
    shipment = a_shipment()
    settings.KEY_SIGNING_SECRETS = [b"old" * 12]
    token = token_for(shipment)
    settings.KEY_SIGNING_SECRETS = [b"new" * 12, b"old" * 12]
    assert opened(token) == Opened(shipment.environment_id, shipment.uid)
    assert token_for(shipment) != token
    settings.KEY_SIGNING_SECRETS = [b"new" * 12]
    assert opened(token) is None


def test_the_address_is_whole_and_short_enough_for_a_text_message(settings):
    settings.BASE_URL = "https://track.example.com"
    address = url_for(a_shipment())
    assert address.startswith("https://track.example.com/s/")
    assert len(address) < 80
