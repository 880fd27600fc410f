"""Loopback: is an address on this very machine? Then no proxy of the environment stands between."""

from ipaddress import ip_address
from urllib.parse import urlsplit


def is_loopback(url: str) -> bool:
    """Say whether an address names this machine. Raises: ValueError, for what is no address."""
    host = urlsplit(url).hostname or ""
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
