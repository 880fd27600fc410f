"""A provider is one module: one that nobody has heard of is put beside the others, and everything
knows it.

tests/providers/imaginary/lantern.py is all that is added; no file of the product names it.
"""

import base64
import json
import sys
from collections.abc import Iterator
from decimal import Decimal
from html import unescape
from pathlib import Path

import pytest
from django.core.management import call_command
from django.test import Client
from django.utils import timezone

from editorapp.costs import ledger
from editorapp.generations.engine import sweep, transfer
from editorapp.generations.models import Generation
from editorapp.generations.request.check import check
from editorapp.generations.request.draft import Draft
from editorapp.generations.request.enqueue import enqueue
from editorapp.generations.request.offers import offers
from editorapp.generations.states import State
from editorapp.media import intake
from editorapp.media.models import Asset
from editorapp.providers import accounts, registry, vendors
from editorapp.providers.contract import GenerationRequest, Ref
from editorapp.providers.models import ProviderAccount
from editorapp.teams.models import Member
from editorapp.teams.roles import Role
from editorapp.web.studio import cache
from tests.factories import default_account, make_asset, make_member
from tests.generations.drive import Clock
from tests.generations.small_clip import draw
from tests.models_document import document
from tests.providers.lantern_service import Lantern, shining

pytestmark = pytest.mark.django_db
FOLDER = Path(__file__).parent / "imaginary"
SLUG, NAME = "lantern", "Lantern (simulated)"


@pytest.fixture(autouse=True)
def lantern(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Put the one module where providers are looked for."""
    monkeypatch.setattr(vendors, "__path__", [*vendors.__path__, str(FOLDER)])
    registry.get.cache_clear()
    cache._cache.clear()
    yield
    registry.get.cache_clear()
    cache._cache.clear()
    sys.modules.pop(f"{vendors.__name__}.{SLUG}", None)


@pytest.fixture
def account() -> ProviderAccount:
    return default_account(SLUG)


@pytest.fixture
def member() -> Member:
    return make_member(name="Ada")


@pytest.fixture
def browser(member: Member) -> Client:
    client = Client()
    client.force_login(member.user)
    return client


def glowing(asset: Asset, **said: object) -> GenerationRequest:
    wanted = {
        "model": "glow-1",
        "prompt": "A warm light",
        "source": Ref(asset_id=asset.pk),
        "resolution": "720p",
    }
    return GenerationRequest(**(wanted | said))  # type: ignore[arg-type]


def test_the_registry_has_it_after_those_that_come_first() -> None:
    assert registry.slugs()[-1] == SLUG
    assert registry.get(SLUG).SPEC.name == "Lantern"


def test_it_has_an_account_like_the_others() -> None:
    assert NAME in [one.name for one in accounts.usable()]
    assert [one.name for one in accounts.usable(provider=SLUG)] == [NAME]


def test_a_key_in_the_environment_makes_its_account_a_real_one(settings) -> None:
    settings.ENVIRONMENT = {
        "LANTERN_KEY": "wick",
        "LANTERN_SECRET": "flame",
        "LANTERN_BASE_URL": "https://l.example",
    }

    accounts.made()
    ProviderAccount.objects.filter(name="Lantern").update(
        proven_at=timezone.now()
    )  # its test has passed
    [real] = accounts.usable()

    assert (real.name, real.is_simulated) == ("Lantern", False)
    assert (real.access().secret, real.access().base_url) == ("wick:flame", "https://l.example")


def test_an_admin_finds_it_among_the_accounts(member: Member, account: ProviderAccount) -> None:
    admin, client = make_member(role=Role.ADMIN, team=member.team), Client()
    client.force_login(admin.user)

    page = unescape(client.get("/accounts/").content.decode())
    form = unescape(client.get("/accounts/new/lantern").content.decode())

    assert NAME in page
    assert "Lantern" in form


def test_the_studio_offers_its_account_and_its_price(
    browser: Client, member: Member, account: ProviderAccount
) -> None:
    asset = make_asset(member)
    form = {
        "task": "edit",
        "account": account.pk,
        "model": "glow-1",
        "source_kind": "asset",
        "source_asset": asset.pk,
        "prompt": "A warm light",
        "conditioning": "manual",
        "strength": "flex_2",
        "resolution": "720p",
    }

    page = unescape(browser.get(f"/studio/?account={account.pk}").content.decode())
    answer = browser.post("/studio/check", form, headers={"HX-Request": "true"})
    said = unescape(answer.content.decode())

    assert 'aria-pressed="true">Lantern</button>' in page
    assert f'name="account" value="{account.pk}"' in page
    assert '<option value="glow-1" selected>Glow 1</option>' in page
    assert "$0.50" in said  # 5 s are two started blocks of 4 s at 720p
    assert '"tint": "flex_2"' in said and '"size": 720' in said


def test_it_stands_beside_the_others_with_what_it_cannot(
    member: Member, account: ProviderAccount
) -> None:
    asset = make_asset(member, duration_seconds=Decimal("13"), frame_count=312)
    luma, wanted = default_account("luma-agents"), glowing(asset, user_id="a")
    plain = GenerationRequest(
        prompt="A warm light", source=Ref(asset_id=asset.pk), resolution="720p", user_id="a"
    )

    theirs, ours = offers(
        [Draft(plain, luma, asset), Draft(wanted, account, asset)], chosen=luma.pk
    )

    assert theirs.can_send and not ours.can_send
    assert any("shines through 12 s, not 13.00 s" in row.message for row in ours.refusals)
    assert ours.lost == ("End user",)
    assert str(ours.estimate) == "$1.00"  # four started blocks


def test_its_rules_and_mends_are_judged_like_any(member: Member, account: ProviderAccount) -> None:
    asset = make_asset(member, duration_seconds=Decimal("13"), frame_count=312)

    verdict = check(Draft(glowing(asset, resolution="1080p"), account, asset))

    assert {row.rule_id for row in verdict.refusals} == {"L3", "L4"}
    assert "Trim to the first 12 s" in [fix.label for row in verdict.refusals for fix in row.fixes]
    assert (
        verdict.curl.startswith("curl -X POST")
        and '-u "$LANTERN_KEY:$LANTERN_SECRET"' in verdict.curl
    )


def test_the_page_and_the_document_of_the_models_show_it(browser: Client) -> None:
    page, text = unescape(browser.get("/models/").content.decode()), document()

    for said in (
        "Glow 1",
        "POST https://lantern.example.org/magic/glow.v1/shine",
        "The glass is 540p or 720p.",
        "each started 4 s of the source",
        "glass.tint",
    ):
        assert said in page
        assert said in text


def test_the_command_prints_its_body(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        call_command(
            "edit",
            "file:slide-9",
            "--provider",
            SLUG,
            "--prompt",
            "A warm light",
            "--resolution",
            "540p",
            "--strength",
            "adhere_1",
            "--dry-run",
            "--json",
        )

    said = json.loads(capsys.readouterr().out)

    assert ended.value.code == 0
    assert said["url"].endswith("/lantern/magic/glow.v1/shine")
    assert said["body"] == {
        "wish": "A warm light",
        "slide": "slide-9",
        "glass": {"size": 540, "tint": "adhere_1"},
    }


@pytest.mark.django_db(transaction=True)
def test_a_generation_runs_through_the_engine(
    member: Member, account: ProviderAccount, settings, tmp_path: Path
) -> None:
    with shining() as service:
        settings.SIMULATOR_URL = service.url
        asset = intake.take_in(
            draw(tmp_path / "clip.mp4"),
            name="clip.mp4",
            team=member.team,
            user=member.user,
            origin=Asset.Origin.UPLOAD,
        )
        sent = asset.size_bytes
        take = enqueue(Draft(glowing(asset), account, asset), member=member)

        _run(take)

    take.refresh_from_db()
    assert (take.state, take.failure_message) == (State.SUCCEEDED, "")
    assert take.chain_id == "show-of-show-1"
    assert take.result is not None and take.result.frame_count == 24
    assert take.cost_usd == Decimal("0.25") == ledger.spent_usd(take.pk)
    _holds(service, sent)


def _holds(service: Lantern, size: int) -> None:
    assert service.wishes == [{"wish": "A warm light", "slide": "slide-1", "glass": {"size": 720}}]
    assert len(service.slide) == size
    assert service.keys == {f"Basic {base64.b64encode(b'lantern:simulated').decode()}"}


def _run(take: Generation) -> None:
    """Let the engine do what is due, and jump to what is due next."""
    clock = Clock()
    for _ in range(30):
        sweep.work(SLUG, seconds=0.15, clock=clock)
        transfer.transfer(0, clock=clock)
        take.refresh_from_db()
        if take.is_final:
            return
        clock.jump(seconds=5)
