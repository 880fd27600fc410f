"""Who sees what, and who comes in."""

from tests.sabotage.change import Change

VIEWS = "editorapp/web/media/views.py"
TEAM, OUT = "tests/web/test_another_team.py", "tests/teams/test_ways_out.py"
OUTSIDE = "tests/web/test_outside_a_project.py"
NO_FILE = f"{TEAM}::test_no_file_is_there_for_another_team_by_any_method_range_or_validator"
OWN_UPLOAD = f"{TEAM}::test_an_upload_is_its_persons_alone"

CHANGES = (
    Change(
        "every stored file is there for every team",
        VIEWS,
        "    asset = _asset(request, pk)\n    part,",
        "    asset = get_object_or_404(Asset, pk=pk)\n    part,",
        (NO_FILE,),
    ),
    Change(
        "stills of a clip are there for every team",
        VIEWS,
        "    asset = _clip(request, pk)\n    try:\n        height",
        "    asset = get_object_or_404(Asset, kind=Asset.Kind.VIDEO, pk=pk)\n    try:\n        height",
        (NO_FILE,),
    ),
    Change(
        "frames of another team's clip can be kept",
        VIEWS,
        "frames.pin(_clip(request, pk),",
        "frames.pin(get_object_or_404(Asset, kind=Asset.Kind.VIDEO, pk=pk),",
        (NO_FILE,),
    ),
    Change(
        "a browser that knows a file's mark is told that it has it, whoever asks",
        VIEWS,
        "@page_for(Act.SEE)\n@_says_refusals\ndef file(",
        "@_says_refusals\ndef file(",
        (f"{TEAM}::test_no_file_is_there_for_strangers_nor_one_that_was_deleted",),
    ),
    Change(
        "an upload can be gone on with, finished and deleted by whoever knows its address",
        VIEWS,
        "token=token, user=member.user_id)",
        "token=token)",
        (NO_FILE, OWN_UPLOAD),
    ),
    Change(
        "an upload that was begun in another team can be gone on with",
        VIEWS,
        "    mine = Upload.objects.filter(team=member.team_id).select_related",
        "    mine = Upload.objects.select_related",
        (
            "tests/web/test_upload_again.py::test_an_upload_stays_with_the_team_in_which_it_was_begun",
        ),
    ),
    Change(
        "beginning a file finds the upload that another person has of it",
        "editorapp/media/uploads/resumable.py",
        "uploads = Upload.objects.filter(**of_file)",
        'uploads = Upload.objects.filter(**{key: of_file[key] for key in of_file if key != "user"})',
        ("tests/web/test_upload_again.py::test_nobody_goes_on_with_somebody_elses_upload",),
    ),
    Change(
        "a file that was deleted is served on",
        "editorapp/media/models.py",
        "return self.filter(team_id=team_id, deleted_at=None)",
        "return self.filter(team_id=team_id)",
        (f"{TEAM}::test_no_file_is_there_for_strangers_nor_one_that_was_deleted",),
    ),
    Change(
        "who is not in a private project sees its takes",
        "editorapp/generations/models/generation_queryset.py",
        "return self if member.sees_all else self.filter(seen_by(member))",
        "return self",
        (f"{OUTSIDE}::test_lists_counts_and_searches_know_nothing_of_it",),
    ),
    Change(
        "who is not in a private project is handed its files",
        "editorapp/media/models.py",
        "return self if member.sees_all else self.filter(visibility.seen_by(member))",
        "return self",
        (f"{OUTSIDE}::test_who_is_outside_gets_at_every_address_what_strangers_get",),
    ),
    Change(
        "an admin makes an owner",
        "editorapp/teams/roles.py",
        "return [one for one in Role if not allows_less(role, one)]",
        "return list(Role)",
        ("tests/teams/test_owners.py::test_an_admin_gives_no_role_of_an_owner_in_any_way",),
    ),
    Change(
        "a take of another team can be settled",
        "editorapp/web/takes/found.py",
        "    takes = Generation.objects.visible_to(request.member).select_related(",
        "    takes = Generation.objects.select_related(",
        (
            f"{TEAM}::test_an_admin_of_another_team_learns_and_changes_nothing_at_any_door",
            "tests/web/test_take_actions.py::test_another_teams_take_is_not_there",
        ),
    ),
    Change(
        "somebody whose account is switched off goes on in the session that is open",
        "editorapp/teams/backends.py",
        "return member.user if self.user_can_authenticate(member.user) else None",
        "return member.user",
        (f"{OUT}::test_somebody_whose_account_is_switched_off_is_out_at_once_with_every_session",),
    ),
    Change(
        "one invitation lets two in who accept it in the same moment",
        "editorapp/teams/invitations.py",
        "    opened = Invite.objects.filter(pk=invite.pk, used_at=None)\n",
        "    opened = Invite.objects.filter(pk=invite.pk)\n",
        (f"{OUT}::test_of_two_who_accept_an_invitation_in_the_same_moment_one_joins",),
    ),
    Change(
        "two admins who take the role from each other at once leave a team without one",
        "editorapp/teams/people.py",
        "    Team.objects.select_for_update(no_key=True).get(pk=member.team_id)",
        "    Team.objects.get(pk=member.team_id)",
        (f"{OUT}::test_of_two_admins_who_take_the_role_from_each_other_at_once_one_stays",),
        on_servers=True,
    ),
)
