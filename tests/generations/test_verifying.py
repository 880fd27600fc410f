"""An account is verified: nothing is found at the simulator, each planted difference is, and no secret gets out."""

import base64
import json
from collections.abc import Iterator
from decimal import Decimal
from typing import Any

import pytest
from django.utils import timezone

from editorapp.costs.models import Entry
from editorapp.generations.models import HeardAnswer, Verification
from editorapp.generations.states import State
from editorapp.generations.verifying import checks, paying, report
from editorapp.generations.watch.books import differences
from editorapp.providers import registry
from editorapp.providers.models import ProviderAccount, default_account
from editorapp.teams.models import Member
from editorapp.teams.roles import Role
from tests.factories import make_member
from tests.generations.drive import Clock, run
from tests.generations.spoiling import Answered, Proxy, before

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


@pytest.fixture
def admin(db) -> Member:
    return make_member(role=Role.ADMIN, name="Ada")


@pytest.fixture
def proxy(quick) -> Iterator[Proxy]:
    with before(quick.url) as standing:
        yield standing


def real_account(slug: str, proxy: Proxy) -> ProviderAccount:
    """Make an account with a key of its own, whose provider the proxy plays."""
    account = ProviderAccount(provider=slug, name=f"Ours at {slug}", base_url=proxy.url + PATHS[slug])
    account.unit_price_usd = Decimal("0.01") if slug == "scenario" else None
    if slug == "gmi-cloud":
        account.options = {"X-Organization-ID": "org-of-ours-77"}
    account.set_key(KEYS[slug])
    account.save()
    return account


def checked(account: ProviderAccount, member: Member) -> Verification:
    verification = checks.begin(account, member, now=timezone.now(), in_background=False)
    checks.run(verification.pk)
    verification.refresh_from_db()
    return verification


def paid(verification: Verification, member: Member) -> Verification:
    """Agree to the price, and let the engine follow the take to its end."""
    paying.go_on(verification, member, at_most_usd=verification.high_usd, now=timezone.now())
    run(Clock())
    return Verification.objects.select_related("take", "account").get(pk=verification.pk)


@pytest.mark.parametrize("slug", registry.slugs())
def test_at_the_simulator_nothing_is_found(slug: str, quick, admin: Member) -> None:
    verification = checked(default_account(slug), admin)
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
    assert (take.state, take.created_by_id, take.prompt) == (State.SUCCEEDED, admin.user_id, checks.PROMPT)
    assert take.result.is_video and take.estimate_high_usd == verification.high_usd
    assert list(Entry.objects.order_by("pk").values_list("kind", flat=True)) == ["reserve", "charge"]
    assert quick.submits_received == 1 and differences() == []
