"""GMI Cloud's adapter: its rules in words, its answers read, its prices worked out."""

import itertools
import json
from dataclasses import replace
from decimal import Decimal
from fractions import Fraction
from pathlib import Path
from typing import Any

import httpx
import pytest
from PIL import Image

from editorapp.costs.estimate import estimate
from editorapp.media.facts import MediaFacts
from editorapp.providers import answers, rules
from editorapp.providers.contract import (
    Access,
    BadCredentials,
    GenerationRequest,
    JobState,
    OutcomeUnknown,
    OutOfFunds,
    Output,
    ProviderError,
    Ref,
    Rejected,
    Throttled,
    Unavailable,
)
from editorapp.providers.mends import applied
from editorapp.providers.transport import Wire
from editorapp.providers.vendors import gmi_cloud
from editorapp.providers.vendors.gmi_cloud import SPEC
from editorapp.providers.vendors.gmi_cloud.asked_prices import quote_of
from editorapp.providers.vendors.gmi_cloud.parameters import LIMITS
from tests.providers.talk import run, says

CLIP = MediaFacts(
    "video", "mp4", "h264", 1280, 720, 1_000_000, fps=Fraction(24), frame_count=120, duration_seconds=Decimal(5)
)
EARLIER = Ref(generation_id="6f0c2a54-8a4b-4a57-9a55-0f6d0c1b7e21")
GUIDE = Ref(asset_id=2, media_type="image/png")


def edit(**said: Any) -> GenerationRequest:
    return GenerationRequest(**({"prompt": "Rainy neon evening", "source": Ref(asset_id=1)} | said))


def generate(**said: Any) -> GenerationRequest:
    return GenerationRequest(**({"task": "generate", "prompt": "A kite"} | said))


def broken(wanted: GenerationRequest, source: MediaFacts | None = CLIP) -> dict[str, rules.Broken]:
    return {one.rule_id: one for one in rules.check(SPEC, wanted, source)}


# Rules


def test_sound_requests_break_nothing() -> None:
    for wanted in (edit(), edit(auto_controls=True, resolution="1080p"), generate(duration="10s"), generate(loop=True)):
        assert rules.check(SPEC, wanted, CLIP) == []


@pytest.mark.parametrize(
    ("seconds", "found"), [("18", None), ("18.01", "GE7"), ("30", "GE7"), ("30.01", "GE6"), ("44", "GE6")]
)
def test_a_long_source_is_warned_of_from_18_and_refused_from_30_seconds(seconds: str, found: str | None) -> None:
    said = broken(edit(), replace(CLIP, duration_seconds=Decimal(seconds), frame_count=int(float(seconds) * 24)))

    assert list(said) == ([found] if found else [])
    if found:
        (trim,) = said[found].mends
        assert trim.changes == {"trim_to_seconds": "18" if found == "GE7" else "30"}
        assert said[found].is_refusal == (found == "GE6")


def test_a_large_clip_is_refused_with_the_size_that_is_set() -> None:
    largest = LIMITS.max_inline_bytes
    assert largest == 50_000_000
    fits = replace(CLIP, size_bytes=largest)

    assert broken(edit(), fits) == {} == broken(edit(source=EARLIER), replace(CLIP, size_bytes=largest + 1))
    said = broken(edit(), replace(CLIP, size_bytes=largest + 1))["GE.size"]
    assert "50 MB is set as the most" in said.message and "GMI_MAX_INLINE_MB" in said.message


@pytest.mark.parametrize("given", ["none", "0", "-3", "1.5"])
def test_a_size_that_is_none_is_said_at_the_start(settings: Any, given: str) -> None:
    from django.core.exceptions import ImproperlyConfigured

    from editorapp.providers.vendors.gmi_cloud import parameters

    settings.ENVIRONMENT = {"GMI_MAX_INLINE_MB": given}
    with pytest.raises(ImproperlyConfigured, match="whole megabytes"):
        parameters._most_inline_bytes()
    settings.ENVIRONMENT = {"GMI_MAX_INLINE_MB": "120"}
    assert parameters._most_inline_bytes() == 120_000_000


@pytest.mark.parametrize(
    ("control", "value", "usual"),
    [("pose", "pose_strength", "precise"), ("depth", "depth_blur", 0.5), ("trajectory", "trajectory_sparsity", 0.5)],
)
def test_a_control_that_is_on_without_its_value_is_given_the_usual_one(control: str, value: str, usual: Any) -> None:
    wanted = edit(**{f"{control}_enabled": True})

    said = broken(wanted)["X7"]
    give, turn_off = said.mends

    assert (said.field, give.changes, turn_off.changes) == (value, {value: usual}, {f"{control}_enabled": False})
    assert gmi_cloud.encode(applied(wanted, CLIP, give.changes)[0])["payload"][value] == usual
    assert value not in gmi_cloud.encode(applied(wanted, CLIP, turn_off.changes)[0])["payload"]


def test_a_control_that_is_off_is_not_written_whatever_its_value() -> None:
    payload = gmi_cloud.encode(edit(depth_enabled=False, depth_blur=0.0, normals_augmentation=0.0))["payload"]

    assert "depth_blur" not in payload
    assert payload["normals_augmentation"] == 0.0, "0 is a value, and not off"


def test_a_stored_clip_is_said_to_travel_in_the_body_and_a_picture_by_address() -> None:
    body = gmi_cloud.encode(edit(source=Ref(asset_id=1, media_type="video/mp4"), start_frame=GUIDE))["payload"]

    assert body == {
        "prompt": "Rainy neon evening", "source_data": "(given when the file is uploaded)",
        "source_media_type": "video/mp4", "start_frame_url": "(given when the file is uploaded)",
    }  # fmt: skip


@pytest.mark.parametrize(
    ("said", "rule"),
    [
        ({"source": Ref(url="https://media.example.org/clip.mp4", media_type="video/mp4")}, "GE5"),
        ({"source": Ref(generation_id=EARLIER.generation_id, data="QUJD", media_type="video/mp4")}, "GE3"),
        ({"source": Ref(generation_id="take-4")}, "GE.id"),
        ({"start_frame": EARLIER}, "GE17"),
        ({"start_frame": Ref(data="QUJD", media_type="image/png")}, "GE17"),
        ({"start_frame": Ref(url="http://10.0.0.1/a.png")}, "2.4.url"),
        ({"keyframes": (GUIDE,), "keyframe_indexes": (0,)}, "ours.unknown"),
        ({"end_frame": GUIDE}, "ours.unknown"),
        ({"loop": True}, "ours.unknown"),
        ({"user_id": "somebody"}, "ours.unknown"),
    ],
)
def test_what_an_edit_here_cannot_say_is_refused_by_name(said: dict[str, Any], rule: str) -> None:
    found = broken(edit(**said))

    assert rule in found and found[rule].is_refusal
    assert "GMI Cloud" in found[rule].message or rule == "GE3"


@pytest.mark.parametrize(
    ("said", "rule"),
    [
        ({"duration": "10s", "start_frame": GUIDE}, "GG2"),
        ({"duration": "10s", "start_frame": EARLIER}, "GG3"),
        ({"start_frame": EARLIER, "end_frame": EARLIER}, "GG3"),
        ({"end_frame": EARLIER, "hdr": True}, "GG3"),
        ({"start_frame": EARLIER, "end_frame": GUIDE}, "GG3.picture"),
        ({"end_frame": EARLIER, "loop": True}, "GG4"),
        ({"duration": "10s", "hdr": True}, "GG6"),
        ({"duration": "10s", "loop": True}, "GG6"),
        ({"loop": True, "hdr": True}, "GG6"),
        ({"exr": True}, "GG5.exr"),
        ({"resolution": "360p"}, "GG7.resolution"),
        ({"aspect_ratio": "9:21"}, "GG7.ratio"),
        ({"keyframes": (GUIDE,), "keyframe_indexes": (0,)}, "ours.unknown"),
    ],
)
def test_what_a_generation_here_excludes_is_refused(said: dict[str, Any], rule: str) -> None:
    assert rule in {one.rule_id for one in rules.refusals(rules.check(SPEC, generate(**said), None))}


@pytest.mark.parametrize("said", [{"start_frame": EARLIER, "loop": True}, {"end_frame": EARLIER}, {"end_frame": GUIDE}])
def test_an_extension_and_a_last_picture_are_taken(said: dict[str, Any]) -> None:
    assert broken(generate(**said), None) == {}


def test_our_own_cautions_are_not_the_providers() -> None:
    wanted = generate(duration="10s", hdr=True, loop=True)

    assert "GG6" in broken(wanted)
    assert rules.refusals(rules.check(SPEC, wanted, None, only_documented=True)) == []


EVERY_EDIT = [
    edit(
        resolution=size, hdr=hdr, exr=exr, auto_controls=auto, strength=strength, pose_enabled=pose, depth_blur=blur,
        face_enabled=face, aspect_ratio=ratio,
    )
    for size, hdr, exr, auto, strength, pose, blur, face, ratio in itertools.product(
        ("360p", None, "540p"), (None, True), (None, True), (None, True), (None, "flex_2", "mild"), (None, True),
        (None, 0.4, 7), (None, True), (None, "1:1"),
    )
]  # fmt: skip
EVERY_GENERATION = [
    generate(resolution=size, hdr=hdr, exr=exr, duration=duration, loop=loop, start_frame=first, end_frame=last)
    for size, hdr, exr, duration, loop, first, last in itertools.product(
        ("360p", None, "540p"), (None, True), (None, True), (None, "10s", "7s"), (None, True),
        (None, GUIDE, EARLIER), (None, GUIDE, EARLIER),
    )
]  # fmt: skip


@pytest.mark.parametrize("every", [EVERY_EDIT, EVERY_GENERATION], ids=["edit", "generate"])
def test_every_way_out_mends_its_rule_and_breaks_no_other(every: list[GenerationRequest]) -> None:
    tried = 0
    for wanted in every[::3]:
        found = rules.refusals(rules.check(SPEC, wanted, CLIP))
        for one in found:
            for mend in one.mends:
                after, source = applied(wanted, CLIP, mend.changes)
                left = [rule.rule_id for rule in rules.refusals(rules.check(SPEC, after, source))]
                before = [rule.rule_id for rule in found]
                assert left.count(one.rule_id) < before.count(one.rule_id), (wanted, mend)
                assert all(left.count(rule_id) <= before.count(rule_id) for rule_id in left), (wanted, mend)
                tried += 1
    assert tried > 200


def test_rows_say_where_they_come_from_and_details_are_in_gmis_style() -> None:
    for model in SPEC.models:
        ids = [rule.id for rule in model.rules]
        assert len(ids) == len(set(ids))
        for rule in model.rules:
            assert rule.source and rule.summary.endswith(".")
            assert "video." not in rule.detail and "Luma Agents" not in rule.message
            if rule.level == rules.REFUSE and not rule.is_ours:
                assert rule.detail.startswith("invalid payload parameters: "), rule.id


# Answers


def wire_of(*given: httpx.Response | Exception) -> tuple[Wire, list[httpx.Request]]:
    left, seen = list(given), []

    async def handle(request: httpx.Request) -> httpx.Response:
        await request.aread()
        seen.append(request)
        answer = left.pop(0)
        if isinstance(answer, Exception):
            raise answer
        return answer

    access = Access(
        1, "gmi-cloud", "https://gmi.example.org/apikey", "gmi-secret-9f8e7d6c5b4a", headers={"X-Organization-ID": "o"}
    )
    return Wire(access, transport=httpx.MockTransport(handle)), seen


def polled(record: dict[str, Any]) -> Any:
    wire, _seen = wire_of(says(200, {"request_id": "r-1"} | record))
    return run(gmi_cloud.poll("r-1", wire=wire))


BODY = gmi_cloud.encode(edit(source=EARLIER))


@pytest.mark.parametrize("status", [200, 201])
def test_a_request_that_is_taken_has_its_id_and_asks_nothing_of_its_state(status: int) -> None:
    wire, seen = wire_of(says(status, {"request_id": "r-1", "status": "processing"}))

    job = run(gmi_cloud.submit(BODY, path="/requests", wire=wire, idempotency_key="k"))

    assert (job.id, job.state, job.chain_id) == ("r-1", JobState.RUNNING, "")
    (sent,) = seen
    assert sent.url.path == "/apikey/requests" and json.loads(sent.content) == BODY
    assert sent.headers["Authorization"] == "Bearer gmi-secret-9f8e7d6c5b4a"
    assert sent.headers["X-Organization-ID"] == "o"


@pytest.mark.parametrize(
    ("status", "state"),
    [
        ("created", JobState.QUEUED), ("queued", JobState.QUEUED), ("dispatched", JobState.QUEUED),
        ("processing", JobState.RUNNING), ("success", JobState.DONE), ("failed", JobState.FAILED),
        ("cancelled", JobState.FAILED), ("resting", JobState.RUNNING), (None, JobState.RUNNING),
    ],
)  # fmt: skip
def test_all_states_are_read(status: Any, state: JobState) -> None:
    outcome = {"video_url": "https://storage.example.org/a.mp4", "generation_id": "g-1"}

    assert polled({"status": status, "outcome": outcome}).state is state


def test_what_can_be_chained_is_the_generation_and_never_the_request() -> None:
    outcome = {"video_url": "https://storage.example.org/a.mp4"}

    assert polled({"status": "success", "outcome": outcome | {"generation_id": "g-1"}}).chain_id == "g-1"
    assert polled({"status": "success", "outcome": outcome}).chain_id == ""


A = "https://storage.example.org/v/a.mp4"
ZIP = "https://storage.example.org/v/frames.zip?sig=1.mp4"


@pytest.mark.parametrize(
    ("outcome", "outputs"),
    [
        ({"video_url": A, "thumbnail_image_url": "https://x.example.org/t.jpg"}, [("video", A)]),
        ({"media_urls": [{"id": "0", "url": A}]}, [("video", A)]),
        ({"media_urls": [A]}, [("video", A)]),
        ({"media_urls": [{"id": "0", "url": "https://x.example.org/t.png"}, {"id": "1", "url": A}]}, [("video", A)]),
        (
            {"video_url": A, "media_urls": [{"id": "0", "url": A}, {"id": "1", "url": ZIP}]},
            [("video", A), ("exr", ZIP)],
        ),
        ({"media_urls": [{"id": "0", "url": ZIP}, {"id": "1", "url": A}]}, [("video", A), ("exr", ZIP)]),
        ({"video_url": A, "exr_url": ZIP}, [("video", A), ("exr", ZIP)]),
        ({"video_url": A, "exr_urls": [ZIP], "other_url": 3, "media_urls": "x"}, [("video", A), ("exr", ZIP)]),
    ],
)
def test_results_are_found_wherever_the_outcome_names_them(outcome: Any, outputs: list[tuple[str, str]]) -> None:
    job = polled({"status": "success", "outcome": outcome | {"generation_id": "g-1"}})

    assert job.outputs == tuple(Output(kind=kind, url=url) for kind, url in outputs)


@pytest.mark.parametrize("outcome", [None, {}, [], "done", {"video_url": ""}, {"media_urls": [{"url": ZIP}]}])
def test_success_without_a_video_is_a_failure(outcome: Any) -> None:
    job = polled({"status": "success", "outcome": outcome})

    assert (job.state, job.failure.code, job.failure.is_charged) == (JobState.FAILED, "no_output", None)


@pytest.mark.parametrize(
    ("record", "code", "words"),
    [
        ({"error": "Too dark", "outcome": {"error": "x", "error_code": "dark"}}, "dark", "Too dark"),
        ({"error": {"message": "Too dark", "details": "{}"}}, "failed", "Too dark"),
        ({"outcome": {"error": "Upstream said no", "error_code": "E7", "error_source": "luma"}}, "E7", "Upstream said"),
        ({"outcome": {"error_code": "E7"}, "message": "m"}, "E7", "E7"),
        ({"message": "Gone wrong", "detail": "d"}, "failed", "Gone wrong"),
        ({"detail": "Only this"}, "failed", "Only this"),
        ({}, "failed", "GMI Cloud could not make this."),
    ],
)
def test_why_a_request_failed_is_read_in_the_documented_order(record: Any, code: str, words: str) -> None:
    failure = polled({"status": "failed"} | record).failure

    assert (failure.code, failure.is_charged) == (code, None), "whether a failure is charged is not documented"
    assert words in failure.reason


@pytest.mark.parametrize(
    ("outcome", "can_retry"),
    [
        ({"error": "x", "error_code": "rate_limited"}, True), ({"error": "Upstream: too many requests"}, True),
        ({"error": "x", "error_code": "content_moderated"}, False), ({"error": "no idea"}, False), ({}, False),
    ],
)  # fmt: skip
def test_only_what_may_pass_is_offered_to_be_sent_again(outcome: Any, can_retry: bool) -> None:
    assert polled({"status": "failed", "outcome": outcome}).failure.can_retry is can_retry


def test_a_cancelled_request_says_so() -> None:
    failure = polled({"status": "cancelled", "outcome": None}).failure

    assert failure.code == "cancelled" and "cancelled" in failure.reason


@pytest.mark.parametrize(
    ("answer", "error"),
    [
        (says(400, {"error": "invalid payload parameters"}), Rejected),
        (says(401, {"error": "bad key"}), BadCredentials), (says(403, {}), BadCredentials),
        (says(402, {"error": "Insufficient credits. Add some."}), OutOfFunds),
        (says(404, {"error": "model not found"}), Rejected), (says(413, None), Rejected),
        (says(429, {"error": "slow down"}), Throttled), (says(500, {"error": {"message": "x"}}), OutcomeUnknown),
        (says(503, None), OutcomeUnknown), (says(200, {"status": "processing"}), OutcomeUnknown),
        (httpx.ConnectError("no"), Unavailable), (httpx.ReadTimeout("slow"), OutcomeUnknown),
    ],
)  # fmt: skip
def test_a_refused_request_is_told_by_what_may_be_done_next(answer: Any, error: type[Exception]) -> None:
    wire, seen = wire_of(answer)

    with pytest.raises(ProviderError) as raised:
        run(gmi_cloud.submit(BODY, path="/requests", wire=wire, idempotency_key="k"))

    assert type(raised.value) is error
    assert len(seen) == 1, "a paid request is sent once"


@pytest.mark.parametrize(
    ("body", "text"),
    [
        ({"error": "a", "message": "b"}, "a"), ({"error": "", "message": "b"}, "b"),
        ({"error": {"code": 3}, "outcome": {"error": "c"}}, "c"), ({"outcome": [], "detail": "d"}, "d"),
        ({"error": ["first", "second"]}, "first; second"), (["x"], ""), (None, ""),
    ],
)  # fmt: skip
def test_an_answers_words_are_found_in_any_shape(body: Any, text: str) -> None:
    assert answers.said_in(body) == text


# Pictures


def test_other_pictures_than_jpeg_and_png_are_uploaded_as_png(tmp_path: Path) -> None:
    picture = tmp_path / "guide.webp"
    Image.new("RGBA", (8, 6), (200, 30, 90, 128)).save(picture, lossless=True)
    wire, seen = wire_of(
        says(200, {"upload_url": "https://put.example.org/x", "public_url": "https://pub.example.org/x.png"}), says(200)
    )

    ref = run(gmi_cloud.stage(picture, name="guide.webp", media_type="image/webp", purpose="reference", wire=wire))

    assert ref == Ref(url="https://pub.example.org/x.png", media_type="image/png")
    asked, put = seen
    assert json.loads(asked.content) == {"file_type": "png"}
    assert put.headers["Content-Type"] == "image/png" and "Authorization" not in put.headers
    assert put.content[:8] == b"\x89PNG\r\n\x1a\n"


@pytest.mark.parametrize("place", [{}, {"upload_url": "https://put.example.org/x"}, {"upload_url": 3, "public_url": 4}])
def test_an_upload_without_a_place_is_tried_later(tmp_path: Path, place: Any) -> None:
    picture = tmp_path / "guide.png"
    picture.write_bytes(b"png")
    wire, _seen = wire_of(says(200, place))

    with pytest.raises(Unavailable):
        run(gmi_cloud.stage(picture, name="guide.png", media_type="image/png", purpose="reference", wire=wire))


@pytest.mark.parametrize(("media_type", "code"), [("video/mp4", "not_a_picture"), ("image/webp", "image")])
def test_a_clip_and_what_is_no_picture_are_not_uploaded(tmp_path: Path, media_type: str, code: str) -> None:
    file = tmp_path / "file"
    file.write_bytes(b"nothing of the kind")
    wire, seen = wire_of()

    with pytest.raises(Rejected) as refused:
        run(gmi_cloud.stage(file, name="file", media_type=media_type, purpose="reference", wire=wire))
    assert (refused.value.code, seen) == (code, [])


# Prices


@pytest.mark.parametrize(
    "example",
    json.loads((Path(__file__).parent.parent / "contracts" / "pricing-gmi-cloud.json").read_text())["models"][
        "luma-ray-3-2-edit"
    ]["examples"],
    ids=lambda one: f"{one['source_seconds']}s-{one['resolution']}-{one['quality']}",
)
def test_an_edit_costs_each_started_block_of_5_seconds(example: dict[str, Any]) -> None:
    quality = example["quality"]
    wanted = edit(resolution=example["resolution"], hdr=quality != "sdr" or None, exr=quality == "hdr_exr" or None)
    facts = replace(CLIP, duration_seconds=Decimal(example["source_seconds"]))

    priced = estimate(wanted, facts, provider="gmi-cloud")

    assert (priced.low_usd, priced.high_usd) == (Decimal(example["total"]),) * 2


REFRAME = GenerationRequest(task="reframe", prompt="x", aspect_ratio="1:1", source=Ref(asset_id=1), resolution="540p")
SHORT = generate(resolution="540p")


@pytest.mark.parametrize(
    ("wanted", "info", "low"),
    [
        (SHORT, {"price": "0.15", "unit": "5s block"}, "0.15"),
        (SHORT, {"price": 0.15, "unit": "block"}, "0.15"),
        (SHORT, {"price": 0.03, "unit": "second", "pricing_type": "per_request"}, "0.15"),
        (SHORT, {"price": "$0.15", "pricing_type": "PER_REQUEST"}, "0.15"),
        (replace(SHORT, duration="10s"), {"price": "0.15", "unit": "5-second"}, "0.30"),
        (replace(SHORT, duration="10s"), {"price": "0.03", "unit": "sec"}, "0.30"),
        (replace(SHORT, duration="10s", start_frame=EARLIER), {"price": "0.15", "unit": "5s"}, "0.15"),
        (REFRAME, {"price": "0.06", "pricing_type": "per_second", "unit": "usd"}, "0.42"),
        (REFRAME, {"price": "0.3", "unit": "5 seconds"}, "0.6"),
        (REFRAME, {"price": "0.5", "unit": "video"}, "0.5"),
    ],
)
def test_a_live_price_is_counted_in_whatever_unit_it_names(wanted: Any, info: Any, low: str) -> None:
    quote = quote_of(wanted, info, seconds=Decimal("6.2"))

    assert (quote.low_usd, quote.high_usd) == (Decimal(low), Decimal(low))
    assert "which quality" in quote.note and "$" in quote.basis


@pytest.mark.parametrize(
    ("said", "times"),
    [({"resolution": "720p"}, "2"), ({}, "2"), ({"resolution": "1080p"}, "8"), ({"hdr": True}, "4"),
     ({"hdr": True, "exr": True, "resolution": "1080p"}, "24")],
)  # fmt: skip
def test_the_upper_end_is_raised_as_edits_or_lumas_own_list_are(said: dict[str, Any], times: str) -> None:
    quote = quote_of(generate(**said), {"price": "0.15", "unit": "block"}, seconds=None)

    assert (quote.low_usd, quote.high_usd) == (Decimal("0.15"), Decimal("0.15") * Decimal(times))


@pytest.mark.parametrize(
    ("wanted", "info", "seconds", "words"),
    [
        (SHORT, None, None, "no price"), (SHORT, {"price": None, "unit": "second"}, None, "no price"),
        (SHORT, {"price": "0", "unit": "second"}, None, "no price"),
        (SHORT, {"price": "NaN", "unit": "second"}, None, "no price"),
        (SHORT, {"price": "1", "unit": "frame"}, None, "frame"), (SHORT, {"price": "1"}, None, "nothing"),
        (SHORT, {"price": "1", "unit": "million tokens", "pricing_type": "x" * 200}, None, "million tokens"),
        (REFRAME, {"price": "1", "unit": "second"}, None, "length"),
        (replace(SHORT, hdr=True), {"price": "1", "unit": "second"}, None, "does not sell"),
    ],
)  # fmt: skip
def test_a_price_that_cannot_be_told_is_said_in_words(wanted: Any, info: Any, seconds: Any, words: str) -> None:
    with pytest.raises(ProviderError, match=words):
        quote_of(wanted, info, seconds=seconds)
