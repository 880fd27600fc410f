"""A part or a copy of a source is made once, by a worker, and how that ends is always said."""

import shutil
import threading
from collections.abc import Iterator
from datetime import timedelta
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest
from django.db import connection
from django.utils import timezone

from editorapp.media import source_copies, store, tasks
from editorapp.media.models import Asset, SourceCopy
from editorapp.media.refusals import Refusal
from editorapp.media.trim import AS_IT_IS, Conversion
from editorapp.teams.models import Member
from tests.factories import make_member
from tests.media.clips import make_clip
from tests.queued import forget, waiting
from tests.taken_in import take_in

TASK = ("make_source_copies", ())
MINUTES = timedelta(minutes=2)


@pytest.fixture(autouse=True)
def media_root(settings, tmp_path: Path) -> None:
    settings.MEDIA_ROOT = tmp_path / "media"


@pytest.fixture
def member(transactional_db) -> Iterator[Member]:
    yield make_member()
    forget()


@pytest.fixture
def clip(member: Member, tmp_path: Path) -> Asset:
    return taken(member, make_clip(tmp_path / "walk.mp4"))


def taken(member: Member, path: Path) -> Asset:
    return take_in(path, name=path.name, team=member.team, user=member.user)


def asked(
    clip: Asset,
    member: Member,
    part: tuple[int, int] = (10, 39),
    conversion: Conversion = AS_IT_IS,
) -> SourceCopy:
    return source_copies.ask(clip, part, conversion, user=member.user, now=timezone.now())


def test_a_worker_makes_the_part_that_was_asked_for(clip: Asset, member: Member) -> None:
    copy = asked(clip, member)
    assert copy.is_pending and copy.made is None and waiting() == [TASK]

    tasks.make_source_copies()

    copy.refresh_from_db()
    assert copy.is_new and copy.percent == 100
    made = copy.made
    assert made is not None and made.cut_from == clip
    assert (made.name, made.frame_count) == (copy.name, 30) == ("walk 10-39.mp4", 30)
    assert Asset.objects.filter(pk=clip.pk, deleted_at=None).exists(), "the original is kept"


@pytest.mark.parametrize(
    "conversion",
    [
        AS_IT_IS,
        Conversion(fps=Fraction(30000, 1001)),
        Conversion(size=(1920, 192)),
        Conversion(fps=Fraction(12), size=(64, 48), max_bytes=900_000),
    ],
)
def test_what_was_asked_for_is_read_as_it_was_written(conversion: Conversion) -> None:
    assert Conversion.read(conversion.text) == conversion
    assert len(conversion.text) <= 100


def test_a_converted_copy_is_made_as_it_was_asked_for(clip: Asset, member: Member) -> None:
    wanted = Conversion(fps=Fraction(5), size=(160, 90))
    copy = asked(clip, member, (0, clip.last_frame), wanted)

    tasks.make_source_copies()

    copy.refresh_from_db()
    made = copy.made
    assert made is not None and (made.width, made.height, made.frame_count) == (160, 90, 12)
    assert made.name == copy.name == "walk copy.mp4"


def test_two_presses_make_one_copy(clip: Asset, member: Member) -> None:
    first, second = asked(clip, member), asked(clip, member)
    assert first == second and waiting() == [TASK]
    tasks.make_source_copies()
    forget()

    again = asked(clip, member)
    tasks.make_source_copies()

    assert again.is_new and waiting() == []
    assert Asset.objects.count() == 2


def test_two_presses_at_the_same_moment_make_one_copy(clip: Asset, member: Member) -> None:
    found: list[int] = []

    def press() -> None:
        try:
            found.append(asked(clip, member).pk)
        finally:
            connection.close()

    presses = [threading.Thread(target=press) for _ in range(4)]
    for one in presses:
        one.start()
    for one in presses:
        one.join()

    assert len(found) == 4 and len(set(found)) == 1


def test_other_parts_and_forms_are_other_copies(clip: Asset, member: Member) -> None:
    whole = (0, clip.last_frame)
    copies = {
        asked(clip, member).pk,
        asked(clip, member, (10, 40)).pk,
        asked(clip, member, whole).pk,
        asked(clip, member, whole, Conversion(fps=Fraction(5))).pk,
    }

    assert len(copies) == 4


def test_one_is_made_at_a_time_and_who_made_one_asks_for_the_next(
    clip: Asset, member: Member
) -> None:
    first, second = asked(clip, member), asked(clip, member, (0, 9))
    forget()

    with tasks._alone("cutting"):
        tasks.make_source_copies()
        assert tasks.is_copying()
        assert source_copies.waiting().count() == 2
    tasks.make_source_copies()

    assert not tasks.is_copying()
    assert waiting() == [TASK]
    assert list(source_copies.waiting()) == [second]
    first.refresh_from_db()
    assert first.is_new


def test_a_copy_that_was_deleted_is_made_again(clip: Asset, member: Member) -> None:
    asked(clip, member)
    tasks.make_source_copies()
    Asset.objects.exclude(pk=clip.pk).update(deleted_at=timezone.now())

    copy = asked(clip, member)

    assert copy.is_pending
    tasks.make_source_copies()
    copy.refresh_from_db()
    assert copy.is_new


def test_how_far_it_is_is_said_while_it_is_made(
    clip: Asset, member: Member, monkeypatch: pytest.MonkeyPatch
) -> None:
    copy, seen = asked(clip, member), []
    monkeypatch.setattr(tasks.sandbox, "_TELL_SECONDS", 0.002)
    tell = source_copies._tell

    def noted(one: SourceCopy, percent: int) -> None:
        tell(one, percent)
        seen.append(SourceCopy.objects.get(pk=one.pk).percent)

    monkeypatch.setattr(source_copies, "_tell", noted)

    tasks.make_source_copies()

    assert seen == sorted(seen) and seen[-1] > 0 and max(seen) < 100
    copy.refresh_from_db()
    assert copy.percent == 100


def test_a_clip_that_cannot_be_read_says_so_and_can_be_tried_again(
    clip: Asset, member: Member, tmp_path: Path
) -> None:
    kept, aside = store.path(clip.sha256, store.ORIGINAL), tmp_path / "aside"
    shutil.copyfile(kept, aside)
    kept.write_bytes(aside.read_bytes()[:2000])
    copy = asked(clip, member)

    tasks.make_source_copies()

    copy.refresh_from_db()
    assert copy.is_failed and "export" in copy.reason
    shutil.copyfile(aside, kept)
    assert asked(clip, member).is_pending
    tasks.make_source_copies()
    copy.refresh_from_db()
    assert copy.is_new and copy.reason == ""


def test_a_clip_that_is_gone_says_so(clip: Asset, member: Member) -> None:
    store.remove(clip.sha256)
    copy = asked(clip, member)

    tasks.make_source_copies()

    copy.refresh_from_db()
    assert copy.is_failed and "upload it again" in copy.reason


def test_a_copy_whose_clip_is_deleted_while_it_is_made_ends_quietly(
    clip: Asset, member: Member, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked(clip, member)

    def deleted(*_args: Any, **_more: Any) -> None:
        Asset.objects.all().delete()
        raise Refusal("gone")

    monkeypatch.setattr(source_copies, "trim", deleted)

    tasks.make_source_copies()

    assert not SourceCopy.objects.exists()


class Killed(BaseException):
    """The worker is killed: nothing after it runs."""


def killed(*_args: Any, **_more: Any) -> None:
    raise Killed


def test_a_copy_whose_worker_was_killed_is_begun_again(
    clip: Asset, member: Member, monkeypatch: pytest.MonkeyPatch
) -> None:
    copy = asked(clip, member)
    with monkeypatch.context() as patched, pytest.raises(Killed):
        patched.setattr(source_copies, "trim", killed)
        tasks.make_source_copies()
    forget()
    now = timezone.now()
    assert source_copies.looked_after(fresh(copy), now=now).begun_at is not None
    assert waiting() == [], "it may still live"

    looked = [source_copies.looked_after(fresh(copy), now=now + MINUTES) for _ in range(3)]

    assert all(one.is_pending for one in looked)
    assert waiting() == [TASK], "three who look at it ask for it once"
    tasks.make_source_copies()
    assert fresh(copy).is_new and fresh(copy).tries == 2


def test_a_copy_that_kills_each_worker_is_given_up_and_said(
    clip: Asset, member: Member, monkeypatch: pytest.MonkeyPatch
) -> None:
    copy, now = asked(clip, member), timezone.now()
    monkeypatch.setattr(source_copies, "trim", killed)

    for number in range(1, 4):
        with pytest.raises(Killed):
            tasks.make_source_copies()
        copy = source_copies.looked_after(fresh(copy), now=now + number * MINUTES)

    assert copy.is_failed and "several times" in copy.reason


def test_a_task_that_the_queue_lost_is_asked_for_again_by_the_sweep(
    clip: Asset, member: Member
) -> None:
    copy = asked(clip, member)
    forget()

    tasks.sweep(timezone.now())
    assert TASK not in waiting()
    tasks.sweep(timezone.now() + MINUTES)

    assert waiting() == [TASK]
    tasks.make_source_copies()
    assert fresh(copy).is_new


def test_what_was_asked_of_a_clip_is_news_until_it_is_chosen(clip: Asset, member: Member) -> None:
    now = timezone.now()
    assert source_copies.newest(clip, member, now=now) is None
    copy = asked(clip, member)
    assert source_copies.newest(clip, member, now=now) == copy
    assert source_copies.newest(clip, make_member(team=member.team), now=now) is None
    tasks.make_source_copies()
    assert source_copies.newest(clip, member, now=now) == copy

    source_copies.choose(copy)

    assert source_copies.newest(clip, member, now=now) is None


def test_another_team_finds_nothing_of_it(clip: Asset, member: Member) -> None:
    copy = asked(clip, member)

    assert source_copies.found(member, copy.pk) == copy
    assert source_copies.found(make_member(), copy.pk) is None


def fresh(copy: SourceCopy) -> SourceCopy:
    return SourceCopy.objects.get(pk=copy.pk)
