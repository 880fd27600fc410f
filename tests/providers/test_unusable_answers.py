"""Whatever an answer holds, an adapter returns what it should, clean, or ends in one of our own
errors.
"""

import asyncio
import gzip
import json
import zlib
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import httpx
import pytest
from hypothesis import given, settings
from hypothesis import strategies as some

from editorapp.core import content_encoding, retry
from editorapp.providers import registry, shared_calls
from editorapp.providers.contract import (
    Access,
    GenerationRequest,
    Job,
    Listing,
    OutcomeUnknown,
    ProviderError,
    Quote,
    Ref,
    Task,
    Unreadable,
)
from editorapp.providers.http import connections, response_body
from editorapp.providers.http.session import ProviderSession
from tests.providers.talk import KEY, answering, run, socket_that

PROVIDERS = ("luma-agents", "gmi-cloud", "scenario")
every = pytest.mark.parametrize("slug", PROVIDERS)
WORDS = some.sampled_from(
    ["success", "completed", "failed", "cancelled", "ready", "imported", "pending", "video"]
)
SCALARS = (
    some.none()
    | some.booleans()
    | some.integers()
    | some.floats()
    | some.text(some.characters(), max_size=6)
    | WORDS
)
KEYS = some.sampled_from(
    [
        "id",
        "state",
        "output",
        "url",
        "type",
        "failure_code",
        "failure_reason",
        "upload",
        "headers",
        "request_id",
        "status",
        "outcome",
        "media_urls",
        "video_url",
        "generation_id",
        "error",
        "error_code",
        "job",
        "jobId",
        "metadata",
        "assetIds",
        "billing",
        "cuCost",
        "cuCostDetails",
        "progress",
        "asset",
        "parts",
        "number",
        "requests",
        "jobs",
        "created_at",
        "createdAt",
        "total",
        "price_info",
        "price",
        "unit",
        "creativeUnitsCost",
        "prices",
        "model",
        "inputs",
        "name",
        "loc",
        "detail",
        "message",
    ]
)
JSON = some.recursive(
    SCALARS,
    lambda inner: some.lists(inner, max_size=3) | some.dictionaries(KEYS, inner, max_size=6),
    max_leaves=30,
)
ANSWERS = some.dictionaries(KEYS, JSON, max_size=8)


def access(slug: str) -> Access:
    return Access(1, slug, "https://provider.example.org/v1", KEY, unit_price_usd=Decimal("0.01"))


def wire_that_answers(
    slug: str, content: bytes, *, status: int = 200, **headers: str
) -> ProviderSession:
    """Return a wire on which each call is answered with these bytes."""

    async def handle(request: httpx.Request) -> httpx.Response:
        await request.aread()
        return httpx.Response(
            status, content=content, headers={"Content-Type": "application/json", **headers}
        )

    return ProviderSession(access(slug), transport=httpx.MockTransport(handle))


def calls(slug: str, session: ProviderSession, clip: Path) -> list[Any]:
    """Return every call that this provider's module makes."""
    adapter, now = registry.get(slug), datetime.now(UTC)
    wanted = GenerationRequest(
        task=Task.GENERATE, prompt="A harbor", resolution="540p", duration="5s"
    )
    made = [
        adapter.submit({"prompt": "x"}, path="/x", session=session, idempotency_key="k"),
        adapter.poll("job-1", session=session),
        adapter.ping(session=session),
        adapter.stage(clip, name="a.mp4", media_type="video/mp4", purpose="input", session=session),
        adapter.stage(
            clip, name="a.png", media_type="image/png", purpose="reference", session=session
        ),
    ]
    if hasattr(adapter, "recent"):
        made.append(
            adapter.recent(since=now - timedelta(days=1), until=now, session=session, models={"m"})
        )
    if hasattr(adapter, "quote"):
        made.append(adapter.quote(wanted, seconds=Decimal(5), session=session, spec=adapter.SPEC))
    if hasattr(adapter, "discover"):
        made.append(adapter.discover(session=session))
    return made


def assert_sound(found: Any) -> None:
    """What an adapter hands on can be written into any row."""
    if isinstance(found, Job):
        assert 0 < len(found.id) <= 120 and len(found.chain_id) <= 120
        assert found.progress is None or 0 <= found.progress <= 1
        assert found.cost_usd is None or (found.cost_usd.is_finite() and found.cost_usd >= 0)
    if isinstance(found, Job | Listing | Quote | Ref):
        text = repr(found)
        assert text.encode() and "\0" not in text
    if isinstance(found, dict):
        json.dumps(found, allow_nan=False).encode()


@pytest.fixture(autouse=True)
def no_waiting(monkeypatch: pytest.MonkeyPatch) -> None:
    """An upload that is not looked at yet is not waited for."""
    at_once = replace(retry.policy("stage.ready"), lasts_seconds=0.0)
    monkeypatch.setattr(shared_calls, "READY", at_once)


@pytest.fixture(scope="module")
def clip(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("odd") / "clip.mp4"
    path.write_bytes(b"0123456789")
    return path


def ends_of(slug: str, content: bytes, clip: Path, **options: Any) -> list[Any]:
    """Make every call of a provider against one answer; return what each returned, or its error,
    which is ours.
    """

    async def each() -> list[Any]:
        async with wire_that_answers(slug, content, **options) as session:
            return [await _end(call) for call in calls(slug, session, clip)]

    return run(each())


async def _end(call: Any) -> Any:
    try:
        return await call
    except ProviderError as error:
        assert error.message.encode() and "\0" not in error.message
        return error


@every
def test_any_object_is_read_or_refused_in_our_own_words(slug: str, clip: Path) -> None:
    @given(ANSWERS)
    @settings(max_examples=25, deadline=None)
    def check(answer: dict[str, Any]) -> None:
        for found in ends_of(slug, json.dumps(answer).encode(), clip):
            assert_sound(found)

    check()


@every
@pytest.mark.parametrize("status", [200, 403, 500])
@pytest.mark.parametrize(
    "content",
    [
        b"[" * 100_000,
        b"{" + b'"a":{' * 50_000,
        b"null",
        b"[1]",
        b'"text"',
        b"<html>maintenance</html>",
        b"\xff\xfe\x00",
        b'{"detail": [{"loc": 5, "msg": "\\ud83d"}]}',
        b'{"error": {"message": {"a": 1e400}}, "outcome": []}',
    ],
    ids=["brackets", "braces", "null", "list", "text", "html", "bytes", "odd detail", "odd error"],
)
def test_no_answer_of_any_status_is_an_accident(
    slug: str, status: int, content: bytes, clip: Path
) -> None:
    for found in ends_of(slug, content, clip, status=status):
        assert_sound(found)


WRONG_IDS: list[Any] = [None, "", 7, {}, ["a"], "x" * 10_000, "a b", "a\nb", True]


@every
@pytest.mark.parametrize("job_id", WRONG_IDS, ids=lambda value: repr(value)[:12])
def test_a_paid_answer_without_a_usable_id_is_unknown_with_what_came(
    slug: str, job_id: Any
) -> None:
    answers = {
        "luma-agents": {"state": "queued", "note": f"key {KEY}", "id": job_id},
        "gmi-cloud": {"status": "queued", "note": f"key {KEY}", "request_id": job_id},
        "scenario": {"job": {"status": "queued", "note": f"key {KEY}", "jobId": job_id}},
    }
    session, seen = answering(httpx.Response(201, json=answers[slug]), to=access(slug))

    with pytest.raises(OutcomeUnknown) as raised:
        run(
            registry.get(slug).submit(
                {"prompt": "x"}, path="/x", session=session, idempotency_key="k"
            )
        )

    assert len(seen) == 1
    assert (
        "queued" in raised.value.came
        and KEY not in raised.value.came
        and len(raised.value.came) <= 2000
    )


@every
def test_a_paid_answer_that_cannot_be_read_is_unknown_with_what_came(slug: str) -> None:
    page = (
        f"<h1>Bad gateway</h1>\0 {KEY} https://store.example.org/a?signature=hush " + "x" * 100_000
    )
    session, _seen = answering(httpx.Response(200, text=page), to=access(slug))

    with pytest.raises(OutcomeUnknown) as raised:
        run(
            registry.get(slug).submit(
                {"prompt": "x"}, path="/x", session=session, idempotency_key="k"
            )
        )

    came = raised.value.came
    assert came.startswith("<h1>Bad gateway</h1> ***") and "hush" not in came and "\0" not in came
    assert len(came) <= 2000


@every
def test_a_submit_that_ends_at_once_is_followed_whatever_its_result_looks_like(slug: str) -> None:
    odd = [{"type": "video", "url": "https://[::1/half"}]
    answers = {
        "luma-agents": {"id": "job-1", "state": "completed", "output": odd},
        "gmi-cloud": {
            "request_id": "job-1",
            "status": "success",
            "outcome": {"video_url": odd, "media_urls": 7},
        },
        "scenario": {"job": {"jobId": "job-1", "status": "success", "metadata": 7}},
    }
    session, _seen = answering(httpx.Response(201, json=answers[slug]), to=access(slug))

    job = run(
        registry.get(slug).submit({"prompt": "x"}, path="/x", session=session, idempotency_key="k")
    )

    assert (job.id, job.outputs, job.failure) == ("job-1", (), None)


@pytest.mark.parametrize(
    "cost", [1e13, -1, "free", {"a": 1}, [1], True, "1e400", float("nan"), float("inf")]
)
def test_a_price_of_scenarios_that_makes_no_sense_is_kept_as_it_came(cost: Any) -> None:
    job = {
        "jobId": "job-1",
        "status": "failure",
        "billing": {"cuCost": cost, "disableRefund": True},
    }
    session, _seen = answering(
        httpx.Response(200, content=json.dumps({"job": job})), to=access("scenario")
    )

    found = run(registry.get("scenario").poll("job-1", session=session))

    assert found.cost_usd is None and found.odd_cost.endswith(" CU")


def test_a_fee_that_makes_no_sense_spoils_the_whole_price() -> None:
    billing = {"cuCost": 10, "cuCostDetails": {"hdr": "lots"}, "disableRefund": True}
    job = {"jobId": "job-1", "status": "failure", "billing": billing}
    session, _seen = answering(httpx.Response(200, json={"job": job}), to=access("scenario"))

    found = run(registry.get("scenario").poll("job-1", session=session))

    assert (found.cost_usd, found.odd_cost) == (None, "lots CU")


# What comes compressed although nobody asked, over real sockets and both ways of asking.

READY = json.dumps({"id": "job-1", "state": "processing", "long": "x" * 5000}).encode()
_raw = zlib.compressobj(wbits=-zlib.MAX_WBITS)
PACKED = {
    "gzip": ("gzip", gzip.compress(READY)),
    "x-gzip": ("x-gzip", gzip.compress(READY)),
    "two members": ("gzip", gzip.compress(READY[:9]) + gzip.compress(READY[9:])),
    "gzip unsaid": ("", gzip.compress(READY)),
    "gzip only said": ("gzip", READY),
    "deflate": ("deflate", zlib.compress(READY)),
    "raw deflate": ("deflate", _raw.compress(READY) + _raw.flush()),
    "identity": ("identity", READY),
}


def asked_over_a_socket(
    content: bytes,
    header: str,
    *,
    is_announced: bool = True,
    paid: bool = False,
) -> tuple[Job, bytes]:
    """Ask Luma's adapter for a job, or post one, where a socket answers with these bytes; return it
    and the request.
    """
    requests: list[bytes] = []

    async def handle(request: bytes, writer: asyncio.StreamWriter) -> None:
        requests.append(request)
        said = f"Content-Encoding: {header}\r\n" if header else ""
        length = f"Content-Length: {len(content)}\r\n" if is_announced else ""
        writer.write(f"HTTP/1.1 200 OK\r\n{said}{length}\r\n".encode() + content)

    async def scenario() -> Job:
        luma = registry.get("luma-agents")
        async with (
            socket_that(handle) as url,
            ProviderSession(Access(1, "luma-agents", f"{url}/v1", KEY)) as session,
        ):
            if paid:
                return await luma.submit(
                    {"prompt": "x"}, path="/generations", session=session, idempotency_key="k"
                )
            return await luma.poll("job-1", session=session)

    return run(scenario()), requests[0]


@pytest.mark.parametrize(
    ("header", "content"), [("", READY), *PACKED.values()], ids=["plain", *PACKED]
)
def test_the_connection_of_a_paid_call_is_forgotten_with_its_answer_and_not_with_the_session(
    header: str, content: bytes
) -> None:
    """What stays in the pool is looked through for every later call."""

    async def handle(_request: bytes, writer: asyncio.StreamWriter) -> None:
        said = f"Content-Encoding: {header}\r\n" if header else ""
        length = f"Content-Length: {len(content)}\r\n"
        writer.write(f"HTTP/1.1 200 OK\r\n{said}{length}\r\n".encode() + content)

    async def scenario() -> list[Any]:
        async with (
            socket_that(handle) as url,
            ProviderSession(Access(1, "luma-agents", f"{url}/v1", KEY)) as session,
        ):
            await registry.get("luma-agents").submit(
                {"prompt": "x"}, path="/generations", session=session, idempotency_key="k"
            )
            transport = session._transport(connections.for_paid)
            assert isinstance(transport, httpx.AsyncHTTPTransport)
            return transport._pool.connections

    assert run(scenario()) == []


@pytest.mark.parametrize("paid", [False, True], ids=["free", "paid"])
@pytest.mark.parametrize(("header", "content"), PACKED.values(), ids=PACKED)
def test_an_answer_is_asked_for_unpacked_and_read_however_it_comes(
    header: str, content: bytes, paid: bool
) -> None:
    job, request = asked_over_a_socket(content, header, paid=paid)

    assert (job.id, job.state, job.unknown_state) == ("job-1", "running", "")
    assert b"accept-encoding: identity\r\n" in request.lower()


SPOILED = {
    "br": ("br", READY, "compressed (br), which nobody asked for"),
    "layers": ("gzip, gzip", READY, "compressed (gzip, gzip)"),
    "cut": ("gzip", gzip.compress(READY)[:-9], "not whole"),
    "broken": ("gzip", b"\x1f\x8b\x08\x00" + b"\xff" * 50, "broken"),
    "a bomb": ("gzip", gzip.compress(bytes(40_000_000)), "longer than"),
}


@pytest.mark.parametrize(("header", "content", "words"), SPOILED.values(), ids=SPOILED)
def test_what_cannot_be_unpacked_says_so_and_is_unknown_when_paid(
    header: str, content: bytes, words: str
) -> None:
    with pytest.raises(Unreadable, match="cannot be read") as raised:
        asked_over_a_socket(content, header)
    assert words in raised.value.message

    with pytest.raises(OutcomeUnknown) as paid:
        asked_over_a_socket(content, header, paid=True)
    assert words in paid.value.message


def test_an_enormous_answer_is_not_taken_in(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(response_body, "MAX_ANSWER_BYTES", 100_000)

    with pytest.raises(Unreadable, match="longer than 100,000 bytes"):
        asked_over_a_socket(b" " * 200_000, "")
    with pytest.raises(OutcomeUnknown):
        asked_over_a_socket(b" " * 200_000, "", paid=True)


@pytest.mark.parametrize("paid", [False, True], ids=["free", "paid"])
def test_an_enormous_answer_that_does_not_say_its_length_is_not_taken_in(
    monkeypatch: pytest.MonkeyPatch, paid: bool
) -> None:
    monkeypatch.setattr(response_body, "MAX_ANSWER_BYTES", 100_000)

    with pytest.raises(OutcomeUnknown if paid else Unreadable):
        asked_over_a_socket(b" " * 200_000, "", is_announced=False, paid=paid)


def test_a_bomb_is_unpacked_a_bounded_piece_at_a_time() -> None:
    unpacker = content_encoding.Unpacker("gzip")
    bomb = gzip.compress(bytes(20_000_000))

    assert (
        max(map(len, unpacker.pieces(bomb))) <= content_encoding.PIECE_BYTES and unpacker.is_whole
    )


def test_an_error_that_comes_compressed_keeps_its_words() -> None:
    with pytest.raises(ProviderError, match="No such thing"):
        run(asked_error(gzip.compress(b'{"detail": "No such thing"}')))


async def asked_error(content: bytes) -> None:
    async def handle(_request: bytes, writer: asyncio.StreamWriter) -> None:
        head = (
            f"HTTP/1.1 400 Bad\r\nContent-Encoding: gzip\r\nContent-Length: {len(content)}\r\n\r\n"
        )
        writer.write(head.encode() + content)

    async with (
        socket_that(handle) as url,
        ProviderSession(Access(1, "luma-agents", f"{url}/v1", KEY)) as session,
    ):
        await session.call("GET", "/generations/1")


def test_an_upload_says_identity_and_only_the_status_of_its_answer_counts(clip: Path) -> None:
    requests: list[bytes] = []

    async def handle(request: bytes, writer: asyncio.StreamWriter) -> None:
        requests.append(request)
        writer.write(
            b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 9\r\n\r\nnot gzip!"
        )

    async def scenario() -> None:
        async with (
            socket_that(handle) as url,
            ProviderSession(Access(1, "luma-agents", url, KEY)) as session,
        ):
            await session.upload(f"{url}/put", clip, headers={})

    run(scenario())

    assert b"accept-encoding: identity" in requests[0].lower()


@pytest.mark.parametrize(
    "url", ["https://[::1/half", "https://a\nb/put", "http://[", "", "nonsense"]
)
def test_an_upload_address_that_is_none_ends_in_our_own_words(url: str, clip: Path) -> None:
    session, _seen = answering(httpx.Response(200))

    with pytest.raises(ProviderError):
        run(session.upload(url, clip, headers={"X": "a\nb"}))
