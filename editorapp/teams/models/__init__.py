"""The tables of teams; import them from here."""

from editorapp.teams.models.audit import AuditEntry
from editorapp.teams.models.links import Invite, OneTimeLink, SignInLink, SignInTries, hash_token
from editorapp.teams.models.members import LimitChange, Member, MemberQuerySet, Team, User
from editorapp.teams.models.outside_identities import OutsideIdentity
from editorapp.teams.models.passkeys import Passkey
from editorapp.teams.models.projects import Project, ProjectMember, projects_of, seen_by
from editorapp.teams.models.second_factor import RecoveryCode, SecondFactor

__all__ = [
    "AuditEntry",
    "Invite",
    "LimitChange",
    "Member",
    "MemberQuerySet",
    "OneTimeLink",
    "OutsideIdentity",
    "Passkey",
    "Project",
    "ProjectMember",
    "RecoveryCode",
    "SecondFactor",
    "SignInLink",
    "SignInTries",
    "Team",
    "User",
    "hash_token",
    "projects_of",
    "seen_by",
]
