"""Account notices: how the accounts stand, said above the studio's form: what is missing while nothing can be
sent, or a key that was entered is not used yet, and to each role what to do about it.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from django.db.models import QuerySet

from editorapp.providers.models import ProviderAccount
from editorapp.teams.models import Member
from editorapp.teams.roles import Act
from editorapp.web.studio.resolved_form import ResolvedForm


@dataclass(frozen=True)
class AccountNotice:
    """`is_closed`: nothing can be sent.

    `problem` is what is missing; `advice` what this person can do about it.
    """

    is_closed: bool
    problem: str
    advice: str


def notice_of(resolved: ResolvedForm) -> AccountNotice | None:
    """Return what is to be said of the accounts; None where all is as it should be."""
    member = resolved.member
    if resolved.is_closed:
        others = " The other accounts cannot be used either." if len(resolved.accounts) > 1 else ""
        return AccountNotice(True, f"{resolved.account.problem}{others}", _how(member))
    if not resolved.account.is_simulated or not member.may_create:
        return None
    unproven = resolved.unproven
    if not unproven:
        return None
    is_failed = any(one.doubt for one in unproven)
    return AccountNotice(False, _untested(unproven), _what_to_do(member, is_failed=is_failed))


def _untested(unproven: Sequence[ProviderAccount]) -> str:
    names = " and ".join(one.name for one in unproven)
    has, its = ("has", "its test") if len(unproven) == 1 else ("have", "their tests")
    return f"Takes go to the simulator and cost nothing: {names} {has} not passed {its} yet."


def _what_to_do(member: Member, *, is_failed: bool) -> str:
    if not is_failed:
        return "It is being tested; look again in a moment."
    if member.may_manage:
        return "See under Accounts what is wrong."
    return _ask(member, "look under Accounts")


def _how(member: Member) -> str:
    if member.may_manage:
        return "Switch an account on, or enter its key, under Accounts."
    ask = _ask(member, "switch an account on, or enter its key")
    if member.may_create:
        return f"{ask} You can prepare everything meanwhile: what you type stays in this browser."
    return f"{ask} Takes can be watched and reviewed as before."


def _ask(member: Member, what: str) -> str:
    """Name who can ask it."""
    names = ", ".join(str(one.user) for one in _admins(member)[:3])
    return f"Ask an admin ({names}) to {what}."


def _admins(member: Member) -> QuerySet[Member]:
    admins = Member.objects.who_may(Act.MANAGE).filter(team_id=member.team_id)
    return admins.order_by("user__display_name", "user__username").select_related("user")
