"""What is said to this machine alone: which hosts' names are its own, whatever a page in a browser here calls it.

A name of somebody's can be made to lead to 127.0.0.1 (DNS rebinding): then a page of theirs may read what a server here
answers, which sees a caller on loopback. What gives it away is the name in `Host`.
"""

from ipaddress import ip_address
from urllib.parse import urlsplit


def is_name_of_this_machine(host: str) -> bool:
    """Is the value of a `Host` header "localhost" or an address of loopback, with or without a port?"""
    try:
        name = urlsplit(f"//{host}").hostname or ""
        return name == "localhost" or ip_address(name).is_loopback
    except ValueError:
        return False


def is_own_page(origin: str, host: str) -> bool:
    """Did a page of this very server ask, or no page at all? `origin` and `host` are the headers' values."""
    return origin in ("", f"http://{host}")
