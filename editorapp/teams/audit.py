"""Audit log: every act that costs, destroys, shares, or changes money, people and accounts.

`ACTS` is the one table of what is recorded. `record` is called in the transaction of the act itself:
what was not done is not in the log, and what is not in the log was not done.
"""

from dataclasses import dataclass
from typing import Any

from django.db import models, transaction
from django.utils import timezone

from editorapp.teams import audit_origin
from editorapp.teams.models import AuditEntry, Member, Team, User


class ActKind(models.TextChoices):
    PAID = "paid", "Paid"
    DESTRUCTIVE = "destructive", "Destructive"
    SHARING = "sharing", "Sharing"
    MONEY = "money", "Money"
    ROLE = "role", "People and sign-in"
    ACCOUNT = "account", "Accounts and queue"


@dataclass(frozen=True)
class AuditedAct:
    """One kind of act: its name in the log, its words after the name of who did it, and its kind."""

    name: str
    words: str
    kind: ActKind


PAID, DESTRUCTIVE, SHARING = ActKind.PAID, ActKind.DESTRUCTIVE, ActKind.SHARING
MONEY, ROLE, ACCOUNT = ActKind.MONEY, ActKind.ROLE, ActKind.ACCOUNT

_ACTS = (
    AuditedAct("take.queued", "queued", PAID),
    AuditedAct("take.retried", "sent again", PAID),
    AuditedAct("take.finished", "finished in better quality", PAID),
    AuditedAct("branch.run", "ran a branch again, down to", PAID),
    AuditedAct("take.sent_again", "sent again, its outcome unknown", PAID),
    AuditedAct("account.verification_paid", "agreed to the paid take that verifies", PAID),
    AuditedAct("take.canceled", "canceled", DESTRUCTIVE),
    AuditedAct("branch.stopped", "stopped the branch down to", DESTRUCTIVE),
    AuditedAct("take.accepted", "took as it came", DESTRUCTIVE),
    AuditedAct("take.unfollowed", "stopped following", DESTRUCTIVE),
    AuditedAct("take.trashed", "put into the trash", DESTRUCTIVE),
    AuditedAct("take.restored", "took out of the trash", DESTRUCTIVE),
    AuditedAct("take.deleted", "deleted for good", DESTRUCTIVE),
    AuditedAct("tag.merged", "merged the tag", DESTRUCTIVE),
    AuditedAct("tag.deleted", "deleted the tag", DESTRUCTIVE),
    AuditedAct("recipe.deleted", "deleted the recipe", DESTRUCTIVE),
    AuditedAct("playlist.deleted", "deleted the playlist", DESTRUCTIVE),
    AuditedAct("project.made", "made the project", SHARING),
    AuditedAct("project.changed", "changed the project", SHARING),
    AuditedAct("project.archived", "archived the project", SHARING),
    AuditedAct("project.unarchived", "took out of the archive", SHARING),
    AuditedAct("project.member_added", "let into a project", SHARING),
    AuditedAct("project.member_removed", "took out of a project", SHARING),
    AuditedAct("webhook.made", "made the webhook", SHARING),
    AuditedAct("webhook.changed", "changed the webhook", SHARING),
    AuditedAct("webhook.switched_on", "switched on the webhook", SHARING),
    AuditedAct("webhook.switched_off", "switched off the webhook", SHARING),
    AuditedAct("webhook.secret_rotated", "changed the secret of the webhook", SHARING),
    AuditedAct("webhook.deleted", "deleted the webhook", SHARING),
    AuditedAct("webhook.tested", "sent a test to the webhook", SHARING),
    AuditedAct("webhook.sent_again", "sent something again to the webhook", SHARING),
    AuditedAct("take.moved", "moved to another project", SHARING),
    AuditedAct("share.made", "made a link to", SHARING),
    AuditedAct("share.copied", "took the address of the link to", SHARING),
    AuditedAct("share.changed", "changed the terms of the link to", SHARING),
    AuditedAct("share.revoked", "revoked the link to", SHARING),
    AuditedAct("take.handed_on", "handed on", SHARING),
    AuditedAct("take.settled", "settled", MONEY),
    AuditedAct("take.cost_corrected", "corrected the cost of", MONEY),
    AuditedAct("team.limit_changed", "changed the limit of", MONEY),
    AuditedAct("team.made", "made the team", ROLE),
    AuditedAct("team.renamed", "renamed", ROLE),
    AuditedAct("team.rule_changed", "changed the rule of approval of", ROLE),
    AuditedAct("invite.made", "invited", ROLE),
    AuditedAct("invite.revoked", "revoked the invitation of", ROLE),
    AuditedAct("invite.accepted", "joined by the invitation for", ROLE),
    AuditedAct("member.role_changed", "changed the role of", ROLE),
    AuditedAct("member.disabled", "disabled", ROLE),
    AuditedAct("member.brought_back", "brought back", ROLE),
    AuditedAct("member.takes_decided", "decided about the takes of", ROLE),
    AuditedAct("member.link_made", "made a sign-in link for", ROLE),
    AuditedAct("member.factor_removed", "took away the second factor and the passkeys of", ROLE),
    AuditedAct("person.factor_set", "set up a second factor", ROLE),
    AuditedAct("person.factor_removed", "took away their second factor", ROLE),
    AuditedAct("person.passkey_added", "added a passkey", ROLE),
    AuditedAct("person.passkey_removed", "took away a passkey", ROLE),
    AuditedAct("person.identity_linked", "linked an account of the sign-on service", ROLE),
    AuditedAct("person.identity_unlinked", "unlinked an account of the sign-on service", ROLE),
    AuditedAct("person.signed_in", "signed in", ROLE),
    AuditedAct("person.switched_team", "came to work in", ROLE),
    AuditedAct("person.signed_out", "signed out", ROLE),
    AuditedAct("person.signed_out_everywhere", "signed out everywhere else", ROLE),
    AuditedAct("person.password_changed", "changed their password", ROLE),
    AuditedAct("account.added", "added the account", ACCOUNT),
    AuditedAct("account.changed", "changed the account", ACCOUNT),
    AuditedAct("account.tested", "tested the account", ACCOUNT),
    AuditedAct("account.switched_on", "switched on", ACCOUNT),
    AuditedAct("account.switched_off", "switched off", ACCOUNT),
    AuditedAct("account.made_default", "made the default", ACCOUNT),
    AuditedAct("account.given", "decided which teams may use", ACCOUNT),
    AuditedAct("account.deleted", "deleted the account", ACCOUNT),
    AuditedAct("account.verification_begun", "began to verify", ACCOUNT),
    AuditedAct("account.paused", "paused", ACCOUNT),
    AuditedAct("account.resumed", "resumed", ACCOUNT),
    AuditedAct("queue.paused", "paused the queue", ACCOUNT),
    AuditedAct("queue.resumed", "resumed the queue", ACCOUNT),
)
ACTS: dict[str, AuditedAct] = {act.name: act for act in _ACTS}


class NotAnAct(Exception):
    """Something was to be recorded that is no act of the table, or that belongs to no team."""


def record(
    act: str,
    subject: str = "",
    *,
    by: Member | User | None = None,
    team: Team | int | None = None,
    about: object = "",
    why: str = "",
    **facts: Any,
) -> AuditEntry:
    """Add one line to the log of a team, in the transaction of the act; see `entry`."""
    line = entry(act, subject, by=by, team=team, about=about, why=why, **facts)
    line.save()
    return line


def entry(
    act: str,
    subject: str = "",
    *,
    by: Member | User | None = None,
    team: Team | int | None = None,
    about: object = "",
    why: str = "",
    **facts: Any,
) -> AuditEntry:
    """Return a line that is not added yet.

    `by`: who did it; None: who is signed in, or else the process itself. `team`: None: that of the
    person. `facts`: what it changed, as JSON; [before, after] where both are known. Never a secret.
    Raises: NotAnAct.
    """
    if act not in ACTS:
        raise NotAnAct(f"{act} is not in the table of acts")
    origin = audit_origin.current()
    who = by or origin.member()
    user = who.user if isinstance(who, Member) else who
    return AuditEntry(
        team_id=_team_id(team, who),
        actor_id=user.pk if user else None,
        actor_name=str(user)[:200] if user else origin.address,
        address=origin.address[:60],
        act=act,
        subject=subject,
        about=str(about)[:200],
        why=why[:500],
        facts=facts,
        at=timezone.now(),
    )


def record_of_person(act: str, user: User, **facts: Any) -> None:
    """Add a line about a person's own account to the log of each team that they are in."""
    with transaction.atomic():
        for member in Member.objects.active().filter(user=user).select_related("user"):
            record(act, f"person:{user.pk}", by=member, about=user, **facts)


def changed(before: Any, after: Any) -> dict[str, list[Any]]:
    """Return what differs between two mappings of the same names: {name: [before, after]}."""
    return {name: [before[name], after[name]] for name in after if before[name] != after[name]}


def _team_id(team: Team | int | None, who: Member | User | None) -> int:
    if isinstance(team, Team):
        return team.pk
    if team is not None:
        return team
    if isinstance(who, Member):
        return who.team_id
    raise NotAnAct("it is not said in which team this was done")
