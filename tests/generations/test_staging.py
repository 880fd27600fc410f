"""How stored files travel: uploaded, put at an address, or inside the paid request, as each
parameter's row says.
"""

from datetime import timedelta

import pytest
from django.utils import timezone

from editorapp.generations.engine import dispatcher, post_outcomes, sweep
from editorapp.generations.files import staging
from editorapp.generations.models import Attempt
from editorapp.generations.states import State
from editorapp.media import intake
from editorapp.providers import registry
from editorapp.providers.contract import GenerationRequest, Lent, ProviderError, Ref
from editorapp.providers.http.inline_body import StoredFile
from editorapp.providers.models import ProviderAccount, StagedFile
from tests.factories import default_account, make_asset, make_generation, make_member, make_post
from tests.generations.small_clip import draw

NOW = timezone.now()
SLUGS = ("luma-agents", "gmi-cloud", "scenario")


@pytest.fixture
def member(db):
    return make_member()


@pytest.fixture
def clip(member):
    return make_asset(member)


@pytest.fixture
def guide(member):
    return make_asset(member, kind="image")


def edit(clip, guide) -> GenerationRequest:
    return GenerationRequest(
        prompt="At night", source=Ref(asset_id=clip.pk), start_frame=Ref(asset_id=guide.pk)
    )


def spec(slug: str):
    return registry.get(slug).SPEC


@pytest.mark.parametrize(
    ("slug", "clip_is_staged"), [("luma-agents", True), ("scenario", True), ("gmi-cloud", False)]
)
def test_only_what_the_provider_takes_by_name_is_staged(slug, clip_is_staged, clip, guide):
    wanted = edit(clip, guide)

    assert staging.staged_ids(wanted, spec(slug)) == (
        {clip.pk, guide.pk} if clip_is_staged else {guide.pk}
    )


def test_a_clip_that_travels_in_the_request_stands_there_as_a_mark(clip, guide):
    named = {guide.pk: Ref(url="https://media.example.org/guide.png")}

    wanted = staging.resolved(edit(clip, guide), spec("gmi-cloud"), named)

    assert wanted.source == Ref(data=StoredFile.of(clip.sha256), media_type="video/mp4")
    body = registry.get("gmi-cloud").encode(wanted)
    assert body["payload"]["source_data"] == f"stored-file:{clip.sha256}"
    assert body["payload"]["source_media_type"] == "video/mp4"
    assert body["payload"]["start_frame_url"] == "https://media.example.org/guide.png"


@pytest.mark.parametrize("slug", SLUGS)
def test_no_body_says_that_a_file_will_be_given_later_once_all_is_resolved(slug, clip, guide):
    account = default_account(slug)
    wanted = edit(clip, guide)
    for asset in (clip, guide):
        if asset.pk in staging.staged_ids(wanted, spec(slug)):
            ref = (
                Ref(url="https://media.example.org/a")
                if slug == "gmi-cloud"
                else Ref(file_id=f"asset-{asset.pk}")
            )
            staging.keep(account.pk, asset, ref, now=NOW)

    lying = staging.lying(account.pk, staging.asset_ids(wanted), now=NOW)
    body = registry.get(slug).encode(staging.resolved(wanted, spec(slug), lying))

    assert "given when" not in repr(body)


def test_a_file_lies_with_one_account_only(clip):
    first, second = (
        default_account("luma-agents"),
        ProviderAccount.objects.create(provider="luma-agents", name="2"),
    )
    staging.keep(first.pk, clip, Ref(file_id="f1"), now=NOW)

    assert staging.lying(first.pk, {clip.pk}, now=NOW) == {
        clip.pk: Ref(file_id="f1", media_type="video/mp4")
    }
    assert staging.lying(second.pk, {clip.pk}, now=NOW) == {}


def test_what_is_lent_for_a_while_is_staged_anew_after_it(clip):
    account = default_account("gmi-cloud")
    staging.keep(
        account.pk,
        clip,
        Lent(url="https://media.example.org/a", expires_at=NOW + timedelta(minutes=10)),
        now=NOW,
    )

    assert clip.pk in staging.lying(account.pk, {clip.pk}, now=NOW)
    assert staging.lying(account.pk, {clip.pk}, now=NOW + timedelta(minutes=11)) == {}
    assert StagedFile.objects.get().ref == {"url": "https://media.example.org/a"}


@pytest.mark.parametrize(
    ("ref", "message", "forgotten"),
    [
        ({"file_id": "f1"}, "source: file not found", True),
        ({"file_id": "asset_1"}, "The asset asset_1 does not exist.", True),
        ({"url": "https://media.example.org/a.png"}, "start_frame_url: could not be fetched", True),
        (
            {"url": "https://media.example.org/a.png"},
            "https://media.example.org/a.png is gone",
            True,
        ),
        ({"file_id": "f1"}, "The prompt was moderated.", False),
        ({"url": "https://media.example.org/a.png"}, "Insufficient credits.", False),
    ],
)
def test_an_earlier_upload_that_is_refused_now_is_forgotten(member, clip, ref, message, forgotten):
    attempt = make_generation(member, source=clip).attempts.get()
    before = attempt.created_at - timedelta(days=1)
    StagedFile.objects.create(account=attempt.account, asset=clip, ref=ref, staged_at=before)

    assert staging.forget_refused(attempt, ProviderError(message)) is forgotten
    assert StagedFile.objects.exists() is not forgotten


def test_an_upload_of_this_attempt_that_is_refused_is_refused_for_good(member, clip):
    attempt = make_generation(member, source=clip).attempts.get()
    StagedFile.objects.create(
        account=attempt.account, asset=clip, ref={"file_id": "f1"}, staged_at=timezone.now()
    )

    assert not staging.forget_refused(attempt, ProviderError("source: file not found"))


def test_a_clip_in_the_request_is_given_the_time_that_it_takes_to_send(
    member, tmp_path, monkeypatch
):
    monkeypatch.setattr(dispatcher, "SLOWEST_BYTES_PER_SECOND", 100)
    clip = intake.take_in(
        draw(tmp_path / "clip.mp4"), name="clip.mp4", team=member.team, user=member.user
    )
    body = {"payload": {"source_data": StoredFile.of(clip.sha256), "prompt": "At night"}}
    attempt = make_generation(member, source=clip).attempts.get()

    extra = dispatcher.extra_seconds(body)
    post_outcomes.posting([make_post(attempt, body, extra_seconds=extra)], now=NOW)

    assert extra == pytest.approx(clip.size_bytes * 4 / 3 / 100, abs=0.1)
    kept = Attempt.objects.get()
    assert kept.next_action_at == NOW + post_outcomes.POST_LEASE + timedelta(seconds=extra)
    assert kept.request_body["payload"]["source_data"] == f"stored-file:{clip.sha256}"
    assert kept.state == State.SUBMITTING


def test_a_sweep_takes_new_work_as_long_as_a_slow_post_is_under_way(db, clock, monkeypatch):
    session = sweep.Session("gmi-cloud", clock=clock)
    taken = []

    def turn(*, take_new: bool) -> bool:
        taken.append(take_new)
        if len(taken) == 3:
            session.posts.slow.clear()
        return len(taken) < 5

    monkeypatch.setattr(session, "turn", turn)
    session.posts.slow[1] = sweep.time.monotonic() + 900
    try:
        session.run(lambda _seconds: True, seconds=0)
    finally:
        session.dispatcher.close()

    assert taken == [True, True, True, False, False]
