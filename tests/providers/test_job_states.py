"""The words of job states: whatever the case and spelling, an end is an end at every provider."""

import json
from decimal import Decimal
from typing import Any

import httpx
import pytest

from editorapp.providers import registry
from editorapp.providers.contract import Access, Job, JobState
from tests.providers.talk import answering, run

PROVIDERS = ("luma-agents", "gmi-cloud", "scenario")
every = pytest.mark.parametrize("slug", PROVIDERS)
ENDS = (
    "failed",
    "failure",
    "error",
    "cancelled",
    "canceled",
    "expired",
    "timeout",
    "timed_out",
    "rejected",
    "aborted",
)
DONE = ("completed", "success", "succeeded", "COMPLETED", "Success", "done")
UNDER_WAY = ("queued", "processing", "PROCESSING", "In Progress", "in_progress", "pending")


def spellings(word: str) -> set[str]:
    return {
        word,
        word.upper(),
        word.title(),
        word.replace("_", "-"),
        word.replace("_", " "),
        word.replace("_", ""),
        f" {word} ",
    }


def polled(slug: str, state: Any, **more: Any) -> Job:
    """Ask for a job that answers with a state and all that a finished job of this provider has."""
    link = "https://results.example.org/a.mp4"
    answers = {
        "luma-agents": {"id": "job-1", "state": state, "output": [{"type": "video", "url": link}]},
        "gmi-cloud": {"request_id": "job-1", "status": state, "outcome": {"video_url": link}},
        "scenario": {
            "job": {
                "jobId": "job-1",
                "status": state,
                "metadata": {"assetIds": ["asset_1"]},
                **more,
            }
        },
    }
    asset = {"asset": {"id": "asset_1", "status": "success", "kind": "video", "url": link}}
    access = Access(
        1, slug, "https://provider.example.org/v1", "key:secret", unit_price_usd=Decimal("0.01")
    )
    session, _seen = answering(
        httpx.Response(200, content=json.dumps(answers[slug])),
        httpx.Response(200, json=asset),
        to=access,
    )
    return run(registry.get(slug).poll("job-1", session=session))


@every
@pytest.mark.parametrize("word", ENDS)
def test_an_end_is_an_end_in_any_spelling(slug: str, word: str) -> None:
    for spelled in spellings(word):
        job = polled(slug, spelled)
        assert job.state is JobState.FAILED and job.failure is not None, spelled
        assert job.failure.reason and job.failure.code and not job.unknown_state


@every
def test_a_result_is_a_result_in_any_spelling(slug: str) -> None:
    for word in DONE:
        job = polled(slug, word)
        assert (job.state, len(job.outputs)) == (JobState.DONE, 1), word


@every
def test_under_way_is_under_way_in_any_spelling(slug: str) -> None:
    for word in UNDER_WAY:
        job = polled(slug, word)
        assert job.state in (JobState.QUEUED, JobState.RUNNING) and not job.unknown_state, word


@every
@pytest.mark.parametrize("word", ["cancelled", "expired", "timeout", "aborted", "rejected"])
def test_an_end_whose_charge_is_documented_nowhere_says_so(slug: str, word: str) -> None:
    failure = polled(slug, word).failure

    # Scenario documents for its own "canceled" that it is refunded; nobody documents anything else.
    assert failure is not None and failure.is_charged is None
    assert failure.can_retry == (word != "rejected")


@pytest.mark.parametrize(("word", "is_charged"), [("canceled", False), ("expired", None)])
def test_scenario_refunds_what_was_canceled_and_says_nothing_of_the_rest(
    word: str, is_charged: bool | None
) -> None:
    failure = polled("scenario", word).failure
    assert failure is not None and failure.is_charged is is_charged

    failure = polled("scenario", word, billing={"disableRefund": True}).failure
    assert failure is not None and failure.is_charged is True


@every
@pytest.mark.parametrize(
    ("said", "shown"),
    [
        ("paused-by-moderator", "paused-by-moderator"),
        (None, "no state"),
        ("", "no state"),
        (7, "7"),
        ({"a": 1}, "{'a': 1}"),
        ([], "[]"),
        ("x" * 500, "x" * 40),
        ("half \ud83d", "half \ufffd"),
    ],
)
def test_a_word_that_stands_in_no_table_counts_as_running_and_is_kept(
    slug: str, said: Any, shown: str
) -> None:
    job = polled(slug, said)

    assert (job.state, job.unknown_state) == (JobState.RUNNING, shown)
