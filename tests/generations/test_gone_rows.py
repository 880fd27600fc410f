"""Every task of the queue, about rows that are gone: deleted before it began or while it works.

It ends quietly.
"""

import inspect
from collections.abc import Callable
from functools import partial
from types import ModuleType
from typing import Any

import pytest
from django.utils import timezone

from editorapp.costs.models import PriceQuote
from editorapp.generations import tasks as generation_tasks
from editorapp.generations.models import Attempt
from editorapp.generations.request import quotes
from editorapp.media import tasks as media_tasks
from editorapp.media.models import Asset
from editorapp.providers import capability_discovery
from editorapp.providers import tasks as provider_tasks
from editorapp.providers.contract import GenerationRequest, Quote
from editorapp.providers.models import ProviderAccount
from tests.factories import default_account, make_asset, make_generation, make_member

NOBODY = 987_654
# Each task with what it is called with, of a row, a provider or a lane that is not there.
GONE: dict[str, Any] = {
    "learn": NOBODY,
    "make_proxy": NOBODY,
    "ask_price": NOBODY,
    "work": "no-longer-here",
    "search": "no-longer-here",
    "transfer": 0,
    "fetch_frames": NOBODY,
    "verify": NOBODY,
}
MODULES = (generation_tasks, media_tasks, provider_tasks)


def tasks_of(module: ModuleType) -> dict[str, Callable[..., None]]:
    """Return what the queue may call of a module: its own public functions but the ticker's sweep
    and helpers.
    """
    own = {name: one for name, one in vars(module).items() if inspect.isfunction(one)}
    aside = {"sweep", "enqueue_change", "is_copying", "copied_percent"}
    return {
        name: one
        for name, one in own.items()
        if one.__module__ == module.__name__ and not name.startswith("_") and name not in aside
    }


TASKS = {name: one for module in MODULES for name, one in tasks_of(module).items()}


def test_every_task_that_takes_an_argument_is_in_the_table():
    assert {name for name, one in TASKS.items() if inspect.signature(one).parameters} == set(GONE)


@pytest.mark.django_db
@pytest.mark.parametrize("name", sorted(GONE))
def test_a_task_about_what_is_gone_ends_quietly(name):
    take = make_generation(
        make_member(), account=ProviderAccount.objects.create(provider="no-longer-here", name="Old")
    )

    TASKS[name](GONE[name])

    assert Attempt.objects.get().generation_id == take.pk


@pytest.mark.django_db
def test_an_account_that_is_deleted_while_it_is_tested_leaves_no_failed_task(monkeypatch):
    account = default_account("luma-agents")

    async def deleted_meanwhile(*_args: Any) -> capability_discovery.Tested:
        return capability_discovery.Tested(True, "It works.", {"models": {}})

    monkeypatch.setattr(capability_discovery, "_tried", deleted_meanwhile)
    real_run = capability_discovery.asyncio.run
    monkeypatch.setattr(
        capability_discovery.asyncio,
        "run",
        lambda task: (real_run(task), ProviderAccount.objects.all().delete())[0],
    )

    provider_tasks.learn(account.pk)

    assert not ProviderAccount.objects.exists()


@pytest.mark.django_db
@pytest.mark.parametrize("change", ["another key", "another address"])
def test_what_a_test_found_is_not_said_of_a_key_or_an_address_that_was_entered_meanwhile(
    monkeypatch, change
):
    account = ProviderAccount(provider="luma-agents", name="Ours")
    account.set_key("luma-api-0123456789")
    account.save()

    def edited(task: Any) -> capability_discovery.Tested:
        task.close()
        row = ProviderAccount.objects.get()
        if change == "another key":
            row.set_key("luma-api-mistyped")
        else:
            row.base_url = "https://elsewhere.example.org/v1"
        row.save()
        return capability_discovery.Tested(True, "It works.")

    monkeypatch.setattr(capability_discovery.asyncio, "run", edited)
    provider_tasks.learn(account.pk)

    row = ProviderAccount.objects.get()
    assert (row.tested_at, row.test_ok, row.proven_at) == (None, False, None)


@pytest.mark.django_db
@pytest.mark.parametrize("gone", [PriceQuote, ProviderAccount, Asset])
def test_a_price_whose_rows_are_deleted_while_it_is_asked_for_leaves_no_failed_task(
    monkeypatch, gone
):
    member = make_member()
    clip = make_asset(member)
    account = ProviderAccount.objects.create(provider="scenario", name="Ours", is_simulated=True)
    now = timezone.now()
    row = PriceQuote.objects.create(
        account=account,
        key="k",
        request=GenerationRequest(prompt="x").to_json(),
        source=clip,
        asked_at=now,
    )

    def quoted(*_args: Any) -> Quote:
        gone.objects.all().delete()
        return Quote(low_usd=1, high_usd=1, basis="1", note="")

    monkeypatch.setattr(quotes, "_quoted", quoted)
    generation_tasks.ask_price(row.pk)

    assert not PriceQuote.objects.exists()


@pytest.mark.django_db
def test_a_clip_that_is_deleted_while_its_copy_is_made_leaves_no_failed_task(monkeypatch):
    clip = make_asset(make_member(), proxy=Asset.Proxy.PENDING)
    monkeypatch.setattr(media_tasks.store, "exists", lambda *_args: False)
    monkeypatch.setattr(media_tasks, "_make", lambda asset: Asset.objects.all().delete())

    partial(media_tasks.make_proxy, clip.pk)()

    assert not Asset.objects.exists()
