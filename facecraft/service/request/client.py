"""Whose request it is: the address of the client, also behind proxies."""

from collections.abc import Sequence
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address
from typing import TYPE_CHECKING, TypeAlias

from starlette.datastructures import Headers

if TYPE_CHECKING:
    from starlette.types import Scope

Address: TypeAlias = IPv4Address | IPv6Address
Networks: TypeAlias = Sequence[IPv4Network | IPv6Network]


def client_address(scope: "Scope", trusted: Networks) -> str:
    """The address of the client, or "-" if there is none, as on a Unix socket.

    Each proxy adds to X-Forwarded-For who sent it the request. So the header is read from the right, as long
    as a trusted proxy has written it: what stands further left may be made up. Forwarded (RFC 7239) is not
    read, because a proxy that writes only one of the two passes on what a client wrote into the other.

    Args:
        scope: of the request.
        trusted: addresses of the proxies.
    """
    peer = scope.get("client")
    address = _parse(peer[0]) if peer else None
    if address is None:
        return "-"
    written = ",".join(Headers(scope=scope).getlist("x-forwarded-for")).split(",")
    while written and _is_in(address, trusted):
        sender = _parse(_without_port(written.pop().strip()))
        if sender is None:
            break
        address = sender
    return str(address)


def _parse(text: str) -> Address | None:
    """The address. One of IPv4 on a socket for both families is that of IPv4; a zone is dropped."""
    try:
        address = ip_address(text.partition("%")[0])
    except ValueError:
        return None
    return getattr(address, "ipv4_mapped", None) or address


def _without_port(text: str) -> str:
    """The address in `192.0.2.1:80`, `[2001:db8::1]:80` or `[2001:db8::1]`."""
    if text.startswith("["):
        return text[1:].partition("]")[0]
    return text.partition(":")[0] if text.count(":") == 1 else text


def _is_in(address: Address, networks: Networks) -> bool:
    return any(address in network for network in networks)
