"""Keys at rest: encrypted, readable after a rotation, and lost in words where the secret is lost."""

from typing import Any

import pytest
from django.utils import timezone

from editorapp.providers import accounts, secrets
from editorapp.providers.models import KeyOrigin, ProviderAccount
from tests.factories import make_member

KEY = "luma-api-0123456789-abcd"


def entered(**fields: Any) -> ProviderAccount:
    account = ProviderAccount(
        **({"provider": "luma-agents", "name": "Second", "proven_at": timezone.now()} | fields)
    )
    account.set_key(KEY)
    account.save()
    return account


@pytest.mark.django_db
def test_a_key_is_stored_encrypted_and_used_in_clear() -> None:
    account = ProviderAccount.objects.get(pk=entered().pk)

    assert KEY not in account.key_encrypted
    assert (account.key_hint, account.origin) == ("abcd", KeyOrigin.ADMIN)
    assert account.access().secret == KEY
    assert account.problem == ""


def test_the_same_key_is_never_stored_the_same_way_twice() -> None:
    assert secrets.lock(KEY) != secrets.lock(KEY)


def test_every_listed_secret_reads_and_the_first_one_writes(settings: Any) -> None:
    settings.ENCRYPTION_KEYS = ("old",)
    stored = secrets.lock(KEY)

    settings.ENCRYPTION_KEYS = ("new", "old")
    again = secrets.relock(stored)
    settings.ENCRYPTION_KEYS = ("new",)

    assert secrets.unlock(again) == KEY
    assert secrets.relock(again) == again
    with pytest.raises(secrets.KeyNotReadable, match="enter the key again"):
        secrets.unlock(stored)


def test_keys_stored_under_the_signing_key_are_read_after_own_secrets_are_set(
    settings: Any,
) -> None:
    stored = secrets.lock(KEY)

    settings.ENCRYPTION_KEYS = ("new",)

    assert secrets.unlock(stored) == KEY


@pytest.mark.django_db
def test_a_key_that_cannot_be_read_any_more_is_said_in_words_and_never_a_traceback(
    settings: Any,
) -> None:
    account, team = entered(), make_member().team

    settings.SECRET_KEY = "another"

    assert "installation's secret has changed: enter the key again" in account.problem
    assert account.access().secret == ""
    assert accounts.usable() == []
    with pytest.raises(accounts.NoAccount, match="enter the key again"):
        accounts.of_team(team)


@pytest.mark.django_db
def test_no_key_stands_in_any_text_of_an_account() -> None:
    account = entered()

    texts = [repr(account), str(account), repr(account.access()), str(vars(account))]

    assert not any(KEY in text for text in texts)


def test_nonsense_in_the_database_is_no_key() -> None:
    with pytest.raises(secrets.KeyNotReadable):
        secrets.unlock("nonsense")


@pytest.mark.django_db
def test_at_a_start_under_a_new_secret_every_key_that_can_be_read_is_stored_under_it(
    settings: Any,
) -> None:
    settings.ENCRYPTION_KEYS = ("old",)
    account = entered()
    settings.ENCRYPTION_KEYS = ("lost",)
    lost = entered(name="Lost")

    settings.ENCRYPTION_KEYS = ("new", "old")
    accounts.renew_keys()
    settings.ENCRYPTION_KEYS = ("new",)

    account.refresh_from_db()
    lost.refresh_from_db()
    assert account.access().secret == KEY
    assert "enter the key again" in lost.problem
