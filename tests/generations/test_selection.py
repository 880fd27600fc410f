"""Which of what a provider names becomes the take: by what was asked for, by type, by ending, and
by bytes.
"""

import asyncio
import io
from dataclasses import replace
from decimal import Decimal
from pathlib import Path

import pytest
from PIL import Image

from editorapp.alerts.models import Alert
from editorapp.costs.models import Entry
from editorapp.generations.coordination.leases import Carrier
from editorapp.generations.engine import poll_outcomes, transfer
from editorapp.generations.files import ingest, selection
from editorapp.generations.models import Attempt, Generation
from editorapp.generations.states import State
from editorapp.media import store
from editorapp.media.models import Asset
from editorapp.providers.contract import GenerationRequest, Job, JobState, Output, Ref
from editorapp.providers.vendors import gmi_cloud, luma_agents, scenario
from tests.factories import make_asset, make_member, make_reserved, signed_in
from tests.generations.drive import Clock
from tests.generations.small_clip import draw
from tests.media.test_archive import archive, exr
from tests.providers import talk
from tests.providers.talk import says
from tests.web.take_pages import text

SOURCE_ID = "6f0c2a54-8a4b-4a57-9a55-0f6d0c1b7e21"
SOURCE_URL = "https://media.example.org/mine/source.mp4"
AT = "https://cdn.example.org"
CLIP, OTHER, ZIP = f"{AT}/a.mp4", f"{AT}/b.mp4", f"{AT}/frames.zip"
LUMA = talk.access()
GMI = talk.Access(1, "gmi-cloud", "https://gmi.example.org/apikey", "gmi-secret")
SCENARIO = talk.Access(1, "scenario", "https://api.example.org/v1", "key:secret")


def chosen(job: Job, *, exr: bool = False, body: object = None) -> tuple[list[str], list[str]]:
    """Return the links that are tried for the clip, and for the frames, in order."""
    wanted = GenerationRequest(prompt="Rain", source=Ref(url=SOURCE_URL), exr=exr or None)
    attempt = Attempt(generation=Generation(request=wanted.to_json()), request_body=body)
    attempt.result_urls = [
        {"kind": one.kind, "url": one.url, "label": one.label} for one in job.outputs
    ]
    videos, frames = selection.select(attempt)
    return [one["url"] for one in videos], [one["url"] for one in frames]


def luma(*output: object) -> Job:
    session, _ = talk.answering(
        says(200, {"id": "g-1", "state": "completed", "output": list(output)}), to=LUMA
    )
    return talk.run(luma_agents.poll("g-1", session=session))


def gmi(outcome: dict[str, object], **payload: object) -> Job:
    record = {"request_id": "r-1", "status": "success", "outcome": outcome, "payload": payload}
    session, _ = talk.answering(says(200, record), to=GMI)
    return talk.run(gmi_cloud.poll("r-1", session=session))


def scenarios(*assets: dict[str, object], given: tuple[str, ...] = ()) -> Job:
    ids = [f"asset_{number}aa" for number in range(len(assets))]
    metadata = {"assetIds": [*given, *ids], "input": {"video": list(given)}}
    job = says(200, {"job": {"jobId": "j", "status": "success", "metadata": metadata}})
    sound = {"status": "success"}
    session, _ = talk.answering(
        job, *(says(200, {"asset": sound | one}) for one in assets), to=SCENARIO
    )
    return talk.run(scenario.poll("j", session=session))


@pytest.mark.parametrize(
    "word", ["video", "VIDEO", "Video ", "video/mp4", "VIDEO/MP4", "mp4", "", None, "clip", "odd"]
)
def test_a_clip_is_a_clip_however_it_is_called_at_luma(word):
    assert chosen(luma({"type": word, "url": CLIP})) == ([CLIP], [])


@pytest.mark.parametrize(
    "beside",
    [
        {"type": "image", "url": f"{AT}/t.jpg"},
        {"type": "thumbnail", "url": f"{AT}/t"},
        {"type": "audio", "url": f"{AT}/s.wav"},
        {"type": "audio/mpeg", "url": f"{AT}/s"},
        {"url": f"{AT}/t.png"},
        {"type": "IMAGE/PNG", "url": f"{AT}/t"},
        {"type": "exr", "url": ZIP},
        {"type": "subtitles", "url": f"{AT}/s"},
        {"type": "video", "url": f"{AT}/preview.mp4"},
        {"type": "preview", "url": f"{AT}/p.mp4"},
        {"type": "video", "url": SOURCE_URL + "?signature=another"},
        {"type": "metadata", "url": f"{AT}/m.json"},
    ],
)
@pytest.mark.parametrize("is_first", [True, False])
def test_what_comes_beside_a_clip_is_not_the_clip(beside, is_first):
    clip = {"type": "video", "url": CLIP}

    videos, frames = chosen(luma(*((beside, clip) if is_first else (clip, beside))))

    assert videos[0] == CLIP and frames == []


@pytest.mark.parametrize(
    "frames",
    [
        {"type": "exr", "url": f"{AT}/f"},
        {"type": "EXR", "url": ZIP},
        {"type": "video", "url": ZIP},
        {"type": "application/zip", "url": f"{AT}/f"},
        {"type": "archive", "url": f"{AT}/f"},
        {"url": f"{AT}/f.TAR.GZ"},
        {"type": "image/x-exr", "url": f"{AT}/f"},
        {"type": "hdr_frames", "url": f"{AT}/f"},
    ],
)
def test_frames_that_were_asked_for_are_found(frames):
    job = luma({"type": "video", "url": CLIP}, {"type": "image", "url": f"{AT}/t.jpg"}, frames)

    videos, found = chosen(job, exr=True)

    assert videos[0] == CLIP and found == [frames["url"]]


@pytest.mark.parametrize(
    "outcome",
    [
        {"video_url": CLIP},
        {"video_url": CLIP, "preview_url": OTHER},
        {"preview_video_url": OTHER, "video_url": CLIP},
        {"media_urls": [SOURCE_URL, CLIP]},
        {"media_urls": [{"id": SOURCE_ID, "url": OTHER}, {"id": "1", "url": CLIP}]},
        {"media_urls": [{"url": f"{AT}/{SOURCE_ID}.mp4"}, {"url": CLIP}]},
        {"media_urls": [f"{AT}/preview.mp4", CLIP]},
        {"media_urls": [{"url": f"{AT}/x", "type": "image/png"}, {"url": CLIP}]},
        {"video_url": SOURCE_URL, "media_urls": [CLIP]},
        {"video_url": CLIP, "source_url": SOURCE_URL},
        {"media_urls": [f"{AT}/sound.mp3", CLIP]},
        {"first_frame_url": f"{AT}/f.png", "media_urls": [CLIP]},
    ],
)
def test_at_gmi_neither_a_preview_nor_the_source_is_the_result(outcome):
    job = gmi(
        outcome, source_generation_id=SOURCE_ID, start_frame_url=f"{AT}/f.png", source=SOURCE_URL
    )

    assert chosen(job)[0][0] == CLIP


@pytest.mark.parametrize(
    "outcome",
    [
        {"source_url": OTHER},
        {"preview_url": OTHER},
        {"media_urls": [SOURCE_URL]},
        {"video_url": SOURCE_URL},
        {"thumbnail_image_url": f"{AT}/t.jpg"},
        {"media_urls": [f"{AT}/t.jpg"]},
    ],
)
def test_gmi_is_done_without_a_result_where_it_names_none(outcome):
    job = gmi(outcome, source=SOURCE_URL)

    assert job.state is JobState.FAILED and job.failure.code == "no_output"


def test_what_was_posted_counts_where_the_provider_echoes_nothing():
    job = gmi({"media_urls": [SOURCE_URL, CLIP]})

    assert chosen(job, body={"payload": {"source": SOURCE_URL}})[0] == [CLIP]


@pytest.mark.parametrize(
    "clip", [{"kind": "Video"}, {"mimeType": "VIDEO/MP4"}, {"kind": None}, {"kind": "asset"}]
)
def test_at_scenario_the_clip_is_found_by_kind_type_or_ending(clip):
    job = scenarios({"kind": "image", "url": f"{AT}/t"}, clip | {"url": CLIP})

    assert chosen(job)[0] == [CLIP] and job.chain_id == "asset_1aa"


def test_at_scenario_neither_the_source_nor_what_is_not_ready_keeps_the_clip():
    job = scenarios(
        {"status": "pending", "kind": "image"},
        {"kind": "video", "url": CLIP},
        given=("asset_mine",),
    )

    assert job.state is JobState.DONE and chosen(job)[0] == [CLIP]


# The bytes have the last word.


@pytest.fixture(scope="module")
def clip_bytes(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    return draw(
        tmp_path_factory.mktemp("drawn") / "a.mp4", frames=120, width=64, height=36
    ).read_bytes()


def picture() -> bytes:
    made = io.BytesIO()
    Image.new("RGB", (64, 36), "red").save(made, "PNG")
    return made.getvalue()


SOUND = b"RIFF\x24\x00\x00\x00WAVEfmt " + bytes(64)


@pytest.fixture
def deliver(monkeypatch, transactional_db, settings, tmp_path):
    """Return what fetches a job whose links bring what is given: bytes, or an exception."""

    settings.MEDIA_ROOT = tmp_path / "media"

    def fetched(
        files: dict[str, object],
        *outputs: Output,
        exr: bool = False,
        tries: int = 12,
        **more: object,
    ):
        clock, asked = Clock(), []
        member = make_member()
        wanted = GenerationRequest(task="generate", prompt="Rain", hdr=exr or None, exr=exr or None)
        made = {"task": "generate", "request": wanted.to_json(), "provider": "luma-agents", **more}
        take = make_reserved(member, state=State.RUNNING, **made)
        take.attempts.update(provider_job_id=f"job-{take.pk}", next_action_at=clock())

        async def download(url, part, **_more):
            asked.append(url)
            brought = files[url]
            if isinstance(brought, Exception):
                raise brought
            part.write(brought)
            part.file.flush()
            return len(brought)

        monkeypatch.setattr(ingest.links, "download", download)
        job = Job(f"job-{take.pk}", JobState.DONE, outputs=outputs)
        for _ in range(tries):
            attempt = Attempt.objects.select_related(
                "generation__team", "generation__source_asset", "account"
            ).get()
            if attempt.state == State.RUNNING:
                poll_outcomes.done([(attempt, job)], now=clock())
            elif attempt.state == State.FETCHING:
                try:
                    ingest.fetch(attempt, Carrier(lambda work: asyncio.run(work()), clock))
                except Exception as error:  # as the lane does
                    transfer._fault(attempt, error, now=clock())
            clock.jump(hours=1)
        take.refresh_from_db()
        return take, asked

    return fetched


def video(url: str, label: str = "video") -> Output:
    return Output("video", url, label=label)


def test_a_poster_and_a_sound_beside_the_clip_cost_nothing_and_are_told_of(deliver, clip_bytes):
    beside = [
        Output("image", f"{AT}/t.jpg?key=hush", label="thumbnail"),
        Output("audio", f"{AT}/s.wav", label="audio"),
    ]

    take, asked = deliver({CLIP: clip_bytes}, beside[0], video(CLIP), beside[1])

    assert (
        take.state == State.SUCCEEDED
        and take.result.is_video
        and take.warning == ""
        and take.exr is None
    )
    assert asked == [CLIP]
    assert [(one["kind"], one["name"]) for one in take.extras] == [
        ("image", "t.jpg"),
        ("audio", "s.wav"),
    ]
    assert "hush" not in repr(take.extras), "a link may be a secret"
    page = text(signed_in(take.team.members.get()), take)
    assert "Also named by the provider" in page and "t.jpg" in page


@pytest.mark.parametrize(
    "first", [picture(), SOUND, b"PK\x03\x04 an archive"], ids=["picture", "sound", "archive"]
)
def test_a_video_whose_bytes_are_something_else_is_no_video(deliver, clip_bytes, first):
    take, asked = deliver({OTHER: first, CLIP: clip_bytes}, video(OTHER), video(CLIP))

    assert take.state == State.SUCCEEDED and take.result.is_video and asked == [OTHER, CLIP]
    assert "number 2" in take.warning


def test_of_several_clips_the_one_of_the_expected_length_is_taken(deliver, clip_bytes, tmp_path):
    short = draw(tmp_path / "short.mp4", width=64, height=36).read_bytes()

    take, _asked = deliver({OTHER: short, CLIP: clip_bytes}, video(OTHER), video(CLIP))

    assert take.state == State.SUCCEEDED and take.result.duration_seconds == Decimal(5)


def test_a_link_that_only_does_not_answer_now_is_waited_for(deliver, clip_bytes):
    answers = {CLIP: ingest.links.CutOff("The link answered 503."), OTHER: clip_bytes}

    take, asked = deliver(answers, video(CLIP), video(OTHER), tries=4)

    assert take.is_active and set(asked) == {CLIP}
    take.attempts.all().delete()


def test_a_link_that_is_gone_for_good_does_not_keep_the_other_clip(deliver, clip_bytes):
    answers = {CLIP: ingest.links.LinkExpired("The link answered 404."), OTHER: clip_bytes}

    take, asked = deliver(answers, video(CLIP), video(OTHER))

    assert take.state == State.SUCCEEDED and asked.count(CLIP) == ingest.PATIENCE + 1


@pytest.mark.parametrize(
    "brought",
    [
        b"no archive",
        ingest.links.CutOff("The link answered 503."),
        ingest.links.LinkExpired("404"),
        ingest.links.LinkNotAllowed("The host is not on the public network."),
        ingest.links.BadLink("The link cannot be read."),
        MemoryError(),
    ],
    ids=["damaged", "away", "gone", "elsewhere", "no link", "an error of ours"],
)
def test_frames_that_cannot_be_had_do_not_sink_the_clip(deliver, clip_bytes, brought):
    take, asked = deliver(
        {CLIP: clip_bytes, ZIP: brought}, video(CLIP), Output("exr", ZIP), exr=True
    )

    assert take.state == State.SUCCEEDED and take.result.is_video and take.exr is None
    assert (
        "EXR frames could not be used" in take.warning
        and 2 <= asked.count(ZIP) <= ingest.PATIENCE + 1
    )
    assert list(Entry.objects.values_list("kind", flat=True)) == ["reserve", "charge"]
    assert not Alert.objects.still_open().exists()
    if isinstance(brought, bytes):
        assert take.came.kind == Asset.Kind.UNREADABLE, "what came instead is kept"


@pytest.mark.parametrize("comes", [True, False])
def test_frames_are_fetched_again_without_touching_the_take(
    deliver, clip_bytes, tmp_path, monkeypatch, comes
):
    whole = archive(tmp_path / "f.zip", [exr(0.2)]).read_bytes()
    files = {CLIP: clip_bytes, ZIP: b"no archive"}
    outputs = (video(CLIP), Output("exr", ZIP))
    take, _asked = deliver(files, *outputs, exr=True)
    files[ZIP] = whole if comes else ingest.links.CutOff("The link answered 503.")

    async def poll(job_id, **_more):
        return Job(job_id, JobState.DONE, outputs=outputs)

    monkeypatch.setattr(luma_agents, "poll", poll)
    ingest.fetch_frames(take.pk, now=take.created_at)

    after = Generation.objects.get()
    assert (after.state, after.result, after.cost_usd) == (
        State.SUCCEEDED,
        take.result,
        take.cost_usd,
    )
    assert (after.exr is not None) == comes and after.came == (None if comes else take.came)
    assert (
        "EXR frames were fetched" if comes else "could not be fetched: The link answered 503."
    ) in after.warning
    assert list(Entry.objects.values_list("kind", flat=True)) == ["reserve", "charge"]


def test_frames_of_which_nobody_says_what_they_are_are_told_by_their_bytes(
    deliver, clip_bytes, tmp_path
):
    frames = archive(tmp_path / "f.zip", [exr(0.2)]).read_bytes()
    odd = Output("unknown", f"{AT}/f", label="hdr")

    take, _asked = deliver({CLIP: clip_bytes, odd.url: frames}, odd, video(CLIP), exr=True)

    assert (
        take.state == State.SUCCEEDED and take.exr.kind == Asset.Kind.ARCHIVE and take.extras == []
    )


def test_frames_that_nobody_asked_for_are_not_fetched(deliver, clip_bytes):
    take, asked = deliver({CLIP: clip_bytes}, video(CLIP), Output("exr", ZIP, label="exr"))

    assert take.state == State.SUCCEEDED and asked == [CLIP] and take.extras[0]["kind"] == "exr"


def test_the_source_that_comes_back_is_not_taken_where_there_is_another_clip(
    deliver, clip_bytes, tmp_path
):
    back = draw(tmp_path / "back.mp4", frames=120, width=64, height=36, shade=90)
    source = make_asset(make_member(), sha256=store.hash_file(back))
    request = GenerationRequest(prompt="Rain", source=Ref(asset_id=source.pk)).to_json()

    take, _asked = deliver(
        {OTHER: back.read_bytes(), CLIP: clip_bytes},
        video(OTHER),
        video(CLIP),
        task="edit",
        source_asset=source,
        request=request,
    )

    assert take.state == State.SUCCEEDED and take.result.sha256 != source.sha256


def test_what_is_told_of_is_bounded_and_can_be_shown(deliver, clip_bytes):
    names = ["a%00b.bin", "%ff.bin", "x" * 300, *(f"{number}.bin" for number in range(30))]
    beside = [Output("unknown", f"{AT}/{name}", label="w" * 300) for name in names]

    take, _asked = deliver({CLIP: clip_bytes}, video(CLIP), *beside)

    assert take.state == State.SUCCEEDED and len(take.extras) == selection.MOST_NOTED
    assert all(
        len(value) <= 80 and value.isprintable() for one in take.extras for value in one.values()
    )


def test_a_row_of_an_earlier_version_is_fetched(deliver, clip_bytes, monkeypatch):
    keep = poll_outcomes._as_done

    def older(*args, **more):
        step = keep(*args, **more)
        links = [{"kind": one["kind"], "url": one["url"]} for one in step.changes["result_urls"]]
        return replace(step, changes=step.changes | {"result_urls": links})

    monkeypatch.setattr(poll_outcomes, "_as_done", older)

    assert deliver({CLIP: clip_bytes}, video(CLIP))[0].state == State.SUCCEEDED


def test_nothing_of_it_is_left_on_the_doorstep(deliver, clip_bytes, settings):
    deliver({OTHER: picture(), CLIP: clip_bytes}, video(OTHER), video(CLIP))

    assert list((Path(settings.MEDIA_ROOT) / "incoming").glob("attempt-*")) == []
