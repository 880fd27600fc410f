"""Every fault of every provider ends in the documented state, with the right lines in the ledger. One table."""

from dataclasses import dataclass, field, replace
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from editorapp.costs import ledger
from editorapp.costs.check import differences
from editorapp.costs.models import Entry
from editorapp.generations import courier, engine
from editorapp.generations.enqueue import enqueue
from editorapp.generations.models import Generation
from editorapp.generations.states import State
from editorapp.media import intake
from editorapp.providers.contract import GenerationRequest, Ref, Task
from editorapp.providers.models import StagedFile, default_account
from tests.factories import make_member
from tests.generations.drive import ask, priced, run
from tests.generations.small_clip import draw

KEPT = ["reserve"]
RELEASED = ["reserve", "release"]
CHARGED = ["reserve", "charge"]
LUMA, GMI, SCENARIO = "luma-agents", "gmi-cloud", "scenario"
NOT_REFUNDED = "reframe-video"  # a failure of this model of Scenario's is charged


@dataclass(frozen=True)
class Case:
    """A fault at a call, and what must come of it. `paid`: how many jobs the provider took.

    `needs` is what must be uploaded for the request: "" nothing, "clip" or "picture". `model` where it matters.
    """

    call: str
    kind: str
    state: State
    lines: list[str]
    paid: int
    slug: str = LUMA
    times: int = 1
    says: str = ""
    needs: str = ""
    model: str = "ray-3.2"
    options: dict[str, Any] = field(default_factory=dict)

    @property
    def id(self) -> str:
        words = [self.slug, self.call, self.kind, f"x{self.times}" if self.times > 1 else "", self.needs]
        return " ".join(word for word in [*words, self.model if self.model != "ray-3.2" else ""] if word)


def at(call, kind, state, lines, paid, **more) -> Case:
    return Case(call, kind, state, lines, paid, **more)


OK = (State.SUCCEEDED, CHARGED)
# What every provider's protocol has in common: the paid call, the poll, the link to the result.
EVERYWHERE = [
    # The paid call. A definite refusal costs nothing; any doubt is unknown and keeps the money held.
    *(at("submit", f"status:{code}", State.FAILED, RELEASED, 0) for code in (400, 401, 402, 403, 413, 422)),
    at("submit", "status:429", *OK, 1, options={"retry_after": 1}),
    *(at("submit", f"status:{code}", State.UNKNOWN, KEPT, 0, says="may have") for code in (500, 502, 503)),
    at("submit", "hang", State.UNKNOWN, KEPT, 1, says="may have"),
    at("submit", "hang_before", State.UNKNOWN, KEPT, 0, says="may have"),
    at("submit", "reset", State.UNKNOWN, KEPT, 0, says="may have"),
    at("submit", "accept_then_reset", State.UNKNOWN, KEPT, 1, says="may have"),
    at("submit", "slow:0.5", *OK, 1),
    # Polls are free: whatever goes wrong, the job is followed on.
    *(at("poll", f"status:{code}", *OK, 1, times=2) for code in (401, 404, 429, 500, 503)),
    at("poll", "hang", *OK, 1),
    at("poll", "reset", *OK, 1, times=3),
    # The result: it is paid, so it is fetched until it is whole, or can be fetched by hand.
    at("download", "cut", *OK, 1),
    at("download", "expired", *OK, 1, times=2),
    at("download", "status:500", *OK, 1),
    at("download", "reset", *OK, 1),
    at("download", "corrupt", *OK, 1),
    at("download", "corrupt", State.FETCH_FAILED, CHARGED, 1, times=2, says="came twice"),
    at("download", "truncated", *OK, 1),
    at("download", "empty", *OK, 1),
    at("download", "expired", State.FETCH_FAILED, CHARGED, 1, times=1000, says="fetch it again"),
]
# What the job itself came to, and the way in: the provider documents these, or is silent, each in its own way.
LUMA_ONLY = [
    at("submit", "status:429", *OK, 1, times=3, options={"retry_after": 7}),
    at("poll", "slow:0.5", *OK, 1),
    at("poll", "status:404", State.LOST, KEPT, 1, times=1000, says="does not know"),
    # Released where documented as refunded, else counted as spent.
    *(
        at("job", f"fail:{code}", State.FAILED, RELEASED, 1)
        for code in ("content_moderated", "generation_failed", "output_not_found")
    ),
    *(
        at("job", f"fail:{code}", State.FAILED, CHARGED, 1)
        for code in ("image_too_large", "unsupported_format", "corrupt_input", "invalid_request", "rate_limited")
    ),
    at("job", "fail:budget_exhausted", State.FAILED, CHARGED, 1),
    at("download", "cut", *OK, 1, times=6),
    at("download", "status:503", State.FETCH_FAILED, CHARGED, 1, times=1000, says="fetch it again"),
    # The upload of the source: free and repeated.
    *(at(call, "status:500", *OK, 1, needs="clip") for call in ("upload", "put", "complete", "file")),
    at("upload", "reset", *OK, 1, needs="clip"),
    at("upload", "status:429", *OK, 1, needs="clip", options={"retry_after": 2}),
    at("put", "status:403", *OK, 1, needs="clip"),
    at("complete", "fail:unsupported_format", State.FAILED, RELEASED, 0, needs="clip"),
    at("upload", "status:401", State.FAILED, RELEASED, 0, needs="clip"),
]
GMI_ONLY = [
    # No refund is documented, whatever the reason: counted as spent, and said so.
    *(
        at("job", f"fail:{code}", State.FAILED, CHARGED, 1, says="counted as spent")
        for code in ("content_moderated", "generation_failed", "corrupt_input")
    ),
    # A clip travels in the paid request: nothing of it is uploaded before.
    at("upload", "status:500", *OK, 1, needs="clip", times=1000),
    at("submit", "status:413", State.FAILED, RELEASED, 0, needs="clip"),
    at("submit", "hang", State.UNKNOWN, KEPT, 1, needs="clip", says="may have"),
    # Pictures are put at an address.
    *(at(call, "status:500", *OK, 1, needs="picture") for call in ("upload", "put")),
    at("upload", "status:429", *OK, 1, needs="picture", options={"retry_after": 2}),
    at("put", "reset", *OK, 1, needs="picture"),
    at("upload", "status:401", State.FAILED, RELEASED, 0, needs="picture"),
]
SCENARIO_ONLY = [
    # Failed jobs are refunded, unless the model's are not; then they cost what Scenario says.
    *(
        at("job", f"fail:{code}", State.FAILED, RELEASED, 1)
        for code in ("content_moderated", "generation_failed", "corrupt_input")
    ),
    at("job", "fail:generation_failed", State.FAILED, CHARGED, 1, needs="clip", model=NOT_REFUNDED),
    # The upload, in parts: free and repeated.
    *(at(call, "status:500", *OK, 1, needs="clip") for call in ("upload", "put", "complete", "file")),
    at("upload", "reset", *OK, 1, needs="clip"),
    at("put", "status:403", *OK, 1, needs="clip"),
    at("complete", "fail:unsupported_format", State.FAILED, RELEASED, 0, needs="clip"),
    at("upload", "status:401", State.FAILED, RELEASED, 0, needs="clip"),
    # A picture goes in one call.
    at("upload", "status:500", *OK, 1, needs="picture"),
    # Reading the finished asset is a second call of the poll.
    at("file", "status:500", *OK, 1, times=2),
    at("file", "hang", *OK, 1),
]
OWN = {LUMA: LUMA_ONLY, GMI: GMI_ONLY, SCENARIO: SCENARIO_ONLY}
CASES = [replace(case, slug=slug) for slug, own in OWN.items() for case in [*EVERYWHERE, *own]]


def ask_for(case: Case, tmp_path: Path) -> Generation:
    """Queue what a case is about, with its price known and nothing of it uploaded yet."""
    member, account = make_member(), default_account(case.slug)
    size = "360p" if case.slug == LUMA else "540p"
    wanted = GenerationRequest(task=Task.GENERATE, prompt="A quiet harbor at dawn", duration="5s", resolution=size)
    clip = None
    if case.needs == "clip":
        clip = intake.take_in(draw(tmp_path / "clip.mp4"), name="clip.mp4", team=member.team, user=member.user)
        wanted = replace(wanted, task=Task.EDIT, duration=None, source=Ref(asset_id=clip.pk), auto_controls=True)
    if case.model == NOT_REFUNDED:
        wanted = GenerationRequest(Task.REFRAME, case.model, source=wanted.source, aspect_ratio="1:1")
    if case.needs == "picture":
        Image.new("RGB", (320, 180), "teal").save(tmp_path / "guide.png")
        guide = intake.take_in(tmp_path / "guide.png", name="guide.png", team=member.team, user=member.user)
        wanted = replace(wanted, start_frame=Ref(asset_id=guide.pk))
    priced(wanted, account, member, source=clip)
    StagedFile.objects.all().delete()
    return enqueue(wanted, account=account, member=member, source_asset=clip)


@pytest.mark.parametrize("case", CASES, ids=[case.id for case in CASES])
def test_a_fault_ends_as_documented(quick, clock, case, monkeypatch, tmp_path, expired):
    monkeypatch.setattr(engine, "TURN_SECONDS", 0.05)  # the clock jumps; only the provider's answers take time
    if case.kind.startswith("hang"):
        monkeypatch.setattr(courier, "POST_SECONDS", 1.0)
        monkeypatch.setattr(courier, "POLL_SECONDS", 1.0)
    generation = ask_for(case, tmp_path)
    quick.fail(case.call, case.kind, times=case.times, **case.options)

    run(clock)

    generation.refresh_from_db()
    assert generation.state == case.state, generation.failure_message
    assert list(Entry.objects.order_by("pk").values_list("kind", flat=True)) == case.lines
    assert quick.submits_received == case.paid
    assert case.says in generation.failure_message
    assert (generation.failure_message == "") == (case.state == State.SUCCEEDED)
    held = generation.estimate_high_usd if case.lines == KEPT else Decimal(0)
    assert ledger.held_usd(generation.pk) == held
    assert generation.cost_usd == (generation.estimate_high_usd if case.lines == CHARGED else None)
    assert generation.cost_is_estimated == (case.lines == CHARGED and case.slug != SCENARIO)  # Scenario says its price
    assert (generation.result is not None) == (case.state == State.SUCCEEDED)
    assert differences() == []


def test_while_nobody_answers_nothing_is_sent_and_the_money_stays_held(quick, clock, settings):
    settings.SIMULATOR_URL = "http://127.0.0.1:9"
    ask()
    run(clock, rounds=4)

    generation = Generation.objects.get()
    assert generation.state == State.QUEUED
    assert ledger.held_usd(generation.pk) == generation.estimate_high_usd

    settings.SIMULATOR_URL = quick.url
    run(clock)

    generation.refresh_from_db()
    assert generation.state == State.SUCCEEDED
    assert quick.submits_received == 1
