"""Real flows at DEBUG, with keys planted: every byte that is logged is searched for them, and for
the prompt.
"""

import base64
import io
import json
import logging
import re
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from editorapp.core import logs
from editorapp.core.logs import LogFormatter
from editorapp.generations.apps import take_on_request
from editorapp.generations.models import Attempt, Generation
from editorapp.generations.request.draft import Draft
from editorapp.generations.request.enqueue import enqueue
from editorapp.generations.states import State
from editorapp.media import intake
from editorapp.providers import registry
from editorapp.providers.contract import GenerationRequest, Ref
from editorapp.providers.models import ProviderAccount
from tests.factories import make_member
from tests.generations.drive import ask, priced, run
from tests.generations.small_clip import draw
from tests.queued import queued

PROMPT = "A heron lands on the frozen canal"
# As each provider's keys look to the simulator; "identity:secret" travels as Basic.
KEYS = {
    "luma-agents": "luma-api-planted-4b1f9c7e22",
    "gmi-cloud": "planted-gmi-9d27c0e1aa55",
    "scenario": "api_planted0000000077:planted-secret-31c9",
}
CHATTY = ("httpx", "httpcore", "django.db.backends", "editorapp.providers.http.session")


class Written(io.StringIO):
    def lines(self) -> list[dict]:
        return [json.loads(line) for line in self.getvalue().splitlines()]


@pytest.fixture
def written(request) -> Iterator[Written]:
    """All that the root logger takes at the wanted level, as a server writes it."""
    level, kept = getattr(request, "param", logging.DEBUG), Written()
    handler, root = logging.StreamHandler(kept), logging.getLogger()
    handler.setFormatter(LogFormatter("json"))
    before = {name: logging.getLogger(name).level for name in ("", *CHATTY)}
    root.addHandler(handler)
    for name in before:
        logging.getLogger(name).setLevel(level)
    logging.getLogger("django.db.backends").setLevel(
        logging.INFO
    )  # as the settings have it at any level
    yield kept
    root.removeHandler(handler)
    for name, was in before.items():
        logging.getLogger(name).setLevel(was)


def real_account(provider: str, url: str) -> ProviderAccount:
    """An account with a key of its own, whose address happens to be the simulator's."""
    path = urlsplit(registry.get(provider).SPEC.base_url).path
    account = ProviderAccount(
        provider=provider, name="Planted", base_url=f"{url}/{provider}{path}", unit_price_usd=1
    )
    account.set_key(KEYS[provider])
    account.save()
    return account


@pytest.mark.parametrize(
    "written", [logging.DEBUG, logging.INFO], ids=["debug", "info"], indirect=True
)
@pytest.mark.parametrize("provider", sorted(KEYS))
def test_no_key_no_signed_link_and_no_prompt_is_logged_whatever_goes_wrong(
    provider: str, quick, clock, tmp_path: Path, written: Written
):
    member, account = make_member(), real_account(provider, quick.url)
    clip = intake.take_in(
        draw(tmp_path / "clip.mp4"), name="clip.mp4", team=member.team, user=member.user
    )
    wanted = GenerationRequest(prompt=PROMPT, source=Ref(asset_id=clip.pk), resolution="540p")
    for call, kind, times in (
        ("submit", "status:429", 1),
        ("poll", "status:500", 1),
        ("poll", "reset", 1),
        ("download", "expired", 1),
        ("download", "status:500", 1),
    ):
        quick.fail(call, kind, times=times)

    enqueue(Draft(priced(wanted, account, member, source=clip), account, clip), member=member)
    run(clock)
    quick.fail("submit", "status:401")
    enqueue(Draft(wanted, account, clip), member=member)
    run(clock)

    assert sorted(Generation.objects.values_list("state", flat=True)) == [
        State.FAILED,
        State.SUCCEEDED,
    ]
    key, text = KEYS[provider], written.getvalue()
    for secret in (key, *key.split(":"), base64.b64encode(key.encode()).decode()):
        assert secret not in text
    assert not re.search(r"signature=(?!\[hidden\])", text, re.I)
    assert PROMPT not in text


@pytest.mark.parametrize("written", [logging.INFO], indirect=True)
def test_each_step_and_each_call_of_a_generation_can_be_found_by_its_number(
    quick, clock, written: Written
):
    generation = ask(make_member(), prompt=PROMPT)
    run(clock)

    attempt = Attempt.objects.get()
    ours = {"generation": generation.pk, "attempt": attempt.pk, "account": attempt.account_id}
    steps = [
        line["message"]
        for line in written.lines()
        if "->" in line["message"] and line.items() >= ours.items()
    ]
    assert [step for step in steps if not step.startswith("POST")] == [
        "queued -> submitting",
        "submitting -> running",
        "running -> fetching",
        "fetching -> succeeded",
    ]
    assert any(step.startswith("POST") for step in steps), "the paid call is not among them"


def test_a_task_that_a_request_enqueued_names_the_request_in_its_lines(quick, written: Written):
    with logs.request("request-from-the-page"):
        generation = ask(make_member())
    task = queued()[0]
    assert not logs.request_id()

    take_on_request(sender="django_q", func=None, task=task)
    logging.getLogger("editorapp.generations.engine.sweep").info("At work.")
    take_on_request(sender="django_q", func=None, task={})
    logging.getLogger("editorapp.generations.engine.sweep").info("At other work.")

    named = {line["message"]: line.get("request") for line in written.lines()}
    (made,) = [line for line in written.lines() if line["message"] == "queued"]
    assert (made["request"], made["generation"]) == ("request-from-the-page", generation.pk)
    assert (named["At work."], named["At other work."]) == ("request-from-the-page", None)


def test_what_a_provider_says_of_a_refusal_is_logged_only_at_debug(
    quick, clock, written: Written, monkeypatch
):
    """It may repeat the prompt: so say many validators."""
    monkeypatch.setattr(
        logging.getLogger("editorapp.generations.engine.sweep"), "level", logging.INFO
    )
    quick.fail("submit", "status:422", message=f"Not allowed: {PROMPT}")
    ask(make_member(), prompt=PROMPT)

    run(clock)

    generation = Generation.objects.get()
    assert generation.state == State.FAILED and generation.failure_message
    assert any("was not accepted: Rejected" in line["message"] for line in written.lines())
    assert PROMPT not in written.getvalue()
