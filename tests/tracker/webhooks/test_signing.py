"""Signatures: the published vectors and rules, and the library most receivers use."""

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from standardwebhooks import Webhook, WebhookVerificationError

from tracker.webhooks import signing
from tracker.webhooks.signing import BadSecret, BadSignature

DATA = Path(__file__).resolve().parents[4] / "shared" / "data" / "webhooks"
# a twin of our own making for checkouts without the data: signed with openssl
SECRET = "whsec_bWlsZXBvc3QgbWlsZXBvc3QgbWlsZXBvc3QgISE="
OWN = {
    "name": "our own",
    "scheme": "standard-webhooks v1",
    "secret": SECRET,
    "webhook-id": "evt_1",
    "webhook-timestamp": 1700000000,
    "body": '{"a":1}',
    "webhook-signature": "v1,4Sx/PdNw7SrexHj3FW8ZeB2QK/qXu5cZmYULe4NIyv4=",
}


def vectors():
    path = DATA / "signature_vectors.json"
    found = json.loads(path.read_text()) if path.is_file() else []
    return [OWN, *(one for one in found if "v1 (HMAC" in one["scheme"] and "webhook-id" in one)]


def rules():
    path = DATA / "verification_rules.json"
    return json.loads(path.read_text()) if path.is_file() else []


@pytest.mark.parametrize("vector", vectors(), ids=lambda one: one["name"])
def test_signatures_are_those_of_the_published_vectors(vector):
    secret = signing.secret_bytes(vector["secret"])
    body = vector["body"].encode()
    made = signing.headers([secret], vector["webhook-id"], vector["webhook-timestamp"], body)
    assert made["webhook-signature"] == vector["webhook-signature"]
    signing.verify([secret], made, body, now=vector["webhook-timestamp"])


@pytest.mark.parametrize("rule", rules(), ids=lambda one: one["name"])
def test_requests_are_judged_as_the_published_rules_say(rule):
    def judged():
        secrets = [signing.secret_bytes(rule["secret"])]
        signing.verify(secrets, rule["headers"], rule["body"].encode(), now=rule["now"])

    if rule["outcome"] == "valid":
        judged()
    else:
        with pytest.raises(BadSignature):
            judged()


@pytest.mark.parametrize("seconds", [-301, 301])
def test_a_request_of_another_time_is_refused(seconds):
    secret = signing.new_secret()
    headers = signing.headers([secret], "evt_1", 1_700_000_000, b"{}")
    signing.verify([secret], headers, b"{}", now=1_700_000_000 + seconds * 300 / 301)
    with pytest.raises(BadSignature, match="seconds away"):
        signing.verify([secret], headers, b"{}", now=1_700_000_000 + seconds)


@given(
    st.text(max_size=300).map(lambda text: text.encode("utf-8", "replace")),
    st.text(alphabet="evt_0123456789abcdef", min_size=1, max_size=40),
)
def test_the_library_receivers_use_believes_us_and_nobody_with_another_secret(body, message_id):
    ours, another = signing.new_secret(), signing.new_secret()
    now = datetime.now(UTC)
    headers = signing.headers([ours], message_id, int(now.timestamp()), body)
    Webhook(signing.secret_text(ours)).verify(body, headers, json_parse=False)
    with pytest.raises(WebhookVerificationError):
        Webhook(signing.secret_text(another)).verify(body, headers, json_parse=False)


@given(st.binary(max_size=500))
def test_we_believe_the_library(body):
    secret = signing.new_secret()
    now = datetime.now(UTC)
    text = Webhook(signing.secret_text(secret)).sign("msg_1", now, body.decode("latin-1"))
    headers = {
        "Webhook-Id": "msg_1",
        "WEBHOOK-TIMESTAMP": str(int(now.timestamp())),
        "webhook-signature": text,
    }
    signing.verify([secret], headers, body.decode("latin-1").encode(), now=now.timestamp())


def test_while_two_secrets_overlap_either_receiver_believes_us():
    old, new = signing.new_secret(), signing.new_secret()
    now = datetime.now(UTC)
    headers = signing.headers([new, old], "evt_1", int(now.timestamp()), b"{}")
    assert headers["webhook-signature"].count("v1,") == 2
    for secret in (old, new):
        Webhook(signing.secret_text(secret)).verify(b"{}", headers)
        signing.verify([secret], headers, b"{}", now=(now + timedelta(seconds=1)).timestamp())


@pytest.mark.parametrize(
    "header", ["", "v1", "v1,", "v1,é", "v1,%%%", "a" * 10_000, "v1," * 5_000, "\ud800", " ", "v1,,v1"]
)
def test_no_signature_however_broken_is_believed_or_breaks_the_check(header):
    headers = {"webhook-id": "a", "webhook-timestamp": "1", "webhook-signature": header}
    with pytest.raises(BadSignature):
        signing.verify([b"secret"], headers, b"{}", now=1)


@pytest.mark.parametrize("moment", ["", "1.5", "-1", "²", "1e3", "9" * 5_000, " 1", "+1", "nan"])
def test_a_time_that_is_no_number_of_seconds_is_refused(moment):
    headers = {"webhook-id": "a", "webhook-timestamp": moment, "webhook-signature": "v1,x"}
    with pytest.raises(BadSignature):
        signing.verify([b"secret"], headers, b"{}", now=1)


def test_a_secret_is_read_with_and_without_prefix_and_padding():
    secret = b"\x00\xff" * 16
    text = signing.secret_text(secret)
    for form in (text, text.removeprefix("whsec_"), text.rstrip("="), f" {text}\n"):
        assert signing.secret_bytes(form) == secret
    for form in ("", "whsec_", "whsec_a", "whsec_$$$$", "whsec_é"):
        with pytest.raises(BadSecret):
            signing.secret_bytes(form)
