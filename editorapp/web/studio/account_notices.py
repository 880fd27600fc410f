"""Standing of the accounts, said above the studio's form: what is missing while nothing can be
sent, or a key that was entered is not used yet, and to each role what to do about it.
"""

from dataclasses import dataclass

from editorapp.providers import accounts
from editorapp.teams.models import Member
from editorapp.teams.roles import Act
from editorapp.web.studio.desk import Desk


@dataclass(frozen=True)
class AccountNotice:
    """`is_closed`: nothing can be sent.

    `problem` is what is missing; `advice` what this person can do about it.
    """

    is_closed: bool
    problem: str
    advice: str
    may_manage: bool


def notice_of(desk: Desk, member: Member) -> AccountNotice | None:
    """Return what is to be said of the accounts; None where all is as it should be."""
    may_manage = member.may(Act.MANAGE)
    if desk.is_closed:
        return AccountNotice(True, _missing(desk), _how(member), may_manage)
    untried = (
        accounts.unproven(accounts.made())
        if desk.account.is_simulated and member.may(Act.CREATE)
        else []
    )
    if not untried:
        return None
    names = " and ".join(one.name for one in untried)
    has, its = ("has", "its test") if len(untried) == 1 else ("have", "their tests")
    problem = f"Takes go to the simulator and cost nothing: {names} {has} not passed {its} yet."
    is_failed = any(one.doubt for one in untried)
    why = (
        "See under Accounts what is wrong."
        if is_failed
        else "It is being tested; look again in a moment."
    )
    return AccountNotice(
        False,
        problem,
        why if may_manage or not is_failed else _ask(member, "look under Accounts"),
        may_manage,
    )


def _missing(desk: Desk) -> str:
    others = " The other accounts cannot be used either." if len(desk.accounts) > 1 else ""
    return f"{desk.account.problem}{others}"


def _how(member: Member) -> str:
    if member.may(Act.MANAGE):
        return "Switch an account on, or enter its key, under Accounts."
    mend = _ask(member, "switch an account on, or enter its key")
    if member.may(Act.CREATE):
        return f"{mend} You can prepare everything meanwhile: what you type stays in this browser."
    return f"{mend} Takes can be watched and reviewed as before."


def _ask(member: Member, what: str) -> str:
    """Name who can mend it."""
    admins = (
        Member.objects.who_may(Act.MANAGE).filter(team_id=member.team_id).select_related("user")
    )
    names = [str(one.user) for one in admins.order_by("user__display_name", "user__username")[:3]]
    return f"Ask an admin ({', '.join(names)}) to {what}."
