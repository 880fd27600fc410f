"""What comes over a link and is not the file, and links that are none: over real HTTP, with a clock
that jumps.
"""

import asyncio
import threading
import uuid
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
from django.utils import timezone

from editorapp.alerts.models import Alert
from editorapp.core import retry
from editorapp.costs import ledger
from editorapp.costs.ledger import Charge
from editorapp.generations.checks import books
from editorapp.generations.engine import poll_outcomes, transfer
from editorapp.generations.files import download, ingest, store_result
from editorapp.generations.files.partial import PartialFile
from editorapp.generations.models import Attempt, Generation
from editorapp.generations.states import State
from editorapp.media import intake, store
from editorapp.media.models import Asset
from editorapp.providers.contract import Access, Job, JobState, Output
from tests.factories import default_account, make_member, make_reserved, signed_in
from tests.generations.drive import Clock
from tests.generations.retry_bounds import bound_seconds
from tests.generations.small_clip import draw, draw_undecodable
from tests.web.take_pages import text


@dataclass
class Says:
    """One answer. `announced` None: what comes; "" : no length at all, the connection's end is the
    file's.
    """

    body: bytes
    media_type: str = "video/mp4"
    announced: int | str | None = None
    status: int = 200


@dataclass
class Storage:
    """A server that gives the answers that it is told, the last one for ever."""

    url: str = ""
    answers: list[Says] = field(default_factory=list)
    asked: list[str] = field(default_factory=list)


@pytest.fixture
def storage(settings) -> Iterator[Storage]:
    told = Storage()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            told.asked.append(self.path)
            one = told.answers.pop(0) if len(told.answers) > 1 else told.answers[0]
            self.send_response(one.status)
            self.send_header("Content-Type", one.media_type)
            if one.announced != "":
                self.send_header(
                    "Content-Length", str(len(one.body) if one.announced is None else one.announced)
                )
            self.end_headers()
            self.wfile.write(one.body)
            self.close_connection = True

        def log_message(self, *_args: Any) -> None: ...

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        threading.Thread(
            target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True
        ).start()
        told.url = settings.SIMULATOR_URL = f"http://127.0.0.1:{server.server_address[1]}"
        yield told
        server.shutdown()


@pytest.fixture(scope="module")
def clip(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    """The result that was paid for: 5 s, as its source."""
    return draw(tmp_path_factory.mktemp("clip") / "clip.mp4", frames=120).read_bytes()


@pytest.fixture(autouse=True)
def no_waiting(monkeypatch: pytest.MonkeyPatch) -> None:
    async def at_once(_seconds: float) -> None:
        return None

    monkeypatch.setattr(download.asyncio, "sleep", at_once)


def paid(clock: Clock, url: str) -> Generation:
    """Make a take whose result is done and charged, and whose file lies at this link."""
    generation = make_reserved(make_member(), state=State.FETCHING)
    attempt = generation.attempts.get()
    ledger.charge([Charge(attempt.pk, None, is_estimated=True, note="")], now=clock())
    Generation.objects.update(cost_usd=generation.estimate_high_usd, cost_is_estimated=True)
    links = [{"kind": "video", "url": url}]
    Attempt.objects.update(
        provider_job_id="job_1", provider_done_at=clock(), next_action_at=clock(), result_urls=links
    )
    return generation


def fetch_on(generation: Generation, clock: Clock, url: str, *, tries: int) -> Attempt:
    """Let it be fetched so often, over a fresh link wherever it asks for one."""
    for _ in range(tries):
        attempt = Attempt.objects.select_related("generation", "account").get(generation=generation)
        if attempt.next_action_at is None:
            break
        clock.jump_to(attempt.next_action_at)
        if attempt.state == State.RUNNING:
            poll_outcomes.done(
                [(attempt, Job("job_1", JobState.DONE, outputs=(Output("video", url),)))],
                now=clock(),
            )
        transfer.transfer(0, seconds=1, clock=clock)
    generation.refresh_from_db()
    return Attempt.objects.get(generation=generation)


PAGE = b"<!DOCTYPE html><html><body>Our CDN is busy. Please try again.</body></html>"
NOT_THE_FILE = {
    "a page of HTML": Says(PAGE, "text/html; charset=utf-8"),
    "a page of HTML that is called a video": Says(PAGE, "video/mp4"),
    "JSON": Says(b'{"error": "upstream"}', "application/json"),
    "JSON that is called bytes": Says(b' [{"error": "upstream"}]', "application/octet-stream"),
    "XML": Says(b'<?xml version="1.0"?><Error><Code>SlowDown</Code></Error>', "application/xml"),
    "words": Says(b"upstream connect error or disconnect/reset before headers", "text/plain"),
    "nothing": Says(b""),
}


@pytest.mark.parametrize(
    "name", [*NOT_THE_FILE, "cut at the same byte", "cut where nobody says how long it is"]
)
def test_what_is_not_the_file_is_met_with_the_patience_for_a_5xx(db, clock, storage, clip, name):
    half = clip[: len(clip) // 2]
    cut = {
        "cut at the same byte": Says(half, announced=len(clip)),
        "cut where": Says(half, announced=""),
    }
    storage.answers = [{**NOT_THE_FILE, **cut}.get(name) or cut["cut where"]]
    url = f"{storage.url}/result.mp4"
    generation = paid(clock, url)

    attempt = fetch_on(generation, clock, url, tries=6)
    assert generation.is_active and attempt.fetch_count == 6, generation.failure_message
    assert attempt.last_error and generation.came is None
    assert (
        text(signed_in(generation.team.members.get()), generation).count(
            f"by itself: {attempt.last_error}"
        )
        == 1
    )
    storage.answers = [Says(clip)]
    fetch_on(generation, clock, url, tries=2)

    assert generation.state == State.SUCCEEDED and generation.result is not None
    assert not Asset.objects.filter(
        pk__gt=generation.result_id, kind=Asset.Kind.UNREADABLE
    ).exists()
    assert books.differences() == []


def test_a_page_is_said_to_be_one_in_the_end_and_is_no_verdict(db, clock, storage):
    storage.answers = [NOT_THE_FILE["a page of HTML"]]
    url = f"{storage.url}/result.mp4"
    generation = paid(clock, url)

    fetch_on(generation, clock, url, tries=7)
    clock.jump(hours=24)
    fetch_on(generation, clock, url, tries=2)

    assert generation.state == State.FETCH_FAILED and generation.can_fetch_again
    assert generation.failure_message.startswith(
        "The link answered with a page (text/html), not with the file."
    )
    assert "twice" not in generation.failure_message
    assert Alert.objects.still_open().get().kind == "fetch_failed"


def test_a_video_is_a_video_whatever_its_storage_calls_it(db, clock, storage, clip):
    storage.answers = [Says(clip, "text/html")]
    url = f"{storage.url}/result.mp4"
    generation = paid(clock, url)

    fetch_on(generation, clock, url, tries=1)

    assert generation.state == State.SUCCEEDED


def test_a_length_that_was_announced_once_is_the_files_length(db, clock, storage, clip):
    """The first answer is cut and says how long the file is; the second is shorter and says
    nothing.
    """
    storage.answers = [Says(clip[:100], announced=len(clip)), Says(clip[:-50], announced="")]
    part = PartialFile.begin(Path(store.incoming()) / f"attempt-{uuid.uuid4()}.video.part")
    access = Access(1, "luma-agents", f"{storage.url}/v1", "key", is_simulated=True)

    with pytest.raises(download.CutOff):
        asyncio.run(download.download(f"{storage.url}/a.mp4", part, access=access, max_bytes=10**9))
    part.drop()


@pytest.mark.parametrize(
    "announced", [None, ""], ids=["all that was announced", "nobody said how long it is"]
)
def test_an_undecodable_video_is_judged_only_where_it_is_known_to_be_whole(
    db, clock, storage, tmp_path, announced
):
    storage.answers = [
        Says(draw_undecodable(tmp_path / "broken.mp4").read_bytes(), announced=announced)
    ]
    url = f"{storage.url}/result.mp4"
    generation = paid(clock, url)

    fetch_on(generation, clock, url, tries=4)

    assert (generation.state == State.FETCH_FAILED) is (announced is None)
    assert ("came twice" in generation.failure_message) is (announced is None)


def test_a_video_that_says_itself_that_it_goes_on_is_cut_whatever_was_announced(
    db, clock, storage, clip
):
    """A cache that kept half a file announces the half."""
    storage.answers = [Says(clip[: len(clip) // 2])]
    url = f"{storage.url}/result.mp4"
    generation = paid(clock, url)

    attempt = fetch_on(generation, clock, url, tries=4)

    assert generation.is_active and attempt.fetch_count == 4 and "cut off" in attempt.last_error


@pytest.mark.parametrize(
    ("start", "kind", "is_container"),
    [
        (b"\0\0\0\x20ftypisom" + bytes(20), "video", True),
        (b"\x1a\x45\xdf\xa3" + bytes(20), "video", True),
        (b"FLV\x01" + bytes(20), "video", True),
        (b"PK\x03\x04" + bytes(20), "video", False),
        (b"PK\x03\x04" + bytes(20), "exr", True),
        (b"\0\0\0\x20ftypisom" + bytes(20), "exr", False),
        (b"\x89PNG\r\n\x1a\n", "video", False),
        (b"\xff\x00noise", "video", False),
    ],
)
def test_a_result_is_judged_only_where_its_first_bytes_are_its_kinds(
    tmp_path, start, kind, is_container
):
    (tmp_path / "came").write_bytes(start)

    assert store_result.is_container(tmp_path / "came", kind=kind) is is_container


# Links


AROUND = ["{url}\n", " {url}", "{first}\n{rest}", "{first}\r\n{rest}\t"]


@pytest.mark.parametrize("form", AROUND)
def test_blanks_and_line_breaks_in_a_link_are_taken_out(db, clock, storage, clip, form):
    storage.answers = [Says(clip)]
    url = f"{storage.url}/result.mp4?signature=abcdef"
    generation = paid(clock, form.format(url=url, first=url[:30], rest=url[30:]))

    fetch_on(generation, clock, url, tries=1)

    assert generation.state == State.SUCCEEDED and storage.asked == ["/result.mp4?signature=abcdef"]


NO_LINKS = [
    "https://[::1/result.mp4",
    "https://media.example.org:x/1.mp4",
    "result.mp4",
    "https://\x00/",
    "https://é..ü/",
]


@pytest.mark.parametrize("url", [*NO_LINKS, "https://media.example.org/\ud83d.mp4"])
def test_a_link_that_cannot_be_read_is_told_from_an_error_of_ours_and_is_not_shown(tmp_path, url):
    part = PartialFile.begin(tmp_path / "a.part")
    access = Access(1, "luma-agents", "https://agents.lumalabs.ai/v1", "key")

    with pytest.raises((download.BadLink, download.CutOff)) as raised:
        asyncio.run(download.download(url, part, access=access, max_bytes=10))
    assert "example" not in str(raised.value)
    part.drop()


def test_a_link_that_cannot_be_read_is_asked_for_anew_and_then_a_person_is_told(db, clock):
    url = "https://[::1/result.mp4"
    generation = paid(clock, url)
    row, began = retry.policy("fetch.bad_link"), clock()

    attempt = fetch_on(generation, clock, url, tries=1)
    assert attempt.state == State.RUNNING, "a fresh link at the next poll"
    assert "cannot be read" in text(signed_in(generation.team.members.get()), generation)
    attempt = fetch_on(generation, clock, url, tries=100)

    assert generation.state == State.FETCH_FAILED and attempt.fetch_count == row.tries - 1
    assert generation.failure_message.startswith("The link that the provider gave cannot be read.")
    assert clock() - began < timedelta(seconds=bound_seconds(row))
    assert Alert.objects.still_open().get().kind == "fetch_failed" and books.differences() == []


@pytest.mark.parametrize(
    "error", [ValueError("https://secret.example/x"), MemoryError(), PermissionError(13, "no")]
)
def test_any_error_of_ours_counts_as_a_try_whatever_part_of_a_transfer_it_is_in(
    db, clock, monkeypatch, storage, clip, error
):
    storage.answers = [Says(clip)]
    url = f"{storage.url}/result.mp4"

    def broken(*_args: Any, **_more: Any) -> None:
        raise error

    monkeypatch.setattr(intake, "take_in", broken)
    generation = paid(clock, url)

    attempt = fetch_on(generation, clock, url, tries=2)
    assert (attempt.fetch_count, attempt.state) == (2, State.RUNNING), (
        "over a fresh link every second time"
    )
    assert type(error).__name__ in attempt.last_error and "secret" not in attempt.last_error
    assert type(error).__name__ in text(signed_in(generation.team.members.get()), generation)
    fetch_on(generation, clock, url, tries=100)

    assert (
        generation.state == State.FETCH_FAILED
        and type(error).__name__ in generation.failure_message
    )
    assert clock() - attempt.provider_done_at < timedelta(hours=3)


def test_an_error_after_a_step_that_was_undone_is_counted_on_the_row_as_it_is(
    db, clock, monkeypatch, storage, clip
):
    """The object says "succeeded", its transaction was rolled back, and the row is still being
    fetched.
    """
    storage.answers = [Says(clip)]
    url = f"{storage.url}/result.mp4"
    generation = paid(clock, url)

    def over(*_args: Any, **_more: Any) -> None:
        raise RuntimeError("after the step")

    monkeypatch.setattr(ingest.alerting, "result_is_safe", over)
    Generation.objects.update(failure_code=ingest.Generation.EXPIRING)

    attempt = fetch_on(generation, clock, url, tries=1)

    assert (attempt.state, attempt.fetch_count) == (
        State.FETCHING,
        1,
    ) and "RuntimeError" in attempt.last_error


# Uploads


def test_an_upload_lent_for_no_time_is_no_endless_upload(db, clock, monkeypatch):
    from editorapp.generations.files import staging
    from editorapp.providers.contract import Lent

    generation = make_reserved(make_member(), state=State.STAGING)
    uploads = []

    async def stage(*_args: Any) -> Lent:
        uploads.append(1)
        return Lent(
            url="https://media.example.org/a", expires_at=timezone.now() - timedelta(hours=1)
        )

    monkeypatch.setattr(staging, "stage", stage)
    transfer.transfer(0, seconds=1, clock=clock)

    attempt = generation.attempts.get()
    assert (attempt.state, attempt.error_count, len(uploads)) == (State.STAGING, 1, 1)
    assert "keeps an upload for no time" in attempt.last_error


def test_a_fresh_address_may_be_another_matter(db, clock, monkeypatch):
    from editorapp.generations.files import staging
    from editorapp.providers import registry
    from editorapp.providers.contract import Ref, UploadRefused

    generation = make_reserved(make_member(), state=State.STAGING)
    answers: list[Any] = [
        UploadRefused("The address has expired.", code="upload_refused"),
        Ref(file_id="f1"),
    ]

    async def stage(*_args: Any, **_more: Any) -> Ref:
        one = answers.pop(0)
        if isinstance(one, Exception):
            raise one
        return one

    async def held(*_args: Any) -> Path:
        return Path(__file__)

    monkeypatch.setattr(staging, "_held", held)
    monkeypatch.setattr(registry.get("luma-agents"), "stage", stage)
    transfer.transfer(0, seconds=1, clock=clock)

    assert generation.attempts.get().state == State.QUEUED and answers == []
    assert default_account("luma-agents").staged.get().ref == {"file_id": "f1"}
