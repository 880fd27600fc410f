"""Scenario's adapter on answers written by hand: what each of them is taken to mean."""

import base64
from dataclasses import replace
from decimal import Decimal
from typing import Any

import httpx
import pytest

from editorapp.providers import shared_calls
from editorapp.providers.contract import (
    Access,
    GenerationRequest,
    Job,
    JobState,
    NotFound,
    OutcomeUnknown,
    ProviderError,
    Quote,
    Ref,
    Rejected,
    Throttled,
    Unavailable,
)
from editorapp.providers.http.session import ProviderSession
from editorapp.providers.vendors import scenario
from editorapp.providers.vendors.scenario import staging
from tests.providers import talk
from tests.providers.talk import run, says

KEY = "api_9f8e7d6c5b4a:secret-3a2b1c0d9e8f"
WANTED = GenerationRequest(task="generate", model="ray-3.2", prompt="Rain")
PATH = "/generate/custom/model_luma-ray-3-2"


def answering(
    *given: httpx.Response | Exception, unit_price_usd: str | None = "0.02", **params: str
) -> tuple[ProviderSession, list[httpx.Request]]:
    """Return a wire on which the answers come one after another, and the list that its requests are
    kept in.
    """
    price = Decimal(unit_price_usd) if unit_price_usd else None
    access = Access(
        1, "scenario", "https://api.example.org/v1", KEY, unit_price_usd=price, params=params
    )
    return talk.answering(*given, to=access)


def job(status: str, *, metadata: dict[str, Any] | None = None, **more: Any) -> httpx.Response:
    return says(
        200, {"job": {"jobId": "job_1", "status": status, "metadata": metadata or {}, **more}}
    )


def asset(**said: Any) -> httpx.Response:
    return says(
        200,
        {
            "asset": {"id": "asset_1", "status": "success", "url": "https://cdn.example.org/a.mp4"}
            | said
        },
    )


def polled(*given: httpx.Response, **options: Any) -> Job:
    session, _seen = answering(*given, **options)
    found: Job = run(scenario.poll("job_1", session=session))
    return found


@pytest.mark.parametrize(
    ("status", "state"),
    [
        ("pending", "queued"),
        ("queued", "queued"),
        ("warming-up", "running"),
        ("in-progress", "running"),
        ("finalizing", "running"),
        ("failure", "failed"),
        ("canceled", "failed"),
        ("processing", "running"),
        ("failed", "failed"),
        ("a word of next year's", "running"),
    ],
)
def test_every_status_has_its_state(status: str, state: str) -> None:
    assert polled(job(status)).state == JobState(state)


def test_the_key_goes_as_basic_and_the_project_with_every_query() -> None:
    session, seen = answering(job("queued"), projectId="proj_7")

    run(scenario.poll("job_1", session=session))

    assert seen[0].headers["Authorization"] == "Basic " + base64.b64encode(KEY.encode()).decode()
    assert str(seen[0].url) == "https://api.example.org/v1/jobs/job_1?projectId=proj_7"


def test_a_success_is_done_with_a_fresh_link_the_asset_to_chain_and_what_it_cost() -> None:
    done = polled(
        job(
            "success", metadata={"assetIds": ["asset_1"]}, billing={"cuCost": 70, "cuDiscount": 10}
        ),
        asset(),
    )

    assert (done.state, done.chain_id, done.cost_usd) == (JobState.DONE, "asset_1", Decimal("1.40"))
    assert [one.url for one in done.outputs] == ["https://cdn.example.org/a.mp4"]
    assert done.outputs[0].expires_at is not None


def test_what_was_paid_on_top_of_the_generation_is_part_of_its_cost() -> None:
    bill = {
        "cuCost": 70,
        "cuDiscount": 0,
        "cuCostDetails": {"quality-gate": 2.5, "ip-detection": None},
    }

    done = polled(job("success", metadata={"assetIds": ["asset_1"]}, billing=bill), asset())

    assert done.cost_usd == Decimal("1.45")


def test_the_result_is_the_clip_among_the_assets_and_its_own_id_is_chained() -> None:
    ids = {"assetIds": ["asset_poster", "asset_bad", "asset_clip"]}
    clip = asset(id="asset_clip", kind="video", url="https://cdn.example.org/clip.mp4")

    done = polled(
        job("success", metadata=ids),
        asset(id="asset_poster", kind="image"),
        asset(id="asset_bad", status="error"),
        clip,
    )

    assert (done.chain_id, done.outputs[0].url) == (
        "asset_clip",
        "https://cdn.example.org/clip.mp4",
    )


def test_a_paid_result_that_is_not_found_yet_is_looked_for_again() -> None:
    with pytest.raises(NotFound):
        polled(
            job("success", metadata={"assetIds": ["asset_1"]}),
            says(404, {"message": "Asset not found"}),
        )


def test_without_a_unit_price_or_a_bill_no_cost_is_made_up() -> None:
    bill = {"billing": {"cuCost": 70, "cuDiscount": 0}}

    assert (
        polled(
            job("success", metadata={"assetIds": ["asset_1"]}, **bill), asset(), unit_price_usd=None
        ).cost_usd
        is None
    )
    assert polled(job("success", metadata={"assetIds": ["asset_1"]}), asset()).cost_usd is None
    assert (
        polled(
            job("success", metadata={"assetIds": ["asset_1"]}, billing={"cuCost": "n/a"}), asset()
        ).cost_usd
        is None
    )


def test_a_result_that_is_not_ready_is_waited_for() -> None:
    waiting = polled(job("success", metadata={"assetIds": ["asset_1"]}), asset(status="pending"))

    assert waiting.state is JobState.RUNNING


@pytest.mark.parametrize("second", [None, asset(status="error")])
def test_a_success_without_a_result_is_a_failure(second: httpx.Response | None) -> None:
    ids = [] if second is None else ["asset_1"]

    failed = polled(
        job("success", metadata={"assetIds": ids}), *([second] if second is not None else [])
    )

    assert (
        failed.failure is not None
        and failed.failure.code == "no_output"
        and failed.failure.is_charged is None
    )
    assert not failed.failure.can_retry, "it may be paid"


def test_an_old_answer_names_its_job_under_id() -> None:
    session, _seen = answering(says(200, {"job": {"id": "job_old", "status": "queued"}}))

    assert (
        run(scenario.submit({"prompt": "x"}, path=PATH, session=session, idempotency_key="k")).id
        == "job_old"
    )


def test_a_failure_shows_the_error_and_the_hint() -> None:
    failed = polled(
        job("failure", metadata={"error": "Upstream timed out.", "hint": "Try a shorter clip"})
    )

    assert failed.failure is not None
    assert 'Scenario says: "Upstream timed out". Try a shorter clip.' in failed.failure.reason
    assert (failed.failure.is_charged, failed.cost_usd) == (False, None)


def test_a_block_by_moderation_is_not_tried_again() -> None:
    failed = polled(job("failure", metadata={"error": "Blocked by content moderation"}))

    assert failed.failure is not None
    assert (failed.failure.code, failed.failure.can_retry) == ("content_moderated", False)


def test_a_cancelled_job_is_told_so() -> None:
    failed = polled(job("canceled"))

    assert failed.failure is not None and failed.failure.code == "canceled"


def test_what_a_model_does_not_refund_is_charged() -> None:
    failed = polled(job("failure", billing={"cuCost": 5, "cuDiscount": 0, "disableRefund": True}))

    assert failed.failure is not None and failed.failure.is_charged is True
    assert "refunds no failures of this model" in failed.failure.reason
    assert failed.cost_usd == Decimal("0.10")


def test_progress_is_a_part_of_one() -> None:
    assert polled(job("in-progress", progress=0.4)).progress == 0.4
    assert polled(job("in-progress", progress=40)).progress == 1
    assert polled(job("in-progress", progress="much")).progress is None


def test_an_accepted_request_without_an_id_is_of_unknown_outcome() -> None:
    session, seen = answering(says(200, {"creativeUnitsCost": 5}))

    with pytest.raises(OutcomeUnknown):
        run(scenario.submit({"prompt": "x"}, path=PATH, session=session, idempotency_key="k"))
    assert len(seen) == 1


# Prices


def quoted(*given: httpx.Response, **options: Any) -> tuple[Quote, list[httpx.Request]]:
    session, seen = answering(*given, **options)
    return run(scenario.quote(WANTED, seconds=None, session=session)), seen


def test_a_quote_is_the_same_body_as_a_dry_run_and_its_269_is_read() -> None:
    quote, seen = quoted(says(269, {"creativeUnitsCost": 42, "creativeUnitsDiscount": 3}))

    assert (seen[0].method, seen[0].url.path) == ("POST", f"/v1{PATH}")
    assert dict(seen[0].url.params) == {"dryRun": "true"}
    assert seen[0].content == b'{"prompt":"Rain"}'
    assert (quote.low_usd, quote.high_usd, quote.basis) == (
        Decimal("0.84"),
        Decimal("0.84"),
        "42 CU at $0.02",
    )


def test_the_dearest_dollar_pack_prices_a_unit_that_nobody_has_priced() -> None:
    packs = [
        {"creativeUnits": 1000, "currency": "USD", "unitAmount": 15},
        {"creativeUnits": 100, "currency": "usd", "unitAmount": 3},
        {"creativeUnits": 1, "currency": "eur", "unitAmount": 9},
        {"creativeUnits": 0, "currency": "usd", "unitAmount": 9},
        "nonsense",
    ]

    quote, seen = quoted(
        says(269, {"creativeUnitsCost": 42}), says(200, {"prices": packs}), unit_price_usd=None
    )

    assert seen[1].url.path == "/v1/oscu/prices"
    assert quote.high_usd == Decimal("1.26") and "dearest CU pack" in quote.note


def test_a_price_that_the_account_learned_from_the_packs_is_said_to_be_one() -> None:
    session, seen = answering(says(269, {"creativeUnitsCost": 42}))
    session.access = replace(session.access, is_unit_price_listed=True)

    quote = run(scenario.quote(WANTED, seconds=None, session=session))

    assert quote.high_usd == Decimal("0.84") and "dearest CU pack" in quote.note
    assert len(seen) == 1


@pytest.mark.parametrize(
    "answer", [says(200, {"prices": []}), says(404, {"message": "no"}), says(200, {})]
)
def test_with_no_price_of_a_unit_anywhere_an_admin_is_asked_for_it(answer: httpx.Response) -> None:
    with pytest.raises(ProviderError, match="set the price of one CU"):
        quoted(says(269, {"creativeUnitsCost": 42}), answer, unit_price_usd=None)


def test_a_dry_run_that_names_no_price_is_no_price() -> None:
    with pytest.raises(Unavailable, match="named no price"):
        quoted(says(269, {"job": {}}))


# What the account teaches


def taught(model: dict[str, Any]) -> dict[str, Any]:
    """Return what is learned of the edit model from this schema; all other models are unknown."""
    others = [says(404, {"message": "no"}) for _ in scenario.SPEC.models[1:]]
    session, _seen = answering(says(200, {"model": model}), *others, says(200, {"prices": []}))
    learned: dict[str, Any] = run(scenario.discover(session=session))
    assert set(learned) == {"models"} and set(learned["models"]) == {"edit/ray-3.2"}
    return dict(learned["models"]["edit/ray-3.2"])


def schema(*inputs: dict[str, Any]) -> dict[str, Any]:
    return {"id": "model_luma-ray-3-2-edit", "inputs": list(inputs)}


def test_limits_are_taken_over_where_they_are_tighter_and_left_where_they_are_wider() -> None:
    tight = schema(
        {"name": "video", "type": "file", "maxDuration": 16, "maxSize": 50_000_000},
        {"name": "prompt", "type": "string", "maxLength": 2000},
        {"name": "keyframes", "type": "inputs_array", "maxLength": 8},
    )
    wide = schema({"name": "prompt", "maxLength": 9000}, {"name": "keyframes", "maxLength": 100})

    assert taught(tight) == {
        "max_source_seconds": 16.0,
        "max_file_bytes": 50_000_000,
        "prompt_max": 2000,
        "max_keyframes": 8,
    }
    assert taught(wide) == {}


@pytest.mark.parametrize(
    ("entry", "keys"),
    [
        ([{"name": "uri", "type": "file"}, {"name": "at", "type": "number"}], ["uri", "at"]),
        (
            [
                {"name": "at", "type": "number"},
                {"name": "uri", "type": "file"},
                {"name": "n", "type": "string"},
            ],
            ["uri", "at"],
        ),
        ([{"name": "uri", "type": "file"}], None),
        (
            [
                {"name": "a", "type": "file"},
                {"name": "b", "type": "file"},
                {"name": "at", "type": "number"},
            ],
            None,
        ),
        ("nonsense", None),
        (None, None),
    ],
)
def test_the_keys_of_a_keyframe_are_the_one_file_and_the_one_number(
    entry: Any, keys: list[str] | None
) -> None:
    learned = taught(schema({"name": "keyframes", "type": "inputs_array", "inputs": entry}))

    assert learned.get("keyframe_keys") == keys


@pytest.mark.parametrize("nonsense", [{}, {"inputs": None}, {"inputs": ["x", {}, {"name": 3}]}])
def test_a_schema_that_cannot_be_read_teaches_nothing(nonsense: dict[str, Any]) -> None:
    assert taught(nonsense) == {}


# Errors


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        (says(400, {"message": "prompt is too long"}), "prompt is too long"),
        (
            says(400, {"error": "BadRequestError", "message": "prompt is too long"}),
            "prompt is too long",
        ),
        (says(400, {"reason": "no such aspect ratio"}), "no such aspect ratio"),
        (says(422, {"error": "Unprocessable"}), "Unprocessable"),
        (httpx.Response(400, text="plain words"), "plain words"),
        (says(400, ["a list"]), "HTTP 400"),
    ],
)
def test_an_error_is_shown_in_scenarios_words_whatever_its_shape(
    answer: httpx.Response, words: str
) -> None:
    session, _seen = answering(answer)

    with pytest.raises(Rejected, match=words):
        run(scenario.submit({"prompt": "x"}, path=PATH, session=session, idempotency_key="k"))


def test_a_full_plan_is_concurrency_and_any_other_429_is_rate() -> None:
    full, many = (
        says(429, {"details": {"actionName": "parallelCustomJobs", "actionLimit": 4}}),
        says(429, {}),
    )
    found = []
    for answer in (full, many):
        session, _seen = answering(answer)
        with pytest.raises(Throttled) as refused:
            run(scenario.submit({"prompt": "x"}, path=PATH, session=session, idempotency_key="k"))
        found.append(refused.value.code)

    assert found == ["concurrency", "rate"]


def test_no_error_shows_any_part_of_the_key() -> None:
    key, _colon, secret = KEY.partition(":")
    session, _seen = answering(says(400, {"message": f"the key {key} with {secret} is odd"}))

    with pytest.raises(Rejected) as refused:
        run(scenario.ping(session=session))
    assert key not in refused.value.message and secret not in refused.value.message


def test_an_unknown_job_is_not_found() -> None:
    with pytest.raises(NotFound):
        polled(says(404, {"message": "Job not found"}))


# Files


@pytest.mark.parametrize(
    ("size", "parts"),
    [(1, 1), (16 * 1024**2, 1), (16 * 1024**2 + 1, 2), (5 * 10**12, 10_000), (10**11, 5961)],
)
def test_a_file_has_as_few_parts_as_scenario_takes(size: int, parts: int) -> None:
    length = staging.part_bytes(size)

    assert -(-size // length) == parts <= staging.MAX_PARTS
    assert length >= staging.MIN_PART_BYTES


def test_the_end_of_an_upload_is_imported_with_its_asset_and_not_before(
    tmp_path: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(
        shared_calls,
        "READY",
        replace(shared_calls.READY, first_seconds=0.0, longest_seconds=0.0),
    )
    clip = tmp_path / "a.mp4"
    clip.write_bytes(b"clip")
    parts = [{"number": 1, "url": "https://parts.example.org/1", "expires": "x"}]
    session, seen = answering(
        says(200, {"upload": {"id": "upload_1", "status": "pending", "parts": parts}}),
        httpx.Response(200),
        says(200, {"upload": {"id": "upload_1", "status": "validating"}}),
        says(200, {"upload": {"id": "upload_1", "status": "complete"}}),
        says(200, {"upload": {"id": "upload_1", "status": "imported"}}),
        says(200, {"upload": {"id": "upload_1", "status": "imported", "entityId": "asset_9"}}),
    )

    ref = run(
        scenario.stage(clip, name="a.mp4", media_type="video/mp4", purpose="input", session=session)
    )

    assert ref == Ref(file_id="asset_9", media_type="video/mp4")
    assert "Authorization" not in seen[1].headers and seen[1].content == b"clip"
    assert seen[2].content == b'{"action":"complete"}'


def test_an_upload_with_too_few_places_is_not_begun(tmp_path: Any) -> None:
    clip = tmp_path / "a.mp4"
    clip.write_bytes(b"clip")
    session, seen = answering(says(200, {"upload": {"id": "upload_1", "parts": []}}))

    with pytest.raises(Unavailable):
        run(
            scenario.stage(
                clip, name="a.mp4", media_type="video/mp4", purpose="input", session=session
            )
        )
    assert len(seen) == 1
