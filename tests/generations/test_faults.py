"""Every fault of Luma Agents ends in the documented state, with the right lines in the ledger. One table."""

from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

import pytest

from editorapp.costs import ledger
from editorapp.costs.check import differences
from editorapp.costs.models import Entry
from editorapp.generations import courier
from editorapp.generations.models import Generation
from editorapp.generations.states import State
from editorapp.media import intake
from tests.factories import make_member
from tests.generations.drive import ask, run
from tests.generations.small_clip import draw

KEPT = ["reserve"]
RELEASED = ["reserve", "release"]
CHARGED = ["reserve", "charge"]


@dataclass(frozen=True)
class Case:
    """A fault at a call, and what must come of it. `paid`: how many jobs the provider took."""

    call: str
    kind: str
    state: State
    lines: list[str]
    paid: int
    times: int = 1
    says: str = ""
    with_clip: bool = False
    options: dict[str, Any] = field(default_factory=dict)

    @property
    def id(self) -> str:
        return f"{self.call} {self.kind}" + (f" x{self.times}" if self.times > 1 else "")


def at(call, kind, state, lines, paid, **more) -> Case:
    return Case(call, kind, state, lines, paid, **more)


OK = (State.SUCCEEDED, CHARGED)
CASES = [
    # The paid call. A definite refusal costs nothing; any doubt is unknown and keeps the money held.
    *(at("submit", f"status:{code}", State.FAILED, RELEASED, 0) for code in (400, 401, 402, 403, 413, 422)),
    at("submit", "status:429", *OK, 1, options={"retry_after": 1}),
    at("submit", "status:429", *OK, 1, times=3, options={"retry_after": 7}),
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
    at("poll", "slow:0.5", *OK, 1),
    at("poll", "status:404", State.LOST, KEPT, 1, times=1000, says="does not know"),
    # The provider's own failures: released where documented as refunded, else counted as spent.
    *(
        at("job", f"fail:{code}", State.FAILED, RELEASED, 1)
        for code in ("content_moderated", "generation_failed", "output_not_found")
    ),
    *(
        at("job", f"fail:{code}", State.FAILED, CHARGED, 1)
        for code in ("image_too_large", "unsupported_format", "corrupt_input", "invalid_request", "rate_limited")
    ),
    at("job", "fail:budget_exhausted", State.FAILED, CHARGED, 1),
    # The result: it is paid, so it is fetched until it is whole, or can be fetched by hand.
    at("download", "cut", *OK, 1),
    at("download", "cut", *OK, 1, times=6),
    at("download", "expired", *OK, 1, times=2),
    at("download", "status:500", *OK, 1),
    at("download", "reset", *OK, 1),
    at("download", "corrupt", *OK, 1, times=2),
    at("download", "truncated", *OK, 1),
    at("download", "empty", *OK, 1),
    at("download", "expired", State.FETCH_FAILED, CHARGED, 1, times=1000, says="fetch it again"),
    at("download", "corrupt", State.FETCH_FAILED, CHARGED, 1, times=1000, says="fetch it again"),
    at("download", "status:503", State.FETCH_FAILED, CHARGED, 1, times=1000, says="fetch it again"),
    # The upload of the source: free and repeated.
    *(at(call, "status:500", *OK, 1, with_clip=True) for call in ("upload", "put", "complete", "file")),
    at("upload", "reset", *OK, 1, with_clip=True),
    at("upload", "status:429", *OK, 1, with_clip=True, options={"retry_after": 2}),
    at("put", "status:403", *OK, 1, with_clip=True),
    at("complete", "fail:unsupported_format", State.FAILED, RELEASED, 0, with_clip=True),
    at("upload", "status:401", State.FAILED, RELEASED, 0, with_clip=True),
]


@pytest.mark.parametrize("case", CASES, ids=[case.id for case in CASES])
def test_a_fault_ends_as_documented(quick, clock, case, monkeypatch, tmp_path):
    monkeypatch.setattr(courier, "POST_SECONDS", 1.0)
    monkeypatch.setattr(courier, "POLL_SECONDS", 1.0)
    quick.fail(case.call, case.kind, times=case.times, **case.options)
    member = make_member()
    clip = None
    if case.with_clip:
        clip = intake.take_in(draw(tmp_path / "clip.mp4"), name="clip.mp4", team=member.team, user=member.user)

    ask(member, clip=clip)
    run(clock)

    generation = Generation.objects.get()
    assert generation.state == case.state, generation.failure_message
    assert list(Entry.objects.order_by("pk").values_list("kind", flat=True)) == case.lines
    assert quick.submits_received == case.paid
    assert case.says in generation.failure_message
    assert (generation.failure_message == "") == (case.state == State.SUCCEEDED)
    held = generation.estimate_high_usd if case.lines == KEPT else Decimal(0)
    assert ledger.held_usd(generation.pk) == held
    assert generation.cost_usd == (generation.estimate_high_usd if case.lines == CHARGED else None)
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
