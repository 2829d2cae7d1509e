"""Where webhooks may go: every private address in every spelling, and what a URL may be."""

import ipaddress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tracker.webhooks.guard import BadUrl, check_url, refusal_of

PRIVATE = [
    "0.0.0.0", "0.1.2.3", "10.0.0.1", "10.255.255.255", "100.64.0.1", "100.100.100.200", "127.0.0.1",
    "127.255.255.254", "169.254.0.1", "169.254.169.254", "169.254.170.2", "172.16.0.1", "172.31.255.255",
    "192.0.0.192", "192.0.2.1", "192.88.99.1", "192.168.0.1", "198.18.0.1", "198.19.255.255", "198.51.100.1",
    "203.0.113.1", "224.0.0.1", "239.255.255.250", "240.0.0.1", "255.255.255.255", "168.63.129.16", "::", "::1",
    "::127.0.0.1", "::ffff:127.0.0.1", "::ffff:7f00:1", "::ffff:169.254.169.254", "::ffff:0:127.0.0.1",
    "64:ff9b::7f00:1", "64:ff9b::10.0.0.1", "64:ff9b::a9fe:a9fe", "64:ff9b:1::1", "64:ff9b:1::808:808",
    "100::1", "2001::1", "2001:0:53aa:64c::1", "2001:db8::1", "2001:10::1", "2001:20::1", "2002:7f00:1::",
    "2002:a9fe:a9fe::1", "2002:0808:0808::1", "3fff::1", "5f00::1", "fc00::1", "fd00::1", "fd00:ec2::254",
    "fe80::1", "fe80::1%eth0", "fec0::1", "ff02::1", "ff0e::1", "4000::1", "::5efe:127.0.0.1",
    "::ffff:100.64.0.1",
]  # fmt: skip
PUBLIC = [
    "1.1.1.1", "8.8.8.8", "11.0.0.1", "100.63.255.255", "100.128.0.1", "126.255.255.255", "128.0.0.1",
    "169.253.255.255", "172.15.255.255", "172.32.0.1", "192.0.1.1", "192.167.255.255", "223.255.255.255",
    "2606:4700::1111", "2a00:1450::1", "2001:4860:4860::8888", "::ffff:8.8.8.8", "64:ff9b::808:808",
]  # fmt: skip


@pytest.mark.parametrize("address", PRIVATE)
def test_no_webhook_goes_to_an_address_that_is_not_public(address):
    assert refusal_of(address)


@pytest.mark.parametrize("address", PUBLIC)
def test_webhooks_go_to_public_addresses(address):
    assert refusal_of(address) == ""


@given(st.ip_addresses())
def test_what_python_calls_private_is_never_let_through(address):
    inner = getattr(address, "ipv4_mapped", None) or address
    if (
        inner.is_private
        or inner.is_loopback
        or inner.is_link_local
        or inner.is_multicast
        or inner.is_reserved
    ):
        assert refusal_of(str(address)) or address in ipaddress.ip_network("64:ff9b::/96")


@pytest.mark.parametrize(
    "text", ["", "localhost", "2130706433", "0x7f.1", "127.1", "1.1.1.1.", "::1::", "[::1]"]
)
def test_what_is_no_plain_address_is_refused(text):
    assert refusal_of(text) == "is no IP address"


GOOD = [
    "https://example.com", "https://example.com/", "https://example.com/hook?a=1&b=%20",
    "https://example.com:443/x", "https://example.com:8443/x", "https://sub.example.co.uk/",
    "https://xn--bcher-kva.example/", "https://8.8.8.8/", "https://[2606:4700::1111]/", "https://EXAMPLE.com/",
]  # fmt: skip
BAD = [
    "http://example.com/", "ftp://example.com/", "file:///etc/passwd", "gopher://example.com/", "//example.com/",
    "example.com", "", "https://", "https:///x", "javascript:alert(1)", "https://user:pass@example.com/",
    "https://user@example.com/", "https://@example.com/", "https://example.com@127.0.0.1/", "https://example.com#f",
    "https://127.0.0.1/", "https://127.1/", "https://2130706433/", "https://0x7f000001/", "https://0x7f.0.0.1/",
    "https://017700000001/", "https://0177.0.0.1/", "https://127.0.0.1./", "https://0/", "https://localhost/",
    "https://a.localhost/", "https://localhost./", "https://printer.local/", "https://metadata.google.internal/",
    "https://169.254.169.254/latest/meta-data/", "https://10.0.0.1/", "https://[::1]/", "https://[::]/",
    "https://[::ffff:127.0.0.1]/", "https://[::ffff:7f00:1]/", "https://[fe80::1%25eth0]/", "https://[64:ff9b::7f00:1]/",
    "https://[2002:7f00:1::]/", "https://[fd00:ec2::254]/", "https://example.com:22/", "https://example.com:25/",
    "https://example.com:0/", "https://example.com:80/", "https://example.com:6379/", "https://example.com:99999/",
    "https://example.com:a/", "https://exa mple.com/", "https://example.com/a b", "https://example.com/\r\nX: y",
    "https://example.com\\@127.0.0.1/", "https://bücher.example/", "https://\uff11\uff12\uff17.0.0.1/", "https://\u2460\u2461\u2466.0.0.1/",
    "https://127\u30020\u30020\u30021/", "https://.example.com/", "https://exa..mple.com/", "https://[::1", "https://example.com/\t",
    "https://example.com/" + "a" * 2000, "https://[not-an-ip]/",
]  # fmt: skip


@pytest.mark.parametrize("url", GOOD)
def test_public_https_urls_are_taken(url):
    check_url(url, allow_private=False)


@pytest.mark.parametrize("url", BAD)
def test_urls_that_lead_elsewhere_are_refused(url):
    with pytest.raises(BadUrl):
        check_url(url, allow_private=False)


@pytest.mark.parametrize(
    "url", ["http://127.0.0.1:9000/", "http://localhost/", "https://[::1]:8443/x", *GOOD]
)
def test_development_may_use_its_own_machine(url):
    check_url(url, allow_private=True)


@pytest.mark.parametrize(
    "url", ["ftp://127.0.0.1/", "http://a:b@127.0.0.1/", "http://", "http://127.0.0.1/\r\n"]
)
def test_development_does_not_change_what_a_url_is(url):
    with pytest.raises(BadUrl):
        check_url(url, allow_private=True)


@given(st.text(max_size=80))
def test_no_text_breaks_the_check(text):
    for url in (text, f"https://{text}", f"https://[{text}]/", f"https://example.com:{text}/"):
        try:
            check_url(url, allow_private=False)
        except BadUrl:
            continue
