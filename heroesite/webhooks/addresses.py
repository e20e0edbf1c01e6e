"""URLs that webhooks can be sent to: public addresses on allowed ports, never the site's own network."""

import socket
from ipaddress import IPv4Address, IPv6Address, IPv6Network, ip_address, ip_network
from urllib.parse import urlsplit

from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.validators import URLValidator
from django.utils.translation import gettext_lazy as _

DEFAULT_PORTS = {"http": 80, "https": 443}
NAT64 = IPv6Network("64:ff9b::/96")
"""IPv6 addresses that are translated to the IPv4 address in their last 32 bits (RFC 6052)."""
NOT_PUBLIC = {
    ip_network(network): name
    for network, name in {
        # https://www.iana.org/assignments/iana-ipv4-special-registry/ as of 2025-10-09: the rows whose column
        # Globally Reachable is not "True"
        "0.0.0.0/8": "This network",
        "0.0.0.0/32": "This host on this network",
        "10.0.0.0/8": "Private-Use",
        "100.64.0.0/10": "Shared Address Space",
        "127.0.0.0/8": "Loopback",
        "169.254.0.0/16": "Link Local",
        "172.16.0.0/12": "Private-Use",
        "192.0.0.0/24": "IETF Protocol Assignments",
        "192.0.0.0/29": "IPv4 Service Continuity Prefix",
        "192.0.0.8/32": "IPv4 dummy address",
        "192.0.0.170/32": "NAT64/DNS64 Discovery",
        "192.0.0.171/32": "NAT64/DNS64 Discovery",
        "192.0.2.0/24": "Documentation (TEST-NET-1)",
        "192.88.99.0/24": "Deprecated (6to4 Relay Anycast)",
        "192.88.99.2/32": "6a44-relay anycast address",
        "192.168.0.0/16": "Private-Use",
        "198.18.0.0/15": "Benchmarking",
        "198.51.100.0/24": "Documentation (TEST-NET-2)",
        "203.0.113.0/24": "Documentation (TEST-NET-3)",
        "240.0.0.0/4": "Reserved",
        "255.255.255.255/32": "Limited Broadcast",
        # https://www.iana.org/assignments/iana-ipv6-special-registry/ as of 2025-10-09, likewise, without the
        # rows that contain an IPv4 address, which is checked instead: ::ffff:0:0/96, 2001::/32, 2002::/16
        "::1/128": "Loopback Address",
        "::/128": "Unspecified Address",
        "64:ff9b:1::/48": "IPv4-IPv6 Translat.",
        "100::/64": "Discard-Only Address Block",
        "100:0:0:1::/64": "Dummy IPv6 Prefix",
        "2001::/23": "IETF Protocol Assignments",
        "2001:2::/48": "Benchmarking",
        "2001:10::/28": "Deprecated (previously ORCHID)",
        "2001:db8::/32": "Documentation",
        "3fff::/20": "Documentation",
        "5f00::/16": "Segment Routing (SRv6) SIDs",
        "fc00::/7": "Unique-Local",
        "fe80::/10": "Link-Local Unicast",
        # In neither registry
        "224.0.0.0/4": "Multicast",  # RFC 5771
        "ff00::/8": "Multicast",  # RFC 4291
        "fec0::/10": "Site-local, deprecated",  # RFC 3879
        "::/96": "IPv4-compatible, deprecated",  # RFC 4291
    }.items()
}
"""The networks that cannot be reached from everywhere on the internet, with their names."""

INVALID_URL = _("Enter a URL such as https://hooks.example.org/changes, in ASCII characters.")


def embedded(address: IPv6Address) -> tuple[IPv4Address, ...]:
    """Return the IPv4 addresses within ``address`` that packets are passed on to (two with Teredo)."""
    if address in NAT64:
        return (IPv4Address(int(address) & 0xFFFFFFFF),)
    found = address.ipv4_mapped or address.sixtofour
    return (found,) if found else address.teredo or ()


def is_public(address: IPv4Address | IPv6Address) -> bool:
    """Return whether everyone on the internet can reach ``address``."""
    if isinstance(address, IPv6Address) and (inner := embedded(address)):
        return all(map(is_public, inner))
    return not any(address in network for network in NOT_PUBLIC)


def allowed_ports() -> list[int]:
    """Return the ports that webhooks can be sent to."""
    return sorted({*DEFAULT_PORTS.values(), *settings.WEBHOOK_PORTS})


def validate_port(port: int) -> None:
    """Reject a port that webhooks cannot be sent to.

    Raises:
        ValidationError: code ``port``.
    """
    ports = allowed_ports()
    if port not in ports:
        message = _("Port %(port)s isn't allowed for webhooks. Use one of: %(ports)s.")
        raise ValidationError(message, "port", {"port": port, "ports": ", ".join(map(str, ports))})


def validate_address(host: str) -> None:
    """Reject an IP address that is not public, unless ``WEBHOOK_ALLOW_PRIVATE``.

    A host name is accepted: it can only be checked when it is resolved.

    Raises:
        ValidationError: code ``not_public``.
    """
    try:
        address = ip_address(host)
    except ValueError:
        return
    if not (settings.WEBHOOK_ALLOW_PRIVATE or is_public(address)):
        message = _("%(address)s isn't a public address. Use a host that can be reached from the internet.")
        raise ValidationError(message, "not_public", {"address": address})


def validate_webhook_url(url: str) -> None:
    """Reject a URL that no webhook can be sent to.

    Raises:
        ValidationError: codes ``invalid``, ``credentials``, ``port`` and ``not_public``.
    """
    URLValidator(list(DEFAULT_PORTS), message=INVALID_URL)(url)
    parts = urlsplit(url)
    try:
        port = DEFAULT_PORTS[parts.scheme] if parts.port is None else parts.port
    except ValueError:  # above 65535
        raise ValidationError(INVALID_URL, "invalid") from None
    if not url.isascii():
        raise ValidationError(INVALID_URL, "invalid")
    if parts.username is not None or parts.password is not None:
        message = _("Remove the username and password from the URL. Receivers check the signature instead.")
        raise ValidationError(message, "credentials")
    validate_port(port)
    validate_address(parts.hostname or "")


def resolve(host: str, port: int) -> list[str]:
    """Return the addresses of ``host``. Connect to these: resolving it again could give others.

    Raises:
        OSError: there is no such host.
        ValidationError: ``port`` is not allowed, or one of the addresses is not public.
    """
    validate_port(port)
    found = [str(entry[4][0]) for entry in socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)]
    for address in found:
        validate_address(address.partition("%")[0])
    return list(dict.fromkeys(found))
