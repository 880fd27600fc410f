"""Handing on: what leaves is whole, marked and told of; nobody takes along what they may not see."""

import hashlib
import io
import json
import zipfile
from datetime import UTC, datetime
from decimal import Decimal
from fractions import Fraction
from pathlib import Path

import av
import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from PIL import Image

from editorapp.costs import ledger
from editorapp.costs.ledger import Charge
from editorapp.exports.timelines.formats import FORMATS
from editorapp.generations.ledger_lines import subject
from editorapp.generations.models import Generation
from editorapp.generations.states import State
from editorapp.media import store
from editorapp.media.models import Asset
from editorapp.review.decide import decide
from editorapp.teams.models import Member
from editorapp.teams.roles import Role
from editorapp.web.exports.answers import ANSWERS
from editorapp.web.presenters.hand_outs import KINDS
from tests.factories import make_asset, make_generation, make_member, signed_in
from tests.media.test_archive import archive, exr
from tests.media.test_archive import take_in_archive as take_in_frames
from tests.taken_in import take_in
from tests.video import write_clip

pytestmark = pytest.mark.django_db
EDITED = b"digitalsourcetype/compositeWithTrainedAlgorithmicMedia"
NOW = datetime(2026, 11, 30, 12, tzinfo=UTC)


@pytest.fixture(autouse=True)
def media_root(settings, tmp_path: Path) -> None:
    settings.MEDIA_ROOT = tmp_path / "media"


FILM = Fraction(24000, 1001)


def make_take(
    member: Member, folder: Path, *, frames: int = 12, fps: Fraction = FILM, **fields
) -> Generation:
    """Make a take that is done, with a real clip, charged with $1.08."""
    file = write_clip(folder / f"{frames}.mp4", frames=frames, fps=fps)
    kept_as = {"team": member.team, "user": member.user, "origin": Asset.Origin.RESULT}
    result = take_in(file, name="result.mp4", is_simulated=True, **kept_as)
    source = make_asset(member, name="harbor café.mp4")
    fields = {"source": source, "state": State.SUCCEEDED, "cost_usd": Decimal("1.08")} | fields
    take = make_generation(member, result=result, **fields)
    attempt = take.attempts.get()
    body = {"prompt": "Rain", "key": f"https://bucket.example/a.png?X-Amz-Signature={'s' * 40}"}
    take.attempts.update(request_body=body, provider_job_id=f"job-{take.pk}")
    ledger.reserve(subject(attempt), Decimal("1.08"), now=NOW)
    ledger.charge([Charge(attempt.pk, None, is_estimated=True)], now=NOW)
    return take


@pytest.fixture
def take(creator, tmp_path) -> Generation:
    return make_take(creator, tmp_path)


def kept(asset: Asset) -> bytes:
    """Return a file as the store has it."""
    return b"".join(store.opened(asset.sha256, "original").pieces(0, asset.size_bytes))


def packets(data: bytes) -> list[bytes]:
    with av.open(io.BytesIO(data)) as container:
        return [bytes(packet) for packet in container.demux() if packet.size]


def asked(client: Client, kind: str, *takes: Generation, **more: str):
    numbers = ",".join(str(take.pk) for take in takes)
    return client.post(f"/exports/{kind}", {"takes": numbers, **more})


def unpacked(answer) -> zipfile.ZipFile:
    assert answer.status_code == 200 and answer["Content-Type"] == "application/zip"
    return zipfile.ZipFile(io.BytesIO(answer.getvalue()))


def test_every_kind_that_is_offered_is_answered() -> None:
    assert list(KINDS) == [*dict.fromkeys(KINDS)] and set(KINDS) == set(ANSWERS)


def test_a_zip_holds_files_whose_hashes_are_those_of_its_manifest(take, creator, tmp_path) -> None:
    second = make_take(creator, tmp_path, frames=15, parent=take)

    made = unpacked(asked(signed_in(creator), "files.zip", second, take))

    assert made.testzip() is None
    told = json.loads(made.read("manifest.json"))
    assert [one["number"] for one in told["takes"]] == [second.pk, take.pk]
    for one in told["takes"]:
        (file,) = one["files"]
        data = made.read(file["path"])
        assert hashlib.sha256(data).hexdigest() == file["sha256"] and len(data) == file["bytes"]
        assert EDITED in data and file["digital_source_type"].encode().endswith(EDITED[17:])
        assert file["path"] == f"media/harbor café · take {one['number']}.mp4"
        result = Generation.objects.get(pk=one["number"]).result
        assert file["stored_sha256"] == result.sha256 != file["sha256"]
        assert packets(data) == packets(kept(result)), "pictures and sound are as they came"
    names = set(made.namelist())
    assert {"README.txt", "costs.csv", "manifest.json"} <= names
    laid = f"2 takes {told['made_at'][:10]}"
    assert {f"{laid}.{ending}" for ending in FORMATS} <= names
    assert "2 takes of Rushes, handed on by Cleo" in made.read("README.txt").decode()
    assert "./media/harbor%20caf%C3%A9%20%C2%B7%20take" in made.read(f"{laid}.otio").decode()


def test_a_manifest_tells_all_and_no_secret(take, creator, reviewer) -> None:
    decide(take, "needs_changes", member=reviewer, note="At frame 7: darker", now=NOW)

    told = signed_in(creator).get(f"/exports/{take.pk}/manifest.json").json()

    (one,) = told["takes"]
    assert one["source"]["name"] == "harbor café.mp4" and len(one["source"]["sha256"]) == 64
    assert one["attempts"][0]["sent"]["prompt"] == "Rain"
    assert one["attempts"][0]["job_id"] == f"job-{take.pk}"
    assert "X-Amz-Signature" not in json.dumps(told) and "ssss" not in json.dumps(told)
    assert one["notes"][0]["words"] == "Needs changes: At frame 7: darker"
    assert one["notes"][0]["author"] == "Rae" and one["review"] == "needs_changes"
    assert one["price"]["charged"] == "1.08" and one["price"]["basis"]
    assert [line["kind"] for line in one["price"]["lines"]] == ["reserve", "charge"]
    assert one["files"] == [
        {
            "what": "result",
            "stored_sha256": take.result.sha256,
            "stored_bytes": take.result.size_bytes,
        }
    ]


def test_prices_are_for_who_may_see_them(take, creator, reviewer) -> None:
    admin = make_member(role=Role.ADMIN, team=creator.team)
    other = make_member(team=creator.team)

    seen = {}
    for name, member in {
        "own": creator,
        "all": admin,
        "reviewer": reviewer,
        "other": other,
    }.items():
        client = signed_in(member)
        price = client.get(f"/exports/{take.pk}/manifest.json").json()["takes"][0]["price"]
        sheet = client.get(f"/exports/{take.pk}/costs.csv").getvalue().decode()
        in_zip = unpacked(client.get(f"/exports/{take.pk}/files.zip"))
        said = [sheet, in_zip.read("costs.csv").decode(), in_zip.read("manifest.json").decode()]
        assert len({"1.08" in text for text in said}) == 1
        seen[name] = (price is not None, "1.08" in sheet)

    assert seen == {
        "own": (True, True),
        "all": (True, True),
        "reviewer": (False, False),
        "other": (False, False),
    }


def test_frames_come_along_where_they_are_wanted(take, creator, tmp_path) -> None:
    frames = archive(tmp_path / "in.zip", [exr(0.18), exr(0.5)])
    kept = take_in_frames(frames, name="f.zip", team=creator.team, user=creator.user)
    Generation.objects.filter(pk=take.pk).update(exr=kept)
    client = signed_in(creator)

    without = unpacked(asked(client, "files.zip", take))
    made = unpacked(asked(client, "files.zip", take, exr="1"))
    alone = unpacked(client.get(f"/media/{kept.pk}/original?download=1&take={take.pk}"))

    assert not [name for name in without.namelist() if name.startswith("exr/")]
    (name,) = [name for name in made.namelist() if name.startswith("exr/")]
    (told,) = [
        one
        for one in json.loads(made.read("manifest.json"))["takes"][0]["files"]
        if one["what"] == "exr"
    ]
    data = made.read(name)
    assert told["path"] == name and told["sha256"] == hashlib.sha256(data).hexdigest()
    for packed in (zipfile.ZipFile(io.BytesIO(data)), alone):
        assert packed.testzip() is None and len(packed.namelist()) == 2
        assert all(EDITED in packed.read(frame) for frame in packed.namelist())


def test_a_file_that_is_gone_is_told_and_the_rest_comes(take, creator, tmp_path) -> None:
    second = make_take(creator, tmp_path, frames=15)
    store.remove(take.result.sha256)

    made = unpacked(asked(signed_in(creator), "files.zip", take, second))

    gone, there = json.loads(made.read("manifest.json"))["takes"]
    assert "missing" in gone["files"][0] and "sha256" not in gone["files"][0]
    assert there["files"][0]["path"] in made.namelist()


def test_what_cannot_be_marked_is_not_said_to_be(take, creator) -> None:
    path = store.path(take.result.sha256, "original")
    path.write_bytes(path.read_bytes()[:-9])  # cut off: its last box does not end

    made = unpacked(asked(signed_in(creator), "files.zip", take))

    (told,) = json.loads(made.read("manifest.json"))["takes"][0]["files"]
    assert made.read(told["path"]) == path.read_bytes()
    assert told["digital_source_type"] is None and told["signed_by"] is None


def test_a_timeline_has_the_notes_on_its_clips(take, creator, reviewer) -> None:
    decide(take, "approved", member=reviewer, note="Lovely", now=NOW)
    client = signed_in(creator)

    for ending in FORMATS:
        answer = client.get(f"/exports/{take.pk}/timeline.{ending}")
        assert answer.status_code == 200, ending
        assert "attachment" in answer["Content-Disposition"]
        text = answer.getvalue().decode()
        assert "Lovely" in text and "Rae" in text
        is_of_notes_alone = ending == "markers.edl"
        assert is_of_notes_alone or f"take {take.pk}" in text or f"take%20{take.pk}" in text


def test_timecode_is_drop_frame_where_the_rate_has_it_unless_it_is_not_wanted(
    creator, tmp_path
) -> None:
    take = make_take(creator, tmp_path, fps=Fraction(30000, 1001))
    client = signed_in(creator)

    drop = client.get(f"/exports/{take.pk}/timeline.edl").content.decode()
    plain = asked(client, "timeline.edl", take, timecode="ndf").content.decode()

    film = make_take(creator, tmp_path, frames=9)
    said = "Timecode without drop frame"
    assert said in client.get(f"/takes/{take.pk}").content.decode()
    assert said not in client.get(f"/takes/{film.pk}").content.decode()
    assert "FCM: DROP FRAME" in drop and "01:00:00;00" in drop
    assert "FCM: NON-DROP FRAME" in plain and ";" not in plain


def test_takes_of_several_rates_fit_into_no_edl_and_that_is_said(creator, tmp_path) -> None:
    takes = [make_take(creator, tmp_path, frames=9 + fps, fps=Fraction(fps)) for fps in (24, 25)]
    client = signed_in(creator)

    refused = asked(client, "timeline.edl", *takes)
    in_zip = unpacked(asked(client, "files.zip", *takes)).namelist()

    assert refused["Location"] == "/gallery/"
    assert "several: choose takes of one rate" in client.get("/gallery/").content.decode()
    endings = {name.partition(".")[2] for name in in_zip}
    assert "edl" not in endings and {"markers.edl", "otio", "fcpxml", "xml"} <= endings


def test_head_of_a_zip_writes_none(take, creator) -> None:
    answer = signed_in(creator).head(f"/exports/{take.pk}/files.zip")

    assert answer.status_code == 200 and answer.getvalue() == b""
    assert answer["Content-Type"] == "application/zip"


def test_a_timeline_of_takes_without_a_video_says_so(creator) -> None:
    waiting = make_generation(creator)
    client = signed_in(creator)

    answer = client.get(f"/exports/{waiting.pk}/timeline.edl", follow=True)
    scripted = client.get(
        f"/exports/{waiting.pk}/timeline.edl", headers={"Accept": "application/json"}
    )

    assert answer.redirect_chain[-1][0] == f"/takes/{waiting.pk}"
    assert "needs a take with a video" in answer.content.decode()
    assert scripted.status_code == 422 and "video" in scripted.json()["message"]


def test_a_contact_sheet_is_a_page_of_a4_with_every_take(take, creator, tmp_path) -> None:
    client = signed_in(creator)

    png = client.get(f"/exports/{take.pk}/sheet.png").content
    pdf = client.get(f"/exports/{take.pk}/sheet.pdf").content

    with Image.open(io.BytesIO(png)) as page:
        assert page.size == (1240, 1754)
        assert EDITED.decode() in page.info["XML:com.adobe.xmp"]
        colours = page.convert("RGB").getcolors(1 << 24)
        assert any(colour == (255, 214, 0) for _count, colour in colours), "the badge Simulated"
    assert pdf.startswith(b"%PDF") and pdf.count(b"/Type /Page\n") == 1
    assert EDITED in pdf


def test_more_takes_than_a_page_holds_make_more_pages(creator, tmp_path) -> None:
    takes = [make_generation(creator) for _ in range(13)]
    client = signed_in(creator)

    pages = unpacked(asked(client, "sheet.png", *takes))
    pdf = asked(client, "sheet.pdf", *takes).content

    assert pages.namelist() == ["page 01.png", "page 02.png"]
    assert pdf.count(b"/Type /Page\n") == 2


# Who, and how many


def test_nobody_takes_along_what_is_not_theirs_to_see(take, creator) -> None:
    outsider = signed_in(make_member(role=Role.ADMIN))
    own = make_generation(creator)

    for kind in KINDS:
        assert outsider.get(f"/exports/{take.pk}/{kind}").status_code == 404
        answer = asked(outsider, kind, take)
        assert answer.status_code == 302 and answer["Location"] == f"/takes/{take.pk}"
        assert asked(outsider, kind, own, take)["Location"] == "/gallery/"


@pytest.mark.parametrize(
    ("role", "status"),
    [
        (Role.OWNER, 200),
        (Role.ADMIN, 200),
        (Role.BILLING, 200),
        (Role.CREATOR, 200),
        (Role.REVIEWER, 200),
        (Role.GUEST, 403),
    ],
)
def test_handing_on_is_for_the_roles_that_may(take, creator, role, status) -> None:
    client = signed_in(make_member(role=role, team=creator.team))

    assert client.get(f"/exports/{take.pk}/manifest.json").status_code == status
    assert asked(client, "manifest.json", take).status_code == status
    page = client.get(f"/takes/{take.pk}").content.decode()
    assert ("Hand on" in page) == (status == 200)


def test_at_most_two_hundred_takes_are_named_and_only_numbers(take, creator) -> None:
    client = signed_in(creator)

    many = ",".join(str(number) for number in range(1, 202))
    assert client.post("/exports/costs.csv", {"takes": many}).status_code == 400
    assert client.post("/exports/costs.csv", {"takes": "1,x"}).status_code == 400
    assert client.post("/exports/costs.csv", {}).status_code == 302
    assert client.post("/exports/nothing", {"takes": str(take.pk)}).status_code == 404
    twice = client.post("/exports/manifest.json", {"takes": [take.pk, take.pk]}).json()
    assert len(twice["takes"]) == 1


@pytest.mark.parametrize("kind", ["manifest.json", "costs.csv", "files.zip", "timeline.otio"])
def test_queries_do_not_grow_with_the_takes(kind: str, creator, tmp_path) -> None:
    first = make_take(creator, tmp_path)
    others = [make_generation(creator, parent=first, result=first.result) for _ in range(9)]
    client = signed_in(creator)
    asked(client, kind, first).getvalue()

    counts = []
    for takes in ([first, others[0]], [first, *others]):
        with CaptureQueriesContext(
            connection,
        ) as queries:
            asked(client, kind, *takes).getvalue()
        counts.append(len(queries))

    assert counts[0] == counts[1]


# The mark on what is downloaded


def test_a_download_of_a_result_is_marked_and_goes_on_where_it_was_cut(take, creator) -> None:
    client = signed_in(creator)
    address = f"/media/{take.result_id}/original?download=1&take={take.pk}"

    whole = client.get(address)
    data = whole.getvalue()
    rest = client.get(
        address, headers={"Range": f"bytes={len(data) - 400}-", "If-Range": whole["ETag"]}
    )
    plain = client.get(f"/media/{take.result_id}/playable")

    assert EDITED in data and len(data) == int(whole["Content-Length"])
    assert rest.status_code == 206 and rest.getvalue() == data[-400:]
    assert client.get(address, headers={"If-None-Match": whole["ETag"]}).status_code == 304
    assert plain["ETag"] != whole["ETag"] and plain.getvalue() == kept(take.result)
    assert packets(data) == packets(kept(take.result))
    assert store.hash_file(store.path(take.result.sha256, "original")) == take.result.sha256


def test_an_upload_is_not_said_to_be_made_with_ai(take, creator, tmp_path) -> None:
    file = write_clip(tmp_path / "own.mp4", frames=5)
    content = file.read_bytes()
    clip = take_in(file, name="own.mp4", team=creator.team, user=creator.user)

    assert signed_in(creator).get(f"/media/{clip.pk}/original?download=1").getvalue() == content


@pytest.mark.parametrize("ending", ["png", "jpg", "webp"])
def test_a_still_that_is_downloaded_is_marked(take, creator, ending: str) -> None:
    client = signed_in(creator)
    address = f"/media/{take.result_id}/frames/3.{ending}"

    saved, shown = client.get(f"{address}?download=1"), client.get(address)

    assert EDITED in saved.content and EDITED not in shown.content
    assert saved["ETag"] != shown["ETag"]
    with Image.open(io.BytesIO(saved.content)) as one, Image.open(io.BytesIO(shown.content)) as two:
        assert one.convert("RGB").tobytes() == two.convert("RGB").tobytes()


def test_a_cut_of_a_take_is_marked_too(take, creator, tmp_path) -> None:
    file = write_clip(tmp_path / "cut.mp4", frames=6)
    cut = take_in(file, name="cut.mp4", team=creator.team, user=creator.user)
    Asset.objects.filter(pk=cut.pk).update(cut_from=take.result)

    assert EDITED in signed_in(creator).get(f"/media/{cut.pk}/original?download=1").getvalue()


def test_a_pinned_frame_of_a_take_is_marked_and_one_of_an_upload_is_not(
    take, creator, tmp_path
) -> None:
    file = write_clip(tmp_path / "own.mp4", frames=5)
    clip = take_in(file, name="own.mp4", team=creator.team, user=creator.user)
    client = signed_in(creator)

    said = {}
    for asset in (take.result, clip):
        pinned = client.post(f"/media/{asset.pk}/frames/2/pin").json()["asset"]["id"]
        said[asset.pk] = EDITED in client.get(f"/media/{pinned}/original").getvalue()

    assert said == {take.result_id: True, clip.pk: False}
