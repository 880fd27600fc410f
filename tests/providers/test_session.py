"""What each end of a call means, on a real socket where the socket is the point."""

import asyncio
import logging
import time
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from pathlib import Path
from typing import Any

import httpx
import pytest

from editorapp.providers.contract import (
    BadCredentials,
    NotFound,
    OutcomeUnknown,
    OutOfFunds,
    ProviderError,
    Rejected,
    Throttled,
    Unavailable,
    UploadRefused,
)
from editorapp.providers.http import connections, error_mapping, retry_after, session
from editorapp.providers.http.session import ProviderSession
from tests.providers.talk import KEY, access, answering, http, run, says, socket_that

STATUSES = [
    # status, of the paid POST, of a free call
    (301, Rejected, Rejected),
    (302, OutcomeUnknown, Rejected),
    (303, OutcomeUnknown, Rejected),
    (307, Rejected, Rejected),
    (400, Rejected, Rejected),
    (401, BadCredentials, BadCredentials),
    (402, OutOfFunds, OutOfFunds),
    (403, BadCredentials, BadCredentials),
    (404, Rejected, NotFound),
    (405, Rejected, Rejected),
    (408, OutcomeUnknown, Unavailable),
    (409, OutcomeUnknown, Rejected),
    (413, Rejected, Rejected),
    (422, Rejected, Rejected),
    (429, Throttled, Throttled),
    (500, OutcomeUnknown, Unavailable),
    (502, OutcomeUnknown, Unavailable),
    (503, OutcomeUnknown, Unavailable),
    (504, OutcomeUnknown, Unavailable),
]


def paid(wire: ProviderSession) -> Any:
    return run(wire.pay("/generations", body={"prompt": "x"}, idempotency_key="k-1"))


def free(wire: ProviderSession) -> Any:
    return run(wire.call("GET", "/generations/1"))


@pytest.mark.parametrize(("status", "when_paid", "when_free"), STATUSES)
def test_a_status_means_what_may_be_done_next(
    status: int, when_paid: type[ProviderError], when_free: type[ProviderError]
) -> None:
    wire, seen = answering(says(status, {"detail": "Something"}))
    with pytest.raises(ProviderError) as raised:
        paid(wire)
    assert type(raised.value) is when_paid
    assert len(seen) == 1

    wire, _ = answering(says(status, {"detail": "Something"}))
    with pytest.raises(ProviderError) as raised:
        free(wire)
    assert type(raised.value) is when_free


@pytest.mark.parametrize(
    ("error", "when_paid"),
    [
        (httpx.ConnectError("refused"), Unavailable),
        (httpx.ConnectTimeout("slow"), Unavailable),
        (httpx.PoolTimeout("full"), Unavailable),
        (httpx.ReadTimeout("slow"), OutcomeUnknown),
        (httpx.WriteTimeout("slow"), OutcomeUnknown),
        (httpx.ReadError("reset"), OutcomeUnknown),
        (httpx.WriteError("reset"), OutcomeUnknown),
        (httpx.RemoteProtocolError("disconnected"), OutcomeUnknown),
        (httpx.DecodingError("gzip"), OutcomeUnknown),
    ],
    ids=lambda value: getattr(value, "__name__", type(value).__name__),
)
def test_a_paid_call_that_broke_is_unknown_unless_nothing_left_this_machine(
    error: Exception, when_paid: type[ProviderError]
) -> None:
    wire, seen = answering(error)
    with pytest.raises(ProviderError) as raised:
        paid(wire)
    assert type(raised.value) is when_paid
    assert len(seen) == 1

    with pytest.raises(Unavailable):
        free(answering(error)[0])


@pytest.mark.parametrize(
    "answer",
    [httpx.Response(201), httpx.Response(200, text="<html>"), httpx.Response(201, json=["x"])],
    ids=["empty", "html", "list"],
)
def test_a_success_that_cannot_be_read_is_unknown_when_paid(answer: httpx.Response) -> None:
    with pytest.raises(OutcomeUnknown):
        paid(answering(answer)[0])


def test_a_refused_connection_never_arrived() -> None:
    async def scenario() -> None:
        async with socket_that(lambda _request, _writer: asyncio.sleep(0)) as url:
            pass  # closed again: nobody listens there now
        async with ProviderSession(access(url)) as wire:
            await wire.pay("/generations", body={}, idempotency_key="k")

    with pytest.raises(Unavailable):
        run(scenario())


def test_a_name_that_does_not_exist_never_arrived() -> None:
    wire = ProviderSession(access("https://no-such-host.invalid/v1"))

    with pytest.raises(Unavailable):
        run(wire.pay("/generations", body={}, idempotency_key="k"))


@pytest.mark.parametrize("kind", ["silence", "reset", "half an answer", "a trickle"])
def test_a_provider_that_took_the_request_and_broke_off_leaves_it_unknown(
    kind: str, monkeypatch: Any
) -> None:
    monkeypatch.setattr(session, "PAID_DEADLINE_SECONDS", 0.4)
    received: list[bytes] = []

    async def handle(request: bytes, writer: asyncio.StreamWriter) -> None:
        received.append(request)
        if kind == "reset":
            writer.transport.abort()
        elif kind == "half an answer":
            writer.write(http(201, {"id": "abc"})[:-4])
        elif kind == "a trickle":
            for byte in http(201, {"id": "abc"}):
                writer.write(bytes([byte]))
                await asyncio.sleep(0.05)
        else:
            await asyncio.sleep(2)

    async def scenario() -> None:
        async with socket_that(handle) as url, ProviderSession(access(url)) as wire:
            await wire.pay("/generations", body={"prompt": "x"}, idempotency_key="k")

    with pytest.raises(OutcomeUnknown):
        run(scenario())
    assert len(received) == 1
    assert received[0].startswith(b"POST /generations ")


def test_each_paid_call_opens_a_connection_of_its_own() -> None:
    """An idle connection that the provider drops just then would leave the outcome unknown for no
    reason.
    """
    peers = []

    async def handle(request: bytes, writer: asyncio.StreamWriter) -> None:
        peers.append(writer.get_extra_info("peername"))
        writer.write(http(201, {"id": "abc"}))

    async def scenario() -> None:
        async with socket_that(handle) as url, ProviderSession(access(url)) as wire:
            for _ in range(3):
                await wire.pay("/generations", body={}, idempotency_key="k")

    run(scenario())

    assert len(set(peers)) == 3


def test_many_calls_at_once_share_few_connections() -> None:
    peers = set()

    async def slow(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        peers.add(writer.get_extra_info("peername"))
        with suppress(asyncio.IncompleteReadError):
            while await reader.readuntil(b"\r\n\r\n"):
                await asyncio.sleep(0.01)
                writer.write(http(200, {}))
        writer.close()

    async def scenario() -> None:
        server = await asyncio.start_server(slow, "127.0.0.1", 0)
        url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
        async with server, ProviderSession(access(url)) as wire:
            await asyncio.gather(*(wire.call("GET", f"/generations/{n}") for n in range(300)))

    run(scenario())

    assert len(peers) == connections.MAX_CONNECTIONS


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({"Retry-After": "7"}, 7),
        ({"Retry-After": "0"}, 1),
        ({"Retry-After": "-5"}, 1),
        ({"Retry-After": "86400"}, 600),
        ({"Retry-After": "nan"}, 5),
        ({"Retry-After": "soon"}, 5),
        ({"Retry-After": "Wed, 21 Oct 2026 07:28:30 GMT"}, 30),
        ({"Retry-After": "Wed, 21 Oct 2015 07:28:00 GMT"}, 1),
        ({"X-RateLimit-Reset": "1792567692"}, 12),
        ({}, 5),
    ],
)
def test_a_wait_is_read_in_every_form_and_kept_within_bounds(
    headers: dict[str, str], seconds: float, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(time, "time", lambda: 1792567680.0)  # 21 Oct 2026, 07:28:00 UTC

    assert retry_after.wait_of(httpx.Response(429, headers=headers)) == seconds


ODD_WAITS = (
    "Wed, 21 Oct 2026 07:28:30 +99999999999999999999",
    "Wed, 21 Oct 2026 07:28:30 +9999",
    "Mon, 1 Jan 0001 00:00 +2359",
    "Fri, 31 Dec 9999 23:59:59 -2359",
    "Wed, 21 Oct 99999 07:28:30 GMT",
    "nan",
    "inf",
    "-inf",
    "1e400",
    "soon",
    "",
    "1_000",
    "٣",
    "5, 10",
    "{}",
    "9" * 400,
    "\x00",
    ",",
    "Wed, 32 Foo 2026 99:99:99 GMT",
)


@pytest.mark.parametrize("said", ODD_WAITS, ids=lambda said: repr(said)[:30])
def test_a_wait_that_means_nothing_is_no_accident_and_stays_within_bounds(said: str) -> None:
    response = httpx.Response(503, headers=[(b"Retry-After", said.encode("utf-8"))])

    wait = retry_after.wait_asked(response.headers)

    assert wait is None or 1 <= wait <= 600
    assert 1 <= retry_after.wait_of(response) <= 600


@pytest.mark.parametrize("is_paid", [True, False], ids=["paid", "free"])
@pytest.mark.parametrize("status", [status for status, *_ in STATUSES])
def test_every_refusal_says_how_long_it_asks_to_be_left_alone(status: int, is_paid: bool) -> None:
    call = paid if is_paid else free
    for header, seconds in (("120", 120), ("86400", 600), ("-3", 1)):
        with pytest.raises(ProviderError) as raised:
            call(answering(says(status, {"detail": "Busy"}, Retry_After=header))[0])
        assert raised.value.retry_after_seconds == seconds

    with pytest.raises(ProviderError) as raised:
        call(answering(says(status, {"detail": "Busy"}))[0])
    assert raised.value.retry_after_seconds == (5 if status == 429 else None)


def test_a_wait_as_a_date_counts_for_every_refusal() -> None:
    at = format_datetime(datetime.now(UTC) + timedelta(seconds=90), usegmt=True)

    with pytest.raises(Unavailable) as raised:
        free(answering(says(503, {}, Retry_After=at))[0])

    assert 80 <= (raised.value.retry_after_seconds or 0) <= 90


@pytest.mark.parametrize("status", [400, 403, 408, 500, 503])
def test_an_upload_that_is_refused_says_how_long_to_wait(tmp_path: Path, status: int) -> None:
    """Also where it would else be refused for good: who says when to come again does not."""
    clip = tmp_path / "clip.mp4"
    clip.write_bytes(b"x")

    with pytest.raises(Unavailable) as raised:
        run(
            answering(says(status, Retry_After="120"))[0].upload(
                "https://store.example.org/put", clip, headers={}
            )
        )

    assert raised.value.retry_after_seconds == 120


def test_the_two_kinds_of_throttling_can_be_told_apart() -> None:
    codes = []
    for detail, wait in (("Rate limit exceeded", "3"), ("Too many concurrent jobs", "60")):
        with pytest.raises(Throttled) as raised:
            paid(answering(says(429, {"detail": detail}, Retry_After=wait))[0])
        codes.append((raised.value.code, raised.value.retry_after_seconds))

    assert codes == [(error_mapping.RATE, 3), (error_mapping.CONCURRENCY, 60)]


@pytest.mark.parametrize(
    ("body", "text"),
    [
        (
            {"detail": "Prompt must be between 1 and 6000 characters"},
            "Prompt must be between 1 and 6000 characters",
        ),
        (
            {"detail": [{"loc": ["body", "video", "hdr"], "msg": "not a bool"}]},
            "video.hdr: not a bool",
        ),
        ({"error": {"message": "No such model"}}, "No such model"),
        ({"detail": f"Key {KEY} is\nunknown\x00"}, "Key *** is unknown"),
        ({"detail": "x" * 1000}, "x" * 399 + "…"),
        (["odd"], ""),
    ],
)
def test_the_providers_words_are_one_bounded_line_without_the_key(body: Any, text: str) -> None:
    assert error_mapping.detail_of(httpx.Response(400, json=body), secret=KEY) == text


def test_an_error_in_plain_text_is_read_and_a_page_of_html_is_not() -> None:
    assert (
        error_mapping.detail_of(httpx.Response(400, text=f"Prompt too long, {KEY}"), secret=KEY)
        == "Prompt too long, ***"
    )
    assert error_mapping.detail_of(httpx.Response(400, json="Prompt too long")) == "Prompt too long"
    assert error_mapping.detail_of(httpx.Response(502, html="<h1>Bad gateway</h1>")) == ""


def test_a_refusal_quotes_the_provider_in_a_sentence() -> None:
    with pytest.raises(Rejected) as raised:
        paid(answering(says(400, {"detail": "Unknown model: ray-9"}))[0])

    assert raised.value.message == "Luma Agents refused this: Unknown model: ray-9."
    assert raised.value.code == "400"


def test_the_key_goes_to_the_provider_and_nowhere_else(caplog: Any, tmp_path: Path) -> None:
    caplog.set_level(logging.DEBUG)
    clip = tmp_path / "clip.mp4"
    clip.write_bytes(b"x" * 300_000)
    wire, seen = answering(
        says(201, {"id": "1"}), says(200, {}), says(200), httpx.ReadError(f"reset {KEY}")
    )

    async def scenario() -> None:
        await wire.pay("/generations", body={}, idempotency_key="k-1")
        await wire.call("GET", "/files", params={"limit": 1})
        await wire.upload(
            "https://store.example.org/put?signature=hush", clip, headers={"X-Given": "as is"}
        )
        await wire.call("GET", "/generations/1")

    with pytest.raises(Unavailable) as raised:
        run(scenario())

    paid_call, listed, put, _ = seen
    assert paid_call.headers["Authorization"] == listed.headers["Authorization"] == f"Bearer {KEY}"
    assert paid_call.headers["Idempotency-Key"] == "k-1"
    assert paid_call.headers["X-Request-Id"] != listed.headers["X-Request-Id"]
    assert "Authorization" not in put.headers
    assert put.headers["X-Given"] == "as is"
    assert put.headers["Content-Length"] == "300000"
    assert put.content == clip.read_bytes()
    for text in (caplog.text, str(raised.value), repr(wire), repr(wire.access)):
        assert KEY not in text
        assert "hush" not in text
    assert "POST /generations -> 201" in caplog.text
    assert "PUT (upload, 300000 bytes) -> 200" in caplog.text


@pytest.mark.parametrize("secret", ["", "  ", "luma-api-ключ", "luma-api-a\nb"])
def test_a_key_that_cannot_be_one_is_said_before_anything_is_sent(secret: str) -> None:
    wire = ProviderSession(access(secret=secret))

    with pytest.raises(BadCredentials):
        free(wire)
    with pytest.raises(BadCredentials):
        paid(wire)


def test_an_upload_address_that_is_not_secure_is_refused(tmp_path: Path) -> None:
    clip = tmp_path / "clip.mp4"
    clip.write_bytes(b"x")
    wire, seen = answering()

    with pytest.raises(Rejected):
        run(wire.upload("http://store.example.org/put", clip, headers={}))
    assert seen == []


@pytest.mark.parametrize(
    "answer", [says(408), says(500), httpx.WriteError("https://store/put?signature=hush")]
)
def test_an_upload_that_fails_can_be_made_again_and_tells_no_address(
    answer: Any, tmp_path: Path
) -> None:
    clip = tmp_path / "clip.mp4"
    clip.write_bytes(b"x")
    wire, _ = answering(answer)

    with pytest.raises(Unavailable) as raised:
        run(wire.upload("https://store.example.org/put?signature=hush", clip, headers={}))
    assert "hush" not in str(raised.value)
    assert raised.value.__cause__ is None


@pytest.mark.parametrize("status", [301, 400, 401, 403, 404, 405, 409, 410, 413, 415, 422])
def test_a_storage_that_refuses_a_file_would_refuse_it_again_at_this_address(
    status: int, tmp_path: Path
) -> None:
    clip = tmp_path / "clip.mp4"
    clip.write_bytes(b"x" * 1234)
    wire, _ = answering(says(status))

    with pytest.raises(UploadRefused) as raised:
        run(wire.upload("https://store.example.org/put?signature=hush", clip, headers={}))
    assert f"HTTP {status}" in raised.value.message and "hush" not in str(raised.value)
    assert status != 413 or "1,234 bytes" in raised.value.message


def test_a_storage_with_too_much_to_do_says_how_long_to_wait(tmp_path: Path) -> None:
    clip = tmp_path / "clip.mp4"
    clip.write_bytes(b"x")
    wire, _ = answering(says(429, Retry_After="17"))

    with pytest.raises(Throttled) as raised:
        run(wire.upload("https://store.example.org/put", clip, headers={}))
    assert raised.value.retry_after_seconds == 17


@pytest.mark.parametrize(
    "url",
    ["https://[::1/put", "https://store.example.org:x/put", "https://store/\ud83d", "", "put"],
)
def test_an_upload_address_that_is_none_is_refused_and_not_an_error_of_ours(
    url: str, tmp_path: Path
) -> None:
    clip = tmp_path / "clip.mp4"
    clip.write_bytes(b"x")
    wire, seen = answering()

    with pytest.raises(UploadRefused, match="cannot be read"):
        run(wire.upload(url, clip, headers={}))
    assert seen == []


def test_blanks_and_line_breaks_in_an_upload_address_are_taken_out(tmp_path: Path) -> None:
    clip = tmp_path / "clip.mp4"
    clip.write_bytes(b"x")
    wire, seen = answering(says(200))

    run(wire.upload(" https://store.example.org/p\nut?a=1 \r\n", clip, headers={}))

    assert str(seen[0].url) == "https://store.example.org/put?a=1"


def test_an_upload_streams_from_disk_over_a_real_socket(tmp_path: Path) -> None:
    clip = tmp_path / "clip.mp4"
    clip.write_bytes(bytes(range(256)) * 8192)
    received: list[bytes] = []

    async def handle(request: bytes, writer: asyncio.StreamWriter) -> None:
        received.append(request)
        writer.write(http(200, {}))

    async def scenario() -> None:
        async with socket_that(handle) as url, ProviderSession(access(url)) as wire:
            await wire.upload(f"{url}/put", clip, headers={"Content-Type": "video/mp4"})

    run(scenario())

    head, _, body = received[0].partition(b"\r\n\r\n")
    assert body == clip.read_bytes()
    assert b"transfer-encoding" not in head.lower()
