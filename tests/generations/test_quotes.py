"""Prices that nobody publishes: asked for once, kept for an hour, and never guessed."""

import asyncio
import shutil
import uuid
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from django.core.exceptions import PermissionDenied
from django.db import OperationalError
from django.utils import timezone

from editorapp.costs import ledger
from editorapp.costs.models import PriceQuote
from editorapp.generations.checks.books import differences
from editorapp.generations.coordination import lease_holder, leases, wake
from editorapp.generations.models import Generation, Lease
from editorapp.generations.request import quotes
from editorapp.generations.request.check import check
from editorapp.generations.request.draft import Draft
from editorapp.generations.request.enqueue import RequestRefused, enqueue
from editorapp.generations.request.quotes import NothingToAsk, ask, fetch, find
from editorapp.generations.request.retry import NotRetryable, retry
from editorapp.generations.states import State
from editorapp.generations.tasks import ask_price
from editorapp.media import store
from editorapp.media.models import Asset
from editorapp.providers.contract import GenerationRequest, ProviderError, Quote, Ref, Throttled
from editorapp.providers.models import ProviderAccount, StagedFile
from editorapp.teams.models import Member
from editorapp.teams.roles import Role
from tests.factories import default_account, make_asset, make_generation, make_member
from tests.queued import waiting

pytestmark = pytest.mark.django_db
NOW = timezone.now()
FREE = "Told publishes no price for this. Ask Told for it first: that is free, and it holds for an hour."


@pytest.fixture
def member() -> Member:
    return make_member()


@pytest.fixture
def clip(member: Member, small_clip: Path, tmp_path: Path) -> Asset:
    """A clip that is said to be 5 s long at 720p, with a file behind it: asking for a price sends
    it.
    """
    copy = Path(shutil.copy(small_clip, tmp_path / "clip.mp4"))
    sha256 = store.hash_file(copy)
    store.keep(copy, sha256, store.ORIGINAL)
    return make_asset(member, sha256=sha256)


@pytest.fixture
def account(told: ModuleType) -> ProviderAccount:
    return default_account("told")


def draft(clip: Asset, **said: Any) -> GenerationRequest:
    sound = GenerationRequest(
        prompt="Rain", source=Ref(asset_id=clip.pk), auto_controls=True, resolution="720p"
    )
    return replace(sound, **said)


def told_price(
    account: ProviderAccount, wanted: GenerationRequest, clip: Asset, member: Member
) -> PriceQuote:
    """Ask and let the queue's task answer."""
    row = ask(Draft(wanted, account, clip), member=member)
    fetch(row.pk)
    found = find(Draft(wanted, account, clip))
    assert found is not None
    return found


def words(
    wanted: GenerationRequest, clip: Asset, account: ProviderAccount, **options: Any
) -> list[str]:
    verdict = check(
        Draft(wanted, account, clip),
        quote=find(Draft(wanted, account, clip), however_old=True),
        **options,
    )
    return [one.message for one in verdict.refusals if one.rule_id == "price.asking"]


def test_a_price_is_asked_for_once_and_the_queue_is_woken_after_the_commit(
    account: ProviderAccount, clip: Asset, member: Member, django_capture_on_commit_callbacks: Any
) -> None:
    with django_capture_on_commit_callbacks(execute=True):
        row = ask(Draft(draft(clip), account, clip), member=member)
        again = ask(Draft(draft(clip, prompt="Snow"), account, clip), member=member)

    assert row.pk == again.pk
    assert row.state == "asking"
    assert waiting() == [("ask_price", (row.pk,))]


def test_the_answer_is_a_price_with_where_and_when_it_was_told(
    account: ProviderAccount, clip: Asset, member: Member
) -> None:
    row = ask(Draft(draft(clip), account, clip), member=member)
    at = NOW.replace(hour=14, minute=3)

    fetch(row.pk, clock=lambda: at)
    found = find(Draft(draft(clip), account, clip))
    priced = quotes.estimate_of(found)

    assert priced is not None
    assert str(priced) == "$0.42"
    assert priced.basis == "42 CU at $0.01, asked of Told at 14:03 UTC"
    assert priced.price_list == f"asked on {at.day} {at:%b %Y}"
    assert not priced.is_range


def test_the_source_is_staged_once_for_it_and_the_provider_is_asked_with_its_id_and_length(
    account: ProviderAccount, clip: Asset, member: Member, told: ModuleType
) -> None:
    told_price(account, draft(clip), clip, member)
    told_price(account, draft(clip, resolution="1080p"), clip, member)

    assert len(told.staged) == 1
    assert StagedFile.objects.get(account=account).ref == {"file_id": "file-1"}
    assert [(wanted.source.file_id, seconds) for wanted, seconds in told.asked] == [
        ("file-1", Decimal(5))
    ] * 2
    assert told.asked[0][0].prompt == "Rain"


def test_without_a_price_nothing_is_sent_and_the_words_say_what_to_do(
    account: ProviderAccount, clip: Asset, member: Member, told: ModuleType
) -> None:
    wanted = draft(clip)
    assert words(wanted, clip, account) == [FREE]

    row = ask(Draft(wanted, account, clip), member=member)
    assert words(wanted, clip, account) == [
        "Told is being asked what this costs. Its answer comes in a moment: wait for it."
    ]

    told.says.append(ProviderError("Told names no price for this model.", code="no_price"))
    fetch(row.pk)
    assert words(wanted, clip, account) == [
        "No price came: Told names no price for this model. Ask again, or change what you want."
    ]

    told_price(account, wanted, clip, member)
    assert words(wanted, clip, account) == []
    assert check(Draft(wanted, account, clip), quote=find(Draft(wanted, account, clip))).can_send
    assert words(wanted, clip, account, now=timezone.now() + timedelta(minutes=61)) == [
        "This price is older than an hour. Ask Told again: that is free."
    ]


def test_what_is_broken_anyway_is_not_told_to_ask_but_a_missing_prompt_is_no_hindrance(
    account: ProviderAccount, clip: Asset
) -> None:
    assert words(draft(clip, exr=True), clip, account) == []
    assert words(draft(clip, prompt=None), clip, account) == [FREE]
    assert not check(Draft(draft(clip, exr=True), account, clip)).can_send


def test_the_known_price_is_what_is_held(
    account: ProviderAccount, clip: Asset, member: Member, told: ModuleType
) -> None:
    told.says.append(
        Quote(Decimal("0.3000001"), Decimal("0.6000001"), "30 to 60 CU at $0.01", "By its length.")
    )
    told_price(account, draft(clip), clip, member)

    take = enqueue(Draft(draft(clip, prompt="Snow"), account, clip), member=member)

    assert take.estimate_low_usd == Decimal("0.300001")  # rounded up to what the ledger can hold
    assert ledger.held_usd(take.pk) == take.estimate_high_usd == Decimal("0.600001")
    assert take.estimate_basis.startswith("30 to 60 CU at $0.01, asked of Told at ")
    assert differences() == []


@pytest.mark.parametrize("minutes", [None, 61])
def test_a_draft_is_not_queued_without_a_price_of_this_hour(
    account: ProviderAccount, clip: Asset, member: Member, minutes: int | None
) -> None:
    if minutes:
        told_price(account, draft(clip), clip, member)
    later = timezone.now() + timedelta(minutes=minutes or 0)

    with pytest.raises(
        RequestRefused, match="older than an hour" if minutes else "publishes no price"
    ):
        enqueue(Draft(draft(clip), account, clip), member=member, now=later)

    assert not Generation.objects.exists()


def test_a_failed_take_is_tried_again_once_its_price_was_asked_anew(
    account: ProviderAccount, clip: Asset, member: Member
) -> None:
    take = make_generation(
        member, account=account, provider="told", source=clip, state=State.FAILED, can_retry=True
    )
    with pytest.raises(RequestRefused, match="Told is being asked what this costs"):
        retry(take, member=member, now=timezone.now())

    fetch(PriceQuote.objects.get().pk)
    attempt = retry(take, member=member, now=timezone.now())

    assert attempt.number == 2


def test_a_take_whose_price_did_not_come_says_why_and_is_asked_for_again(
    account: ProviderAccount, clip: Asset, member: Member, told: ModuleType
) -> None:
    take = make_generation(
        member, account=account, provider="told", source=clip, state=State.FAILED, can_retry=True
    )
    told.says.append(ProviderError("Told is closed today."))
    told_price(account, take.wanted, clip, member)

    with pytest.raises(RequestRefused, match="No price came: Told is closed today"):
        retry(take, member=member, now=timezone.now())

    assert PriceQuote.objects.get().state == "asking"


def test_a_failed_take_is_not_tried_again_for_more_than_was_agreed_to(
    account: ProviderAccount, clip: Asset, member: Member, told: ModuleType
) -> None:
    take = make_generation(
        member, account=account, provider="told", source=clip, state=State.FAILED, can_retry=True
    )
    told.says.append(Quote(Decimal(1), Decimal("1.09"), "100 to 109 CU"))
    told_price(account, take.wanted, clip, member)

    with pytest.raises(NotRetryable, match=r"up to \$1\.09 now, and \$1\.08 was agreed to"):
        retry(take, member=member, now=timezone.now())

    assert take.attempts.count() == 1


def test_an_answer_that_comes_twice_changes_nothing(
    account: ProviderAccount, clip: Asset, member: Member, told: ModuleType
) -> None:
    row = ask(Draft(draft(clip), account, clip), member=member)
    told.says.append(Quote(Decimal(1), Decimal(1), "100 CU"))

    ask_price(row.pk)
    ask_price(row.pk)
    ask_price(row.pk + 1000)

    assert len(told.asked) == 1
    assert PriceQuote.objects.get().high_usd == Decimal(1)


def test_a_question_that_was_lost_with_a_killed_worker_is_put_again_by_the_ticker_but_not_while_somebody_is_at_it(
    account: ProviderAccount, clip: Asset, member: Member, django_capture_on_commit_callbacks: Any
) -> None:
    row = ask(Draft(draft(clip), account, clip), member=member)  # its task is never delivered
    asked_at = row.asked_at

    def tick(seconds: int) -> list[tuple[str, tuple[int, ...]]]:
        with django_capture_on_commit_callbacks(execute=True):
            for asked_id in quotes.unanswered(asked_at + timedelta(seconds=seconds)):
                wake.wake("ask_price", asked_id, now=asked_at + timedelta(seconds=seconds))
        return waiting()

    assert tick(5) == []
    assert tick(12) == [("ask_price", (row.pk,))]
    assert len(tick(14)) == 1  # it waits in the queue
    assert len(tick(30)) == 2  # lost again
    leases.take(
        wake.lease_of("ask_price", row.pk),
        lease_holder.holder(),
        now=asked_at,
        seconds=wake.SECONDS["ask_price"],
    )
    assert len(tick(60)) == 2
    assert len(tick(300)) == 2  # by then the page says so, and a person asks


def test_an_answered_question_leaves_no_lease_behind(
    account: ProviderAccount, clip: Asset, member: Member, told: ModuleType
) -> None:
    row = ask(Draft(draft(clip), account, clip), member=member)
    told.says.append(Quote(Decimal(1), Decimal(1), "100 CU"))

    ask_price(row.pk)

    assert not Lease.objects.filter(name__contains="ask:").exists()


def test_a_worker_that_lives_on_without_having_answered_keeps_others_away_for_less_than_a_minute(
    account: ProviderAccount,
    clip: Asset,
    member: Member,
    told: ModuleType,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The database was away when it had the answer, and still when it would have given the lease
    back.
    """
    row = ask(Draft(draft(clip), account, clip), member=member, now=NOW)
    told.says.append(Quote(Decimal(1), Decimal(1), "100 CU"))
    with monkeypatch.context() as away:

        def gone(*_args: object, **_options: object) -> None:
            raise OperationalError("the database system is shutting down")

        away.setattr(quotes, "_fetch", gone)
        away.setattr(leases, "end", gone)
        away.setattr(leases, "give_back", gone)
        with pytest.raises(OperationalError):
            fetch(row.pk, clock=lambda: NOW)
    monkeypatch.setattr(lease_holder, "holder", uuid.uuid4)
    monkeypatch.setattr(lease_holder, "is_gone", lambda _holder: False)

    fetch(row.pk, clock=lambda: NOW + timedelta(seconds=30))
    assert PriceQuote.objects.get().state == "asking"
    fetch(row.pk, clock=lambda: NOW + timedelta(seconds=50))
    assert PriceQuote.objects.get().state == "known"


def test_a_question_that_takes_long_keeps_its_lease(
    account: ProviderAccount,
    clip: Asset,
    member: Member,
    told: ModuleType,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(quotes, "RENEW_SECONDS", 0.01)
    row, renewed = ask(Draft(draft(clip), account, clip), member=member), []
    quoted = told.quote

    async def slowly(*args: Any, **options: Any) -> Any:
        while len(renewed) < 3:
            await asyncio.sleep(0.01)
        return await quoted(*args, **options)

    def take(name: str, *args: Any, **options: Any) -> bool:
        renewed.append(name)
        return take_lease(name, *args, **options)

    take_lease = leases.take
    monkeypatch.setattr(told, "quote", slowly)
    monkeypatch.setattr(leases, "take", take)
    told.says.append(Quote(Decimal(1), Decimal(1), "100 CU"))
    fetch(row.pk)

    assert (
        set(renewed) == {wake.lease_of("ask_price", row.pk)}
        and PriceQuote.objects.get().state == "known"
    )


def test_a_late_answer_to_an_earlier_question_does_not_end_the_present_one(
    account: ProviderAccount,
    clip: Asset,
    member: Member,
    told: ModuleType,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    row = ask(Draft(draft(clip), account, clip), member=member, now=NOW - timedelta(minutes=3))

    def meanwhile() -> Any:
        ask(
            Draft(draft(clip), account, clip), member=member, now=NOW
        )  # stuck, so a person asked again
        return NOW

    told.says.append(ProviderError("Too late."))
    fetch(row.pk, clock=meanwhile)

    assert PriceQuote.objects.get().state == "asking"


def test_a_question_without_an_answer_counts_as_failed_after_two_minutes_and_may_be_asked_again(
    account: ProviderAccount, clip: Asset, member: Member, django_capture_on_commit_callbacks: Any
) -> None:
    ask(Draft(draft(clip), account, clip), member=member, now=NOW)
    at_119 = find(Draft(draft(clip), account, clip), now=NOW + timedelta(seconds=119))
    at_121 = find(Draft(draft(clip), account, clip), now=NOW + timedelta(seconds=121))

    assert at_119 is not None and at_119.state == "asking"
    assert at_121 is not None and at_121.state == "failed"
    assert at_121.note == "No answer came within two minutes. Is the queue running?"
    with django_capture_on_commit_callbacks(execute=True):
        ask(Draft(draft(clip), account, clip), member=member, now=NOW + timedelta(seconds=121))
    assert len(waiting()) == 1
    assert PriceQuote.objects.get().asked_at == NOW + timedelta(seconds=121)


def test_a_busy_provider_is_asked_again_after_the_pause_that_it_names(
    account: ProviderAccount, clip: Asset, member: Member, told: ModuleType
) -> None:
    told.says += [Throttled("Too many requests.", retry_after_seconds=0.0)] * 2

    assert told_price(account, draft(clip), clip, member).state == "known"
    assert len(told.asked) == 3


@pytest.mark.parametrize(
    "said",
    [
        Quote(Decimal(2), Decimal(1), "?"),
        Quote(Decimal(-1), Decimal(1), "?"),
        ZeroDivisionError("oh"),
    ],
    ids=str,
)
def test_what_makes_no_sense_is_no_price(
    account: ProviderAccount, clip: Asset, member: Member, told: ModuleType, said: Any
) -> None:
    told.says.append(said)

    found = told_price(account, draft(clip), clip, member)

    assert found.state == "failed" and found.note
    assert quotes.estimate_of(found) is None


def test_drafts_share_a_price_unless_something_that_may_move_it_differs(
    account: ProviderAccount, clip: Asset, member: Member
) -> None:
    picture, other = make_asset(member, kind="image"), make_asset(member, kind="image")
    same_length, longer = (
        make_asset(member),
        make_asset(member, duration_seconds=Decimal(6), frame_count=144),
    )
    plain = draft(clip)

    def key(wanted: GenerationRequest, source: Asset = clip) -> str:
        return quotes.key_of(Draft(wanted, account, source))

    assert key(plain) == key(replace(plain, prompt="Snow", user_id="u"))
    assert key(plain) == key(replace(plain, source=Ref(generation_id="an earlier result")))
    assert key(plain) == key(draft(same_length), same_length)
    with_picture = replace(plain, start_frame=Ref(asset_id=picture.pk))
    assert key(with_picture) == key(replace(plain, start_frame=Ref(asset_id=other.pk)))
    different = [
        plain,
        with_picture,
        replace(plain, task="generate", start_frame=Ref(asset_id=picture.pk)),
        replace(plain, task="generate", start_frame=Ref(generation_id="continued")),
        replace(plain, resolution="1080p"),
        replace(plain, hdr=True),
        replace(plain, task="reframe"),
        replace(plain, model="modify-video"),
        replace(plain, keyframes=(Ref(asset_id=1),), keyframe_indexes=(0,)),
        replace(plain, keyframes=(Ref(asset_id=1), Ref(asset_id=2)), keyframe_indexes=(0, 9)),
    ]
    assert len({*map(key, different), key(draft(longer), longer)}) == len(different) + 1
    foreign = [
        quotes.key_of(Draft(replace(plain, source=Ref(file_id=name)), account))
        for name in ("one", "other")
    ]
    assert foreign[0] != foreign[1]  # nothing is known of either


def test_old_answers_are_swept_away(account: ProviderAccount, clip: Asset, member: Member) -> None:
    ask(Draft(draft(clip), account, clip), member=member, now=timezone.now() - timedelta(hours=25))

    told_price(account, draft(clip, resolution="1080p"), clip, member)

    assert PriceQuote.objects.count() == 1


def test_nobody_has_another_teams_file_uploaded_by_asking(
    account: ProviderAccount, clip: Asset, member: Member
) -> None:
    stranger, viewer = make_member(), make_member(role=Role.REVIEWER, team=member.team)
    picture = make_asset(stranger, kind="image")

    for wanted, source, asker in (
        (draft(clip), clip, stranger),
        (draft(clip, start_frame=Ref(asset_id=picture.pk)), clip, member),
        (draft(clip), clip, viewer),
    ):
        with pytest.raises(PermissionDenied):
            ask(Draft(wanted, account, source), member=asker)
    assert not PriceQuote.objects.exists()


def test_a_published_price_and_a_closed_account_are_not_asked(
    account: ProviderAccount, clip: Asset, member: Member
) -> None:
    with pytest.raises(NothingToAsk, match="Luma Agents does not have to be asked"):
        ask(Draft(draft(clip), default_account("luma-agents"), clip), member=member)
    account.is_enabled = False
    with pytest.raises(NothingToAsk, match="switched off"):
        ask(Draft(draft(clip), account, clip), member=member)


def test_that_nothing_was_asked_is_remembered_for_a_moment_until_somebody_asks(
    account: ProviderAccount, clip: Asset, member: Member, django_assert_num_queries: Any
) -> None:
    assert find(Draft(draft(clip), account, clip)) is None
    with django_assert_num_queries(0):
        assert find(Draft(draft(clip, prompt="Rain, harder"), account, clip)) is None
    with django_assert_num_queries(1):
        assert (
            find(Draft(draft(clip), account, clip), however_old=True) is None
        )  # queueing looks for itself

    ask(Draft(draft(clip), account, clip), member=member)

    assert find(Draft(draft(clip), account, clip)) is not None


def test_looking_up_is_one_query_and_none_where_prices_are_published(
    account: ProviderAccount, clip: Asset, django_assert_num_queries: Any
) -> None:
    luma, wanted = default_account("luma-agents"), draft(clip)

    with django_assert_num_queries(1):
        quotes.find_all([Draft(wanted, account, clip), Draft(wanted, luma, clip)])
    with django_assert_num_queries(0):
        assert find(Draft(wanted, luma, clip)) is None
