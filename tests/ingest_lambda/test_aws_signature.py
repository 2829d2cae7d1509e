"""The signer of the edge gives what botocore's gives, byte for byte."""

import pytest
from botocore.auth import S3SigV4Auth, SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials as BotoCredentials
from hypothesis import given
from hypothesis import strategies as st

from ingest_lambda.aws.calls import credentials_of
from ingest_lambda.aws.signature import Credentials, Target, encoded_path, encoded_query, signed_headers

AT = "20261122T090000Z"
_text = st.text(st.characters(blacklist_categories=("Cs", "Cc")), max_size=20)


def authorization(target, headers, body, credentials, service):
    """What botocore would send for the same request at the same moment."""
    query = encoded_query(target.query)
    url = f"https://{target.host}{encoded_path(target.path)}" + (f"?{query}" if query else "")
    whole = {**headers, "host": target.host, "X-Amz-Date": AT}
    request = AWSRequest(target.method, url, whole, body)
    request.context["timestamp"] = AT
    auth_class = S3SigV4Auth if service == "s3" else SigV4Auth
    auth = auth_class(BotoCredentials(*credentials[:2], credentials.token or None), service, "eu-west-1")
    if service == "s3":
        request.headers["X-Amz-Content-SHA256"] = auth.payload(request)
    if credentials.token:
        request.headers["X-Amz-Security-Token"] = credentials.token
    canonical = auth.canonical_request(request)
    signature = auth.signature(auth.string_to_sign(request, canonical), request)
    return canonical, signature


@given(
    method=st.sampled_from(["GET", "POST", "PUT", "DELETE"]),
    path=st.lists(st.text("abcXYZ019-_.~ +=&%ä€:@", min_size=1, max_size=12), max_size=4),
    query=st.dictionaries(_text.filter(bool), _text, max_size=4),
    body=st.binary(max_size=200),
    token=st.sampled_from(["", "a/temporary+token=="]),
    service=st.sampled_from(["kinesis", "s3"]),
)
def test_any_request_is_signed_as_botocore_signs_it(method, path, query, body, token, service):
    steps = [step for step in path if step not in {".", ".."}]  # no service of ours has such a path
    target = Target(method, "host.example:4566", "/" + "/".join(steps), query)
    headers = {"content-type": "application/x-amz-json-1.1", "x-amz-target": "A.B  with   spaces"}
    credentials = Credentials("AKIAEXAMPLE", "secret/with+signs", token)
    ours = signed_headers(target, headers, body, credentials, region="eu-west-1", service=service, at=AT)
    _, signature = authorization(target, headers, body, credentials, service)
    assert ours["authorization"].endswith(f"Signature={signature}")
    assert ours["authorization"].startswith("AWS4-HMAC-SHA256 Credential=AKIAEXAMPLE/20261122/eu-west-1/")
    assert ours.get("x-amz-security-token", "") == token


def test_credentials_come_from_the_environment_and_a_missing_one_is_named():
    environ = {"AWS_ACCESS_KEY_ID": "a", "AWS_SECRET_ACCESS_KEY": "s"}
    assert credentials_of(environ) == Credentials("a", "s", "")
    assert credentials_of({**environ, "AWS_SESSION_TOKEN": "t"}).token == "t"
    with pytest.raises(LookupError, match="AWS_SECRET_ACCESS_KEY"):
        credentials_of({"AWS_ACCESS_KEY_ID": "a"})


def test_a_secret_is_not_in_what_credentials_print():
    assert "hush" not in repr(Credentials("a", "hush", "hush"))
