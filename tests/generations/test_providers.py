"""What only some providers do, through the real engine: progress, prices of their own, keys that
are wrong.
"""

from decimal import Decimal
from urllib.parse import urlsplit

import pytest

from editorapp.costs import ledger
from editorapp.costs.models import Entry
from editorapp.generations.checks.books import differences
from editorapp.generations.engine import sweep
from editorapp.generations.models import Attempt, Generation
from editorapp.generations.request.draft import Draft
from editorapp.generations.request.enqueue import enqueue
from editorapp.generations.request.retry import retry
from editorapp.generations.states import State
from editorapp.media import intake
from editorapp.providers import registry
from editorapp.providers.contract import GenerationRequest, Ref, Task
from editorapp.providers.models import ProviderAccount
from editorapp.teams.models import Member
from tests.factories import default_account, make_member
from tests.generations.drive import priced, run
from tests.generations.small_clip import draw

WRONG_KEYS = {
    "luma-agents": "luma-api-revoked-0000",
    "gmi-cloud": "gmi-revoked-0000000000",
    "scenario": "api_revoked:secret",
}


def generate(slug: str, *, prompt: str = "A quiet harbor at dawn") -> GenerationRequest:
    size = "360p" if slug == "luma-agents" else "540p"
    return GenerationRequest(task=Task.GENERATE, prompt=prompt, duration="5s", resolution=size)


def ask_of(
    account: ProviderAccount, wanted: GenerationRequest | None = None, **options
) -> Generation:
    member = options.pop("member", None) or make_member()
    wanted = wanted or generate(account.provider)
    source = options.pop("source_asset", None)
    priced(wanted, account, member, source=source)
    return enqueue(Draft(wanted, account, source), member=member, **options)


def test_how_far_a_job_at_scenario_is_is_kept_while_it_runs(quick, clock):
    take = ask_of(
        default_account("scenario"), generate("scenario", prompt="[[slow:600]] A quiet harbor")
    )
    run(clock, until=State.RUNNING)
    for _ in range(8):
        clock.jump(seconds=20)
        sweep.work("scenario", seconds=0.2, clock=clock)

    attempt = Attempt.objects.get(generation=take)
    assert attempt.state == State.RUNNING and attempt.poll_count > 0
    assert attempt.progress is not None and 0 <= attempt.progress < 1


@pytest.mark.parametrize("slug", ["luma-agents", "gmi-cloud"])
def test_a_provider_that_reports_no_progress_leaves_none(quick, clock, slug):
    take = ask_of(default_account(slug), generate(slug, prompt="[[slow:600]] A quiet harbor"))
    run(clock, until=State.RUNNING)
    clock.jump(seconds=20)
    sweep.work(slug, seconds=0.2, clock=clock)

    attempt = Attempt.objects.get(generation=take)
    assert attempt.poll_count > 0 and attempt.progress is None


def test_a_unit_that_became_dearer_on_the_way_is_charged_as_reported_and_told(quick, clock):
    account = default_account("scenario")
    take = ask_of(account)
    quoted = take.estimate_high_usd
    ProviderAccount.objects.filter(pk=account.pk).update(unit_price_usd=Decimal("0.02"))

    run(clock)

    take.refresh_from_db()
    assert take.state == State.SUCCEEDED
    assert take.cost_usd == 2 * quoted and not take.cost_is_estimated
    assert take.warning.startswith("The provider charged $") and "the quote was $" in take.warning
    assert list(Entry.objects.order_by("pk").values_list("kind", "amount_usd")) == [
        ("reserve", quoted),
        ("charge", quoted),
        ("adjust", quoted),
    ]
    assert ledger.held_usd(take.pk) == 0
    assert differences() == []


@pytest.mark.parametrize("slug", WRONG_KEYS)
def test_a_revoked_key_of_one_account_fails_what_is_sent_with_it_and_nothing_else(
    quick, clock, slug
):
    good = default_account(slug)
    spec = registry.get(slug).SPEC
    bad = ProviderAccount(
        provider=slug,
        name="Revoked",
        base_url=f"{quick.url}/{slug}{urlsplit(spec.base_url).path}",
        unit_price_usd=Decimal("0.01"),
    )
    bad.set_key(WRONG_KEYS[slug])
    bad.save()
    kept = ask_of(good)
    lost = Generation.objects.get(pk=ask_of(good).pk)
    # Its price was asked with the good key; now the account's key is revoked.
    Generation.objects.filter(pk=lost.pk).update(account=bad)
    lost.attempts.update(account=bad)

    run(clock)

    states = dict(Generation.objects.values_list("pk", "state"))
    assert states == {kept.pk: State.SUCCEEDED, lost.pk: State.FAILED}
    assert "key" in Generation.objects.get(pk=lost.pk).failure_message.lower()
    assert ledger.held_usd(lost.pk) == 0
    assert quick.submits_received == 1
    failed = Generation.objects.get(pk=lost.pk)
    bad.set_key(spec.simulated_key)
    bad.save()
    member = Member.objects.get(user=failed.created_by)
    priced(failed.wanted, bad, member)
    retry(failed, member=member, now=clock())
    run(clock)
    assert (
        Generation.objects.get(pk=lost.pk).state == State.SUCCEEDED
    )  # once the key is right again


def test_exr_that_was_paid_for_and_did_not_come_is_told(quick, clock, tmp_path):
    member = make_member()
    clip = intake.take_in(
        draw(tmp_path / "clip.mp4"), name="clip.mp4", team=member.team, user=member.user
    )
    wanted = GenerationRequest(
        prompt="At night",
        source=Ref(asset_id=clip.pk),
        resolution="720p",
        auto_controls=True,
        hdr=True,
        exr=True,
    )

    take = ask_of(default_account("gmi-cloud"), wanted, member=member, source_asset=clip)
    run(clock)

    take.refresh_from_db()
    assert take.state == State.SUCCEEDED and take.exr is None
    assert "EXR frames were asked for" in take.warning and "HDR was asked for" in take.warning


def test_a_clip_travels_in_the_request_and_only_its_mark_stays_in_the_row(quick, clock, tmp_path):
    member = make_member()
    clip = intake.take_in(
        draw(tmp_path / "clip.mp4"), name="clip.mp4", team=member.team, user=member.user
    )
    wanted = GenerationRequest(
        prompt="At night", source=Ref(asset_id=clip.pk), resolution="540p", auto_controls=True
    )

    take = ask_of(default_account("gmi-cloud"), wanted, member=member, source_asset=clip)
    sweep.work("gmi-cloud", seconds=0.3, clock=clock)

    attempt = Attempt.objects.get(generation=take)
    assert attempt.state == State.RUNNING
    assert attempt.request_body["payload"]["source_data"] == f"stored-file:{clip.sha256}"
    assert quick.submits_received == 1
    run(clock)
    assert Generation.objects.get().state == State.SUCCEEDED
