"""Where a webhook may go: public unicast addresses, over https, to ports that speak it. Pure.

`refusal_of` judges an address and is asked at the moment of connecting, so that it does not matter how the address
was spelled, which name led to it, or what that name meant a moment ago. `check_url` refuses early what could never
be delivered, to tell the person who types it.
"""

from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address
from urllib.parse import SplitResult, urlsplit

LONGEST_URL = 2000
# ports of other protocols from 1024 up, which a signed POST must not be sent into
OTHER_PROTOCOLS = frozenset(
    {1433, 1521, 1719, 1720, 1723, 1883, 2049, 2181, 2375, 2376, 2379, 2380, 3306, 3389, 3659, 4045, 4190,
     5060, 5061, 5432, 5672, 5900, 5984, 6000, 6379, 6443, 6566, 6665, 6666, 6667, 6668, 6669, 6697, 8883, 9042,
     9200, 9300, 10080, 10250, 11211, 27017}
)  # fmt: skip

# What is not ordinary unicast in the IANA registries of special-purpose addresses, whatever this Python's own lists say
_NOT_PUBLIC_4 = tuple(
    IPv4Network(text)
    for text in (
        "0.0.0.0/8", "10.0.0.0/8", "100.64.0.0/10", "127.0.0.0/8", "169.254.0.0/16", "172.16.0.0/12",
        "192.0.0.0/24", "192.0.2.0/24", "192.31.196.0/24", "192.52.193.0/24", "192.88.99.0/24", "192.168.0.0/16",
        "192.175.48.0/24", "198.18.0.0/15", "198.51.100.0/24", "203.0.113.0/24", "224.0.0.0/4", "240.0.0.0/4",
        "168.63.129.16/32",  # Azure's platform, from within
    )
)  # fmt: skip
_UNICAST_6 = IPv6Network("2000::/3")
_NOT_PUBLIC_6 = tuple(
    IPv6Network(text)
    for text in ("2001::/23", "2001:db8::/32", "2002::/16", "2620:4f:8000::/48", "3fff::/20")
)
_NAT64 = IPv6Network(
    "64:ff9b::/96"
)  # the local-use prefix 64:ff9b:1::/48 is refused: it says nothing of lengths


class ForbiddenAddress(OSError):
    """A connection to an address no webhook may go to. An OSError, for that is what connecting may raise."""


class BadUrl(ValueError):
    """A URL no webhook can be sent to; the text says why, in a person's words."""


def refusal_of(text: str) -> str:
    """Why no webhook may go to that IP address; empty where it may."""
    try:
        address = ip_address(text.partition("%")[0])
    except ValueError:
        return "is no IP address"
    if isinstance(address, IPv6Address):
        inner = _inside(address)
        if inner is None:
            return _refusal_of_6(address)
        address = inner
    return _refusal_of_4(address)


def _inside(address: IPv6Address) -> IPv4Address | None:
    """The IPv4 address that packets to this one end at, where a translator or the kernel unwraps it."""
    if address.ipv4_mapped is not None:
        return address.ipv4_mapped
    if address in _NAT64:
        return IPv4Address(int(address) & 0xFFFFFFFF)
    return None


def _refusal_of_4(address: IPv4Address) -> str:
    special = any(address in network for network in _NOT_PUBLIC_4) or address.is_multicast
    return "is not a public address" if special or not address.is_global else ""


def _refusal_of_6(address: IPv6Address) -> str:
    special = any(address in network for network in _NOT_PUBLIC_6)
    public = address in _UNICAST_6 and address.is_global and not special
    return "" if public else "is not a public address"


def check_url(url: str, *, allow_private: bool) -> None:
    """Refuse what could never be delivered. Raises BadUrl. Names are looked up only when a request is made."""
    if len(url) > LONGEST_URL:
        raise BadUrl(f"is longer than {LONGEST_URL} characters")
    if not url.isascii() or not url.isprintable() or any(c in url for c in ' \\"<>^`{|}'):
        raise BadUrl("has characters that must be escaped in a URL; write a name in its xn-- form")
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        raise BadUrl("is no URL") from None
    _check_parts(parts, allow_private)
    if not allow_private:
        _check_port(parts.scheme, port)
        _check_literal(parts.hostname or "")


def _check_parts(parts: SplitResult, allow_private: bool) -> None:
    if parts.scheme not in {"http", "https"}:
        raise BadUrl("must begin with https://")
    if parts.scheme == "http" and not allow_private:
        raise BadUrl(
            "must begin with https://; MILEPOST_WEBHOOKS_ALLOW_PRIVATE=1 lets http in for development"
        )
    if not parts.hostname:
        raise BadUrl("names no host")
    if "@" in parts.netloc:
        raise BadUrl("must hold no user name or password; the signature says who we are")
    if parts.fragment or parts.hostname.startswith(".") or ".." in parts.hostname:
        raise BadUrl("is no address a request can be sent to")


def _check_port(scheme: str, port: int | None) -> None:
    if port is None or port == {"http": 80, "https": 443}[scheme]:
        return
    if port < 1024 or port in OTHER_PROTOCOLS:
        raise BadUrl(f"names port {port}, which is another protocol's; use 443, or a free one from 1024 up")


def _check_literal(host: str) -> None:
    try:
        ip_address(host)
    except ValueError:
        last = host.rstrip(".").rpartition(".")[2]
        if last.isdecimal() or last.startswith("0x"):  # 2130706433, 0x7f.1, 017700000001 and the like
            raise BadUrl("names a host by a number; write the name or the plain address") from None
        if last in {
            "localhost",
            "local",
            "internal",
            "localdomain",
            "home",
            "lan",
            "intranet",
            "onion",
            "arpa",
        }:
            raise BadUrl(f"leads into a private network (.{last}); {_TUNNEL}") from None
        return
    if refusal_of(host):
        raise BadUrl(f"leads to {host}, which {refusal_of(host)}; {_TUNNEL}")


_TUNNEL = "use a public one, or MILEPOST_WEBHOOKS_ALLOW_PRIVATE=1 for development"
