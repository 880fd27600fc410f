"""What a provider receives of a stored file, over the wire of each: a photo upright and bare, a
clip without its place.

The simulator stands for the providers: what lies in its folder is what came.
"""

import base64
import json
from pathlib import Path

import pytest
from PIL import Image

from editorapp.generations.files import staging
from editorapp.generations.models import Attempt
from editorapp.generations.request.draft import Draft
from editorapp.generations.request.enqueue import enqueue
from editorapp.generations.states import State
from editorapp.media import intake, outgoing, sandbox
from editorapp.media.models import Asset
from editorapp.media.refusals import Refusal
from editorapp.providers import registry
from editorapp.providers.contract import GenerationRequest, Ref
from editorapp.providers.http.inline_body import InlineBody
from editorapp.providers.models import StagedFile
from tests.factories import default_account, make_member
from tests.generations.drive import priced, run
from tests.media.test_outgoing import PLACE, assert_bare, is_upright, photo, with_place

SLUGS = ("luma-agents", "gmi-cloud", "scenario")
TOLD = (PLACE.encode(), b"Phone maker", b"com.apple.quicktime.location")


@pytest.fixture
def posted(monkeypatch) -> list[bytes]:
    """The bodies as they go onto the wire: the simulator keeps no stored file that one carries."""
    bodies, pieces = [], InlineBody.pieces

    async def noted(self):
        bodies.append(b"")
        async for piece in pieces(self):
            bodies[-1] += piece
            yield piece

    monkeypatch.setattr(InlineBody, "pieces", noted)
    return bodies


@pytest.fixture
def member(transactional_db):
    return make_member()


def taken(member, file: Path) -> Asset:
    return intake.take_in(file, name=file.name, team=member.team, user=member.user)


def send(member, slug: str, clip: Asset, guide: Asset):
    wanted = GenerationRequest(
        prompt="At night",
        source=Ref(asset_id=clip.pk),
        start_frame=Ref(asset_id=guide.pk),
        resolution="540p",
        strength="flex_2",
    )
    account = default_account(slug)
    priced(wanted, account, member, source=clip)
    return enqueue(Draft(wanted, account, clip), member=member)


def _is_ours(file: Path) -> bool:
    with Image.open(file) as picture:
        return set(picture.size) == {96, 64}


def received(folder: Path, since: set[Path]) -> tuple[list[Path], list[Path]]:
    """Return the photos and the clips that came since."""
    files = [file for file in sorted(set(folder.rglob("*")) - since) if file.is_file()]
    heads = {file: file.read_bytes()[:12] for file in files}
    return (
        [
            file
            for file, head in heads.items()
            if head.startswith(b"\xff\xd8\xff") and _is_ours(file)
        ],
        [file for file, head in heads.items() if head[4:8] == b"ftyp"],
    )


@pytest.mark.parametrize("is_old", [False, True], ids=["new", "from before"])
@pytest.mark.parametrize("slug", SLUGS)
def test_a_provider_receives_a_photo_upright_and_a_clip_without_its_place(
    quick, quick_folder, clock, tmp_path, member, posted, slug, is_old
):
    clip = taken(member, with_place(tmp_path / "clip.mp4", keys=True, container="mp4"))
    guide = taken(member, photo(tmp_path / "guide.jpg", 6))
    if is_old:  # stored, and lent to the provider, by an earlier version
        Asset.objects.update(outgoing_sha256="", outgoing_bytes=0)
        for asset in (clip, guide):
            StagedFile.objects.create(
                account=default_account(slug),
                asset=asset,
                ref={"file_id": "old"},
                staged_at=clock(),
            )
    before = set(quick_folder.rglob("*"))
    take = send(member, slug, clip, guide)

    run(clock, until=State.RUNNING)

    photos, clips = received(quick_folder, before)
    for number, sent in enumerate(posted if slug == "gmi-cloud" else ()):
        clips.append(tmp_path / f"{number}.mp4")
        clips[-1].write_bytes(base64.b64decode(json.loads(sent)["payload"]["source_data"]))
    assert photos and clips
    for file in photos:
        assert_bare(file)
        with Image.open(file) as picture:
            assert is_upright(picture)
    assert all(not any(word in file.read_bytes() for word in TOLD) for file in clips)
    body = Attempt.objects.get(generation=take).request_body
    if slug == "gmi-cloud":
        clip.refresh_from_db()
        assert (
            body["payload"]["source_data"]
            == f"stored-file:{clip.outgoing_sha256}"
            != f"stored-file:{clip.sha256}"
        )
    assert "old" not in repr(body)


def test_what_travels_in_the_request_waits_until_it_is_known_what_may_go_out(
    quick, clock, tmp_path, member, monkeypatch
):
    clip = taken(member, with_place(tmp_path / "clip.mp4", keys=True, container="mp4"))
    guide = taken(member, photo(tmp_path / "guide.jpg", 1))
    Asset.objects.update(outgoing_sha256="")
    wanted = GenerationRequest(prompt="At night", source=Ref(asset_id=clip.pk))
    spec = registry.get("gmi-cloud").SPEC

    assert staging.unprepared(wanted, spec) == {clip.pk}
    with pytest.raises(Asset.DoesNotExist):
        staging.resolved(wanted, spec, {})
    really = sandbox.run

    def busy(job, **more):
        if job == "outgoing":
            raise Refusal("timed_out")
        return really(job, **more)

    monkeypatch.setattr(sandbox, "run", busy)
    take = send(member, "gmi-cloud", clip, guide)
    run(clock, rounds=3)
    attempt = Attempt.objects.get(generation=take)
    assert attempt.state == State.STAGING and quick.submits_received == 0
    monkeypatch.setattr(sandbox, "run", really)
    run(clock, until=State.RUNNING)
    assert quick.submits_received == 1


def test_a_file_that_cannot_be_made_ready_is_refused_before_anything_is_sent(
    quick, clock, tmp_path, member, monkeypatch
):
    clip = taken(member, with_place(tmp_path / "clip.mp4", keys=False, container="mp4"))
    guide = taken(member, photo(tmp_path / "guide.jpg", 6))
    Asset.objects.filter(pk=guide.pk).update(outgoing_sha256="")

    def refuse(_asset):
        raise Refusal("damaged_picture")

    monkeypatch.setattr(outgoing, "make", refuse)
    take = send(member, "luma-agents", clip, guide)
    run(clock)

    take.refresh_from_db()
    assert take.state == State.FAILED and "nothing was sent" in take.failure_message
    assert quick.submits_received == 0 and take.cost_usd is None
