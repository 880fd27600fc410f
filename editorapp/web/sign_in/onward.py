"""Onward: the page that follows a sign-in, one of ours."""

from django.http import HttpRequest

from editorapp.core.way_back import is_our_path
from editorapp.teams.models import Member, User
from editorapp.web.shell.context import home


def page_after(request: HttpRequest, user: User, wanted: str) -> str:
    """Return the page that was asked for, if it is one of ours, or else the person's first one."""
    return wanted if is_our_path(request, wanted) else home_of(user)


def home_of(user: User) -> str:
    return home(Member.objects.of_user(user.pk)).url


def welcome(member: Member) -> str:
    """Say to somebody who has just joined where they are."""
    return f"Welcome to {member.team}. You are in as {member.get_role_display().lower()}."
