"""The trash, and what is done to many takes at once."""

from tests.sabotage.change import Change

TRASH = "editorapp/generations/trash.py"
HERE = "tests/generations/test_trash.py"

CHANGES = (
    Change(
        "a file is deleted that another take uses",
        TRASH,
        "    if file is None or _is_needed(pk, but_for=take):",
        "    if file is None:",
        (f"{HERE}::test_a_file_that_another_take_uses_stays_until_that_one_is_deleted_too",),
    ),
    Change(
        "what somebody uploaded is deleted with a take",
        TRASH,
        "pk=pk, origin=Asset.Origin.RESULT, deleted_at=None)",
        "pk=pk, deleted_at=None)",
        (f"{HERE}::test_what_was_uploaded_and_what_another_team_keeps_stays",),
    ),
    Change(
        "what runs is put into the trash",
        TRASH,
        "    if take.state in TRASHABLE:",
        "    if take.state:",
        (f"{HERE}::test_only_what_is_over_goes_into_the_trash_and_the_rest_says_why",),
    ),
    Change(
        "a creator puts anybody's take into the trash",
        TRASH,
        "by.may(Act.TRASH) and take.created_by_id == by.user_id",
        "by.may(Act.TRASH)",
        (f"{HERE}::test_a_creator_trashes_their_own_an_admin_anybodys_and_who_only_looks_none",),
    ),
    Change(
        "what lies in the trash is in the lists",
        "editorapp/generations/models/generation_queryset.py",
        "self.filter(team_id=team_id, trashed_at=None)",
        "self.filter(team_id=team_id)",
        (f"{HERE}::test_a_take_in_the_trash_is_in_no_list_and_comes_back_as_it_was",),
    ),
    Change(
        "what lies in the trash is sent again",
        "editorapp/generations/request/retry.py",
        "may_again, pk=generation.pk, trashed_at=None)",
        "may_again, pk=generation.pk)",
        (f"{HERE}::test_what_lies_in_the_trash_is_not_sent_again",),
    ),
)
