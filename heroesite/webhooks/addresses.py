"""Which addresses webhooks may lead to: not into the network that the site stands in."""

import socket
from ipaddress import IPv4Address, IPv6Address, IPv6Network, ip_address

from django.conf import settings
from django.utils.translation import gettext as _

NAT64 = IPv6Network("64:ff9b::/96")
"""Addresses that stand for those of IPv4 (RFC 6052)."""


class NotPublic(Exception):
    """An address within a network of one's own."""


def is_public(address: IPv4Address | IPv6Address) -> bool:
    """Whether an address can be reached by anybody, and is not one of a private network in disguise."""
    if isinstance(address, IPv6Address):
        within = address.ipv4_mapped or address.sixtofour
        if address in NAT64:
            within = IPv4Address(int(address) & 0xFFFFFFFF)
        if within or address.teredo:
            return within is not None and is_public(within)
    return address.is_global and not address.is_multicast


def check_public(host: str) -> None:
    """Refuse an address in digits that is not public; a name can be judged only when it is looked up.

    Raises:
        NotPublic: it is.
    """
    try:
        address = ip_address(host)
    except ValueError:
        return
    if not (settings.WEBHOOK_ALLOW_PRIVATE or is_public(address)):
        raise NotPublic(_("%(address)s is not a public address.") % {"address": address})


def look_up(host: str, port: int) -> list[str]:
    """The addresses to connect to, which are those that were checked: a second look-up might tell others.

    Raises:
        OSError: there is no such host.
        NotPublic: one of its addresses is not public.
    """
    found = [str(entry[4][0]) for entry in socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)]
    for address in found:
        check_public(address.partition("%")[0])
    return list(dict.fromkeys(found))
