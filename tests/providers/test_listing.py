"""The providers' lists of jobs, read page by page, and what a list that tells less than it should
is taken for.
"""

from datetime import UTC, datetime, timedelta

import httpx
import pytest

from editorapp.providers.contract import Access, Listing, Unavailable
from editorapp.providers.vendors import gmi_cloud, luma_agents, scenario
from tests.providers.talk import answering, run

NOON = datetime(2026, 11, 20, 12, tzinfo=UTC)
GMI = Access(1, "gmi-cloud", "https://console.example.org/apikey", "gmi-key-0123456789abcdef")
SCENARIO = Access(
    1, "scenario", "https://api.example.org/v1", "api_key:secret", params={"projectId": "proj_1"}
)


def gmi_record(number: int, at: datetime = NOON, **changes) -> dict:
    return {
        "request_id": f"r{number}",
        "model": "luma-ray-3-2-edit",
        "created_at": int(at.timestamp()),
        "payload": {"prompt": f"Prompt {number}"},
    } | changes


def scenario_job(number: int, at: datetime = NOON, **changes) -> dict:
    return {
        "jobId": f"job_{number}",
        "jobType": "custom",
        "createdAt": at.isoformat().replace("+00:00", "Z"),
        "metadata": {"input": {"prompt": f"Prompt {number}"}},
    } | changes


def ask(
    adapter, to: Access, *answers: object, models=("luma-ray-3-2-edit",)
) -> tuple[Listing, list[httpx.Request]]:
    responses = [
        one if isinstance(one, httpx.Response) else httpx.Response(200, json=one) for one in answers
    ]
    session, seen = answering(*responses, to=to)
    since, until = NOON - timedelta(minutes=1), NOON + timedelta(minutes=10)
    return run(adapter.recent(since=since, until=until, session=session, models=models)), seen


def ids(listing: Listing) -> list[str]:
    return [one.job_id for one in listing.jobs]


def test_gmi_is_asked_for_each_model_and_shows_what_was_asked():
    listing, seen = ask(
        gmi_cloud,
        GMI,
        {"requests": [gmi_record(1)], "total": 1},
        {"requests": [], "total": 0},
        models=("b", "a"),
    )

    assert [request.url.params["model_id"] for request in seen] == ["a", "b"]
    (job,) = listing.jobs
    assert (job.job_id, job.created_at, job.path) == ("r1", NOON, "/requests")
    assert job.body == {"model": "luma-ray-3-2-edit", "payload": {"prompt": "Prompt 1"}}
    assert listing.is_whole


def test_gmis_instants_may_count_milliseconds_and_only_the_window_counts():
    records = [
        gmi_record(1, created_at=int(NOON.timestamp() * 1000)),
        gmi_record(2, NOON - timedelta(minutes=2)),
        gmi_record(3, NOON + timedelta(minutes=11)),
    ]

    assert ids(ask(gmi_cloud, GMI, {"requests": records, "total": 3})[0]) == ["r1"]


@pytest.mark.parametrize(
    ("records", "total", "is_whole"),
    [
        ([gmi_record(1), gmi_record(2, NOON - timedelta(hours=1))], 900, True),
        ([gmi_record(2, NOON - timedelta(hours=1)), gmi_record(1)], 900, False),
        ([gmi_record(1)], 2, False),
        ([gmi_record(1)], None, False),
        ([gmi_record(1), {"request_id": "r9"}], 2, False),
        ([gmi_record(1), "r9"], 2, False),
        ([], 0, True),
        ([], None, False),
    ],
    ids=[
        "newest first, back to before",
        "no order",
        "more than is shown",
        "no total",
        "a record without its instant",
        "no record",
        "none at all",
        "none, and no total",
    ],
)
def test_gmis_list_is_whole_only_where_it_shows_that_it_is(records, total, is_whole):
    listing, _seen = ask(gmi_cloud, GMI, {"requests": records, "total": total})

    assert listing.is_whole is is_whole


def test_scenario_is_read_to_the_last_page_of_the_project():
    pages = [
        {"jobs": [scenario_job(1)], "nextPaginationToken": "t1"},
        {"jobs": [scenario_job(2), scenario_job(3, jobType="upload")], "nextPaginationToken": "t2"},
        {"jobs": [scenario_job(4, NOON + timedelta(hours=1))]},
    ]

    listing, seen = ask(scenario, SCENARIO, *pages)

    assert ids(listing) == ["job_1", "job_2"] and listing.is_whole
    asked = [request.url.params for request in seen]
    assert [one.get("paginationToken") for one in asked] == [None, "t1", "t2"]
    assert all(
        one["projectId"] == "proj_1" and one["createdAfter"].startswith("2026-11-20T11:59")
        for one in asked
    )
    assert listing.jobs[0].body == {"prompt": "Prompt 1"} and listing.jobs[0].created_at == NOON


def test_scenarios_pages_that_turn_in_a_circle_are_not_whole():
    page = {"jobs": [scenario_job(1)], "nextPaginationToken": "t1"}

    listing, seen = ask(scenario, SCENARIO, page, page)

    assert len(seen) == 2 and not listing.is_whole


@pytest.mark.parametrize(
    "job", [scenario_job(2, createdAt="yesterday"), scenario_job(2, jobId=None), "job_2"]
)
def test_a_job_that_cannot_be_read_makes_scenarios_list_not_whole(job):
    listing, _seen = ask(scenario, SCENARIO, {"jobs": [scenario_job(1), job]})

    assert ids(listing) == ["job_1"] and not listing.is_whole


@pytest.mark.parametrize("answer", [{}, {"jobs": None, "requests": "none"}, httpx.Response(503)])
@pytest.mark.parametrize(
    ("adapter", "to"), [(gmi_cloud, GMI), (scenario, SCENARIO)], ids=["gmi", "scenario"]
)
def test_an_answer_that_is_no_list_is_none(adapter, to, answer):
    with pytest.raises(Unavailable):
        ask(adapter, to, answer)


def test_luma_has_no_list():
    assert not hasattr(luma_agents, "recent")
    assert (
        scenario.SPEC.lists_all and not gmi_cloud.SPEC.lists_all and not luma_agents.SPEC.lists_all
    )
