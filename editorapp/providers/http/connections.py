"""Connections: the ways on which a request leaves for a provider, and its whole answer.

A paid request goes through httpx alone, on a connection of its own that is closed after it: nothing
here or below it sends a request twice. Free ones share kept connections of aiohttp under httpx,
which takes half the CPU at any number of them. Its bridge to httpx calls a connection that was reset
in the midst of an answer a `ConnectTimeout`, so the errors are named anew here.
"""

from contextlib import aclosing

import aiohttp
import httpx
from httpx_aiohttp import AiohttpTransport

from editorapp.core import ssrf_guard
from editorapp.core.loopback import is_loopback
from editorapp.providers.contract import Access
from editorapp.providers.http import links, response_body

MAX_HEAD_LINE_BYTES = 64 * 1024
MAX_CONNECTIONS = 64  # of free calls; a provider's poll workers are as many
UPLOADS_AT_ONCE = 8

# Raised before a byte of the request left this machine: the provider cannot have seen it.
NEVER_SENT = (
    httpx.ConnectError,
    httpx.ConnectTimeout,
    httpx.PoolTimeout,
    httpx.UnsupportedProtocol,
    httpx.ProxyError,
)

# What aiohttp's errors are called here: the first that fits.
_NAMES: tuple[tuple[type[Exception], type[httpx.TransportError]], ...] = (
    (aiohttp.ClientProxyConnectionError, httpx.ProxyError),
    (aiohttp.ClientHttpProxyError, httpx.ProxyError),
    (aiohttp.ClientConnectorError, httpx.ConnectError),
    (aiohttp.ConnectionTimeoutError, httpx.ConnectTimeout),
    (aiohttp.ClientOSError, httpx.ReadError),
    (aiohttp.InvalidURL, httpx.UnsupportedProtocol),
    (aiohttp.ClientError, httpx.RemoteProtocolError),
    (ValueError, httpx.LocalProtocolError),  # a line break in a header
)


def for_paid(access: Access) -> httpx.AsyncBaseTransport:
    """Make the way of paid requests: a fresh connection for each, at any number at once."""
    return httpx.AsyncHTTPTransport(
        verify=ssrf_guard.certificates(),
        trust_env=False,
        proxy=_proxy(access),
        limits=httpx.Limits(max_connections=None, max_keepalive_connections=0),
    )


def for_free(access: Access) -> httpx.AsyncBaseTransport:
    """Make the way of free calls: connections that are kept as long as the event loop runs."""
    proxy = _proxy(access)
    return AiohttpTransport(
        verify=ssrf_guard.certificates(),
        client=_kept,
        proxy=None if proxy is None else httpx.Proxy(proxy),
    )


def for_links(access: Access) -> httpx.AsyncBaseTransport:
    """Make the way to addresses that the provider names: each is judged where it really goes."""
    return links.transport(access, limits=httpx.Limits(max_connections=UPLOADS_AT_ONCE))


def _proxy(access: Access) -> str | None:
    url = access.base_url
    return None if is_loopback(url) else ssrf_guard.proxy_for(httpx.URL(url))


def _kept() -> aiohttp.ClientSession:
    session = aiohttp.ClientSession(
        connector=aiohttp.TCPConnector(limit=MAX_CONNECTIONS, ssl=ssrf_guard.certificates()),
        cookie_jar=aiohttp.DummyCookieJar(),
        auto_decompress=False,
        max_line_size=MAX_HEAD_LINE_BYTES,
        max_field_size=MAX_HEAD_LINE_BYTES,
    )
    # A GET is asked once, too: aiohttp would repeat it even on a fresh connection, unseen by whoever
    # counts failures. (Its own test client switches it off in the same way.)
    session._retry_connection = False
    return session


async def exchange(transport: httpx.AsyncBaseTransport, request: httpx.Request) -> httpx.Response:
    """Send a request and return its whole answer, unpacked.

    It follows no redirect, keeps no cookie and knows no password but the request's. Deadlines are
    the caller's. Where the answer came packed in a way that cannot be read, its extension
    `response_body.PROBLEM` says so in a sentence.
    Raises: httpx.TransportError, TooLong among them.
    """
    try:
        response = await transport.handle_async_request(request)
        async with aclosing(response):
            if response.is_stream_consumed:  # handed over whole by a transport without a socket
                return response
            return await response_body.read_whole(response)
    except (aiohttp.ClientError, ValueError) as error:
        failed: Exception = error
    except httpx.TransportError as error:
        if not isinstance(error.__cause__, aiohttp.ClientError):
            raise
        failed = error.__cause__
    named = next(name for kind, name in _NAMES if isinstance(failed, kind))
    raise named(str(failed)) from failed
