"""An account is verified: nothing is found at the simulator, each planted difference is, and no
secret gets out.
"""

import base64
import json
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.utils import timezone

from editorapp.costs.ledger import OverBudget
from editorapp.costs.models import Entry
from editorapp.generations import exchange_log
from editorapp.generations.checks.books import differences
from editorapp.generations.coordination import lease_holder, leases, wake
from editorapp.generations.models import Generation, HeardAnswer, Verification
from editorapp.generations.states import State
from editorapp.generations.verification import checks, paid_take, report
from editorapp.media import intake
from editorapp.providers import registry
from editorapp.providers.models import ProviderAccount
from editorapp.teams.models import Member, Team
from editorapp.teams.roles import Role
from tests.factories import default_account, make_member
from tests.generations.drive import Clock, ask, run
from tests.generations.small_clip import draw
from tests.generations.spoiling import Answered, Proxy, Spoil, before
from tests.racing import race

pytestmark = pytest.mark.django_db(transaction=True)
KEYS = {
    "luma-agents": "luma-api-verify-0123456789-wxyz",
    "gmi-cloud": "gmi-verify-0123456789abcdef",
    "scenario": "api_verifyABCDEFGH:secretverifyIJKLMNOP",
}
PATHS = {
    "luma-agents": "/luma-agents/v1",
    "gmi-cloud": "/gmi-cloud/api/v1/ie/requestqueue/apikey",
    "scenario": "/scenario/v1",
}
ORGANISATION = "org-of-ours-77"


@pytest.fixture
def admin(db) -> Member:
    return make_member(role=Role.ADMIN, name="Ada")


@pytest.fixture
def proxy(quick) -> Iterator[Proxy]:
    with before(quick.url) as standing:
        yield standing


def real_account(slug: str, proxy: Proxy) -> ProviderAccount:
    """Make an account with a key of its own, whose provider the proxy plays."""
    account = ProviderAccount(
        provider=slug, name=f"Ours at {slug}", base_url=proxy.url + PATHS[slug]
    )
    account.unit_price_usd = Decimal("0.01") if slug == "scenario" else None
    account.options = {name: ORGANISATION for name in (*account.spec.headers, *account.spec.params)}
    account.set_key(KEYS[slug])
    account.save()
    return account


@pytest.fixture
def checked(tmp_path, admin: Member) -> Callable[[ProviderAccount], Verification]:
    """Make the free checks, with a clip that is quickly drawn."""

    def check(account: ProviderAccount) -> Verification:
        verification = checks.begin(account, admin, now=timezone.now(), in_background=False)
        clip = intake.take_in(
            draw(tmp_path / "clip.mp4"), name="clip.mp4", team=admin.team, user=admin.user
        )
        Verification.objects.filter(pk=verification.pk).update(clip=clip)
        checks.run(verification.pk)
        return again(verification)

    return check


def again(verification: Verification) -> Verification:
    return Verification.objects.select_related("take", "account", "clip").get(pk=verification.pk)


def paid(verification: Verification, member: Member) -> Verification:
    """Agree to the price, and let the engine follow the take to its end: the simulator has the time to
    make it, also on a busy machine.
    """
    assert verification.state == Verification.State.READY, (verification.says, verification.steps)
    paid_take.go_on(verification, member, at_most_usd=verification.high_usd, now=timezone.now())
    run(Clock(), pause=0.1)
    return again(verification)


@pytest.mark.parametrize("slug", registry.slugs())
def test_at_the_simulator_nothing_is_found(slug: str, quick, admin: Member, checked) -> None:
    verification = checked(default_account(slug))
    assert verification.state == Verification.State.READY, verification.steps
    assert all(step["is_ok"] for step in verification.steps), verification.steps
    assert quick.submits_received == 0, "all of it so far was free"
    assert verification.high_usd > 0 and not Entry.objects.exists()

    verification = paid(verification, admin)

    summary = report.summary_of(verification)
    assert summary.findings == ()
    assert summary.outcome.startswith("Done: its file is here."), summary.outcome
    heard = set(HeardAnswer.objects.values_list("call", flat=True))
    assert {"submit", "poll", "download"} <= heard
    take = verification.take
    assert (take.state, take.created_by_id, take.prompt) == (
        State.SUCCEEDED,
        admin.user_id,
        exchange_log.PROMPT,
    )
    assert take.result.is_video and take.estimate_high_usd == verification.high_usd
    assert list(Entry.objects.order_by("pk").values_list("kind", flat=True)) == [
        "reserve",
        "charge",
    ]
    assert quick.submits_received == 1 and differences() == []


def on(
    method: str,
    part: str,
    change: Callable[[Answered], object],
    *,
    not_in: str = "",
    times: int = 10**6,
) -> Spoil:
    """Change the answers of one kind of call: all of them, or the first few."""
    left = [times]

    def spoil(back: Answered) -> None:
        if back.is_(method, part) and left[0] and not (not_in and not_in in back.path):
            left[0] -= 1
            change(back)

    return spoil


def short_lived(url: str) -> str:
    """Let a link say that it is good for ten minutes.

    The simulator looks at its own signature behind it.
    """
    place, _mark, query = url.partition("?")
    return f"{place}?X-Amz-Date={datetime.now(UTC):%Y%m%dT%H%M%SZ}&X-Amz-Expires=600&{query}"


def fields(**said: Any) -> Callable[[Answered], object]:
    return lambda back: back.json.update(said)


def head(**said: str) -> Callable[[Answered], object]:
    return lambda back: back.headers.update(
        {name.replace("_", "-"): value for name, value in said.items()}
    )


def with_status(status: int) -> Callable[[Answered], object]:
    return lambda back: setattr(back, "status", status)


def other_body(body: Any) -> Callable[[Answered], object]:
    return lambda back: setattr(back, "json", body)


def _links_short(back: Answered) -> None:
    for one in back.json.get("output", ()):
        one["url"] = short_lived(one["url"])


def _asset_short(back: Answered) -> None:
    back.json["asset"]["url"] = short_lived(back.json["asset"]["url"])


def _job(**said: Any) -> Callable[[Answered], object]:
    return lambda back: back.json["job"].update(said)


def _dearer(back: Answered) -> None:
    back.json["job"]["billing"]["cuCost"] += 5


LUMA, GMI, SCENARIO = "/luma-agents/v1", PATHS["gmi-cloud"], "/scenario/v1"
NOBODY = "00000000-0000"  # of the id that nobody has
# Provider -> what is planted, and how a report names it: kind, call, where.
PLANTED: dict[str, list[tuple[Spoil, tuple[str, str, str]]]] = {
    "luma-agents": [
        (
            on("GET", "/generations/", fields(queue_position=3), not_in=NOBODY),
            ("new field", "poll", "queue_position"),
        ),
        (
            on("GET", "/generations/", lambda back: back.json.pop("created_at"), not_in=NOBODY),
            ("missing field", "poll", "created_at"),
        ),
        (on("POST", "/generations", fields(state="accepted")), ("unknown word", "submit", "state")),
        (on("POST", "/generations", with_status(202)), ("other status", "submit", "status")),
        (
            on("GET", "/files?", lambda back: back.headers.pop("x-api-version")),
            ("missing header", "list of files", "X-API-Version"),
        ),
        (
            on("GET", "/generations/", head(X_RateLimit_Remaining="4"), not_in=NOBODY),
            ("new header", "poll", "x-ratelimit-remaining"),
        ),
        (
            on("POST", "/generations", head(X_RateLimit_Reset="soon")),
            ("other form of a header", "submit", "X-RateLimit-Reset"),
        ),
        (
            on("GET", "/generations/", _links_short, not_in=NOBODY),
            ("other lifetime of a link", "poll", "output[].url"),
        ),
        (
            on("GET", "/_storage/", head(**{"content-type": "application/octet-stream"})),
            ("other content type", "download", "Content-Type"),
        ),
        (on("POST", "/complete", fields(id="file_12")), ("other form", "end of an upload", "id")),
        (
            on(
                "POST",
                "/files",
                lambda back: back.json["file"].update(created_at="yesterday"),
                not_in="/complete",
            ),
            ("other form", "begin of an upload", "file.created_at"),
        ),
        (
            on("GET", NOBODY, other_body({"detail": {"code": "nothing"}})),
            ("other form of a refusal", "poll", "detail"),
        ),
    ],
    "gmi-cloud": [
        (
            on("GET", "/models/", lambda back: back.json["price_info"].update(price="0.80")),
            ("other price", "model", "price_info"),
        ),
        (
            on("GET", "/requests/", fields(status="waiting"), not_in=NOBODY, times=1),
            ("unknown word", "poll", "status"),
        ),
        (on("GET", NOBODY, with_status(410)), ("other status", "poll", "status")),
        (
            on("POST", "/requests", fields(created_at="2026-11-29T10:00:00Z")),
            ("other form", "submit", "created_at"),
        ),
        (
            on(
                "GET", "/requests/", lambda back: back.json["outcome"].update(seed=7), not_in=NOBODY
            ),
            ("new field", "poll", "outcome.seed"),
        ),
        (
            on("GET", "/models", head(**{"content-type": "text/plain"}), not_in="/models/"),
            ("other content type", "list of models", "Content-Type"),
        ),
        (
            on("POST", "/requests", head(X_RateLimit_Limit="20")),
            ("new header", "submit", "x-ratelimit-limit"),
        ),
    ],
    "scenario": [
        (
            on("GET", "/jobs/job_", _dearer, not_in="job_0000"),
            ("other price", "poll", "job.billing.cuCost"),
        ),
        (on("POST", "dryRun", with_status(200)), ("other status", "dry run", "status")),
        (
            on("GET", "/jobs/job_", _job(status="composing"), not_in="job_0000", times=1),
            ("unknown word", "poll", "job.status"),
        ),
        (
            on("GET", "/v1/assets/", _asset_short),
            ("other lifetime of a link", "asset", "asset.url"),
        ),
        (
            on(
                "GET",
                "/jobs/job_",
                lambda back: back.json["job"].pop("progress"),
                not_in="job_0000",
            ),
            ("missing field", "poll", "job.progress"),
        ),
        (
            on("GET", "/jobs/job_0000", other_body({"errors": ["no such job"]})),
            ("other form of a refusal", "poll", "errors"),
        ),
        (on("GET", "/jobs?", head(Retry_After="3")), ("new header", "list of jobs", "retry-after")),
    ],
}


@pytest.mark.parametrize("slug", sorted(PLANTED))
def test_what_was_planted_is_found_and_named_and_nothing_else(
    slug, proxy: Proxy, admin: Member, checked
) -> None:
    proxy.spoil += [spoil for spoil, _named in PLANTED[slug]]

    verification = paid(checked(real_account(slug, proxy)), admin)

    found = {(one.kind, one.call, one.place) for one in report.summary_of(verification).findings}
    expected = {named for _spoil, named in PLANTED[slug]}
    charged = {("other price", "charge", "")} if slug == "scenario" else set()
    assert found == expected | charged
    text = report.text_of(verification, now=timezone.now())
    for kind, call, place in expected:
        assert f"| {kind} | {call} | {place} |" in text
    assert verification.take.state == State.SUCCEEDED, "the take comes to its file all the same"


@pytest.mark.parametrize("slug", registry.slugs())
def test_what_was_planted_of_secrets_stays_out_of_all_that_is_kept(
    slug, proxy: Proxy, admin: Member, checked
) -> None:
    key = KEYS[slug]
    secrets = {key, *key.split(":"), base64.b64encode(key.encode()).decode(), exchange_log.PROMPT}
    account = real_account(slug, proxy)
    secrets |= set(account.options.values())
    planted = "-".join(sorted(secrets, key=len)[:2])

    def leak(back: Answered) -> None:
        """Say every secret in every way in which an answer can say something."""
        back.headers["x-ratelimit-" + key.replace(":", "")] = key
        back.headers["Retry-After"] = key
        if back.method == "GET" and isinstance(back.json, dict):
            back.headers["content-type"] = f"application/{key.split(':')[0].lower()}"
            back.json |= {one: {one: [one, {one: one}]} for one in secrets} | {
                "note": " ".join(secrets)
            }
            for name in ("state", "status", "failure_code"):
                if name in back.json:
                    back.json[name + "_"] = planted
        if back.status >= 400:
            back.json = {"error": {"message": " ".join(secrets)}, "detail": planted, "message": key}

    def name_a_state(back: Answered) -> None:
        job = back.json.get("job", back.json) if isinstance(back.json, dict) else {}
        for name in ("state", "status"):
            if name in job:
                job[name] = key.split(":")[0]

    proxy.spoil += [
        leak,
        on("POST", "/generations", name_a_state),
        on("POST", "/requests", name_a_state),
    ]

    verification = paid(checked(account), admin)

    text = report.text_of(verification, now=timezone.now())
    kept = json.dumps(
        [list(Verification.objects.values("steps", "says")), list(HeardAnswer.objects.values())]
    )
    assert "new field" in text and "new header" in text, "they were said, and it was seen"
    for said in (text, kept):
        for secret in (
            *secrets,
            "signature=",
            "Signature=",
            "Policy=",
            "expires=",
            verification.take.chain_id,
        ):
            assert secret.lower() not in said.lower()


def test_an_unknown_outcome_is_said_to_be_unknown_and_nothing_is_sent_again(
    quick, admin: Member, checked
) -> None:
    verification = checked(default_account("luma-agents"))
    quick.fail("submit", "accept_then_reset")

    verification = paid(verification, admin)

    assert verification.take.state == State.UNKNOWN
    assert report.summary_of(verification).outcome.startswith("Unknown: the paid call was sent")
    assert "| Paid take: Unknown" not in report.text_of(verification, now=timezone.now())
    assert "- Paid take: Unknown" in report.text_of(verification, now=timezone.now())
    with pytest.raises(paid_take.NotWaiting):
        paid_take.go_on(verification, admin, at_most_usd=verification.high_usd, now=timezone.now())
    checks.run(verification.pk)
    run(Clock())
    assert quick.submits_received == 1 and Generation.objects.count() == 1
    assert not verification.is_live and not verification.is_following


def test_only_what_was_agreed_to_is_paid_once_and_within_the_budget(
    quick, admin: Member, checked
) -> None:
    verification = checked(default_account("luma-agents"))
    price, now = verification.high_usd, timezone.now()

    with pytest.raises(paid_take.Dearer):
        paid_take.go_on(verification, admin, at_most_usd=price - Decimal("0.01"), now=now)
    Team.objects.filter(pk=admin.team_id).update(monthly_limit_usd=Decimal("0.01"))
    with pytest.raises(OverBudget):
        paid_take.go_on(verification, admin, at_most_usd=price, now=now)
    assert not Generation.objects.exists() and again(verification).is_ready
    Team.objects.filter(pk=admin.team_id).update(monthly_limit_usd=None)
    take = paid_take.go_on(again(verification), admin, at_most_usd=price, now=now)
    with pytest.raises(paid_take.NotWaiting):  # the same page, pressed once more
        paid_take.go_on(verification, admin, at_most_usd=price, now=now)
    run(Clock())

    assert list(Generation.objects.values_list("pk", flat=True)) == [take.pk]
    assert quick.submits_received == 1 and differences() == []


def test_a_page_that_was_opened_before_it_was_ended_pays_nothing(
    quick, admin: Member, checked
) -> None:
    verification = checked(default_account("luma-agents"))
    paid_take.leave_it(again(verification))

    with pytest.raises(paid_take.NotWaiting):
        paid_take.go_on(verification, admin, at_most_usd=verification.high_usd, now=timezone.now())

    assert not Generation.objects.exists() and not Entry.objects.exists()


def test_two_who_agree_at_the_same_instant_send_one_take(quick, admin: Member, checked) -> None:
    verification = checked(default_account("luma-agents"))
    price = verification.high_usd

    def agree() -> Generation:
        return paid_take.go_on(again(verification), admin, at_most_usd=price, now=timezone.now())

    ended = race([agree, agree])
    run(Clock())

    assert sorted(type(one).__name__ for one in ended) == ["Generation", "NotWaiting"]
    assert quick.submits_received == 1 and Generation.objects.count() == 1 and differences() == []


def test_what_a_killed_worker_left_is_taken_up_and_two_never_check_at_once(
    quick, admin: Member
) -> None:
    now = timezone.now()
    verification = checks.begin(default_account("luma-agents"), admin, now=now, in_background=False)
    lease = wake.lease_of("verify", verification.pk)
    assert (
        checks.begin(default_account("luma-agents"), admin, now=now, in_background=False)
        == verification
    )
    assert checks.unfinished(now) == []

    leases.take(lease, lease_holder.holder(), now=now, seconds=600)
    checks.run(verification.pk)
    assert again(verification).steps == [], "another worker is at it"
    leases.end(lease)

    assert checks.unfinished(now + timedelta(minutes=1)) == [verification.pk]
    checks.run(verification.pk)
    assert again(verification).is_ready
    assert checks.unfinished(now + timedelta(minutes=1)) == []


def test_checks_that_never_come_to_an_end_are_given_up(quick, admin: Member) -> None:
    now = timezone.now()
    verification = checks.begin(default_account("luma-agents"), admin, now=now, in_background=False)

    checks.close_past(now + timedelta(minutes=31))

    assert again(verification).says == "The free checks did not come to an end. The log says more."
    assert checks.unfinished(now + timedelta(hours=1)) == []
    checks.run(verification.pk)
    assert again(verification).steps == []


def test_what_cannot_be_compared_is_said_and_stops_neither_the_checks_nor_the_take(
    quick, admin: Member, checked, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*args: object, **options: object) -> None:
        raise RecursionError("an answer that nobody thought of")

    monkeypatch.setattr(exchange_log, "compare", fail)

    verification = paid(checked(default_account("luma-agents")), admin)

    assert verification.take.state == State.SUCCEEDED and quick.submits_received == 1
    unseen = report.summary_of(verification).unseen
    assert any("could not be compared (RecursionError)" in one for one in unseen)


def test_the_answers_about_other_takes_of_the_account_are_not_kept(
    quick, admin: Member, checked
) -> None:
    checked(default_account("luma-agents"))
    heard = HeardAnswer.objects.count()

    ask(make_member())
    run(Clock())

    assert Generation.objects.get().state == State.SUCCEEDED
    assert HeardAnswer.objects.count() == heard


def test_a_verification_that_nobody_decides_on_ends_and_another_can_begin(
    quick, admin: Member, checked
) -> None:
    account, later = default_account("luma-agents"), timezone.now() + timedelta(days=1, minutes=1)
    verification = checked(account)

    checks.close_past(later)

    assert again(verification).says == "Nobody decided within a day."
    with pytest.raises(paid_take.NotWaiting):
        paid_take.go_on(again(verification), admin, at_most_usd=Decimal(100), now=later)
    assert checks.begin(account, admin, now=later, in_background=False) != verification
