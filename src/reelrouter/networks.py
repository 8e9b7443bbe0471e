"""Which addresses belong to the open internet, and which one a host spells out. Nothing is looked up."""

import ipaddress
import socket

_REFUSED_V4 = tuple(
    ipaddress.IPv4Network(network)
    for network in (
        "0.0.0.0/8",  # this network, and the unspecified address
        "10.0.0.0/8",
        "100.64.0.0/10",  # carrier-grade NAT; some clouds keep their metadata there
        "127.0.0.0/8",
        "168.63.129.16/32",  # Azure's host agent: public in form, private in fact
        "169.254.0.0/16",  # link-local, and most clouds' metadata
        "172.16.0.0/12",
        "192.0.0.0/24",
        "192.0.2.0/24",
        "192.88.99.0/24",  # retired 6to4 relays
        "192.168.0.0/16",
        "198.18.0.0/15",  # benchmarks
        "198.51.100.0/24",
        "203.0.113.0/24",
        "224.0.0.0/4",  # multicast
        "240.0.0.0/4",  # reserved, and broadcast
    )
)
_GLOBAL_V6 = ipaddress.IPv6Network("2000::/3")
_REFUSED_V6 = tuple(
    ipaddress.IPv6Network(network)
    for network in (
        "2001::/23",  # protocol assignments, Teredo among them
        "2001:db8::/32",  # documentation
        "2002::/16",  # 6to4
        "3fff::/20",  # documentation
    )
)
_NAT64 = ipaddress.IPv6Network("64:ff9b::/96")


def is_public(address: str) -> bool:
    """Whether an IP address belongs to the open internet; False for what is not an address at all.

    An IPv4 address inside IPv6 (mapped, or translated by NAT64) is judged as itself. The retired tunnels
    6to4 and Teredo are refused whatever they wrap.
    """
    try:
        ip = ipaddress.ip_address(address)
    except ValueError:
        return False
    if isinstance(ip, ipaddress.IPv6Address):
        inner = _inner(ip)
        if inner is None:
            return ip in _GLOBAL_V6 and not any(ip in network for network in _REFUSED_V6)
        ip = inner
    return not any(ip in network for network in _REFUSED_V4)


def is_loopback(address: str) -> bool:
    """Whether an IP address leads to the machine itself."""
    ip = ipaddress.ip_address(address)
    inner = _inner(ip) if isinstance(ip, ipaddress.IPv6Address) else None
    return (inner or ip).is_loopback


def spelled_address(host: str) -> str | None:
    """The IP address that a URL's host is; None for a name, which must be looked up.

    Resolvers take IPv4 in more spellings than one (`127.1`, `0x7f000001`, `2130706433`), and `localhost` and
    all names below it are this machine by definition, whatever a name server would say.
    """
    bare = host.rstrip(".").lower()
    if bare == "localhost" or bare.endswith(".localhost"):
        return "127.0.0.1"
    try:
        return socket.inet_ntoa(socket.inet_aton(bare))
    except (OSError, ValueError):  # not IPv4, or characters that no address has
        pass
    try:
        return str(ipaddress.ip_address(bare))
    except ValueError:
        return None


def _inner(ip: ipaddress.IPv6Address) -> ipaddress.IPv4Address | None:
    if ip.ipv4_mapped is not None:
        return ip.ipv4_mapped
    if ip in _NAT64:
        return ipaddress.IPv4Address(int(ip) & 0xFFFF_FFFF)
    return None
