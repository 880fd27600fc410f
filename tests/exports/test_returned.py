"""Returned files: what was downloaded with its mark and is uploaded again is what it was, and nothing else is."""

import shutil
from pathlib import Path

import pytest

from editorapp.exports.provenance import signed_copies
from editorapp.exports.provenance.ai_mark import mark_of
from editorapp.exports.provenance.leaving import leaving
from editorapp.generations.models import Generation
from editorapp.media import intake, still_store
from editorapp.media.models import Asset
from editorapp.teams.models import Member
from tests.exports.test_provenance import whole
from tests.factories import make_generation, make_member
from tests.video import write_clip

pytestmark = pytest.mark.django_db


@pytest.fixture(params=["signed", "marked"])
def can_sign(request, monkeypatch) -> bool:
    is_here = request.param == "signed"
    monkeypatch.setattr(signed_copies, "can_sign", lambda: is_here)
    return is_here


@pytest.fixture
def maker() -> Member:
    return make_member()


@pytest.fixture
def take(maker, tmp_path) -> Generation:
    result = _brought(write_clip(tmp_path / "result.mp4", frames=6), maker, Asset.Origin.RESULT)
    return make_generation(maker, state="succeeded", result=result)


def _brought(path: Path, member: Member, origin: str = Asset.Origin.UPLOAD) -> Asset:
    """Bring a file, and leave it where it is."""
    copy = path.with_name(f"brought-{path.name}")
    shutil.copyfile(path, copy)
    return intake.take_in(copy, name=path.name, team=member.team, user=member.user, origin=origin)


def _downloaded(take: Generation, tmp_path: Path, asset: Asset | None = None) -> Path:
    asset = asset or take.result
    path = tmp_path / "downloaded.mp4"
    path.write_bytes(whole(leaving(asset.sha256, mark_of(take), name=asset.name).file))
    return path


def test_a_downloaded_result_that_is_brought_back_is_that_result(take, can_sign, tmp_path) -> None:
    path = _downloaded(take, tmp_path)

    assert intake.store.hash_file(path) != take.result.sha256
    assert _brought(path, make_member(team=take.team)) == take.result
    assert not Asset.objects.filter(name="downloaded.mp4").exists()


def test_what_was_cut_from_a_result_is_known_too(take, maker, can_sign, tmp_path) -> None:
    cut = _brought(write_clip(tmp_path / "cut.mp4", frames=3), maker)
    Asset.objects.filter(pk=cut.pk).update(cut_from=take.result)

    assert _brought(_downloaded(take, tmp_path, cut), maker) == cut


def test_a_copy_with_one_other_byte_is_a_file_of_its_own(take, maker, can_sign, tmp_path) -> None:
    path = _downloaded(take, tmp_path)
    data = bytearray(path.read_bytes())
    at = data.index(b"ftyp") + 8  # the words after it may be anything
    data[at : at + 4] = b"mp42" if data[at : at + 4] != b"mp42" else b"isom"
    path.write_bytes(data)

    assert _brought(path, maker) != take.result


def test_another_team_gets_a_file_of_its_own(take, can_sign, tmp_path) -> None:
    other = make_member()

    brought = _brought(_downloaded(take, tmp_path), other)

    assert brought != take.result and brought.team == other.team


def test_a_result_that_a_provider_sends_with_our_mark_stays_a_result(take, maker, tmp_path) -> None:
    path = _downloaded(take, tmp_path)

    assert _brought(path, maker, Asset.Origin.RESULT) != take.result


def test_a_signed_copy_that_is_not_kept_any_more_is_a_file_of_its_own(
    take, maker, tmp_path
) -> None:
    path = _downloaded(take, tmp_path)
    still_store.forget(take.result.sha256)

    assert _brought(path, maker) != take.result
