"""Roles: who may do what. One table, read by pages, views and queries."""

from django.db import models


class Role(models.TextChoices):
    ADMIN = "admin", "Admin"
    CREATOR = "creator", "Creator"
    REVIEWER = "reviewer", "Reviewer"


class Act(models.TextChoices):
    """What a role may allow. The label finishes the sentence "This person may ..."."""

    SEE = "see", "see every take of the team"
    CREATE = "create", "upload, and spend the team's money on generations"
    CANCEL = "cancel", "cancel their own takes"
    ANSWER = "answer", "pause and settle their own takes"
    ANSWER_FOR_ALL = "answer_for_all", "pause, cancel and settle anybody's takes"
    DECIDE = "decide", "approve a take, or ask for changes"
    SEE_ALL_COSTS = "see_all_costs", "see everybody's spending"
    STOP_FOLLOWING = "stop_following", "stop following a take that its provider never ends"
    MANAGE = (
        "manage",
        "invite people, change roles, set the budget, keep the accounts with providers",
    )


GRANTS: dict[Role, frozenset[Act]] = {
    Role.ADMIN: frozenset(Act),
    Role.CREATOR: frozenset({Act.SEE, Act.CREATE, Act.CANCEL, Act.ANSWER}),
    Role.REVIEWER: frozenset({Act.SEE, Act.DECIDE}),
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
