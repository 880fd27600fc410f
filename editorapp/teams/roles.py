"""Roles: who may do what. One table, read by pages, views and queries."""

from django.db import models


class Role(models.TextChoices):
    OWNER = "owner", "Owner"
    ADMIN = "admin", "Admin"
    BILLING = "billing", "Billing"
    CREATOR = "creator", "Creator"
    REVIEWER = "reviewer", "Reviewer"
    GUEST = "guest", "Guest"


class Act(models.TextChoices):
    """What a role may allow. The label finishes the sentence "This person may ..."."""

    SEE = "see", "see the takes of the projects that they are in"
    SEE_TEAM = "see_team", "see what belongs to no project, and every project that is not private"
    SEE_PRIVATE = "see_private", "see private projects that they are not in"
    COMMENT = "comment", "comment on takes"
    ORGANISE = "organise", "tag, rate and move takes, keep projects, playlists and shared views"
    SHARE = "share", "share takes by link with people who have no account"
    EXPORT = "export", "take out takes with their papers, and timelines"
    CREATE = "create", "upload, and spend the team's money on generations"
    CANCEL = "cancel", "cancel their own takes"
    TRASH = "trash", "put their own takes into the trash"
    TRASH_FOR_ALL = "trash_for_all", "put anybody's takes into the trash"
    ANSWER = "answer", "pause and settle their own takes"
    ANSWER_FOR_ALL = "answer_for_all", "pause, cancel and settle anybody's takes"
    DECIDE = "decide", "approve a take, or ask for changes"
    SEE_ALL_COSTS = "see_all_costs", "see everybody's spending"
    SET_BUDGET = "set_budget", "set what may be spent, and correct the books"
    STOP_FOLLOWING = "stop_following", "stop following a take that its provider never ends"
    SEE_AUDIT = "see_audit", "read who did what"
    MANAGE = "manage", "invite people, change roles, keep the accounts with providers"
    OWN = "own", "make teams and owners, and let an account serve every team"


_LOOKS = {Act.SEE, Act.SEE_TEAM, Act.COMMENT}
_WORKS = _LOOKS | {Act.ORGANISE, Act.SHARE, Act.EXPORT}

GRANTS: dict[Role, frozenset[Act]] = {
    Role.OWNER: frozenset(Act),
    Role.ADMIN: frozenset(Act) - {Act.OWN},
    Role.BILLING: frozenset(
        _LOOKS | {Act.SEE_PRIVATE, Act.EXPORT, Act.SEE_ALL_COSTS, Act.SET_BUDGET, Act.SEE_AUDIT},
    ),
    Role.CREATOR: frozenset(_WORKS | {Act.CREATE, Act.CANCEL, Act.TRASH, Act.ANSWER}),
    Role.REVIEWER: frozenset(_WORKS | {Act.DECIDE}),
    Role.GUEST: frozenset({Act.SEE, Act.COMMENT}),
}


def may(role: str, act: Act) -> bool:
    """Does this role allow the act?"""
    return act in GRANTS[Role(role)]


def acts_of(role: str) -> list[str]:
    """Return what a role allows, in words, in the order of the table."""
    return [act.label for act in Act if act in GRANTS[Role(role)]]


def allows_less(role: str, than: str) -> bool:
    """Does a role lack anything that another allows?"""
    return bool(GRANTS[Role(than)] - GRANTS[Role(role)])


def who_may(act: Act) -> list[Role]:
    """Return the roles that allow the act, for a query."""
    return [role for role in Role if may(role, act)]
