"""The key format: pinned by golden texts, and never raising anything but BadKey."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ingest_lambda import keys
from ingest_lambda.keys import BadKey, Kind, Mode, VerifiedKey

SECRET = "s3cret"
GOLDEN_PUBLISHABLE = "pk_live_07cyhQvv5axg5MJfxcMiyUD4RUiPVO4NI2DBOr3TTYR1wl19fZm6SRngOCCix1AnT0"
GOLDEN_SECRET = "sk_test_0BRT39OsdORSJJwXCripEcd7GxAM8lxjEpGqncOyVtwAQW2PmJLy6TIfioEwGMnOs4"
LARGEST = 2**63 - 1

ids = st.integers(0, LARGEST)
kinds = st.sampled_from(Kind)
modes = st.sampled_from(Mode)


def test_the_golden_keys_are_still_minted():
    publishable = keys.mint(Kind.PUBLISHABLE, Mode.LIVE, 7, 11, SECRET, random=lambda n: bytes(range(n)))
    secret = keys.mint(Kind.SECRET, Mode.TEST, LARGEST, LARGEST, SECRET, random=lambda n: b"\xff" * n)
    assert (publishable, secret) == (GOLDEN_PUBLISHABLE, GOLDEN_SECRET)


def test_the_golden_keys_are_still_verified():
    assert keys.verify(GOLDEN_PUBLISHABLE, [SECRET]) == VerifiedKey(Kind.PUBLISHABLE, Mode.LIVE, 7, 11)
    assert keys.verify(GOLDEN_SECRET, [SECRET]) == VerifiedKey(Kind.SECRET, Mode.TEST, LARGEST, LARGEST)


@given(kinds, modes, ids, ids)
def test_a_minted_key_verifies_to_what_went_in(kind, mode, key_id, environment_id):
    text = keys.mint(kind, mode, key_id, environment_id, SECRET)
    assert len(text) == keys.KEY_CHARS
    assert keys.verify(text, ["newer secret", SECRET]) == VerifiedKey(kind, mode, key_id, environment_id)


def test_a_key_of_another_secret_has_a_bad_signature():
    with pytest.raises(BadKey, match="bad_signature"):
        keys.verify(GOLDEN_PUBLISHABLE, ["another", "and another"])


def test_no_secrets_verify_nothing():
    with pytest.raises(BadKey, match="bad_signature"):
        keys.verify(GOLDEN_PUBLISHABLE, [])


@pytest.mark.parametrize("prefix", ["pk_test_", "sk_live_", "sk_test_"])
def test_a_key_cannot_be_relabelled(prefix):
    with pytest.raises(BadKey, match="bad_signature"):
        keys.verify(prefix + GOLDEN_PUBLISHABLE[8:], [SECRET])


@given(st.integers(8, keys.KEY_CHARS - 1), st.sampled_from(keys.ALPHABET))
def test_no_other_character_anywhere_leaves_a_key_valid(place, char):
    text = GOLDEN_PUBLISHABLE[:place] + char + GOLDEN_PUBLISHABLE[place + 1 :]
    if text != GOLDEN_PUBLISHABLE:
        with pytest.raises(BadKey):
            keys.verify(text, [SECRET])


@pytest.mark.parametrize(
    "text",
    [
        "",
        "pk_live_",
        "pk_live_" + "z" * 66,
        GOLDEN_PUBLISHABLE + "0",
        GOLDEN_PUBLISHABLE[:-1],
        " " + GOLDEN_PUBLISHABLE,
        "pk_live_" + "-" * 66,
        "pk_live_" + "\ud800" * 66,
        "PK_LIVE_" + GOLDEN_PUBLISHABLE[8:],
        "pk_live_" + "٣" * 66,
    ],
)
def test_what_does_not_look_like_a_key_is_malformed(text):
    with pytest.raises(BadKey, match="malformed"):
        keys.verify(text, [SECRET])


def test_a_later_format_version_is_told_apart():
    body = bytes([2]) + bytes(keys.PAYLOAD_BYTES - 1)
    with pytest.raises(BadKey, match="unknown_version"):
        keys.verify("pk_live_" + keys._to_base62(body), [SECRET])


@given(
    st.text(max_size=200) | st.text(alphabet=keys.ALPHABET, min_size=66, max_size=66).map("pk_live_".__add__)
)
def test_any_text_raises_bad_key_and_nothing_else(text):
    with pytest.raises(BadKey):
        keys.verify(text, [SECRET])


def test_ids_that_do_not_fit_are_refused_when_minting():
    for key_id, environment_id in [(-1, 1), (1, -1), (2**63, 1), (1, 2**63)]:
        with pytest.raises(ValueError, match="must lie within"):
            keys.mint(Kind.SECRET, Mode.TEST, key_id, environment_id, SECRET)


def test_an_empty_secret_signs_nothing():
    with pytest.raises(ValueError, match="empty signing secret"):
        keys.mint(Kind.SECRET, Mode.TEST, 1, 1, "")


def test_the_fingerprint_is_the_sha256_of_the_text():
    assert keys.fingerprint("abc").hex() == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
    assert len(keys.fingerprint("\ud800")) == 32
