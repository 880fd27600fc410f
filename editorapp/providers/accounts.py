"""Which accounts there are to work with, and which of them a team uses."""

from collections.abc import Iterable, Sequence
from contextlib import suppress
from typing import NamedTuple

from django.db.models import QuerySet

from editorapp.core.compiled_query import CompiledQuery
from editorapp.providers import registry, secrets
from editorapp.providers.models import (
    ProviderAccount,
    TeamAccount,
    key_in_environment,
    keyless_account,
)
from editorapp.teams.models import Team


class NoAccount(LookupError):
    """There is no account that could be used. The message says why, and what an admin can do."""


def usable(team: Team | None = None, *, provider: str | None = None) -> list[ProviderAccount]:
    """Return the accounts that a team can send something with: registry order, then by name. No
    team: of the whole installation.

    Simulated ones are among them only while no real one has ever passed its test, of whichever
    provider: their results and their money must never lie beside real ones by accident, and one
    mistyped key must not take the simulator away.
    """
    return [one for one in _sendable(in_use(made(team))) if provider in (None, one.provider)]


def _sendable(found: Iterable[ProviderAccount]) -> list[ProviderAccount]:
    return [account for account in found if not account.problem]


def of_team(team: Team, *, provider: str | None = None) -> ProviderAccount:
    """Return the account to use: the team's default.

    The first default is written down, once every account was tested, and from then on only an admin
    moves it: another account that comes later, or sorts before it, changes nothing. With a
    provider, only accounts of it.

    Raises: NoAccount, when nothing can be sent with any, or each was refused in its last test and
    none is the default.
    """
    found, written = usable(team, provider=provider), _written(team)
    chosen = _default_among(found, written)
    if chosen is None:
        raise NoAccount(_why_none(team, provider))
    if provider is None:
        _fix_first(team, chosen, found, written)
    return chosen


def default_of(team: Team, found: Sequence[ProviderAccount]) -> ProviderAccount | None:
    """Return which of these usable accounts the team uses unless somebody chooses another.

    Writes nothing.

    It is the one that was fixed. Where that cannot be used or was refused in its last test, another
    stands in for it: the first that passed its test, or the first that was not tested yet. One that
    was refused is never chosen so.
    """
    return _default_among(found, _written(team))


def _written(team: Team) -> TeamAccount | None:
    """Return the team's default as it was written down."""
    return next(iter(_defaults(team.pk)), None)


@CompiledQuery
def _defaults(team: int) -> "QuerySet[TeamAccount]":
    return TeamAccount.objects.filter(team=team).select_related("account").order_by("pk")[:1]


def _default_among(
    found: Sequence[ProviderAccount],
    written: TeamAccount | None,
) -> ProviderAccount | None:
    fixed = written and written.account_id
    kept = next((account for account in found if account.pk == fixed), None)
    if kept is not None and not kept.is_refused:
        return kept
    sound = sorted((one for one in found if not one.is_refused), key=_is_untested)
    return sound[0] if sound else kept


class AccountsToShow(NamedTuple):
    """The accounts that the studio opens with, which of them it begins with, and the real ones that
    were never found to work.
    """

    found: list[ProviderAccount]
    first: ProviderAccount
    unproven: list[ProviderAccount]


def to_show(team: Team) -> AccountsToShow:
    """Return what the studio opens with: two queries.

    Where none can be used, those are shown that could be, each with its problem: a page that opens
    says what is missing, and nothing can be sent from it.
    """
    every, written = made(team), _written(team)
    there = in_use(every)
    found = _sendable(there)
    new = unproven(one for one in every if not one.is_simulated)
    chosen = _default_among(found, written)
    if chosen is None:
        found = found or there
        return AccountsToShow(found, found[0], new)
    _fix_first(team, chosen, found, written)
    return AccountsToShow(found, chosen, new)


def all_simulated(team: Team | None = None) -> bool:
    """Does the simulator answer, because no real account of a team, or of the installation, was ever
    found to work?
    """
    return not _is_real(_serving(_proven(), team))


@CompiledQuery
def _proven() -> "QuerySet[ProviderAccount]":
    proven = ProviderAccount.objects.exclude(proven_at=None)
    return proven.only("provider", "is_simulated", "key_encrypted", "proven_at", "team_id")


def unproven(found: Iterable[ProviderAccount]) -> list[ProviderAccount]:
    """Return the real accounts that have a key, are switched on, and were never found to work."""
    return [one for one in found if _has_key(one) and one.is_enabled and one.proven_at is None]


def ordered(accounts: Iterable[ProviderAccount]) -> list[ProviderAccount]:
    """Return accounts as people see them: by provider in the registry's order, then by name."""
    slugs = registry.slugs()
    known = (account for account in accounts if account.provider in slugs)
    return sorted(known, key=lambda one: (slugs.index(one.provider), one.name.lower(), one.pk))


def made(team: Team | None = None) -> list[ProviderAccount]:
    """Return every account that a team may use, in order; those of the environment's keys and the
    simulated ones are made on first use. No team: of the whole installation.
    """
    found = _serving(_every(), team)
    new = (keyless_account(slug, is_simulated=kind) for slug, kind in _missing(found))
    return ordered([*found, *new])


def _serving(found: Iterable[ProviderAccount], team: Team | None) -> list[ProviderAccount]:
    return [one for one in found if team is None or one.serves(team.pk)]


@CompiledQuery
def _every() -> "QuerySet[ProviderAccount]":
    return ProviderAccount.objects.all()


def renew_keys() -> None:
    """Store every key under the secret that is first now, so that older secrets can go.

    Unreadable ones stay.
    """
    for account in ProviderAccount.objects.exclude(key_encrypted=""):
        with suppress(secrets.KeyNotReadable):
            _renew_key(account)


def _renew_key(account: ProviderAccount) -> None:
    kept = account.key_encrypted
    renewed = secrets.relock(kept)
    if renewed != kept:  # and nobody has entered another meanwhile
        ProviderAccount.objects.filter(pk=account.pk, key_encrypted=kept).update(
            key_encrypted=renewed
        )


def in_use(found: list[ProviderAccount]) -> list[ProviderAccount]:
    """Return the accounts of the present world, real or simulated, usable or not."""
    is_real = _is_real(found)
    return [account for account in found if account.is_simulated is not is_real]


def _is_real(found: Iterable[ProviderAccount]) -> bool:
    """Was any real account that still has a key ever found to work? Switched off or refused since,
    it still counts.
    """
    return any(account.proven_at is not None and _has_key(account) for account in found)


def _missing(found: list[ProviderAccount]) -> list[tuple[str, bool]]:
    """Return the providers whose account by the environment, or whose simulated one, is not there
    yet.
    """
    slugs = registry.slugs()
    keyed = [(slug, False) for slug in slugs if _is_in_environment(slug)]
    simulated = [] if _is_real(found) else [(slug, True) for slug in slugs]
    keyless = (account for account in found if not account.key_encrypted)
    there = {(account.provider, account.is_simulated) for account in keyless}
    return [one for one in (*keyed, *simulated) if one not in there]


def _is_untested(account: ProviderAccount) -> bool:
    return account.tested_at is None and account.proven_at is None and not account.is_simulated


def _has_key(account: ProviderAccount) -> bool:
    if account.is_simulated or account.provider not in registry.slugs():
        return False
    return bool(account.key_encrypted) or _is_in_environment(account.provider)


def _is_in_environment(provider: str) -> bool:
    return bool(key_in_environment(registry.get(provider).SPEC))


def _fix_first(
    team: Team,
    chosen: ProviderAccount,
    found: Iterable[ProviderAccount],
    written: TeamAccount | None,
) -> None:
    """Write down a team's first default, once all that can be used were tested: while one is not,
    chance would decide whose test is over first.
    """
    if not any(map(_is_untested, found)):
        _fix(team, chosen, written)


def _fix(team: Team, account: ProviderAccount, kept: TeamAccount | None) -> None:
    """Write down a team's first default.

    A simulated one gives its place to the first real one, once.
    """
    if kept is None:
        TeamAccount.objects.get_or_create(team=team, defaults={"account": account})
    elif kept.account.is_simulated and not account.is_simulated:
        rows = TeamAccount.objects.filter(team=team, account_id=kept.account_id)
        rows.update(account=account)


def _why_none(team: Team, provider: str | None) -> str:
    name = f" with {registry.get(provider).SPEC.name}" if provider else ""
    there = [one for one in in_use(made(team)) if provider in (None, one.provider)]
    if not there:
        return f"There is no account{name}. An admin can add one under Accounts."
    first = there[0]
    return f"There is no account{name} that can be used. {first.problem or first.doubt}"
