"""SSRF guard: requests to addresses that somebody else names (a result, an upload, a source) reach
the public network.

Without a proxy a name is looked up once, every address of it is judged, and the connection goes to
one that was judged: a name that answers otherwise a moment later leads nowhere else. TLS and the
Host header keep the name. With a proxy nothing is looked up here: the proxy may be the only one
that resolves names, and gets the name as it stands.
"""

import asyncio
import re
import socket
import ssl
from collections.abc import Callable
from functools import cache
from ipaddress import IPv4Address, IPv6Address, IPv6Network, ip_address, ip_network
from typing import Any
from urllib.request import getproxies, proxy_bypass

import httpx

from editorapp.core.content_encoding import IDENTITY
from editorapp.core.loopback import is_loopback

Address = IPv4Address | IPv6Address
Trust = Callable[[httpx.URL], bool]

REFUSED: dict[str, tuple[str, ...]] = {
    "this network": ("0.0.0.0/8", "::/128"),
    "this machine": ("127.0.0.0/8", "::1/128"),
    "a private network": ("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "fc00::/7"),
    "a carrier's network": ("100.64.0.0/10",),
    "this link, where clouds keep credentials": ("169.254.0.0/16", "fe80::/10"),
    "a cloud's own service": ("168.63.129.16/32",),  # Azure's; it lies among public addresses
    "a site": ("fec0::/10",),
    "a protocol's reserve": (
        "192.0.0.0/24",
        "192.88.99.0/24",
        "2001::/23",
        "5f00::/16",
    ),  # Teredo is in 2001::/23
    "documentation": (
        "192.0.2.0/24",
        "198.51.100.0/24",
        "203.0.113.0/24",
        "2001:db8::/32",
        "3fff::/20",
    ),
    "benchmarks": ("198.18.0.0/15",),
    "many receivers": ("224.0.0.0/4", "ff00::/8"),
    "nobody yet": ("240.0.0.0/4",),
    "nothing": ("100::/64", "100:0:0:1::/64"),
    "an IPv4 address inside of IPv6": ("::/96", "64:ff9b::/96", "64:ff9b:1::/48", "2002::/16"),
}
_NETWORKS = [(what, ip_network(one)) for what, nets in REFUSED.items() for one in nets]
_GLOBAL_V6 = IPv6Network("2000::/3")  # nothing else is given to anybody
_ISATAP = {0x00005EFE, 0x02005EFE}

# RFC 6761, 6762, 8375 and what ICANN keeps for private use: names of a network, never of the public
# one.
PRIVATE_NAMES = (
    "localhost",
    "local",
    "internal",
    "home.arpa",
    "localdomain",
    "lan",
    "intranet",
    "corp",
    "home",
)
_NAME = re.compile(r"(?!-)[a-z0-9_-]{1,63}(?:\.(?!-)[a-z0-9_-]{1,63})+")
LEAST_PORT = 1024  # below it only 443: mail, shells and name servers have their ports there


class AddressNotAllowed(Exception):
    """The address leads where nothing is sent and nothing fetched.

    Its text is a sentence for a person.
    """


class NoAddress(AddressNotAllowed):
    """It is no address at all; another answer may hold one."""


class HostNotFound(httpx.ConnectError):
    """The name has no address now."""


def why_refused(address: Address) -> str:
    """Say what an address is that is no ordinary public one: "a private network"; "" where nothing
    is wrong with it.

    IPv4 that was mapped into IPv6 counts as what it is. Source: IANA's special-purpose registries.
    """
    if isinstance(address, IPv6Address):
        if address.ipv4_mapped is not None:
            return why_refused(address.ipv4_mapped)
        if (int(address) >> 32) & 0xFFFFFFFF in _ISATAP and (
            inner := why_refused(IPv4Address(int(address) & 0xFFFFFFFF))
        ):
            return inner
    for what, network in _NETWORKS:
        if address.version == network.version and address in network:
            return what
    if isinstance(address, IPv6Address) and address not in _GLOBAL_V6:
        return "nobody yet"
    return (
        ""
        if address.is_global and not address.is_multicast
        else "another network than the public one"
    )


def judged(url: str | httpx.URL) -> httpx.URL:
    """Return an address as it is used, when it can be one on the public network. Looks nothing up.

    https, no name or password in it, port 443 or a high one, and a host that is a full name or an
    address as it is
    usually written: neither 2130706433 nor 0x7f.1, which are loopback.
    Raises: AddressNotAllowed.
    """
    parts, host, port = _parsed(url)
    host, port = host.removesuffix("."), 443 if port is None else port
    if parts.scheme != "https" or not host:
        raise AddressNotAllowed("Links are followed over https only.")
    if parts.userinfo:
        raise AddressNotAllowed("The link holds a name or a password.")
    if port != 443 and port < LEAST_PORT:
        raise AddressNotAllowed(f"The link leads to port {port}, where no files are.")
    _check_host(host)
    return parts.copy_with(host=host)


def _parsed(url: str | httpx.URL) -> tuple[httpx.URL, str, int | None]:
    """Return an address, its host and its port. Raises: NoAddress."""
    try:
        parts = httpx.URL(url)
        return parts, name_of(parts).lower(), parts.port
    except (httpx.InvalidURL, ValueError, TypeError) as error:
        raise NoAddress("The link is not an address.") from error


def name_of(url: httpx.URL) -> str:
    """Return the host as it is looked up: a name in other letters in its ASCII form."""
    return url.raw_host.decode("ascii")


def literal(host: str) -> Address | None:
    """Return the address that a host is, in its usual spelling; None for a name."""
    try:
        return ip_address(host.strip("[]"))
    except ValueError:
        return None


def _check_host(host: str) -> None:
    """Raises: NotAllowed."""
    address = literal(host)
    if address is not None:
        if "%" in host:
            raise AddressNotAllowed("The link names a network card of this machine.")
        _check(address, host)
        return
    # A last part that begins with a digit is a number to the system's resolver, however it is
    # written.
    if not _NAME.fullmatch(host) or len(host) > 253 or host.rpartition(".")[2][0].isdigit():
        raise AddressNotAllowed("The link's host is neither a full name nor an address.")
    if any(host == name or host.endswith(f".{name}") for name in PRIVATE_NAMES):
        raise AddressNotAllowed(f"The host {host} is a name of a private network.")


def _check(address: Address, host: str) -> None:
    """Raises: NotAllowed."""
    if why := why_refused(address):
        raise AddressNotAllowed(
            f"The host {host} is not on the public network: its address is that of {why}."
        )


async def resolve(host: str, port: int) -> list[str]:
    """Look a host up, once, and return its addresses, each of which was judged.

    Raises: AddressNotAllowed, when any of them is not public; HostNotFound.
    """
    if literal(host) is not None:
        return [host.strip("[]")]  # judged with the link
    loop = asyncio.get_running_loop()
    try:
        found = await loop.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError) as error:
        raise HostNotFound(f"The host {host} cannot be found.") from error
    addresses = list(dict.fromkeys(str(info[4][0]).partition("%")[0] for info in found))
    if not addresses:
        raise HostNotFound(f"The host {host} cannot be found.")
    for address in addresses:
        _check(ip_address(address), host)
    return addresses


def proxy_for(url: httpx.URL) -> str | None:
    """Return the proxy through which an address is reached, from HTTPS_PROXY, HTTP_PROXY, ALL_PROXY
    and NO_PROXY.
    """
    proxies = getproxies()
    proxy = proxies.get(url.scheme) or proxies.get("all")
    if not proxy or _is_without_proxy(url):
        return None
    return proxy if "://" in proxy else f"http://{proxy}"


def _is_without_proxy(url: httpx.URL) -> bool:
    """Does NO_PROXY name the host, or the host with its port?"""
    return bool(proxy_bypass(name_of(url)) or proxy_bypass(url.netloc.decode()))


@cache
def certificates() -> ssl.SSLContext:
    """Return the authorities that are trusted.

    Reading them takes longer than a call; every client shares them.
    """
    return httpx.create_ssl_context()


class GuardedTransport(httpx.AsyncBaseTransport):
    """Judges each request's address and sends it where it was judged to lead.

    What `trusts` says of an address is as far as a configured one goes: it is not judged, and
    reached as usual. Raises, beside httpx's own: AddressNotAllowed; HostNotFound.
    """

    def __init__(
        self,
        *,
        trusts: Trust = lambda url: False,
        limits: httpx.Limits | None = None,
        uses_proxy: bool = True,
    ) -> None:
        self._trusts, self._limits, self._uses_proxy = trusts, limits or httpx.Limits(), uses_proxy
        self._ways: dict[tuple[str, int, str], httpx.AsyncHTTPTransport] = {}

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        is_trusted = self._trusts(request.url)
        url = request.url if is_trusted else judged(request.url)
        proxy = self._proxy(url)
        if is_trusted or proxy is not None:
            return await self._way(url, proxy).handle_async_request(_to(url, request))
        return await self._direct(url, request)

    def _proxy(self, url: httpx.URL) -> str | None:
        return proxy_for(url) if self._uses_proxy and not is_loopback(str(url)) else None

    async def _direct(self, url: httpx.URL, request: httpx.Request) -> httpx.Response:
        """Send a request to the first of its host's addresses that takes a connection."""
        host, way = name_of(url), self._way(url, None)
        refused: httpx.TransportError | None = None
        for address in await resolve(host, url.port or 443):
            try:
                return await way.handle_async_request(
                    _to(url.copy_with(host=address), request, name=host)
                )
            except (httpx.ConnectError, httpx.ConnectTimeout) as error:  # nothing was sent
                refused = error
        assert refused is not None  # a host that was found has an address
        raise refused

    def _way(self, url: httpx.URL, proxy: str | None) -> httpx.AsyncHTTPTransport:
        """Return the connections to one host: two names on one address never share one."""
        key = (name_of(url), url.port or 0, proxy or "")
        if key not in self._ways:
            self._ways[key] = self._new_way(proxy)
        return self._ways[key]

    def _new_way(self, proxy: str | None) -> httpx.AsyncHTTPTransport:
        return httpx.AsyncHTTPTransport(
            verify=certificates(),
            trust_env=False,
            limits=self._limits,
            proxy=proxy,
        )

    async def aclose(self) -> None:
        ways, self._ways = list(self._ways.values()), {}
        for way in ways:
            await way.aclose()


def _to(url: httpx.URL, request: httpx.Request, *, name: str = "") -> httpx.Request:
    """Return a request as it goes to an address, with its own Host; `name` is what the certificate
    must say.
    """
    named = {"sni_hostname": name} if name else {}
    return httpx.Request(
        request.method,
        url,
        headers=request.headers,
        stream=request.stream,
        extensions={**request.extensions, **named},
    )


def guarded_client(guard: GuardedTransport | None = None, **options: Any) -> httpx.AsyncClient:
    """Make a client for addresses that others name.

    It follows no redirect and takes no password from the machine.
    """
    return httpx.AsyncClient(
        transport=guard or GuardedTransport(),
        trust_env=False,
        follow_redirects=False,
        headers=IDENTITY,
        **options,
    )


def origin(url: str | httpx.URL) -> tuple[str, str, int]:
    """Return scheme, host and port. Raises: NotAllowed."""
    parts, host, port = _parsed(url)
    return parts.scheme, host, port or {"http": 80, "https": 443}.get(parts.scheme, 0)
