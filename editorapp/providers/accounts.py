"""Which accounts there are to work with, and which of them a team uses."""

from collections.abc import Iterable
from contextlib import suppress

from editorapp.providers import registry, secrets
from editorapp.providers.models import ProviderAccount, TeamAccount, default_account, key_in_environment
from editorapp.teams.models import Team


class NoAccount(LookupError):
    """There is no account that could be used. The message says why, and what an admin can do."""


def usable(*, provider: str | None = None) -> list[ProviderAccount]:
    """Return the accounts that something can be sent with: registry order, then by name.

    Simulated ones are among them only while there is no real one, of whichever provider: their results and their
    money must never lie beside real ones by accident.
    """
    return [account for account in in_use(made()) if provider in (None, account.provider) and not account.problem]


def of_team(team: Team, *, pk: int | None = None, provider: str | None = None) -> ProviderAccount:
    """Return the account to use: the one asked for where it can be used, else the team's default, else the first.

    With a provider, only accounts of it.

    Raises: NoAccount, when nothing can be sent with any.
    """
    found = usable(provider=provider)
    if not found:
        raise NoAccount(_why_none(provider))
    by_pk = {account.pk: account for account in found}
    if pk in by_pk:
        return by_pk[pk]
    chosen = TeamAccount.objects.filter(team=team).values_list("account_id", flat=True).first()
    return by_pk.get(chosen or 0, found[0])


def all_simulated() -> bool:
    """Is there no key of any real provider? Then everything is tried against the simulator."""
    if any(key_in_environment(registry.get(slug).SPEC) for slug in registry.slugs()):
        return False
    return not ProviderAccount.objects.exclude(key_encrypted="").exists()


def ordered(accounts: Iterable[ProviderAccount]) -> list[ProviderAccount]:
    """Return accounts as people see them: by provider in the registry's order, then by name."""
    order = {slug: place for place, slug in enumerate(registry.slugs())}
    known = [account for account in accounts if account.provider in order]
    return sorted(known, key=lambda account: (order[account.provider], account.name.lower(), account.pk))


def made() -> list[ProviderAccount]:
    """Return every account, in order; those of the environment's keys and the simulated ones are made on first use."""
    found = list(ProviderAccount.objects.all())
    missing = _missing(found)
    return ordered([*found, *(default_account(slug) for slug in missing)])


def renew_keys() -> None:
    """Store every key under the secret that is first now, so that older secrets can go. Unreadable ones stay."""
    for account in ProviderAccount.objects.exclude(key_encrypted=""):
        with suppress(secrets.NotReadable):
            renewed = secrets.relock(account.key_encrypted)
            same = ProviderAccount.objects.filter(pk=account.pk, key_encrypted=account.key_encrypted)
            if renewed != account.key_encrypted:  # and nobody has entered another meanwhile
                same.update(key_encrypted=renewed)


def in_use(found: list[ProviderAccount]) -> list[ProviderAccount]:
    """Return the accounts of the present world, real or simulated, usable or not."""
    is_real = any(account.key_encrypted or _has_environment_key(account) for account in found)
    return [account for account in found if account.is_simulated is not is_real]


def _missing(found: list[ProviderAccount]) -> list[str]:
    """Return the providers whose account by the environment, or whose simulated one, is not there yet."""
    keyed = {slug for slug in registry.slugs() if key_in_environment(registry.get(slug).SPEC)}
    has_own = any(account.key_encrypted for account in found)
    wanted = keyed or (set() if has_own else set(registry.slugs()))
    there = {
        account.provider for account in found if not account.key_encrypted and account.is_simulated is not bool(keyed)
    }
    return [slug for slug in registry.slugs() if slug in wanted - there]


def _has_environment_key(account: ProviderAccount) -> bool:
    return not account.is_simulated and bool(key_in_environment(account.spec))


def _why_none(provider: str | None) -> str:
    name = f" with {registry.get(provider).SPEC.name}" if provider else ""
    problems = [one.problem for one in in_use(made()) if provider in (None, one.provider)]
    if problems:
        return f"There is no account{name} that can be used. {problems[0]}"
    return f"There is no account{name}. An admin can add one under Accounts."
