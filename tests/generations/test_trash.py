"""Trash: what goes there, comes back, and is deleted for good; what others need stays."""

import hashlib
from datetime import timedelta
from functools import partial

import pytest
from django.core.exceptions import PermissionDenied
from django.utils import timezone

from editorapp.alerts.models import Alert, AlertKind
from editorapp.costs.models import Entry
from editorapp.generations import alerting, trash
from editorapp.generations.models import Generation, Overtaken
from editorapp.generations.queue import parking
from editorapp.generations.request import retry
from editorapp.generations.states import State
from editorapp.media import store
from editorapp.media.intake import take_in
from editorapp.media.models import Asset
from editorapp.teams import projects
from editorapp.teams.models import AuditEntry
from editorapp.teams.projects import ProjectFields
from editorapp.teams.roles import Role
from tests.factories import make_asset, make_generation, make_member, make_reserved
from tests.racing import race

pytestmark = pytest.mark.django_db


@pytest.fixture
def creator(db):
    return make_member(role=Role.CREATOR, name="Cleo")


@pytest.fixture
def admin(creator):
    return make_member(role=Role.ADMIN, name="Ada", team=creator.team)


def done(by, **fields):
    return make_generation(by, state=State.SUCCEEDED, **fields)


def result_of(by, text: str) -> Asset:
    """Make a result whose bytes are in the store."""
    sha256 = hashlib.sha256(text.encode()).hexdigest()
    with store.workspace() as folder:
        file = folder / "made.mp4"
        file.write_text(text)
        store.keep(file, sha256, store.ORIGINAL)
    return make_asset(by, origin=Asset.Origin.RESULT, sha256=sha256)


def is_kept(asset: Asset) -> bool:
    asset.refresh_from_db()
    there = store.exists(asset.sha256, store.ORIGINAL)
    assert there == (asset.deleted_at is None)
    return there


def throw(*takes, by, now=None):
    return trash.throw([take.pk for take in takes], by=by, now=now or timezone.now())


def test_a_take_in_the_trash_is_in_no_list_and_comes_back_as_it_was(creator) -> None:
    take, other = done(creator), done(creator)

    thrown = throw(take, by=creator)

    assert thrown.ids == [take.pk] and not thrown.left_out
    assert list(Generation.objects.visible_to(creator)) == [other]
    assert list(Generation.objects.of_team(creator.team_id)) == [other]
    assert list(Generation.objects.in_trash_of(creator)) == [take]
    assert trash.restore([take.pk], by=creator).ids == [take.pk]
    assert set(Generation.objects.visible_to(creator)) == {take, other}
    acts = AuditEntry.objects.filter(subject=f"take:{take.pk}").order_by("pk")
    assert [entry.act for entry in acts] == ["take.trashed", "take.restored"]


@pytest.mark.parametrize("state", State)
def test_only_what_is_over_goes_into_the_trash_and_the_rest_says_why(creator, state) -> None:
    take = make_generation(creator, state=state)

    thrown = throw(take, by=creator)

    if state in trash.TRASHABLE:
        assert thrown.ids == [take.pk]
        return
    [left] = thrown.left_out
    word = "settle" if state in (State.UNKNOWN, State.LOST) else "still runs"
    assert str(left).startswith(f"#{take.pk} ") and word in str(left) and not thrown.takes
    take.refresh_from_db()
    assert not take.is_trashed


def test_a_creator_trashes_their_own_an_admin_anybodys_and_who_only_looks_none(creator, admin):
    take, theirs = done(creator), done(admin)
    reviewer = make_member(role=Role.REVIEWER, team=creator.team)
    guest = make_member(role=Role.GUEST, team=creator.team)
    stranger = make_member(role=Role.OWNER)

    for one in (reviewer, guest):
        for act in (trash.weigh, trash.restore, partial(trash.throw, now=timezone.now())):
            with pytest.raises(PermissionDenied):
                act([take.pk], by=one)
    [left] = throw(theirs, by=creator).left_out
    assert left.why == trash.NOT_YOURS
    assert throw(take, by=stranger).left_out[0].why == trash.NOT_FOUND
    assert throw(take, theirs, by=admin).ids == [take.pk, theirs.pk]
    assert trash.restore([take.pk, theirs.pk], by=creator).ids == [take.pk]
    assert trash.restore([theirs.pk], by=stranger).left_out[0].why == trash.NOT_FOUND


def test_a_take_of_a_private_project_is_trashed_and_restored_by_who_sees_it(creator, admin) -> None:
    project = projects.make(admin, ProjectFields("Secret", is_private=True))
    take = done(creator, project=project)
    creator.team.refresh_from_db()

    assert throw(take, by=creator).left_out[0].why == trash.NOT_FOUND
    throw(take, by=admin)
    assert not Generation.objects.in_trash_of(creator).exists()
    assert trash.restore([take.pk], by=creator).left_out[0].why == trash.NOT_FOUND


def test_after_30_days_the_files_go_and_the_row_and_its_lines_stay(creator) -> None:
    now = timezone.now()
    take = make_reserved(creator, state=State.SUCCEEDED, result=result_of(creator, "one"))
    throw(take, by=creator, now=now)

    assert not trash.is_due(now + timedelta(days=29)) and trash.sweep(now + timedelta(days=29)) == 0
    assert is_kept(take.result)
    later = now + timedelta(days=30)
    assert trash.is_due(later) and trash.sweep(later) == 1
    assert not is_kept(take.result) and not trash.is_due(later)
    take.refresh_from_db()
    assert take.emptied_at == later and Entry.objects.filter(generation_id=take.pk).exists()
    assert trash.restore([take.pk], by=creator).left_out[0].why == trash.NOT_FOUND
    assert AuditEntry.objects.get(act="take.deleted").actor_id is None


def test_only_an_admin_deletes_before_the_30_days_are_over(creator, admin) -> None:
    take, now = done(creator, result=result_of(creator, "one")), timezone.now()
    with pytest.raises(PermissionDenied):
        trash.delete([take.pk], by=creator, now=now)
    assert trash.delete([take.pk], by=admin, now=now).left_out[0].why == trash.NOT_FOUND

    throw(take, by=creator)

    assert trash.delete([take.pk], by=admin, now=now).ids == [take.pk]
    assert not is_kept(take.result)


def test_a_file_that_another_take_uses_stays_until_that_one_is_deleted_too(creator, admin) -> None:
    first = done(creator, result=result_of(creator, "first"))
    child = done(creator, parent=first, result=result_of(creator, "child"))
    throw(first, by=creator)
    trash.delete([first.pk], by=admin, now=timezone.now())
    assert is_kept(first.result)

    throw(child, by=creator)
    assert is_kept(first.result)
    trash.delete([child.pk], by=admin, now=timezone.now())

    assert not is_kept(first.result) and not is_kept(child.result)


@pytest.mark.parametrize("way", ["source", "guide", "result"])
def test_a_file_that_another_take_names_itself_stays(creator, admin, way) -> None:
    file = result_of(creator, "shared")
    take = done(creator, result=file)
    other = done(creator, **({"source": file} if way == "source" else {}))
    if way == "guide":
        other.guides.add(file)
    if way == "result":
        Generation.objects.filter(pk=other.pk).update(result=file)

    throw(take, by=creator)
    trash.delete([take.pk], by=admin, now=timezone.now())

    assert is_kept(file)


def test_what_was_uploaded_and_what_another_team_keeps_stays(creator, admin) -> None:
    upload = result_of(creator, "upload")
    Asset.objects.filter(pk=upload.pk).update(origin=Asset.Origin.UPLOAD)
    twin = result_of(creator, "twin")
    make_asset(make_member(), origin=Asset.Origin.RESULT, sha256=twin.sha256)
    take = done(creator, source=upload, result=twin)

    throw(take, by=creator)
    trash.delete([take.pk], by=admin, now=timezone.now())

    twin.refresh_from_db()
    assert is_kept(upload)
    assert twin.deleted_at is not None and store.exists(twin.sha256, store.ORIGINAL)


def test_a_deleted_file_that_is_uploaded_again_is_there_again(
    creator, admin, small_clip, tmp_path
) -> None:
    def copy(name: str):
        file = tmp_path / name
        file.write_bytes(small_clip.read_bytes())
        return take_in(file, name=name, team=creator.team, user=creator.user)

    clip = copy("a.mp4")
    Asset.objects.filter(pk=clip.pk).update(origin=Asset.Origin.RESULT)
    take = done(creator, result=clip)
    throw(take, by=creator)
    trash.delete([take.pk], by=admin, now=timezone.now())
    assert not is_kept(clip)

    again = copy("b.mp4")

    assert again.pk == clip.pk and is_kept(again)


def test_what_lies_in_the_trash_is_not_sent_again(creator) -> None:
    take = make_generation(creator, state=State.FAILED, can_retry=True)
    throw(take, by=creator)

    flags = parking.Flags(take.account_id, take.team_id, is_paused=False)
    with pytest.raises(Overtaken):
        retry.restart(take, flags, by=creator, now=timezone.now())
    take.refresh_from_db()
    assert take.state == State.FAILED and take.attempts.count() == 1


def test_the_alert_of_a_result_that_was_not_fetched_is_closed_with_its_take(creator) -> None:
    now = timezone.now()
    take = make_generation(creator, state=State.FETCH_FAILED)
    alerting.open_for_take(AlertKind.FETCH_FAILED, take, "Its file did not come.", now=now)

    throw(take, by=creator)

    assert not Alert.objects.still_open().exists()


def test_what_was_made_from_takes_is_told_without_these_themselves(creator) -> None:
    first = done(creator)
    child = done(creator, parent=first)
    done(creator, parent=child)

    assert trash.made_from([first.pk], creator) == [child]
    assert len(trash.made_from([first.pk, child.pk], creator)) == 1


@pytest.mark.django_db(transaction=True)
def test_two_people_trash_and_restore_the_same_take_a_hundred_times(creator, admin) -> None:
    take = done(creator)
    for round in range(50):
        thrown = race([partial(throw, take, by=one) for one in (creator, admin)])
        assert sorted(len(one.takes) for one in thrown) == [0, 1], (round, thrown)
        back = race([partial(trash.restore, [take.pk], by=one) for one in (creator, admin)])
        assert sorted(len(one.takes) for one in back) == [0, 1], (round, back)
    assert AuditEntry.objects.filter(act="take.trashed").count() == 50
