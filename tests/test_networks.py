"""Which addresses are public, and which address a host spells out."""

import ipaddress

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from reelrouter.networks import is_loopback, is_public, spelled_address


@pytest.mark.parametrize(
    "address",
    [
        "8.8.8.8",
        "1.1.1.1",
        "100.63.255.255",
        "172.32.0.1",
        "2606:4700::1111",
        "2a00:1450:4001::1",
        "::ffff:8.8.8.8",
        "64:ff9b::808:808",
    ],
)
def test_addresses_of_the_open_internet_are_public(address: str) -> None:
    """Ordinary addresses pass, also when they come wrapped by an address translator."""
    assert is_public(address)


@pytest.mark.parametrize(
    "address",
    [
        "0.0.0.0",  # noqa: S104 (an address to refuse, not one to bind)
        "0.1.2.3",
        "10.0.0.1",
        "100.64.0.1",
        "100.100.100.200",
        "127.0.0.1",
        "127.255.255.254",
        "168.63.129.16",
        "169.254.169.254",
        "172.16.0.1",
        "172.31.255.255",
        "192.0.0.192",
        "192.0.2.1",
        "192.88.99.1",
        "192.168.1.1",
        "198.18.0.1",
        "198.51.100.7",
        "203.0.113.9",
        "224.0.0.1",
        "239.255.255.250",
        "240.0.0.1",
        "255.255.255.255",
        "::",
        "::1",
        "::127.0.0.1",
        "::8.8.8.8",
        "::ffff:127.0.0.1",
        "::ffff:10.0.0.1",
        "::ffff:0:8.8.8.8",
        "64:ff9b::7f00:1",
        "64:ff9b::a9fe:a9fe",
        "64:ff9b:1::808:808",
        "100::1",
        "2001::1",
        "2001:0:4136:e378:8000:63bf:3fff:fdd2",
        "2001:db8::1",
        "2002:7f00:1::",
        "2002:808:808::1",
        "3fff::1",
        "5f00::1",
        "fc00::1",
        "fd00:ec2::254",
        "fe80::1",
        "fe80::1%lo",
        "fec0::1",
        "ff02::1",
        "localhost",
        "2130706433",
        "0x7f.1",
        "127.1",
        "",
    ],
)
def test_every_other_address_is_not_public(address: str) -> None:
    """Private, local, reserved, tunnelled and malformed addresses are refused in every spelling."""
    assert not is_public(address)


@settings(deadline=None)
@given(st.ip_addresses())
def test_no_address_that_the_registries_withhold_is_public(
    ip: ipaddress.IPv4Address | ipaddress.IPv6Address,
) -> None:
    """The standard library's tables, kept by others, never call an address local that we call public."""
    if is_public(str(ip)) and not str(ip).startswith(("64:ff9b::", "::ffff:")):
        assert ip.is_global
        assert not ip.is_multicast


@settings(deadline=None)
@given(st.ip_addresses(v=4))
def test_a_wrapped_address_is_judged_as_what_it_wraps(ip: ipaddress.IPv4Address) -> None:
    """Mapping or translating an IPv4 address into IPv6 changes nothing about it."""
    assert is_public(f"::ffff:{ip}") == is_public(f"64:ff9b::{ip}") == is_public(str(ip))


@pytest.mark.parametrize(
    ("host", "address"),
    [
        ("127.0.0.1", "127.0.0.1"),
        ("127.1", "127.0.0.1"),
        ("0x7f000001", "127.0.0.1"),
        ("2130706433", "127.0.0.1"),
        ("0177.0.0.1", "127.0.0.1"),
        ("127.0.0.1.", "127.0.0.1"),
        ("0", "0.0.0.0"),  # noqa: S104 - an address to refuse, not one to bind
        ("::1", "::1"),
        ("0:0:0:0:0:ffff:7f00:1", "::ffff:7f00:1"),
        ("localhost", "127.0.0.1"),
        ("LOCALHOST.", "127.0.0.1"),
        ("app.localhost", "127.0.0.1"),
        ("example.com", None),
        ("localhost.example.com", None),
        ("notlocalhost", None),
        ("1.1.1.1.1", None),
        ("256.0.0.1", None),
        ("", None),
        ("é", None),
        ("a\0b", None),
    ],
)
def test_a_host_is_an_address_in_every_spelling_that_resolvers_take(host: str, address: str | None) -> None:
    """Names stay names, whatever they begin with."""
    assert spelled_address(host) == address


@pytest.mark.parametrize("address", ["127.0.0.1", "127.8.8.8", "::1", "::ffff:127.0.0.1", "64:ff9b::7f00:1"])
def test_this_machine_is_known_in_every_wrapping(address: str) -> None:
    """And nothing of it is public."""
    assert is_loopback(address)
    assert not is_public(address)


@pytest.mark.parametrize("address", ["8.8.8.8", "10.0.0.1", "0.0.0.0", "::", "fe80::1"])  # noqa: S104
def test_neighbours_are_not_this_machine(address: str) -> None:
    """However near."""
    assert not is_loopback(address)
